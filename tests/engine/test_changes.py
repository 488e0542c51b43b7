"""What changes after a record was carried: in Kore it flows, in casemgr it stays."""

from typing import Any

import pytest

from caseferry.model.record import kore_key
from support.rig import default_mapper
from support.scene import DAY_MS, Scene


def carried(**case: Any) -> tuple[Scene, str, str]:
    """Carry one case with one task."""
    scene = Scene()
    source = scene.case(**case)
    task = scene.task(source, priority="Medium", due=scene.due(20))
    scene.run()
    assert scene.complaints() == []
    return scene, source, task


def test_a_second_run_writes_nothing() -> None:
    """A migration that is run again finds nothing to do and sends no write."""
    scene = Scene(cases=12)
    scene.run()

    before = scene.asked
    scene.run()

    assert scene.asked == before
    assert scene.complaints() == []
    assert scene.rests()


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"priority": "Low"}, {"priority": "6"}),
        ({"status": "Waiting for parts"}, {"kore_status": "Waiting for parts"}),
        ({"tags": ("vip", "gold")}, {"kore_tags": ("vip", "gold")}),
    ],
)
def test_a_task_edited_in_kore_is_edited_in_casemgr(
    changes: dict[str, Any], shown: dict[str, Any]
) -> None:
    """A change of a task flows, and everything else of the activity stays."""
    scene, _, task = carried()
    before = scene.of(task)
    due, key = before.due, before.custom["ext_key"]

    scene.edit(task, **changes)
    scene.again()

    after = scene.of(task)
    for name, value in shown.items():
        if name == "priority":
            assert getattr(after, name) == value
        else:
            values = value if isinstance(value, tuple) else (value,)
            assert after.custom[name] == values
    assert (after.due, after.custom["ext_key"]) == (due, key)
    assert scene.complaints() == []
    assert scene.rests()


def test_a_case_edited_in_kore_is_edited_in_casemgr() -> None:
    """Priority, name, description, tags and due date of an open case flow."""
    scene, case, _ = carried(due=1_800_000_000_000)

    scene.edit(
        case,
        priority="Critical",
        name="Router down again",
        desc="Since noon.",
        tags=("vip",),
        due=scene.due(40),
    )
    scene.again()

    target = scene.of(case)
    assert target.severity == "urgent"
    assert target.subject == "Router down again"
    assert target.description == "Since noon."
    assert target.custom["kore_tags"] == ("vip",)
    assert target.due == scene.box.kore.cases[case].due
    assert scene.complaints() == []
    assert scene.rests()


def test_an_edit_of_a_case_keeps_its_due_date() -> None:
    """An edit that leaves the due date out would remove it, so it is sent again."""
    scene, case, _ = carried(due=1_800_000_000_000)
    due = scene.of(case).due
    assert due is not None

    scene.edit(case, tags=("vip",))
    scene.again()

    assert scene.of(case).due == due


def test_a_due_date_that_moved_in_kore_moves_in_casemgr() -> None:
    """A task's new due date is carried."""
    scene, _, task = carried()

    scene.edit(task, due=scene.due(33))
    scene.again()

    assert scene.of(task).due == scene.box.kore.tasks[task].due
    assert scene.rests()


def test_a_new_task_joins_its_case() -> None:
    """A task added later is created in the case that is there."""
    scene, case, _ = carried()

    task = scene.task(case, "Send the part")
    scene.again()

    assert scene.of(task).case_id == scene.of(case).id
    assert len(scene.box.casemgr.cases) == 1
    assert scene.complaints() == []
    assert scene.rests()


@pytest.mark.parametrize("status", ["Closed", "Resolved"])
def test_a_case_closed_in_kore_is_closed_in_casemgr(status: str) -> None:
    """Closing flows; the task ends with its case, and all is at rest."""
    scene, case, task = carried()

    scene.edit(case, status=status)
    scene.again()

    assert scene.of(case).status == "closed"
    assert scene.of(task).status == "completed"
    assert scene.complaints() == []
    assert scene.rests()


def test_a_case_reopened_in_kore_is_reopened_by_an_opener_once() -> None:
    """No call reopens a case, so one opener does; and closing it again ends it."""
    scene, case, _ = carried()
    scene.edit(case, status="Closed")
    scene.again()
    assert scene.of(case).status == "closed"

    scene.edit(case, status="In Progress")
    scene.again()

    assert scene.of(case).status == "open"
    assert [o.status for o in scene.openers(case)] == ["assigned"]
    assert scene.rests()

    scene.edit(case, status="Closed")
    scene.again()
    assert scene.of(case).status == "closed"
    assert scene.rests()


def test_a_case_may_go_back_and_forth() -> None:
    """Each reopening has its own opener, and after each change all is at rest."""
    scene, case, _ = carried()

    for number in range(1, 4):
        scene.edit(case, status="Closed")
        scene.again()
        assert scene.of(case).status == "closed"
        scene.edit(case, status="Open")
        scene.again()
        assert scene.of(case).status == "open"
        assert len(scene.openers(case)) == number

    assert scene.rests()


