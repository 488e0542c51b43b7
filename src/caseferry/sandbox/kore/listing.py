"""getCases and getTasks: order and pages (K 5)."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, TypeVar

from caseferry.sandbox.kore.catalog import Catalog
from caseferry.sandbox.kore.errors import refused
from caseferry.sandbox.kore.list_filter import FAR, ListFilter, check_body
from caseferry.sandbox.kore.records import KoreRecord
from caseferry.sandbox.kore.render import LIST, Renderer
from caseferry.sandbox.readings import Readings
from caseferry.sandbox.shelf import Shelf, TimeIndex
from caseferry.sandbox.times import parse_iso
from caseferry.sandbox.wire import JSON_TYPE, Reply, dumps

R = TypeVar("R", bound=KoreRecord)

_SORTS: Final[dict[str, Callable[[KoreRecord], Any]]] = {
    "createdAt": lambda r: r.created,
    "createdDate": lambda r: r.created,
    "dueDate": lambda r: FAR if r.due is None else r.due,
    "name": lambda r: r.name.lower(),
    "refId": lambda r: r.ref_id,
    "updatedAt": lambda r: r.updated,
}


@dataclass(frozen=True, slots=True)
class Window:
    """The rows of one page."""

    page: int
    limit: int
    start: int


@dataclass(frozen=True, slots=True)
class Lister(Generic[R]):
    """Lists one shelf under the readings in force."""

    shelf: Shelf[R]
    created: TimeIndex[R]
    updated: TimeIndex[R]
    catalog: Catalog
    readings: Readings
    renderer: Renderer

    def reply(self, body: dict[str, Any], now: int) -> Reply:
        """Return one page as the envelope of K 5.3."""
        check_body(body, self.readings)
        window = self._window(body)
        rows = self._rows(body, now)
        page = rows[window.start : window.start + window.limit]
        shown = b",".join([self.renderer.json(row, LIST) for row in page])
        more = window.start + window.limit < len(rows)
        totals = ""
        if self.readings.is_set("kore.totals", "exact"):
            pages = -(-len(rows) // window.limit)
            totals = f',"totalPages":{pages},"totalResults":{len(rows)}'
        tail = (
            f'],"page":{window.page},"limit":{window.limit}'
            f',"hasMore":{dumps(more)}{totals}}}'
        )
        page_json = b'{"results":[' + shown + tail.encode()
        return Reply(200, page_json, (JSON_TYPE,))

    def _rows(self, body: dict[str, Any], now: int) -> list[R]:
        lag = self.readings.number("kore.search_lag_s")
        narrowed = {k: v for k, v in body.items() if k not in ("skip", "limit", "page")}
        compute = partial(self._compute, narrowed)
        key = json.dumps(narrowed, sort_keys=True)
        rows = self.shelf.listing(key, compute)
        if lag and any(row.visible_at > now for row in rows):
            return [row for row in rows if row.visible_at <= now]
        return rows

    def _compute(self, body: dict[str, Any]) -> list[R]:
        tests = ListFilter(self.catalog, self.readings).tests(body)
        rows = self._candidates(body)
        if self.readings.is_set("kore.inactive_in_list", "hidden"):
            rows = [row for row in rows if row.is_active]
        for test in tests:
            rows = [row for row in rows if test(row)]
        return self._sorted(rows, body.get("sortBy"))

    def _candidates(self, body: dict[str, Any]) -> list[R]:
        index = {"createdAt": self.created, "updatedAt": self.updated}.get(
            self.readings.text("kore.date_filter_field")
        )
        first, last = parse_iso(body.get("startDate")), parse_iso(body.get("endDate"))
        if index is None or (first is None and last is None):
            return list(self.shelf)
        return sorted(index.between(first, last), key=lambda row: row.number)

    def _sorted(self, rows: list[R], sort_by: object) -> list[R]:
        order = self._order(sort_by)
        if order is None:
            newest = self.readings.is_set("kore.default_order", "newest_first")
            return rows[::-1] if newest else rows
        name, descending = order
        return sorted(rows, key=_SORTS[name], reverse=descending)

    def _order(self, sort_by: object) -> tuple[str, bool] | None:
        forms = self.readings.text("kore.sort_forms")
        name, descending = "", False
        if isinstance(sort_by, str):
            name = sort_by
        elif isinstance(sort_by, dict) and sort_by and forms == "object_and_string":
            name, direction = next(iter(sort_by.items()))
            descending = direction in ("desc", -1)
        if forms == "ignored" or not name:
            return None
        supported = self.readings.is_set("kore.sort_updated_at", "supported")
        if name in _SORTS and (name != "updatedAt" or supported):
            return name, descending
        if self.readings.is_set("kore.sort_unknown_field", "400"):
            raise refused(400, f"Invalid sortBy field {name}")
        return None

    def _window(self, body: dict[str, Any]) -> Window:
        way = self.readings.text("kore.page_params")
        limit = self.readings.number("kore.default_limit")
        if way != "ignored" and body.get("limit"):
            limit = body["limit"]
        limit = int(min(limit, self.readings.number("kore.max_limit")))
        start = 0
        if way == "skip_limit":
            start = body.get("skip") or 0
        elif way == "skip_pages":
            start = (body.get("skip") or 0) * limit
        elif way == "page":
            start = (max(body.get("page") or 1, 1) - 1) * limit
        return Window(page=start // limit + 1, limit=limit, start=start)
