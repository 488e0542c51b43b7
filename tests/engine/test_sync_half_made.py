"""People edit a record in Kore that a run has made and not finished."""

import pytest

from support.duplex import Duplex
from support.operator import Operator


@pytest.mark.parametrize("at", range(16, 26))
def test_what_people_set_in_kore_meanwhile_is_not_overwritten(at: int) -> None:
    """A run's time ends at a request; then both sides set tags, which Kore owns."""
    play = Duplex(newest_first=False)
    operator = Operator(play)
    play.agent_case(0)
    play.during[at] = [operator.hurry]
    play.sync()
    is_made = bool(play.box.kore.cases)

    operator.disagree(0, 1)
    play.sync()

    assert is_made is (at >= 20)
    assert play.oracle.judge() == []
    assert play.end() == []


def doubtful() -> tuple[Duplex, Operator]:
    """An agent's task in a case that Kore has resolved; its create is in doubt."""
    play = Duplex(newest_first=False)
    operator = Operator(play)
    play.kore_case(0)
    play.agent_case(0)
    play.sync()
    play.agent_task(0)
    operator.disagree(0, 2)
    play.resolve_all(0, close=True)
    return play, operator


def test_a_task_that_waits_for_another_ones_create_is_counted() -> None:
    """The books balance where creates go one at a time, and one is in doubt."""
    play, _ = doubtful()
    play.die_at_a_commit(51, "after")
    play.sync()
    play.during[9] = [lambda: play.agent_task(0)]

    play.sync()

    assert play.end() == []


def test_a_create_in_doubt_of_what_was_moved_ends_no_run() -> None:
    """An agent moves the activity while the run is under way; the next one settles."""
    play, _ = doubtful()
    play.remap()
    play.remap()
    play.die_at_a_commit(51, "after")
    play.during[9] = [lambda: play.move(6, 7)]

    play.sync()

    assert play.end() == []
    assert play.oracle.judge() == []


@pytest.mark.parametrize("at", range(9, 16))
@pytest.mark.parametrize("by", ["agent", "kore"])
def test_contents_are_not_written_again_over_what_came_since(at: int, by: str) -> None:
    """The run died at some request of a creation; its last step was perhaps done."""
    play = Duplex(newest_first=False)
    play.kore_case(0)
    play.agent_case(0)
    play.sync()
    play.kore_case(0)
    play.die_at_a_request(at, "after")

    if by == "agent":
        play.edit_case(0, "urgent")
    else:
        play.edit_kore_case(0, "critical")

    assert play.end() == []
    assert play.oracle.judge() == []
