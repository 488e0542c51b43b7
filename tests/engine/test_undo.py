"""Runs into casemgr, taken back: judged by what casemgr holds afterwards."""

from pathlib import Path
from typing import Any

import pytest

from caseferry.adapters.sqlite.store import SqliteStore
from caseferry.engine.undo.run import Undone
from caseferry.errors import SafetyStop
from caseferry.model.record import activity_key, case_key
from support.scene import Scene
from support.taken_back import (
    codes,
    marks,
    not_taken_back,
    ours,
    planned,
    undone,
    writes,
)


def counted(result: Undone, name: str, *kinds: str) -> int:
    return sum(result.tally.actions[name, kind] for kind in kinds)


def test_a_run_is_taken_back_whole() -> None:
    """Everything it made is marked and ended; a plan says so, and costs nothing."""
    scene = Scene(cases=6)
    scene.run()
    before = writes(scene.box, "casemgr")

    undo, plan = planned(scene.rig, 1)
    assert writes(scene.box, "casemgr") == before
    result = undo.carry_out()

    assert not_taken_back(scene.box, 1) == []
    assert len(ours(scene.box)) > 6
    assert {k: n for k, n in result.tally.actions.items() if k[1] != "unchanged"} == {
        k: n for k, n in plan.tally.actions.items() if k[1] != "unchanged"
    }
    assert codes(result) == {"contents-stay"}
    assert result.held == 0


def test_nothing_is_made_from_it_again() -> None:
    """Its links are tombstones: neither a migration nor another undo writes."""
    scene = Scene(cases=6)
    scene.run()
    undone(scene.rig, 1)
    before = writes(scene.box, "casemgr"), len(scene.box.casemgr.activities)

    scene.again()
    again = undone(scene.rig, 1)

    after = writes(scene.box, "casemgr"), len(scene.box.casemgr.activities)
    assert after == before
    assert all(link.tombstone for link in scene.rig.store.links())
    assert counted(again, "task", "complete", "note") == 0


def test_a_case_with_others_work_in_it_is_left_open() -> None:
    """An agent's open activity is never completed; our own end all the same."""
    scene = Scene()
    case = scene.case()
    task = scene.task(case)
    scene.run()
    home = scene.of(task).case_id
    mail = scene.box.human.create(
        "casemgr", "activity", case_id=home, subject="Reply", kind="email"
    )

    _, plan = planned(scene.rig, 1)
    result = undone(scene.rig, 1)

    assert scene.of(task).status == "completed"
    assert marks(scene.of(task), 1) == 1
    assert scene.box.casemgr.activities[mail].status != "completed"
    assert scene.box.casemgr.cases[home].status == "open"
    for each in (plan, result):
        (found,) = (c for c in each.cannot if c.code == "foreign-open")
        assert found.key == case_key(home)
        assert each.held == 1


def test_no_case_closes_that_the_run_did_not_make() -> None:
    """The last open activity of an older case stays, and is reported."""
    scene = Scene()
    case = scene.case()
    old = scene.task(case)
    scene.run()
    home = scene.of(old).case_id
    new = scene.task(case, "One more")
    scene.again()
    scene.box.human.complete(scene.of(old).id)

    result = undone(scene.rig, 2)

    assert scene.of(new).status == "assigned"
    assert marks(scene.of(new), 2) == 0
    assert scene.box.casemgr.cases[home].status == "open"
    (found,) = (c for c in result.cannot if c.code == "would-close-case")
    assert found.key == activity_key(scene.of(new).id)
    link = scene.rig.store.link(activity_key(scene.of(new).id))
    assert link is not None
    assert not link.tombstone


def test_what_happens_while_people_think_is_seen_before_the_write() -> None:
    """Between the plan and the yes an agent ended the other one: ours stays now."""
    scene = Scene()
    case = scene.case()
    old = scene.task(case)
    scene.run()
    new = scene.task(case, "One more")
    scene.again()

    undo, plan = planned(scene.rig, 2)
    scene.box.human.complete(scene.of(old).id)
    result = undo.carry_out()

    assert plan.held == 0
    assert (scene.of(new).status, marks(scene.of(new), 2)) == ("assigned", 0)
    assert scene.box.casemgr.cases[scene.of(new).case_id].status == "open"
    assert codes(result) >= {"would-close-case"}


