"""How a casemgr case closed decides what becomes of the one in Kore."""

from typing import Any

import pytest

from caseferry.adapters.memory_store import MemoryStore
from caseferry.model.record import kore_key
from support.both import Both
from support.rig import default_mapper

DAY_S = 86_400


def under(
    cascade_close: str, *tasks: str, reopened: str = "opener"
) -> tuple[Both, str, list[str]]:
    """Carry a Kore case under one policy for cases that close by themselves."""

    def change(text: str) -> str:
        text = text.replace('reopened = "opener"', f'reopened = "{reopened}"')
        old, new = 'cascade_close = "report"', f'cascade_close = "{cascade_close}"'
        return text.replace(old, new)

    both = Both()
    both.rig.mapper = default_mapper(change)
    case = both.case("Router down")
    made = [both.task(case, name) for name in tasks]
    both.later()
    return both, case, made


def codes(both: Both) -> set[str]:
    return {hold.code for hold in both.holds.values()}


def home(both: Both, task: str) -> Any:
    return both.box.casemgr.cases[both.of(task).case_id]


@pytest.mark.parametrize("by", ["kore", "agent"])
def test_what_was_completed_together_long_ago_closed_no_case(by: str) -> None:
    """Days later an agent completes the last activity, and casemgr closes the case."""
    both, case, tasks = under("report", "One", "Two", "Three")
    for task in tasks[:2]:
        if by == "kore":
            both.edit(task, status="Resolved")
        else:
            both.box.human.complete(both.of(task).id)
    both.later()

    both.clock.sleep(3 * DAY_S)
    both.box.human.complete(both.of(tasks[2]).id)
    both.later()

    assert both.kore(case).status == "Open"
    assert "cascade-close" in codes(both)
    assert both.at_rest()


@pytest.mark.parametrize("policy", ["report", "propagate"])
def test_a_merge_is_no_close(policy: str) -> None:
    """Casemgr closes a case that an agent emptied; Kore's has its tasks still."""
    both, case, tasks = under(policy, "One", "Two", "Three", "Four")
    other = both.agent_case("The other one")
    both.agent_task(other, "Theirs")
    for task in tasks[:2]:
        both.box.human.complete(both.of(task).id)
    both.later()
    source = home(both, tasks[0]).id
    both.clock.sleep(DAY_S)
    for task in tasks[2:]:
        both.edit(f"activity:{both.of(task).id}", case_id=other)
    both.box.human.close("casemgr", source)

    both.later()

    assert both.kore(case).status == "Open"
    assert "emptied-close" in codes(both)
    assert both.at_rest()


def test_a_close_after_a_move_is_carried() -> None:
    both, case, tasks = under("report", "One", "Two", "Three")
    other = both.agent_case("The other one")
    both.agent_task(other, "Theirs")
    source = home(both, tasks[0]).id
    both.edit(f"activity:{both.of(tasks[2]).id}", case_id=other)
    both.later()

    both.box.human.close("casemgr", source)
    both.later()

    assert both.kore(case).status == "Closed"


@pytest.mark.parametrize("reopened", ["opener", "report", "conflict"])
def test_a_cascade_is_undone_whatever_holds_for_kores_reopening(reopened: str) -> None:
    """Nobody opened the case again in Kore: it was never closed there."""
    both, case, (task,) = under("reopen", "One", reopened=reopened)

    both.box.human.complete(both.of(task).id)
    both.later()

    assert both.of(case).status == "open"
    assert codes(both) == set()
    assert both.at_rest()


def test_a_case_that_was_closed_before_leaves_nothing_to_list() -> None:
    """It takes no key any more, and nobody changed anything in Kore."""
    both = Both()
    both.case("Router down")
    both.later()
    theirs = both.agent_case("Old one")
    both.agent_task(theirs, "Done")
    both.box.human.close("casemgr", theirs)

    both.later()
    both.later()

    assert {case.status for case in both.box.kore.cases.values()} == {"Open", "Closed"}
    assert both.holds == {}


@pytest.mark.parametrize("agreed", [False, True])
@pytest.mark.parametrize("lost", [False, True])
def test_an_agents_own_task_does_not_end_with_kores_case(
    *, agreed: bool, lost: bool
) -> None:
    """Completing is for good; the case closes when the agent is done."""
    both, case, (task,) = under("report", "One")
    theirs = both.agent_task(home(both, task).id, "She is angry: call her")
    if agreed:
        both.later()
    both.edit(task, status="Resolved")
    both.edit(case, status="Resolved")
    both.later()
    if lost:
        both.rig.store = MemoryStore()
        both.rig.allowed = frozenset({"unlinked"})
    both.later()

    assert both.box.casemgr.activities[theirs].status == "assigned"
    assert both.holds[kore_key(case)].code == "foreign-open"
    assert both.at_rest()

    both.box.human.complete(theirs)
    both.later()
    assert home(both, task).status == "closed"
    assert codes(both) == set()
    assert both.at_rest()
