"""Whether Kore can tell what changed: by its order of changes, or by what is open."""

from typing import Any, Final

from caseferry.adapters.asking import Answers
from caseferry.adapters.kore.client import KoreClient
from caseferry.adapters.kore.payload import Listing, key_of, record_of
from caseferry.errors import Refused
from caseferry.model.record import Entity, Record
from caseferry.model.times import instant_of

_FEW: Final = 4
_SORTED: Final = 10
_FINISHED: Final = frozenset({"resolved", "closed"})
Found = tuple[object, str] | str


class ChangeProbe:
    """Asks about one entity; all is held against the first page of its listing."""

    def __init__(
        self, client: KoreClient, entity: Entity, first: Listing, answers: Answers
    ) -> None:
        self._client = client
        self._entity = entity
        self._answers = answers
        self._known = [record_of(row, entity) for row in first.results]
        self._has_more = first.hasMore is not False

    def run(self) -> None:
        """Ask everything, in three requests."""
        ask, entity = self._answers.ask, self._entity
        found = self._sort_changed()
        ask(f"sort_changed_{entity}", lambda: found)
        if entity is Entity.CASE:
            ask("sort_updated_at", lambda: _as_switch(found))
        ask(f"unresolved_{entity}", self._unresolved)

    def _sort_changed(self) -> Found:
        """Find out whether both ends of the order of changes can be had.

        An order that says the same as that of creation proves nothing.
        """
        if len({_changed(record) for record in self._known}) < _FEW:
            return "too few records to tell"
        sort = {"updatedAt": "desc"}
        try:
            down = self._list({"sortBy": sort, "skip": 0, "limit": _SORTED})
            up = self._list(
                {"sortBy": {"updatedAt": "asc"}, "skip": 0, "limit": _SORTED}
            )
        except Refused:
            return None, "sortBy updatedAt is refused"
        if not (self._is_end(down, newest=True) and self._is_end(up, newest=False)):
            return None, "sortBy updatedAt does not order by it"
        if _by_creation(down[::-1]) and _by_creation(up):
            return "the records were changed in the order in which they were made"
        return sort, "sortBy updatedAt gives the two ends"

    def _is_end(self, records: list[Record], *, newest: bool) -> bool:
        """Tell whether these are the last changed records, or those changed first."""
        stamps = [_changed(record) for record in records]
        known = [_changed(record) for record in self._known]
        if not stamps or not all(stamps):
            return False
        edge = stamps[0] >= max(known) if newest else stamps[0] <= min(known)
        return edge and stamps == sorted(stamps, reverse=newest)

    def _unresolved(self) -> Found:
        """Ask for what is unresolved: just that, and all of it, has to come."""
        wanted = [record.key for record in self._known if _is_open(record)]
        if not wanted or len(wanted) == len(self._known):
            return "no open record beside a finished one was seen"
        got = self._list({"unresolved": True, "skip": 0, "limit": len(self._known)})
        if not all(map(_is_open, got)):
            return "ignored", "a finished record is among the unresolved ones"
        shown = [record.key for record in got]
        both = min(len(shown), len(wanted))
        is_cut = len(shown) < len(wanted) and not self._has_more
        if shown[:both] != wanted[:both] or is_cut or not shown:
            return "partial", "an open record is not among the unresolved ones"
        return "honest", f"{both} open records, and none that is finished"

    def _list(self, body: dict[str, Any]) -> list[Record]:
        listing = self._client.list_records(self._entity, body)
        rows = [row for row in listing.results if key_of(row) is not None]
        return [record_of(row, self._entity) for row in rows]


def _as_switch(found: Found) -> Found:
    if isinstance(found, str):
        return found
    value, evidence = found
    return "unsupported" if value is None else "supported", evidence


def _changed(record: Record) -> str:
    return instant_of(record.version)


def _by_creation(records: list[Record]) -> bool:
    times = [record.text("createdAt") for record in records]
    return times == sorted(times)


def _is_open(record: Record) -> bool:
    return record.text("statusCategory").lower() not in _FINISHED
