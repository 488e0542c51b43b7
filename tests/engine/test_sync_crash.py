"""Two-way runs and plans under crashes: each record once, whatever request was last."""

import pytest

from support.both import Both
from support.both_plans import busy, carry_out, rest, two_way_plan
from support.crash import Crash, CrashingTransport

ASIDE = {"moved-since", "not-in-plan", "plan-differs"}
POINTS = 46


def doubles(scene: Both) -> list[str]:
    """Name the cases and activities that are there more than once, on either side."""
    kore, casemgr = scene.box.kore, scene.box.casemgr
    shelves = [
        [each.name for each in kore.cases.values()],
        [each.name for each in kore.tasks.values()],
        [each.subject for each in casemgr.cases.values()],
        [each.subject for each in casemgr.activities.values()],
    ]
    return [
        str(name)
        for names in shelves
        for name in sorted(set(names))
        if names.count(name) > 1
    ]


def aside(scene: Both) -> dict[str, str]:
    holds = scene.rig.store.holds()
    return {key: hold.code for key, hold in holds.items() if hold.code in ASIDE}


def crashes(scene: Both, at: int, file: bytes | None = None) -> bool:
    """Sync, or carry a plan out, and die before the n-th request; tell if it did."""
    scene.rig.wrap = lambda inner: CrashingTransport(inner, at, "before")
    try:
        scene.sync() if file is None else carry_out(scene, file)
    except Crash:
        return True
    finally:
        scene.rig.wrap = lambda inner: inner
        rest(scene)
    return False


@pytest.mark.parametrize("at", range(1, POINTS))
def test_a_sync_that_was_killed_leaves_each_record_once(at: int) -> None:
    """The next one goes on; what was half made on one side is not new on the other."""
    scene = busy()

    assert crashes(scene, at)
    scene.sync()

    assert doubles(scene) == []
    for _ in range(2):  # what one side keeps of the other's own words comes last
        scene.later()
    assert scene.at_rest()


def test_a_two_way_plan_is_carried_out_whole() -> None:
    """Nothing moved: what one direction writes is no drift to the other one."""
    scene = busy()
    file = two_way_plan(scene)

    rest(scene)
    carry_out(scene, file)
    before = scene.writes()
    carry_out(scene, file)

    assert scene.writes() == before
    assert aside(scene) == {}
    assert doubles(scene) == []


@pytest.mark.parametrize("at", range(2, POINTS, 2))
def test_a_two_way_plan_goes_on_after_it_was_killed(at: int) -> None:
    """Called again it does the rest; a third time it finds nothing to do."""
    scene = busy()
    file = two_way_plan(scene)

    assert crashes(scene, at, file)
    carry_out(scene, file)
    before = scene.writes()
    carry_out(scene, file)

    assert scene.writes() == before
    assert aside(scene) == {}
    assert doubles(scene) == []
    scene.later()
    assert scene.at_rest()


def test_what_an_agent_opened_is_made_and_waits_for_nothing() -> None:
    """What its creation shows only later is counted once it was seen."""
    scene = Both(cases=2)
    scene.run()
    scene.later()
    scene.agent_task(scene.agent_case("Agent"), "Agent task", priority="2")

    tally = scene.later()

    assert tally.total("waiting") == 0
    assert tally.total("create") == 2
