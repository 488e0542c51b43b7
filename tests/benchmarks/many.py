"""Plans and syncs of very many records: time, memory, requests."""

import shutil
import tempfile
from collections import Counter
from math import ceil
from pathlib import Path
from typing import Any

from benchmarks import child, large

Row = tuple[str, str, str, str, str]
_EDITED = (
    ("kore", "case", {"desc": "edited {n}"}),
    ("kore", "task", {"priority": "High"}),
    ("casemgr", "case", {"description": "edited {n}"}),
    ("casemgr", "activity", {"priority": "1"}),
)


def measure(records: int, repeats: int) -> list[Row]:
    """Give the rows of syncs and of a plan, on one state."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "large"
        with large.large(folder, cases=400, records=records) as made:
            rows = [*_nothing_changed(made, records, repeats), *_edits(made, records)]
        return rows + _plan(folder, records)


def _nothing_changed(made: large.Large, records: int, repeats: int) -> list[Row]:
    ours, bare = [], []
    for _ in range(repeats + 1):  # the first one compiles what it imports
        calls, reads = len(made.page("calls")), len(made.page("reads"))
        ours.append(made.run("sync", "--yes"))
        sent = Counter(_what(call) for call in made.page("calls")[calls:])
        requests = made.page("reads")[reads:]
        ours[-1] |= {"again_s": made.run("sync", "--yes", again=True)["again_s"]}
        found = child.run("bare_reads_child.py", url=made.url, requests=requests)
        bare.append(found)
        print(f"  {ours[-1]['cpu_s']:.2f} s of CPU, bare {found['cpu_s']:.2f}; in a "
              f"process that runs {ours[-1]['again_s']:.3f}, {found['again_s']:.3f}",
              flush=True)  # fmt: skip
    del sent["casemgr token"]
    what = f"sync, nothing changed in {records:,} linked records"
    told = ", ".join(f"{name} {count}" for name, count in sorted(sent.items()))
    writes = sum(entry["planned"] for entry in _requests(ours[-1]).values())
    return [
        (f"{what}: writes", str(writes), "0", "", "0"),
        (f"{what}: requests (2 departments)", told, "", "", "1 of each"),
        _cpu(
            f"{what}: s of CPU, in a process that runs", ours[1:], bare[1:], "again_s"
        ),
        _cpu(f"{what}: s of CPU, start included", ours[1:], bare[1:], "cpu_s"),
    ]


def _cpu(
    what: str, ours: list[dict[str, Any]], bare: list[dict[str, Any]], name: str
) -> Row:
    own, least = (min(found[name] for found in each) for each in (ours, bare))
    return (what, f"{own:.3f}", f"{least:.3f}", f"{own / least:.1f}", "<= 2")


def _what(call: dict[str, Any]) -> str:
    return f"{call['system']} {call['operation']}"


def _requests(found: dict[str, Any]) -> dict[str, dict[str, int]]:
    requests: dict[str, dict[str, int]] = found["told"]["data"]["requests"]
    return requests


def _edits(made: large.Large, records: int) -> list[Row]:
    for system, entity, changes in _EDITED:
        made.edit(system, entity, changes, 25)
    found = made.run("plan")
    what = f"100 edits among {records:,} linked records"
    return [
        (f"{what}: s, reading and start included", f"{found['wall_s']:.1f}", "", "",
         "<= 3"),
        (f"{what}: peak MB", f"{found['peak_mb']:.0f}", "", "", "<= 200"),
    ]  # fmt: skip


def _plan(folder: Path, records: int) -> list[Row]:
    large.unsettle(folder / "caseferry.db")
    found = child.run("plan_child.py", folder=str(folder))
    shutil.rmtree(folder)
    what = f"plan of {records:,} records already read"
    told = f"{found['plan_s']:.1f} ({found['plan_cpu_s']:.1f} of CPU)"
    return [
        (f"{what}, all new or changed: s", told, "", "", "<= 20"),
        (f"{what}: peak MB", f"{found['peak_mb']:.0f}", "", "", "<= 200"),
        (
            f"{what}: its file ({found['file_mb']:.0f} MB) and page, s",
            f"{found['files_s']:.1f}",
            "",
            "",
            "<= 10",
        ),
    ]


def preconditions(cases: int) -> list[Row]:
    """Compare the requests of `apply` with those of a `migrate` that does the same."""
    sent: list[int] = []
    done: list[dict[str, dict[str, int]]] = []
    for ways in (("migrate --from kore",), ("plan --from kore --out p", "apply p")):
        with (
            tempfile.TemporaryDirectory() as scratch,
            large.served(Path(scratch) / "box", cases=cases) as made,
        ):
            made.edit("kore", "case", {"desc": "edited {n}"}, cases)
            made.edit("kore", "task", {"priority": "High"}, 2 * cases)
            for way in ways:
                before = len(made.page("calls"))
                found = made.run(*way.split(), *([] if "plan" in way else ["--yes"]))
            calls = made.page("calls")[before:]
            sent.append(sum(call["system"] == "casemgr" for call in calls))
            done.append(found["told"]["data"]["actions"])
            print(f"  {ways[-1]}: {sent[-1]} requests, {_counts(done[-1])}", flush=True)
    updates = sum(done[1][entity]["update"] for entity in ("case", "task"))
    extra = sent[1] - sent[0]
    wanted = f"<= {ceil(updates / 75)} for {updates} updates"
    what = "requests to casemgr, apply against migrate"
    return [(what, str(sent[1]), str(sent[0]), f"{extra:+}", wanted)]


def _counts(actions: dict[str, dict[str, int]]) -> str:
    return ", ".join(
        f"{entity} {kind} {count}"
        for entity in ("case", "task")
        for kind, count in actions[entity].items()
        if count
    )
