"""What verification found, as a page that is signed and handed on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from caseferry.model.direction import NAMES, Direction
from caseferry.report.pages.chunks import Chunks, settings, viewer
from caseferry.report.pages.figures import blanks, count_figures, loss_figures, verdict
from caseferry.report.pages.markup import (
    Markup,
    facts,
    join,
    section,
    table,
    tag,
    text,
    tiles,
    words_of,
)
from caseferry.report.pages.skeleton import closing, opening
from caseferry.report.pages.values import Cutter
from caseferry.report.text import duration, number, plural
from caseferry.report.verified import Differing, Proof, count_rows

FACETS: Final = (("kind", "Verdict"), ("field", "Field"), ("reason", "Reason"))
_OPEN: Final = {
    "different": "different",
    "missing": "missing",
    "twice": "there twice",
    "uncertain": "uncertain",
    "set_aside": "set aside",
}
"""Verdicts that somebody has to look at, with their words."""
_SHOWN: Final = frozenset(
    {"direction", "case", "task", "balances", "losses", "reported", "differences"}
)
_ROLES: Final = ("case", "task")


def verify_page(proof: Proof) -> Iterator[str]:
    """Give the page in pieces; shows counts too that it knows nothing about."""
    data, way = proof.data, Direction(proof.data["direction"])
    yield opening("Verification", f"Verification, run {proof.run}")
    yield _summary(data, way, float(data.get("duration_s") or 0))
    chunks = Chunks(len(proof.differences))
    for row, is_cut in _rows(proof.differences, chunks):
        yield from chunks.add(row, is_cut=is_cut)
    yield from chunks.rest()
    yield section("sign", "Sign-off", facts(blanks("Name", "Date", "Signature")))
    if chunks.rows:
        yield _differences(chunks)
    yield closing(has_records=chunks.rows > 0)


def _summary(data: Mapping[str, Any], way: Direction, took_s: float) -> Markup:
    rows = [[text(cell) for cell in row] for row in count_rows(data)]
    header = ("verdict", "cases", "tasks")
    counts = table("Records by verdict", header, rows, numbers=frozenset({1, 2}))
    parts = [
        verdict(*_answer(data)),
        _tiles(data, way, took_s),
        section("counts", "Every record of the source", counts, _balance(data, way)),
        section("losses", "Losses", loss_figures(data["losses"], None, linked=False)),
        *_others(data),
    ]
    return join([*parts, Markup("")], "\n")


def _sum(data: Mapping[str, Any], *names: str) -> int:
    return sum(data.get(role, {}).get(name, 0) for role in _ROLES for name in names)


def _answer(data: Mapping[str, Any]) -> tuple[str, str, str]:
    if not data["balances"]:
        said = "Not every record that was read has a verdict. This is a bug: report it."
        return "stop", "It does not balance.", said
    counts = {words: _sum(data, name) for name, words in _OPEN.items()}
    found = [f"{number(n)} {words}" for words, n in counts.items() if n]
    source = plural(_sum(data, "source"), "record")
    if found:
        said = f"Of {source}: {', '.join(found)}. Each is listed or counted below."
        return "held", "Not everything is explained.", said
    lost = _sum(data, "accepted_loss")
    said = f"Of {source} each has its counterpart, equal field by field"
    said += f" or with an accepted loss ({number(lost)})." if lost else "."
    return "good", "Everything is explained.", said


def _tiles(data: Mapping[str, Any], way: Direction, took_s: float) -> Markup:
    figures = [
        (number(_sum(data, "source")), "records read", NAMES[way.source]),
        (number(_sum(data, "pairs")), "pairs found", f"with {NAMES[way.target]}"),
        (number(_sum(data, "equal")), "equal", "in every mapped field"),
        (number(_sum(data, "accepted_loss")), "with accepted losses", "by rule below"),
        (number(_sum(data, *_OPEN)), "to look at", "differ, missing, held"),
        (duration(took_s), "time", "both sides read anew"),
    ]
    return tiles(figures)


def _balance(data: Mapping[str, Any], way: Direction) -> Markup:
    said = f"It balances: every record of {NAMES[way.source]} has one verdict."
    if not data["balances"]:
        said = "It does not balance."
    return tag("p", text(said))


def _others(data: Mapping[str, Any]) -> Iterator[Markup]:
    if data.get("reported"):
        title = "Not as carried, and maybe by agents; no difference"
        counts = count_figures(title, data["reported"], "what")
        yield section("reported", title, counts)
    for at, (name, value) in enumerate(data.items()):
        if name not in _SHOWN and isinstance(value, Mapping) and value:
            words = words_of(name).capitalize()
            yield section(f"more-{at}", words, _counts_of(words, value))


def _counts_of(title: str, value: Mapping[str, Any]) -> Markup:
    """Show counts that this page knows nothing about, one level deep or two."""
    flat: dict[str, int] = {}
    for name, inner in value.items():
        pairs = inner.items() if isinstance(inner, Mapping) else [("", inner)]
        for below, count in pairs:
            if isinstance(count, int):
                flat[words_of(f"{name} {below}".strip())] = count
    return count_figures(title, flat, "what")


def _rows(
    differences: Sequence[Differing], chunks: Chunks
) -> Iterator[tuple[dict[str, Any], bool]]:
    """Give one row for each pair, with all its differences that follow each other."""
    at = 0
    while at < len(differences):
        first, cutter = differences[at], chunks.cutter()
        end = at
        while end < len(differences) and _pair(differences[end]) == _pair(first):
            end += 1
        yield _row(differences[at:end], cutter), cutter.has_cut
        at = end


def _pair(one: Differing) -> tuple[str, str | None]:
    return one.key, one.counterpart


def _row(own: Sequence[Differing], cutter: Cutter) -> dict[str, Any]:
    first = own[0]
    reasons = sorted({one.reason for one in own})
    row: dict[str, Any] = {
        "kind": "different" if first.counterpart else "missing",
        "key": first.key,
        "to": first.counterpart or "",
        "reason": "; ".join(reasons),
        "changes": [[d.field, *cutter.pair(d.kore, d.casemgr)] for d in own],
    }
    return {name: value for name, value in row.items() if value}


def _differences(chunks: Chunks) -> str:
    hint = (
        "The summary above is complete. Showing the differences needs a browser with "
        "scripts allowed; `caseferry verify --csv FILE` has them as a table."
    )
    said = f"{plural(chunks.rows, 'pair')} with what is not as mapped on either side."
    values: Mapping[str, Any] = {
        "noun": "pairs",
        "sides": ["Kore", "casemgr"],
        "both": True,
        "file": "the CSV file (caseferry verify --csv FILE)",
        "held": ["different", "missing"],
        "writes": [],
    }
    body = join((tag("p", text(said)), viewer("pairs", hint, FACETS)), "\n")
    return settings(values) + section("records", "Differences", body)
