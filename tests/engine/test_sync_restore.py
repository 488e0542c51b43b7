"""A state put back from a copy: what was done since is found, and made once."""

from pathlib import Path
from typing import Any

import pytest

from caseferry.adapters.memory_store import MemoryStore
from caseferry.adapters.sqlite import SqliteStore
from caseferry.model.record import Entity
from support.both import Both
from support.reading import BY_CHANGE

NEWEST = {"createdAt": "desc"}


def test_what_was_finished_since_a_backup_is_not_made_again(tmp_path: Path) -> None:
    """Kore shows what is unresolved; what we made and finished there is not."""
    both = Both()
    both.rig.kore_options["unresolved"] = frozenset(Entity)
    both.rig.store = SqliteStore.open(tmp_path / "state.db")
    case = both.case("Router down", priority="Medium")
    both.task(case, "Call back", priority="Medium", due=both.due(20))
    both.run()
    both.later()
    both.rig.store.backup(tmp_path / "backup.db")
    both.box.human.complete(both.agent_task(both.of(case).id, "Order a part"))
    own = both.agent_case("Printer on fire", severity="high")
    both.agent_task(own, "Fetch water", priority="2")
    both.box.human.close("casemgr", own)
    both.later(300)
    made = len(both.box.kore.cases), len(both.box.kore.tasks)
    assert made == (2, 3)

    both.rig.store.close()
    both.rig.store = SqliteStore.open(tmp_path / "backup.db")
    both.later(600)

    assert (len(both.box.kore.cases), len(both.box.kore.tasks)) == made
    assert both.at_rest()
    both.rig.store.close()


def test_what_was_made_just_before_a_copy_is_put_back_is_found(tmp_path: Path) -> None:
    """The first look at it is too early: neither system lists it yet."""
    both = lagging()
    both.rig.store = SqliteStore.open(tmp_path / "state.db")
    case = both.case("Router down", priority="Medium")
    both.later()
    both.later()
    both.rig.store.backup(tmp_path / "backup.db")
    both.task(case, "Call back", priority="Medium", due=both.due(20))
    both.later(300)
    made = len(both.box.casemgr.activities)

    both.rig.store.close()
    both.rig.store = SqliteStore.open(tmp_path / "backup.db")
    both.later(1)

    assert len(both.box.casemgr.activities) == made
    assert both.at_rest()
    both.rig.store.close()


def test_an_edit_hides_nothing_that_a_lost_state_had_made() -> None:
    """By its time of creation it is listed, whatever an agent does meanwhile."""
    both, _ = carried()
    both.rig.store = MemoryStore()
    both.clock.sleep(1)
    edited = edit_at_each_wait(both)

    both.sync()

    assert edited
    assert len(both.box.casemgr.cases) == 1
    assert len(both.box.casemgr.activities) == 2
    assert both.at_rest()


def test_a_state_is_known_only_once_it_looked_after_the_lag() -> None:
    """Runs that make nothing leave the look to the first one that does."""
    both, task = carried()
    both.rig.store = MemoryStore()
    for _ in range(2):
        both.clock.sleep(1)
        both.begin()  # and no further
    both.clock.sleep(600)
    [made] = both.all_of(task)
    both.edit(f"activity:{made.id}", priority="1")

    both.sync()

    assert both.all_of(task) == [made]
    assert both.at_rest()


@pytest.mark.parametrize(
    "options",
    [
        {"unresolved": frozenset(Entity)},
        {"unresolved": frozenset(Entity), "sort": NEWEST},
        {"changed_sorts": BY_CHANGE, "sort": NEWEST},
        {},
    ],
    ids=["unresolved", "unresolved, sorted", "sorted", "whole"],
)
def test_what_a_lost_state_had_made_and_finished_in_kore_is_found(
    options: dict[str, Any],
) -> None:
    """Kore lists it late, and no more among what is unresolved."""
    both = lagging()
    both.rig.kore_options |= options
    case = both.case("Router down", priority="Medium")
    both.later()
    both.box.human.complete(both.agent_task(both.of(case).id, "Order a part"))
    both.later()
    [made] = both.box.kore.tasks.values()
    made.visible_at = both.box.now_ms("kore") + 20_000
    both.rig.store = MemoryStore()
    both.clock.sleep(1)

    both.sync()

    assert list(both.box.kore.tasks.values()) == [made]
    assert both.at_rest()


def test_a_state_that_is_whole_is_not_looked_at_twice() -> None:
    """It knows what it makes: no wait, and each listing once."""
    both, task = carried()
    both.rig.reporter.waits.clear()
    before = len(both.box.log)
    both.task(both.kore(task).case_id, "Call again", due=both.due(20))

    both.later()

    assert both.rig.reporter.waits == []
    calls = [call.operation for call in both.box.log[before:]]
    assert calls.count("get_tasks") == calls.count("lookup_cases") == 1
    assert len(calls) == 12


def carried() -> tuple[Both, str]:
    """Give a scene, and a Kore task in it that was carried a moment ago."""
    both = lagging()
    case = both.case("Router down", priority="Medium")
    both.later()
    task = both.task(case, "Call back", priority="Medium", due=both.due(20))
    both.later()
    return both, task


def lagging() -> Both:
    """Give a scene where what is written is listed 20 seconds later."""
    return Both(
        readings={
            "casemgr.search_lag_s": 20,
            "kore.search_lag_s": 20,
            "kore.sort_updated_at": "supported",
        }
    )


def edit_at_each_wait(both: Both) -> list[str]:
    """Let an agent edit every task of casemgr whenever a run has waited."""
    edited: list[str] = []
    wait = both.clock.sleep

    def sleep(seconds: float) -> None:
        wait(seconds)
        for each in both.box.casemgr.activities.values():
            edited.append(each.id)
            both.edit(f"activity:{each.id}", priority=str(1 + len(edited) % 7))

    both.clock.sleep = sleep  # type: ignore[method-assign]
    return edited


def test_a_name_given_in_kore_outlives_a_lost_state() -> None:
    """Nobody is assigned to its activity, and a subject cannot be changed there."""
    both = Both()
    home = both.agent_case("Printer on fire")
    theirs = both.agent_task(home, "Fetch water")
    both.edit(f"activity:{theirs}", status="awaiting_assignment", assignee=None)
    both.later()
    (task,) = both.box.kore.tasks
    both.edit(task, name="Fetch sand")

    both.rig.store = MemoryStore()
    both.later()
    both.later()

    assert both.kore(task).name == "Fetch sand"
    assert both.at_rest()
