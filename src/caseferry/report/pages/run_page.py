"""One run from the history as a page: facts, counts and what it wrote; no contents."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from caseferry.model.action import WRITES
from caseferry.report.pages.chunks import Chunks, settings, viewer
from caseferry.report.pages.figures import (
    HELD,
    action_figures,
    count_of,
    loss_figures,
    request_figures,
    verdict,
)
from caseferry.report.pages.markup import (
    Markup,
    facts,
    join,
    section,
    table,
    tag,
    text,
    words_of,
)
from caseferry.report.pages.skeleton import closing, opening
from caseferry.report.pages.verify_page import proof_answer, proof_figures
from caseferry.report.text import duration, number, plural

MOST: Final = 100_000
"""Journal entries that a page holds."""
FACETS: Final = (("kind", "Kind"), ("role", "Record"), ("state", "End"))


def run_page(
    run: Mapping[str, Any], entries: Iterable[Mapping[str, str]], *, end: str
) -> Iterator[str]:
    """Give the page in pieces.

    Args:
        run: as in the JSON output.
        entries: of its journal, oldest first; read once.
        end: how it ended, in words.
    """
    yield opening("Run", f"Run {run['number']}: {run['command']}")
    yield _summary(run, end)
    states: Counter[tuple[str, str]] = Counter()
    chunks = Chunks(MOST)
    for entry in entries:
        states[entry["kind"], entry["state"]] += 1
        if chunks.rows < MOST:
            yield from chunks.add(_row(entry))
    yield from chunks.rest()
    if chunks.rows:
        yield section("writes", "Writes", _states(states))
        yield _journal(chunks, states.total())
    yield closing(has_records=chunks.rows > 0)


def _summary(run: Mapping[str, Any], end: str) -> Markup:
    summary = run["summary"]
    if "explained" in summary:
        return join((verdict(*proof_answer(summary)), proof_figures(summary)), "\n")
    rows = [("Began", text(run["started"])), ("Ended", text(run["ended"] or "no"))]
    rows += [
        (words_of(name).capitalize(), text(value))
        for name, value in run["inputs"].items()
        if value
    ]
    parts = [verdict(*_answer(run, end)), facts(rows)]
    if "actions" in summary:
        parts += _counts(summary, is_dry=bool(summary.get("dry_run")))
    return join([*parts, Markup("")], "\n")


def _answer(run: Mapping[str, Any], end: str) -> tuple[str, str, str]:
    summary = run["summary"]
    state = "good" if run["exit_code"] == 0 else "held"
    if "actions" not in summary:
        return state, "Ended:" if run["ended"] else "No end:", f"{end}."
    actions = summary["actions"]
    writes, held = count_of(actions, WRITES), count_of(actions, HELD)
    verb = "would be carried out" if summary.get("dry_run") else "carried out"
    said = f"{verb} in {duration(summary.get('duration_s', 0))}"
    said += f"; {plural(held, 'record')} held back" if held else ""
    return state, plural(writes, "write"), f"{said}; {end}."


def _counts(summary: Mapping[str, Any], *, is_dry: bool) -> Iterator[Markup]:
    title = "What would happen" if is_dry else "What was done"
    words = "would be written" if is_dry else "written"
    figures = action_figures(summary["actions"], words, linked=False)
    yield section("actions", title, *figures)
    if summary.get("requests"):
        kinds = ("planned", "sent", "retried")
        asked = request_figures(summary["requests"], kinds, ("sent",))
        yield section("cost", "Requests", asked)
    losses = loss_figures(
        summary.get("losses", {}), summary.get("accepted"), linked=False
    )
    yield section("losses", "Losses", losses)
    causes = summary.get("causes", ())
    if causes:
        rows = [
            [text(c["code"]), text(words_of(c["kind"])), text(number(c["count"]))]
            for c in causes
        ]
        header = ("cause", "kind", "records")
        shown = table("By cause", header, rows, numbers=frozenset({2}))
        yield section("causes", "By cause", shown)


def _states(states: Counter[tuple[str, str]]) -> Markup:
    rows = [
        [text(words_of(kind)), text(words_of(state)), text(number(count))]
        for (kind, state), count in sorted(states.items())
    ]
    header = ("kind", "end", "writes")
    return table("Writes by kind and end", header, rows, numbers=frozenset({2}))


def _row(entry: Mapping[str, str]) -> dict[str, Any]:
    named = ("at", "department", "fields", "correlation")
    row: dict[str, Any] = {
        "kind": entry["kind"],
        "role": entry["role"],
        "state": entry["state"],
        "key": entry["kore"] or entry["casemgr"],
        "to": entry["casemgr"] if entry["kore"] else "",
        "reason": entry["detail"],
        "facts": [[name, entry[name]] for name in named if entry[name]],
    }
    return {name: value for name, value in row.items() if value}


def _journal(chunks: Chunks, total: int) -> str:
    said = f"{plural(total, 'write')}, each as it was recorded before it left."
    if total > chunks.rows:
        said += f" Shown are the first {number(chunks.rows)}."
    hint = (
        "The summary above is complete. Showing each write needs a browser with "
        "scripts allowed; `caseferry explain KEY` tells one record's story."
    )
    values: Mapping[str, Any] = {
        "noun": "writes",
        "sides": ["before", "after"],
        "file": "",
        "held": ["in_doubt", "open"],
        "writes": sorted(WRITES),
    }
    body = join((tag("p", text(said)), viewer("writes", hint, FACETS)), "\n")
    return settings(values) + section("records", "Journal", body)
