"""How many requests a migration needed, against how many it has to send at least."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterable
from math import ceil
from pathlib import Path
from typing import Any

from benchmarks.child import fetch, run, serving

BULK = 75
Call = dict[str, Any]


def measure(cases: int, workers: int) -> dict[str, Any]:
    """Migrate twice in clear weather; give the counts of both runs."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        serving("sandbox_child.py", cases=cases, record=True) as box,
    ):
        state = str(Path(scratch) / "state.db")
        run("migrate_child.py", url=box["url"], workers=workers, state=state)
        calls = fetch(f"{box['url']}/_sandbox/calls")
        writes = fetch(f"{box['url']}/_sandbox/writes")
        run("migrate_child.py", url=box["url"], workers=workers, state=state)
        again = fetch(f"{box['url']}/_sandbox/calls")[len(calls) :]
    sent = Counter(c["operation"] for c in calls if c["system"] == "casemgr")
    needed = _needed(calls, writes, box["activities"])
    del sent["token"]
    return {
        "cases": cases,
        "sent": dict(sent),
        "needed": needed,
        "ratio": sum(sent.values()) / sum(needed.values()),
        "rows_read": _rows_read(calls),
        "kore": _kore(calls),
        "again_writes": sum(c["committed"] for c in again if c["operation"] != "token"),
        "again_requests": len(again),
    }


def _needed(calls: list[Call], writes: list[Call], existing: int) -> dict[str, int]:
    """Count what cannot be left out; what is read or completed in bulk is packed full.

    Reads: as many rows by id as were really read, in full batches; see `rows_read` for
    how often each record was. The listing is that of what was there before.
    """
    sent = Counter(c["operation"] for c in writes)
    edited = {c["id"] for c in calls if c["operation"] == "edit_case"}
    asked = {c["query"] for c in calls if c["operation"] == "search_customers"}
    completed = sum(
        len(json.loads(w["body"])["activity"])
        for w in writes
        if w["operation"] == "complete_activities"
    )
    rows = _ids(calls, "get_activities"), _ids(calls, "get_cases")
    return {
        "create_task": sent["create_task"],
        "edit_case": len(edited),
        "search_customers": len(asked),
        "get_activities": ceil(len(rows[0]) / BULK),
        "get_cases": ceil(len(rows[1]) / BULK),
        "complete_activities": ceil(completed / BULK),
        "close_case": sent["close_case"],
        "add_activity_note": sent["add_activity_note"],
        "search_activities": ceil(existing / BULK),
    }


def _ids(calls: Iterable[Call], operation: str) -> list[str]:
    return [
        number
        for call in calls
        if call["operation"] == operation
        for number in call["path"].rpartition("/")[2].split(",")
    ]


def _rows_read(calls: list[Call]) -> dict[str, float]:
    """Give how often each record was read by its id, on average."""
    found = {}
    for operation in ("get_activities", "get_cases"):
        ids = _ids(calls, operation)
        found[operation] = round(len(ids) / max(len(set(ids)), 1), 2)
    return found


def _kore(calls: list[Call]) -> dict[str, int]:
    return dict(Counter(c["operation"] for c in calls if c["system"] == "kore"))