def test_an_opener_retires_when_a_task_carries_the_case() -> None:
    """The activity that only carried an empty case ends when a real one is there."""
    scene = Scene()
    case = scene.case()
    scene.run()
    assert [o.status for o in scene.openers(case)] == ["assigned"]

    scene.task(case)
    scene.again()

    assert [o.status for o in scene.openers(case)] == ["completed"]
    assert scene.complaints() == []
    assert scene.rests()


def test_the_last_task_of_an_open_case_leaves_an_opener_behind() -> None:
    """Completing the last activity would close a case that Kore has open."""
    scene, case, task = carried()

    scene.edit(task, status="Resolved")
    scene.again()

    assert scene.of(task).status == "completed"
    assert scene.of(case).status == "open"
    assert len(scene.openers(case)) == 1
    assert scene.rests()


NAMES = ("Call back on Monday", 'Refund, then call (urgent) "now"; 100%\nsecond line')


@pytest.mark.parametrize("name", NAMES)
def test_a_renamed_task_is_noted_once(name: str) -> None:
    """What an activity cannot take is noted on it, in its alphabet, with a key."""
    scene, _, task = carried()

    scene.edit(task, name=name)
    scene.again()

    notes = [note.content for note in scene.of(task).notes]
    assert len(notes) == 1, scene.holds
    assert "Monday" in notes[0] or "Refund" in notes[0]
    assert scene.rests()
    scene.edit(task, tags=("vip",))
    scene.again()
    assert len(scene.of(task).notes) == 1


@pytest.mark.parametrize("kind", ["lost_reply", "late_effect", "error_after"])
def test_a_note_whose_reply_is_lost_is_written_once(kind: str) -> None:
    """A note is found again by its key before it is written again."""
    scene, _, task = carried()

    scene.edit(task, name="Call back on Monday")
    scene.fault(kind, "add_activity_note", delay_s=45.0)
    scene.again()
    scene.again()

    assert len(scene.of(task).notes) == 1, [n.content for n in scene.of(task).notes]


def test_a_very_long_name_still_fits_a_note() -> None:
    """A note takes 1,500 characters, a name any number."""
    scene, _, task = carried()

    scene.edit(task, name="Call back. " * 400)
    scene.again()

    assert len(scene.of(task).notes) == 1, scene.holds


def test_an_agents_edit_is_never_overwritten() -> None:
    """What only casemgr changed stays, whatever else flows from Kore."""
    scene, case, task = carried()
    activity, target = scene.of(task), scene.of(case)

    scene.edit(f"activity:{activity.id}", priority="1", due=scene.due(3))
    scene.edit(f"case:{target.id}", severity="high", subject="Found by Frank")
    scene.edit(task, tags=("vip",))
    scene.edit(case, tags=("vip",))
    scene.again()

    assert scene.of(task).priority == "1"
    assert scene.of(case).severity == "high"
    assert scene.of(case).subject == "Found by Frank"
    assert scene.of(task).custom["kore_tags"] == ("vip",)
    assert scene.of(case).custom["kore_tags"] == ("vip",)
    assert scene.rests()


def test_both_sides_changed_is_a_conflict_and_the_rest_flows() -> None:
    """A conflict is listed, kept from run to run, and holds no other field back."""
    scene, _, task = carried()
    activity = scene.of(task)

    scene.edit(f"activity:{activity.id}", priority="1")
    scene.edit(task, priority="Low", tags=("vip",))
    scene.again()

    assert scene.of(task).priority == "1"
    assert scene.of(task).custom["kore_tags"] == ("vip",)
    assert scene.tally.actions["task", "conflict"] == 1
    assert scene.holds[kore_key(task)].kind == "conflict"
    assert scene.rests()
    assert scene.tally.actions["task", "conflict"] == 1

    scene.edit(task, priority="Critical")
    scene.again()
    assert kore_key(task) not in scene.holds
    assert scene.rests()


def test_both_sides_changed_to_the_same_is_agreement() -> None:
    """The same change on both sides needs nothing and is no conflict."""
    scene, _, task = carried()

    scene.edit(f"activity:{scene.of(task).id}", priority="1")
    scene.edit(task, priority="Critical")
    scene.again()

    assert scene.tally.actions["task", "conflict"] == 0
    assert scene.rests()


def test_a_completed_activity_is_left_alone() -> None:
    """What an agent completed takes no edits; the change is reported once."""
    scene, case, task = carried()
    scene.task(case, "Another")
    scene.again()

    scene.box.human.complete(scene.of(task).id)
    scene.edit(task, priority="Low")
    scene.again()

    assert scene.of(task).priority == "4"
    assert scene.tally.actions["task", "set_aside"] == 1
    assert scene.rests()


