"""`plan --out --html` of a state, as the command does it, but for what it would read.

casemgr is answered for from the state, by the thread that asks: what is measured is
planning, not a server. Each customer is found.
"""

import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.child import answer, options, peak_mb
from benchmarks.profiling import profiled
from caseferry.__main__ import spare_collector
from caseferry.adapters.casemgr.system import CasemgrHttp
from caseferry.cli import main as run
from caseferry.cli.course import Course
from caseferry.engine.extract import Extracted
from caseferry.engine.migrate import Migration
from caseferry.model.record import Entity, Key, Record, System
from caseferry.ports import Store

_GUARDS = ("max-changes", "max-reprioritised", "max-reopened", "losses")


class Remembered:
    """Stands for both systems: all was read already."""

    store: Store

    def read(self, migration: Migration) -> None:
        """Take what the state holds as read."""
        context = migration._context
        self.store = context.store
        context.since[System.KORE] = 0
        cases, tasks = (
            self.store.count_records(0, System.KORE, entity) for entity in Entity
        )
        migration.extracted = Extracted(cases=cases, tasks=tasks, complete=True)

    def get(self, _: CasemgrHttp, keys: Sequence[Key]) -> dict[Key, Record]:
        """Give casemgr records as last seen."""
        return self.store.records_of(0, keys)

    def inside(self, _: CasemgrHttp, case: Key, __: str) -> tuple[Record, ...]:
        """Give the activities of a case as last seen."""
        return tuple(
            task for _, tasks in self.store.groups(0, [case]) for task in tasks
        )

    def patches(self) -> contextlib.ExitStack:
        """Put all of it in place."""
        stack = contextlib.ExitStack()
        replaced: dict[str, Callable[..., Any]] = {
            "get_activities": self.get,
            "get_cases": self.get,
            "activities_of": self.inside,
            "find_customers": lambda *_: ("1",),
            "server_time": lambda _: datetime.now(UTC),
        }
        for name, call in replaced.items():
            stack.enter_context(patch.object(CasemgrHttp, name, _method(call)))
        stack.enter_context(patch.object(Migration, "read", _method(self.read)))
        return stack


def _method(call: Callable[..., Any]) -> Callable[..., Any]:
    """Make a plain function, which is handed its object; a bound method is not."""

    def method(*given: object) -> object:
        return call(*given)

    return method


def main() -> None:
    """Plan, then write; tells the time of both and the peak of memory."""
    asked = options()
    os.chdir(asked["folder"])
    os.environ["CASEFERRY__CASEMGR__CONCURRENCY"] = "1"
    spare_collector()
    planned: list[float] = []
    whole = Course.run

    def timed(course: Course) -> Any:
        began, cpu_s = time.perf_counter(), time.process_time()
        try:
            return profiled(lambda: whole(course), asked.get("profile"), "plan")
        finally:
            planned.append(time.perf_counter() - began)
            planned.append(time.process_time() - cpu_s)

    printed = io.StringIO()
    words = ["plan", "--from", "kore", "--out", "p.jsonl", "--html", "p.html"]
    words += [f"--allow={name}" for name in _GUARDS]
    began = time.perf_counter()
    with (
        Remembered().patches(),
        patch.object(Course, "run", timed),
        contextlib.redirect_stdout(printed),
    ):
        code = run([*words, "--json"])
    took_s = time.perf_counter() - began
    if code:
        sys.exit(printed.getvalue())
    plan_s, plan_cpu_s = planned
    answer(
        plan_s=plan_s,
        plan_cpu_s=plan_cpu_s,
        files_s=took_s - plan_s,
        peak_mb=peak_mb(),
        cpu_s=time.process_time(),
        file_mb=Path("p.jsonl").stat().st_size / 1e6,
        html_mb=Path("p.html").stat().st_size / 1e6,
        actions=json.loads(printed.getvalue())["data"]["actions"],
    )


if __name__ == "__main__":
    main()
