"""What an update sends: a record as read last, and the fields that are to change.

Arrays are sent whole and so is the text that carries a marker: what is not named in
the fields is taken from the record.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from caseferry.adapters.kore.catalogue import Catalogue, Kind
from caseferry.adapters.kore.fields import CUSTOM, fields_of
from caseferry.adapters.kore.marks import MARKED_TEXTS, markers_of, parts, text_with
from caseferry.adapters.kore.writes import Changes
from caseferry.adapters.shapes import instant
from caseferry.errors import InvariantBroken, Refused
from caseferry.model.marker import TAG
from caseferry.model.record import Key, Record, Value
from caseferry.model.times import canonical_time, parse_time

_ACTIVE = "isActive"
_WRITABLE = frozenset(
    {"name", "desc", "dueDate", "status", "priority", "tags", _ACTIVE}
)


def changes_of(
    record: Record,
    fields: Mapping[str, Value],
    correlation: str,
    *,
    catalogue: Catalogue,
    appends: bool,
) -> Changes | None:
    """Give the changes of one update; None when nothing is to be sent.

    Args:
        record: as read last.
        fields: what to set, by field name; "" clears.
        correlation: our key, for the tag.
        catalogue: knows the ids behind names.
        appends: this tenant adds an array to the one it has.

    Raises:
        Refused: an id is not known.
    """
    strange = [
        name for name in fields if name not in _WRITABLE and not name.startswith(CUSTOM)
    ]
    if strange:
        raise InvariantBroken(f"kore's {strange[0]} is never written")
    values: dict[str, Any] = _texts(record, fields)
    if (tags := _tags(record, fields, correlation, appends=appends)) is not None:
        values["tags"] = tags
    if "dueDate" in fields:
        values["due"] = _due(record.key, fields["dueDate"])
    for kind in ("status", "priority"):
        if kind in fields:
            values[kind] = _named(record.key, kind, str(fields[kind]), catalogue)
    if _ACTIVE in fields:
        values["is_active"] = fields[_ACTIVE] == "true"
    if any(name.startswith(CUSTOM) for name in fields):
        elements = catalogue.elements(record.entity, record.text("template"))
        values["fields_"] = fields_of(record, fields, elements)
    return Changes(**values) if values else None


def unknown_id(key: Key, kind: Kind, name: str) -> Refused:
    """Say that the id behind a name is not known, and where to write it down."""
    return Refused(
        f"no record that was read shows the id of the {kind} {name!r}, or not just one",
        code="unknown-id",
        system="kore",
        key=key,
        hint=f"put its id into [kore_ids.{kind}] of the mapping",
    )


def _texts(record: Record, fields: Mapping[str, Value]) -> dict[str, str]:
    """Spell name and desc where they change; each keeps its markers.

    A marker tells that the due date is made up. When that very date becomes the real
    one, the marker has to stop saying so.
    """
    due = fields.get("dueDate")
    texts = {}
    for name in MARKED_TEXTS:
        markers = markers_of(record.fields, name)
        is_real = due is not None and any(m.due == due != "" for m in markers)
        if name not in fields and not is_real:
            continue
        if is_real:
            markers = tuple(replace(m, due="") for m in markers)
        texts[name] = text_with(_text(record, fields, name), markers, name)
    if texts.get("name") == "":
        raise Refused("a name cannot be empty", code="refused-empty", key=record.key)
    return texts


def _text(record: Record, fields: Mapping[str, Value], name: str) -> str:
    value = fields.get(name, record.fields.get(name, ""))
    return value if isinstance(value, str) else ", ".join(value)


def _due(key: Key, value: Value) -> str:
    due = instant(value)
    try:
        return canonical_time(parse_time(due)) if due else ""
    except ValueError:
        raise Refused(
            "the due date is no time", code="refused-invalid", key=key
        ) from None


def _tags(
    record: Record, fields: Mapping[str, Value], correlation: str, *, appends: bool
) -> tuple[str, ...] | None:
    """Give the tags to send; None when nothing about them changes."""
    keys = parts(record.fields.get("marker.tags"))
    if "tags" not in fields and correlation in keys:
        return None
    now = [*parts(record.fields.get("tags")), *(TAG + key for key in keys)]
    wanted = parts(fields.get("tags", record.fields.get("tags")))
    whole = dict.fromkeys([*wanted, *(TAG + key for key in (*keys, correlation))])
    if not appends:
        return tuple(whole)
    return tuple(tag for tag in whole if tag not in now) or None


def _named(key: Key, kind: Kind, name: str, catalogue: Catalogue) -> dict[str, str]:
    found = None if kind == "field" else catalogue.find(kind, name)
    if found is None:
        raise unknown_id(key, kind, name)
    named = {"_id": found.id, "name": found.name}
    return named | ({"statusCategory": found.category} if found.category else {})
