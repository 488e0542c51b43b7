"""Undos under crashes: at every request and every commit, and after a run's crash."""

from collections.abc import Callable

import httpx
import pytest

from caseferry.adapters.memory_store import MemoryStore
from support.back import Back
from support.crash import Crash, CrashingTransport
from support.scene import Scene
from support.taken_back import (
    both_ways,
    codes,
    everything,
    not_taken_back,
    ours,
    still_active,
    undone,
)

JANE = {"name": "Jane", "emailId": "jane@shop.example"}
RUN = 2


def a_scene() -> Back:
    """Run 2 wrote to both systems: it made, overwrote, closed and completed."""
    back = Back(cases=0)
    human = back.box.human
    case = back.case("From casemgr", severity="low")
    back.task(case, "Call")
    own = human.create(
        "kore", "case", name="From Kore", template="Service", user=JANE, priority="Low"
    )
    task = human.create("kore", "task", case_id=own, name="Send")
    both_ways(back.rig)
    human.edit("casemgr", "case", case, severity="urgent")
    human.edit("kore", "case", own, priority="Critical")
    human.edit("kore", "task", task, priority="Critical")
    back.task(case, "Ask")
    human.create("kore", "task", case_id=own, name="Pack")
    closed = back.case("Another")
    human.complete(back.task(closed, "Done"))
    fresh = human.create("kore", "case", name="New", template="Service", user=JANE)
    human.create("kore", "task", case_id=fresh, name="Look")
    back.clock.sleep(3600)
    both_ways(back.rig)
    return back


def undisturbed() -> tuple[dict[str, tuple[object, ...]], int, int]:
    """Give what an undo leaves that nothing disturbs, its requests and commits."""
    back = a_scene()
    begun, commits = len(back.box.log), back.rig.store.commits
    before = everything(back.box)
    undone(back.rig, RUN)
    after = everything(back.box)
    assert before != after
    return after, len(back.box.log) - begun, back.rig.store.commits - commits


AFTER, REQUESTS, COMMITS = undisturbed()


def crashes(act: Callable[[], object]) -> bool:
    try:
        act()
    except Crash:
        return True
    return False


@pytest.mark.parametrize("at", range(1, REQUESTS + 1))
def test_a_crash_at_any_request_changes_nothing_about_the_end(at: int) -> None:
    """Called again, an undo goes on: what is there then is as if it had not died."""
    back = a_scene()
    back.rig.wrap = lambda inner: CrashingTransport(inner, at, "after")

    crashed = crashes(lambda: undone(back.rig, RUN))
    back.rig.wrap = lambda inner: inner
    result = undone(back.rig, RUN)

    assert crashed
    assert "not-seen" not in codes(result)
    assert everything(back.box) == AFTER


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, COMMITS + 1))
def test_a_crash_at_any_commit_changes_nothing_about_the_end(
    at: int, when: str
) -> None:
    """Between an intent and its request, and between a reply and its receipt."""
    back = a_scene()
    crash_at(back.rig.store, at, when)

    crashed = crashes(lambda: undone(back.rig, RUN))
    back.rig.store.on_commit = None
    undone(back.rig, RUN)

    assert crashed
    assert everything(back.box) == AFTER


def crash_at(store: MemoryStore, at: int, when: str) -> None:
    """Let the process die around a commit, counted from here."""
    seen = 0

    def on_commit(moment: str) -> None:
        nonlocal seen
        seen += moment == "before"
        if seen == at and moment == when:
            raise Crash

    store.on_commit = on_commit


# runs that died ---------------------------------------------------------------------


def a_forward_scene() -> Scene:
    scene = Scene()
    scene.task(scene.case("One"), "Call")
    scene.task(scene.case("Two"), "Send")
    return scene


def a_backward_scene() -> Back:
    back = Back(cases=0)
    back.task(back.case("One"), "Call")
    back.task(back.case("Two"), "Send")
    return back


def length(scene: Scene | Back) -> int:
    scene.run()
    return len(scene.box.log)


@pytest.mark.parametrize("at", range(1, length(a_forward_scene()) + 1))
def test_a_run_into_casemgr_that_died_is_taken_back(at: int) -> None:
    """What it made without learning so is found by its key and ends like the rest."""
    scene = a_forward_scene()
    scene.rig.wrap = lambda inner: CrashingTransport(inner, at, "after")
    assert crashes(scene.run)
    scene.rig.wrap = lambda inner: inner

    undone(scene.rig, 1)

    assert not_taken_back(scene.box, 1) == []
    assert scene.rig.store.open_intents() == []


@pytest.mark.parametrize("at", range(1, length(a_backward_scene()) + 1))
def test_a_run_into_kore_that_died_is_taken_back(at: int) -> None:
    """The listing shows what it made."""
    back = a_backward_scene()
    back.rig.wrap = lambda inner: CrashingTransport(inner, at, "after")
    assert crashes(back.run)
    back.rig.wrap = lambda inner: inner

    undone(back.rig, 1)

    assert still_active(back.box) == []


class DyingAt(httpx.BaseTransport):
    """Dies before the first request of an operation, or after it."""

    def __init__(self, inner: httpx.BaseTransport, path: str, *, after: bool) -> None:
        self.inner, self.path, self.after = inner, path, after

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        fits = self.path in request.url.path
        if fits and not self.after:
            raise Crash
        response = self.inner.handle_request(request)
        if fits:
            raise Crash
        return response


@pytest.mark.parametrize("after", [False, True])
def test_a_create_that_never_left_for_casemgr_is_settled(*, after: bool) -> None:
    """After the bound it is found, or told to be absent; nothing stays in doubt."""
    scene = a_forward_scene()
    scene.run()
    older = {activity.id: activity.status for activity in ours(scene.box)}
    scene.task(scene.case("Three"), "Ask")
    scene.clock.sleep(3600)
    scene.rig.wrap = lambda inner: DyingAt(inner, "/activity/task", after=after)
    assert crashes(scene.run)
    scene.rig.wrap = lambda inner: inner

    result = undone(scene.rig, 2)

    assert (result.held, scene.rig.store.open_intents()) == (0, [])
    fresh = [a for a in ours(scene.box) if a.id not in older]
    assert [a.status for a in fresh] == ["completed"] * after
    assert {a.id: a.status for a in ours(scene.box) if a.id in older} == older


@pytest.mark.parametrize("after", [False, True])
def test_a_create_that_never_left_for_kore_is_settled(*, after: bool) -> None:
    """A listing after the bound tells, since it shows others with their keys."""
    back = a_backward_scene()
    back.run()
    older = still_active(back.box)
    back.task(back.case("Three"), "Ask")
    back.clock.sleep(3600)
    back.rig.wrap = lambda inner: DyingAt(inner, "/createCase", after=after)
    assert crashes(back.run)
    back.rig.wrap = lambda inner: inner

    result = undone(back.rig, 2)

    assert (result.held, back.rig.store.open_intents()) == (0, [])
    assert still_active(back.box) == older
