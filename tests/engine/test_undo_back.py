"""Runs into Kore, and into both systems, taken back: judged by what Kore holds."""

import pytest

from caseferry.model.record import System, kore_key
from support.back import Back
from support.taken_back import (
    ENDED,
    both_ways,
    codes,
    not_taken_back,
    planned,
    still_active,
    undone,
    writes,
)


def test_a_run_is_taken_back_whole() -> None:
    """Everything it made is deactivated, closed cases with their tasks too."""
    back = Back(cases=6)
    back.run()
    made = still_active(back.box)
    before = writes(back.box, "kore")
    ended = {c.id: c.status for c in back.box.kore.cases.values()}

    undo, plan = planned(back.rig, 1)
    assert writes(back.box, "kore") == before
    result = undo.carry_out()

    assert made
    assert still_active(back.box) == []
    assert {c.id: c.status for c in back.box.kore.cases.values()} == ended
    assert any(status in ENDED for status in ended.values())
    assert result.tally.actions == plan.tally.actions
    assert result.held == 0
    sent = writes(back.box, "kore") - before
    assert sent == plan.requests[System.KORE]


@pytest.mark.parametrize("shown", ["hidden", "shown"])
def test_nothing_is_made_from_it_again(shown: str) -> None:
    """Whether Kore lists inactive records or not."""
    back = Back(readings={"kore.inactive_in_list": shown}, cases=6)
    back.run()
    undone(back.rig, 1)
    before = writes(back.box, "kore"), len(back.box.kore.cases)

    back.again()
    result = undone(back.rig, 1)

    assert (writes(back.box, "kore"), len(back.box.kore.cases)) == before
    assert result.held == 0
    assert all(link.tombstone for link in back.rig.store.links())


def test_tasks_go_before_their_case() -> None:
    """A case is deactivated after everything that the run made in it."""
    back = Back(cases=0)
    case = back.case("Lamp")
    back.task(case, "Call")
    back.task(case, "Send")
    back.run()
    begin = len(back.box.log)

    undone(back.rig, 1)

    sent = [c.operation for c in back.box.log[begin:] if c.operation[:3] == "upd"]
    assert sent == ["update_task", "update_task", "update_case"]


def test_a_case_with_others_tasks_in_it_stays_active() -> None:
    """An open task that an agent added keeps its case; our own go."""
    back = Back(cases=0)
    case = back.case("Lamp")
    task = back.task(case, "Call")
    back.run()
    home, own = back.of("c", case), back.of("t", task)
    theirs = back.box.human.create(
        "kore", "task", case_id=home.id, name="Theirs", template="Follow-up"
    )

    result = undone(back.rig, 1)

    assert (home.is_active, own.is_active) == (True, False)
    assert back.box.kore.tasks[theirs].is_active
    (found,) = (c for c in result.cannot if c.code == "foreign-open")
    assert found.key == kore_key(home.id)


def overwritten() -> tuple[Back, str, str]:
    """A case and a task whose contents a second run overwrote, and closed."""
    back = Back(cases=0)
    case = back.case("Lamp", severity="low")
    task = back.task(case, "Call", priority="7")
    back.run()
    back.box.human.edit("casemgr", "case", case, severity="urgent", subject="Light")
    back.box.human.edit("casemgr", "activity", task, priority="1")
    back.box.human.complete(task)
    back.again()
    return back, case, task


def test_overwritten_fields_get_their_old_values_back() -> None:
    """A close is a field too: the case opens first, then its task changes."""
    back, case, task = overwritten()
    home, own = back.of("c", case), back.of("t", task)
    now = (home.priority, home.status, own.priority, own.status)

    result = undone(back.rig, 2)

    then = (home.priority, home.status, own.priority, own.status)
    assert now == ("Critical", "Closed", "Critical", "Resolved")
    assert then == ("Low", "Open", "Low", "Open")
    assert home.name.startswith("Lamp")
    assert home.is_active
    assert own.is_active
    assert result.held == 0
    assert back.rests()
    assert (home.priority, home.status) == ("Low", "Open")
    back.box.human.edit("casemgr", "case", case, severity="high")
    back.again()
    assert home.priority == "High"


