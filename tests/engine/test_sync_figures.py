"""What guards count of a two-way plan: each record once, whatever is done to it."""

from caseferry.engine.sync.run import Sync, SyncOptions
from caseferry.reconcile.guard import Limits
from support.both import Both


def three_cases() -> tuple[Both, list[str]]:
    """Carry three cases with a task each; gives the tasks."""
    both = Both()
    tasks = [both.task(both.case(f"Case {n}"), due=both.due(20)) for n in range(3)]
    both.run()
    both.later()
    return both, tasks


def figures(both: Both) -> dict[str, int]:
    both.clock.sleep(600)
    sync = Sync(both.context(), SyncOptions(limits=Limits()))
    sync.read()
    return {g.name: g.figure for g in sync.plan().guards if g.figure}


def test_a_task_that_is_finished_in_casemgr_is_a_change_in_kore() -> None:
    """Nobody finishes a thousand tasks by mistake without being asked."""
    both, tasks = three_cases()
    for task in tasks:
        both.box.human.complete(both.of(task).id)

    assert figures(both) == {"max-changes": 3}


def test_a_task_that_is_changed_and_finished_counts_once() -> None:
    both, tasks = three_cases()
    for task in tasks:
        both.edit(task, status="Resolved", priority="Low")

    assert figures(both) == {"max-changes": 3, "max-reprioritised": 3}
