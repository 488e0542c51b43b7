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
