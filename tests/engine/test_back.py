"""casemgr to Kore: every case and task once, then rest."""

from collections import Counter

import pytest

from caseferry.sandbox import TENANT
from support.back import Back
from support.rig import default_mapper


def test_everything_arrives_once_and_then_rests() -> None:
    """A first run carries all; a second one writes nothing; the proof agrees."""
    scene = Back(cases=12)

    tally = scene.run()

    assert tally.total("create") > 10
    assert tally.losses == scene.planned.tally.losses
    assert scene.complaints() == []
    assert scene.rests()
    found = scene.verify()
    assert found.balances
    assert not found.differences


def test_a_lost_state_creates_nothing() -> None:
    """The markers in Kore say what belongs together."""
    scene = Back(cases=8)
    scene.run()
    made = len(scene.box.kore.cases), len(scene.box.kore.tasks)
    scene.rig.store = type(scene.rig.store)()

    scene.again()

    assert (len(scene.box.kore.cases), len(scene.box.kore.tasks)) == made
    assert scene.complaints() == []
    assert scene.rests()


@pytest.mark.parametrize("kind", ["lost_reply", "late_effect", "error_after"])
@pytest.mark.parametrize("operation", ["create_case", "create_task", "update_case"])
@pytest.mark.parametrize("after", [0, 3])
def test_a_lost_reply_is_settled(kind: str, operation: str, after: int) -> None:
    """What the reply did not say is found by its marker, and never made twice."""
    scene = Back(cases=8)
    scene.fault(kind, operation, after=after)

    scene.run()

    assert scene.complaints() == []
    assert scene.rests()


@pytest.mark.parametrize(("policy", "more"), [("report", 2), ("adopt", 1)])
def test_tasks_of_a_template_are_left_or_joined(policy: str, more: int) -> None:
    """A task that the template made under the same name is not made again."""
    scene = Back(cases=0, readings={"kore.template_spawns_tasks": 2})
    spawned = f'spawned_tasks = "{policy}"'
    scene.rig.mapper = default_mapper(
        lambda text: text.replace('spawned_tasks = "report"', spawned)
    )
    case = scene.case("Call the customer back")
    names = [f"{each.name} (template)" for each in TENANT.TASK_TEMPLATES[:2]]
    for name in names:
        scene.task(case, name)

    for _ in range(2):
        scene.again()

    made = Counter(task.name for task in scene.box.kore.tasks.values())
    assert max(made.values()) == more
    assert made.keys() == set(names)
    assert scene.complaints() == []
    assert scene.rests()
