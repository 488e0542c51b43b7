"""An agent completes what keeps a case open, while a run completes our opener."""

import pytest

from support.duplex import Duplex
from support.operator import Operator


@pytest.mark.parametrize("at", range(6, 20))
def test_a_case_that_our_completion_closed_is_not_closed_in_kore(at: int) -> None:
    """Both end within a second, and yet nobody closed the case by a call."""
    play = Duplex(newest_first=False)
    play.kore_case(0)
    play.agent_case(1)
    play.sync()
    play.edit_case(0, "urgent")
    Operator(play).disagree(0, 1)
    play.sync()
    play.agent_task(0)
    play.during[at] = [lambda: play.complete(0)]

    play.sync()

    assert {case.status for case in play.box.kore.cases.values()} == {"Open"}
    assert play.oracle.judge() == []
    assert play.end() == []


@pytest.mark.parametrize("at", range(13, 20))
def test_nor_is_it_in_the_run_after_that(at: int) -> None:
    """The run that completed our opener had no look at the case any more."""
    play = Duplex(newest_first=False)
    play.kore_case(0)
    play.agent_case(0)
    play.sync()
    play.edit_kore_case(0, "critical")
    play.agent_task(0)
    Operator(play).disagree(0, 0)
    play.during[at] = [lambda: play.complete(0)]
    play.sync()

    play.read_whole()

    assert {case.status for case in play.box.kore.cases.values()} == {"Open"}
    assert play.oracle.judge() == []
    assert play.end() == []
