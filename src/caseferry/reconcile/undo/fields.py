"""Overwritten fields: which of them may have their old value back."""

from caseferry.model.action import FieldChange
from caseferry.model.record import Record
from caseferry.reconcile.undo.view import Book, UndoView, Written

_LOST = (
    "what stood there before is not kept any more: it was let go by age or by "
    "`forget`, or the run is of an earlier version"
)


def wanted(
    view: UndoView, written: Written, record: Record, book: Book
) -> list[FieldChange]:
    """Give the fields that hold what the run left there, with what to put back.

    What somebody changed since is kept and listed; so is our own key, which no call
    takes away.
    """
    if written.lost:
        book.stays(written, "not-kept", _LOST)
    found: list[FieldChange] = []
    for name, image in sorted(written.images.items()):
        now = record.fields.get(name)
        if (written.key, name) in view.ledger.taken or now == image.before:
            continue
        if name in view.key_fields:
            book.stays(written, "key-stays", "our key stays on the record", name)
        elif now != image.after:
            reason = "changed since the run; the later value is kept"
            book.aside(written, "changed-since", reason, name)
        else:
            found.append(FieldChange(name=name, before=now, after=image.before))
    return found


def is_ended(record: Record) -> bool:
    """Tell whether a Kore record is finished, by its category."""
    return record.text("statusCategory") in ("resolved", "closed")
