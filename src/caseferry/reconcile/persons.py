"""Whose a record is: no call carries that to the other side, so a change is counted.

The base of each side holds it under names of its own, beside the fields.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from caseferry.model.link import Base
from caseferry.model.record import Entity, Record, System, Value, system_of

_ASSIGNEE: Final = "~assignee"
_CONTACT: Final = "~contact"
_OF_A_CONTACT: Final = ("userInfo._id", "userInfo.emailId", "userInfo.phoneNumber")


def persons_of(record: Record) -> dict[str, Value | None]:
    """Give to whom a record is assigned and, of a case, for whom it is."""
    fields = record.fields
    if record.entity is Entity.TASK:
        return {_ASSIGNEE: fields.get("assignee")}
    if system_of(record.key) is System.CASEMGR:
        return {_ASSIGNEE: fields.get("owner"), _CONTACT: fields.get("customer")}
    contact = tuple(record.text(name) for name in _OF_A_CONTACT)
    return {_ASSIGNEE: fields.get("assignee"), _CONTACT: contact}


def handed_over(pairs: Iterable[tuple[Record, Base]]) -> Counter[str]:
    """Count what was given to others since both sides agreed: `kore.assignee` to 2.

    Args:
        pairs: records with the base of their side.
    """
    return Counter(
        _NAMES[system_of(record.key)][record.entity, name]
        for record, base in pairs
        for name, value in persons_of(record).items()
        if base.has(name) and base.get(name) != value
    )


_NAMES: Final = {
    System.KORE: {
        (Entity.CASE, _ASSIGNEE): "kore.assignee",
        (Entity.TASK, _ASSIGNEE): "kore.assignee",
        (Entity.CASE, _CONTACT): "kore.userInfo",
    },
    System.CASEMGR: {
        (Entity.CASE, _ASSIGNEE): "casemgr.owner",
        (Entity.TASK, _ASSIGNEE): "casemgr.assignee",
        (Entity.CASE, _CONTACT): "casemgr.customer",
    },
}
