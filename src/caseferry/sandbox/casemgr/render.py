"""casemgr records as JSON under the readings in force."""

from typing import Any, Final

from caseferry.sandbox import tenant
from caseferry.sandbox.casemgr.people import customer_value
from caseferry.sandbox.casemgr.records import (
    Activity,
    Attributes,
    Case,
    Customer,
    Versioned,
)
from caseferry.sandbox.readings import Readings
from caseferry.sandbox.times import iso
from caseferry.sandbox.wire import dump

_DEPARTMENT: Final = {d.name: {"name": d.name, "id": d.id} for d in tenant.DEPARTMENTS}
_USER: Final = {user.id: user for user in (*tenant.USERS, tenant.API_CLIENT_USER)}
ACTIVITY_EXTRAS: Final = frozenset(
    ("created", "createdBy", "payload", "language", "notes", "attachments", "custom",
     "customAttributes", "classifications", "userLastWorked", "secure", "sentOnBehalf",
     "contentPurged", "summary")
)  # fmt: skip
CASE_EXTRAS: Final = frozenset(
    ("created", "createdBy", "originatingChannel", "description", "solution",
     "userLastWorked", "relatedCases", "notes", "lastClosed", "custom",
     "customAttributes")
)  # fmt: skip
CUSTOMER_EXTRAS: Final = frozenset(
    ("level", "preferredAgent", "role", "pin", "howReferred", "created", "createdBy",
     "industry", "marketSegment", "entitlements", "custom", "customAttributes")
)  # fmt: skip


def user_value(user_id: str) -> dict[str, Any]:
    """Return a user object."""
    user = _USER.get(user_id, tenant.API_CLIENT_USER)
    return {"firstName": user.first, "lastName": user.last, "id": user.id}


def coded(value: str) -> dict[str, str]:
    """Return a value with its display text."""
    return {"value": value, "displayValue": value.replace("_", " ").title()}


