"""What is to be done about one slot: create, edit, note, complete."""

from collections.abc import Iterable

from caseferry.model.action import (
    Action,
    ActionKind,
    ActivityDraft,
    FieldChange,
    Stage,
)
from caseferry.model.correlation import Role
from caseferry.model.link import Link
from caseferry.model.mapped import MappedField, MappedRecord
from caseferry.model.record import Record, Value, fingerprint
from caseferry.reconcile.keys import is_taken, keyed
from caseferry.reconcile.merge import FINISHED, Merged, Way, merge
from caseferry.reconcile.slots import Now, Slot
from caseferry.reconcile.view import ASSIGNED, COMPLETED, GroupView


def create(view: GroupView, slot: Slot, stage: Stage) -> Action:
    """Give the create of a slot's activity, in the case when that is known.

    Without a customer there is nothing to send: the record is quarantined.
    """
    mapped, key = slot.mapped, slot.mapped.record.key
    customer = view.customer.draft
    if customer is None:
        return Action(
            kind=ActionKind.QUARANTINE,
            role=slot.role,
            key=key,
            code=view.customer.code or "customer-not-found",
            reason=view.customer.reason or "no customer was found",
        )
    fields = {f.casemgr: f.value for f in mapped.fields if f.value is not None}
    link = view.case_link
    draft = ActivityDraft(
        department=mapped.department,
        subtype=mapped.subtype,
        assignee=mapped.assignee,
        customer=customer,
        fields=fields,
        correlation=_correlation(view, slot),
        case=link.casemgr if link else None,
    )
    opener = slot.role is Role.OPENER
    reason = (
        f"carries the case: {slot.why.replace('-', ' ')}" if opener else "new in Kore"
    )
    return Action(
        kind=ActionKind.CREATE,
        role=slot.role,
        key=key,
        stage=stage,
        changes=_all_new(fields),
        reason=reason,
        code=slot.why or "new",
        losses=() if opener else mapped.losses,
        draft=draft,
        correlation=draft.correlation,
        generation=slot.generation,
        department=mapped.department,
    )


def _correlation(view: GroupView, slot: Slot) -> str:
    generation = slot.generation if slot.role is Role.OPENER else None
    return view.correlation(slot.role, slot.mapped.record.key, generation)


def update(view: GroupView, slot: Slot) -> list[Action]:
    """Give what a linked task needs, its completion left out."""
    link, target, mapped = slot.link, slot.target, slot.mapped
    if link is None or slot.now is Now.ABSENT:
        return []
    if target is None:
        reason = "casemgr does not show its activity to these credentials"
        return [_set_aside(mapped, link, "not-seen", reason)]
    can_edit = slot.now is Now.OPEN
    wanted = mapped
    if view.way is not Way.ALONE and can_edit and not is_taken(view, Role.TASK, target):
        wanted = keyed(view, Role.TASK, mapped)  # an agent's own has no key yet
    merged = merge(
        wanted,
        link,
        target,
        digest=view.group.mapping,
        can_edit=can_edit,
        way=view.way,
    )
    actions = _edits(view, slot, link, merged) + _frozen(view, mapped, link, merged)
    if merged.conflicts:
        actions.append(conflict(Role.TASK, mapped, link, merged.conflicts))
    if merged.emptied and view.way is not Way.ALONE:
        actions.append(_set_aside(mapped, link, EMPTIED, emptied_words(merged, "Kore")))
    was_finished = link.kore_base.get(FINISHED) == "true"
    if slot.now is Now.COMPLETED and not mapped.finished and was_finished:
        reason = "reopened in Kore; a completed activity cannot be reopened"
        actions.append(_set_aside(mapped, link, "task-reopened", reason))
    return actions


EMPTIED = "emptied"
"""Code: a field was emptied on one side, and nothing is cleared on its own."""


def emptied_words(merged: Merged, where: str) -> str:
    """Say which fields were emptied where."""
    names = ", ".join(merged.emptied)
    return f"emptied in {where}; nothing is cleared on its own: {names}"


def complete(slot: Slot) -> Action:
    """Give the completion of a slot's activity; of a new one, what will follow."""
    link = slot.link
    opener = slot.role is Role.OPENER
    change = FieldChange(name="status", before=ASSIGNED, after=COMPLETED)
    return Action(
        kind=ActionKind.COMPLETE,
        role=slot.role,
        key=slot.mapped.record.key,
        counterpart=link.casemgr if link else None,
        stage=Stage.COMPLETE,
        changes=(change,),
        reason="not needed any more" if opener else "finished in Kore",
        code="finished",
        generation=slot.generation,
        department=slot.mapped.department,
    )


