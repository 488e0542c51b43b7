"""What only the memory store can do: copies of a moment, to crash and go back to."""

import pytest

from caseferry.adapters.memory_store import MemoryStore
from caseferry.model.record import System
from store.builders import AT, a_case, a_link


class Crash(BaseException):
    """The process dies here."""


def test_a_snapshot_is_the_last_commit() -> None:
    """A copy made inside a transaction holds only what was durable before it."""
    store = MemoryStore()
    run = store.begin_run("migrate", AT, {})
    store.set_fact("a", "old")
    with store.transaction():
        store.set_fact("a", "new")
        store.save_records(run, System.KORE, [a_case()])
        store.save_link(a_link(), a_case().key)
        copy = store.snapshot()

    store.restore(copy)

    assert store.facts("") == {"a": "old"}
    assert list(store.links()) == []
    assert store.record(a_case().key) is None


def test_a_snapshot_can_be_used_again() -> None:
    """Writes after going back do not reach the copy."""
    store = MemoryStore()
    store.set_fact("a", "1")
    copy = store.snapshot()

    for _ in range(2):
        store.restore(copy)
        store.set_fact("b", "2")
        store.set_fact("a", "2")

    store.restore(copy)
    assert store.facts("") == {"a": "1"}


def test_a_copy_put_back_has_read_nothing_whole() -> None:
    """As a state file that was put back."""
    store = MemoryStore()
    names = ("first-read.sync", "first-reading", "full.kore.case", "fullness")
    for name in names:
        store.set_fact(name, "1")

    store.restore(store.snapshot())

    assert store.facts("") == {"first-reading": "1", "fullness": "1"}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_every_commit_is_a_place_to_crash(moment: str) -> None:
    """A crash at the n-th commit leaves n - 1 commits before it, and n after it."""
    for n in range(1, 5):
        count = 0

        def hook(now: str, at: int = n) -> None:
            nonlocal count
            count += now == moment
            if count == at and now == moment:
                raise Crash

        store = MemoryStore(hook)

        def write(store: MemoryStore = store) -> None:
            for number in range(9):
                store.set_fact(str(number), "")

        with pytest.raises(Crash):
            write()

        assert len(store.facts("")) == (n if moment == "after" else n - 1)
