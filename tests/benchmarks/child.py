"""Starting the processes of a benchmark, and what each can say about itself."""

import json
import os
import resource
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).parent
_MEGA = 1024 * 1024


def options() -> dict[str, Any]:
    """Give what the parent process asked for."""
    found: dict[str, Any] = json.loads(sys.argv[1])
    return found


def answer(**values: object) -> None:
    """Hand figures to the parent."""
    print(json.dumps(values), flush=True)


def peak_mb() -> float:
    """Give the most memory that this process ever had.

    Linux counts the parent's memory at the start into `ru_maxrss`, so there `VmHWM` is
    read, which begins anew with the program.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text("ascii").splitlines()
        return int(next(x for x in lines if x.startswith("VmHWM:")).split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _MEGA if sys.platform == "darwin" else peak / 1024


def run(script: str, python: str = sys.executable, **values: object) -> dict[str, Any]:
    """Run one measured program to its end; gives its figures."""
    done = subprocess.run(
        [python, str(HERE / script), json.dumps(values)],
        stdout=subprocess.PIPE,
        env=_environment(),
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def serving(script: str, **values: object) -> Iterator[dict[str, Any]]:
    """Run a server until the block ends; gives what it said first: its URL."""
    with subprocess.Popen(
        [sys.executable, str(HERE / script), json.dumps(values)],
        stdin=subprocess.PIPE,  # the server ends when this closes
        stdout=subprocess.PIPE,
        env=_environment(),
    ) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(20)


def _environment() -> dict[str, str]:
    """Give ours; what is imported is compiled once and kept, as installing does."""
    inherited = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(HERE.parent), *([inherited] if inherited else [])])
    kept = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPATH": path}


@dataclass
class Stopwatch:
    """Wall time, our own CPU time and the server's, of one phase."""

    url: str
    wall_s: float = 0.0
    cpu_s: float = 0.0
    server_s: float = 0.0

    def __enter__(self) -> Self:
        self._before = server_cpu(self.url), time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        server, own, wall = self._before
        self.wall_s = time.perf_counter() - wall
        self.cpu_s = time.process_time() - own
        self.server_s = server_cpu(self.url) - server


def server_cpu(url: str) -> float:
    """Ask a server how much CPU time it took so far."""
    return float(fetch(f"{url}/_sandbox/cpu")["cpu"])


def fetch(url: str) -> Any:
    """Read JSON from a server's control pages."""
    with urllib.request.urlopen(url) as reply:  # noqa: S310 - our own server
        return json.load(reply)
