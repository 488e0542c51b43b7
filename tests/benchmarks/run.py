"""Runs the benchmarks and prints a table; asserts nothing.

    python -m tests.benchmarks                 everything, about 18 minutes
    python -m tests.benchmarks --quick         smaller numbers, about 4 minutes
    python -m tests.benchmarks writes reads    some of: requests back writes reads
                                               memory pages plans

dlt is compared with when this Python, or the one CASEFERRY_BENCH_DLT names, has it:

    python3 -m venv dlt-env && dlt-env/bin/pip install 'dlt[sqlalchemy]'
    export CASEFERRY_BENCH_DLT=dlt-env/bin/python

What is compared runs in turn, and the median of each is shown: other work on the
machine then bends both alike. Believe ratios, not rates, on a shared machine.
"""

import argparse
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import child, counts, many
from benchmarks import pages as report_pages
from benchmarks.counts_back import measure_back

NESTED_OBJECTS: tuple[str, ...] = ()  # as JSON columns in dlt: measured, not faster
_INSTALL = (
    "python3 -m venv dlt-env && dlt-env/bin/pip install 'dlt[sqlalchemy]'"
    " && export CASEFERRY_BENCH_DLT=dlt-env/bin/python"
)
Row = tuple[str, str, str, str, str]
Figures = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured."""

    count_cases: int = 2000
    write_cases: int = 1000
    repeats: int = 3
    records: int = 50_000
    few: int = 2000
    many: int = 20_000
    linked: int = 100_000


QUICK = Size(
    count_cases=300,
    write_cases=300,
    repeats=1,
    records=10_000,
    few=300,
    many=1500,
    linked=10_000,
)


def requests(size: Size) -> list[Row]:
    """Count requests in clear weather, and those of a second run."""
    found = counts.measure(size.count_cases, 8)
    sent, needed = found["sent"], found["needed"]
    for name in sorted(sent.keys() | needed.keys()):
        print(f"  {name:20} {sent.get(name, 0):6} sent {needed.get(name, 0):6} needed")
    print(f"  how often each record was read: {found['rows_read']}")
    total, least = sum(sent.values()), sum(needed.values())
    name = f"requests to casemgr, {size.count_cases} cases"
    return [
        (name, str(total), str(least), f"{found['ratio']:.3f}", "<= 1.05"),
        ("listings of Kore, in pages", _pairs(found["kore"]), "", "", "one of each"),
        (
            "second run, nothing new: writes",
            str(found["again_writes"]),
            "0",
            "",
            f"0 (requests: {found['again_requests']})",
        ),
    ]


def back(size: Size) -> list[Row]:
    """Count the requests of the way back, and the writes of a second run."""
    found = measure_back(size.count_cases, 4)
    sent, needed = found["sent"], found["needed"]
    for name in sorted(sent):
        print(f"  {name:20} {sent[name]:6} sent {needed.get(name, 0):6} needed")
    total, least = sum(sent.values()), sum(needed.values())
    name = f"requests to Kore, {size.count_cases} cases from casemgr"
    return [
        (name, str(total), str(least), f"{found['ratio']:.3f}", "<= 1.05"),
        ("requests to casemgr, reading", _pairs(found["casemgr"]), "", "", ""),
        ("second run back: writes", str(found["again_writes"]), "0", "", "0"),
    ]


def writes(size: Size) -> list[Row]:
    """Compare the carry-out phase with a bare loop, with and without latency."""
    rows = []
    with child.serving("sandbox_child.py", cases=size.write_cases, record=True) as box:
        child.run("migrate_child.py", url=box["url"], workers=8)
        for latency_s, wanted in ((0.02, ">= 0.8"), (0.0, ">= 0.6")):
            for workers in (8, 16):
                pairs = [
                    _write_pair(size, box["url"], latency_s, workers)
                    for _ in range(size.repeats)
                ]
                rows += _write_rows(pairs, latency_s, workers, wanted)
    return rows


def _write_pair(
    size: Size, recorded: str, latency_s: float, workers: int
) -> tuple[Figures, Figures]:
    def on_fresh_sandbox(script: str, **more: str) -> Figures:
        with child.serving(
            "sandbox_child.py", cases=size.write_cases, latency_s=latency_s
        ) as box:
            return child.run(script, url=box["url"], workers=workers, **more)

    ours = on_fresh_sandbox("migrate_child.py")["phases"]["carry"]
    bare = on_fresh_sandbox("bare_writes_child.py", recorded=recorded)
    for name, found in (("caseferry", ours), ("bare loop", bare)):
        print(
            f"  {latency_s * 1000:.0f} ms, {workers} in flight, {name}: "
            f"{found['writes'] / found['wall_s']:.0f} writes/s, "
            f"{found['cpu_s'] / found['writes'] * 1000:.2f} ms CPU a write, "
            f"server {found['server_s'] / found['wall_s']:.0%} of a core, "
            f"refused {found.get('refused', '-')}, "
            f"commits {found.get('commits', '-')}",
            flush=True,
        )
    return ours, bare


def _write_rows(
    pairs: list[tuple[Figures, Figures]], latency_s: float, workers: int, wanted: str
) -> list[Row]:
    ours, bare = (
        [p["writes"] / p["wall_s"] for p in column]
        for column in zip(*pairs, strict=True)
    )
    ratio = statistics.median(a / b for a, b in zip(ours, bare, strict=True))
    cpu = statistics.median(
        (a["cpu_s"] / a["writes"]) / (b["cpu_s"] / b["writes"]) for a, b in pairs
    )
    share = max(a["server_s"] / a["wall_s"] for a, _ in pairs)
    what = f"writes/s, {latency_s * 1000:.0f} ms latency, {workers} in flight"
    return [
        (
            f"{what} (sandbox {share:.0%} of a core)",
            f"{statistics.median(ours):.0f}",
            f"{statistics.median(bare):.0f}",
            f"{ratio:.2f}",
            wanted,
        ),
        (f"{what}: CPU per write, times the bare loop", "", "", f"{cpu:.2f}", ""),
    ]


def reads(size: Size) -> list[Row]:
    """Compare reading a listing with dlt and with a bare loop."""
    python = _python_with_dlt()
    if python is None:
        print(f"  dlt is not installed; {_INSTALL}")
    found: dict[str, list[Figures]] = {"caseferry": [], "bare": [], "dlt": []}
    with child.serving("page_server.py", records=size.records) as server:
        url = server["url"]
        for turn in range(size.repeats):
            for reader in ("caseferry", "bare"):
                figures = child.run("read_child.py", url=url, reader=reader, page=100)
                found[reader].append(figures)
                _tell_read(reader, figures)
            if python is not None and turn == 0:
                figures = child.run(
                    "dlt_child.py", python, url=url, page=1000, json=NESTED_OBJECTS
                )
                found["dlt"].append(figures)
                _tell_read("dlt", figures)
    rate = {name: _rate(figures) for name, figures in found.items() if figures}
    peak = max(f["peak_mb"] for f in found["caseferry"])
    ours, bare = rate["caseferry"], rate["bare"]
    what = f"records/s, {size.records} read"
    rival: Row = (f"{what}, against dlt", f"{ours:.0f}", "not installed", "", ">= 3")
    if "dlt" in rate:
        name = f"{rate['dlt']:.0f} (dlt {found['dlt'][0]['version']})"
        ratio = f"{ours / rate['dlt']:.1f}"
        rival = (f"{what}, against dlt", f"{ours:.0f}", name, ratio, ">= 3")
    ratios = [
        b["wall_s"] / a["wall_s"]
        for a, b in zip(found["caseferry"], found["bare"], strict=True)
    ]
    middle = f"{statistics.median(ratios):.2f}"
    rows = [
        rival,
        (f"{what}, against bare", f"{ours:.0f}", f"{bare:.0f}", middle, ">= 0.6"),
        ("peak memory of reading, MB", f"{peak:.0f}", "", "", "<= 80"),
    ]
    if "dlt" in rate:
        rows.append(("peak memory of dlt, MB", "", _peak(found["dlt"]), "", ""))
    return rows


def _tell_read(reader: str, found: Figures) -> None:
    share = found.get("server_s", 0.0) / found["wall_s"]
    server = f", server {share:.0%} of a core" if share else ""
    print(
        f"  {reader}: {found['records'] / found['wall_s']:.0f} records/s, "
        f"{found['cpu_s'] / found['records'] * 1e6:.0f} us CPU each, "
        f"{found['peak_mb']:.0f} MB{server}",
        flush=True,
    )


def memory(size: Size) -> list[Row]:
    """Compare the peak of a large migration with that of a small one."""
    peaks = {}
    for cases in (size.few, size.many):
        with child.serving("sandbox_child.py", cases=cases) as box:
            found = child.run("migrate_child.py", url=box["url"], workers=8)
        peaks[cases] = found["peak_mb"]
        by_phase = {n: round(p["peak_mb"]) for n, p in found["phases"].items()}
        print(f"  {cases} cases: {by_phase}", flush=True)
    few, many = peaks[size.few], peaks[size.many]
    what = f"peak memory of migrate, MB: {size.many} cases against {size.few}"
    return [(what, f"{many:.0f}", f"{few:.0f}", f"{many / few:.2f}", "<= 1.2")]


def pages(_: Size) -> list[Row]:
    """Measure the page of a plan of 20,000 actions with texts of 1.5 KB."""
    found = report_pages.measure()
    what = "page of 20,000 actions of 1.5 KB"
    rows: list[Row] = [
        (f"{what}, MB", f"{found['mb']:.1f}", "", "", "<= 20"),
        (f"{what}, made in s", f"{found['made_s']:.1f}", "", "", ""),
        (
            "page of 100,000: s, MB, peak MB",
            ", ".join(f"{found[f'many_{x}']:.1f}" for x in ("s", "mb", "peak_mb")),
            "",
            "",
            "<= 10 s",
        ),
    ]
    if "ready_s" in found:
        rows += [
            (f"{what}, usable after s", f"{found['ready_s']:.2f}", "", "", "<= 2"),
            (
                f"{what}, a search: s, longest task ms",
                f"{found['searched_s']:.2f}, {found['longest_ms']:.0f}",
                "",
                "",
                "no freezing",
            ),
        ]
    return rows


def plans(size: Size) -> list[Row]:
    """Measure plans and syncs of very many records, and what `apply` asks."""
    large = many.measure(size.linked, size.repeats)
    return large + many.preconditions(size.write_cases // 5)


PARTS: dict[str, Callable[[Size], list[Row]]] = {
    "requests": requests,
    "back": back,
    "writes": writes,
    "reads": reads,
    "memory": memory,
    "pages": pages,
    "plans": plans,
}


def main() -> None:
    """Run what was asked for, then print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--quick", action="store_true", help="smaller numbers")
    asked = parser.parse_args()
    rows: list[Row] = []
    for part in asked.parts or PARTS:
        print(f"{part}:", flush=True)
        rows += PARTS[part](QUICK if asked.quick else Size())
    print(f"\n{machine()}\n")
    print("| What | caseferry | yardstick | ratio | wanted |")
    print("|---|--:|--:|--:|--:|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def machine() -> str:
    """Say what this was measured on."""
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {_memory_gb():.0f} GB, "
        f"{platform.system()}, Python {platform.python_version()}, load {load:.1f}; "
        f"one durable commit takes {_commit_ms():.1f} ms."
    )


def _memory_gb() -> float:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1024.0**3


def _commit_ms() -> float:
    with tempfile.TemporaryDirectory() as scratch:
        db = sqlite3.connect(Path(scratch) / "probe.db", isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("CREATE TABLE t (a TEXT)")
        before = time.perf_counter()
        for _ in range(100):
            db.execute("INSERT INTO t VALUES ('x')")
        taken = time.perf_counter() - before
        db.close()
    return taken * 10


def _python_with_dlt() -> str | None:
    for python in (os.environ.get("CASEFERRY_BENCH_DLT") or None, sys.executable):
        if python is None:
            continue
        done = subprocess.run(
            [python, "-c", "import dlt, sqlalchemy"], capture_output=True, check=False
        )
        if done.returncode == 0:
            return python
    return None


def _rate(figures: list[Figures]) -> float:
    return statistics.median(float(f["records"] / f["wall_s"]) for f in figures)


def _peak(figures: list[Figures]) -> str:
    return f"{max(f['peak_mb'] for f in figures):.0f}"


def _pairs(found: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(found.items()))


if __name__ == "__main__":
    main()
