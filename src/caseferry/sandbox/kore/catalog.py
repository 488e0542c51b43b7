"""Kore's statuses, priorities and fields as wire fragments under the readings."""

from typing import Any, Final

from caseferry.sandbox import tenant
from caseferry.sandbox.readings import Readings
from caseferry.sandbox.wire import dumps

_SPELLED: Final = {
    "open": "open",
    "inprogress": "In Progress",
    "onhold": "On-Hold",
    "resolved": "Resolved",
    "closed": "Closed",
}
CATEGORY_OF: Final = {status.name: status.category for status in tenant.STATUSES}
FIELD_BY_NAME: Final = {item.name: item for item in tenant.CUSTOM_FIELDS}
AGENT_BY_ID: Final = {agent.id: agent for agent in tenant.AGENTS}


def squash(text: str) -> str:
    """Return a name in lower case without anything but letters and digits."""
    return "".join(char for char in text.lower() if char.isalnum())


class Catalog:
    """Prepared fragments; built anew when a reading changes."""

    def __init__(self, readings: Readings) -> None:
        self._spelled = readings.is_set("kore.category_codes", "spelled")
        self._in_progress = readings.text("kore.in_progress_label")
        self.status_long = {s.name: dumps(self._status(s)) for s in tenant.STATUSES}
        self.status_short = {
            s.name: dumps(self._status(s, short=True)) for s in tenant.STATUSES
        }
        self.priority_long = {p.name: dumps(_priority(p)) for p in tenant.PRIORITIES}
        self.priority_short = {
            p.name: dumps(_priority(p, short=True)) for p in tenant.PRIORITIES
        }
        self.field_heads = {
            f.name: dumps(_field(f))[:-1]
            for f in tenant.SYSTEM_FIELDS + tenant.CUSTOM_FIELDS
        }

    def label(self, status: str) -> str:
        """Return the label a status has on this tenant."""
        return self._in_progress if status == "In Progress" else status

    def status_named(self, value: dict[str, Any], *, by_name: bool) -> str | None:
        """Return the status an object names by _id, or else by name."""
        return self._named(value, tenant.STATUSES, by_name=by_name)

    def priority_named(self, value: dict[str, Any], *, by_name: bool) -> str | None:
        """Return the priority an object names by _id, or else by name."""
        return self._named(value, tenant.PRIORITIES, by_name=by_name)

    def _named(
        self, value: dict[str, Any], known: tuple[Any, ...], *, by_name: bool
    ) -> str | None:
        for item in known:
            if value.get("_id") == item.id:
                return str(item.name)
        if "_id" in value or not by_name:
            return None
        name = value.get("name")
        for item in known:
            if isinstance(name, str) and name.lower() == self.label(item.name).lower():
                return str(item.name)
        return None

    def _status(self, status: tenant.Status, *, short: bool = False) -> dict[str, Any]:
        category = _SPELLED[status.category] if self._spelled else status.category
        name = self.label(status.name)
        value = {"_id": status.id, "name": name, "statusCategory": category}
        if short:
            return value
        return {
            **value,
            "lname": name.lower(),
            "type": status.kind,
            "desc": f"{name} cases",
            "isEnabled": True,
            "isActive": True,
        }


def _priority(priority: tenant.Priority, *, short: bool = False) -> dict[str, Any]:
    value: dict[str, Any] = {
        "_id": priority.id,
        "name": priority.name,
        "color": priority.color,
        "score": priority.score,
    }
    if short:
        return value
    return {
        **value,
        "lname": priority.name.lower(),
        "type": priority.kind,
        "desc": f"{priority.name} urgency",
        "isEnabled": True,
        "isActive": True,
    }


def _field(item: tenant.Field) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "type": item.data_type,
        "displayName": item.name,
        "name": item.machine,
        "description": item.desc,
        "placeholder": "",
        "readOnly": False,
        "tooltipText": item.desc,
    }
    if item.kind == "custom":
        meta |= {
            "values": list(item.options),
            "value": "",
            "isMulti": False,
            "isVisible": True,
            "defaultErrorMsg": "",
            "validateOn": "blur",
        }
    return {
        "_id": item.id,
        "show": item.kind == "system",
        "displayName": item.name,
        "lname": item.name.lower(),
        "desc": item.desc,
        "isEnabled": True,
        "isActive": True,
        "metaData": meta,
        "type": item.kind,
        "required": item.kind == "system",
        "dataType": item.data_type,
    }