def test_only_what_that_run_made_is_taken_back() -> None:
    """An older task of the same case, and the case, go on."""
    scene = Scene()
    case = scene.case()
    old = scene.task(case)
    scene.run()
    new = scene.task(case, "One more")
    scene.again()

    result = undone(scene.rig, 2)

    assert (scene.of(old).status, scene.of(new).status) == ("assigned", "completed")
    assert scene.box.casemgr.cases[scene.of(old).case_id].status == "open"
    assert result.held == 0
    scene.edit(old, priority="Critical")
    scene.again()
    assert scene.of(old).priority == "1"


def overwritten(store: Any = None) -> tuple[Scene, str, str]:
    """A case and a task whose contents a second run overwrote."""
    scene = Scene()
    scene.rig.store = store or scene.rig.store
    case = scene.case(priority="Low")
    task = scene.task(case, priority="Low", due=scene.due(20))
    scene.run()
    scene.edit(case, priority="Critical")
    scene.edit(task, priority="Critical", due=scene.due(30))
    scene.again()
    return scene, case, task


def test_overwritten_fields_get_their_old_values_back() -> None:
    """What the run found there comes back; the record itself stays and is in step."""
    scene, case, task = overwritten()
    home = scene.box.casemgr.cases[scene.of(task).case_id]
    now = (home.severity, scene.of(task).priority, scene.of(task).due)

    result = undone(scene.rig, 2)

    then = (home.severity, scene.of(task).priority, scene.of(task).due)
    assert now != then
    assert then[:2] == ("low", scene.of(task).priority)
    assert scene.of(task).priority in ("6", "7")
    assert counted(result, "task", "update") == 1
    assert counted(result, "case", "update") == 1
    assert (scene.of(task).status, home.status) == ("assigned", "open")
    assert scene.rests()
    assert scene.of(task).priority in ("6", "7")
    scene.edit(case, priority="High")
    scene.again()
    assert home.severity == "high"


def test_what_somebody_changed_since_is_kept() -> None:
    """A later value stands; the record's other fields come back all the same."""
    scene, _, task = overwritten()
    due = scene.of(task).due
    scene.edit(f"activity:{scene.of(task).id}", priority="4")

    result = undone(scene.rig, 2)

    assert scene.of(task).priority == "4"
    assert scene.of(task).due != due
    found = [c for c in result.cannot if c.code == "changed-since"]
    assert [(c.key, c.field) for c in found] == [
        (activity_key(scene.of(task).id), "priority")
    ]


def test_an_undo_is_not_repeated_after_somebody_said_otherwise() -> None:
    """A field that was put back once is an agent's from then on."""
    scene, _, task = overwritten()
    after = scene.of(task).priority
    undone(scene.rig, 2)
    scene.edit(f"activity:{scene.of(task).id}", priority=after)

    undone(scene.rig, 2)

    assert scene.of(task).priority == after


def test_a_due_date_that_has_passed_cannot_come_back() -> None:
    """It is said so beforehand, and nothing is refused."""
    scene, _, task = overwritten()
    due = scene.of(task).due
    scene.clock.sleep(25 * 86_400)

    result = undone(scene.rig, 2)

    assert scene.of(task).due == due
    assert "due-date-past" in codes(result)
    assert scene.of(task).priority in ("6", "7")


def test_what_ended_stays_ended_and_is_told() -> None:
    """Completions and closes of older records cannot be taken back."""
    scene = Scene()
    case = scene.case()
    task = scene.task(case)
    scene.run()
    scene.edit(task, status="Closed")
    scene.again()
    assert scene.of(task).status == "completed"
    before = writes(scene.box, "casemgr")

    result = undone(scene.rig, 2)

    assert "completed" in codes(result)
    made = [a for a in ours(scene.box) if a.id != scene.of(task).id]
    assert all(a.status == "completed" for a in made if marks(a, 2))
    assert marks(scene.of(task), 2) == 0
    assert writes(scene.box, "casemgr") - before <= 2 * len(made)


