"""Compiled tables: what a value becomes, and what it came from.

Laws, for every table: reading back what was just written gives the name it was written
for, and writing back what was just read changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from caseferry.mapping.shape import StatusRow, Step


def fold_category(name: str) -> str:
    """Spell a Kore status category as tables do: `On-Hold` is `onhold`."""
    return "".join(char for char in name.lower() if char.isalpha())


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Kore priority names against casemgr values.

    Attributes:
        written: name to the value that is written.
        also: name to the other values that mean it.
        names: value to the name it is read as.
    """

    written: Mapping[str, str]
    also: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]

    def name(self, value: str, current: str = "") -> str | None:
        """Read a value back; a name it already means stays; None for an unknown one."""
        if current and self.means(value, current):
            return current
        return self.names.get(value)

    def means(self, value: str, name: str) -> bool:
        """Tell whether a casemgr value says the same as a Kore name."""
        return self.written.get(name) == value or value in self.also.get(name, ())


def compile_scale(steps: Mapping[str, Step]) -> Scale:
    """Compile [priority.names] or [severity.names]."""
    return Scale(
        written={name: step.written for name, step in steps.items()},
        also={
            name: tuple(value for value in step.reads if value != step.written)
            for name, step in steps.items()
        },
        names={value: name for name, step in steps.items() for value in step.reads},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusTable:
    """Kore categories against the statuses of one casemgr entity.

    Attributes:
        statuses: folded category to casemgr status.
        written: casemgr status to the Kore status name it writes.
    """

    statuses: Mapping[str, str]
    written: Mapping[str, str]

    def status(self, category: str) -> str | None:
        """Give the casemgr status of a category; None for an unknown one."""
        known = self.statuses.get(category)
        return known or self.statuses.get(fold_category(category))

    def name(self, status: str, current: tuple[str, str] | None = None) -> str | None:
        """Give the Kore status name for a casemgr status; None for an unknown one.

        Args:
            status: as casemgr has it.
            current: Kore's present name and category; it stays if it means the same.
        """
        if current is not None and self.status(current[1]) == status:
            return current[0]
        return self.written.get(status)


def compile_statuses(rows: Mapping[str, StatusRow]) -> StatusTable:
    """Compile [status.case] or [status.task]."""
    return StatusTable(
        statuses={
            fold_category(category): status
            for status, row in rows.items()
            for category in row.categories
        },
        written={status: row.write for status, row in rows.items()},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueTable:
    """The values of one field against those of its counterpart."""

    targets: Mapping[str, str]
    sources: Mapping[str, str]


def compile_values(values: Mapping[str, str]) -> ValueTable:
    """Compile the `values` of a row; of two sources of a target the first is read."""
    sources: dict[str, str] = {}
    for source, target in values.items():
        sources.setdefault(target, source)
    return ValueTable(targets=dict(values), sources=sources)
