"""Two systems under `sync --every`, people on both, faults, and many a `kill -9`.

Run it for as long as you like: `python -m tests.process.endurance --seconds 600`. It
ends with what the oracle says of everything that happened; nothing is mocked.
"""

import argparse
import json
import os
import queue
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1]))

from caseferry.adapters.sqlite import SqliteStore
from caseferry.cli.sandbox_config import write_sandbox_config
from caseferry.sandbox import Fault, Sandbox, running
from caseferry.sandbox.wire import Reply, Request
from support.acts import ACTIVITY, CASE, FAULTS, KORE_CASE, KORE_TASK
from support.chronicle import Chronicle, shown_keys
from support.duplex import Duplex
from support.oracle import Oracle

OFF: Final = ("CREATES", "CHANGES", "CLOSED", "REOPENED", "REPRIORITISED", "NOT_SEEN")
LATE_S: Final = 4.0
WRITES: Final = ("POST", "PUT")


class Live(Duplex):
    """People and an oracle beside a sandbox that listens, on the real clock.

    People act in the server's own thread, between two requests.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        box = Sandbox(seed=seed, readings={"kore.sort_updated_at": "supported"})
        self.box = self.both.box = self.both.rig.box = box
        self.tale = Chronicle(box)
        self.oracle = Oracle(self.tale)
        self.chance = random.Random(seed)  # noqa: S311 - the seed is printed
        self.acts: queue.Queue[Callable[[], Any]] = queue.Queue()
        self._handle = box.handle
        box.handle = self._watched  # type: ignore[method-assign]

    def soon(self, act: Callable[[], Any]) -> None:
        """Let something happen before the next request."""
        self.acts.put(act)

    def meddle(self) -> None:
        """Let somebody do something, somewhere."""
        chance, which = self.chance, self.chance.randrange(10_000)
        names = chance.choice
        self.soon(
            chance.choice(
                [
                    lambda: self.kore_case(chance.randrange(3)),
                    lambda: self.kore_task(which),
                    lambda: self.agent_case(1),
                    lambda: self.agent_task(which),
                    lambda: self.complete(which),
                    lambda: self.close(which),
                    lambda: self.mail(which),
                    *[lambda: self.edit_kore_task(which, names([*KORE_TASK]))] * 5,
                    *[lambda: self.edit_kore_case(which, names([*KORE_CASE]))] * 3,
                    *[lambda: self.edit_activity(which, names([*ACTIVITY]))] * 5,
                    *[lambda: self.edit_case(which, names([*CASE]))] * 3,
                ]
            )
        )

    def go_wrong(self) -> None:
        """Arm a fault of either system."""
        fault = Fault(
            kind=self.chance.choice(FAULTS),
            after=self.chance.randrange(6),
            times=self.chance.randrange(1, 3),
            delay_s=LATE_S / 2,
        )
        self.soon(lambda: self.box.faults.add(fault))
        self.soon(self._break)

    def _watched(self, request: Request) -> Reply:
        while not self.acts.empty():
            self.acts.get()()
        reply = self._handle(request)
        self.tale.look()
        if reply.status < 300:
            self.tale.show(shown_keys(request.path, reply.body))
        return reply


@dataclass
class Outcome:
    """What came of it."""

    seed: int
    runs: int = 0
    kills: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    excused: dict[str, int] = field(default_factory=dict)
    held: Counter[str] = field(default_factory=Counter)
    changes: int = 0
    is_at_rest: bool = False


def endure(seconds: float, *, kill_every_s: float, seed: int) -> Outcome:
    """Keep two systems in step for a while, badly treated; then judge."""
    live, outcome = Live(seed), Outcome(seed=seed)
    for _ in range(5):
        live.kore_case(2)
    with tempfile.TemporaryDirectory() as text, running(live.box) as url:
        folder = Path(text)
        lags = {"visibility_lag": "1s", "late_effect": f"{LATE_S:.0f}s"}
        write_sandbox_config(folder, url, lags, kore_ids=True)
        for words in (("migrate", "--from", "kore"), ("sync",)):
            outcome.codes[_once(folder, *words)] += 1
        _treat_badly(live, folder, outcome, seconds, kill_every_s)
        live.soon(live.box.faults.clear)
        for _ in range(3):
            time.sleep(LATE_S + 2)
            outcome.codes[_once(folder)] += 1
        _judge(live, folder, outcome)
    return outcome


def _treat_badly(
    live: Live, folder: Path, outcome: Outcome, seconds: float, kill_every_s: float
) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        process = subprocess.Popen(
            _words(folder, "sync", "--every", "5s", "--json"),
            env=_variables(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        reader = threading.Thread(target=_read, args=(process, live, outcome))
        reader.start()
        stop = min(end, time.monotonic() + live.chance.uniform(0.5, 1.5) * kill_every_s)
        while time.monotonic() < stop and process.poll() is None:
            live.meddle()
            if live.chance.random() < 0.1:
                live.go_wrong()
            time.sleep(live.chance.uniform(0.05, 0.6))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        reader.join()
        outcome.kills += 1
        live.soon(live._break)


def _read(process: subprocess.Popen[bytes], live: Live, outcome: Outcome) -> None:
    """Note each run as it ends."""
    for line in process.stdout or ():
        try:
            document = json.loads(line)
        except ValueError:
            continue  # killed in the middle of it
        outcome.runs += 1
        outcome.codes[document["exit_code"]] += 1
        outcome.errors.update(
            f"{error['code']}: {error['message']}" for error in document["errors"]
        )
        live.soon(lambda: live.oracle.runs.append(live.tale.n))


def _once(folder: Path, *command: str) -> int:
    words = _words(folder, *(command or ("sync",)), "--yes", "--json")
    done = subprocess.run(
        words, env=_variables(), capture_output=True, timeout=300, check=False
    )
    return done.returncode


def _judge(live: Live, folder: Path, outcome: Outcome) -> None:
    before = sum(_is_write(call) for call in live.box.log)
    outcome.codes[_once(folder)] += 1
    live.tale.look()
    outcome.is_at_rest = sum(_is_write(call) for call in live.box.log) == before
    with SqliteStore.open(folder / "caseferry.db", readonly=True) as store:
        holds = store.holds()
    outcome.held.update(f"{hold.kind} {hold.code}" for hold in holds.values())
    listed = {str(key): hold.code for key, hold in holds.items()}
    oracle = live.oracle
    outcome.left = oracle.differences(listed)
    outcome.wrong = oracle.wrong
    outcome.changes = len(live.tale.changes)
    outcome.excused = {
        "blind window": len(oracle.blind),
        "seen by nobody": len(oracle.again),
        "half made": len(oracle.half_made),
    }


def _is_write(call: Any) -> bool:
    reads = ("get_", "search_", "lookup_", "find_", "token")
    return call.method in WRITES and not call.operation.startswith(reads)


def _words(folder: Path, *words: str) -> list[str]:
    config = str(folder / "caseferry.toml")
    return [sys.executable, "-m", "caseferry", *words, "--config", config]


def _variables() -> dict[str, str]:
    limits = {f"CASEFERRY__GUARD__MAX_{name}": "off" for name in OFF}
    return dict(os.environ) | limits | {"CASEFERRY__HTTP__TIMEOUT": "2s"}


def main() -> int:
    """Run it, print what came of it, and end with 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--kill-every", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args()
    outcome = endure(given.seconds, kill_every_s=given.kill_every, seed=given.seed)
    for name, value in vars(outcome).items():
        if isinstance(value, list):
            print(f"{name}: {len(value)}")
            print("\n".join(f"  {line}" for line in value[:40]))
        else:
            print(f"{name}: {dict(value) if isinstance(value, Counter) else value}")
    return int(bool(outcome.wrong or outcome.left or not outcome.is_at_rest))


if __name__ == "__main__":
    sys.exit(main())
