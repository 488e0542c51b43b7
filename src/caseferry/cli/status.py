"""`status`: where things stand, from the state alone; works during a run."""

from datetime import datetime
from typing import Any

import click

from caseferry.adapters.clock import SystemClock
from caseferry.adapters.sqlite import RunEntry, SqliteStore
from caseferry.bootstrap import pair_of, read_mapping, reading_state, state_lock
from caseferry.cli.accepted import accepted_mapping, accepted_words
from caseferry.cli.first_step import first_step
from caseferry.cli.freshness import freshness, freshness_rows
from caseferry.cli.monitor import CARRYING
from caseferry.cli.options import Command, Invocation
from caseferry.cli.result import Result
from caseferry.cli.running import next_command
from caseferry.config import Config
from caseferry.errors import MappingError, StateError
from caseferry.mapping.compile import Mapper
from caseferry.model.correlation import Role
from caseferry.model.link import HoldKind, IntentState
from caseferry.report.text import local_time, number, table

_ROLES = {Role.CASE: "case", Role.TASK: "task", Role.OPENER: "opener"}


@click.command(cls=Command, example="caseferry status")
@click.pass_obj
def status(invocation: Invocation) -> Result:
    """Show where things stand.

    Reads the state only; works while a run is going on.
    """
    config = invocation.load().config
    mapper = _mapper(config)
    try:
        with reading_state(config) as store:
            now = SystemClock().now()
            data = _data(config, store, now, mapper)
            run, command = store.last_run(), next_command(store)
            first = first_step(config, mapper) if _is_fresh(data, store) else None
    except StateError as error:
        if error.code != "state-missing":
            raise
        lines = ["No run yet.", "", "Next:", "  caseferry check"]
        return Result(data={"state": config.state.path, "last_run": None}, lines=lines)
    lines = _lines(data, run, freshness_rows(data["sync"], now))
    lines += ["", "Next:", *_next(data, run, first, command)]
    return Result(data=data, lines=lines, run=run.number if run else None)


def _data(
    config: Config, store: SqliteStore, now: datetime, mapper: Mapper | None
) -> dict[str, Any]:
    holder = state_lock(config).holder()
    run = store.last_run()
    intents = store.intent_counts()
    counts = store.hold_counts()
    holds = {kind.value: counts.get(kind, 0) for kind in HoldKind}
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
        "sync": freshness(store, config, now),
        "mapping": _mapping(mapper, store),
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


def _mapper(config: Config) -> Mapper | None:
    """Read the mapping; None where it is wrong, which is no reason to tell nothing."""
    try:
        return read_mapping(config)
    except MappingError:
        return None


def _mapping(mapper: Mapper | None, store: SqliteStore) -> dict[str, Any]:
    digest = mapper.digest if mapper is not None else None
    carried = store.get_fact("mapping.digest")
    accepted = accepted_mapping(store.facts, digest or "")["accepted"]
    return {
        "accepted": accepted,
        "digest": digest,
        "carried_under": carried,
        "changed": carried is not None and carried != digest,
    }


def _lines(
    data: dict[str, Any], run: RunEntry | None, fresh: list[tuple[str, str]]
) -> list[str]:
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
    lines = ["Status", *table(rows)]
    lines += ["", "Sync", *table(fresh)] if fresh else []
    lines += ["", "Links"]
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
    return lines


def _open_rows(data: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [("writes in doubt", number(data["in_doubt"]))]
    held = data["holds"].items()
    return rows + [(kind.replace("_", " "), number(n)) for kind, n in held if n]


def _next(
    data: dict[str, Any], run: RunEntry | None, first: str | None, command: str
) -> list[str]:
    if data["running"] is not None:
        return ["  nothing: a run is going on"]
    if run is None or first is not None:
        return [f"  {first or command}"]
    if run.ended is None or run.exit_code not in (0, 3, 4) or data["in_doubt"]:
        return [f"  {command}   (goes on where it was)"]
    if run.command in ("resolve", "retry"):
        return [f"  {command}   (carries what was decided)"]
    if steps := _open_steps(data["holds"]):
        return steps
    if run.command == "verify" and not run.exit_code:
        return ["  nothing: everything was carried, and verified last"]
    return ["  caseferry verify   (compares both sides anew: the proof)"]


def _is_fresh(data: dict[str, Any], store: SqliteStore) -> bool:
    """Tell whether nothing was carried yet, nor tried to be."""
    is_linked = any(sum(counts.values()) for counts in data["links"].values())
    return not is_linked and store.last_of(CARRYING, succeeded=False) is None


def _open_steps(holds: dict[str, int]) -> list[str]:
    steps = []
    if holds["conflict"]:
        steps.append("  caseferry conflicts   (what waits for your decision)")
    if any(count for kind, count in holds.items() if kind != "conflict"):
        steps.append("  caseferry quarantine   (what waits for you, by cause)")
    return steps