def test_images_that_were_let_go_are_missed_in_words(tmp_path: Path) -> None:
    """Without them a field stays as it is, and the undo says why."""
    with SqliteStore.open(tmp_path / "s.db") as store:
        scene, _, task = overwritten(store)
        after = scene.of(task).priority
        store.forget(activity_key(scene.of(task).id))

        result = undone(scene.rig, 2)

    assert scene.of(task).priority == after
    (found,) = (c for c in result.cannot if c.code == "not-kept")
    assert found.key == activity_key(scene.of(task).id)
    assert "`forget`" in found.reason


def test_an_activity_that_nobody_has_now_waits() -> None:
    """In a queue it cannot be completed; a later undo does it."""
    scene = Scene()
    case = scene.case()
    task = scene.task(case)
    scene.run()
    scene.edit(f"activity:{scene.of(task).id}", status="awaiting_assignment")

    first = undone(scene.rig, 1)
    waits = scene.of(task).status
    scene.edit(f"activity:{scene.of(task).id}", status="assigned")
    second = undone(scene.rig, 1)

    assert waits == "awaiting_assignment"
    assert (first.held > 0, second.held) == (True, 0)
    assert not_taken_back(scene.box, 1) == []


def test_an_activity_moved_to_anothers_case_does_not_close_it() -> None:
    """Where it lies now counts, not where it was made."""
    scene = Scene()
    first, second = scene.case("One"), scene.case("Two")
    task, other = scene.task(first), scene.task(second)
    scene.run()
    theirs = scene.box.human.create(
        "casemgr",
        "case",
        subject="Theirs",
        customer_id=scene.box.casemgr.cases[scene.of(task).case_id].customer_id,
    )
    scene.edit(f"activity:{scene.of(task).id}", case_id=theirs)

    result = undone(scene.rig, 1)

    assert scene.box.casemgr.cases[theirs].status == "open"
    assert scene.of(task).status == "assigned"
    assert scene.of(other).status == "completed"
    assert "would-close-case" in codes(result)


def test_the_first_group_that_is_refused_stops_the_undo() -> None:
    """A tenant that takes no completions is asked once, not for every case."""
    scene = Scene(cases=6)
    scene.run()
    scene.box.set_readings({"casemgr.force_categorization": "on"})
    before = sum(marks(a, 1) for a in ours(scene.box))

    with pytest.raises(SafetyStop) as caught:
        undone(scene.rig, 1)

    assert caught.value.guard == "undo-refused"
    assert sum(marks(a, 1) for a in ours(scene.box)) - before <= 6
    scene.rig.allowed = frozenset({"undo-refused"})
    passed = undone(scene.rig, 1)
    scene.box.set_readings({"casemgr.force_categorization": "off"})
    after = undone(scene.rig, 1)
    assert counted(passed, "task", "quarantine") > 1
    assert after.held == 0
    assert not_taken_back(scene.box, 1) == []


@pytest.mark.parametrize("kind", ["lost_reply", "error_after", "error_before"])
@pytest.mark.parametrize(
    "operation", ["add_activity_note", "complete_activities", "edit_activity"]
)
def test_a_lost_reply_changes_nothing_about_the_end(operation: str, kind: str) -> None:
    """Marks are written once, and what took effect is seen."""
    scene, _, task = overwritten()
    scene.case("More")
    scene.again()
    scene.fault(kind, operation, times=2)

    undone(scene.rig, 2)
    undone(scene.rig, 3)

    assert scene.of(task).priority in ("6", "7")
    opened = [a for a in ours(scene.box) if a.id != scene.of(task).id]
    assert [(a.status, marks(a, 3)) for a in opened] == [("completed", 1)]


@pytest.mark.parametrize(
    ("reading", "value"),
    [
        ("complete_stale", "400"),
        ("partial_complete", "partial"),
        ("note_bumps", "yes"),
        ("search_lag_s", 20),
        ("unknown_ids", "404"),
    ],
)
def test_every_reading_of_casemgr_comes_to_the_same(
    reading: str, value: str | float
) -> None:
    """Where the documents are silent, with several requests under way."""
    scene = Scene(cases=10, readings={f"casemgr.{reading}": value})
    scene.run()
    scene.rig.workers = 4

    result = undone(scene.rig, 1)

    assert not_taken_back(scene.box, 1) == []
    assert result.held == 0
