"""One migration against a sandbox, phase by phase; `profile` writes cProfile data."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.child import Stopwatch, answer, options, peak_mb
from benchmarks.profiling import profiled
from benchmarks.setup import context_of
from caseferry.__main__ import spare_collector
from caseferry.adapters.casemgr.system import CasemgrHttp
from caseferry.adapters.sqlite import SqliteStore
from caseferry.engine.migrate import Migration, Options
from caseferry.engine.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable

WRITES = {
    "create",
    "edit_activity",
    "edit_case",
    "complete",
    "close",
    "activity_note",
    "case_note",
}


def main() -> None:
    """Migrate; hand over the figures of each phase."""
    spare_collector()
    asked = options()
    with (
        tempfile.TemporaryDirectory() as scratch,
        SqliteStore.open(asked.get("state") or Path(scratch) / "state.db") as store,
        Workers(asked["workers"]) as workers,
    ):
        context = context_of(asked["url"], store, workers)
        casemgr = context.casemgr
        assert isinstance(casemgr, CasemgrHttp)
        migration = Migration(context, Options())
        phases = {}
        commits, writes = store.commits, 0
        steps: tuple[tuple[str, Callable[[], object]], ...] = (
            ("read", migration.read),
            ("plan", migration.plan),
            ("carry", migration.carry_out),
        )
        for name, step in steps:
            commits, requests = store.commits, casemgr.counter.sent
            writes = _writes(casemgr)
            with Stopwatch(asked["url"]) as watch:
                profiled(step, asked.get("profile"), name)
            phases[name] = {
                "wall_s": watch.wall_s,
                "cpu_s": watch.cpu_s,
                "server_s": watch.server_s,
                "commits": store.commits - commits,
                "requests": casemgr.counter.sent - requests,
                "writes": _writes(casemgr) - writes,
                "peak_mb": peak_mb(),
            }
    answer(phases=phases, peak_mb=peak_mb())


def _writes(casemgr: CasemgrHttp) -> int:
    counts = casemgr.counter.by_operation()
    return sum(entry["sent"] for name, entry in counts.items() if name in WRITES)


if __name__ == "__main__":
    main()
