"""The page of a large plan: its size, and how soon a browser can use it."""

import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from caseferry.planfile.shape import ActionLine
from caseferry.report.pages.plan_page import MOST, plan_page
from report.builders import Drawn, drawn, header_of
from report.window import chromium, opened
from support.chromium import find_chromium

LARGE = 100_000
_WATCH = """
    window.longest = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries())
            window.longest = Math.max(window.longest, entry.duration);
    }).observe({ type: "longtask", buffered: true });
"""


def measure(actions: int = MOST, size: int = 1_500) -> dict[str, Any]:
    """Give figures of a page of so many actions, with texts of so many characters."""
    plan = drawn(actions, seed=1, size=size)
    began = time.perf_counter()
    page = "".join(plan_page(plan.header, plan.lines, file_name="p.jsonl"))
    made_s = time.perf_counter() - began
    found: dict[str, Any] = {"mb": len(page.encode(errors="replace")) / 1e6}
    found |= {"made_s": made_s} | _many(plan)
    if find_chromium() is not None:
        found |= _used(page)
    return found


def _many(plan: Drawn) -> dict[str, float]:
    """Give the time and the peak of a page of 100,000 actions, made piece by piece."""
    times = -(-LARGE // len(plan.lines))
    header = header_of(plan.lines)
    more = {"lines": len(plan.lines) * times}

    def lines() -> Iterator[ActionLine]:
        for _ in range(times):
            yield from plan.lines

    pieces = plan_page(header.model_copy(update=more), lines(), file_name="p.jsonl")
    began = time.perf_counter()
    size = sum(map(len, pieces))
    took_s = time.perf_counter() - began
    tracemalloc.start()
    pieces = plan_page(header.model_copy(update=more), lines(), file_name="p.jsonl")
    assert sum(map(len, pieces)) == size
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {"many_s": took_s, "many_mb": size / 1e6, "many_peak_mb": peak / 1e6}


def _used(page: str) -> dict[str, float]:
    with chromium() as browser, tempfile.TemporaryDirectory() as folder:
        window = opened(browser, Path(folder), [page])
        ready_ms = float(
            window.run("performance.getEntriesByName('ready')[0].startTime")
        )
        window.run(_WATCH)
        began = time.perf_counter()
        window.search("nothing is like this")
        searched_s = time.perf_counter() - began
        window.show_all()
        return {
            "ready_s": ready_ms / 1_000,
            "searched_s": searched_s,
            "longest_ms": float(window.run("window.longest")),
        }
