"""The promise under crashes: at every request and every commit, each record once."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from caseferry.adapters.sqlite.store import SqliteStore
from caseferry.engine.relink import retry
from caseferry.model.link import HoldKind
from caseferry.sandbox import Fault, Sandbox
from support.crash import Crash, CrashingTransport
from support.judge import complaints
from support.rig import Rig, VirtualClock

CASES = 5
SEED = 11


def a_box(clock: VirtualClock, **readings: str | float) -> Sandbox:
    named = {name.replace("__", "."): value for name, value in readings.items()}
    box = Sandbox(seed=SEED, readings=named, clock=clock.sandbox_now)
    box.fill("kore", cases=CASES)
    return box


def run_until_crash(
    rig: Rig, path: Path, crash: Callable[[str], None] | None = None
) -> bool:
    """Run once with a state of its own connection; tell whether it crashed."""
    store = SqliteStore.open(path, on_commit=crash)
    rig.store = store
    try:
        rig.migrate()
    except Crash:
        return True
    finally:
        store.close()
    return False


def run_to_the_end(rig: Rig, path: Path) -> None:
    rig.wrap = lambda inner: inner
    for _ in range(2):
        assert not run_until_crash(rig, path)


def count_points() -> tuple[int, int]:
    """Count the requests and commits of one undisturbed run."""
    clock = VirtualClock()
    rig = Rig(box=a_box(clock), clock=clock)
    commits = 0

    def on_commit(when: str) -> None:
        nonlocal commits
        commits += when == "after"

    with tempfile.TemporaryDirectory() as folder:
        run_until_crash(rig, Path(folder) / "s.db", on_commit)
    return len(rig.box.log), commits


REQUESTS, COMMITS = count_points()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, REQUESTS + 1))
def test_a_crash_at_any_request_leaves_each_record_once(
    at: int, when: str, tmp_path: Path
) -> None:
    """Whatever request the process dies at, the next run ends as if it had not."""
    clock = VirtualClock()
    rig = Rig(box=a_box(clock), clock=clock)
    rig.wrap = lambda inner: CrashingTransport(inner, at, when)

    crashed = run_until_crash(rig, tmp_path / "s.db")
    run_to_the_end(rig, tmp_path / "s.db")

    assert crashed
    assert complaints(rig.box) == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, COMMITS + 1))
def test_a_crash_at_any_commit_leaves_each_record_once(
    at: int, when: str, tmp_path: Path
) -> None:
    """Whatever commit the process dies at, the next run ends as if it had not."""
    clock = VirtualClock()
    rig = Rig(box=a_box(clock), clock=clock)
    seen = 0

    def crash(moment: str) -> None:
        nonlocal seen
        if moment == "before":
            seen += 1
        if seen == at and moment == when:
            raise Crash

    crashed = run_until_crash(rig, tmp_path / "s.db", crash)
    run_to_the_end(rig, tmp_path / "s.db")

    assert crashed
    assert complaints(rig.box) == []


def say_that_uncertain_writes_had_no_effect(path: Path) -> bool:
    """Do what a person does who looked for them in casemgr and found none."""
    with SqliteStore.open(path) as store:
        holds = store.holds().values()
        uncertain = [hold for hold in holds if hold.kind is HoldKind.UNCERTAIN]
        return retry(store, 1, uncertain) > 0


WRITES = (
    "create_task",
    "edit_case",
    "complete_activities",
)
LOST = ("lost_reply", "late_effect", "error_after", "error_before", "reset_after")


@pytest.mark.parametrize("lag", [0, 20])
@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("after", [0, 1, 4])
def test_a_lost_reply_is_settled_and_never_repeated_blindly(
    operation: str, kind: str, after: int, lag: int, tmp_path: Path
) -> None:
    """A write whose reply is lost, early or late, takes effect exactly once."""
    clock = VirtualClock()
    box = a_box(clock, casemgr__search_lag_s=lag)
    fault = Fault(
        system="casemgr",
        operation=operation,
        kind=kind,
        after=after,
        times=2,
        delay_s=45.0,
    )
    box.faults.add(fault)
    rig = Rig(box=box, clock=clock)

    run_to_the_end(rig, tmp_path / "s.db")
    clock.sleep(3600)
    box.settle()
    doubles = complaints(box, whole=False)
    if say_that_uncertain_writes_had_no_effect(tmp_path / "s.db"):
        run_to_the_end(rig, tmp_path / "s.db")

    assert doubles == []
    assert complaints(box) == []
