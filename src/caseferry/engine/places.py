"""Where a task's counterpart lies and whom it is for, beside what its fields hold.

What nobody can change later is a difference. What agents change every day is reported
by name: the state does not know whether it was they.
"""

from collections.abc import Iterable, Sequence

from caseferry.errors import Forbidden, NotFound, Refused
from caseferry.model.customer import Customer
from caseferry.model.mapped import CustomerWish, MappedRecord
from caseferry.model.record import Record, Value
from caseferry.ports import CasemgrSystem

MOVED_DEPARTMENT = "moved-department"
OTHER_CUSTOMER = "other-customer"
_COMPARABLE = (".emailAddress", ".phone")
_KORE_CONTACT = ("userInfo.emailId", "userInfo.phoneNumber")

Place = tuple[str, Value | None, Value | None]
"""A field with what it should hold and what it holds."""


def fixed_place(mapped: MappedRecord, record: Record) -> tuple[Place, ...]:
    """Give what should have stayed as it was created, and did not: the subtype.

    It may have been created in a case that lay in another department than now.
    """
    subtype = record.text("subtype")
    known = {mapped.subtype, *(landing.subtype for landing in mapped.elsewhere)}
    if not subtype or not mapped.subtype or subtype in known:
        return ()
    return (("subtype", mapped.subtype, subtype),)


def moved_place(
    departments: Sequence[str],
    wish: CustomerWish,
    record: Record,
    customer: Customer | None,
) -> dict[str, Place]:
    """Give what agents may have moved, by its name in reports.

    Args:
        departments: where it belongs: where its route leads first, and its case's.
        wish: how its case's customer is found.
        record: the counterpart.
        customer: whom it names; None where that is not known. It is another one only
            where none of its addresses and numbers is one that Kore names.
    """
    found: dict[str, Place] = {}
    department = record.text("department")
    if department and departments[0] and department not in departments:
        found[MOVED_DEPARTMENT] = ("department", departments[0], department)
    attempts = [a for a in wish.attempts if a.attribute.endswith(_COMPARABLE)]
    wanted = [text for attempt in attempts for text in attempt.spellings]
    contacts = customer.contacts if customer is not None else ()
    shown = [text for c in contacts for text in (*c.emails, *c.phones)]
    known = {_same(text) for text in (*wanted, wish.placeholder) if text}
    if wanted and shown and known.isdisjoint(map(_same, shown)):
        found[OTHER_CUSTOMER] = ("customer", wanted[0], shown[0])
    return found


def other_contact(
    customer: Customer | None, placeholder: str, record: Record
) -> dict[str, Place]:
    """Give whom a Kore record names, where casemgr's customer is nobody of them.

    Args:
        customer: whom its source names; None where that is not known.
        placeholder: the mapping's stand-in for people without a contact.
        record: the counterpart in Kore.
    """
    shown = [record.text(name) for name in _KORE_CONTACT]
    shown = [text for text in shown if text]
    contacts = customer.contacts if customer is not None else ()
    wanted = [text for c in contacts for text in (*c.emails, *c.phones) if text]
    known = {_same(text) for text in (*wanted, placeholder) if text}
    if wanted and shown and known.isdisjoint(map(_same, shown)):
        return {OTHER_CUSTOMER: ("customer", shown[0], wanted[0])}
    return {}


def customers_of(
    casemgr: CasemgrSystem, records: Iterable[Record]
) -> dict[str, Customer]:
    """Read the customers that records name; none where that is not allowed."""
    ids = {record.text("customer") for record in records} - {""}
    return people_of(casemgr, sorted(ids))


def people_of(casemgr: CasemgrSystem, ids: Sequence[str]) -> dict[str, Customer]:
    """Read customers by id; none where that is not allowed."""
    try:
        return casemgr.get_customers(ids)
    except (Forbidden, NotFound, Refused):
        return {}


def _same(text: str) -> str:
    """Spell an address or number so that the same ones are equal."""
    if "@" in text:
        return text.casefold()
    return "".join(char for char in text if char.isdecimal()) or text
