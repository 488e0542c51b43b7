"""The decision about what a run wrote into one casemgr case.

Activities that the run made are marked by a note and completed; the case closes by
itself with its last one, and only where the run brought it into being. No case is ever
closed by a call: that would complete what others have open in it.
"""

from caseferry.model.action import Action, ActionKind, FieldChange, Stage
from caseferry.model.correlation import Role
from caseferry.model.record import Record
from caseferry.reconcile.tasks import sent_along
from caseferry.reconcile.undo.fields import wanted
from caseferry.reconcile.undo.view import Book, GroupUndo, UndoView, Written
from caseferry.reconcile.view import ASSIGNED, CLOSED, COMPLETED

_AWAY = "it is not assigned to anybody now; run the undo again later"


def undo_in_casemgr(view: UndoView) -> GroupUndo:
    """Decide what happens to one casemgr case and what the run wrote in it."""
    book = Book(view)
    _created(view, book)
    for written in view.written:
        if written.created or (view.brought and written.key == view.case):
            continue
        _ended(written, book)
        _edited(view, written, book)
    return book.result()


# what the run made --------------------------------------------------------------------


def _created(view: UndoView, book: Book) -> None:
    made = [written for written in view.written if written.created]
    ending = [written for written in made if _may_end(view, written, book)]
    theirs = {written.key for written in made}
    ends = {written.key for written in ending}
    left = [key for key in _open_keys(view) if key not in ends]
    if ending and not left and not view.brought:
        reason = "completing it would close its case, which the run did not make"
        for written in ending:
            book.aside(written, "would-close-case", reason)
        ending = []
    for written in ending:
        _mark(view, written, book)
        book.actions.append(_complete(written))
    if view.brought:
        _case(view, book, ends=bool(ending), foreign=any(k not in theirs for k in left))


def _may_end(view: UndoView, written: Written, book: Book) -> bool:
    """Tell whether a record that the run made can be completed now, else say why."""
    record = view.record(written)
    if record is None:
        reason = "casemgr does not show it to these credentials"
        book.stays(written, "not-seen", reason)
        return False
    if record.text("status") == COMPLETED:
        _mark(view, written, book)
        book.same(written)
        return False
    if record.text("status") != ASSIGNED:
        book.wait(written, "not-assigned", _AWAY)
        return False
    return not book.is_refused(written, ActionKind.COMPLETE)


def _open_keys(view: UndoView) -> list[str]:
    return [
        key
        for key, record in sorted(view.records.items())
        if key != view.case
        and record.parent in (None, view.case)
        and record.text("status") != COMPLETED
    ]


def _mark(view: UndoView, written: Written, book: Book) -> None:
    """Add the note that says that the activity was taken back."""
    if written.key in view.ledger.marked:
        return
    if (written.key, ActionKind.NOTE) in view.refused:
        code, reason = view.refused[written.key, ActionKind.NOTE]
        book.stays(written, "no-mark", f"its mark was refused ({code}): {reason}")
        return
    note = Action(
        kind=ActionKind.NOTE,
        role=written.role,
        key=written.source,
        counterpart=written.key,
        stage=Stage.EDIT,
        code="mark",
        reason="says that it was taken back",
        correlation=view.marks[written.key],
        note=f"Taken back by caseferry: run {view.run} was undone",
    )
    book.actions.append(note)


def _complete(written: Written) -> Action:
    change = FieldChange(name="status", before=ASSIGNED, after=COMPLETED)
    return Action(
        kind=ActionKind.COMPLETE,
        role=written.role,
        key=written.source,
        counterpart=written.key,
        stage=Stage.COMPLETE,
        changes=(change,),
        code="undone",
        reason="the run made it",
    )


def _case(view: UndoView, book: Book, *, ends: bool, foreign: bool) -> None:
    """Say what becomes of a case that the run brought into being."""
    own = Written(key=view.case, source=view.source, role=Role.CASE, created=True)
    case = view.records.get(view.case)
    if case is None:
        book.stays(own, "not-seen", "casemgr does not show it to these credentials")
    elif case.text("status") == CLOSED:
        book.same(own)
    elif foreign:
        reason = "left open: it holds open activities that the run did not make"
        book.aside(own, "foreign-open", reason)
    elif ends:
        closing = Action(
            kind=ActionKind.CLOSE,
            role=Role.CASE,
            key=view.source,
            counterpart=view.case,
            code="undone",
            reason="closes with its last activity",
        )
        book.actions.append(closing)
    else:
        reason = "left open: something holds it open that cannot be completed now"
        book.aside(own, "activity-held", reason)


# what it found there ------------------------------------------------------------------


def _ended(written: Written, book: Book) -> None:
    if written.ended and written.role is Role.CASE:
        book.stays(written, "closed", "no call opens a closed case again")
    elif written.ended:
        reason = "no call opens a completed activity again, nor a case closed with it"
        book.stays(written, "completed", reason)
    if written.notes:
        book.stays(written, "note", "a note is neither changed nor removed by a call")


def _edited(view: UndoView, written: Written, book: Book) -> None:
    record = view.record(written)
    if record is None:
        if written.images or written.lost:
            reason = "casemgr does not show it to these credentials"
            book.stays(written, "not-seen", reason)
        return
    changes = [
        change
        for change in wanted(view, written, record, book)
        if _can_restore(view, written, change, book)
    ]
    if not changes or not _takes_edits(written, record, changes, book):
        return
    if book.is_refused(written, ActionKind.UPDATE):
        return
    edits = tuple(changes)
    whole = (*edits, *sent_along(record, edits, now=view.now))
    named = {change.name for change in whole}
    if written.role is Role.CASE and "dueDate" in record.fields.keys() - named:
        reason = "it is overdue, and an edit would remove its due date"
        book.aside(written, "case-overdue", reason)
        return
    book.actions.append(
        Action(
            kind=ActionKind.UPDATE,
            role=written.role,
            key=written.source,
            counterpart=written.key,
            stage=Stage.EDIT,
            changes=whole,
            code="restored",
            reason="the run overwrote it",
        )
    )


def _can_restore(
    view: UndoView, written: Written, change: FieldChange, book: Book
) -> bool:
    if change.after is None:
        reason = "it was empty before, and casemgr documents no way to empty it"
        book.stays(written, "cannot-clear", reason, change.name)
        return False
    if change.name == "dueDate" and str(change.after) <= view.now:
        reason = "the date before is past now, and casemgr takes only one ahead"
        book.stays(written, "due-date-past", reason, change.name)
        return False
    return True


def _takes_edits(
    written: Written, record: Record, changes: list[FieldChange], book: Book
) -> bool:
    status = record.text("status")
    if status in (CLOSED, COMPLETED):
        for change in changes:
            reason = "a closed case or completed activity takes no edit"
            book.stays(written, "frozen-field", reason, change.name)
        return False
    if written.role is not Role.CASE and status != ASSIGNED:
        book.wait(written, "not-assigned", _AWAY)
        return False
    return True
