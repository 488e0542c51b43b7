"""Counts of where the names of one side go: priority, severity, status."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from caseferry.planfile.shape import ActionLine, Change, Redacted, Shown

FIELDS: Final = ("priority", "severity", "status")
_ROLES: Final = ("case", "task")
"""Openers are left out: they have what their case has."""
_NUMBERS: Final = tuple("1234567")
_WORDS: Final = ("urgent", "high", "medium", "low")
_MOST: Final = 12
"""Values of one side that a picture shows; the rarest of more are brought together."""
OTHERS: Final = "(others)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One field of one role: how many records go from each value to each.

    Attributes:
        left, right: the values in the order in which they are shown.
    """

    role: str
    name: str
    counts: Mapping[tuple[str, str], int]
    left: tuple[str, ...]
    right: tuple[str, ...]

    def total(self, value: str, *, side: int) -> int:
        """Give how many records have a value on one side."""
        return sum(n for pair, n in self.counts.items() if pair[side] == value)


@dataclass(slots=True)
class Flows:
    """Counts while actions go by."""

    _counts: dict[tuple[str, str], Counter[tuple[str, str]]] = field(
        default_factory=dict
    )

    def add(self, line: ActionLine) -> None:
        """Count one action's changes of a scale."""
        if line.role not in _ROLES:
            return
        for change in line.changes:
            if change.name in FIELDS and change.after is not None:
                own = self._counts.setdefault((line.role, change.name), Counter())
                own[(spelled(_source(change)), spelled(change.after))] += 1

    def figures(self) -> Iterator[Flow]:
        """Give the scales on which a value is spelled otherwise, in a fixed order."""
        keys = sorted(self._counts, key=lambda key: (_ROLES.index(key[0]), key[1]))
        for role, name in keys:
            counts = _folded(self._counts[role, name])
            if all(before == after for before, after in counts):
                continue
            right = _scale({after for _, after in counts})
            left = tuple(_ordered(counts, right))
            yield Flow(role=role, name=name, counts=counts, left=left, right=right)


def _folded(counts: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """Bring rare values together where there are more than a picture can show."""
    kept = [_frequent(counts, side) for side in (0, 1)]
    folded: Counter[tuple[str, str]] = Counter()
    for (before, after), count in counts.items():
        left = before if before in kept[0] else OTHERS
        folded[left, after if after in kept[1] else OTHERS] += count
    return folded


def _frequent(counts: Counter[tuple[str, str]], side: int) -> frozenset[str]:
    sums: Counter[str] = Counter()
    for pair, count in counts.items():
        sums[pair[side]] += count
    if len(sums) <= _MOST:
        return frozenset(sums)
    ordered = sorted(sums, key=lambda value: (-sums[value], value))
    return frozenset(ordered[: _MOST - 1])


def _source(change: Change) -> Shown:
    shown = change.after if change.source is None else change.source
    return "" if shown is None else shown


def spelled(value: Shown) -> str:
    """Spell a value as one text; the page's script does the same."""
    if isinstance(value, Redacted):
        return f"hidden ({value.redacted})"
    return value if isinstance(value, str) else ", ".join(value)


def _scale(values: set[str]) -> tuple[str, ...]:
    """Order one side; of numbers all seven are shown, those without records too."""
    if values <= set(_NUMBERS):
        return _NUMBERS
    if {value.lower() for value in values} <= set(_WORDS):
        return tuple(sorted(values, key=lambda value: _WORDS.index(value.lower())))
    return tuple(sorted(values, key=_natural))


def _natural(value: str) -> tuple[list[tuple[int, str]], str]:
    parts = re.findall(r"\d+|\D+", value)
    return [(int(p), "") if p.isdecimal() else (10**9, p) for p in parts], value


def _ordered(counts: Counter[tuple[str, str]], right: tuple[str, ...]) -> list[str]:
    """Order the other side so that as few ribbons cross as can be."""
    weights: dict[str, list[float]] = {}
    for (before, after), count in counts.items():
        own = weights.setdefault(before, [0.0, 0.0])
        own[0] += right.index(after) * count
        own[1] += count
    return sorted(weights, key=lambda v: (weights[v][0] / weights[v][1], _natural(v)))
