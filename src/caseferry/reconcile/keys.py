"""Our key as one more field of a casemgr record, so that its twin is found by it."""

from dataclasses import replace

from caseferry.model.correlation import Role, parse_correlation
from caseferry.model.mapped import MappedField, MappedRecord
from caseferry.model.record import Record
from caseferry.reconcile.view import GroupView


def keyed(view: GroupView, role: Role, mapped: MappedRecord) -> MappedRecord:
    """Give a case or task with its correlation key as one more field."""
    correlation = view.correlation(role, mapped.record.key)
    key = MappedField(
        kore="_id",
        casemgr=_place(view, role),
        source=correlation,
        value=correlation,
        owner="kore",
        is_copy=True,
    )
    return replace(mapped, fields=(*mapped.fields, key))


def is_taken(view: GroupView, role: Role, target: Record) -> bool:
    """Tell whether the key's place holds somebody else's text; it is never replaced.

    A record that was not made here, but joined, may have had something there before.
    """
    there = target.text(_place(view, role))
    return bool(there) and parse_correlation(there) is None


def _place(view: GroupView, role: Role) -> str:
    return view.case_key_field if role is Role.CASE else view.activity_key_field
