"""Create task activity: POST /activity/task (C 3.1)."""

from dataclasses import dataclass
from typing import Any, Final

from caseferry.sandbox import tenant
from caseferry.sandbox.casemgr.body import (
    check_charset,
    custom_of,
    dig,
    future_due,
    parse_body,
    priority_of,
    text_of,
)
from caseferry.sandbox.casemgr.desk import DEPARTMENT_NAMES, Ask, Desk
from caseferry.sandbox.casemgr.errors import invalid, not_listed, refused
from caseferry.sandbox.casemgr.finder import CONTACT_KINDS, Finder
from caseferry.sandbox.casemgr.query import parse_query
from caseferry.sandbox.casemgr.records import Activity, Case, Customer
from caseferry.sandbox.wire import Reply, dumps

_PARAMS: Final = frozenset(
    ("searchContactOnAttribute", "createCustomer", "activityContact")
)
_ACTIVITY_CONTACTS: Final = frozenset(CONTACT_KINDS) - {"mobile.phone"}
_BODY: Final = frozenset(
    ("department", "type", "subject", "customer", "status", "case", "priority",
     "dueDate", "attachments", "customAttributes", "payload")
)  # fmt: skip
_SUBJECT: Final = 255
_USER_BY: Final = {
    "id": {user.id: user for user in tenant.USERS},
    "loginId": {user.name: user for user in tenant.USERS},
    "externalId": {user.external_id: user for user in tenant.USERS},
}


@dataclass(frozen=True, slots=True)
class _Content:
    text: str | None
    html: str | None


@dataclass(slots=True)
class Tasks:
    """Creates task activities, their cases and their customers."""

    desk: Desk
    finder: Finder

    def create(self, ask: Ask) -> Reply:
        """Check everything, then make customer, case and activity."""
        params = parse_query(ask.query, _PARAMS)
        attribute = _check_params(params)
        body = parse_body(ask.body)
        self._check_keys(body)
        department = _department(body)
        subject = text_of(body, "subject", _SUBJECT) or ""
        content = self._content(body)
        if not subject.strip() and not (content.text or content.html):
            raise invalid("subject", "or payload.task.content is required")
        readings = self.desk.readings
        check_charset("subject", subject, readings)
        check_charset("payload.task.content", content.text, readings)
        values: dict[str, Any] = {
            "department": department,
            "subtype": _subtype(body),
            "assignee": _assignee(body, ask),
            "priority": priority_of(body) or "3",
            "due": future_due(body, ask.now),
            "custom": custom_of(body, tenant.ACTIVITY_ATTRIBUTES, readings) or {},
            "subject": subject,
            "text": content.text,
            "html": content.html,
            "attachments": _attachments(body),
        }
        if readings.is_set("casemgr.attribute_drop", "on"):
            values["custom"] = {}
        case = self._existing_case(body)
        customer = self.finder.customer(
            body.get("customer"), attribute, department=department,
            create=params.get("createCustomer"), now=ask.now,
            contact_point=params.get("activityContact"),
        )  # fmt: skip
        return self._make(ask, customer, case, values)

    def _make(
        self, ask: Ask, customer: tuple[Customer, str | None], case: Case | None,
        values: dict[str, Any],
    ) -> Reply:  # fmt: skip
        store, user_id = self.desk.store, ask.actor.user_id
        owner, point = customer
        if case is None:
            case = self._new_case(ask, owner, values)
        elif case.status == "closed":
            store.reopen_case(case, ask.now, user_id)
        activity = Activity(
            **store.stamps("activity", ask.now, user_id),  # type: ignore[arg-type]
            case_id=case.id,
            kind="task",
            customer_id=owner.id,
            contact_id=owner.contacts[0].id if owner.contacts else None,
            contact_point=point,
            **{name: value for name, value in values.items() if value is not None},
        )
        store.activity_shelf.add(activity)
        store.touch_case(case.id, ask.now, user_id)
        return self._reply(activity)

    def _new_case(self, ask: Ask, owner: Customer, values: dict[str, Any]) -> Case:
        readings, store = self.desk.readings, self.desk.store
        named = readings.is_set("casemgr.implicit_case_subject", "activity")
        owned = readings.is_set("casemgr.implicit_case_owner", "assignee")
        case = Case(
            **store.stamps("case", ask.now, ask.actor.user_id),  # type: ignore[arg-type]
            department=values["department"],
            subject=values["subject"] if named else "",
            customer_id=owner.id,
            severity=readings.text("casemgr.implicit_case_severity"),
            owner=values["assignee"] if owned else None,
        )
        return store.case_shelf.add(case)

    def _reply(self, activity: Activity) -> Reply:
        way = self.desk.readings.text("casemgr.create_reply")
        where = f"/core/casemgr/v3/activity/{activity.id}" if way == "location" else ""
        bodies: dict[str, object] = {
            "body": {"id": activity.id},
            "body_list": {"activity": [{"id": activity.id}]},
        }
        body = dumps(bodies[way]) if way in bodies else ""
        return self.desk.written(201, activity.id, where=where, body=body)

    def _check_keys(self, body: dict[str, Any]) -> None:
        unknown = sorted(set(body) - _BODY)
        if unknown and self.desk.readings.is_set("casemgr.unknown_body", "rejected"):
            raise invalid(unknown[0], "is not supported")

    def _existing_case(self, body: dict[str, Any]) -> Case | None:
        if body.get("case") is None:
            return None
        case_id = dig(body, "case.id")
        case = self.desk.store.case_shelf.records.get(str(case_id))
        if case is None:
            raise invalid("case.id", "does not exist")
        return case

    def _content(self, body: dict[str, Any]) -> _Content:
        if body.get("payload") is None:
            return _Content(None, None)
        readings = self.desk.readings
        value = dig(body, "payload.task.content")
        shape = readings.text("casemgr.content_shape")
        kinds: dict[str, Any] | None = None
        if shape == "string":
            kinds = {"text": value} if isinstance(value, str) else None
        elif shape == "text_html":
            known = isinstance(value, dict) and value.keys() <= {"text", "html"}
            kinds = value if known else None
        else:
            kinds = _typed(dig(body, "payload.task.contents.content"))
        if kinds and all(isinstance(text, str) for text in kinds.values()):
            return _Content(kinds.get("text"), kinds.get("html"))
        if readings.is_set("casemgr.unknown_content", "dropped"):
            return _Content(None, None)
        raise invalid("payload.task.content")


