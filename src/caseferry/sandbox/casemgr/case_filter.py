"""Which cases a search or look-up names (C 5.1, 5.2)."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Final

from caseferry.sandbox.casemgr.custom_filter import custom_pairs
from caseferry.sandbox.casemgr.desk import Ask, check_department
from caseferry.sandbox.casemgr.errors import invalid, refused
from caseferry.sandbox.casemgr.finder import Finder
from caseferry.sandbox.casemgr.query import (
    LIST_PARAMS,
    check_filters,
    in_range,
    parse_query,
    parse_range,
)
from caseferry.sandbox.casemgr.records import Case
from caseferry.sandbox.casemgr.store import CasemgrStore
from caseferry.sandbox.readings import Readings
from caseferry.sandbox.tenant import CASE_ATTRIBUTES, USERS

_QUERY: Final = frozenset(("status", "customer", "email", "phone", "owner"))
_BODY: Final = frozenset(
    ("customer", "email", "phone", "status", "custom", "createdDate",
     "lastModifiedDate", "department", "ownerId", "ownerLoginId", "lastClosedDate")
)  # fmt: skip
_DATES: Final = {
    "createdDate": "created",
    "lastModifiedDate": "modified",
    "lastClosedDate": "last_closed",
}
_NEVER: Final = "[9999-01-01T00:00:00.000Z,]"
_ID_OF: Final = {user.name: user.id for user in USERS}


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """The checked filters of one search or look-up."""

    params: dict[str, str]
    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of_query(cls, ask: Ask, readings: Readings) -> "CaseFilter":
        """Check the filters of GET /case; department is mandatory for clients."""
        custom = readings.text("casemgr.case_custom_filter")
        allowed = LIST_PARAMS | _QUERY
        if custom == "custom":
            allowed |= {"custom"}
        if ask.actor.kind == "client":
            allowed |= {"department"}
        dotted = custom in ("dotted", "ignored")
        params = parse_query(ask.query, allowed, dotted=dotted)
        if ask.actor.kind == "client" and "department" not in params:
            raise refused("400-112", "department is required for client applications.")
        check_filters(params, frozenset(), readings)
        return cls._made(params, custom)

    @classmethod
    def of_body(cls, body: dict[str, Any], readings: Readings) -> "CaseFilter":
        """Check the filters of POST /case/lookup."""
        custom = readings.text("casemgr.case_custom_filter")
        for name in body:
            dotted = custom in ("dotted", "ignored") and name.startswith("custom.")
            if name == "custom" and custom == "unsupported":
                raise invalid(name, "is not supported")
            if name not in _BODY and not dotted:
                raise invalid(name, "is not supported")
        if not body:
            raise refused("400-152", "At least one attribute is required.")
        for name, value in body.items():
            if name != "custom" and not isinstance(value, str):
                raise invalid(name)
        dates = readings.text("casemgr.lookup_dates")
        return cls._made({**body, **_read_dates(body, dates)}, custom)

    @classmethod
    def _made(cls, params: dict[str, Any], custom: str) -> "CaseFilter":
        check_department(params.get("department"))
        for name in _DATES:
            if params.get(name) is not None:
                parse_range(params[name], name)
        params = {name: value for name, value in params.items() if value is not None}
        pairs = custom_pairs(params, CASE_ATTRIBUTES)
        return cls(params, () if custom == "ignored" else pairs)

    @property
    def key(self) -> Hashable:
        """Return what the rows depend on besides the records."""
        items = [(n, str(v)) for n, v in self.params.items() if n[0] != "$"]
        return (tuple(sorted(items)), self.pairs)

    def customers(self, finder: Finder) -> frozenset[str] | None:
        """Return the ids of the customers meant; None when any will do."""
        groups = []
        if "customer" in self.params:
            groups.append({self.params["customer"]})
        if "email" in self.params:
            groups.append({c.id for c in finder.by_email(self.params["email"])})
        if "phone" in self.params:
            groups.append({c.id for c in finder.by_phone(self.params["phone"])})
        return frozenset(set.intersection(*groups)) if groups else None

    def rows(self, store: CasemgrStore, customers: frozenset[str] | None) -> list[Case]:
        """Return the matching cases, id ascending."""
        candidates = self._candidates(store, customers)
        rows = [row for row in candidates if self._matches(row, customers)]
        rows.sort(key=lambda row: row.number)
        return rows

    def searchable(self, rows: list[Case], *, now: int, lag: int) -> list[Case]:
        """Leave out what the search index does not know yet."""
        rows = [row for row in rows if row.visible_at <= now]
        if "lastModifiedDate" not in self.params:
            return rows
        return [row for row in rows if row.changed_at + lag <= now]

    def _candidates(
        self, store: CasemgrStore, customers: frozenset[str] | None
    ) -> list[Case]:
        if customers is not None:
            return [row for item in customers for row in store.cases_of.get(item)]
        if self.pairs:
            return store.case_custom.get(self.pairs[0])
        if "lastModifiedDate" in self.params:
            ends = parse_range(self.params["lastModifiedDate"], "lastModifiedDate")
            return store.case_modified.between(*ends)
        if "createdDate" in self.params:
            ends = parse_range(self.params["createdDate"], "createdDate")
            return store.case_created.between(*ends)
        return list(store.case_shelf)

    def _matches(self, row: Case, customers: frozenset[str] | None) -> bool:
        params = self.params
        owner = row.owner
        login = params.get("ownerLoginId")
        return (
            params.get("status", row.status) == row.status
            and params.get("department", row.department) == row.department
            and params.get("owner", owner) == owner
            and params.get("ownerId", owner) == owner
            and (login is None or _ID_OF.get(login, "") == owner)
            and (customers is None or row.customer_id in customers)
            and all(value in row.custom.get(name, ()) for name, value in self.pairs)
            and all(
                in_range(getattr(row, attribute), parse_range(params[name], name))
                for name, attribute in _DATES.items()
                if name in params
            )
        )


def _read_dates(body: dict[str, Any], way: str) -> dict[str, str | None]:
    """Return the dates of a look-up as this reading takes them; None is without."""
    named = [name for name in _DATES if name in body]
    if way == "refused" and named:
        raise invalid(named[0], "is not supported")
    if way == "ignored":
        return dict.fromkeys(named)
    return dict.fromkeys(named, _NEVER) if way == "nothing" else {}
