"""The matrix of readings and faults: what was shown, in which direction.

A test that shows one cell says so through the fixture `cell`; the summary of the run
prints the table, one row for a reading or fault, one column for a direction.
"""

from collections import defaultdict
from collections.abc import Callable

import pytest

from support.chromium import find_chromium

DIRECTIONS = ("kore-to-casemgr", "casemgr-to-kore")
Cell = Callable[[str, str], None]


@pytest.fixture
def cell(record_property: Callable[[str, object], None]) -> Cell:
    """Say which cell of the matrix a test shows: its row and its direction."""

    def say(row: str, direction: str) -> None:
        assert direction in DIRECTIONS
        record_property("cell", f"{direction} {row}")

    return say


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what needs a browser where there is none; the summary says so."""
    if find_chromium() is not None:
        return
    without = [item for item in items if item.get_closest_marker("browser") is not None]
    config.hook.pytest_deselected(items=without)
    items[:] = [item for item in items if item not in without]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the matrix of the cells that this run showed, and what was left out."""
    if find_chromium() is None:
        terminalreporter.section("no Chromium was found")
        terminalreporter.write_line(
            "Tests that look at pages were left out; `apt-get install chromium`, or "
            "set CASEFERRY_CHROMIUM to one."
        )
    found = _cells(terminalreporter)
    if not found:
        return
    terminalreporter.section("readings and faults, by direction")
    width = max(map(len, found))
    terminalreporter.write_line(f"{'':{width}}  {'  '.join(DIRECTIONS)}")
    for row in sorted(found):
        cells = "  ".join(f"{found[row].get(d, ''):{len(d)}}" for d in DIRECTIONS)
        terminalreporter.write_line(f"{row:{width}}  {cells}")
    empty = sum(len(DIRECTIONS) - len(cells) for cells in found.values())
    terminalreporter.write_line(f"{len(found)} rows, {empty} empty cells")


def _cells(terminalreporter: pytest.TerminalReporter) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, ()):
            for name, value in getattr(report, "user_properties", ()):
                if name == "cell":
                    direction, _, row = str(value).partition(" ")
                    word = "pass" if outcome == "passed" else "FAIL"
                    if found[row].get(direction) != "FAIL":
                        found[row][direction] = word
    return found
