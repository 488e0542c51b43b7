"""What a person decided holds, also where the mapping changed meanwhile."""

import pytest

from caseferry.model.record import System
from support.duplex import Duplex
from support.operator import Operator


def two_cases(own: int = 2) -> tuple[Duplex, Operator]:
    """Carry a Kore case without tasks, and an agent's with some."""
    play = Duplex(newest_first=False)
    play.kore_case(0)
    play.agent_case(own)
    play.sync()
    return play, Operator(play)


def parted_when_closed() -> tuple[Duplex, Operator]:
    """Part the agent's case from its twin after both were closed, and before a run."""
    play, operator = two_cases()
    play.close(1)
    play.clash_on_case(0, "closed", "due")
    operator.part(1)
    return play, operator


@pytest.mark.parametrize("take", System)
def test_a_decision_holds_while_its_activity_waits(take: System) -> None:
    """Under a changed mapping, and nobody is assigned who could take an edit."""
    play, operator = two_cases()
    play.remap()
    for what in (0, 2):  # its priority; its end, where nobody is assigned any more
        operator.disagree(2, what)
    play.sync()
    assert any("priority" in words for words in operator.open_conflicts())

    operator.resolve_all(take)

    assert operator.open_conflicts() == []
    assert play.end() == []
    assert operator.open_conflicts() == []
    assert play.oracle.judge() == []


def test_an_open_task_is_not_taken_where_its_activity_is_completed() -> None:
    """No call opens it again: to take Kore's side would promise what cannot be done."""
    play, operator = two_cases(own=1)
    play.remap()
    play.agent_task(0)
    play.during[9] = [lambda: play.complete(0)]
    play.read_whole()
    play.lose()
    assert play.end() == []
    assert any("status" in words for words in operator.open_conflicts())

    operator.resolve_all(System.KORE)

    assert play.end() == []
    assert any("status" in words for words in operator.open_conflicts())


@pytest.mark.parametrize("at", [2, 8])
def test_a_run_that_had_no_time_takes_nothing_for_agreed(at: int) -> None:
    """Closed on both sides, and opened again on one before the next run looks."""
    play = Duplex(newest_first=False)
    operator = Operator(play)
    play.kore_case(0)
    play.sync()
    operator.disagree(0, 2)  # Kore resolves it
    play.close(0)
    play.during[1] = [operator.hurry]
    play.during[at] = [lambda: play.agent_task(0)]
    play.sync()

    assert play.end() == []
    assert play.oracle.judge() == []


@pytest.mark.parametrize("seen", [False, True])
def test_a_way_there_and_back_undoes_no_decision(*, seen: bool) -> None:
    """The value is again the one that was decided on."""
    play = Duplex()
    operator = Operator(play)
    play.kore_case(0)
    play.sync()
    operator.disagree(0, 0)
    play.sync()
    operator.resolve(0, System.KORE)
    play.edit_case(0, "high")
    if seen:
        play.sync()
        assert operator.open_conflicts()
    play.edit_case(0, "urgent")

    play.sync()

    assert play.box.casemgr.cases["1000"].severity == "low"
    assert play.oracle.judge() == []


def test_what_came_to_agree_while_a_pair_was_parted_is_not_known() -> None:
    """Both were closed then; Kore's was opened again before the two were joined."""
    play, operator = parted_when_closed()
    play.sync()
    play.clash_on_case(0, "on hold", "due")

    operator.join_all()

    assert play.end() == []
    assert play.oracle.judge() == []


def test_our_own_opening_of_a_case_shows_nobodys() -> None:
    """Kore's case is opened for an edit of its tasks while a person opens it."""
    play, operator = parted_when_closed()
    operator.sync_with("none")
    operator.join(7)
    play.kore_task(6)
    play.during[9] = [lambda: play.edit_kore_case(4, "open")]

    play.sync()

    assert play.oracle.judge() == []
    assert play.end() == []


def test_tags_that_are_written_with_ours_may_come_back() -> None:
    """Kore takes them as a whole, and nothing shows an edit of the same moment."""
    play = Duplex(newest_first=False)
    operator = Operator(play)
    play.kore_case(1)
    play.sync()
    operator.disagree(7, 1)
    play.queue(0)
    play.sync()
    play.edit_activity(0, "due")
    play.during[4] = [lambda: play.edit_kore_task(0, "no tags")]

    play.sync()

    assert play.oracle.judge() == []
    assert any("tags" in words for words in play.oracle.blind)


def test_the_side_that_was_taken_may_go_back_before_the_run() -> None:
    """Its value is carried all the same: what both agreed on before counts no more."""
    play, operator = two_cases()
    play.oracle.judge()  # it tells who is whose twin
    play.clash(0, "low", "priority 3")
    play.sync()
    assert operator.open_conflicts()
    operator.resolve_all(System.CASEMGR)

    play.clash(0, "due later", "priority 5")

    assert play.end() == []
    assert play.oracle.judge() == []


def test_what_a_run_did_not_live_to_note_is_not_noted_of_a_parted_case() -> None:
    """A task was resolved by the run that died; its case was parted after that."""
    play, operator = two_cases(own=1)
    play.oracle.judge()
    play.close(1)
    play.die_at_a_request(9, "after")
    operator.part(1)
    play.sync()
    play.clash(0, "on hold", "due")

    operator.join_all()

    assert play.end() == []
    assert play.oracle.judge() == []
