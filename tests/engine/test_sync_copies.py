"""A record of ours that somebody copied, key and all: held until that is mended."""

from collections.abc import Callable

import pytest

from caseferry.engine.changes import ReadPlan
from caseferry.model.record import System, activity_key, case_key, kore_key
from support.both import Both


def copied_task() -> tuple[Both, str, str, str]:
    """Give a scene, an activity, its Kore task and a copy of that.

    It was copied in the hour in which an agent edited the activity.
    """
    both = Both()
    case = both.agent_case("Printer burns")
    activity = both.agent_task(case, "Call back", text="at noon")
    both.sync()
    both.later()
    (task,) = both.box.kore.tasks.values()
    copy = both.task(task.case_id, "Call back (2)", desc=task.desc, tags=task.tags)
    both.edit(f"activity:{activity}", priority="1")
    both.later()
    return both, activity, task.id, copy


def deactivate(both: Both, copy: str) -> None:
    both.edit(copy, is_active=False)


def delete(both: Both, copy: str) -> None:
    both.box.kore.store.task_shelf.remove(copy)
    both.reading = ReadPlan(full=frozenset(System))


def reword(both: Both, copy: str) -> None:
    both.edit(copy, desc="mine", tags=())


def test_an_edit_waits_as_long_as_the_copy_is_there() -> None:
    both, activity, task, copy = copied_task()
    before = both.kore(task).priority

    for _ in range(3):
        both.later()

    assert both.kore(task).priority == before
    holds = {key: hold.code for key, hold in both.holds.items()}
    assert holds == {activity_key(activity): "twice", kore_key(copy): "stranger"}
    assert both.at_rest()


@pytest.mark.parametrize("mend", [deactivate, delete, reword])
def test_an_edit_flows_once_the_copy_is_gone(mend: Callable[[Both, str], None]) -> None:
    both, _, task, copy = copied_task()
    both.later()

    mend(both, copy)
    both.later()

    assert both.kore(task).priority == "Critical"
    assert both.holds == {}
    assert both.at_rest()


def test_an_edit_flows_once_the_copy_is_completed() -> None:
    both, _, task, copy = copied_task()

    both.edit(copy, status="Closed")
    both.later()

    assert both.kore(task).priority == "Critical"
    assert {hold.code for hold in both.holds.values()} == {"stranger"}
    assert both.at_rest()


def test_an_edit_of_a_case_flows_once_its_copy_is_gone() -> None:
    both = Both()
    case = both.agent_case("Printer burns", description="badly")
    both.sync()
    both.later()
    (made,) = both.box.kore.cases.values()
    copy = both.case("Printer burns (2)", desc=made.desc, tags=made.tags)
    both.edit(f"case:{case}", subject="Printer smokes")
    both.later()
    both.later()
    assert both.holds[case_key(case)].code == "twice"

    both.edit(copy, is_active=False)
    both.later()

    assert both.kore(made.id).name == "Printer smokes"
    assert both.holds == {}
    assert both.at_rest()


def test_a_copy_in_casemgr_is_listed_in_every_run() -> None:
    both = Both()
    case = both.case()
    task = both.task(case)
    both.sync()
    made = both.of(task)
    copy = both.agent_task(made.case_id, "By hand", custom=dict(made.custom))

    for _ in range(3):
        both.later()
        assert both.holds.keys() == {activity_key(copy)}
        assert both.tally.ends["task", "set_aside"] == 1