def conflict(
    role: Role,
    mapped: MappedRecord,
    link: Link,
    changes: tuple[FieldChange, ...],
    *,
    is_frozen: bool = False,
) -> Action:
    """Give the conflict on fields that both sides changed.

    Frozen ones were changed in Kore alone, and the activity cannot take that any more.
    """
    names = [change.name for change in changes]
    code, why = "write-once", "changed in Kore, and casemgr takes it only once"
    if not is_frozen:
        code, why = conflict_words(link, names)
    return Action(
        kind=ActionKind.CONFLICT,
        role=role,
        key=mapped.record.key,
        counterpart=link.casemgr,
        changes=changes,
        code=code,
        reason=f"{why}: {', '.join(names)}",
    )


def conflict_words(link: Link, names: Iterable[str]) -> tuple[str, str]:
    """Give code and words for fields that differ, by their names in the bases."""
    sides = (link.kore_base, link.casemgr_base)
    known = [(side, name) for name in names for side in sides]
    if any(not side.has(name) for side, name in known):
        return "not-agreed", "differs, and nobody knows what both last agreed on"
    return "both-changed", "changed on both sides since they last agreed"


def _all_new(fields: dict[str, Value]) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(name=name, before=None, after=value)
        for name, value in sorted(fields.items())
    )


def _set_aside(mapped: MappedRecord, link: Link, code: str, reason: str) -> Action:
    return Action(
        kind=ActionKind.SET_ASIDE,
        role=Role.TASK,
        key=mapped.record.key,
        counterpart=link.casemgr,
        code=code,
        reason=reason,
    )


def sent_along(
    target: Record, edits: tuple[FieldChange, ...], *, now: str
) -> tuple[FieldChange, ...]:
    """Give the fields that an edit repeats, since leaving them out may remove them.

    The documents do not say: a due date that lies ahead, and with one custom attribute
    all others. As changes they are none: before and after are the same.
    """
    named = {change.name for change in edits}
    custom = any(name.startswith("custom.") for name in named)
    return tuple(
        FieldChange(name=name, before=value, after=value)
        for name, value in sorted(target.fields.items())
        if name not in named
        and (
            (name == "dueDate" and str(value) > now)
            or (custom and name.startswith("custom."))
        )
    )


def _edits(view: GroupView, slot: Slot, link: Link, merged: Merged) -> list[Action]:
    if not merged.edits or slot.target is None:
        return []
    assigned = slot.target.text("status") == ASSIGNED
    along = sent_along(slot.target, merged.edits, now=view.now)
    away = "its activity is not assigned to anybody now; tried again in the next run"
    return [
        Action(
            kind=ActionKind.UPDATE if assigned else ActionKind.WAITING,
            role=Role.TASK,
            key=slot.mapped.record.key,
            counterpart=link.casemgr,
            stage=Stage.EDIT if assigned else None,
            changes=(*merged.edits, *along),
            code="changed" if assigned else "not-assigned",
            reason="changed in Kore" if assigned else away,
            losses=slot.mapped.losses,
            department=slot.mapped.department,
        )
    ]


def _frozen(
    view: GroupView, mapped: MappedRecord, link: Link, merged: Merged
) -> list[Action]:
    """Give what the policy says about changes that the activity cannot take."""
    by_policy: dict[str, list[tuple[MappedField, FieldChange]]] = {}
    for field, change in merged.frozen:
        by_policy.setdefault(field.write_once or "report", []).append((field, change))
    actions: list[Action] = []
    if noted := by_policy.get("note"):
        actions.append(_note(view, mapped, link, tuple(c for _, c in noted)))
    if asked := by_policy.get("conflict"):
        frozen = tuple(change for _, change in asked)
        actions.append(conflict(Role.TASK, mapped, link, frozen, is_frozen=True))
    if told := by_policy.get("report"):
        names = ", ".join(field.kore for field, _ in told)
        reason = f"changed in Kore, and the activity cannot take it any more: {names}"
        actions.append(_set_aside(mapped, link, "frozen-field", reason))
    return actions


def _note(
    view: GroupView,
    mapped: MappedRecord,
    link: Link,
    changes: tuple[FieldChange, ...],
) -> Action:
    """Give the note that carries changes an activity cannot take any more.

    What it was and is makes the note's key: the same change is noted once, the next
    one again, and so is a change back.
    """
    was = [[c.name, link.kore_base.get(c.name), c.after] for c in changes]
    number = int(fingerprint(was)[:12], 16) % 10**9
    correlation = view.correlation(Role.NOTE, mapped.record.key, number)
    return Action(
        kind=ActionKind.NOTE,
        role=Role.TASK,
        key=mapped.record.key,
        counterpart=link.casemgr,
        stage=Stage.EDIT,
        changes=changes,
        code="write-once",
        reason="changed in Kore; the activity takes it only as a note",
        correlation=correlation,
        note=" ".join(f"{c.name}: {_spoken(c.after)}" for c in changes),
        department=mapped.department,
    )


def _spoken(value: Value | None) -> str:
    return value if isinstance(value, str) else " ".join(value or ())
