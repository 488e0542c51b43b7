"""The decision about a case that casemgr does not have yet."""

import pytest

from caseferry.errors import Problem
from caseferry.model.action import ActionKind, Loss, Stage
from caseferry.model.correlation import Role
from caseferry.model.link import HoldKind
from caseferry.reconcile.planner import plan_group
from caseferry.reconcile.view import GroupView
from reconcile.builders import (
    CASE,
    HOME,
    KEY_FIELD,
    NOBODY,
    a_case,
    a_field,
    a_hold,
    a_link,
    a_task,
    a_view,
    an_opener_pair,
    home,
    task_key,
    told,
)

DONE = a_task(1, finished=True)
BAD = a_task(1, problems=(Problem(path="status", message="no row names this"),))
NO_OPENER: frozenset[str] = frozenset()

TABLE: dict[str, tuple[GroupView, list[str]]] = {
    "one open task carries the case": (
        a_view(a_case(), a_task()),
        ["task1 create new @1", "case create new", "case update new @3"],
    ),
    "the others wait for the case's id": (
        a_view(a_case(), a_task(1), a_task(2), a_task(3)),
        [
            "task1 create new @1",
            "case create new",
            "task2 create new @2",
            "task3 create new @2",
            "case update new @3",
        ],
    ),
    "without tasks an opener carries it": (
        a_view(a_case()),
        ["opener create no-tasks @1", "case create new", "case update new @3"],
    ),
    "without tasks and without leave for an opener it is set aside": (
        a_view(a_case(), opener_when=NO_OPENER),
        ["case set_aside no-opener"],
    ),
    "all tasks completed: an opener keeps it open": (
        a_view(a_case(), DONE),
        [
            "task1 create new @1",
            "case create new",
            "opener create all-tasks-completed @2",
            "case update new @3",
            "task1 complete finished @4",
        ],
    ),
    "all tasks completed and no opener allowed: completing waits": (
        a_view(a_case(), DONE, opener_when=frozenset({"no-tasks"})),
        [
            "task1 create new @1",
            "case create new",
            "case update new @3",
            "task1 waiting would-close-case",
        ],
    ),
    "some tasks completed: the open one keeps it open": (
        a_view(a_case(), DONE, a_task(2)),
        [
            "task1 create new @1",
            "case create new",
            "task2 create new @2",
            "case update new @3",
            "task1 complete finished @4",
        ],
    ),
    "a closed case closes with its last completion": (
        a_view(a_case(finished=True), DONE),
        [
            "task1 create new @1",
            "case create new",
            "case update new @3",
            "task1 complete finished @4",
            "case close finished",
        ],
    ),
    "a closed case without tasks comes and goes with its opener": (
        a_view(a_case(finished=True)),
        [
            "opener create no-tasks @1",
            "case create new",
            "case update new @3",
            "opener complete finished @4",
            "case close finished",
        ],
    ),
    "a task without a word in the mapping leaves the case to the next one": (
        a_view(a_case(), BAD, a_task(2)),
        [
            "task2 create new @1",
            "case create new",
            "case update new @3",
            "task1 quarantine unmapped",
        ],
    ),
    "no task can be carried: an opener stands in": (
        a_view(a_case(), BAD),
        [
            "opener create no-tasks @1",
            "case create new",
            "case update new @3",
            "task1 quarantine unmapped",
        ],
    ),
    "no task can be carried, and no opener allowed": (
        a_view(a_case(), BAD, opener_when=NO_OPENER),
        ["task1 quarantine unmapped", "case set_aside no-opener"],
    ),
    "a task that Kore hides is out of scope": (
        a_view(a_case(), a_task(1, active=False), a_task(2)),
        [
            "task2 create new @1",
            "case create new",
            "case update new @3",
            "task1 out_of_scope inactive",
        ],
    ),
    "a case that Kore hides is out of scope with its tasks": (
        a_view(a_case(active=False), a_task()),
        ["case out_of_scope inactive", "task1 out_of_scope case-inactive"],
    ),
    "a case of unknown status holds its tasks": (
        a_view(a_case(finished=None), a_task()),
        ["case quarantine unmapped", "task1 quarantine case-unmapped"],
    ),
    "without a customer nothing is created": (
        a_view(a_case(), a_task(), customer=NOBODY),
        ["task1 quarantine no-contact", "case quarantine no-contact"],
    ),
    "without a customer a finished task is not completed either": (
        a_view(a_case(finished=True), DONE, customer=NOBODY),
        ["task1 quarantine no-contact", "case quarantine no-contact"],
    ),
    "a quarantined task is held, the case comes with an opener": (
        a_view(
            a_case(),
            a_task(),
            holds=[a_hold(task_key(1), HoldKind.QUARANTINE, "refused")],
        ),
        [
            "opener create no-tasks @1",
            "case create new",
            "case update new @3",
            "task1 quarantine refused",
        ],
    ),
    "a held case holds its tasks": (
        a_view(
            a_case(), a_task(), holds=[a_hold(CASE, HoldKind.QUARANTINE, "refused")]
        ),
        ["case quarantine refused", "task1 quarantine case-refused"],
    ),
    "the tasks of an uncertain case wait": (
        a_view(a_case(), a_task(), holds=[a_hold(CASE, HoldKind.UNCERTAIN, "lost")]),
        ["case uncertain lost", "task1 waiting case-lost"],
    ),
    "an uncertain task holds the whole unborn group": (
        a_view(
            a_case(),
            a_task(1),
            a_task(2),
            holds=[a_hold(task_key(1), HoldKind.UNCERTAIN, "lost")],
        ),
        [
            "case waiting uncertain-case",
            "task1 uncertain lost",
            "task2 waiting case-uncertain-case",
        ],
    ),
    "a create in doubt holds the whole unborn group": (
        a_view(a_case(), a_task(1), a_task(2), in_doubt=[(Role.TASK, task_key(1))]),
        [
            "case waiting in-doubt",
            "task1 waiting in-doubt",
            "task2 waiting case-in-doubt",
        ],
    ),
    "an opener in doubt holds the whole unborn group": (
        a_view(a_case(), in_doubt=[(Role.OPENER, CASE)]),
        ["case waiting in-doubt"],
    ),
    "its activity is linked, but not shown, so the case is not known": (
        a_view(a_case(), a_task(1), a_task(2), pairs=[(a_link(), None)]),
        [
            "case waiting not-seen",
            "task1 waiting case-not-seen",
            "task2 waiting case-not-seen",
        ],
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_a_case_that_casemgr_does_not_have(name: str) -> None:
    """Each history of an unborn case has exactly this plan, in this order."""
    view, expected = TABLE[name]

    plan = plan_group(view)

    assert told(plan) == expected, plan


def test_only_the_create_that_brings_the_case_into_being_names_no_case() -> None:
    """One request opens the group; all others carry the id of the case it made."""
    unborn = plan_group(a_view(a_case(), a_task(1), a_task(2)))
    born = plan_group(a_view(a_case(), a_task(1), a_task(2), pairs=[home()]))

    assert [action.stage for action in unborn.next_stage] == [Stage.OPEN]
    drafts = [action.draft for action in born.actions if action.draft is not None]
    assert [draft.case for draft in drafts] == [HOME, HOME]


def test_a_create_says_where_it_lands_for_whom_and_by_which_key() -> None:
    """The draft holds department, subtype, assignee, customer, fields and its key."""
    task = a_task(
        7, a_field("subject", "Call"), a_field("dueDate", None), losses=(LOSS,)
    )

    plan = plan_group(a_view(a_case(), task))

    (create,) = [action for action in plan.actions if action.draft is not None]
    draft = create.draft
    assert draft is not None
    landing = (draft.department, draft.subtype, draft.assignee)
    assert landing == ("Service", "general", "svc_care")
    assert draft.customer.value == "liz@example.com"
    assert draft.fields == {"subject": "Call"}
    assert draft.correlation == create.correlation == "cf1.0123abcd.t.ti-7.0"
    assert [(c.name, c.before, c.after) for c in create.changes] == [
        ("subject", None, "Call")
    ]
    assert plan.losses == (LOSS,)


LOSS = Loss(rule="subject-cut", field="name")


def test_the_edit_of_a_new_case_carries_its_correlation_key() -> None:
    """The case is found again by its own key, which its first edit writes."""
    plan = plan_group(a_view(a_case(), a_task()))

    (edit,) = [action for action in plan.actions if action.kind is ActionKind.UPDATE]
    written = {c.name: c.after for c in edit.changes}
    assert written == {"severity": "high", KEY_FIELD: "cf1.0123abcd.c.ci-1.0"}


def test_what_stays_behind_is_counted_with_the_first_create_only() -> None:
    """A group that is only edited leaves nothing behind a second time."""
    new = plan_group(a_view(a_case(), a_task()))
    held = plan_group(a_view(a_case(active=False)))

    assert new.stays_behind == {"kore.attachments": 1}
    assert held.stays_behind == {}


def test_an_opener_that_was_made_before_gets_the_next_generation() -> None:
    """Two openers of one case never share a key."""
    before = home(a_case(finished=True), status="closed")
    first, second = (
        an_opener_pair(status="completed"),
        an_opener_pair(status="completed", generation=1),
    )

    for pairs, number in (([before], 0), ([before, first], 1), ([before, second], 2)):
        plan = plan_group(a_view(a_case(), pairs=pairs))
        (opener,) = [action for action in plan.actions if action.draft is not None]
        assert (opener.role, opener.generation) == (Role.OPENER, number)
        assert opener.correlation == f"cf1.0123abcd.o.ci-1.{number}"
