"""What occurs on both sides, counted: everything that a mapping has to speak of.

Values are kept of fields that are chosen from a list, and of custom ones; of texts and
people only how many records have them. Memory is bounded, whatever the tenants hold.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from caseferry.mapping.names import CUSTOM, FIELD
from caseferry.model.correlation import parse_correlation
from caseferry.model.record import Entity, Record, System, Value, system_of

T = TypeVar("T", str, tuple[str, str])

MOST_VALUES: Final = 200
"""So many different values of a field are told apart; further ones are only counted."""
MOST_FIELDS: Final = 1000
"""So many different fields of an entity are told apart."""
LONGEST: Final = 200
"""A longer value, or name, is a text: it is counted, not kept."""
TASK: Final = "task"
"""The type of the casemgr activities that are carried."""

_LISTED: Final = frozenset(
    {
        *("priority", "severity", "status", "template", "source", "language"),
        *("assignee", "queue", "department", "subtype", "owner"),
    }
)
_HALVES: Final = re.compile("[\ud800-\udfff]")
_REACHED_BY: Final = ("userInfo.emailId", "userInfo.phoneNumber")


def ranked(counts: Counter[T]) -> list[tuple[T, int]]:
    """Give what was counted, the most frequent first, ties by name."""
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


@dataclass(slots=True)
class Counts:
    """How often a field, and each of its values, occurs.

    Attributes:
        records: that have the field.
        values: how many records hold each value.
        others: how often further values occurred, beyond the bound or too long.
    """

    records: int = 0
    values: Counter[str] = field(default_factory=Counter)
    others: int = 0

    def add(self, values: Iterable[str]) -> None:
        """Count one record with its values."""
        self.records += 1
        for value in values:
            known = value in self.values or len(self.values) < MOST_VALUES
            if known and len(value) <= LONGEST:
                self.values[value] += 1
            else:
                self.others += 1

    def ranked(self) -> list[tuple[str, int]]:
        """Give the values, the most frequent first, ties by name."""
        return ranked(self.values)


@dataclass(slots=True)
class Part:
    """One entity of one system; of casemgr activities only the tasks.

    Attributes:
        fields: by the system's own names, our correlation keys left out.
        statuses: (status, category) of Kore records.
        types: casemgr activities by type, tasks included.
        unreached: Kore records without e-mail address and phone number.
        more_fields: how often fields beyond the bound occurred.
    """

    records: int = 0
    fields: dict[str, Counts] = field(default_factory=dict)
    statuses: Counter[tuple[str, str]] = field(default_factory=Counter)
    types: Counts = field(default_factory=Counts)
    unreached: int = 0
    more_fields: int = 0

    def counts(self, name: str) -> Counts:
        """Give the counts of a field; one that never occurred has none."""
        return self.fields.get(name) or Counts()

    def named(self, prefix: str) -> list[str]:
        """Give the fields that begin so, the most frequent first, ties by name."""
        found = (name for name in self.fields if name.startswith(prefix))
        return sorted(found, key=lambda name: (-self.fields[name].records, name))

    def add(self, record: Record) -> None:
        """Count one record."""
        self.records += 1
        for name, value in record.fields.items():
            values = tuple(map(_whole, _parts(value)))
            if name.startswith(CUSTOM):
                values = tuple(v for v in values if parse_correlation(v) is None)
                if not values:
                    continue
            is_listed = name in _LISTED or name.startswith((CUSTOM, FIELD))
            self._count(name, values if is_listed else ())
        for name in record.unknown:
            self._count(name, ())
        if category := record.text("statusCategory"):
            name = _whole(record.text("status"))
            self._add_status(name[:LONGEST], _whole(category)[:LONGEST])
        self.unreached += not any(name in record.fields for name in _REACHED_BY)

    def _count(self, name: str, values: tuple[str, ...]) -> None:
        name = _whole(name)
        known = name in self.fields or len(self.fields) < MOST_FIELDS
        if not known or len(name) > LONGEST:
            self.more_fields += 1
            return
        self.fields.setdefault(name, Counts()).add(values)

    def _add_status(self, name: str, category: str) -> None:
        pair = name, category
        if pair in self.statuses or len(self.statuses) < MOST_VALUES:
            self.statuses[pair] += 1


class Harvest:
    """Counts the records of both systems as they go by."""

    def __init__(self) -> None:
        self.parts = {
            (system, entity): Part() for system in System for entity in Entity
        }

    def add(self, record: Record) -> None:
        """Count one record; each is given once."""
        system = system_of(record.key)
        part = self.parts[system, record.entity]
        if system is System.CASEMGR and record.entity is Entity.TASK:
            kind = record.text("type") or "unknown"
            part.types.add((kind,))
            if kind != TASK:
                return
        part.add(record)

    def kore(self, entity: Entity) -> Part:
        """Give what Kore holds."""
        return self.parts[System.KORE, entity]

    def casemgr(self, entity: Entity) -> Part:
        """Give what casemgr holds."""
        return self.parts[System.CASEMGR, entity]

    def values(self, system: System, name: str) -> Counts:
        """Give the counts of a field of cases and tasks together."""
        both = Counts()
        for entity in Entity:
            own = self.parts[system, entity].counts(name)
            both.records += own.records
            both.values.update(own.values)
            both.others += own.others
        return both


def _whole(text: str) -> str:
    """Stand in for halves of surrogate pairs: no mapping file can hold them."""
    return text if text.isprintable() else _HALVES.sub("\ufffd", text)


def _parts(value: Value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value
