"""What `[sync] create` and `[scope]` leave out, and what becomes of it later."""

import pytest

from caseferry.engine.sync.policy import Scope, TwoWay
from support.both import Both

ONLY_BILLING = TwoWay(scope=Scope(templates=frozenset(["Billing"])))


@pytest.mark.parametrize(
    "policy", [TwoWay(create="none"), TwoWay(create="kore"), ONLY_BILLING]
)
def test_what_the_policy_left_out_is_carried_once_it_lets_it_in(policy: TwoWay) -> None:
    """Nobody has to edit each record that was made meanwhile."""
    both = Both(two_way=policy)
    case = both.case("Router down", priority="Medium")
    task = both.task(case, "Call back", priority="Medium", due=both.due(20))
    both.sync()
    both.later()
    assert both.all_of(case) == []

    both.two_way = TwoWay()
    both.later()

    assert both.of(case).status == "open"
    assert both.of(task).priority == "4"
    assert both.at_rest()
