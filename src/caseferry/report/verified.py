"""What verification found: text for one screen, CSV and HTML to hand on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from caseferry.model.direction import NAMES, Direction
from caseferry.model.record import System
from caseferry.report.migration import accepted_words
from caseferry.report.sheet import csv_lines
from caseferry.report.text import (
    WIDTH,
    columns,
    duration,
    local_time,
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
_SIGNATURE: Final = (("signed off by", "_" * 40), ("on", "_" * 40))
HEADER: Final = (
    "key",
    "counterpart",
    "field",
    "kore",
    "casemgr",
    "reason",
    "verdict",
)


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
    @property
    def verdict(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was found, and over what.

    Attributes:
        data: the JSON data.
        differences: all of them; none of a run that is over.
    """

    data: Mapping[str, Any]
    differences: Sequence[Differing]
    run: int


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
    """Give the sheet that is signed off, and under it the first differences."""
    lines = sheet_lines(proof)
    if proof.differences:
        lines += ["", "Differences"]
    for difference in proof.differences[:_SHOWN]:
        lines += _difference(difference)
    left = len(proof.differences) - _SHOWN
    if left > 0:
        lines.append(f"… and {plural(left, 'difference')} more; --csv FILE has all")
    return lines


def sheet_lines(proof: Proof) -> list[str]:
    """Give what is signed off: one screen, without the contents of any record."""
    data = proof.data
    lines = [f"Verification, run {proof.run}, {duration(data['duration_s'])}"]
    lines += table(heading(data))
    lines.append("")
    lines += table(count_rows(data), ("", "cases", "tasks"), right=frozenset({1, 2}))
    lines.append("")
    lines += _pairs(data)
    lines += _losses(data)
    lines += _left(data)
    if data["reported"]:
        rows = [(name, number(n)) for name, n in data["reported"].items()]
        lines.append("  not as carried, and maybe by people; no difference:")
        lines += table(rows, right=frozenset({1}), indent="    ")
    lines += ["", *wrapped(_verdict(data), "  "), ""]
    return [*lines, *table(_SIGNATURE)]


def heading(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Say what a proof is a proof of: systems, scope, digests, who and when."""
    way = Direction(data["direction"])
    pair = data["pair"]
    mapping = data["mapping"]
    requests = ", ".join(
        f"{number(data['requests'][system])} to {NAMES[system]}" for system in System
    )
    return [
        ("from", f"{_tenant(pair, way.source)} to {_tenant(pair, way.target)}"),
        ("what", _scope(data["scope"])),
        ("mapping", f"{mapping['digest']}, accepted by {_accepted_by(mapping)}"),
        ("configuration", data["configuration"]),
        ("caseferry", f"{data['version']}, {data['user']} on {data['host']}"),
        ("read", f"{local_time(data['began'])} to {local_time(data['ended'])}"),
        ("requests", requests),
    ]


def _tenant(pair: Mapping[str, str], system: System) -> str:
    if system is System.KORE:
        return f"Kore {pair['kore_stream']}"
    return f"casemgr {pair['casemgr_tenant']}"


def _scope(scope: Mapping[str, Any]) -> str:
    if scope["only"]:
        return f"only {', '.join(scope['only'])}"
    if scope["sample"] is not None:
        return f"a sample of {plural(scope['sample'], 'case')}"
    return "everything"


def _accepted_by(mapping: Mapping[str, Any]) -> str:
    accepted = mapping["accepted"]
    return "nobody" if accepted is None else str(accepted["by"])


def _pairs(data: Mapping[str, Any]) -> list[str]:
    source = NAMES[Direction(data["direction"]).source]
    lines = [f"  It balances: every record of {source} has one verdict."]
    if not data["balances"]:
        text = "It does not balance: not every record that was read has a verdict."
        lines = [f"  {text}"]
    if not data["complete"]:
        lines += wrapped(
            "A listing moved while it was read: what it did not show is not proved.",
            "  ",
        )
    keys, links = data["pairs_by_key"], data["pairs_by_link"]
    return [*lines, f"  pairs: {number(keys)} by key, {number(links)} by link alone"]


def _losses(data: Mapping[str, Any]) -> list[str]:
    if not data["losses"]:
        return []
    rows = [
        (rule, number(count), accepted_words(count, data["accepted"][rule]))
        for rule, count in data["losses"].items()
    ]
    title = "  not carried whole, by rule:"
    return [title, *table(rows, right=frozenset({1}), indent="    ")]


def _left(data: Mapping[str, Any]) -> list[str]:
    if not data["stays_behind"]:
        return []
    parts = ", ".join(f"{name} {number(n)}" for name, n in data["stays_behind"].items())
    held = data["stays_behind_records"]
    records = f"{plural(held['case'], 'case')} and {plural(held['task'], 'task')}"
    return wrapped(f"stays behind, of {records}: {parts}", "  ", "    ")


def _verdict(data: Mapping[str, Any]) -> str:
    """Say in a sentence what the whole comes to."""
    if data["explained"]:
        return (
            "Everything that was read is there once, as mapped, but for what was "
            "accepted."
        )
    count = data["differences_total"]
    if not count:
        return "Not everything is explained."
    return f"Not everything is explained: {plural(count, 'row')}, all of them in --csv."


def _difference(one: Differing) -> list[str]:
    head = f"! {one.verdict.replace('_', ' ')} {one.key}"
    lines = [visible(head)]
    if one.counterpart is not None:
        line = visible(f"{head} {one.counterpart}")
        fits = columns(line) <= WIDTH
        lines = [line] if fits else [*lines, f"    {visible(one.counterpart)}"]
    what = one.reason
    if one.kore is not None or one.casemgr is not None:
        values = f"Kore {shown(one.kore)}, casemgr {shown(one.casemgr)}"
        what = f"{one.field}: {values}; {one.reason}"
    elif one.field != "*":
        what = f"{one.field}: {one.reason}"
    return [*lines, *wrapped(what, "    ", "      ")]


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
        one.verdict,
    )
