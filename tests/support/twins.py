"""The fields that both sides share, as the default mapping has them, on paper."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Table = Mapping[str, str]
"""Kore's names of priorities, and the digits that mean each."""
PRIORITIES: Final[Table] = {
    "Emergency": "1",
    "Critical": "1",
    "High": "23",
    "Medium": "45",
    "Low": "67",
}
SEVERITIES: Final = {
    "Emergency": "urgent",
    "Critical": "urgent",
    "High": "high",
    "Medium": "medium",
    "Low": "low",
}

Same = Callable[[Any, Any, Sequence[Table]], bool]


@dataclass(frozen=True, slots=True)
class Twin:
    """One field on both sides; same(kore's value, casemgr's value)."""

    kore: str
    casemgr: str
    same: Same
    owner: str = "ask"


def _equal(kore: Any, casemgr: Any, _: Sequence[Table]) -> bool:
    return bool(kore == casemgr)


def _text(kore: Any, casemgr: Any, _: Sequence[Table]) -> bool:
    return bool((kore or "") == (casemgr or ""))


def _number(kore: Any, casemgr: Any, tables: Sequence[Table]) -> bool:
    return any(casemgr in table.get(kore, "") for table in tables if casemgr)


def _severity(kore: Any, casemgr: Any, _: Sequence[Table]) -> bool:
    return bool(SEVERITIES.get(kore) == casemgr)


ENDED: Final = Twin("ended", "ended", _equal)
CASE: Final = (
    Twin("priority", "severity", _severity),
    Twin("name", "subject", _text, "kore"),
    Twin("due", "due", _equal, "casemgr"),
    Twin("tags", "tags", _equal, "kore"),
    ENDED,
)
TASK: Final = (
    Twin("priority", "priority", _number),
    Twin("due", "due", _equal, "casemgr"),
    Twin("tags", "tags", _equal, "kore"),
    ENDED,
)


def twins_of(key: str) -> tuple[Twin, ...]:
    """Give the fields that a record shares with its counterpart."""
    return CASE if "case:" in key or ":ci-" in key else TASK


def own_name(key: str, twin: Twin) -> str:
    """Name a shared field as the record's own side does."""
    return twin.kore if key.startswith("kore:") else twin.casemgr


def other_name(key: str, twin: Twin) -> str:
    """Name a shared field as the other side does."""
    return twin.casemgr if key.startswith("kore:") else twin.kore
