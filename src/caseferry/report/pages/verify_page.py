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
)
from caseferry.report.pages.skeleton import closing, opening
from caseferry.report.pages.values import Cutter
from caseferry.report.text import duration, number, plural
from caseferry.report.verified import Differing, Proof, count_rows, heading

FACETS: Final = (("kind", "Verdict"), ("field", "Field"), ("reason", "Reason"))
_OPEN: Final = {
    "different": "different",
    "missing": "missing",
    "twice": "there twice",
    "uncertain": "uncertain",
    "set_aside": "set aside",
}
"""Verdicts that somebody has to look at, with their words."""
_ROLES: Final = ("case", "task")


def verify_page(proof: Proof) -> Iterator[str]:
    """Give the page in pieces."""
    data = proof.data
    yield opening("Verification", f"Verification, run {proof.run}")
    yield verdict(*proof_answer(data))
    yield proof_figures(data)
    chunks = Chunks(len(proof.differences))
    for row, is_cut in _rows(proof.differences, chunks):
        yield from chunks.add(row, is_cut=is_cut)
    yield from chunks.rest()
    yield section("sign", "Sign-off", facts(blanks("Name", "Date", "Signature")))
    if chunks.rows:
        yield _differences(chunks)
    yield closing(has_records=chunks.rows > 0)


def proof_figures(data: Mapping[str, Any]) -> Markup:
    """Give what was proved, over what and by whom; contents of no record."""
    way = Direction(data["direction"])
    rows = [[text(cell) for cell in row] for row in count_rows(data)]
    header = ("verdict", "cases", "tasks")
    counts = table("Records by verdict", header, rows, numbers=frozenset({1, 2}))
    losses = loss_figures(data["losses"], data["accepted"], linked=False)
    parts = [
        facts((name.capitalize(), text(words)) for name, words in heading(data)),
        _tiles(data, way),
        section("counts", "Every record of the source", counts, _balance(data, way)),
        section("losses", "Losses", losses),
        *_others(data),
    ]
    return join([*parts, Markup("")], "\n")


def _sum(data: Mapping[str, Any], *names: str) -> int:
    return sum(data.get(role, {}).get(name, 0) for role in _ROLES for name in names)


def proof_answer(data: Mapping[str, Any]) -> tuple[str, str, str]:
    """Give the verdict: its state, the word that is seen first, and the sentence."""
    if not data["balances"]:
        said = "Not every record that was read has a verdict. This is a bug: report it."
        return "stop", "It does not balance.", said
    source = plural(_sum(data, "source"), "record")
    if data["explained"]:
        said = f"Of {source} each is there once, as mapped, but for what was accepted."
        return "good", "Everything is explained.", said
    counts = {words: _sum(data, name) for name, words in _OPEN.items()}
    found = [f"{number(n)} {words}" for words, n in counts.items() if n]
    found += _unaccepted(data)
    if not data["complete"]:
        found.append("a listing moved while it was read")
    return "held", "Not everything is explained.", f"Of {source}: {', '.join(found)}."


def _unaccepted(data: Mapping[str, Any]) -> Iterator[str]:
    for rule, count in data["losses"].items():
        limit = data["accepted"].get(rule, 0)
        if isinstance(limit, int) and count > limit:
            yield f"more lost by {rule} than was accepted"


def _tiles(data: Mapping[str, Any], way: Direction) -> Markup:
    figures = [
        (number(_sum(data, "source")), "records read", NAMES[way.source]),
        (number(_sum(data, "pairs")), "pairs found", f"with {NAMES[way.target]}"),
        (number(_sum(data, "equal")), "equal", "in every mapped field"),
        (number(_sum(data, "accepted_loss")), "equal but for losses", "by rule below"),
        (number(_sum(data, *_OPEN)), "to look at", "differ, missing, held"),
        (duration(data["duration_s"]), "time", "both sides read anew"),
    ]
    return tiles(figures)


def _balance(data: Mapping[str, Any], way: Direction) -> Markup:
    keys, links = data["pairs_by_key"], data["pairs_by_link"]
    said = f"It balances: every record of {NAMES[way.source]} has one verdict."
    if not data["balances"]:
        said = "It does not balance."
    said += f" Pairs: {number(keys)} by key, {number(links)} by link alone."
    if not data["complete"]:
        said += " A listing moved while it was read: what it left out is not proved."
    return tag("p", text(said))


def _others(data: Mapping[str, Any]) -> Iterator[Markup]:
    if data["stays_behind"]:
        held = data["stays_behind_records"]
        records = f"{plural(held['case'], 'case')} and {plural(held['task'], 'task')}"
        counts = count_figures("Not carried, by name", data["stays_behind"], "what")
        said = tag("p", text(f"Of {records}."))
        yield section("behind", "What stays behind", said, counts)
    if data["reported"]:
        title = "Not as carried, and maybe by people; no difference"
        yield section("reported", title, count_figures(title, data["reported"], "what"))


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


def _pair(one: Differing) -> tuple[str, str | None, str]:
    return one.key, one.counterpart, one.verdict


def _row(own: Sequence[Differing], cutter: Cutter) -> dict[str, Any]:
    first = own[0]
    reasons = sorted({one.reason for one in own})
    row: dict[str, Any] = {
        "kind": first.verdict,
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
        "held": sorted(_OPEN),
        "writes": [],
    }
    body = join((tag("p", text(said)), viewer("pairs", hint, FACETS)), "\n")
    return settings(values) + section("records", "Differences", body)
