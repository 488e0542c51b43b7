"""Reading what changed lately: newest change first, until the records are older.

The order is on a field that moves while it is read. A record that is changed meanwhile
goes to the front and pushes others down: they come again at the head of the next page,
and nothing is lost. A record that leaves pulls others up, and one may slip through
between two pages; then fewer are told of than before. What else comes again, or in
another order, shows that records of one instant have no firm order among themselves.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from caseferry.adapters.kore.paging import Pager, Progress
from caseferry.adapters.kore.payload import Listing, key_of
from caseferry.errors import Refused, Unexpected
from caseferry.model.record import Entity, Key, Record
from caseferry.model.times import instant_of
from caseferry.ports import Page


class Descent(Progress):
    """One reading, and whether it proves what it is for.

    Attributes:
        sorts: the changes only ever got older, so far.
        steady: nothing can have slipped through between two pages.
    """

    def __init__(self, entity: Entity, since: str) -> None:
        super().__init__(entity)
        self.sorts = True
        self.steady = True
        self._since = since
        self._last = ""
        self._order: list[Key] = []

    @property
    def is_past(self) -> bool:
        """Tell whether everything that follows is surely older."""
        return self.sorts and bool(self._last) and self._last < self._since

    @property
    def is_proved(self) -> bool:
        """Tell whether every record that changed since then came."""
        return self.sorts and self.steady and (self.is_past or self.is_complete)

    def take(self, listing: Listing) -> list[Record]:
        """Give the records of a page that did not come before."""
        is_first_page = not self._order
        shown = [key_of(payload) for payload in listing.results]
        again = [key for key in shown if key in self]
        records = super().take(listing)
        if not is_first_page:
            self.steady &= not self.shrunk and self.total is not None
            self.steady &= self._are_pushed_down(shown, again, records)
        self._order += [record.key for record in records]
        for record in records:
            changed = instant_of(record.version)
            self.sorts &= bool(changed) and (not self._last or changed <= self._last)
            self._last = changed
        return records

    def _are_pushed_down(
        self,
        shown: Sequence[Key | None],
        again: Sequence[Key | None],
        fresh: Sequence[Record],
    ) -> bool:
        """Tell whether what came again is just what was pushed over from above."""
        if not again:
            return True
        count = len(again)
        is_tied = bool(fresh) and instant_of(fresh[0].version) == self._last
        is_end = again == shown[:count] == self._order[-count:]
        return is_end and not is_tied


def read(
    pager: Pager, descent: Descent, server_time: Callable[[], datetime | None]
) -> Iterator[Page]:
    """Read until the records are older; the last page says whether that is proved."""
    held: Page | None = None
    try:
        for records in pager.read(descent):
            if held is not None:
                yield held
            held = Page(
                records=tuple(records),
                last=False,
                total=descent.total,
                at=server_time(),
            )
            if descent.is_past or not descent.sorts:
                break
    except (Refused, Unexpected):
        descent.sorts = False  # nor anything else that is worth asking for again
    if held is not None:
        yield replace(held, last=descent.is_proved)