def test_a_case_closed_by_an_agent_stays_closed() -> None:
    """Closing in casemgr is an agent's decision; Kore's old "open" does not undo it."""
    scene, case, _ = carried()

    scene.box.human.close("casemgr", scene.of(case).id)
    scene.edit(case, tags=("vip",))
    scene.again()

    assert scene.of(case).status == "closed"
    assert scene.openers(case) == []
    assert scene.rests()


def test_a_case_reopened_by_an_agent_stays_open() -> None:
    """A customer's answer reopened it in casemgr; Kore's old "closed" leaves it."""
    scene, case, _ = carried()
    scene.edit(case, status="Closed")
    scene.again()

    target = scene.of(case)
    scene.box.human.create("casemgr", "activity", case_id=target.id)
    scene.edit(case, tags=("vip",))
    scene.again()

    assert scene.of(case).status == "open"
    assert scene.rests()


def test_a_case_with_an_unanswered_mail_is_not_closed() -> None:
    """A close would complete the mail for good, so it waits until that is answered."""
    scene, case, task = carried()
    target = scene.of(case)
    mail = scene.box.human.create("casemgr", "activity", case_id=target.id)

    scene.edit(case, status="Closed")
    scene.again()

    assert scene.box.casemgr.activities[mail].status == "assigned"
    assert scene.of(case).status == "open"
    assert scene.of(task).status == "completed"
    assert scene.tally.codes["waiting", "foreign-open"] == 1
    assert scene.rests()
    assert scene.tally.codes["waiting", "foreign-open"] == 1

    scene.box.human.complete(mail)
    scene.again()
    assert scene.of(case).status == "closed"


def test_an_activity_in_a_queue_is_completed_when_it_is_assigned_again() -> None:
    """What is not writable now waits, and is tried again in the next run."""
    scene, case, task = carried()
    activity = scene.of(task)
    scene.edit(f"activity:{activity.id}", status="awaiting_assignment", assignee=None)

    scene.edit(task, status="Resolved", priority="Low")
    scene.again()

    assert scene.of(task).status == "awaiting_assignment"
    assert scene.tally.actions["task", "quarantine"] == 0, scene.holds
    assert scene.tally.actions["task", "waiting"] >= 1

    scene.edit(f"activity:{activity.id}", status="assigned", assignee="1001")
    scene.again()
    assert scene.of(task).status == "completed"
    assert scene.of(task).priority == "6"
    assert scene.of(case).status == "open"


def test_an_activity_in_a_queue_holds_the_closing_of_its_case_up() -> None:
    """A case is reported closed only when it is."""
    scene, case, task = carried()
    activity = scene.of(task)
    scene.edit(f"activity:{activity.id}", status="awaiting_assignment", assignee=None)

    scene.edit(case, status="Closed")
    scene.again()

    closed = scene.of(case).status == "closed"
    assert scene.tally.actions["case", "close"] == closed, scene.holds
    scene.edit(f"activity:{activity.id}", status="assigned", assignee="1001")
    scene.again()
    assert scene.of(case).status == "closed"


def test_a_deactivated_case_is_left_as_it_is() -> None:
    """What Kore hides is reported at most, never closed and never deleted."""
    scene, case, task = carried()

    scene.edit(case, is_active=False)
    scene.again()

    assert scene.of(case).status == "open"
    assert scene.of(task).status == "assigned"
    assert scene.rests()


def test_a_due_date_that_passes_by_itself_changes_nothing() -> None:
    """Time alone makes no change."""
    scene, _, task = carried()

    scene.clock.sleep(30 * DAY_MS / 1000)

    assert scene.rests()
    assert scene.of(task).due is not None


def test_a_closed_case_gets_a_late_task_and_is_closed_again() -> None:
    """A task added to a closed case opens it for a moment only."""
    scene, case, _ = carried()
    scene.edit(case, status="Closed")
    scene.again()

    late = scene.task(case, "Forgotten", status="Resolved")
    scene.again()

    assert scene.of(late).status == "completed"
    assert scene.of(case).status == "closed"
    assert scene.complaints() == []
    assert scene.rests()


def test_a_changed_mapping_carries_what_it_means_otherwise_and_nothing_else() -> None:
    """A new row of a mapping flows; an agent's edit of another field is no conflict."""
    scene, case, task = carried()
    scene.edit(f"activity:{scene.of(task).id}", priority="1")
    scene.edit(f"case:{scene.of(case).id}", severity="low")
    scene.again()

    scene.rig.mapper = default_mapper(
        lambda text: text.replace('refId = { casemgr = "custom.kore_ref"', "#", 1)
    )
    scene.again()

    assert scene.of(task).priority == "1"
    assert scene.of(case).severity == "low"
    assert scene.tally.total("conflict") == 0, scene.holds
    assert scene.rests()