def test_what_somebody_changed_since_is_kept() -> None:
    """Field by field."""
    back, case, task = overwritten()
    home, own = back.of("c", case), back.of("t", task)
    back.box.human.edit("kore", "case", home.id, priority="Medium")

    result = undone(back.rig, 2)

    assert (home.priority, home.status, own.priority) == ("Medium", "Open", "Low")
    found = [(c.key, c.field) for c in result.cannot if c.code == "changed-since"]
    assert found == [(kore_key(home.id), "priority")]


def test_a_case_that_others_closed_keeps_its_tasks_as_they_are() -> None:
    """A closed case takes no change of its tasks, and is not ours to open."""
    back = Back(cases=0)
    case = back.case("Lamp")
    task = back.task(case, "Call", priority="7")
    back.run()
    back.box.human.edit("casemgr", "activity", task, priority="1")
    back.again()
    home, own = back.of("c", case), back.of("t", task)
    back.box.human.close("kore", home.id)

    result = undone(back.rig, 2)

    assert (home.status, own.priority) == ("Closed", "Critical")
    assert "case-closed" in codes(result)


def test_a_field_that_was_empty_is_emptied() -> None:
    """Kore takes an empty due date and description; where it does, they go."""
    back = Back(cases=0)
    case = back.case("Lamp")
    task = back.task(case, "Call")
    back.run()
    own = back.of("t", task)
    due = back.box.now_ms("casemgr") + 9 * 86_400_000
    back.box.human.edit("casemgr", "activity", task, due=due)
    back.again()
    assert own.due == due

    result = undone(back.rig, 2)

    assert own.due is None
    assert own.is_active
    assert result.held == 0
    assert case


def test_what_is_not_listed_yet_is_waited_for() -> None:
    """An undo right after its run misses nothing."""
    back = Back(cases=6)
    back.run()
    for record in (*back.box.kore.cases.values(), *back.box.kore.tasks.values()):
        record.visible_at = back.box.now_ms("kore") + 10_000
    back.box.set_readings({"kore.search_lag_s": 20})

    _, plan = planned(back.rig, 1)
    result = undone(back.rig, 1)

    assert still_active(back.box) == []
    assert plan.held > result.held == 0


@pytest.mark.parametrize("kind", ["lost_reply", "error_after", "error_before"])
@pytest.mark.parametrize("operation", ["update_task", "update_case"])
def test_a_lost_reply_changes_nothing_about_the_end(operation: str, kind: str) -> None:
    """A repeat gives the same record."""
    back = Back(cases=6)
    back.run()
    ended = {c.id: c.status for c in back.box.kore.cases.values()}
    back.fault(kind, operation, times=2)

    undone(back.rig, 1)

    assert still_active(back.box) == []
    assert {c.id: c.status for c in back.box.kore.cases.values()} == ended


def test_a_run_that_wrote_to_both_systems_is_taken_back_in_both() -> None:
    """The system that was written to decides, entry by entry."""
    back = Back(cases=0)
    case = back.case("From casemgr")
    theirs = back.task(case, "Call")
    user = {"name": "Jane", "emailId": "jane@shop.example"}
    own = back.box.human.create(
        "kore", "case", name="From Kore", template="Service", user=user
    )
    back.box.human.create("kore", "task", case_id=own, name="Send")
    both_ways(back.rig)
    assert still_active(back.box)
    assert len(back.box.casemgr.activities) > 1

    result = undone(back.rig, 1)

    assert still_active(back.box) == []
    assert not_taken_back(back.box, 1) == []
    assert back.box.kore.cases[own].is_active
    assert back.box.casemgr.activities[theirs].status == "assigned"
    assert result.held == 0


@pytest.mark.parametrize(
    ("reading", "value"),
    [
        ("array_update", "append"),
        ("page_params", "ignored"),
        ("closed_case_blocks_tasks", "off"),
        ("unknown_keys", "rejected"),
        ("search_lag_s", 20),
    ],
)
def test_every_reading_of_kore_comes_to_the_same(
    reading: str, value: str | float
) -> None:
    """Where the documents are silent, with several requests under way."""
    back = Back(cases=10, readings={f"kore.{reading}": value})
    back.run()
    back.rig.workers = 4

    result = undone(back.rig, 1)

    assert still_active(back.box) == []
    assert result.held == 0
