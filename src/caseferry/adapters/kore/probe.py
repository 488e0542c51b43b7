"""What a Kore tenant does where the documents are silent, found out by reading only."""

from functools import cached_property
from typing import Any, Final

from caseferry.adapters.asking import Answers
from caseferry.adapters.kore.payload import Listing, key_of, record_of
from caseferry.adapters.kore.probe_changes import ChangeProbe
from caseferry.adapters.kore.probe_filters import FilterProbe
from caseferry.adapters.kore.system import KoreHttp
from caseferry.errors import Refused
from caseferry.model.capability import Answer
from caseferry.model.record import Entity, Key, Record, System

_BY_WRITING: Final = (
    "create_status",
    "create_case_contact",
    "desc_on_create",
    "desc_in_create_response",
    "due_date_in_create_response",
    "array_update",
    "object_update",
    "readonly_updates",
    "missing_id_on_update",
    "due_date_writes",
    "field_writes",
    "status_write_by",
    "closed_case_blocks_tasks",
    "template_spawns_tasks",
    "case_updated_by_task",
    "search_lag_s",
)
_MANY: Final = 1000
_FEW: Final = 4
_SORTED: Final = 5
_TOO_FEW: Final = "too few records to tell"


def probe_kore(system: KoreHttp, *, quick: bool, now: str) -> list[Answer]:
    """Ask what K 5, 10 and 13 leave open; reads only.

    Sends at most 26 requests, 8 when `quick`, however many records there are.

    Raises:
        AuthFailed, Forbidden, Unreachable: Kore cannot be read at all.
    """
    return _KoreProbe(system, now).run(quick=quick)


