"""Histories of two-way sync that once went wrong, each cut down to what it needs.

A step is what happens, before which request of the next run (0 is at once), and with
what; records are counted from the newest.
"""

from typing import TYPE_CHECKING, Any

import pytest

from caseferry.reconcile.guard import Limits
from support.duplex import Duplex

if TYPE_CHECKING:
    from collections.abc import Callable

Step = tuple[Any, ...]
RUNS = {
    "sync",
    "lose",
    "restore",
    "remap",
    "read_whole",
    "lag",
    "wait",
    "die_at_a_request",
    "die_at_a_commit",
}

HISTORIES: dict[str, tuple[Step, list[Step]]] = {
    "a case that an agent closes before a lost reply is settled stays closed": (
        (0, 0, "", False),
        [
            ("kore_case", 0, 0),
            ("die_at_a_request", 0, 10, "after"),
            ("close", 0, 0),
            ("die_at_a_request", 0, 14, "after"),
        ],
    ),
    "a rename between a look and a create whose reply is lost becomes a note": (
        (0, 0, "", False),
        [
            ("edit_kore_task", 4, 0, "renamed"),
            ("kore_case", 0, 1),
            ("die_at_a_request", 0, 10, "after"),
        ],
    ),
    "a date set between a look and a create whose reply is lost is carried": (
        (0, 0, "", False),
        [
            ("edit_kore_task", 4, 0, "due later"),
            ("kore_case", 0, 1),
            ("die_at_a_request", 0, 10, "after"),
        ],
    ),
    "an opener that was moved takes no case of an agent's": (
        (0, 0, "", False),
        [
            ("kore_case", 0, 0),
            ("agent_case", 0, 0),
            ("move", 0, 0, 0),
            ("die_at_a_commit", 0, 22, "before"),
            ("lose", 0),
            ("close", 0, 2),
            ("read_whole", 0),
        ],
    ),
    "a case that is closed on both sides before it took a key is no new one": (
        (0, 0, "", False),
        [
            ("kore_case", 0, 0),
            ("die_at_a_commit", 0, 22, "before"),
            ("close", 0, 0),
            ("edit_kore_case", 0, 0, "closed"),
        ],
    ),
    "an edit while a copy of the state is read makes no second task": (
        (1, 1, "", False),
        [
            ("lag", 0, 5),
            ("kore_task", 0, 0),
            ("sync", 0),
            ("edit_activity", 5, 0, "priority 3"),
            ("restore", 0, 3),
            ("sync", 0),
        ],
    ),
    "an edit hides no task that was made since a copy of the state": (
        (0, 1, "", True),
        [
            ("lag", 0, 20),
            ("kore_task", 1, 0),
            ("sync", 0),
            ("sync", 0),
            ("edit_activity", 4, 3, "priority 3"),
            ("restore", 0, 2),
            ("sync", 0),
        ],
    ),
    "a rename becomes a note when a moved activity comes back": (
        (2, 0, "", False),
        [
            ("move", 0, 0, 1),
            ("sync", 0),
            ("edit_kore_task", 0, 0, "renamed"),
            ("sync", 0),
            ("move", 0, 0, 0),
        ],
    ),
    "a task that is resolved in Kore as soon as it is made stays so": (
        (0, 0, "", False),
        [("agent_case", 0, 1), ("edit_kore_task", 13, 0, "resolved"), ("sync", 0)],
    ),
    "a case that is closed in Kore as soon as it is made stays so": (
        (0, 0, "", True),
        [("agent_case", 0, 1), ("edit_kore_case", 12, 0, "closed"), ("sync", 0)],
    ),
    "a case that is closed in Kore before its tasks are made stays so": (
        (0, 0, "", True),
        [("agent_case", 0, 1), ("edit_kore_case", 11, 0, "closed"), ("sync", 0)],
    ),
    "a case that was closed in Kore stays closed when the state is lost": (
        (0, 0, "", False),
        [("edit_kore_case", 0, 0, "closed"), ("lose", 0)],
    ),
    "a task that was resolved in Kore stays so when the state is lost": (
        (1, 0, "", True),
        [("edit_kore_task", 0, 0, "resolved"), ("queue", 0, 0), ("lose", 0)],
    ),
    "a mapping that is taken back while a creation waits is seen again": (
        (0, 0, "casemgr", False),
        [
            ("remap", 0),
            ("agent_case", 0, 1),
            ("die_at_a_commit", 0, 23, "after"),
            ("remap", 0),
            ("faulty", 0, "lost_reply", "create_task", 0, 1),
            ("remap", 0),
        ],
    ),
    "a case that an agent closes while its creation waits stays closed": (
        (0, 0, "", False),
        [
            *[("lag", 0, 0)] * 4,
            ("kore_case", 0, 0),
            ("lag", 0, 0),
            ("die_at_a_commit", 0, 25, "after"),
            ("close", 0, 0),
            ("die_at_a_commit", 0, 22, "before"),
        ],
    ),
    "a case that an agent opens again while it is read is not closed again": (
        (0, 0, "", False),
        [
            ("remap", 0),
            ("edit_kore_case", 0, 0, "closed"),
            ("read_whole", 0),
            ("read_whole", 0),
            ("agent_task", 8, 1),
            ("read_whole", 0),
        ],
    ),
    "a change is noted once, under a changed mapping too": (
        (2, 0, "", False),
        [
            ("remap", 0),
            ("complete", 0, 1),
            ("edit_kore_task", 0, 0, "renamed"),
            ("edit_kore_task", 0, 0, "resolved"),
        ],
    ),
    "what keeps a case open is looked at before its last task is completed": (
        (2, 0, "", False),
        [
            ("complete", 0, 1),
            ("complete", 12, 0),
            ("edit_kore_task", 0, 0, "resolved"),
            ("read_whole", 0),
        ],
    ),
    "a creation that only finishes is looked at from the other side too": (
        (0, 0, "", True),
        [
            ("agent_task", 9, 1),
            ("sync", 0),
            ("lose", 0),
            ("die_at_a_commit", 0, 42, "before"),
        ],
    ),
    "what one side alone has is filled in after the state was lost": (
        (0, 0, "", True),
        [("lose", 0), ("edit_case", 0, 2, "due")],
    ),
    "an agent's record whose twin Kore hides gets no second one": (
        (0, 1, "", True),
        [("edit_kore_task", 0, 2, "hidden"), ("sync", 0), ("lose", 0)],
    ),
    "a twin that Kore shows again is the old one": (
        (2, 0, "", True),
        [
            ("edit_kore_case", 0, 7, "hidden"),
            ("lose", 0),
            ("sync", 0),
            ("sync", 0),
            ("edit_kore_case", 0, 1, "shown"),
        ],
    ),
    "an edit between a create in Kore and its update is a conflict": (
        (0, 1, "", True),
        [
            ("kore_task", 8, 7),
            ("edit_kore_task", 15, 3, "critical"),
            ("agent_task", 0, 6),
            ("read_whole", 0),
        ],
    ),
    "an agent's date in a half made case comes to Kore": (
        (0, 0, "", True),
        [
            ("edit_case", 15, 3, "due"),
            ("kore_case", 0, 0),
            ("die_at_a_commit", 0, 25, "before"),
        ],
    ),
    "a rename in a half made Kore task becomes a note": (
        (0, 0, "", True),
        [
            ("agent_case", 9, 2),
            ("sync", 0),
            ("die_at_a_request", 0, 16, "before"),
            ("edit_kore_task", 0, 1, "renamed"),
        ],
    ),
    "tags that came while a lost state was restored go on": (
        (0, 0, "", True),
        [
            ("edit_kore_case", 12, 2, "tags"),
            ("lose", 0),
            ("kore_task", 0, 3),
            ("sync", 0),
        ],
    ),
    "what a new case was made with is known, though it is not sent": (
        (0, 0, "", True),
        [
            ("edit_case", 15, 6, "high"),
            ("kore_case", 0, 1),
            ("die_at_a_request", 0, 46, "after"),
        ],
    ),
    "an opener and a stale task do not chase each other": (
        (0, 0, "", True),
        [
            ("kore_case", 0, 1),
            ("agent_case", 0, 0),
            ("die_at_a_request", 0, 1, "after"),
            ("complete", 15, 0),
            ("sync", 0),
        ],
    ),
    "a changed mapping stays due on an activity in a queue": (
        (0, 1, "", True),
        [("remap", 0), ("queue", 0, 5), ("sync", 0), ("assign", 0, 5)],
    ),
    "a mapping that changed while a creation went on, and back": (
        (0, 0, "", True),
        [
            ("agent_task", 4, 5),
            ("sync", 0),
            ("die_at_a_commit", 0, 32, "after"),
            ("remap", 0),
            ("sync", 0),
            ("remap", 0),
        ],
    ),
    "an edit that a close overtook is planned anew": (
        (0, 0, "", True),
        [
            ("agent_task", 10, 2),
            ("sync", 0),
            ("agent_task", 30, 6),
            ("edit_kore_case", 15, 1, "resolved"),
            ("complete", 20, 2),
            ("sync", 0),
        ],
    ),
    "an edit between our write and its reading back comes to Kore": (
        (0, 0, "", True),
        [
            ("agent_task", 12, 6),
            ("sync", 0),
            ("edit_kore_case", 0, 2, "renamed"),
            ("edit_case", 12, 5, "subject"),
            ("edit_kore_case", 0, 5, "emergency"),
            ("die_at_a_request", 0, 15, "before"),
        ],
    ),
    "a Kore case opened for its tasks is closed again": (
        (0, 0, "", True),
        [
            ("agent_case", 0, 1),
            ("complete", 0, 0),
            ("sync", 0),
            ("agent_task", 0, 0),
            ("complete", 0, 0),
            ("sync", 0),
        ],
    ),
    "a case is known by its key though its opener was moved": (
        (0, 2, "", True),
        [
            ("move", 4, 7, 0),
            ("lose", 0),
            ("agent_case", 0, 2),
            ("faulty", 0, "gateway_html", "search_activities", 0, 2),
        ],
    ),
    "a case whose opener is not listed yet is known by its key": (
        (0, 1, "", True),
        [
            ("lag", 0, 20),
            ("die_at_a_request", 0, 51, "before"),
            ("kore_case", 0, 0),
            ("die_at_a_request", 0, 24, "before"),
            ("restore", 0, 2),
            ("move", 4, 6, 7),
            ("faulty", 0, "gateway_html", "get_tasks", 7, 1),
        ],
    ),
    "a group that waits twice is made once": (
        (0, 0, "", True),
        [
            ("agent_task", 0, 4),
            ("kore_task", 9, 1),
            ("die_at_a_request", 0, 13, "after"),
            ("die_at_a_commit", 0, 17, "after"),
            ("sync", 0),
        ],
    ),
    "a new date replaces one that has passed": (
        (0, 0, "", True),
        [
            ("edit_kore_case", 0, 0, "due soon"),
            ("wait", 0, 1000),
            ("sync", 0),
            ("sync", 0),
            ("edit_kore_case", 0, 0, "due later"),
        ],
    ),
    "what was emptied stays listed": (
        (1, 0, "", True),
        [
            ("edit_kore_task", 0, 3, "one tag"),
            ("die_at_a_commit", 0, 17, "before"),
            ("edit_kore_task", 30, 1, "no tags"),
            ("sync", 0),
            ("agent_task", 0, 4),
        ],
    ),
    "a case that an agent closes before it has its key is ours": (
        (0, 0, "", False),
        [
            ("kore_case", 0, 1),
            ("close", 12, 0),
            ("clash_on_case", 0, 0, "closed", "due"),
            ("read_whole", 0),
        ],
    ),
    "an older state takes what was carried since for a change": (
        (0, 0, "casemgr", False),
        [
            ("edit_case", 0, 1, "low"),
            ("edit_kore_case", 0, 0, "closed"),
            ("read_whole", 0),
            ("read_whole", 0),
            ("restore", 0, 2),
            ("clash_on_case", 0, 0, "critical", "due"),
            ("read_whole", 0),
        ],
    ),
    "what was told stays listed where the same run looks again": (
        (0, 0, "", False),
        [
            ("kore_case", 0, 1),
            ("die_at_a_request", 0, 10, "after"),
            ("close", 0, 0),
        ],
    ),
    "a case that was opened and closed unseen is brought back all the same": (
        (0, 0, "", True),
        [
            ("edit_kore_case", 0, 1, "closed"),
            ("sync", 0),
            ("sync", 0),
            ("edit_kore_case", 0, 1, "on hold"),
            ("mail", 0, 0),
            ("close", 0, 0),
            ("sync", 0),
        ],
    ),
    "a date that cannot be written is no consent to the other one": (
        (2, 2, "kore", False),
        [
            ("agent_task", 0, 5),
            ("die_at_a_commit", 0, 18, "before"),
            ("lose", 0),
            ("edit_kore_task", 0, 4, "due soon"),
            ("die_at_a_commit", 0, 12, "after"),
        ],
    ),
}


def take(play: Duplex, step: Step) -> None:
    """Let one step happen."""
    name, at, *given = step
    act: Callable[..., Any] = getattr(play, name)
    if at and name not in RUNS:
        play.during.setdefault(at, []).append(lambda: act(*given))
    else:
        act(*given)


@pytest.mark.parametrize("name", HISTORIES)
def test_a_history_that_went_wrong_once_goes_right(name: str) -> None:
    (tasks, own, owner, newest_first), steps = HISTORIES[name]
    play = Duplex(owner=owner, newest_first=newest_first)
    play.kore_case(tasks)
    play.agent_case(own)
    play.sync()

    for step in steps:
        take(play, step)
        assert play.oracle.judge() == []

    play.flush()
    assert play.end() == []
    assert play.oracle.judge() == []


def test_limits_that_bite_leave_both_systems_alone() -> None:
    play = Duplex()
    play.kore_case(2)
    play.agent_case(2)
    play.sync()
    before = play.both.writes()
    play.edit_kore_task(0, "critical")
    play.edit_kore_task(1, "low")

    play.sync(Limits(max_changes=1))

    assert play.stopped == 1
    assert play.both.writes() == before
    assert play.end() == []
