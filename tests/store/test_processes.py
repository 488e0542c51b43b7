"""Several processes and one state: kills, locks and copies during a run."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from caseferry.adapters.sqlite import Holder, SqliteStore, StateLock
from caseferry.errors import Locked, StateError
from caseferry.model.record import Entity, System
from store.builders import AT, a_case

TESTS = Path(__file__).parents[1]

WRITER = """
from caseferry.adapters.sqlite import SqliteStore
from caseferry.model.record import System
from store.builders import a_case, a_link, an_intent

with SqliteStore.open({path!r}) as store:
    run = store.begin_run("migrate", "2026-01-01", {{}})
    for number in range(10**9):
        with store.transaction():
            store.save_records(run, System.KORE, [a_case(number, name="x" * 900)])
            store.save_intents(run, [an_intent(number)])
            store.save_link(a_link(number), a_case(number).key)
        print(number, flush=True)
"""

HOLDER = """
import time
from caseferry.adapters.sqlite import StateLock

StateLock({path!r}).acquire("migrate --from kore", "2026-01-01T00:00:00.000Z")
print("held", flush=True)
time.sleep(60)
"""

SMALL_DISK = """
import resource
from caseferry.adapters.sqlite import SqliteStore
from caseferry.errors import StateError
from caseferry.model.record import System
from store.builders import a_case

with SqliteStore.open({path!r}) as store:
    run = store.begin_run("migrate", "2026-01-01", {{}})
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
    for number in range(10**9):
        cases = [a_case(number * 10 + n, name="x" * 900) for n in range(10)]
        try:
            store.save_records(run, System.KORE, cases)
        except StateError as error:
            print(error.code, flush=True)
            break
        print(number, flush=True)
"""


@contextmanager
def process(script: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a script until the block ends; then it is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", script.format(path=str(path))],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(TESTS)},
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


@pytest.mark.parametrize("commits", [1, 7, 60])
def test_a_killed_writer_leaves_whole_transactions(state: Path, commits: int) -> None:
    """After `kill -9` every commit that was reported is there, and nothing in part."""
    with process(WRITER, state) as child:
        for _ in range(commits):
            told = int(line(child))
        child.send_signal(signal.SIGKILL)
        child.wait()

    with SqliteStore.open(state) as store:
        records = store.count_records(1, System.KORE, Entity.CASE)
        assert records > told
        assert len(store.open_intents()) == len(list(store.links())) == records
        assert store.begin_run("migrate", AT, {}) == 2
        assert store.save_records(2, System.KORE, [a_case(0)]) == 1


def test_a_full_disk_stops_at_a_commit(state: Path) -> None:
    """Where the system refuses to write on, what was reported before is there."""
    with process(SMALL_DISK, state) as child:
        told = []
        while text := line(child):
            told.append(text)

    assert told[-1] == "state-full"
    with SqliteStore.open(state) as store:
        kept = store.count_records(1, System.KORE, Entity.CASE)
    assert kept == 10 * (len(told) - 1) > 0


def test_a_backup_during_a_run_is_one_moment(state: Path, tmp_path: Path) -> None:
    """Copies made while another process writes hold whole transactions only."""
    with process(WRITER, state) as child:
        line(child)
        with SqliteStore.open(state, readonly=True) as reader:
            for number in range(3):
                reader.backup(tmp_path / f"copy{number}.db")
                line(child)

    for number in range(3):
        with SqliteStore.open(tmp_path / f"copy{number}.db") as copy:
            records = copy.count_records(1, System.KORE, Entity.CASE)
            assert len(copy.open_intents()) == len(list(copy.links())) == records > 0


def test_one_process_at_a_time_holds_the_lock(state: Path) -> None:
    """A second process is told who holds the lock; a kill lifts it at once."""
    lock = StateLock(state)
    with process(HOLDER, state) as child:
        assert line(child) == "held"

        with pytest.raises(Locked) as caught:
            lock.acquire("sync", AT)
        expected = Holder(
            pid=child.pid,
            command="migrate --from kore",
            since="2026-01-01T00:00:00.000Z",
        )
        assert str(expected) in caught.value.message
        assert caught.value.exit_code == 7
        assert lock.holder() == expected

    assert lock.holder() is None
    with lock.acquire("sync", AT):
        assert lock.holder() == Holder(pid=os.getpid(), command="sync", since=AT)
    assert lock.holder() is None


def test_a_lock_is_taken_once_in_a_process_too(state: Path) -> None:
    """Taking a held lock again fails, through the same or another object."""
    with StateLock(state).acquire("sync", AT) as lock:
        with pytest.raises(Locked):
            lock.acquire("sync", AT)
        with pytest.raises(Locked):
            StateLock(state).acquire("sync", AT)

    lock.release()
    lock.acquire("again", AT).release()


def test_a_link_to_a_state_is_the_same_state(state: Path, tmp_path: Path) -> None:
    """Two configurations may name one file in two ways."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "linked.db").symlink_to(state)

    with StateLock(state).acquire("sync", AT):
        assert StateLock(other / "linked.db").holder() is not None
        with pytest.raises(Locked):
            StateLock(other / "linked.db").acquire("sync", AT)


def test_the_lock_file_is_private_and_stays(state: Path) -> None:
    """The file beside the state is private, and removing it is nobody's business."""
    with StateLock(state).acquire("sync", AT) as lock:
        assert oct(lock.path.stat().st_mode & 0o777) == "0o600"
        assert lock.path.name == "caseferry.db.lock"

    assert lock.path.exists()
    lock.path.write_text('{"pid": 1, "comm')
    assert lock.holder() is None


def test_the_lock_file_remembers_the_newest_run(state: Path) -> None:
    """It says how far the state was when given back; a holder that dies keeps it."""
    with StateLock(state).acquire("sync", AT) as lock:
        assert lock.newest_run == 0
        lock.newest_run = 7
    with StateLock(state).acquire("sync", AT) as lock:
        assert lock.newest_run == 7
        assert lock.left_by is None
    with process(HOLDER, state) as child:
        assert line(child) == "held"
        child.kill()
        child.wait()

    with StateLock(state).acquire("sync", AT) as lock:
        assert lock.newest_run == 7
        assert lock.left_by is not None


def test_a_lock_needs_a_place(tmp_path: Path) -> None:
    """A missing directory is said in words."""
    with pytest.raises(StateError) as caught:
        StateLock(tmp_path / "missing" / "caseferry.db").acquire("sync", AT)

    assert caught.value.hint
