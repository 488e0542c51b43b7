"""Reading Kore: the reading half of `ports.KoreSystem`."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from caseferry.adapters.kore import finder, recent
from caseferry.adapters.kore.catalogue import Kind
from caseferry.adapters.kore.client import KoreClient
from caseferry.adapters.kore.paging import Ask, Pager, Progress
from caseferry.adapters.kore.payload import Listing
from caseferry.errors import Refused
from caseferry.model.canary import is_canary
from caseferry.model.record import Entity, Record
from caseferry.ports import Page

_READINGS = 3  # the first, and two more for a listing that moved


class KoreReader:
    """Listings and searches; safe to use from several threads.

    Attributes:
        sort: the `sortBy` that is proved to give the newest created records first;
            None where none is.
        changed_sorts: those that are proved to give the last changed records first.
    """

    def __init__(self, client: KoreClient) -> None:
        self.client = client
        self.sort: finder.Sort | None = client.settings.sort
        self.changed_sorts = dict(client.settings.changed_sorts)
        self._asks = {entity: self._ask(entity) for entity in Entity}
        self._pagers = {
            entity: Pager(ask, page_size=client.settings.page_size)
            for entity, ask in self._asks.items()
        }

    def pages(self, entity: Entity) -> Iterator[Page]:
        """Read all records of an entity, each at least once, in no promised order.

        Shape: as many records a page as the server gives, 100 are asked for. A listing
        that moved while it was read is read again, twice at most; a record that
        changed meanwhile comes again; canaries never come. Memory: one short text per
        record.

        Raises:
            Unexpected: pages repeat, or the listing would never end.
        """
        return self._whole(entity, self._pagers[entity])

    def _whole(self, entity: Entity, pager: Pager) -> Iterator[Page]:
        given: set[str] = set()
        progress = Progress(entity)
        for reading in range(1, _READINGS + 1):
            held: Page | None = None
            for records in pager.read(progress):
                if held is not None:
                    yield held
                held = Page(
                    records=_not_given(records, given),
                    last=False,
                    total=progress.total,
                    at=self.server_time(),
                )
            is_last = progress.is_complete or reading == _READINGS
            if held is not None:
                yield replace(held, last=progress.is_complete)
            if is_last:
                return
            if progress.total is not None and not progress.moved:
                # Nothing moved, yet records are missing: the server reads our
                # parameters otherwise than we meant them.
                pager.try_another_way()

    def changed(self, entity: Entity, since: str) -> Iterator[Page] | None:
        """Read the records that changed at or after a time, newest change first.

        Shape: pages as the server gives them; see `ports.KoreSystem`. A listing that
        moved so that a record may have slipped through is read again, twice at most.
        """
        sort = self.changed_sorts.get(entity)
        return None if sort is None else self._changed(entity, sort, since)

    def _changed(self, entity: Entity, sort: finder.Sort, since: str) -> Iterator[Page]:
        ask = finder.narrowed(self._asks[entity], {"sortBy": sort})
        pager = self._pagers[entity].with_ask(ask)
        for _ in range(_READINGS):
            descent = recent.Descent(entity, since)
            for page in recent.read(pager, descent, self.server_time):
                records = tuple(r for r in page.records if not is_canary(r))
                yield replace(page, records=records)
                if page.last:
                    return
            if not descent.sorts:
                self.changed_sorts.pop(entity, None)
                return

    def unresolved(self, entity: Entity) -> Iterator[Page] | None:
        """Read the records that are neither resolved nor closed, as `pages`."""
        if entity not in self.client.settings.unresolved:
            return None
        ask = finder.narrowed(self._asks[entity], {"unresolved": True})
        return self._whole(entity, self._pagers[entity].with_ask(ask))

    def requests(self) -> int:
        """Give how many requests were sent so far."""
        return self.client.counter.sent

    def search(self, entity: Entity, text: str) -> tuple[Record, ...] | None:
        """Give the records whose name holds a text; see `ports.KoreSystem`."""
        return finder.search(self._pagers[entity], self._asks[entity], entity, text)

    def newest(self, entity: Entity, since: str) -> tuple[Record, ...] | None:
        """Read the records created at or after a time, newest first.

        None unless `sort` is set, and when five pages do not reach that far back.
        """
        sort = self.sort
        if sort is None:
            return None
        pager, ask = self._pagers[entity], self._asks[entity]
        return finder.newest(pager, ask, entity, sort=sort, since=since)

    def knows(self, kind: Kind, name: str) -> bool:
        """Tell whether the id behind a name was seen in a record, or configured."""
        return self.client.catalogue.knows(kind, name)

    def probe(self, entity: Entity) -> Listing:
        """Read one record of an entity: tells whether this credential may.

        Raises:
            AuthFailed, Forbidden: it may not.
        """
        try:
            return self.client.list_records(entity, {"skip": 0, "limit": 1})
        except Refused:  # neither is documented for getCases
            return self.client.list_records(entity, {})

    def server_time(self) -> datetime | None:
        """Give the newest `Date` a reply carried; None before the first reply."""
        return self.client.server_time()

    def _ask(self, entity: Entity) -> Ask:
        def ask(body: dict[str, Any]) -> Listing:
            return self.client.list_records(entity, body)

        return ask


def _not_given(records: list[Record], given: set[str]) -> tuple[Record, ...]:
    """Keep what was not given before in this state and is a record of somebody's."""
    fresh = []
    for record in records:
        mark = f"{record.key} {record.version}"
        if mark not in given:
            given.add(mark)
            if not is_canary(record):
                fresh.append(record)
    return tuple(fresh)
