"""Search, look up, read, edit and close cases (C 5)."""

from dataclasses import dataclass
from typing import Any, Final

from caseferry.sandbox import tenant
from caseferry.sandbox.casemgr.body import (
    custom_of,
    dig,
    future_due,
    merged,
    parse_body,
    text_of,
)
from caseferry.sandbox.casemgr.case_filter import CaseFilter
from caseferry.sandbox.casemgr.desk import (
    CASE_SORTS,
    Ask,
    Desk,
    check_version,
    in_order,
)
from caseferry.sandbox.casemgr.errors import invalid, not_listed, refused
from caseferry.sandbox.casemgr.finder import Finder
from caseferry.sandbox.casemgr.query import (
    GET_PARAMS,
    LIST_PARAMS,
    Query,
    check_attributes,
    make_query,
    parse_query,
    split_ids,
)
from caseferry.sandbox.casemgr.records import Activity, Case
from caseferry.sandbox.casemgr.render import CASE_EXTRAS
from caseferry.sandbox.wire import Reply

_SEVERITIES: Final = ("urgent", "high", "medium", "low")
_EDITABLE: Final = frozenset(
    ("dueDate", "owner", "severity", "subject", "description", "solution",
     "relatedCases", "customAttributes")
)  # fmt: skip
_TEXT: Final = 1024
_CLOSABLE: Final = ("email", "social", "task", "generic")
_CLOSABLE_STATUSES: Final = ("assigned", "awaiting_assignment")
_USER_IDS: Final = frozenset(user.id for user in tenant.USERS)


@dataclass(slots=True)
class Cases:
    """The operations on cases that exist."""

    desk: Desk
    finder: Finder

    def search(self, ask: Ask) -> Reply:
        """GET /case."""
        wanted = CaseFilter.of_query(ask, self.desk.readings)
        query = make_query(wanted.params, CASE_SORTS)
        check_attributes(query.attributes, CASE_EXTRAS)
        return self._list(wanted, query, ask)

    def lookup(self, ask: Ask) -> Reply:
        """POST /case/lookup: reads only."""
        query = make_query(parse_query(ask.query, LIST_PARAMS), CASE_SORTS)
        check_attributes(query.attributes, CASE_EXTRAS)
        wanted = CaseFilter.of_body(parse_body(ask.body), self.desk.readings)
        return self._list(wanted, query, ask, lookup=True)

    def _list(
        self, wanted: CaseFilter, query: Query, ask: Ask, *, lookup: bool = False
    ) -> Reply:
        store, lag = self.desk.store, self.desk.lag_ms()
        customers = wanted.customers(self.finder)

        def find() -> list[Case]:
            return wanted.rows(store, customers)

        if lag:
            rows = wanted.searchable(find(), now=ask.now, lag=lag)
        else:
            key = (wanted.key, store.customer_shelf.version)
            rows = store.case_shelf.listing(key, find)
        return self.desk.page("case", rows, query, lookup=lookup)

    def get(self, ask: Ask) -> Reply:
        """GET /case/{ids}."""
        query = make_query(parse_query(ask.query, GET_PARAMS), CASE_SORTS)
        check_attributes(query.attributes, CASE_EXTRAS)
        ids = split_ids(ask.ids, self.desk.readings.number("casemgr.path_limit"))
        rows = in_order(self.desk.found("case", ids), query)
        return self.desk.listed("case", rows, query.attributes)

    def edit(self, ask: Ask) -> Reply:
        """PUT /case: the root is the case object."""
        parse_query(ask.query, frozenset())
        body = parse_body(ask.body)
        case = self.desk.store.case_shelf.records.get(str(body.get("id")))
        if case is None:
            raise invalid("id", "names no case")
        if not _EDITABLE & body.keys():
            raise invalid("case", "has nothing to edit")
        if case.status != "open":
            raise invalid("status", "must be open")
        changes = self._changes(case, body, ask)
        check_version(case, body.get("lastModified"))
        for name, value in changes.items():
            setattr(case, name, value)
        self.desk.store.touch(case, ask.now, ask.actor.user_id)
        return self.desk.written(204, case.id)

    def close(self, ask: Ask) -> Reply:
        """PUT /case/{ids}/close: completes what is open, then closes."""
        parse_query(ask.query, frozenset())
        ids = split_ids(ask.ids, self.desk.readings.number("casemgr.path_limit"))
        if len(ids) != 1:
            raise refused("400-10424", "Only one case can be closed at a time.")
        case: Case = self.desk.found("case", ids)[0]
        if case.status != "open":
            raise invalid("status", "must be open")
        store, user_id = self.desk.store, ask.actor.user_id
        activities = store.open_activities(case.id)
        for activity in activities:
            _check_closable(activity)
        for activity in activities:
            store.complete(activity, ask.now, user_id)
        store.close_case(case, ask.now, user_id)
        return self.desk.written(
            int(self.desk.readings.text("casemgr.close_reply")), case.id
        )

    def _changes(self, case: Case, body: dict[str, Any], ask: Ask) -> dict[str, Any]:
        readings = self.desk.readings
        changes: dict[str, Any] = {}
        due = future_due(body, ask.now)
        removes = readings.is_set("casemgr.edit_case_due_date", "removed")
        if due is not None or removes:
            changes["due"] = due
        for name in ("subject", "description", "solution"):
            text = text_of(body, name, _TEXT)
            if text is not None:
                changes[name] = text
        changes |= self._placed(body)
        if body.get("relatedCases") is not None:
            changes["related"] = self._related(case, body["relatedCases"])
        keep = readings.is_set("casemgr.omitted_attributes", "kept")
        sent = custom_of(body, tenant.CASE_ATTRIBUTES, readings)
        changes["custom"] = merged(case.custom, sent, keep=keep)
        return changes

    def _placed(self, body: dict[str, Any]) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if body.get("severity") is not None:
            severity = dig(body, "severity.value")
            if severity not in _SEVERITIES:
                raise not_listed("severity.value", severity)
            changes["severity"] = severity
        if body.get("owner") is not None:
            owner = str(dig(body, "owner.user.id"))
            if owner not in _USER_IDS:
                raise invalid("owner.user.id", "names no user")
            changes["owner"] = owner
        return changes

    def _related(self, case: Case, sent: object) -> tuple[str, ...]:
        ids = dict.fromkeys(case.related)
        for item in dig(sent, "link") or []:
            other = str(dig(item, "href")).rpartition("/")[2]
            if other not in self.desk.store.case_shelf.records:
                raise invalid("relatedCases", "names no case")
            ids[other] = None
        for item in dig(sent, "unlink") or []:
            ids.pop(str(dig(item, "href")).rpartition("/")[2], None)
        return tuple(ids)


def _check_closable(activity: Activity) -> None:
    if activity.kind not in _CLOSABLE or activity.status not in _CLOSABLE_STATUSES:
        raise invalid("case", f"has an open {activity.kind} activity {activity.id}")
