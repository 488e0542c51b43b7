"""Reading casemgr listings to their end, and batches by id.

The number of pages is never told, `paginationInfo.count` means two things, and what a
page beyond the end looks like is not documented: it may be 204, empty, or a refusal.
Ranges are asked for before pages, because a range may begin with the last row of the
one before: when it does not, rows moved, and one may have slipped through.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from caseferry.adapters.casemgr.client import Rows
from caseferry.adapters.casemgr.payload import id_of
from caseferry.adapters.exchange import Unusable
from caseferry.errors import Forbidden, NotFound, Refused, Unexpected

LARGEST_PAGE = 75
MOST_IDS = 75
LONGEST_IDS = 1_500  # characters of a path; two figures are documented, this the lower
_MOST_PAGES = 1_000_000
# An actor or a scope is missing: true of every id alike.
_NOT_FOR_BISECTION = frozenset({"forbidden-403-112", "forbidden-403-197"})

Row = dict[str, Any]


@dataclass(slots=True)
class Way:
    """How this tenant is asked for a page; shared by all listings.

    Attributes:
        ranges: `$rangestart` works, as far as is known.
    """

    ranges: bool = True

    def parameters(self, number: int, start: int) -> tuple[tuple[str, str], ...]:
        """Give the parameters of a page of full size."""
        size = str(LARGEST_PAGE)
        if self.ranges:
            return (("$rangestart", str(start)), ("$rangesize", size))
        return (("$pagenum", str(number)), ("$pagesize", size))


class Listing:
    """One reading of a listing; `ask` is given the paging parameters.

    Attributes:
        moved: an object came twice, or a range did not begin where the last one ended.
        seen: the ids of all objects that came.
    """

    def __init__(self, ask: Callable[..., Rows], way: Way) -> None:
        self._ask = ask
        self._way = way
        self._requests = 0
        self.seen: set[str] = set()
        self.moved = False

    @property
    def is_proved(self) -> bool:
        """Tell whether this reading alone shows that nothing slipped through."""
        return not self.moved and (self._requests <= 1 or self._way.ranges)

    def pages(self) -> Iterator[list[Row]]:
        """Yield the rows of each page that did not come before.

        Raises:
            Unexpected: pages repeat.
        """
        number, start, last = 1, 1, ""
        while number < _MOST_PAGES:
            rows, size = self._page(number, start)
            ids = [_id(row) for row in rows]
            if last and self._way.ranges:
                self.moved |= ids[:1] != [last]
            fresh = self._fresh(rows, ids, last)
            if len(rows) > 1 and not fresh:
                if self._way.ranges:
                    self._way.ranges = False  # ignored: pages may do better
                    continue
                raise Unexpected("casemgr gives the same page again: it does not page")
            yield fresh
            if len(rows) < min(LARGEST_PAGE, size or LARGEST_PAGE):
                return
            number, start, last = number + 1, start + len(rows) - 1, ids[-1]
        raise Unexpected("the listing never ends")

    def _fresh(self, rows: list[Row], ids: list[str], last: str) -> list[Row]:
        fresh = []
        for row, local_id in zip(rows, ids, strict=True):
            if local_id not in self.seen:
                self.seen.add(local_id)
                fresh.append(row)
            elif local_id != last:
                self.moved = True
        return fresh

    def _page(self, number: int, start: int) -> Rows:
        try:
            self._requests += 1
            return self._ask(*self._way.parameters(number, start))
        except Refused as error:
            if error.http_status != 400:  # noqa: PLR2004 - status codes name themselves
                raise
            if number > 1 and not self._way.ranges:
                return [], None  # this may be what lies beyond the end
            if number > 1 or not self._way.ranges or not _speaks_of_range(error):
                raise
            self._way.ranges = False
            return self._page(number, start)


def batches(ids: Sequence[str]) -> Iterator[list[str]]:
    """Cut ids into batches that a path can hold."""
    batch: list[str] = []
    length = 0
    for local_id in dict.fromkeys(ids):
        longer = length + len(local_id) + 1
        if batch and (len(batch) == MOST_IDS or longer > LONGEST_IDS):
            yield batch
            batch, longer = [], len(local_id) + 1
        batch.append(local_id)
        length = longer
    if batch:
        yield batch


def rows_of_ids(ask: Callable[[str], Rows], ids: list[str]) -> Iterator[Row]:
    """Yield the rows of a batch; one bad id may spoil the batch, so it is halved.

    Ids that are not visible are left out.

    Raises:
        Forbidden: a scope is missing, which no halving helps against.
    """
    try:
        rows, _ = ask(",".join(ids))
    except (NotFound, Forbidden) as error:
        if error.code in _NOT_FOR_BISECTION:
            raise
        if len(ids) > 1:
            middle = len(ids) // 2
            yield from rows_of_ids(ask, ids[:middle])
            yield from rows_of_ids(ask, ids[middle:])
        return
    yield from rows


def _id(row: Row) -> str:
    try:
        return id_of(row)
    except Unusable as why:
        raise Unexpected(f"casemgr listed {why}") from None


def _speaks_of_range(error: Refused) -> bool:
    """Tell a refusal of the range parameters from one of another parameter."""
    return "range" in error.message.lower()
