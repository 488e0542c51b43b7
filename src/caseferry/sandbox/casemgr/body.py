"""Checks of body attributes that several operations share."""

import json
import re
from typing import Any, Final

from caseferry.sandbox.casemgr.errors import invalid, not_listed, refused
from caseferry.sandbox.casemgr.records import Attributes
from caseferry.sandbox.readings import Readings
from caseferry.sandbox.times import parse_iso

# C 3.11: letters, digits, a few marks, and everything above ASCII 128
_NOTE_SET: Final = re.compile("[A-Za-z0-9@ :._\\-&'\u0081-\U0010ffff]*")
_MAX_ATTRIBUTE: Final = 1024
_PRIORITIES: Final = frozenset("1234567")


def parse_body(raw: bytes) -> dict[str, Any]:
    """Return the body as an object."""
    if not raw.strip():
        raise refused("400-264", "Request body is missing.")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise refused("400-152", "Request body is not valid JSON.") from error
    if not isinstance(body, dict):
        raise refused("400-152", "Request body must be an object.")
    return body


def dig(body: object, path: str) -> Any:  # noqa: ANN401 - whatever the client sent
    """Return the value at a dotted path; None where a step is missing."""
    for step in path.split("."):
        if not isinstance(body, dict):
            return None
        body = body.get(step)
    return body


def in_note_set(text: str) -> bool:
    """Say whether a text keeps to the documented alphabet of notes."""
    return _NOTE_SET.fullmatch(text) is not None


def text_of(body: dict[str, Any], name: str, limit: int) -> str | None:
    """Return a text of at most limit characters; None when absent."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise invalid(name)
    if len(value) > limit:
        raise invalid(name, f"is longer than {limit} characters")
    return value


def check_charset(name: str, text: str | None, readings: Readings) -> None:
    """Refuse subject or content outside the alphabet, where the reading has one."""
    strict = readings.is_set("casemgr.text_charset", "note_set")
    if strict and text is not None and not in_note_set(text):
        raise invalid(name, "contains characters that are not allowed")


def priority_of(body: dict[str, Any]) -> str | None:
    """Return the priority, a string "1".."7"."""
    value = body.get("priority")
    if value is None:
        return None
    if not isinstance(value, str) or value not in _PRIORITIES:
        raise not_listed("priority", value)
    return value


def future_due(body: dict[str, Any], now: int) -> int | None:
    """Return the due date, which must lie in the future; None when absent."""
    value = body.get("dueDate")
    if value is None:
        return None
    due = parse_iso(value)
    if due is None:
        raise invalid("dueDate")
    if due <= now:
        raise invalid("dueDate", "must be a future date")
    return due


def custom_of(
    body: dict[str, Any], known: dict[str, tuple[str, ...]], readings: Readings
) -> Attributes | None:
    """Return the custom attributes sent, by name; None when there are none."""
    if body.get("customAttributes") is None:
        return None
    entries = dig(body, "customAttributes.customAttribute")
    entries = entries if isinstance(entries, list) else [entries]
    values: Attributes = {}
    for entry in entries:
        if not isinstance(entry, dict):
            raise invalid("customAttributes")
        name = entry.get("attribName")
        if not isinstance(name, str) or name not in known:
            raise not_listed("customAttributes.attribName", name)
        values[name] = _values(name, entry, known[name], readings)
    return values


def _values(
    name: str, entry: dict[str, Any], allowed: tuple[str, ...], readings: Readings
) -> tuple[str, ...]:
    raw = dig(entry, "attribValues.attribValue")
    raw = raw if isinstance(raw, list) else [raw]
    values: list[str] = []
    for item in raw:
        value = item.get("value") if isinstance(item, dict) else None
        if not isinstance(value, str):
            raise invalid(f"customAttributes.{name}")
        if value == "" and not _keeps_empty(name, readings):
            continue
        _check_value(name, value, allowed, readings)
        values.append(value)
    return tuple(values)


def _keeps_empty(name: str, readings: Readings) -> bool:
    way = readings.text("casemgr.empty_attribute")
    if way == "rejected":
        raise invalid(f"customAttributes.{name}", "must not be empty")
    return way == "stored"


def _check_value(
    name: str, value: str, allowed: tuple[str, ...], readings: Readings
) -> None:
    if allowed:
        if value not in allowed:
            raise not_listed(f"customAttributes.{name}", value)
        return
    if len(value) > _MAX_ATTRIBUTE:
        raise invalid(f"customAttributes.{name}", "is too long")
    strict = readings.is_set("casemgr.attribute_charset", "note_set")
    if strict and not in_note_set(value):
        raise invalid(
            f"customAttributes.{name}", "contains characters that are not allowed"
        )


def merged(current: Attributes, sent: Attributes | None, *, keep: bool) -> Attributes:
    """Return custom attributes after an edit; a name without values goes away."""
    if sent is None:
        return current
    values = {**(current if keep else {}), **sent}
    return {name: items for name, items in values.items() if items}
