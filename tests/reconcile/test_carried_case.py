"""The decision about a case that was carried: what flows, what stays, what waits."""

from dataclasses import replace

import pytest

from caseferry.errors import Problem
from caseferry.model.action import FieldChange
from caseferry.model.correlation import Role
from caseferry.model.link import HoldKind
from caseferry.model.record import activity_key, case_key
from caseferry.reconcile.planner import plan_group
from caseferry.reconcile.view import GroupView
from reconcile.builders import (
    CASE,
    FUTURE,
    HOME,
    NOBODY,
    PAST,
    a_case,
    a_field,
    a_hold,
    a_link,
    a_mail,
    a_target,
    a_task,
    a_view,
    an_opener_pair,
    carried,
    home,
    task_key,
    told,
)

DONE = a_task(1, finished=True)
ENDED = a_case(finished=True)
HIGH = a_task(1, a_field("priority", "2"))
RENAMED = {
    policy: a_task(
        1, a_field("subject", "New", write_once=policy), a_field("priority", "4")
    )
    for policy in ("note", "report", "conflict")
}
NAMED = {
    policy: a_task(
        1, a_field("subject", "Old", write_once=policy), a_field("priority", "4")
    )
    for policy in ("note", "report", "conflict")
}
MINE = a_target(activity_key("2001"), HOME, {"status": "assigned", "priority": "4"})
PARTED = (replace(carried(a_task())[0], tombstone=True), carried(a_task())[1])
PARTED_HOME = (replace(home()[0], tombstone=True), home()[1])
BAD = (Problem(path="priority", message="no row names this"),)
TWO = carried(a_task(2))
AWAY = (carried(a_task())[0], replace(MINE, parent=case_key("1002")))
GHOST = (carried(a_task())[0], MINE)
QUEUED = "awaiting_assignment"
CLOSED_BOTH = home(ENDED, status="closed")
QUIET = ["task1 unchanged", "case unchanged"]