def _typed(entries: object) -> dict[str, Any] | None:
    items = entries if isinstance(entries, list) else [entries]
    kinds = {dig(item, "type"): dig(item, "value") for item in items}
    return kinds if kinds.keys() <= {"text", "html"} else None


def _check_params(params: dict[str, str]) -> str:
    attribute = params.get("searchContactOnAttribute")
    if attribute is None:
        raise refused("400-112", "searchContactOnAttribute is required.")
    if attribute not in CONTACT_KINDS and not attribute.startswith("custom."):
        raise refused("400-102", "Invalid value of searchContactOnAttribute.")
    if params.get("createCustomer", "yes") != "yes":
        raise refused("400-102", "createCustomer allows only 'yes'.")
    contact = params.get("activityContact")
    if contact is not None and contact not in _ACTIVITY_CONTACTS:
        raise refused("400-102", "Invalid value of activityContact.")
    return attribute


def _department(body: dict[str, Any]) -> str:
    name = dig(body, "department.name")
    if not isinstance(name, str):
        raise invalid("department.name")
    if name not in DEPARTMENT_NAMES:
        raise not_listed("department.name", name)
    return name


def _subtype(body: dict[str, Any]) -> str:
    if dig(body, "type.value") != "task":
        raise not_listed("type.value", dig(body, "type.value"))
    subtype = dig(body, "type.subtype.value")
    if subtype not in tenant.TASK_SUBTYPES:
        raise not_listed("type.subtype.value", subtype)
    return str(subtype)


def _assignee(body: dict[str, Any], ask: Ask) -> str:
    sent = dig(body, "status.assigned.user")
    if sent is None:
        if ask.actor.kind == "client":
            raise invalid("status.assigned.user")
        return ask.actor.user_id
    if not isinstance(sent, dict) or len(sent) != 1:
        raise invalid("status.assigned.user", "needs exactly one attribute")
    name, value = next(iter(sent.items()))
    user = _USER_BY.get(name, {}).get(str(value))
    if user is None:
        raise invalid(f"status.assigned.user.{name}", "names no user")
    return user.id


def _attachments(body: dict[str, Any]) -> tuple[str, ...]:
    entries = dig(body, "attachments.attachment") or []
    items = entries if isinstance(entries, list) else [entries]
    ids = [dig(item, "altId") for item in items]
    if not all(isinstance(item, str) and item for item in ids):
        raise invalid("attachments.attachment.altId")
    return tuple(ids)
