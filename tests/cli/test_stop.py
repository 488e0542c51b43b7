"""A second Ctrl-C stops at once, and that is safe."""

import io
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from caseferry.cli.env import Environment
from caseferry.cli.interrupt import WORDS, stoppable
from caseferry.cli.sandbox_config import write_sandbox_config
from caseferry.cli.stop import Stop
from caseferry.sandbox import Sandbox, running
from cli.conftest import QUICK, people
from cli.driver import Home


def test_a_second_signal_ends_the_process_and_the_next_run_settles_it(
    tmp_path: Path,
) -> None:
    """130 without waiting for a slow system; afterwards nothing is there twice."""
    box = Sandbox(seed=3)
    people(box)
    with running(box, latency_s=0.15) as url:
        write_sandbox_config(tmp_path, url, QUICK)
        command = [sys.executable, "-m", "caseferry", "migrate", "--from", "kore"]
        with subprocess.Popen([*command, "--yes"], cwd=tmp_path) as process:
            while not any(c.operation == "create_task" for c in list(box.log)):
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            asked = time.monotonic()
            process.wait(20)
            waited = time.monotonic() - asked
    with running(box) as url:
        home = Home(folder=tmp_path, variables={}).having(
            CASEFERRY__KORE__BASE_URL=url,
            CASEFERRY__CASEMGR__BASE_URL=url,
            CASEFERRY__CASEMGR__TOKEN_URL=f"{url}/oauth2/token",
        )
        again = home.run("migrate", "--from", "kore", "--yes")

    assert process.returncode == 130
    assert waited < 0.14
    assert again.code == 0
    assert len(box.casemgr.cases) == 3


class Struck(io.RawIOBase):
    """A terminal at whose first line the process is told to stop."""

    def __init__(self) -> None:
        self.lines = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        first, text = not self.lines, bytes(data)
        self.lines += text
        if first:
            signal.raise_signal(signal.SIGTERM)
        return len(text)


def test_a_signal_in_the_midst_of_a_line_is_no_error() -> None:
    """The run is asked to stop, the line is whole, and the words follow it."""
    terminal = Struck()
    env = Environment(stderr=io.TextIOWrapper(io.BufferedWriter(terminal)))
    stop = Stop()

    with stoppable(stop, env):
        env.say("carried 100 of 200")
        stop.event.wait()

    assert terminal.lines.decode() == f"carried 100 of 200\n{WORDS}\n"
    assert stop.signal == signal.SIGTERM
