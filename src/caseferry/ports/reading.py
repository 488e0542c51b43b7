"""Reading listings: pages, and what the two systems can tell of changes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from caseferry.model.record import Entity, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some records of a listing.

    Attributes:
        records: in the order the system gave them.
        last: the listing ended with this page, and it was read to its end.
        total: how many the system says there are, when it says so.
        at: the system's own time when it gave the page, from the `Date` header.
    """

    records: tuple[Record, ...]
    last: bool
    total: int | None = None
    at: datetime | None = None


class KoreChanges(Protocol):
    """What Kore can tell of changes."""

    def changed(self, entity: Entity, since: str) -> Iterator[Page] | None:
        """Read the records that changed at or after a time, newest change first.

        Ends early, at the first record that is older; older ones of the same page are
        given too. The last page has `last` set only when it was seen on the way that
        the listing really is in this order, and that no record slipped through. A
        record that is not listed any more does not come. Lazy, single pass.

        None where `check` did not prove that this tenant sorts so, and once it was
        seen that it does not.
        """

    def unresolved(self, entity: Entity) -> Iterator[Page] | None:
        """Read the records that are neither resolved nor closed, as `pages`.

        None where `check` did not prove that this tenant's filter gives just these.
        """

    def requests(self) -> int:
        """Give how many requests were sent so far, those for tokens left out."""


class CasemgrChanges(Protocol):
    """What casemgr can tell of changes."""

    def activities_changed(self, department: str, since: str) -> Iterator[Page] | None:
        """Read the activities of a department that changed at or after a time.

        As `activities`; the first page is read at once. An activity that left the
        department does not come. None where the tenant refuses the date filter.
        """

    def cases_changed(self, department: str, since: str) -> Iterator[Page] | None:
        """Read the cases of a department that changed at or after a time.

        As `activities_changed`; None where the tenant refuses the look-up by date, or
        `check` saw that it means nothing there.
        """

    def requests(self) -> int:
        """Give how many requests were sent so far, those for tokens left out."""
