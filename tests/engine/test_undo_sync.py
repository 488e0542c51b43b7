"""A two-way run, taken back on both sides; the next one leaves it so."""

from support.both import Both
from support.taken_back import marks, undone, writes


def test_a_sync_is_taken_back_in_both_systems() -> None:
    """Each write by the system it went to; what people changed stays theirs."""
    both = Both()
    case = both.case("Router down", priority="Medium")
    task = both.task(case, "Call back", priority="Medium")
    both.run()
    both.later()
    number = both.of(task).priority
    both.edit(task, priority="Low")
    both.edit(f"case:{both.of(case).id}", severity="high")
    fresh = both.case("Lamp")
    both.task(fresh, "Send")
    agents = both.agent_case("Mail")
    both.agent_task(agents, "Answer")
    both.later()
    run = both.last._context.run
    there = [c for c in both.box.kore.cases.values() if c.id not in (case, fresh)]
    assert (both.of(task).priority, both.kore(case).priority) == ("6", "High")
    assert len(there) == 1

    result = undone(both.rig, run)

    assert (both.of(task).priority, both.kore(task).priority) == (number, "Low")
    assert (both.kore(case).priority, both.of(case).severity) == ("Medium", "high")
    assert (both.of(fresh).status, both.kore(fresh).is_active) == ("closed", True)
    activities = both.box.casemgr.activities.values()
    assert sum(marks(activity, run) for activity in activities) == 1
    assert [c.is_active for c in there] == [False]
    assert both.box.casemgr.cases[agents].status == "open"
    assert result.held == 0


def test_a_sync_after_an_undo_repeats_nothing_and_carries_nothing_back() -> None:
    """What was put back is no edit of anybody's: it does not go to the other side."""
    both = Both()
    case = both.case("Router down", priority="Medium")
    task = both.task(case, "Call back", priority="Medium")
    both.run()
    both.later()
    both.edit(task, priority="Low")
    both.edit(f"case:{both.of(case).id}", severity="high")
    fresh = both.case("Lamp")
    both.task(fresh, "Send")
    agents = both.agent_case("Mail")
    both.agent_task(agents, "Answer")
    both.later()
    undone(both.rig, both.last._context.run)
    before = (writes(both.box, "kore"), writes(both.box, "casemgr"))
    values = (both.kore(task).priority, both.of(case).severity)

    both.later()

    assert (writes(both.box, "kore"), writes(both.box, "casemgr")) == before
    assert (both.kore(task).priority, both.of(case).severity) == values
    both.edit(task, priority="High")
    both.later()
    assert both.of(task).priority == "2"
