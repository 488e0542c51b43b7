"""Which activities a search names (C 3.2)."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final, TypeAlias

from caseferry.sandbox.casemgr.custom_filter import custom_pairs
from caseferry.sandbox.casemgr.desk import Ask, check_department
from caseferry.sandbox.casemgr.errors import refused
from caseferry.sandbox.casemgr.query import (
    LIST_PARAMS,
    check_filters,
    in_range,
    parse_query,
    parse_range,
)
from caseferry.sandbox.casemgr.records import Activity
from caseferry.sandbox.casemgr.store import CasemgrStore
from caseferry.sandbox.readings import Readings
from caseferry.sandbox.tenant import ACTIVITY_ATTRIBUTES, USERS

Ends: TypeAlias = tuple[int | None, int | None]

_COMMON: Final = frozenset(("caseID", "status", "type", "mode"))
_CLIENT: Final = _COMMON | {"department"}
_USER: Final = _COMMON | {"customerID", "assignedTo", "queueID", "assignedUserName"}
_DATE_NAMES: Final = {
    "date": ("createdDate", "lastModifiedDate"),
    "plain": ("created", "lastModified"),
    "unsupported": (),
}
_KINDS: Final = {"call_track": "calltrack"}
_LOGIN_OF: Final = {user.id: user.name for user in USERS}


@dataclass(frozen=True, slots=True)
class ActivityFilter:
    """The checked filters of one search."""

    params: dict[str, str]
    pairs: tuple[tuple[str, str], ...]
    created: Ends | None
    modified: Ends | None

    @classmethod
    def of(cls, ask: Ask, readings: Readings) -> "ActivityFilter":
        """Check names and values of all filters."""
        custom = readings.text("casemgr.activity_custom_filter")
        client = ask.actor.kind == "client"
        names = _DATE_NAMES[readings.text("casemgr.date_filter_names")]
        allowed = LIST_PARAMS | (_CLIENT if client else _USER) | frozenset(names)
        if custom == "custom":
            allowed |= {"custom"}
        dotted = custom in ("dotted", "ignored")
        params = parse_query(ask.query, allowed, dotted=dotted)
        check_filters(params, frozenset(("type",)), readings)
        if client and readings.is_set("casemgr.activity_department", "required"):
            _require_department(params)
        check_department(params.get("department"))
        pairs = custom_pairs(params, ACTIVITY_ATTRIBUTES)
        ends = [parse_range(params[n], n) if n in params else None for n in names]
        created, modified = ends or (None, None)
        if readings.is_set("casemgr.modified_filter", "ignored"):
            modified = None
        pairs = () if custom == "ignored" else pairs
        return cls(params, pairs, created, modified)

    @property
    def key(self) -> Hashable:
        """Return what the rows depend on besides the records."""
        skipped = ("$pagenum", "$pagesize", "$rangestart", "$rangesize", "$attribute",
                   "$sort", "$order")  # fmt: skip
        items = [(n, v) for n, v in self.params.items() if n not in skipped]
        return (tuple(sorted(items)), self.pairs)

    def rows(self, store: CasemgrStore) -> list[Activity]:
        """Return the matching activities, id ascending."""
        rows = [row for row in self._candidates(store) if self._matches(row)]
        rows.sort(key=lambda row: row.number)
        return rows

    def searchable(self, rows: list[Activity], *, now: int, lag: int) -> list[Activity]:
        """Leave out what the search index does not know yet."""
        rows = [row for row in rows if row.visible_at <= now]
        if self.modified is None:
            return rows
        return [row for row in rows if row.changed_at + lag <= now]

    def _candidates(self, store: CasemgrStore) -> list[Activity]:
        case_id = self.params.get("caseID")
        if case_id is not None:
            return store.activities_of.get(case_id)
        if self.pairs:
            return store.activity_custom.get(self.pairs[0])
        if self.modified is not None:
            return store.activity_modified.between(*self.modified)
        if self.created is not None:
            return store.activity_created.between(*self.created)
        return list(store.activity_shelf)

    def _matches(self, row: Activity) -> bool:
        params = self.params
        wanted = {
            "caseID": row.case_id,
            "department": row.department,
            "mode": row.mode,
            "customerID": row.customer_id,
            "assignedTo": row.assignee,
            "queueID": row.queue,
        }
        return (
            all(params.get(n, v) == v for n, v in wanted.items())
            and _has_kind(row, params.get("type"))
            and _has_status(row, params.get("status"))
            and _has_user(row, params.get("assignedUserName"))
            and (self.created is None or in_range(row.created, self.created))
            and (self.modified is None or in_range(row.modified, self.modified))
            and all(value in row.custom.get(name, ()) for name, value in self.pairs)
        )


def _require_department(params: dict[str, str]) -> None:
    if "department" not in params:
        raise refused("400-112", "department is required for client applications.")


def _has_kind(row: Activity, kind: str | None) -> bool:
    return kind is None or row.kind == _KINDS.get(kind, kind)


def _has_status(row: Activity, status: str | None) -> bool:
    if status is None:
        return True
    if status == "open":
        return row.is_open
    value, _, substatus = status.partition(":")
    return row.status == value and (not substatus or row.substatus == substatus)


def _has_user(row: Activity, name: str | None) -> bool:
    return name is None or _LOGIN_OF.get(row.assignee or "") == name
