"""Read, edit and complete activities (C 3.2 to 3.6)."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from caseferry.sandbox import tenant
from caseferry.sandbox.casemgr.body import (
    custom_of,
    dig,
    future_due,
    merged,
    parse_body,
    priority_of,
)
from caseferry.sandbox.casemgr.desk import (
    ACTIVITY_SORTS,
    Ask,
    Desk,
    check_version,
    in_order,
    may_change,
)
from caseferry.sandbox.casemgr.errors import invalid, not_listed, refused
from caseferry.sandbox.casemgr.filters import ActivityFilter
from caseferry.sandbox.casemgr.query import (
    GET_PARAMS,
    check_attributes,
    items_of,
    make_query,
    parse_query,
    split_ids,
)
from caseferry.sandbox.casemgr.records import Activity
from caseferry.sandbox.casemgr.render import ACTIVITY_EXTRAS
from caseferry.sandbox.wire import RefusedError, Reply, dumps

_COMPLETABLE: Final = ("email", "social", "calltrack", "task", "generic")
_EDITABLE: Final = ("dueDate", "priority", "language", "customAttributes")


@dataclass(slots=True)
class Activities:
    """The operations on activities that exist."""

    desk: Desk

    def search(self, ask: Ask) -> Reply:
        """GET /activity."""
        wanted = ActivityFilter.of(ask, self.desk.readings)
        query = make_query(wanted.params, ACTIVITY_SORTS)
        check_attributes(query.attributes, ACTIVITY_EXTRAS)
        store = self.desk.store
        find = partial(wanted.rows, store)
        lag = self.desk.lag_ms()
        if lag:
            rows = wanted.searchable(find(), now=ask.now, lag=lag)
        else:
            rows = store.activity_shelf.listing(wanted.key, find)
        return self.desk.page("activity", rows, query)

    def get(self, ask: Ask) -> Reply:
        """GET /activity/{ids}."""
        params = parse_query(ask.query, GET_PARAMS)
        query = make_query(params, ACTIVITY_SORTS)
        check_attributes(query.attributes, ACTIVITY_EXTRAS)
        ids = split_ids(ask.ids, self.desk.readings.number("casemgr.path_limit"))
        rows = in_order(self.desk.found("activity", ids), query)
        return self.desk.listed("activity", rows, query.attributes)

    def edit(self, ask: Ask) -> Reply:
        """PUT /activity: due date, priority, language, custom attributes."""
        parse_query(ask.query, frozenset())
        items = items_of(parse_body(ask.body), "activity")
        if len(items) != 1:
            raise refused("400-10424", "Only one activity can be edited at a time.")
        body = items[0]
        activity = self._named(body)
        if not any(name in body for name in _EDITABLE):
            raise invalid("activity", "has nothing to edit")
        self._check_editable(activity, ask)
        changes = self._changes(activity, body, ask)
        check_version(activity, body.get("lastModified"))
        for name, value in changes.items():
            setattr(activity, name, value)
        self.desk.store.touch(activity, ask.now, ask.actor.user_id)
        self.desk.store.touch_case(activity.case_id, ask.now, ask.actor.user_id)
        return self.desk.written(204, activity.id)

    def complete(self, ask: Ask) -> Reply:
        """PUT /activity/complete; closes cases that have nothing open left."""
        parse_query(ask.query, frozenset())
        items = items_of(parse_body(ask.body), "activity")
        partly = self.desk.readings.is_set("casemgr.partial_complete", "partial")
        accepted: list[Activity] = []
        refusals: list[RefusedError] = []
        for body in items:
            try:
                accepted.append(self._completable(body, ask))
            except RefusedError as error:
                refusals.append(error)
        if refusals and not (partly and accepted):
            raise refusals[0]
        store, user_id = self.desk.store, ask.actor.user_id
        for activity in accepted:
            store.complete(activity, ask.now, user_id)
        for activity in accepted:
            store.touch_case(activity.case_id, ask.now, user_id)
            store.cascade(activity.case_id, ask.now, user_id)
        body_text = dumps({"activity": [self._completed(a) for a in accepted]})
        ids = ",".join(activity.id for activity in accepted)
        return self.desk.written(200, ids, body=body_text)

    def _completed(self, activity: Activity) -> dict[str, Any]:
        case = self.desk.store.case_shelf.records[activity.case_id]
        link = self.desk.renderer.link
        status = {"value": case.status, "displayValue": case.status.title()}
        return {
            "id": activity.number,
            "link": link("self", f"/core/casemgr/v3/activity/{activity.id}"),
            "case": {
                "id": case.number,
                "link": link("case", f"/core/casemgr/v3/case/{case.id}"),
                "status": status,
            },
        }

    def _completable(self, body: dict[str, Any], ask: Ask) -> Activity:
        activity = self._named(body)
        if activity.status != "assigned":
            raise invalid("status", "must be assigned")
        if activity.kind not in _COMPLETABLE:
            raise invalid("type", "cannot be completed")
        may_change(activity, ask.actor, self.desk.readings)
        forced = self.desk.readings.is_set("casemgr.force_categorization", "on")
        if forced and not activity.classified:
            raise invalid("classifications", "are required before completion")
        stale = self.desk.readings.text("casemgr.complete_stale")
        code = "409-100" if stale == "409" else "400-152"
        check_version(activity, body.get("lastModified"), code)
        return activity

    def _named(self, body: dict[str, Any]) -> Activity:
        activity = self.desk.store.activity_shelf.records.get(str(body.get("id")))
        if activity is None:
            raise invalid("id", "names no activity")
        return activity

    def _check_editable(self, activity: Activity, ask: Ask) -> None:
        if activity.status != "assigned":
            raise invalid("status", "must be assigned")
        may_change(activity, ask.actor, self.desk.readings)

    def _changes(
        self, activity: Activity, body: dict[str, Any], ask: Ask
    ) -> dict[str, Any]:
        readings = self.desk.readings
        changes: dict[str, Any] = {}
        due = future_due(body, ask.now)
        removes = readings.is_set("casemgr.edit_activity_due_date", "removed")
        if due is not None or removes:
            changes["due"] = due
        priority = priority_of(body)
        if priority is not None:
            changes["priority"] = priority
        if body.get("language") is not None:
            language = dig(body, "language.value")
            if language not in tenant.LANGUAGES:
                raise not_listed("language.value", language)
            changes["language"] = language
        keep = readings.is_set("casemgr.omitted_attributes", "kept")
        sent = custom_of(body, tenant.ACTIVITY_ATTRIBUTES, readings)
        changes["custom"] = merged(activity.custom, sent, keep=keep)
        return changes
