"""What the store in memory keeps: its rows, their order, and a copy of all."""

from dataclasses import dataclass, field, replace
from typing import Any

from caseferry.model.link import Intent, IntentState
from caseferry.model.record import (
    Record,
    System,
    system_of,
)

ABSENT = object()
_DONE = {
    System.KORE: ("statusCategory", frozenset({"resolved", "closed"})),
    System.CASEMGR: ("status", frozenset({"closed", "completed"})),
}
UNSETTLED = (IntentState.OPEN, IntentState.IN_DOUBT)
HAD_NO_EFFECT = (IntentState.NOT_EXECUTED, IntentState.REFUSED, IntentState.ABSENT)


_NOT_OF_A_COPY = ("full.", "first-read.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A record as last seen, in which run, and in which it last changed."""

    run: int
    changed: int
    system: System
    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the journal."""

    run: int
    intent: Intent
    state: IntentState = IntentState.OPEN
    detail: str = ""


@dataclass(slots=True)
class Snapshot:
    """Everything that was durable at one moment, by table and key."""

    tables: dict[str, dict[Any, Any]] = field(default_factory=dict)

    def copy(self) -> "Snapshot":
        """Give another one; values are frozen, so the tables are all there is."""
        return Snapshot({name: dict(rows) for name, rows in self.tables.items()})

    def as_backup(self) -> "Snapshot":
        """Give what a copy that is put back knows: not what was read whole, or first.

        A state file that was put back forgets the same.
        """
        copy = self.copy()
        facts = copy.tables.get("fact", {})
        for name in [name for name in facts if name.startswith(_NOT_OF_A_COPY)]:
            del facts[name]
        return copy


def put_back(rows: dict[Any, Any], key: object, value: object) -> None:
    """Undo one write: the row as it was, or none."""
    if value is ABSENT:
        rows.pop(key, None)
    else:
        rows[key] = value


def by_field(intent: Intent) -> Intent:
    """Give an intent with its images by field, as a state file has them."""
    images = sorted(intent.images, key=lambda image: image.name)
    return replace(intent, images=tuple(images))


def in_order(cases: list[Record]) -> list[Record]:
    """Order cases as they are worked off: open first, newest first."""
    newest_first = sorted(cases, key=created, reverse=True)
    return sorted(newest_first, key=is_done)


def is_done(record: Record) -> bool:
    """Tell whether a record is finished, in the words of its system."""
    name, done = _DONE[system_of(record.key)]
    return record.text(name).lower() in done


def created(record: Record) -> str:
    """Give the time of creation, "" when its system did not say."""
    is_kore = system_of(record.key) is System.KORE
    text = record.text("createdAt" if is_kore else "created")
    return text.encode("utf-8", "replace").decode()  # as a file can hold it


def as_text(entry: Line) -> dict[str, str]:
    """Spell a line for a person."""
    intent = entry.intent
    return {
        "number": str(intent.number),
        "run": str(entry.run),
        "at": intent.at,
        "kind": intent.kind.value,
        "role": intent.role.name.lower(),
        "kore": intent.kore,
        "casemgr": intent.casemgr or "",
        "correlation": intent.correlation,
        "department": intent.department,
        "fields": " ".join(intent.fields),
        "state": entry.state.value,
        "detail": entry.detail,
    }
