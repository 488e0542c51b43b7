"""The decision about what a run wrote into one Kore case.

What the run made is deactivated, tasks before their case. A closed Kore case takes no
edit of its tasks: one that the run made is opened for that, and gets its status back
with its deactivation.
"""

from caseferry.model.action import Action, ActionKind, FieldChange, Stage
from caseferry.model.correlation import Role
from caseferry.model.record import Record
from caseferry.reconcile.to_kore.view import BLOCKED
from caseferry.reconcile.undo.fields import is_ended, wanted
from caseferry.reconcile.undo.view import ACTIVE, Book, GroupUndo, UndoView, Written

_STATUS = "status"
_EMPTIED = frozenset({"desc", "dueDate", "tags"})
"""What an update can empty, beside custom fields."""


def undo_in_kore(view: UndoView) -> GroupUndo:
    """Decide what happens to one Kore case and what the run wrote in it."""
    book = Book(view)
    own = next((w for w in view.written if w.key == view.case), None)
    tasks = [
        action
        for written in view.written
        if written.key != view.case
        and (action := _change(view, written, book)) is not None
    ]
    case = _change(view, own, book) if own is not None else None
    home = view.records.get(view.case)
    if tasks and home is not None and home.text("statusCategory") == BLOCKED:
        tasks, case = _open_first(view, home, book, (tasks, case))
    if case is not None and own is not None and own.created:
        case = _last(view, own, case, book)
    book.actions += [action for action in (*tasks, case) if action is not None]
    return book.result()


def _change(view: UndoView, written: Written, book: Book) -> Action | None:
    if written.created:
        return _deactivate(view, written, book)
    record = view.record(written)
    if record is None:
        book.stays(written, "not-seen", "Kore does not show it; it may be inactive")
        return None
    changes = tuple(
        change
        for change in wanted(view, written, record, book)
        if _can_restore(written, change, book)
    )
    if not changes or book.is_refused(written, ActionKind.UPDATE):
        return None
    opens = any(c.name == _STATUS for c in changes) and is_ended(record)
    is_task = written.role is not Role.CASE
    stage = Stage.EDIT if is_task else (Stage.OPEN if opens else Stage.CLOSE)
    return _update(written, changes, stage, code="restored")


def _deactivate(view: UndoView, written: Written, book: Book) -> Action | None:
    record, ledger = view.record(written), view.ledger
    kind = ActionKind.CLOSE if written.role is Role.CASE else ActionKind.COMPLETE
    if (written.key, ACTIVE) in ledger.taken:
        book.same(written)
    elif record is None:
        _missing(view, written, book)
    elif record.text(ACTIVE) == "false":
        book.same(written)
    elif not book.is_refused(written, kind):
        change = FieldChange(name=ACTIVE, before="true", after="false")
        stage = Stage.CLOSE if written.role is Role.CASE else Stage.COMPLETE
        return _update(written, (change,), stage, code="undone", kind=kind)
    return None


def _missing(view: UndoView, written: Written, book: Book) -> None:
    if written.key in view.ledger.tried:
        book.same(written)  # it is hidden since: the lost reply was a yes
    elif view.is_late:
        book.stays(written, "not-seen", "Kore does not show it; it may be inactive")
    else:
        book.wait(written, "not-listed", "it is too new to be listed for certain")


def _can_restore(written: Written, change: FieldChange, book: Book) -> bool:
    if change.after is not None or change.name in _EMPTIED:
        return True
    if change.name.startswith("field."):
        return True
    reason = "it was empty before, and Kore has no way to empty it"
    book.stays(written, "cannot-clear", reason, change.name)
    return False


def _update(
    written: Written,
    changes: tuple[FieldChange, ...],
    stage: Stage,
    *,
    code: str,
    kind: ActionKind = ActionKind.UPDATE,
) -> Action:
    reason = "the run overwrote it" if code == "restored" else "the run made it"
    return Action(
        kind=kind,
        role=written.role,
        key=written.source,
        counterpart=written.key,
        stage=stage,
        changes=changes,
        code=code,
        reason=reason,
        correlation=written.correlation,
    )


def _open_first(
    view: UndoView,
    home: Record,
    book: Book,
    planned: tuple[list[Action], Action | None],
) -> tuple[list[Action], Action | None]:
    """Let a closed case take the changes of its tasks, where that is ours to do.

    The case opens by getting its old status back, or, where the run made it, for as
    long as its tasks take. One that others closed stays closed.
    """
    tasks, case = planned
    if case is not None and case.stage is Stage.OPEN:
        return tasks, case
    own = next((w for w in view.written if w.key == view.case), None)
    is_ours = own is not None and own.created and case is not None
    if own is None or not is_ours or not view.open_status or _foreign(view):
        reason = "its case is closed in Kore, and takes no change of its tasks"
        keys = {action.counterpart for action in tasks}
        for written in (w for w in view.written if w.key in keys):
            book.aside(written, "case-closed", reason)
        return [], case
    if book.is_refused(own, ActionKind.REOPEN):
        return [], None
    opening = FieldChange(
        name=_STATUS, before=home.fields.get(_STATUS), after=view.open_status
    )
    kind = ActionKind.REOPEN
    book.actions.append(_update(own, (opening,), Stage.OPEN, code="opened", kind=kind))
    return tasks, case


def _foreign(view: UndoView) -> bool:
    """Tell whether the case holds open tasks that the run did not make."""
    ours = {written.key for written in view.written if written.created}
    return any(
        key not in ours
        and record.parent == view.case
        and record.text(ACTIVE) != "false"
        and not is_ended(record)
        for key, record in view.records.items()
    )


def _last(view: UndoView, own: Written, case: Action, book: Book) -> Action | None:
    """Give the deactivation of a case, where everything in it is dealt with.

    Where it was opened for its tasks, it gets the status again that it had.
    """
    kinds = (ActionKind.WAITING, ActionKind.QUARANTINE)
    waits = any(action.kind in kinds for action in book.actions)
    changes = case.changes
    if _foreign(view):
        reason = "left active: it holds open tasks that the run did not make"
        book.aside(own, "foreign-open", reason)
        changes = ()
    elif waits:
        book.wait(own, "tasks-left", "tasks of it are left; run the undo again later")
        changes = ()
    changes = (*changes, *_status_back(view, book))
    if not changes:
        return None
    kind = ActionKind.CLOSE if changes[0].name == ACTIVE else ActionKind.UPDATE
    return _update(own, changes, Stage.CLOSE, code="undone", kind=kind)


def _status_back(view: UndoView, book: Book) -> tuple[FieldChange, ...]:
    """Give the status back to a case that is, or will be, open only for its tasks."""
    now = view.records[view.case].fields.get(_STATUS)
    was = view.ledger.opened.get(view.case)
    if any(action.kind is ActionKind.REOPEN for action in book.actions):
        was, now = view.records[view.case].text(_STATUS), view.open_status
    if was is None or was == now:
        return ()
    return (FieldChange(name=_STATUS, before=now, after=was),)
