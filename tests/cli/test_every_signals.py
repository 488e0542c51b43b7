"""A schedule in a real process: what signals do to it, and how soon."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from caseferry.cli.sandbox_config import write_sandbox_config

SCRIPT = """
import sys, time
from caseferry.cli import every
from caseferry.cli.env import Environment
from caseferry.cli.interrupt import stoppable
from caseferry.cli.options import Invocation
from caseferry.cli.result import Result

every.STOP_PATIENCE_S = {patience}
invocation = Invocation(env=Environment(), json=True, command="sync")

def once():
    with stoppable(invocation.stop, invocation.env):  # as each run does
        return run()

def run():
    print("started", file=sys.stderr, flush=True)
    if {hangs}:
        while True:
            time.sleep(0.01)  # as a request that is never answered
    if {waits}:
        invocation.stop.event.wait()  # as every wait of a run
    return Result(run=1)

sys.exit(every.run_every(invocation, 3600, once).exit_code)
"""


BLOCKED = """
import sys, threading
from caseferry.cli import every
from caseferry.cli.env import Environment
from caseferry.cli.logs import logging_to
from caseferry.cli.options import Invocation
from caseferry.cli.result import Result

every.STOP_PATIENCE_S = 0.5
invocation = Invocation(env=Environment(), json=True, command="sync")

def fill():
    print("x" * 10_000_000, file=sys.stderr, flush=True)

def once():
    print("started", flush=True)
    if {is_run}:
        fill()
    threading.Thread(target=fill, daemon=True).start()
    invocation.stop.event.wait()
    return Result(run=1)

with logging_to(sys.stderr, 1):
    sys.exit(every.run_every(invocation, 3600, once).exit_code)
"""


def started(folder: Path, script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(
    folder: Path, *signals: int, hangs: bool, waits: bool, patience: float = 60.0
) -> tuple[int, float, list[str]]:
    """Send signals in the first run of a schedule; gives code, seconds, output."""
    if not folder.exists():
        write_sandbox_config(folder, "http://127.0.0.1:9")
    script = SCRIPT.format(hangs=hangs, waits=waits, patience=patience)
    with started(folder, script) as process:
        try:
            sent = _signalled(process, *signals, is_over=not (hangs or waits))
            out, _ = process.communicate(timeout=20)
        finally:
            process.kill()
    return process.returncode, time.monotonic() - sent, out.splitlines()


def _signalled(process: subprocess.Popen[str], *signals: int, is_over: bool) -> float:
    """Send signals while the first run goes on, or once it is over; gives when."""
    assert process.stderr is not None
    assert process.stdout is not None
    assert process.stderr.readline() == "started\n"
    if is_over:
        process.stdout.readline()
    sent = time.monotonic()
    for number in signals:
        process.send_signal(number)
        time.sleep(0.05)
    return sent


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)]
)
def test_a_run_that_goes_on_is_finished_and_told(
    tmp_path: Path, number: int, code: int
) -> None:
    """The run ends as it would, its document is printed, no other starts."""
    found, _, out = ended(tmp_path / "work", number, hangs=False, waits=True)

    assert found == code
    assert [json.loads(line)["run"] for line in out] == [1]


def test_a_wait_for_the_next_run_ends_at_once(tmp_path: Path) -> None:
    """Nobody waits an hour for a container to stop."""
    found, seconds, out = ended(
        tmp_path / "work", signal.SIGTERM, hangs=False, waits=False
    )

    assert (found, out) == (0, [])
    assert seconds < 5


def test_a_run_that_does_not_end_is_ended(tmp_path: Path) -> None:
    """After the patience, or at a second signal, it ends as if it were killed: 130."""
    late, seconds, _ = ended(
        tmp_path / "work", signal.SIGTERM, hangs=True, waits=False, patience=0.3
    )
    twice, soon, _ = ended(
        tmp_path / "work", signal.SIGTERM, signal.SIGINT, hangs=True, waits=False
    )

    assert (late, twice) == (130, 130)
    assert 0.3 <= seconds < 5
    assert soon < 5


@pytest.mark.parametrize("is_run", [True, False], ids=["the run", "a thread"])
def test_it_ends_although_nobody_reads_stderr(tmp_path: Path, *, is_run: bool) -> None:
    """A log collector that hangs keeps no container from being stopped."""
    folder = tmp_path / "work"
    write_sandbox_config(folder, "http://127.0.0.1:9")
    with started(folder, BLOCKED.format(is_run=is_run)) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            time.sleep(0.3)  # the pipe fills
            process.send_signal(signal.SIGTERM)
            code = process.wait(15)
        finally:
            process.kill()

    assert code == 130
