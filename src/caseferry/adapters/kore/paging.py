"""How pages of a Kore listing are asked for, and when a listing has ended.

Nothing about paging is documented: one sample request carries `skip` and `limit`, all
sample replies carry `page`, `limit`, `hasMore` and `totalResults`. So all three are
sent, the reply is believed over the request, and every page is checked against what
came before.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from caseferry.adapters.exchange import Unusable
from caseferry.adapters.kore.payload import Listing, key_of, record_of
from caseferry.errors import Refused, Unexpected
from caseferry.model.record import Entity, Record

# Ways to ask for a page, the likeliest first. A server that refuses unknown keys,
# ignores them, or counts `skip` in pages is asked the next way.
WAYS: tuple[tuple[str, ...], ...] = (
    ("skip", "limit", "page"),
    ("skip", "limit"),
    ("skip in pages", "limit"),
    ("page", "limit"),
    ("page",),
    (),
)
_MOST_PAGES = 1_000_000
_SECOND = 2

Ask = Callable[[dict[str, Any]], Listing]


@dataclass(slots=True)
class Progress:
    """What is known of a listing after one or more readings of it.

    Attributes:
        total: how many records there are, as last told.
        moved: a record came twice in the first reading, or the total changed.
        shrunk: the total fell: a record may have slipped through between two pages.
    """

    entity: Entity
    total: int | None = None
    moved: bool = False
    shrunk: bool = False
    _seen: set[str] = field(default_factory=set)
    _readings: int = 0
    _pages: int = 0
    _found: int = 0

    def begin(self) -> None:
        """Begin another reading; what was seen counts, unless the listing shrank."""
        if self.shrunk:
            self._seen.clear()
            self._readings = 0
        self.moved = self.shrunk = False
        self._readings += 1
        self._pages = self._found = 0

    def __contains__(self, key: object) -> bool:
        return key in self._seen

    @property
    def is_first(self) -> bool:
        """Tell whether this reading starts from nothing."""
        return self._readings == 1

    @property
    def count(self) -> int:
        """How many different records came so far."""
        return len(self._seen)

    @property
    def is_complete(self) -> bool:
        """Tell whether surely every record came.

        Either as many as were announced, none of which left meanwhile; or a whole
        reading found nothing that the one before had not.
        """
        if self.shrunk:
            return False
        if self._readings > 1 and not self._found:
            return True
        return self._pages <= 1 if self.total is None else self.total == self.count

    def take(self, listing: Listing) -> list[Record]:
        """Give the records of a page, without those that came in this reading."""
        self._pages += 1
        if (total := listing.totalResults) is not None:
            if self.total is not None:
                self.moved |= total != self.total
                self.shrunk |= total < self.total
            self.total = total
        records = []
        for payload in listing.results:
            record = record_of(payload, self.entity)
            if record.key not in self._seen:
                self._seen.add(record.key)
                self._found += 1
            elif self.is_first:
                self.moved = True
                continue
            records.append(record)
        return records

    def may_follow(self, listing: Listing) -> bool:
        """Tell whether another page may follow; when in doubt it may."""
        if not listing.results:
            return False
        missing = None if self.total is None else self.count < self.total
        is_short = listing.limit is not None and len(listing.results) < listing.limit
        if listing.hasMore is False and is_short:
            return False
        if listing.hasMore is not None:
            return listing.hasMore if self.total is None else bool(missing)
        if missing is not None:
            return missing
        return not is_short


class Pager:
    """Reads a listing page by page; remembers which way of asking the server takes."""

    def __init__(self, ask: Ask, *, page_size: int) -> None:
        self._ask = ask
        self._page_size = page_size
        self._way = 0

    def with_ask(self, ask: Ask) -> "Pager":
        """Give another pager that asks something else in the way found so far."""
        other = Pager(ask, page_size=self._page_size)
        other._way = self._way
        return other

    def try_another_way(self) -> None:
        """Ask otherwise from now on."""
        self._way = min(self._way + 1, len(WAYS) - 1)

    def read(self, progress: Progress) -> Iterator[list[Record]]:
        """Yield the records of each page of one reading.

        Raises:
            Unexpected: pages repeat although records are missing.
        """
        progress.begin()
        listing = self._first()
        yield _taken(progress, listing)
        skip, page = len(listing.results), _SECOND
        while progress.may_follow(listing) and not _is_beyond(progress, skip, listing):
            before = progress.count
            listing, records = self._next(progress, skip, page)
            if progress.is_first and listing.results and progress.count == before:
                self._way = 0
                raise Unexpected(_repeats(progress, skip), hint=_REPEATS_HINT)
            yield records
            skip += len(listing.results)
            page += 1
            if page > _MOST_PAGES:
                raise Unexpected(f"the listing of {progress.entity}s never ends")

    def _first(self) -> Listing:
        """Read the first page, in a way that the server does not refuse."""
        while True:
            try:
                return self._ask(self._body(0, 1))
            except Refused:
                if self._way == len(WAYS) - 1:
                    self._way = 0
                    raise
                self._way += 1

    def _next(
        self, progress: Progress, skip: int, page: int
    ) -> tuple[Listing, list[Record]]:
        """Read a page; the second one shows whether this way of asking works."""
        listing = self._ask(self._body(skip, page))
        if page == _SECOND and progress.is_first:
            while not self._works(progress, listing) and self._way < len(WAYS) - 2:
                self._way += 1
                try:
                    listing = self._ask(self._body(skip, page))
                except Refused:
                    continue
        return listing, _taken(progress, listing)

    def _works(self, progress: Progress, listing: Listing) -> bool:
        """Tell whether this is the second page, not the first again or a later one."""
        if listing.page is not None and listing.page > _SECOND:
            return False  # `skip` is counted in pages here
        return any(key_of(payload) not in progress for payload in listing.results)

    def _body(self, skip: int, page: int) -> dict[str, Any]:
        values = {
            "skip": skip,
            "skip in pages": page - 1,
            "limit": self._page_size,
            "page": page,
        }
        return {name.split()[0]: values[name] for name in WAYS[self._way]}


def _taken(progress: Progress, listing: Listing) -> list[Record]:
    try:
        return progress.take(listing)
    except Unusable as why:
        raise Unexpected(f"kore listed {why}", system="kore") from None


def _is_beyond(progress: Progress, skip: int, listing: Listing) -> bool:
    """Tell whether a repeated reading has passed the end of what there can be."""
    if progress.is_first or progress.total is None:
        return False
    return skip >= progress.total + len(listing.results)


def _repeats(progress: Progress, seen: int) -> str:
    of = "" if progress.total is None else f" of {progress.total}"
    return (
        f"kore gives the same {progress.entity}s again after {seen}{of}:"
        " it ignores the paging parameters"
    )


_REPEATS_HINT = "ask Kore how getCases and getTasks are paged on this tenant"
