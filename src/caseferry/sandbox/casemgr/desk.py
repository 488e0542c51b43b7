"""What every casemgr operation works with, and the replies they share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from caseferry.sandbox import tenant
from caseferry.sandbox.casemgr.actors import Actor
from caseferry.sandbox.casemgr.errors import refused
from caseferry.sandbox.casemgr.query import Query
from caseferry.sandbox.casemgr.records import Activity, Versioned
from caseferry.sandbox.casemgr.render import Renderer
from caseferry.sandbox.casemgr.store import CasemgrStore
from caseferry.sandbox.readings import Readings
from caseferry.sandbox.times import iso, parse_iso
from caseferry.sandbox.wire import JSON_TYPE, Reply, dumps, encode

DEPARTMENT_NAMES: Final = frozenset(item.name for item in tenant.DEPARTMENTS)
_LANGUAGES: Final = ("en-US es-ES fr-FR it-IT de-DE nl-NL pt-BR pt-PT da-DK ru-RU "
                     "fr-CA zh-CN ja-JP ko-KR sv-SE").lower().split()  # fmt: skip
SORT_KEYS: Final[dict[str, Callable[[Any], Any]]] = {
    "id": lambda r: r.number,
    "created": lambda r: r.created,
    "createdDate": lambda r: r.created,
    "lastModified": lambda r: r.modified,
    "lastModifiedDate": lambda r: r.modified,
    "dueDate": lambda r: r.due or 0,
    "subject": lambda r: r.subject,
    "priority": lambda r: r.priority,
    "status": lambda r: r.status,
    "severity": lambda r: r.severity,
    "type": lambda r: r.kind,
    "customerName": lambda r: r.name,
}
ACTIVITY_SORTS: Final = frozenset(SORT_KEYS) - {"severity", "customerName"}
CASE_SORTS: Final = frozenset(SORT_KEYS) - {"priority", "type", "customerName"}
CUSTOMER_SORTS: Final = frozenset(("id", "type", "customerName", "created"))


@dataclass(frozen=True, slots=True)
class Ask:
    """One request after the gate: who, what, when (epoch ms)."""

    actor: Actor
    ids: str
    query: str
    body: bytes
    now: int


@dataclass(slots=True)
class Desk:
    """Records, readings and renderer of one casemgr."""

    store: CasemgrStore
    readings: Readings
    renderer: Renderer

    def page(
        self,
        root: str,
        rows: Sequence[Versioned],
        query: Query,
        *,
        lookup: bool = False,
    ) -> Reply:
        """Return one page of rows; 204 when there are none at all."""
        shown = in_order(rows, query)[query.start : query.start + query.size]
        if not shown:
            return self._no_rows(root, query, any_rows=bool(rows))
        counts = {
            "rows": len(shown),
            "pages": -(-len(rows) // query.size),
            "total": len(rows),
        }
        count = counts[self.readings.text("casemgr.pagination_count")]
        info = {"count": count, "pagenum": query.page, "pagesize": query.size}
        return self.listed(
            root, shown, query.attributes, info=dumps(info), lookup=lookup
        )

    def listed(
        self,
        root: str,
        rows: Sequence[Versioned],
        attributes: str,
        *,
        info: str = "",
        lookup: bool = False,
    ) -> Reply:
        """Return rows under their root, 200."""
        render = self.renderer.json
        shown = b",".join([render(row, attributes, lookup=lookup) for row in rows])
        tail = f',"paginationInfo":{info}' if info else ""
        body = b'{"%b":[%b]%b}' % (root.encode(), shown, tail.encode())
        return Reply(200, body, (JSON_TYPE,))

    def _no_rows(self, root: str, query: Query, *, any_rows: bool) -> Reply:
        way = self.readings.text("casemgr.page_beyond_end")
        if way == "204" or not any_rows:
            return Reply(204)
        if way == "400":
            raise refused("400-102", "The page lies beyond the end.")
        info = {"count": 0, "pagenum": query.page, "pagesize": query.size}
        text = f'{{"{root}":[],"paginationInfo":{dumps(info)}}}'
        return Reply(200, encode(text), (JSON_TYPE,))

    def found(self, kind: str, ids: list[str]) -> list[Any]:
        """Return the records of a by-ids request."""
        shelves: dict[str, dict[str, Any]] = {
            "activity": self.store.activity_shelf.records,
            "case": self.store.case_shelf.records,
            "customer": self.store.customer_shelf.records,
        }
        records = shelves[kind]
        rows = [records[item] for item in ids if item in records]
        strict = self.readings.is_set("casemgr.unknown_ids", "404")
        if not rows or (strict and len(rows) < len(ids)):
            missing = ",".join(item for item in ids if item not in records)
            raise refused("404-100", f"Not found: {missing}.")
        return rows

    def written(
        self, status: int, record_id: str = "", *, where: str = "", body: str = ""
    ) -> Reply:
        """Return the reply to a write that was committed."""
        headers = (JSON_TYPE,) if body else ()
        if where:
            headers = (*headers, ("Location", where))
        return Reply(status, encode(body), headers, committed=True, record_id=record_id)

    def lag_ms(self) -> int:
        """Return the search lag."""
        return int(self.readings.number("casemgr.search_lag_s") * 1000)


def in_order(rows: Sequence[Versioned], query: Query) -> Sequence[Versioned]:
    """Return rows in the order asked for; as they are when none is."""
    if not query.sort:
        return rows
    return sorted(rows, key=SORT_KEYS[query.sort], reverse=query.descending)


def check_version(record: Versioned, sent: object, stale: str = "409-100") -> None:
    """Refuse a missing lastModified (400) or one that is not the record's."""
    if isinstance(sent, dict):
        sent = sent.get("date")
    if not isinstance(sent, str):
        raise refused("400-152", "Attribute 'lastModified' is missing or invalid.")
    if sent != iso(record.modified) and parse_iso(sent) != record.modified:
        raise refused(stale, "The record was modified by someone else.")


def may_change(activity: Activity, actor: Actor, readings: Readings) -> None:
    """Refuse actors that may not edit or complete an activity (C 10.8)."""
    free = actor.kind == "client" and readings.is_set("casemgr.actor_rule", "client")
    if not free and activity.assignee != actor.user_id:
        raise refused("403-105", "The activity is not assigned to the logged in user.")


def check_headers(headers: Any) -> None:  # noqa: ANN401 - any mapping of texts
    """Refuse a request without the two required headers (406-100)."""
    accept = headers.get("accept", "")
    if not any(kind in accept for kind in ("application/json", "*/*", "application/*")):
        raise refused("406-100", "Accept must be application/json.")
    language = headers.get("accept-language", "").split(",")[0].split(";")[0]
    if language.strip().lower() not in _LANGUAGES:
        raise refused("406-100", "Accept-Language is missing or not supported.")


def check_department(name: str | None) -> None:
    """Refuse an unknown department in a query."""
    if name is not None and name not in DEPARTMENT_NAMES:
        raise refused("400-102", f"Department '{name}' does not exist.")
