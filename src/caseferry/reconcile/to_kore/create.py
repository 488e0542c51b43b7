"""Creates in Kore, and the update that each of them will need."""

from collections.abc import Callable, Mapping

from caseferry.model.action import Action, ActionKind, FieldChange, Stage
from caseferry.model.correlation import Role
from caseferry.model.kore_draft import CaseDraft, Contact, TaskDraft
from caseferry.model.mapped import MappedRecord
from caseferry.model.record import Value
from caseferry.reconcile.to_kore.mirror import STATUS, contents
from caseferry.reconcile.to_kore.view import KoreView

SENT_ON_CREATE = {
    Role.CASE: frozenset({"name", "desc", "dueDate"}),
    Role.TASK: frozenset({"name", "desc"}),
}
_DEFAULTS = {"priority": "Medium"}
"""What Kore gives a new record, as far as the documents say; its status is open."""


def case_create(view: KoreView) -> Action:
    """Give the create of the case."""
    group, mapped = view.group, view.group.case
    correlation = view.correlation(Role.CASE, group.key)
    sent = _sent(Role.CASE, mapped)
    draft = CaseDraft(
        template=group.case_template,
        name=_text(sent.get("name")),
        desc=_text(sent.get("desc")),
        contact=group.contact or Contact(name=""),
        source=group.channel,
        due=group.due,
        is_due_synthetic=group.is_due_synthetic,
        correlation=correlation,
    )
    return Action(
        kind=ActionKind.CREATE,
        role=Role.CASE,
        key=group.key,
        stage=Stage.OPEN,
        changes=_new(sent),
        reason="new in casemgr",
        code="new",
        losses=mapped.losses,
        kore_draft=draft,
        correlation=correlation,
    )


def task_create(view: KoreView, mapped: MappedRecord) -> Action:
    """Give the create of a task; without a draft until its case is there."""
    group, key = view.group, mapped.record.key
    correlation = view.correlation(Role.TASK, key)
    home = view.target(group.key)
    sent = _sent(Role.TASK, mapped)
    draft = None
    if home is not None:
        draft = TaskDraft(
            case=home.key,
            case_ref=home.text("refId"),
            template=group.task_template,
            name=_text(sent.get("name")),
            desc=_text(sent.get("desc")),
            contact=group.contact or _contact_of(home.text),
            source=group.channel,
            correlation=correlation,
        )
    return Action(
        kind=ActionKind.CREATE,
        role=Role.TASK,
        key=key,
        stage=Stage.CREATE,
        changes=_new(sent),
        reason="new in casemgr",
        code="new",
        losses=mapped.losses,
        kore_draft=draft,
        correlation=correlation,
    )


def later(view: KoreView, role: Role, mapped: MappedRecord) -> list[Action]:
    """Give the update that a record will need once it is there, as far as foreseen."""
    on_create = SENT_ON_CREATE[role]
    wanted = {
        field.kore: field.value
        for field in contents(mapped)
        if field.kore not in on_create
        and field.value is not None
        and _DEFAULTS.get(field.kore) != field.value
        and _DEFAULTS.get(field.kore) not in field.also
    }
    if mapped.finished:
        wanted[STATUS] = mapped.status
    if not wanted:
        return []
    kind = ActionKind.UPDATE
    if mapped.finished:
        kind = ActionKind.COMPLETE if role is Role.TASK else ActionKind.CLOSE
    return [
        Action(
            kind=kind,
            role=role,
            key=mapped.record.key,
            stage=Stage.CLOSE if role is Role.CASE else Stage.EDIT,
            changes=_new(wanted),
            reason="what a create cannot carry",
            code="new",
            correlation=view.correlation(role, mapped.record.key),
        )
    ]


def _sent(role: Role, mapped: MappedRecord) -> dict[str, Value]:
    names = SENT_ON_CREATE[role]
    return {
        field.kore: field.value
        for field in contents(mapped)
        if field.kore in names and field.value is not None
    }


def _contact_of(text: Callable[[str], str]) -> Contact:
    """Take the contact of the case that is there already."""
    return Contact(
        name=text("userInfo.name"),
        email=text("userInfo.emailId"),
        phone=text("userInfo.phoneNumber"),
    )


def _new(fields: Mapping[str, Value | None]) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(name=name, before=None, after=value)
        for name, value in sorted(fields.items())
    )


def _text(value: Value | None) -> str:
    return value if isinstance(value, str) else ", ".join(value or ())
