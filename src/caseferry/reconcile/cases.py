"""What is to be done about the case of a group."""

from caseferry.model.action import Action, ActionKind, FieldChange, Loss, Stage
from caseferry.model.correlation import Role
from caseferry.model.link import Link
from caseferry.model.record import Key, Record
from caseferry.reconcile.keys import is_taken, keyed
from caseferry.reconcile.merge import FINISHED, Merged, Way, merge, takes_casemgr
from caseferry.reconcile.slots import Now, Slot, brings_back, reopened
from caseferry.reconcile.tasks import EMPTIED, conflict, emptied_words, sent_along
from caseferry.reconcile.theirs import is_theirs
from caseferry.reconcile.view import CLOSED, COMPLETED, STAYS_OPEN, GroupView

OPEN = "open"


def case_actions(view: GroupView, slots: list[Slot]) -> list[Action]:
    """Give what the case needs: to come into being, contents, to reopen, to close."""
    link, target = view.case_link, view.target_case
    if link is None or target is None:
        return _new_case(view, slots)
    actions = _contents(view, link, target, slots) + _status(view, link, target, slots)
    return actions or [_leave(view, link, ActionKind.UNCHANGED, code="", reason="")]


def _new_case(view: GroupView, slots: list[Slot]) -> list[Action]:
    case = keyed(view, Role.CASE, view.group.case)
    if not any(slot.is_new for slot in slots):
        reason = "no task can carry it, and the mapping allows no opener"
        return [
            _leave(view, None, ActionKind.SET_ASIDE, code="no-opener", reason=reason)
        ]
    if view.customer.draft is None:
        code = view.customer.code or "customer-not-found"
        reason = view.customer.reason or "no customer was found"
        return [_leave(view, None, ActionKind.QUARANTINE, code=code, reason=reason)]
    changes = tuple(
        FieldChange(name=field.casemgr, before=None, after=field.value)
        for field in case.fields
        if field.value is not None
    )
    key = case.record.key
    made = Action(
        kind=ActionKind.CREATE,
        role=Role.CASE,
        key=key,
        reason="new in Kore; comes into being with its first activity",
        code="new",
        losses=case.losses,
        department=case.department,
    )
    edit = Action(
        kind=ActionKind.UPDATE,
        role=Role.CASE,
        key=key,
        stage=Stage.EDIT,
        changes=changes,
        reason="its own contents",
        code="new",
        department=case.department,
    )
    return [made, edit, *([_closes(key, None)] if case.finished else [])]


def _contents(
    view: GroupView, link: Link, target: Record, slots: list[Slot]
) -> list[Action]:
    case = view.group.case
    back = any(slot.is_new for slot in slots)  # a create opens a closed case
    can_edit = back or target.text("status") != CLOSED
    if can_edit and not is_taken(view, Role.CASE, target):
        case = keyed(view, Role.CASE, case)
    merged = merge(
        case,
        link,
        target,
        digest=view.group.mapping,
        can_edit=can_edit,
        way=view.way,
    )
    actions: list[Action] = []
    if merged.edits:
        actions.append(_edit(view, link, target, merged))
    if merged.conflicts:
        actions.append(conflict(Role.CASE, case, link, merged.conflicts))
    if merged.emptied and view.way is not Way.ALONE:
        words = emptied_words(merged, "Kore")
        kind = ActionKind.SET_ASIDE
        actions.append(_leave(view, link, kind, code=EMPTIED, reason=words))
    if merged.frozen:
        names = ", ".join(field.kore for field, _ in merged.frozen)
        reason = f"changed in Kore, and a closed case takes no edits: {names}"
        kind = ActionKind.SET_ASIDE
        actions.append(_leave(view, link, kind, code="case-closed", reason=reason))
    return actions


def _edit(view: GroupView, link: Link, target: Record, merged: Merged) -> Action:
    """Give the edit of an open case, its due date included.

    An edit that leaves the due date out removes it, and one in the past is refused: a
    case that is overdue is edited only to finish its creation, and loses the date.
    """
    due = target.fields.get("dueDate")
    edits = (*merged.edits, *sent_along(target, merged.edits, now=view.now))
    losses = view.group.case.losses if link.finished else ()
    if due is not None and not any(c.name == "dueDate" for c in edits):
        if link.finished:
            reason = "overdue in casemgr: an edit would remove its due date"
            kind = ActionKind.WAITING
            return _leave(view, link, kind, code="case-overdue", reason=reason)
        losses = (*losses, Loss(rule="due-date-past", field="dueDate"))
    return Action(
        kind=ActionKind.UPDATE,
        role=Role.CASE,
        key=view.group.key,
        counterpart=link.casemgr,
        stage=Stage.EDIT,
        changes=edits,
        reason="changed in Kore" if link.finished else "its own contents",
        code="changed" if link.finished else "new",
        losses=losses,
        department=view.group.case.department,
    )


