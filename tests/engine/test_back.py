"""casemgr to Kore: every case and task once, then rest."""

from collections import Counter

import pytest

from caseferry.model.correlation import Role
from caseferry.model.link import Intent, WriteKind
from caseferry.model.record import case_key
from caseferry.sandbox import TENANT
from support.back import Back
from support.rig import default_mapper


def test_a_create_in_doubt_is_left_to_runs_of_its_own_way() -> None:
    """A run into casemgr neither looks for it there nor says that it is absent."""
    back = Back(cases=0)
    store = back.rig.store
    intent = Intent(
        kind=WriteKind.CREATE,
        role=Role.CASE,
        kore=case_key("1000"),
        casemgr=None,
        correlation=f"cf1.{back.rig.settings.pair.mark}.c.1000.0",
        payload_print="",
        department="",
        fields=(),
        at="2026-03-02T09:00:00.000Z",
    )
    store.save_intents(store.begin_run("migrate", "t", {}), [intent])

    back.rig.migrate()

    assert [each.kore for each in store.open_intents()] == [intent.kore]


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
