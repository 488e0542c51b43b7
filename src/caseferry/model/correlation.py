"""Correlation keys: our mark on every record we create, by which it is found again.

A key is `cf1.<pair>.<role>.<source id>.<generation>`, all of `[A-Za-z0-9._:-]`, at most
64 characters: a casemgr custom attribute holds it, and its exact search finds it. A
record that is made again after an undo is of the next generation.
"""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

MARK = "cf1"
_RETIRED = f"{MARK}x"
_SHAPE = re.compile(
    r"cf1\.(?P<pair>[0-9a-f]{8})\.(?P<role>[cton])"
    r"\.(?P<source>[A-Za-z0-9_:-]{1,39})\.(?P<generation>[0-9]{1,9})"
)


class Role(StrEnum):
    """What the marked record is to its source."""

    CASE = "c"
    TASK = "t"
    OPENER = "o"
    NOTE = "n"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantPair:
    """The two tenants that one state belongs to; host names are not part of it."""

    kore_account: str
    kore_stream: str
    casemgr_tenant: str

    @property
    def mark(self) -> str:
        """Eight hex digits that stand for the pair in every correlation key."""
        text = f"{self.kore_account}\n{self.kore_stream}\n{self.casemgr_tenant}"
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def __str__(self) -> str:
        """Name the pair for a person."""
        return f"Kore {self.kore_stream} and casemgr {self.casemgr_tenant!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """What a correlation key says."""

    pair: str
    role: Role
    source: str
    generation: int = 0

    def __str__(self) -> str:
        """Spell the key; the same correlation always gives the same text."""
        source = self.source
        if not re.fullmatch(r"[A-Za-z0-9_:-]{1,39}", source):
            source = "h-" + hashlib.sha256(source.encode()).hexdigest()[:37]
        return f"{MARK}.{self.pair}.{self.role}.{source}.{self.generation}"


def generation_of(key: str) -> int:
    """Give the generation in a key; 0 where there is none."""
    own = parse_correlation(key)
    return own.generation if own is not None else 0


def retired_key(key: str) -> str:
    """Spell a key as a record carries it that was taken back: `cf1x.…`."""
    return f"{_RETIRED}{key.removeprefix(MARK)}"


def parse_retired(text: str) -> Correlation | None:
    """Read the key back that a record carried before it was taken back."""
    if not text.startswith(f"{_RETIRED}."):
        return None
    return parse_correlation(f"{MARK}{text.removeprefix(_RETIRED)}")


def parse_correlation(text: str) -> Correlation | None:
    """Read a key back; None for any text that is not one."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        return None
    return Correlation(
        pair=match["pair"],
        role=Role(match["role"]),
        source=match["source"],
        generation=int(match["generation"]),
    )