class Renderer:
    """Renders records; keeps each selection's JSON with the record."""

    def __init__(self, readings: Readings, customers: dict[str, Customer]) -> None:
        self._customers = customers
        self._single_link = readings.is_set("casemgr.link_shape", "object")
        self._number_ids = readings.is_set("casemgr.id_type", "number")
        self._shape = readings.text("casemgr.last_modified_shape")
        self._content = readings.text("casemgr.content_shape")
        self._suffix = readings.is_set("casemgr.case_subject", "suffix")

    def json(
        self, record: Versioned, attributes: str = "", *, lookup: bool = False
    ) -> bytes:
        """Return a record's JSON for one $attribute selection."""
        key = f"L{attributes}" if lookup else attributes
        kept = record.cache.get(key)
        if kept is None:
            if len(record.cache) > 8:
                record.cache.clear()
            value = self._value(record, _Selection(attributes), lookup=lookup)
            kept = record.cache[key] = dump(value)
        return kept

    def link(self, rel: str, href: str) -> Any:  # noqa: ANN401 - object or array
        """Return a link in the shape of the reading."""
        link = {"rel": rel, "href": href}
        return link if self._single_link else [link]

    def _id(self, record_id: str) -> str | int:
        return int(record_id) if self._number_ids else record_id

    def _value(
        self, record: Versioned, wanted: "_Selection", *, lookup: bool
    ) -> dict[str, Any]:
        if isinstance(record, Activity):
            value = self._activity(record, wanted)
        elif isinstance(record, Case):
            value = self._case(record, wanted)
        else:
            value = self._customer(record, wanted)
        stamp = iso(record.modified)
        user = {"user": user_value(record.modified_by)}
        if self._shape == "nested" or (lookup and self._shape == "nested_in_lookup"):
            value["lastModified"] = {**user, "date": stamp}
        else:
            value["lastModified"] = stamp
            value["lastModifiedBy"] = user
        if wanted.has("created"):
            value["created"] = iso(record.created)
        if wanted.has("createdBy"):
            value["createdBy"] = {"user": user_value(record.created_by)}
        return value

    def _activity(self, item: Activity, wanted: "_Selection") -> dict[str, Any]:
        base = f"/core/casemgr/v3/activity/{item.id}"
        case_link = self.link("case", f"/core/casemgr/v3/case/{item.case_id}")
        value: dict[str, Any] = {
            "id": self._id(item.id),
            "link": self.link("self", base),
            "case": {"id": self._id(item.case_id), "link": case_link},
            "department": _DEPARTMENT[item.department],
            "mode": coded(item.mode),
            "type": {**coded(item.kind), "subtype": coded(item.subtype)},
            "status": _status(item),
            "priority": item.priority,
            "subject": item.subject,
            "customer": self._activity_customer(item),
        }
        if item.due is not None:
            value["dueDate"] = iso(item.due)
        if item.contact_point:
            value["contactPointData"] = item.contact_point
        if item.queue:
            value["queue"] = {"name": item.queue, "id": "100"}
        if wanted.has("language"):
            value["language"] = {"value": item.language}
        if wanted.has("payload") and (item.text is not None or item.html is not None):
            value["payload"] = {item.kind: self._payload(item)}
        if wanted.has("notes"):
            value["notes"] = {"count": len(item.notes),
                              "link": self.link("notes", f"{base}/note")}  # fmt: skip
        if wanted.has("attachments"):
            value["attachments"] = {"count": len(item.attachments),
                                    "link": {"rel": "attachments",
                                             "href": f"{base}/attachment"}}  # fmt: skip
        return value | wanted.custom(item.custom)

    def _payload(self, item: Activity) -> dict[str, Any]:
        kinds = {"text": item.text, "html": item.html}
        sent = {kind: text for kind, text in kinds.items() if text is not None}
        if self._content == "contents":
            entries = [{"type": kind, "value": text} for kind, text in sent.items()]
            return {"contents": {"content": entries}}
        if self._content == "string":
            return {"content": next(iter(sent.values()))}
        return {"content": sent}

    def _customer_link(self, customer_id: str) -> dict[str, Any]:
        href = f"/core/customermgr/v3/customer/{customer_id}"
        value = {"id": self._id(customer_id), "link": self.link("customer", href)}
        known = self._customers.get(customer_id)
        if known is not None:
            value["customerName"] = known.name
        return value

    def _activity_customer(self, item: Activity) -> dict[str, Any]:
        value = self._customer_link(item.customer_id)
        known = self._customers.get(item.customer_id)
        contacts = known.contacts if known else ()
        for contact in contacts:  # of several nobody is shown unless one is named
            alone = item.contact_id is None and len(contacts) == 1
            if alone or item.contact_id == contact.id:
                names = {"firstName": contact.first_name, "lastName": contact.last_name}
                value["contacts"] = {"contact": [{"id": contact.id, **names}]}
        return value

    def _case(self, case: Case, wanted: "_Selection") -> dict[str, Any]:
        base = f"/core/casemgr/v3/case/{case.id}"
        href = f"/core/casemgr/v3/activity?case={case.id}"
        folder = {"name": coded(f"cases_{case.status}"), "id": "14"}
        owner: dict[str, Any] = {"folder": folder}
        if case.owner:
            owner["user"] = user_value(case.owner)
        value: dict[str, Any] = {
            "id": self._id(case.id),
            "link": self.link("self", base),
            "activities": {"link": self.link("activity", href)},
            "department": _DEPARTMENT[case.department],
            "status": coded(case.status),
            "owner": owner,
            "severity": coded(case.severity),
            "subject": f"{case.subject} [#{case.id}]" if self._suffix else case.subject,
        }
        if case.customer_id is not None:
            value["customer"] = self._customer_link(case.customer_id)
        if case.due is not None:
            value["dueDate"] = iso(case.due)
        return value | self._case_extras(case, wanted, base)

    def _case_extras(
        self, case: Case, wanted: "_Selection", base: str
    ) -> dict[str, Any]:
        value: dict[str, Any] = {
            name: getattr(case, name)
            for name in ("description", "solution")
            if wanted.has(name)
        }
        if wanted.has("lastClosed") and case.last_closed is not None:
            value["lastClosed"] = iso(case.last_closed)
        if wanted.has("relatedCases") and case.related:
            links = [{"rel": "case", "href": f"/core/casemgr/v3/case/{other}"}
                     for other in case.related]  # fmt: skip
            value["relatedCases"] = {"link": links}
        if wanted.has("notes"):
            value["notes"] = {"count": len(case.notes),
                              "link": self.link("notes", f"{base}/note")}  # fmt: skip
        return value | wanted.custom(case.custom)

    def _customer(self, record: Versioned, _wanted: "_Selection") -> dict[str, Any]:
        if not isinstance(record, Customer):
            raise TypeError(type(record))
        base = f"/core/customermgr/v3/customer/{record.id}"
        href = f"/core/casemgr/v3/case?customer={record.id}"
        value = {
            "id": self._id(record.id),
            "link": self.link("self", base),
            "cases": {"link": self.link("case", href)},
            **customer_value(record),
        }
        if record.department is not None:
            value["department"] = _DEPARTMENT[record.department]
        return value


class _Selection:
    """What $attribute asks for on top of the summary."""

    def __init__(self, attributes: str) -> None:
        self._names = frozenset(attributes.split(",")) if attributes else frozenset()
        self._all = "all" in self._names

    def has(self, name: str) -> bool:
        return self._all or name in self._names

    def custom(self, values: Attributes) -> dict[str, Any]:
        whole = self.has("custom") or self.has("customAttributes")
        shown = [
            {
                "attribName": name,
                "attribValues": {"attribValue": [{"value": item} for item in items]},
            }
            for name, items in values.items()
            if whole or f"custom.{name}" in self._names
        ]
        return {"customAttributes": {"customAttribute": shown}} if shown else {}


def _status(item: Activity) -> dict[str, Any]:
    value: dict[str, Any] = {**coded(item.status), "substatus": coded(item.substatus)}
    if item.assignee:
        folder = "completed" if item.status == "completed" else "inbox"
        value["assigned"] = {
            "user": user_value(item.assignee),
            "activityFolder": {"name": coded(folder), "id": "4"},
        }
    return value