class _KoreProbe:
    """One probe; keeps the first page, against which all others are held."""

    def __init__(self, system: KoreHttp, now: str) -> None:
        self._client = system.client
        self._answers = Answers(System.KORE, now)
        self._system = system
        self._first = self._list({})
        self._keys = _keys(self._first)

    def run(self, *, quick: bool) -> list[Answer]:
        ask = self._answers.ask
        ask("default_limit", self._default_limit)
        ask("totals", self._totals)
        ask("default_order", self._default_order)
        ask("page_params", self._page_params)
        ask("sort_created_at", self._sort_created_at)
        if not quick:
            ask("max_limit", self._max_limit)
            ask("sort_forms", self._sort_forms)
            ask("sort_unknown_field", self._sort_unknown_field)
            ChangeProbe(self._client, Entity.CASE, self._first, self._answers).run()
            ChangeProbe(self._client, Entity.TASK, self._tasks, self._answers).run()
            FilterProbe(self._list, self._records(), self._first, self._answers).run()
        self._harvest()
        self._answers.clock(self._system.server_time())
        self._answers.only_writes(*_BY_WRITING)
        return self._answers.found

    @cached_property
    def _tasks(self) -> Listing:
        return self._client.list_records(Entity.TASK, {})

    # pages --------------------------------------------------------------------------

    def _default_limit(self) -> tuple[object, str] | str:
        shown = len(self._keys)
        if self._first.limit is not None:
            return self._first.limit, "the limit that a reply without one names"
        if self._first.hasMore:
            return shown, "rows of a page that has more"
        return _TOO_FEW

    def _totals(self) -> tuple[object, str] | str:
        total = self._first.totalResults
        if total is None:
            return "absent", "no totalResults in the reply"
        return "exact", f"totalResults {total}"

    def _default_order(self) -> tuple[object, str] | str:
        times = [record.text("createdAt") for record in self._records()]
        if len(set(times)) < _FEW:
            return _TOO_FEW
        if times == sorted(times):
            return "oldest_first", f"{len(times)} records by createdAt"
        if times == sorted(times, reverse=True):
            return "newest_first", f"{len(times)} records by createdAt"
        return "neither by createdAt"

    def _page_params(self) -> tuple[object, str] | str:
        """Ask for two rows after one: each way of counting gives other rows."""
        if len(self._keys) < _FEW:
            return _TOO_FEW
        got = _keys(self._list({"skip": 1, "limit": 2}))
        ways = {
            "skip_limit": self._keys[1:3],
            "skip_pages": self._keys[2:4],
        }
        for name, wanted in ways.items():
            if got == wanted:
                return name, "skip 1, limit 2"
        paged = _keys(self._list({"page": 2, "limit": 2}))
        if paged == self._keys[2:4]:
            return "page", "page 2, limit 2"
        if got == paged == self._keys:
            return "ignored", "skip, page and limit change nothing"
        return "the pages fit no known reading"

    def _max_limit(self) -> tuple[object, str] | str:
        if any(a.value == "ignored" for a in self._answers.found):
            return "this tenant takes no limit"
        listing = self._list({"limit": _MANY})
        limit, rows = listing.limit, len(listing.results)
        if limit is not None:
            value = "none" if limit >= _MANY else limit
            return value, f"limit {_MANY} asked for, {limit} named"
        return (rows, f"{rows} rows of {_MANY}") if listing.hasMore else _TOO_FEW

    # sorting ------------------------------------------------------------------------

    def _sort_created_at(self) -> tuple[object, str] | str:
        """Find a spelling that turns the default order round."""
        times = [record.text("createdAt") for record in self._records()]
        if len(set(times)) < _FEW:
            return _TOO_FEW
        for sort in ({"createdAt": "desc"}, {"createdDate": "desc"}):
            try:
                down = self._list({"sortBy": sort, "skip": 0, "limit": _SORTED})
                up = self._list({"sortBy": _turned(sort), "skip": 0, "limit": _SORTED})
            except Refused:
                continue
            if _falls(down) and _falls(up, backwards=True) and _keys(down) != _keys(up):
                return sort, "descending and ascending give the two ends"
        return None, "no spelling sorts the newest first"

    def _sort_forms(self) -> tuple[object, str] | str:
        """Sort by name, which no default order does, in both spellings."""
        names = [record.text("name").lower() for record in self._records()]
        if len(set(names)) < _FEW or names == sorted(names):
            return _TOO_FEW
        as_object = self._by_name({"name": "asc"})
        as_text = self._by_name("name")
        if as_object and as_text:
            return "object_and_string", "sortBy name in both spellings"
        if as_text:
            return "string", "sortBy name works as a text alone"
        if not as_object:
            return "ignored", "sortBy name changes nothing"
        return "only the object form sorts"

    def _by_name(self, sort: object) -> bool:
        try:
            listing = self._list({"sortBy": sort, "skip": 0, "limit": _SORTED})
        except Refused:
            return False
        names = [record.text("name").lower() for record in _records(listing)]
        return names == sorted(names) and _keys(listing) != self._keys[: len(names)]

    def _sort_unknown_field(self) -> tuple[object, str] | str:
        try:
            self._list({"sortBy": {"noSuchField": "asc"}, "limit": 1})
            self._list({"sortBy": "noSuchField", "limit": 1})
        except Refused:
            return "400", "an unknown sort field is refused"
        return "ignored", "an unknown sort field is taken"

    # what is there -------------------------------------------------------------------

    def _harvest(self) -> None:
        tasks = _records(self._tasks, Entity.TASK)
        catalogue, settle = self._client.catalogue, self._answers.settle
        seen = f"{len(self._keys)} cases and {len(tasks)} tasks read"
        settle("statuses", sorted(catalogue.names("status")), seen)
        settle("priorities", sorted(catalogue.names("priority")), seen)
        both = [*self._records(), *tasks]
        for name, records in (
            ("templates", self._records()),
            ("task_templates", tasks),
        ):
            found = {record.text("template") for record in records} - {""}
            settle(name, sorted(found), seen)
        fields = {n for r in both for n in r.fields if n.startswith("field.")}
        settle("fields", sorted(name[len("field.") :] for name in fields), seen)
        if any(record.text("isActive") == "false" for record in both):
            settle("inactive_in_list", "shown", "an inactive record is listed")
        else:
            self._answers.leave_open("inactive_in_list", "no inactive record was seen")

    def _records(self) -> list[Record]:
        return _records(self._first)

    def _list(self, body: dict[str, Any]) -> Listing:
        return self._client.list_records(Entity.CASE, body)


def _records(listing: Listing, entity: Entity = Entity.CASE) -> list[Record]:
    return [record_of(payload, entity) for payload in listing.results]


def _keys(listing: Listing) -> list[Key]:
    return [key for row in listing.results if (key := key_of(row)) is not None]


def _falls(listing: Listing, *, backwards: bool = False) -> bool:
    times = [r.text("createdAt") for r in _records(listing)]
    return times == sorted(times, reverse=not backwards)


def _turned(sort: dict[str, str]) -> dict[str, str]:
    return dict.fromkeys(sort, "asc")
