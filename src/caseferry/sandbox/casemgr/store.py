"""casemgr's records, indexes and counters."""

from collections.abc import Hashable, Iterable
from typing import Final

from caseferry.sandbox.casemgr.records import (
    Activity,
    Attributes,
    Case,
    Contact,
    Customer,
    Note,
    Versioned,
)
from caseferry.sandbox.readings import Readings
from caseferry.sandbox.shelf import GroupIndex, Shelf, TimeIndex

_FIRST_ID: Final = 1000


def _pairs(custom: Attributes) -> Iterable[Hashable]:
    return [(name, value) for name, values in custom.items() for value in set(values)]


def _one(value: object) -> Iterable[Hashable]:
    return (value,) if isinstance(value, str) else ()


def digits(text: str) -> str:
    """Return only the digits of a phone number."""
    return "".join(char for char in text if char.isdigit())


def contact_keys(contacts: tuple[Contact, ...]) -> Iterable[Hashable]:
    """Return what a customer can be looked up by, as (kind, value)."""
    keys: dict[Hashable, None] = {}
    for contact in contacts:
        for _, address in contact.emails:
            keys["email", address.lower()] = None
        for phone in contact.phones:
            whole = f"{phone.country_code}{phone.area_code}{phone.number}"
            keys["phone", phone.number] = None
            keys["phone", whole] = None
            keys["digits", digits(whole)] = None
        for _, social in contact.social:
            keys["social", social] = None
        for pair in _pairs(contact.custom):
            keys["custom", pair] = None
    return keys


class CasemgrStore:
    """Activities, cases and customers on shelves; ids count from 1000 each."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings
        self.activities_of: GroupIndex[Activity] = GroupIndex("case_id", _one)
        self.activity_custom: GroupIndex[Activity] = GroupIndex("custom", _pairs)
        self.activity_modified: TimeIndex[Activity] = TimeIndex("modified")
        self.activity_created: TimeIndex[Activity] = TimeIndex("created")
        self.activity_shelf: Shelf[Activity] = Shelf(
            self.activities_of,
            self.activity_custom,
            self.activity_modified,
            self.activity_created,
        )
        self.case_custom: GroupIndex[Case] = GroupIndex("custom", _pairs)
        self.case_modified: TimeIndex[Case] = TimeIndex("modified")
        self.case_created: TimeIndex[Case] = TimeIndex("created")
        self.cases_of: GroupIndex[Case] = GroupIndex("customer_id", _one)
        self.case_shelf: Shelf[Case] = Shelf(
            self.case_custom, self.case_modified, self.case_created, self.cases_of
        )
        self.customers_by: GroupIndex[Customer] = GroupIndex("contacts", contact_keys)
        self.customer_created: TimeIndex[Customer] = TimeIndex("created")
        self.customer_shelf: Shelf[Customer] = Shelf(
            self.customers_by, self.customer_created
        )
        self._next: dict[str, int] = {}

    def new_number(self, kind: str) -> int:
        """Return the next number of a sequence."""
        number = self._next.get(kind, _FIRST_ID)
        self._next[kind] = number + 1
        return number

    def touch(self, record: Versioned, now: int, user_id: str) -> None:
        """Advance lastModified: strictly, whatever the clock does."""
        record.modified = max(now, record.modified + 1)
        record.modified_by = user_id
        record.changed_at = now

    def open_activities(self, case_id: str) -> list[Activity]:
        """Return the activities of a case that are not completed."""
        return [item for item in self.activities_of.get(case_id) if item.is_open]

    def touch_case(self, case_id: str, now: int, user_id: str) -> None:
        """Move a case's lastModified with its activity, where the reading says so."""
        case = self.case_shelf.records.get(case_id)
        if case and self._readings.is_set("casemgr.activity_bumps_case", "yes"):
            self.touch(case, now, user_id)

    def close_case(self, case: Case, now: int, user_id: str) -> None:
        """Close a case."""
        case.status = "closed"
        case.last_closed = now
        self.touch(case, now, user_id)

    def reopen_case(self, case: Case, now: int, user_id: str) -> None:
        """Reopen a case (an activity came into it)."""
        case.status = "open"
        self.touch(case, now, user_id)

    def complete(self, activity: Activity, now: int, user_id: str) -> None:
        """Complete an activity; does not look at its case."""
        activity.status = "completed"
        activity.substatus = "done"
        self.touch(activity, now, user_id)

    def cascade(self, case_id: str, now: int, user_id: str) -> None:
        """Close a case whose last open activity was completed."""
        case = self.case_shelf.records.get(case_id)
        if case and case.status == "open" and not self.open_activities(case_id):
            self.close_case(case, now, user_id)

    def new_note(self, content: str, now: int, user_id: str) -> Note:
        """Make a note with the next id."""
        return Note(str(self.new_number("note")), content, now, user_id)

    def stamps(self, kind: str, now: int, user_id: str) -> dict[str, int | str]:
        """Return the attributes every new record of a kind starts with."""
        customer = kind == "customer"
        name = "casemgr.customer_search_lag_s" if customer else "casemgr.search_lag_s"
        number = self.new_number(kind)
        return {
            "id": str(number),
            "number": number,
            "created": now,
            "modified": now,
            "created_by": user_id,
            "modified_by": user_id,
            "visible_at": now + int(self._readings.number(name) * 1000),
            "changed_at": now,
        }
