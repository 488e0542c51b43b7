"""Finding few records in few requests: by a text in the name, or the newest first.

Neither is documented well enough to prove an absence by itself: what does not come out
provably whole is given as None.
"""

from collections.abc import Mapping
from typing import Any

from caseferry.adapters.kore.paging import Ask, Pager, Progress
from caseferry.adapters.kore.payload import Listing
from caseferry.errors import Unexpected
from caseferry.model.record import Entity, Record

MOST_SEARCHED = 2
MOST_NEWEST = 5

Sort = str | Mapping[str, str]


def search(
    pager: Pager, ask: Ask, entity: Entity, text: str
) -> tuple[Record, ...] | None:
    """Give the records whose name holds a text; None when two pages do not do.

    Raises:
        Refused: the tenant does not take a search.
    """
    progress = Progress(entity)
    found: list[Record] = []
    few = pager.with_ask(narrowed(ask, {"searchText": text}, MOST_SEARCHED))
    try:
        for records in few.read(progress):
            found += records
    except (_SpentError, Unexpected):
        return None
    return tuple(found) if progress.is_complete else None


def newest(
    pager: Pager, ask: Ask, entity: Entity, *, sort: Sort, since: str
) -> tuple[Record, ...] | None:
    """Give the records created at or after a time, newest first, of five pages at most.

    That the server really sorts is checked on the way; when it does not, only a listing
    that was read to its end will do.
    """
    progress = Progress(entity)
    few = pager.with_ask(narrowed(ask, {"sortBy": sort}, MOST_NEWEST))
    descent = _Descent(since)
    try:
        for number, records in enumerate(few.read(progress), 1):
            descent.take(records)
            # Without a total nobody knows whether a record slipped up between pages.
            is_steady = number == 1 or progress.total is not None
            if descent.is_past and is_steady and not progress.shrunk:
                return descent.found()
    except (_SpentError, Unexpected):
        return None
    return descent.found() if progress.is_complete else None


class _SpentError(Exception):
    """As many requests were sent as may be."""


class _Descent:
    """Records as they come, and whether their creation times only ever fall."""

    def __init__(self, since: str) -> None:
        self._since = since
        self._last = ""
        self._falls = True
        self._found: list[Record] = []

    def take(self, records: list[Record]) -> None:
        for record in records:
            created = record.text("createdAt")
            if not created or (self._last and created > self._last):
                self._falls = False
            self._last = created
            if not created or created >= self._since:
                self._found.append(record)

    @property
    def is_past(self) -> bool:
        """Tell whether everything that follows is surely older."""
        return self._falls and bool(self._last) and self._last < self._since

    def found(self) -> tuple[Record, ...]:
        return tuple(
            sorted(self._found, key=lambda r: r.text("createdAt"), reverse=True)
        )


def narrowed(ask: Ask, more: Mapping[str, Any], most: int | None = None) -> Ask:
    """Add to what is asked for, and stop after so many answers."""
    left = most

    def asked(body: dict[str, Any]) -> Listing:
        nonlocal left
        if left == 0:
            raise _SpentError
        listing = ask({**body, **more})
        left = None if left is None else left - 1
        return listing

    return asked
