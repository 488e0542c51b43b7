"""Kore as the engine sees it; implements `ports.KoreSystem`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx

from caseferry.adapters.counter import Counter
from caseferry.adapters.exchange import Waiting
from caseferry.adapters.kore.client import KoreClient
from caseferry.adapters.kore.paging import Pager, Progress
from caseferry.adapters.kore.payload import Listing
from caseferry.adapters.kore.settings import KoreSettings
from caseferry.errors import Refused
from caseferry.model.record import Entity, Record
from caseferry.ports import Clock, Page

_READINGS = 3  # the first, and two more for a listing that moved


class KoreHttp:
    """The Kore case management API; safe to use from several threads."""

    def __init__(self, client: KoreClient) -> None:
        self.client = client
        self._pagers = {entity: self._pager(entity) for entity in Entity}

    @classmethod
    def build(
        cls,
        settings: KoreSettings,
        *,
        clock: Clock,
        transport: httpx.BaseTransport | None = None,
        waiting: Waiting | None = None,
    ) -> "KoreHttp":
        """Put the system together; opens no connection."""
        return cls(
            KoreClient.build(
                settings, clock=clock, transport=transport, waiting=waiting
            )
        )

    @property
    def counter(self) -> Counter:
        """What was sent so far."""
        return self.client.counter

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def pages(self, entity: Entity) -> Iterator[Page]:
        """Read all records of an entity, each at least once, in no promised order.

        Shape: as many records a page as the server gives, 100 are asked for. A listing
        that moved while it was read is read again, twice at most; a record that
        changed meanwhile comes again. Memory: one short text per record.

        Raises:
            Unexpected: pages repeat, or the listing would never end.
        """
        given: set[str] = set()
        progress = Progress(entity)
        pager = self._pagers[entity]
        for reading in range(1, _READINGS + 1):
            held: tuple[Record, ...] | None = None
            for records in pager.read(progress):
                if held is not None:
                    yield Page(records=held, last=False, total=progress.total)
                held = _not_given(records, given)
            is_last = progress.is_complete or reading == _READINGS
            yield Page(
                records=held or (), last=progress.is_complete, total=progress.total
            )
            if is_last:
                return
            if progress.total is not None and not progress.moved:
                # Nothing moved, yet records are missing: the server reads our
                # parameters otherwise than we meant them.
                pager.try_another_way()

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

    def _pager(self, entity: Entity) -> Pager:
        def ask(body: dict[str, Any]) -> Listing:
            return self.client.list_records(entity, body)

        return Pager(ask, page_size=self.client.settings.page_size)


def _not_given(records: list[Record], given: set[str]) -> tuple[Record, ...]:
    """Keep what was not given before in this state, and remember it."""
    fresh = []
    for record in records:
        mark = f"{record.key} {record.version}"
        if mark not in given:
            given.add(mark)
            fresh.append(record)
    return tuple(fresh)
