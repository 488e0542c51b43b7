"""The ids behind the names of a tenant, harvested from every record it shows.

No operation lists statuses, priorities or fields, yet a write names them by id.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from caseferry.adapters.shapes import items, mapping, text
from caseferry.model.record import Entity

Kind = Literal["status", "priority", "field"]
_NAMED: tuple[Literal["status", "priority"], ...] = ("status", "priority")
_FLAGS = ("isEnabled", "isActive")


@dataclass(frozen=True, slots=True)
class Named:
    """A status or priority: its id, its name as spelled, and a status's category."""

    id: str
    name: str
    category: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a record's `fields`, without its value.

    Attributes:
        plain: as the tenant sent it, `selectedValue` left out.
    """

    id: str
    label: str
    plain: Mapping[str, Any]

    @property
    def is_custom(self) -> bool:
        """Tell a custom field from Title, Description and Due Date."""
        return self.plain.get("type") == "custom"

    @property
    def machine_name(self) -> str:
        """Give the tenant's own name of a system field: `title`, `description`."""
        return text(mapping(self.plain.get("metaData")).get("name"))


class Catalogue:
    """What was seen so far; safe to use from several threads, small.

    Args:
        configured: ids by kind and name; they go before what is seen.
    """

    def __init__(
        self, configured: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        self._configured = configured or {}
        self._lock = threading.Lock()
        self._named: dict[str, dict[str, Named]] = {kind: {} for kind in _NAMED}
        self._last: dict[str, dict[str, Any]] = {}
        self._elements: dict[tuple[Entity, str], dict[str, Element]] = {}

    def learn(self, payload: object, entity: Entity) -> None:
        """Take in what one record as sent tells; anything else tells nothing."""
        if not isinstance(payload, dict):
            return
        for kind in _NAMED:
            value = payload.get(kind)
            if isinstance(value, dict):
                self._see(kind, value)
        fields = payload.get("fields")
        if isinstance(fields, list) and fields:
            name = "taskTmp" if entity is Entity.TASK else "caseTmp"
            self._see_fields((entity, text(payload.get(name))), fields)

    def find(self, kind: Literal["status", "priority"], name: str) -> Named | None:
        """Find a status or priority by name; None when unknown or not exactly one.

        Upper and lower case and blanks around make no difference, unless the exact
        spelling is there. Disabled ones are not found.
        """
        with self._lock:
            seen = dict(self._named[kind])
        if (configured := _pick(self._configured.get(kind, {}), name)) is not None:
            spelled, local_id = configured
            known = seen.get(local_id)
            return known or Named(id=local_id, name=spelled)
        usable = [entry for entry in seen.values() if entry.enabled]
        for matches in (str.__eq__, _alike):
            found = [entry for entry in usable if matches(entry.name, name)]
            if found:
                return found[0] if len(found) == 1 else None
        return None

    def elements(self, entity: Entity, template: str) -> tuple[Element, ...]:
        """Give the elements that records of a template carry, in their order.

        Configured fields that none of them shows come after.
        """
        with self._lock:
            seen = tuple(self._elements.get((entity, template), {}).values())
        known = {element.id for element in seen}
        return seen + tuple(
            Element(local_id, name, _plain(local_id, name))
            for name, local_id in self._configured.get("field", {}).items()
            if local_id not in known
        )

    def knows(self, kind: Kind, name: str) -> bool:
        """Tell whether the id behind a name is known."""
        if kind != "field":
            return self.find(kind, name) is not None
        with self._lock:
            forms = [list(form.values()) for form in self._elements.values()]
        if _pick(self._configured.get(kind, {}), name) is not None:
            return True
        return any(element_named(form, name) is not None for form in forms)

    def names(self, kind: Literal["status", "priority"]) -> tuple[str, ...]:
        """Give the usable names that were seen, sorted."""
        with self._lock:
            seen = self._named[kind].values()
            return tuple(sorted({entry.name for entry in seen if entry.enabled}))

    def _see(self, kind: str, value: dict[str, Any]) -> None:
        if value == self._last.get(kind):  # most records repeat the one before
            return
        self._last[kind] = value
        local_id, name = text(value.get("_id")), text(value.get("name"))
        if not local_id or not name:
            return
        held = self._named[kind].get(local_id)
        flags = [value[flag] for flag in _FLAGS if flag in value]
        # The reply to a create tells no flags: what is known of them stays.
        enabled = all(flags) if flags else held is None or held.enabled
        category = text(value.get("statusCategory"))
        entry = Named(local_id, name, category, enabled)
        if entry != held:
            with self._lock:
                self._named[kind][local_id] = entry

    def _see_fields(self, form: tuple[Entity, str], fields: list[Any]) -> None:
        held = self._elements.get(form)
        if held is not None and all(
            isinstance(field, dict) and text(field.get("_id")) in held
            for field in fields
        ):
            return
        with self._lock:
            seen = self._elements.setdefault(form, {})
            for field in items(fields):
                if local_id := text(field.get("_id")):
                    seen[local_id] = _element(local_id, field)


def element_named(elements: list[Element], label: str) -> Element | None:
    """Find the one usable custom field of a label; None when there is not exactly one.

    The exact spelling goes before one that differs in case or blanks.
    """
    usable = [e for e in elements if e.is_custom and _is_enabled(e.plain)]
    for matches in (str.__eq__, _alike):
        found = [element for element in usable if matches(element.label, label)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _element(local_id: str, field: Mapping[str, Any]) -> Element:
    label = text(field.get("displayName")) or text(field.get("lname"))
    plain = {name: value for name, value in field.items() if name != "selectedValue"}
    return Element(local_id, label, plain)


def _plain(local_id: str, name: str) -> dict[str, str]:
    return {"_id": local_id, "displayName": name, "type": "custom"}


def _pick(ids: Mapping[str, str], name: str) -> tuple[str, str] | None:
    """Find a configured id, and the name as it was spelled there."""
    if name in ids:
        return name, ids[name]
    return next((pair for pair in ids.items() if _alike(pair[0], name)), None)


def _alike(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _is_enabled(plain: Mapping[str, Any]) -> bool:
    return all(plain.get(flag, True) for flag in _FLAGS)
