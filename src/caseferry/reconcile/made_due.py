"""The due date that Kore demanded of a case, and casemgr does not have.

A marker in Kore's text says that it is made up, until somebody rewrites the text. So
the link remembers it: it is nobody's date, and is never carried back.
"""

from collections.abc import MutableMapping
from dataclasses import replace

from caseferry.model.link import Link
from caseferry.model.record import Record, Value

MADE_DUE = "~due"
"""In a Kore base: the due date that only we made up."""
_DUE = "dueDate"
_MARKED = "marker.due"


def with_made_due(record: Record, link: Link) -> Record:
    """Show a Kore record's due date as made up where its link says that it is."""
    due = record.fields.get(_DUE)
    if due is None or due != link.kore_base.get(MADE_DUE):
        return record
    fields = {name: value for name, value in record.fields.items() if name != _DUE}
    return replace(record, fields={**fields, _MARKED: due})


def remember_due(kore: MutableMapping[str, Value | None], record: Record) -> None:
    """Keep in a Kore base what a Kore record says of its due date.

    One that somebody set is no longer made up.
    """
    if _MARKED in record.fields:
        kore[MADE_DUE] = record.fields[_MARKED]
    elif _DUE in record.fields:
        kore.pop(MADE_DUE, None)
