"""`status`: where things stand, from the state alone; works during a run."""

from typing import Any

import click

from caseferry.adapters.sqlite import RunEntry, SqliteStore
from caseferry.bootstrap import pair_of, read_mapping, reading_state, state_lock
from caseferry.cli.accepted import accepted_mapping, accepted_words
from caseferry.cli.options import Command, Invocation
from caseferry.cli.result import Result
from caseferry.config import Config
from caseferry.errors import MappingError, StateError
from caseferry.model.correlation import Role
from caseferry.model.link import IntentState
from caseferry.report.text import local_time, number, table

_ROLES = {Role.CASE: "case", Role.TASK: "task", Role.OPENER: "opener"}


@click.command(cls=Command, example="caseferry status")
@click.pass_obj
def status(invocation: Invocation) -> Result:
    """Show where things stand.

    Reads the state only; works while a run is going on.
    """
    config = invocation.load().config
    try:
        with reading_state(config) as store:
            data = _data(config, store)
            run = store.last_run()
    except StateError as error:
        if error.code != "state-missing":
            raise
        lines = ["No run yet.", "", "Next:", "  caseferry check"]
        return Result(data={"state": config.state.path, "last_run": None}, lines=lines)
    return Result(data=data, lines=_lines(data, run), run=run.number if run else None)


def _data(config: Config, store: SqliteStore) -> dict[str, Any]:
    holder = state_lock(config).holder()
    run = store.last_run()
    intents = store.intent_counts()
    holds: dict[str, int] = {}
    for group in store.hold_groups():
        holds[str(group.kind)] = holds.get(str(group.kind), 0) + group.count
    return {
        "state": str(store.path),
        "pair": {
            "kore_account": pair_of(config).kore_account,
            "kore_stream": pair_of(config).kore_stream,
            "casemgr_tenant": pair_of(config).casemgr_tenant,
        },
        "running": None
        if holder is None
        else {"pid": holder.pid, "command": holder.command, "since": holder.since},
        "last_run": None if run is None else run_data(run),
        "links": _links(store),
        "in_doubt": sum(intents[s] for s in (IntentState.OPEN, IntentState.IN_DOUBT)),
        "holds": dict(sorted(holds.items())),
        "mapping": _mapping(config, store),
    }


def run_data(run: RunEntry) -> dict[str, Any]:
    """Give a run as JSON data."""
    return {
        "number": run.number,
        "command": run.command,
        "started": run.started,
        "ended": run.ended,
        "exit_code": run.exit_code,
        "inputs": dict(run.inputs),
        "summary": dict(run.summary),
    }


def run_end(run: RunEntry, *, is_going: bool = False) -> str:
    """Say how a run ended, for a person."""
    if run.ended is not None:
        return f"exit code {run.exit_code}"
    return "going on" if is_going else "was cut off"


def _links(store: SqliteStore) -> dict[str, dict[str, int]]:
    counts = store.link_counts()
    parted = store.tombstone_counts()
    return {
        name: {
            "finished": counts.get((role, True), 0),
            "unfinished": counts.get((role, False), 0),
            "parted": parted.get(role, 0),
        }
        for role, name in _ROLES.items()
    }


def _mapping(config: Config, store: SqliteStore) -> dict[str, Any]:
    try:
        digest = read_mapping(config).digest
    except MappingError:
        digest = None
    carried = store.get_fact("mapping.digest")
    accepted = accepted_mapping(store.facts, digest or "")["accepted"]
    return {
        "accepted": accepted,
        "digest": digest,
        "carried_under": carried,
        "changed": carried is not None and carried != digest,
    }


def _lines(data: dict[str, Any], run: RunEntry | None) -> list[str]:
    pair = data["pair"]
    who = f"Kore {pair['kore_stream']} and casemgr {pair['casemgr_tenant']}"
    going = data["running"]
    rows = [("pair", who), ("state", data["state"])]
    if going is not None:
        since = local_time(going["since"])
        text = f"caseferry {going['command']}, process {going['pid']}, since {since}"
        rows.append(("running", text))
    if run is not None:
        at = local_time(run.started)
        end = run_end(run, is_going=going is not None)
        rows.append(("last run", f"{run.number}: {run.command}, {at}, {end}"))
    if (digest := data["mapping"]["digest"]) is not None:
        words = accepted_words(data["mapping"]["accepted"])
        rows.append(("mapping", f"{digest}, accepted by {words}"))
    lines = ["Status", *table(rows), "", "Links"]
    lines += table(
        [
            (name, *map(number, counts.values()))
            for name, counts in data["links"].items()
        ],
        ("", "finished", "unfinished", "parted"),
        right=frozenset({1, 2, 3}),
    )
    lines += ["", "Open", *table(_open_rows(data))]
    if data["mapping"]["changed"]:
        lines.append(
            "  The mapping is not the one that linked records were carried under."
        )
    return [*lines, "", "Next:", *_next(data, run)]


def _open_rows(data: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [("writes in doubt", number(data["in_doubt"]))]
    rows += [(k.replace("_", " "), number(n)) for k, n in data["holds"].items()]
    return rows


def _next(data: dict[str, Any], run: RunEntry | None) -> list[str]:
    if data["running"] is not None:
        return ["  nothing: a run is going on"]
    nothing_yet = not any(sum(counts.values()) for counts in data["links"].values())
    if run is None or (run.command.startswith("mapping ") and nothing_yet):
        return ["  caseferry migrate --from kore --dry-run"]
    if run.ended is None or run.exit_code not in (0, 3, 4) or data["in_doubt"]:
        return ["  caseferry migrate --from kore   (goes on where it was)"]
    if data["holds"]:
        return ["  caseferry quarantine   (what waits for you, by cause)"]
    if run.command == "verify" and not run.exit_code:
        return ["  nothing: everything was carried, and verified last"]
    return ["  caseferry verify   (compares both sides anew: the proof)"]
