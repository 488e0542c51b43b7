"""What verification found: text for one screen, CSV and HTML to hand on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from caseferry.model.direction import NAMES, Direction
from caseferry.report.sheet import csv_lines
from caseferry.report.text import (
    duration,
    number,
    plural,
    shown,
    table,
    visible,
    wrapped,
)

_ROWS: Final = (
    ("source", "read from {source}"),
    ("pairs", "pairs found"),
    ("equal", "equal"),
    ("accepted_loss", "equal but for accepted losses"),
    ("different", "different"),
    ("missing", "missing"),
    ("twice", "twice"),
    ("uncertain", "uncertain"),
    ("set_aside", "set aside"),
    ("out_of_scope", "out of scope"),
)
_SHOWN: Final = 20
HEADER: Final = ("key", "counterpart", "field", "kore", "casemgr", "reason")


class Differing(Protocol):
    """One field of a pair that is not as mapped."""

    @property
    def key(self) -> str: ...
    @property
    def counterpart(self) -> str | None: ...
    @property
    def field(self) -> str: ...
    @property
    def kore(self) -> str | tuple[str, ...] | None: ...
    @property
    def casemgr(self) -> str | tuple[str, ...] | None: ...
    @property
    def reason(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was found, and over what.

    Attributes:
        data: the JSON data.
        differences: all of them.
    """

    data: Mapping[str, Any]
    differences: Sequence[Differing]
    run: int
    took_s: float


def count_rows(data: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Give the counts as rows: words, cases, tasks."""
    source = NAMES[Direction(data["direction"]).source]
    return [
        (
            words.format(source=source),
            number(data["case"][name]),
            number(data["task"][name]),
        )
        for name, words in _ROWS
    ]


def proof_lines(proof: Proof) -> list[str]:
    """Give the summary and the first differences."""
    data = proof.data
    lines = [f"Verified in run {proof.run}, {duration(proof.took_s)}", ""]
    lines += table(count_rows(data), ("", "cases", "tasks"), right=frozenset({1, 2}))
    source = NAMES[Direction(data["direction"]).source]
    balances = f"It balances: every record of {source} has one verdict."
    if not data["balances"]:
        balances = "It does not balance: not every record that was read has a verdict."
    lines += ["", f"  {balances}"]
    if data["losses"]:
        rows = [(rule, number(n)) for rule, n in data["losses"].items()]
        lines.append("  not carried whole, by rule:")
        lines += table(rows, right=frozenset({1}), indent="    ")
    if data.get("reported"):
        rows = [(name, number(n)) for name, n in data["reported"].items()]
        lines.append("  not as carried, and maybe by agents; no difference:")
        lines += table(rows, right=frozenset({1}), indent="    ")
    for difference in proof.differences[:_SHOWN]:
        lines += _difference(difference)
    left = len(proof.differences) - _SHOWN
    if left > 0:
        lines.append(f"… and {plural(left, 'difference')} more; --csv FILE has all")
    return lines


def _difference(one: Differing) -> list[str]:
    other = one.counterpart or "(none)"
    return [
        f"! {visible(one.key)} {visible(other)}",
        *wrapped(
            f"{one.field}: Kore {shown(one.kore)}, casemgr {shown(one.casemgr)}; "
            f"{one.reason}",
            "    ",
            "      ",
        ),
    ]


def csv_text(differences: Sequence[Differing]) -> str:
    """Give all differences as CSV that no spreadsheet takes for formulas."""
    return "".join(csv_lines(HEADER, map(_values, differences)))


def _values(one: Differing) -> tuple[str | tuple[str, ...] | None, ...]:
    return (
        one.key,
        one.counterpart,
        one.field,
        one.kore,
        one.casemgr,
        one.reason,
    )
