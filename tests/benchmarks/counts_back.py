"""How many requests the way back needed, against how many it has to send at least."""

import tempfile
from collections import Counter
from math import ceil
from pathlib import Path
from typing import Any

from benchmarks.child import fetch, run, serving

PAGE = 100
BULK = 75


def measure_back(cases: int, workers: int) -> dict[str, Any]:
    """Migrate casemgr to Kore twice in clear weather; give the counts."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        serving("sandbox_child.py", cases=cases, fill="casemgr") as box,
    ):
        state = str(Path(scratch) / "state.db")
        run("migrate_back_child.py", url=box["url"], workers=workers, state=state)
        calls = fetch(f"{box['url']}/_sandbox/calls")
        run("migrate_back_child.py", url=box["url"], workers=workers, state=state)
        again = fetch(f"{box['url']}/_sandbox/calls")[len(calls) :]
    kore = [call for call in calls if call["system"] == "kore"]
    sent = Counter(call["operation"] for call in kore)
    needed = _needed(kore)
    writes = {"create_case", "create_task", "update_case", "update_task"}
    return {
        "sent": dict(sent),
        "needed": needed,
        "ratio": sum(sent.values()) / sum(needed.values()),
        "casemgr": dict(
            Counter(c["operation"] for c in calls if c["system"] == "casemgr")
        ),
        "again_writes": sum(call["operation"] in writes for call in again),
    }


def _needed(kore: list[dict[str, Any]]) -> dict[str, int]:
    """Count what cannot be left out: each create, one update a record, two listings.

    Kore is listed before the first create, when it is empty, and after the last one.
    """
    needed = Counter(call["operation"] for call in kore)
    for operation in ("update_case", "update_task"):
        updated = {call["path"] for call in kore if call["operation"] == operation}
        needed[operation] = len(updated)
    for listing, create in (("get_cases", "create_case"), ("get_tasks", "create_task")):
        needed[listing] = 1 + ceil(needed[create] / PAGE)
    return dict(needed)
