"""Linked records that a complete listing does not show, and runs that did not act."""

from caseferry.engine.changes import ReadPlan
from caseferry.engine.sync.run import Sync, SyncOptions
from caseferry.model.record import System
from caseferry.reconcile.guard import Limits
from support.both import OPEN_LIMITS, Both

WHOLE = ReadPlan(full=frozenset(System))


def missing() -> Both:
    """Carry four cases; then casemgr shows the activities of three no more."""
    both = Both()
    tasks = [both.task(both.case(f"Case {n}"), due=both.due(20)) for n in range(4)]
    both.run()
    both.later()
    both.later()  # the first one's own records are looked at once more
    for task in tasks[:3]:
        both.box.casemgr.store.activity_shelf.remove(both.of(task).id)
    return both


def planned(both: Both, reading: ReadPlan, limits: Limits = OPEN_LIMITS) -> Sync:
    both.clock.sleep(600)
    sync = Sync(both.context(), SyncOptions(limits=limits, reading=reading))
    sync.read()
    both.planned = sync.plan()
    return sync


def test_a_guard_that_refused_what_is_missing_refuses_it_again() -> None:
    """Reading only what changed does not show that it is there after all."""
    both = missing()
    for reading in (WHOLE, ReadPlan(), ReadPlan()):
        planned(both, reading, Limits())
        assert [stop.guard for stop in both.planned.stops] == ["max-not-seen"]

    planned(both, ReadPlan()).carry_out()  # allowed by name
    assert [hold.code for hold in both.holds.values()] == ["not-seen"] * 3
    planned(both, ReadPlan(), Limits())
    assert both.planned.stops == ()


def test_what_a_plan_did_not_see_is_listed_by_the_next_sync() -> None:
    both = missing()
    planned(both, WHOLE)

    planned(both, ReadPlan()).carry_out()

    assert [hold.code for hold in both.holds.values()] == ["not-seen"] * 3
    assert both.at_rest()
