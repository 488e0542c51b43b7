"""Custom fields on the wire: the whole array of a record, with values of their type."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from caseferry.adapters.kore.catalogue import Element, element_named
from caseferry.adapters.kore.marks import markers_of, parts, text_with
from caseferry.adapters.kore.payload import KNOWN_KEYS
from caseferry.adapters.shapes import mapping, text
from caseferry.errors import Refused
from caseferry.model.record import Key, Record, Value

CUSTOM = "field."
_NUMBERS = frozenset({"number", "integer", "float", "decimal", "currency"})
_FLAGS = frozenset({"checkbox", "boolean", "switch", "toggle"})
_SYSTEM_TEXTS = {"title": "name", "description": "desc"}


def fields_of(
    record: Record, fields: Mapping[str, Value], elements: Sequence[Element]
) -> tuple[dict[str, Any], ...]:
    """Give the complete `fields` of a record after some custom fields changed.

    Raises:
        Refused: code `unknown-id`: a field that has or gets a value is not among the
            elements, so the array would lose or miss it.
    """
    wanted = {
        name: value
        for name, value in {**record.fields, **fields}.items()
        if name.startswith(CUSTOM)
    }
    values = dict(_by_id(record.key, wanted, elements))
    whole = []
    for element in elements:
        value = values.get(element.id)
        if element.id not in values and not element.is_custom:
            value = _system(record, fields, element)
        whole.append(_with_value(element, value))
    return tuple(whole)


def top_level_of(
    fields: Mapping[str, Value], elements: Sequence[Element]
) -> dict[str, dict[str, Any]]:
    """Give the custom fields that change as keys of their own, named by their label.

    A label that is a key of the record itself is left out: it would change that one.

    Source: sample replies to updateCase show every custom field so as well.
    """
    spelled = {}
    for name, value in fields.items():
        label = name.removeprefix(CUSTOM)
        element = element_named(list(elements), label)
        if element is not None and element.label not in KNOWN_KEYS:
            spelled[element.label] = {
                "id": element.id,
                "displayName": element.label,
                "lname": text(element.plain.get("lname")) or element.label.lower(),
                "selectedValue": _typed(element, value),
            }
    return spelled


def are_shown(record: Record, fields: Mapping[str, Value]) -> bool:
    """Tell whether a record shows the custom fields that were written."""
    return all(
        _comparable(record.fields.get(name, "")) == _comparable(value)
        for name, value in fields.items()
        if name.startswith(CUSTOM)
    )


def _by_id(
    key: Key, wanted: Mapping[str, Value], elements: Sequence[Element]
) -> Iterator[tuple[str, Value]]:
    known = list(elements)
    for name, value in wanted.items():
        element = element_named(known, label := name.removeprefix(CUSTOM))
        if element is None:
            raise Refused(
                f"no record of this template shows the id of the field {label!r},"
                " or not just one",
                code="unknown-id",
                system="kore",
                key=key,
                hint="put its id into [kore_ids.field] of the mapping",
            )
        yield element.id, value


def _system(record: Record, fields: Mapping[str, Value], element: Element) -> str:
    """Give what Title, Description and Due Date mirror, as it will be."""
    name = _SYSTEM_TEXTS.get(element.machine_name)
    if name is not None:
        value = fields.get(name, record.fields.get(name, ""))
        whole = value if isinstance(value, str) else ", ".join(value)
        return text_with(whole, markers_of(record.fields, name), name)
    if element.machine_name == "dueDate":
        now = record.fields.get("dueDate", record.fields.get("marker.due", ""))
        return str(fields.get("dueDate", now))
    return ""


def _with_value(element: Element, value: Value | None) -> dict[str, Any]:
    spelled = dict(element.plain)
    if value is not None and (value or element.is_custom):
        spelled["selectedValue"] = _typed(element, value)
    return spelled


def _typed(element: Element, value: Value) -> object:
    """Give a value in the type that its field has, as far as that is told."""
    meta = mapping(element.plain.get("metaData"))
    kind = text(element.plain.get("dataType") or meta.get("type")).lower()
    if not value:
        return ""
    several = [_scalar(part, kind) for part in parts(value)]
    is_multi = meta.get("isMulti") is True or len(several) > 1
    return several if is_multi else several[0]


def _scalar(part: str, kind: str) -> object:
    if kind in _NUMBERS:
        return _number(part)
    if kind in _FLAGS:
        return {"true": True, "false": False}.get(part, part)
    return part


def _number(part: str) -> object:
    """Read a number; what JSON cannot hold exactly stays a text."""
    try:
        exact = Decimal(part)
    except InvalidOperation:
        return part
    if not exact.is_finite():
        return part
    value = int(exact) if exact == exact.to_integral_value() else float(exact)
    return value if Decimal(str(value)) == exact else part


def _comparable(value: Value) -> frozenset[str]:
    """Bring a value to what makes no difference: order, and how a number is spelled."""
    return frozenset(text(_number(part)) for part in parts(value))
