"""The state grows with what was written, not with how often it was looked."""

import pytest

from caseferry.adapters.sqlite import SqliteStore
from caseferry.model.link import IntentState
from caseferry.model.record import System
from store.builders import AT, a_case, a_hold, an_intent

SUMMARY = {"actions": {"case": {"unchanged": 100_000}}, "padding": "x" * 600}


def look(store: SqliteStore, runs: int, exit_code: int = 0) -> None:
    """Run so many times without finding anything; commits are shared, to be quick."""
    done = 0
    while done < runs:
        with store.transaction():
            for _ in range(min(50, runs - done)):
                run = store.begin_run("sync", AT, {"mapping": "m"})
                store.end_run(run, AT, exit_code=exit_code, summary=SUMMARY)
                done += 1
        store.prune()


def pages(store: SqliteStore) -> int:
    ((count,),) = store._all("PRAGMA page_count")
    return int(count)


def test_ten_thousand_empty_runs_leave_the_file_flat(sqlite: SqliteStore) -> None:
    """After the first two thousand not a page is added, and numbers go on."""
    look(sqlite, 2_000)
    before = pages(sqlite)

    look(sqlite, 10_000)

    last = sqlite.last_run()
    assert last is not None
    assert last.number == 12_001
    assert pages(sqlite) <= before
    assert 1_000 <= len(sqlite.runs(100_000)) <= 1_100


def test_runs_that_something_refers_to_stay(sqlite: SqliteStore) -> None:
    """What wrote, what holds and what saw a record last is still told by `history`."""
    wrote = sqlite.begin_run("migrate", AT, {})
    sqlite.save_intents(wrote, [an_intent(1)])
    sqlite.settle_intent(1, IntentState.DONE)
    held = sqlite.begin_run("sync", AT, {})
    sqlite.save_hold(held, a_hold(a_case(1).key))
    saw = sqlite.begin_run("sync", AT, {})
    sqlite.save_records(saw, System.KORE, [a_case(2)])
    worked = sqlite.begin_run("sync", AT, {})
    sqlite.end_run(worked, AT, exit_code=4, summary={})
    cut_off = sqlite.begin_run("sync", AT, {})
    look(sqlite, 1_500, exit_code=7)

    kept = [run.number for run in sqlite.runs(100_000)]

    assert {wrote, held, saw, worked} < set(kept)
    assert cut_off not in kept
    assert sqlite.record(a_case(2).key) == a_case(2)


@pytest.mark.parametrize("succeeded", [True, False])
def test_the_last_run_of_a_kind(sqlite: SqliteStore, *, succeeded: bool) -> None:
    """Dry runs and other commands do not count; a success is 0, 3 or 4."""
    assert sqlite.last_of(["sync"], succeeded=succeeded) is None
    for command, code, inputs in (
        ("sync", 3, {}),
        ("sync", 7, {}),
        ("sync", 0, {"dry_run": "yes"}),
        ("verify", 0, {}),
    ):
        run = sqlite.begin_run(command, AT, inputs)
        sqlite.end_run(run, AT, exit_code=code, summary={})

    found = sqlite.last_of(["sync", "apply"], succeeded=succeeded)

    assert found is not None
    assert found.exit_code == (3 if succeeded else 7)
