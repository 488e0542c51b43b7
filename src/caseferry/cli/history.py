"""`history`: what runs did."""

from collections import Counter
from dataclasses import replace
from typing import Any

import click

from caseferry.adapters.sqlite import RunEntry, SqliteStore
from caseferry.bootstrap import reading_state
from caseferry.cli.files import write_page
from caseferry.cli.operator import SIGNED_BY
from caseferry.cli.options import Command, Invocation
from caseferry.cli.result import Result
from caseferry.cli.status import run_data, run_end
from caseferry.errors import UserError
from caseferry.report.migration import Told, summary_lines
from caseferry.report.pages.run_page import run_page
from caseferry.report.text import local_time, number, table
from caseferry.report.undone import cannot_lines, undone_lines
from caseferry.report.verified import Proof, sheet_lines

_LATEST = 20
# beside a plan's digest 80 columns leave twelve
_WORDS = {"allow": "allowed", "configuration": "settings"}


@click.command(cls=Command, example="caseferry history last")
@click.argument("run", required=False, metavar="[RUN]")
@click.option("--html", metavar="FILE", help="Write the run as a page; mode 0600.")
@click.pass_obj
def history(invocation: Invocation, *, run: str | None, html: str | None) -> Result:
    """List the latest runs, or show one.

    RUN is its number, or `last`. Reads the state only; works while a run is going on.
    """
    with reading_state(invocation.load().config) as store:
        if run is None and html is None:
            return _list(store)
        found = find_run(store, run or "last")
        result = _show(store, found)
        if html is None:
            return result
        entries = store.journal(None, found.number)
        pieces = run_page(run_data(found), entries, end=run_end(found))
        write_page(invocation.env.cwd / html, pieces)
        return replace(result, lines=[*result.lines, f"Wrote {html}"])


def _list(store: SqliteStore) -> Result:
    runs = store.runs(_LATEST)
    rows = [
        (str(r.number), local_time(r.started), run_end(r), _command(r)) for r in runs
    ]
    header = ("run", "began", "ended", "command")
    lines = table(rows, header, right=frozenset({0})) if rows else ["No run yet."]
    return Result(data={"runs": [run_data(run) for run in runs]}, lines=lines)


def find_run(store: SqliteStore, text: str) -> RunEntry:
    """Give the run that a person means: a number, or `last`.

    Raises:
        UserError: there is none.
    """
    if text == "last":
        found = store.last_run()
    else:
        found = store.run(int(text)) if text.isdecimal() else None
    if found is None:
        raise UserError(
            f"there is no run {text!r}",
            code="run-unknown",
            hint="`caseferry history` lists them; `last` is the latest",
        )
    return found


def _show(store: SqliteStore, run: RunEntry) -> Result:
    writes = Counter(
        (entry["kind"], entry["state"]) for entry in store.journal(None, run.number)
    )
    rows = [
        ("command", _command(run)),
        ("began", local_time(run.started)),
        ("ended", local_time(run.ended) if run.ended else "no"),
        ("came to", run_end(run)),
    ]
    asked = {k: v for k, v in run.inputs.items() if k not in SIGNED_BY}
    rows += [(_WORDS.get(name, name), value) for name, value in asked.items()]
    rows += [(_WORDS.get(name, name), run.inputs.get(name, "")) for name in SIGNED_BY]
    rows.append(("plan", str(run.summary.get("digest", ""))))
    lines = [f"Run {run.number}", *table([row for row in rows if row[1]])]
    if writes:
        lines += ["", "Writes"]
        lines += table(
            [
                (kind, state.replace("_", " "), number(count))
                for (kind, state), count in sorted(writes.items())
            ],
            right=frozenset({2}),
        )
    lines += _summary(run)
    data = run_data(run) | {"writes": _writes(writes)}
    return Result(data=data, lines=lines, run=run.number)


def _summary(run: RunEntry) -> list[str]:
    if "explained" in run.summary:
        proof = Proof(data=run.summary, differences=(), run=run.number)
        return ["", *sheet_lines(proof)]
    if "actions" not in run.summary:
        return []
    if "undone_run" in run.summary:
        lines = cannot_lines(run.summary)
        return ["", *lines, "", *undone_lines(run.summary, run.number, ())]
    dry = bool(run.summary.get("dry_run"))
    told = Told(
        data=run.summary,
        run=run.number,
        dry=dry,
        accepted=_accepted(run.summary),
        causes=_causes(run.summary),
    )
    return ["", *summary_lines(told)]


def _accepted(summary: Any) -> dict[str, int | str] | None:  # noqa: ANN401 - stored JSON
    accepted: dict[str, int | str] | None = summary.get("accepted")
    return accepted


def _causes(summary: Any) -> dict[tuple[str, str], int]:  # noqa: ANN401 - stored JSON
    return {(c["kind"], c["code"]): c["count"] for c in summary.get("causes", ())}


def _command(run: RunEntry) -> str:
    return f"{run.command}{' --dry-run' if 'dry_run' in run.inputs else ''}"


def _writes(writes: Counter[tuple[str, str]]) -> list[dict[str, Any]]:
    return [
        {"kind": kind, "state": state, "count": count}
        for (kind, state), count in sorted(writes.items())
    ]
