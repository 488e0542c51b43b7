"""A sync that runs out of time in its midst, wherever that is."""

from support.duplex import Duplex
from support.operator import Operator


def test_what_a_run_out_of_time_did_not_begin_is_not_counted() -> None:
    """Its books balance, and the next one goes on where it was."""
    for at in range(10, 40):
        play = Duplex(newest_first=False)
        play.agent_case(0)
        play.agent_case(0)
        play.kore_case(1)
        play.during[at] = [Operator(play).hurry]

        play.sync()  # which looks whether the books balance

        assert play.end() == []
        assert play.oracle.judge() == []
