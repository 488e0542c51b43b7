"""Custom field values of Kore records: fields[] or top-level keys (K 9.4)."""

from typing import Any

from caseferry.sandbox.kore.catalog import FIELD_BY_NAME
from caseferry.sandbox.kore.errors import invalid, refused
from caseferry.sandbox.tenant import CUSTOM_FIELDS, SYSTEM_FIELDS, Field

_SYSTEM_IDS = {item.id for item in SYSTEM_FIELDS}
_SYSTEM_NAMES = {item.name for item in SYSTEM_FIELDS}


def changed_fields(
    current: dict[str, Any], body: dict[str, Any], *, way: str, keep: bool
) -> dict[str, Any]:
    """Return all custom values after an update.

    way names the keys that count (fields, top_level, both); keep says whether fields
    left out of fields[] stay.
    """
    values = dict(current)
    if "fields" in body and way != "top_level":
        if not keep:
            values = {}
        for element in body["fields"]:
            _write(values, element)
    if way != "fields":
        for name, item in FIELD_BY_NAME.items():
            sent = body.get(name)
            if isinstance(sent, dict):
                _write(values, {"_id": item.id, **sent})
    return values


def _write(values: dict[str, Any], element: object) -> None:
    if not isinstance(element, dict):
        raise invalid("fields")
    item = _find(element)
    if item is None:
        return
    value = element.get("selectedValue")
    if value is None or value == "":
        values.pop(item.name, None)
        return
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if item.data_type == "number" and not is_number:
        raise invalid(f"fields: {item.name} is a number")
    if item.options and value not in item.options:
        raise refused(400, f"Invalid value for field {item.name}")
    values[item.name] = value


def _find(element: dict[str, Any]) -> Field | None:
    """Return the custom field an element names; None for a system field."""
    field_id, name = element.get("_id"), element.get("displayName")
    for item in CUSTOM_FIELDS:
        if field_id == item.id or (field_id is None and name == item.name):
            return item
    if field_id in _SYSTEM_IDS or (field_id is None and name in _SYSTEM_NAMES):
        return None
    raise refused(400, "Invalid field")
