"""The promise on the way back, under crashes: at every request and every commit."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from caseferry.adapters.sqlite.store import SqliteStore
from support.back import Back
from support.crash import Crash, CrashingTransport

CASES = 4


def crashes(
    scene: Back, path: Path, on_commit: Callable[[str], None] | None = None
) -> bool:
    """Run once with a state of its own connection; tell whether it crashed."""
    store = SqliteStore.open(path, on_commit=on_commit)
    scene.rig.store = store
    try:
        scene.run()
    except Crash:
        return True
    finally:
        store.close()
    return False


def count_points() -> tuple[int, int]:
    """Count the requests and commits of one undisturbed run."""
    scene = Back(cases=CASES)
    commits = 0

    def on_commit(when: str) -> None:
        nonlocal commits
        commits += when == "after"

    with tempfile.TemporaryDirectory() as folder:
        crashes(scene, Path(folder) / "s.db", on_commit)
    return len(scene.box.log), commits


REQUESTS, COMMITS = count_points()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, REQUESTS + 1))
def test_a_crash_at_any_request_leaves_each_record_once(
    at: int, when: str, tmp_path: Path
) -> None:
    """Whatever request the process dies at, the next run ends as if it had not."""
    scene = Back(cases=CASES)
    scene.rig.wrap = lambda inner: CrashingTransport(inner, at, when)

    crashed = crashes(scene, tmp_path / "s.db")
    scene.rig.wrap = lambda inner: inner
    for _ in range(2):
        assert not crashes(scene, tmp_path / "s.db")

    assert crashed
    assert scene.complaints() == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, COMMITS + 1))
def test_a_crash_at_any_commit_leaves_each_record_once(
    at: int, when: str, tmp_path: Path
) -> None:
    """Whatever commit the process dies at, the next run ends as if it had not."""
    scene = Back(cases=CASES)
    seen = 0

    def crash(moment: str) -> None:
        nonlocal seen
        if moment == "before":
            seen += 1
        if seen == at and moment == when:
            raise Crash

    crashed = crashes(scene, tmp_path / "s.db", crash)
    for _ in range(2):
        assert not crashes(scene, tmp_path / "s.db")

    assert crashed
    assert scene.complaints() == []