TABLE: dict[str, tuple[GroupView, list[str]]] = {
    # nothing, and contents
    "nothing changed": (
        a_view(a_case(), a_task(), pairs=[home(), carried(a_task())]),
        QUIET,
    ),
    "a task changed in Kore": (
        a_view(a_case(), HIGH, pairs=[home(), carried(a_task())]),
        ["task1 update changed @3", "case unchanged"],
    ),
    "a task changed by an agent": (
        a_view(a_case(), a_task(), pairs=[home(), carried(a_task(), priority="1")]),
        QUIET,
    ),
    "a task changed to the same on both sides": (
        a_view(a_case(), HIGH, pairs=[home(), carried(a_task(), priority="2")]),
        QUIET,
    ),
    "a task changed differently on both sides": (
        a_view(a_case(), HIGH, pairs=[home(), carried(a_task(), priority="1")]),
        ["task1 conflict both-changed", "case unchanged"],
    ),
    "a task changed in Kore while its activity is in a queue": (
        a_view(a_case(), HIGH, pairs=[home(), carried(a_task(), now=QUEUED)]),
        ["task1 waiting not-assigned", "case unchanged"],
    ),
    "a task changed in Kore after an agent completed it": (
        a_view(a_case(), HIGH, pairs=[home(), carried(a_task(), now="completed")]),
        ["task1 set_aside frozen-field", "case unchanged"],
    ),
    "the case changed in Kore": (
        a_view(
            a_case(a_field("severity", "low")),
            a_task(),
            pairs=[home(), carried(a_task())],
        ),
        ["case update changed @3", "task1 unchanged"],
    ),
    "the case changed differently on both sides": (
        a_view(a_case(a_field("severity", "low")), pairs=[home(severity="urgent")]),
        ["case conflict both-changed"],
    ),
    "the case changed in Kore after it was closed on both sides": (
        a_view(a_case(a_field("severity", "low"), finished=True), pairs=[CLOSED_BOTH]),
        ["case set_aside case-closed"],
    ),
    # what an activity takes only once
    "a new name goes into a note": (
        a_view(a_case(), RENAMED["note"], pairs=[home(), carried(NAMED["note"])]),
        ["task1 note write-once @3", "case unchanged"],
    ),
    "a new name is reported": (
        a_view(a_case(), RENAMED["report"], pairs=[home(), carried(NAMED["report"])]),
        ["task1 set_aside frozen-field", "case unchanged"],
    ),
    "a new name is a conflict": (
        a_view(
            a_case(), RENAMED["conflict"], pairs=[home(), carried(NAMED["conflict"])]
        ),
        ["task1 conflict write-once", "case unchanged"],
    ),
    "a new name of a completed task still goes into a note": (
        a_view(
            a_case(),
            RENAMED["note"],
            pairs=[home(), carried(NAMED["note"], now="completed")],
        ),
        ["task1 note write-once @3", "case unchanged"],
    ),
    # completing
    "a task finished in Kore, another one open": (
        a_view(
            a_case(),
            DONE,
            a_task(2),
            pairs=[home(), carried(a_task()), carried(a_task(2))],
        ),
        ["task1 complete finished @4", "task2 unchanged", "case unchanged"],
    ),
    "a task finished and changed in Kore": (
        a_view(
            a_case(),
            replace(HIGH, finished=True),
            a_task(2),
            pairs=[home(), carried(a_task()), carried(a_task(2))],
        ),
        [
            "task1 update changed @3",
            "task1 complete finished @4",
            "task2 unchanged",
            "case unchanged",
        ],
    ),
    "the last open task finished: an opener stays": (
        a_view(a_case(), DONE, pairs=[home(), carried(a_task())]),
        [
            "opener create all-tasks-completed @2",
            "task1 complete finished @4",
            "case unchanged",
        ],
    ),
    "the last open task finished, no opener allowed": (
        a_view(
            a_case(),
            DONE,
            pairs=[home(), carried(a_task())],
            opener_when=frozenset({"no-tasks"}),
        ),
        ["task1 waiting would-close-case", "case unchanged"],
    ),
    "the last open task finished, an opener stands already": (
        a_view(
            a_case(),
            DONE,
            pairs=[home(), carried(a_task()), an_opener_pair()],
        ),
        ["task1 complete finished @4", "case unchanged"],
    ),
    "a finished task whose activity is in a queue": (
        a_view(a_case(), DONE, pairs=[home(), carried(a_task(), now=QUEUED)]),
        ["task1 waiting not-assigned", "case unchanged"],
    ),
    "a finished task that an agent completed": (
        a_view(a_case(), DONE, pairs=[home(), carried(a_task(), now="completed")]),
        QUIET,
    ),
    "a finished task that casemgr has open again": (
        a_view(
            a_case(),
            DONE,
            pairs=[home(), carried(DONE, status="completed", now="assigned")],
        ),
        QUIET,
    ),
    "a finished task of a case that an agent closed": (
        a_view(
            a_case(),
            DONE,
            pairs=[home(now="closed"), carried(a_task(), now="completed")],
        ),
        QUIET,
    ),
    "a task reopened in Kore": (
        a_view(
            a_case(),
            a_task(),
            a_task(2),
            pairs=[home(), carried(DONE, status="completed"), carried(a_task(2))],
        ),
        ["task1 set_aside task-reopened", "task2 unchanged", "case unchanged"],
    ),
    # openers
    "an opener retires when a task carries the case": (
        a_view(
            a_case(),
            a_task(),
            pairs=[home(), carried(a_task()), an_opener_pair()],
        ),
        ["opener complete finished @4", "task1 unchanged", "case unchanged"],
    ),
    "an opener stays while a finished task is held back": (
        a_view(
            a_case(),
            DONE,
            pairs=[home(), carried(a_task()), an_opener_pair()],
            holds=[a_hold(task_key(1), HoldKind.WAITING, "not-applied")],
        ),
        ["task1 waiting not-applied", "case unchanged"],
    ),
    "an opener stays until the task is there": (
        a_view(a_case(), a_task(), pairs=[home(), an_opener_pair()]),
        ["task1 create new @2", "case unchanged"],
    ),
    "an opener that is due to retire is in a queue": (
        a_view(
            a_case(),
            a_task(),
            pairs=[home(), carried(a_task()), an_opener_pair(status=QUEUED)],
        ),
        ["task1 unchanged", "opener waiting not-assigned", "case unchanged"],
    ),
    "an opener that casemgr does not show": (
        a_view(a_case(), pairs=[home(), (an_opener_pair()[0], None)]),
        ["case unchanged"],
    ),
    "an opener in doubt: no other one is made, so completing waits": (
        a_view(
            a_case(),
            DONE,
            pairs=[home(), carried(a_task())],
            in_doubt=[(Role.OPENER, CASE)],
        ),
        ["task1 waiting in-doubt", "case unchanged"],
    ),
    # closing
    "closed in Kore: closes with its last activity": (
        a_view(ENDED, DONE, pairs=[home(), carried(a_task())]),
        ["task1 complete finished @4", "case close finished"],
    ),
    "closed in Kore, its opener still open": (
        a_view(ENDED, pairs=[home(), an_opener_pair()]),
        ["opener complete finished @4", "case close finished"],
    ),
    "closed in Kore, nothing of ours open": (
        a_view(
            ENDED,
            DONE,
            pairs=[home(), carried(DONE, status="completed")],
            listed=True,
        ),
        ["task1 unchanged", "case waiting stays-open"],
    ),
    "closed in Kore, and nothing open can hide in it": (
        a_view(
            ENDED,
            DONE,
            pairs=[home(), carried(DONE, status="completed")],
            listed=True,
            proved_empty=True,
        ),
        ["case close finished @5", "task1 unchanged"],
    ),
    "closed in Kore, changed as well": (
        a_view(
            a_case(a_field("severity", "low"), finished=True),
            DONE,
            pairs=[home(), carried(a_task())],
        ),
        [
            "case update changed @3",
            "task1 complete finished @4",
            "case close finished",
        ],
    ),
    "closed in Kore, somebody's mail unanswered": (
        a_view(
            ENDED,
            DONE,
            pairs=[home(), carried(DONE, status="completed")],
            strangers=[a_mail()],
            listed=True,
        ),
        ["task1 unchanged", "case waiting foreign-open"],
    ),
    "closed in Kore, somebody's mail answered": (
        a_view(
            ENDED,
            pairs=[home()],
            strangers=[a_mail(status="completed")],
            listed=True,
            proved_empty=True,
        ),
        ["case close finished @5"],
    ),
    "closed in Kore, one activity in a queue": (
        a_view(ENDED, DONE, pairs=[home(), carried(a_task(), now=QUEUED)]),
        ["task1 waiting not-assigned", "case waiting activity-held"],
    ),
    "closed in Kore, one activity held": (
        a_view(
            ENDED,
            DONE,
            pairs=[home(), carried(a_task())],
            holds=[a_hold(task_key(1), HoldKind.QUARANTINE, "refused")],
        ),
        ["task1 quarantine refused", "case waiting activity-held"],
    ),
    "closed in Kore, one activity not shown": (
        a_view(ENDED, DONE, pairs=[home(), (carried(a_task())[0], None)], listed=True),
        ["task1 set_aside not-seen", "case waiting stays-open"],
    ),
    "closed on both sides": (
        a_view(ENDED, DONE, pairs=[CLOSED_BOTH, carried(DONE, status="completed")]),
        QUIET,
    ),
    "closed on both sides, then reopened by an agent": (
        a_view(ENDED, pairs=[home(ENDED, status="closed", now="open")], listed=True),
        ["case unchanged"],
    ),
    "closed on both sides, a late task": (
        a_view(ENDED, DONE, pairs=[CLOSED_BOTH]),
        ["task1 create new @2", "task1 complete finished @4", "case unchanged"],
    ),
    # reopening
    "reopened in Kore: an opener brings it back": (
        a_view(a_case(), pairs=[CLOSED_BOTH]),
        ["opener create reopened @1", "case reopen reopened"],
    ),
    "reopened in Kore with a new task: that brings it back": (
        a_view(a_case(), a_task(), pairs=[CLOSED_BOTH]),
        ["case reopen reopened", "task1 create new @2"],
    ),
    "reopened in Kore, to be reported": (
        a_view(a_case(), pairs=[CLOSED_BOTH], reopened="report"),
        ["case set_aside case-reopened"],
    ),
    "reopened in Kore, a conflict": (
        a_view(a_case(), pairs=[CLOSED_BOTH], reopened="conflict"),
        ["case conflict case-reopened"],
    ),
    "reopened in Kore, no opener allowed": (
        a_view(a_case(), pairs=[CLOSED_BOTH], opener_when=frozenset({"no-tasks"})),
        ["case set_aside case-reopened"],
    ),
    "reopened in Kore and its tasks too": (
        a_view(
            a_case(), a_task(), pairs=[CLOSED_BOTH, carried(DONE, status="completed")]
        ),
        [
            "opener create reopened @1",
            "case reopen reopened",
            "task1 set_aside task-reopened",
        ],
    ),
    "closed by an agent while Kore has it open": (
        a_view(a_case(), pairs=[home(now="closed")]),
        ["case unchanged"],
    ),
    "closed by an agent, then closed in Kore": (
        a_view(ENDED, pairs=[home(now="closed")]),
        ["case unchanged"],
    ),
    # not to be touched
    "its case is not shown": (
        a_view(a_case(), a_task(), pairs=[(home()[0], None), carried(a_task())]),
        ["case waiting not-seen", "task1 waiting case-not-seen"],
    ),
    "its activity is not shown": (
        a_view(a_case(), a_task(), pairs=[home(), (carried(a_task())[0], None)]),
        ["task1 set_aside not-seen", "case unchanged"],
    ),
    "a parted task": (
        a_view(a_case(), HIGH, a_task(2), pairs=[home(), PARTED, carried(a_task(2))]),
        ["task1 out_of_scope parted", "task2 unchanged", "case unchanged"],
    ),
    "a parted case": (
        a_view(ENDED, DONE, pairs=[PARTED_HOME, carried(a_task())]),
        ["case out_of_scope parted", "task1 out_of_scope case-parted"],
    ),
    "a task that Kore hides": (
        a_view(a_case(), a_task(active=False), pairs=[home(), carried(a_task())]),
        ["task1 set_aside inactive", "case unchanged"],
    ),
    "a case that Kore hides": (
        a_view(
            a_case(finished=True, active=False),
            DONE,
            pairs=[home(), carried(a_task())],
        ),
        ["case set_aside inactive", "task1 set_aside case-inactive"],
    ),
    "a value that no row names": (
        a_view(a_case(), a_task(problems=BAD), pairs=[home(), carried(a_task())]),
        ["task1 quarantine unmapped", "case unchanged"],
    ),
    "a status that no row names": (
        a_view(a_case(), a_task(finished=None), pairs=[home(), carried(a_task())]),
        ["task1 quarantine unmapped", "case unchanged"],
    ),
    "a held task": (
        a_view(
            a_case(),
            HIGH,
            pairs=[home(), carried(a_task())],
            holds=[a_hold(task_key(1), HoldKind.WAITING, "moving")],
        ),
        ["task1 waiting moving", "case unchanged"],
    ),
    "a task set aside": (
        a_view(
            a_case(),
            HIGH,
            pairs=[home(), carried(a_task())],
            holds=[a_hold(task_key(1), HoldKind.SET_ASIDE, "twice")],
        ),
        ["task1 set_aside twice", "case unchanged"],
    ),
    "a listed conflict holds nothing else back": (
        a_view(
            a_case(),
            HIGH,
            pairs=[home(), carried(a_task())],
            holds=[a_hold(task_key(1), HoldKind.CONFLICT, "both-changed")],
        ),
        ["task1 update changed @3", "case unchanged"],
    ),
    "a late task in doubt waits, the others go on": (
        a_view(
            a_case(),
            HIGH,
            a_task(2),
            pairs=[home(), carried(a_task())],
            in_doubt=[(Role.TASK, task_key(2))],
        ),
        ["task1 update changed @3", "task2 waiting in-doubt", "case unchanged"],
    ),
    "a late task without a customer": (
        a_view(
            a_case(),
            a_task(),
            a_task(2, finished=True),
            pairs=[home(), carried(a_task())],
            customer=NOBODY,
        ),
        ["task1 unchanged", "task2 quarantine no-contact", "case unchanged"],
    ),
    # somebody moved its activity, or Kore does not show its task any more
    "its activity was moved to another case": (
        a_view(ENDED, DONE, a_task(2, finished=True), pairs=[home(), AWAY, TWO]),
        ["task2 complete finished @4", "case close finished", "task1 set_aside moved"],
    ),
    "a moved activity carries its case no more": (
        a_view(a_case(), a_task(), a_task(2, finished=True), pairs=[home(), AWAY, TWO]),
        [
            "opener create all-tasks-completed @2",
            "task2 complete finished @4",
            "task1 set_aside moved",
            "case unchanged",
        ],
    ),
    "an open activity whose task Kore hides keeps its case open": (
        a_view(
            a_case(),
            a_task(2, finished=True),
            pairs=[home(), TWO],
            ghosts=(GHOST[0],),
            strangers=[GHOST[1]],
        ),
        ["task2 complete finished @4", "case unchanged"],
    ),
    "an open activity whose task Kore hides holds the closing up": (
        a_view(
            ENDED,
            a_task(2, finished=True),
            pairs=[home(), TWO],
            ghosts=(GHOST[0],),
            strangers=[GHOST[1]],
        ),
        ["task2 complete finished @4", "case waiting activity-held"],
    ),
    # creation that goes on
    "a case just born gets its contents": (
        a_view(
            a_case(),
            a_task(),
            pairs=[(a_link(Role.CASE), home(severity=None)[1]), carried(a_task())],
        ),
        ["case update new @3", "task1 unchanged"],
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_a_case_that_was_carried(name: str) -> None:
    """Each history of a carried case has exactly this plan, in this order."""
    view, expected = TABLE[name]

    plan = plan_group(view)

    assert told(plan) == expected, plan


# what an edit sends -----------------------------------------------------------------

NOW_LOW = a_case(a_field("severity", "low"), a_field("dueDate", None))
DUE_AHEAD = home(dueDate=FUTURE)
OVERDUE = home(dueDate=PAST)


def changes_of(view: GroupView, code: str) -> list[FieldChange]:
    """Give what the one action of this code changes."""
    (action,) = [action for action in plan_group(view).actions if action.code == code]
    return list(action.changes)


def test_an_edit_repeats_a_due_date_that_lies_ahead() -> None:
    """Left out it would be removed; before and after are the same."""
    changes = changes_of(a_view(NOW_LOW, pairs=[DUE_AHEAD]), "changed")

    assert FieldChange(name="dueDate", before=FUTURE, after=FUTURE) in changes


def test_an_overdue_case_waits_with_an_edit() -> None:
    """An edit would lose its due date, and a date in the past is refused."""
    plan = plan_group(a_view(NOW_LOW, pairs=[OVERDUE]))

    assert told(plan) == ["case waiting case-overdue"]
    assert plan.requests == ()


def test_an_overdue_case_is_edited_where_its_due_date_moved_ahead() -> None:
    """A new due date in Kore ends the waiting."""
    case = a_case(a_field("severity", "low"), a_field("dueDate", FUTURE))
    agreed = a_case(a_field("severity", "high"), a_field("dueDate", PAST))

    changes = changes_of(a_view(case, pairs=[home(agreed)]), "changed")

    assert FieldChange(name="dueDate", before=PAST, after=FUTURE) in changes


def test_a_case_being_created_loses_a_due_date_that_has_passed() -> None:
    """Its creation goes on, and the lost date is counted."""
    link, target = a_link(Role.CASE), OVERDUE[1]

    plan = plan_group(a_view(NOW_LOW, pairs=[(link, target)]))

    assert told(plan) == ["case update new @3"]
    assert [(loss.rule, loss.field) for loss in plan.losses] == [
        ("due-date-past", "dueDate")
    ]


@pytest.mark.parametrize("name", ["custom.region", "priority"])
def test_an_edit_of_one_attribute_repeats_all_others(name: str) -> None:
    """What an edit does to attributes left out is not documented, so none is."""
    task = a_task(1, a_field(name, "na"))
    before = a_task(1, a_field(name, "emea"))
    pairs = [home(), carried(before, custom__kore_tags=("vip", "gold"))]

    changes = changes_of(a_view(a_case(), task, pairs=pairs), "changed")

    names = {change.name for change in changes}
    custom = {"custom.region", "custom.kore_tags"}
    assert names == (custom if name == "custom.region" else {name})


def test_a_note_is_keyed_by_what_the_source_says_now() -> None:
    """The same change gives the same key in every run, another change another one."""
    pairs = [home(), carried(NAMED["note"])]
    other = a_task(1, a_field("subject", "Newer", write_once="note"))

    views = [a_view(a_case(), t, pairs=pairs) for t in (RENAMED["note"], other)]
    keys = [plan_group(v).requests[0].correlation for v in (*views, views[0])]

    assert keys[0] == keys[2] != keys[1]


def test_a_note_says_what_changed() -> None:
    """Its text names the field and the new value; several values are joined."""
    agreed = a_task(1, a_field("custom.kore_tags", ("a", "b"), write_once="note"))
    task = a_task(1, a_field("custom.kore_tags", ("a", "c"), write_once="note"))

    plan = plan_group(a_view(a_case(), task, pairs=[home(), carried(agreed)]))

    assert plan.requests[0].note == "custom.kore_tags: a c"