def _status(
    view: GroupView, link: Link, target: Record, slots: list[Slot]
) -> list[Action]:
    """Give what brings the case's status where it should be.

    Histories of a case that Kore has open and casemgr closed: Kore reopened it (an
    opener or a new task brings it back, or the policy says otherwise); casemgr closed
    it since both agreed on open (kept). Of one that Kore has closed and casemgr open:
    both were closed and somebody reopened it there (kept); the closing is still due.
    """
    case = view.group.case
    is_closed = target.text("status") == CLOSED
    if is_closed:
        if not case.finished and any(slot.is_new for slot in slots):
            return [
                _leave(
                    view,
                    link,
                    ActionKind.REOPEN,
                    code="reopened",
                    reason="open in Kore",
                )
            ]
        if not reopened(view):
            return []
        asks = view.group.reopened == "conflict" and not brings_back(view)
        kind = ActionKind.CONFLICT if asks else ActionKind.SET_ASIDE
        reason = "open in Kore, closed in casemgr; no call reopens a case"
        return [_leave(view, link, kind, code="case-reopened", reason=reason)]
    if not case.finished:
        return []
    agreed = link.kore_base.get(FINISHED) == "true" and (
        link.casemgr_base.get("status") == CLOSED or takes_casemgr(link)
    )
    same_mapping = not link.mapping or link.mapping == view.group.mapping
    if agreed and same_mapping and not any(slot.is_new for slot in slots):
        return []
    return _close(view, link, slots)


def _close(view: GroupView, link: Link, slots: list[Slot]) -> list[Action]:
    """Give the closing: by completing our last open activity, else by a call.

    The call completes whatever is open in the case, so it needs the case's activities
    to be listed, none of them open that is not ours, and proof that none hides: an open
    case holds something open, though it may not be listed yet.
    """
    still_open = [
        slot
        for slot in slots
        if slot.is_new or (slot.now is Now.OPEN and not slot.elsewhere)
    ]
    code, reason = _what_holds(view, still_open)
    if not code and not still_open:
        code, reason = _what_else_holds(view, link, slots)
    if code:
        kind = ActionKind.WAITING
        return [_leave(view, link, kind, code=code, reason=reason)]
    if still_open:
        return [_closes(link.kore, link)]
    change = FieldChange(name="status", before=OPEN, after=CLOSED)
    return [
        Action(
            kind=ActionKind.CLOSE,
            role=Role.CASE,
            key=link.kore,
            counterpart=link.casemgr,
            stage=Stage.CLOSE,
            changes=(change,),
            reason="closed in Kore",
            code="finished",
            department=view.group.case.department,
        )
    ]


def _what_holds(view: GroupView, still_open: list[Slot]) -> tuple[str, str]:
    """Say which activity of a pair a closing waits for; "" where for none."""
    held = [slot for slot in still_open if not slot.ends]
    if any(s.link and is_theirs(s.link) and not s.mapped.finished for s in held):
        return "foreign-open", "holds an open task that an agent made; closing waits"
    if held or view.in_doubt or view.has_open_ghost:
        reason = "closed in Kore; one of its activities cannot be completed now"
        return "activity-held", reason
    return "", ""


def _what_else_holds(view: GroupView, link: Link, slots: list[Slot]) -> tuple[str, str]:
    """Say why a call must not close a case none of whose activities is ours to end."""
    ours = {slot.link.casemgr for slot in slots if slot.link is not None}
    ours |= {ghost.casemgr for ghost in view.ghosts}
    foreign = [
        record.key
        for record in view.targets.values()
        if record.parent == link.casemgr
        and record.key not in ours
        and record.text("status") != COMPLETED
    ]
    if (view.listed or view.observed) and foreign:
        reason = f"holds {len(foreign)} open activity that is not ours; closing waits"
        return "foreign-open", reason
    if view.listed and not view.proved_empty:
        reason = "open, and shows nothing open; what it holds may not be listed yet"
        return STAYS_OPEN, reason
    return "", ""


def _closes(key: Key, link: Link | None) -> Action:
    return Action(
        kind=ActionKind.CLOSE,
        role=Role.CASE,
        key=key,
        counterpart=link.casemgr if link else None,
        changes=(FieldChange(name="status", before=OPEN, after=CLOSED),),
        reason="closed in Kore; closes with its last open activity",
        code="finished",
    )


def _leave(
    view: GroupView, link: Link | None, kind: ActionKind, *, code: str, reason: str
) -> Action:
    return Action(
        kind=kind,
        role=Role.CASE,
        key=view.group.key,
        counterpart=link.casemgr if link else None,
        code=code,
        reason=reason,
    )
