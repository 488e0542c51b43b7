"""`demo`: the whole story on the sandbox, real processes and a real crash included."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click

from caseferry.cli.options import Command, Invocation
from caseferry.cli.result import ExitCode, Result
from caseferry.cli.sandbox_config import write_sandbox_config
from caseferry.errors import InvariantBroken
from caseferry.report.text import plural
from caseferry.sandbox import Fault, Sandbox, running

_CASES: Final = 60
_CRASH_AFTER: Final = 60
_LOST_AFTER: Final = 10
_PATIENCE_S: Final = 60
_LATENCY_S: Final = 0.02
_VALUES: Final = {"visibility_lag": "1s", "late_effect": "1s"}


@click.command(cls=Command, example="caseferry demo --keep demo")
@click.option("--keep", metavar="DIR", help="Leave the files here to look at.")
@click.pass_obj
def demo(invocation: Invocation, *, keep: str | None) -> Result:
    """Show the whole story on the sandbox, in under a minute.

    A migration is killed half way and started again, and a reply is lost; then people
    work on both sides, and in the end every record is there exactly once and in step.
    Talks to this machine only.
    """
    box = Sandbox(seed=7)
    box.fill("kore", cases=_CASES)
    with _folder(invocation, keep) as folder, running(box, latency_s=_LATENCY_S) as url:
        return _Demo(invocation, box, folder).run(url, kept=keep is not None)


@contextmanager
def _folder(invocation: Invocation, keep: str | None) -> Iterator[Path]:
    if keep is not None:
        yield invocation.env.cwd / keep
        return
    with TemporaryDirectory(prefix="caseferry-demo-") as folder:
        yield Path(folder)


class _Demo:
    """Tells the story, step by step."""

    def __init__(self, invocation: Invocation, box: Sandbox, folder: Path) -> None:
        self._invocation = invocation
        self._box = box
        self._folder = folder
        self._steps: list[dict[str, Any]] = []

    def run(self, url: str, *, kept: bool) -> Result:
        """Go through the story; the exit code is that of the proof."""
        cases, tasks = len(self._box.kore.cases), len(self._box.kore.tasks)
        self._tell(f"Kore and casemgr, on this machine at {url}")
        self._say(f"Kore holds {cases} cases and {tasks} tasks, casemgr nothing.")
        write_sandbox_config(self._folder, url, _VALUES)
        self._say(f"A configuration and a mapping are in {self._folder}.")

        self._tell("Is everything in order?")
        self._step("check")
        self._tell("What would happen?")
        self._step("migrate", "--from", "kore", "--dry-run", since="Plan ")
        self._crash()
        self._lost_reply()
        self._both_sides()
        self._tell("The proof: both sides read anew, record by record")
        code = self._step("verify", until="Next:")
        self._count()
        self._tell("One record's whole story")
        ref_id = max(case.ref_id for case in self._box.kore.cases.values())
        self._step("explain", ref_id, most=18)
        lines = [""]
        if kept:
            lines += [f"The files are in {self._folder}; look at them with"]
            lines += [f"  caseferry --config {self._folder}/caseferry.toml history"]
        else:
            lines += ["Next:", "  caseferry demo --keep DIR   (leaves the files)"]
        data = {"steps": self._steps, "folder": str(self._folder) if kept else None}
        return Result(data=data, lines=lines, exit_code=code)

    def _crash(self) -> None:
        self._tell(f"The migration, killed after {_CRASH_AFTER} requests that write")
        self._say("$ caseferry migrate --from kore --yes")
        with self._started("migrate", "--from", "kore", "--yes") as process:
            deadline = time.monotonic() + _PATIENCE_S
            pause = 0.01
            while process.poll() is None and self._written() < _CRASH_AFTER:
                if time.monotonic() > deadline:
                    break
                _wait(process, pause)
            process.kill()
            process.wait()
        self._say(
            f"Killed: {plural(len(self._activities()), 'activity', 'activities')} in "
            "casemgr, and nobody was told of the last few."
        )
        self._steps.append({"command": "migrate", "killed": True})

    def _lost_reply(self) -> None:
        self._tell("Started again; this time a reply gets lost as well")
        fault = Fault(
            kind="reset_after",
            system="casemgr",
            operation="create_task",
            after=_LOST_AFTER,
        )
        self._box.faults.add(fault)
        self._step("migrate", "--from", "kore", "--yes", since="Run ", until="Next:")

    def _both_sides(self) -> None:
        """Let people work on both sides, keep them in step, and settle a conflict."""
        self._tell("People work on both sides, and once on the same field")
        tasks = self._open_pairs()
        (ours, _), (_, theirs), (task, twin) = tasks[:3]
        human = self._box.human
        human.edit("kore", "task", ours.id, priority="Low")
        human.edit("casemgr", "activity", theirs.id, priority="1")
        human.edit("kore", "task", task.id, priority="Low")
        human.edit("casemgr", "activity", twin.id, priority="1")
        self._say(f"Kore: {ours.ref_id} is Low now, and so is {task.ref_id}.")
        self._say(f"casemgr: activity {theirs.id} is 1 now, and so is {twin.id}.")
        self._step("sync", "--yes", since="Run ", until="  mapping", most=16)
        self._tell("Both changed one field: that is for a person to decide")
        self._step("conflicts")
        self._step("resolve", task.ref_id, "--take", "casemgr", "--yes")
        self._step("sync", "--yes", since="Run ", until="  mapping", most=12)
        self._say(f"Kore: {task.ref_id} is {task.priority} now.")
        self._tell("In step: nothing is left to do")
        self._step("plan", since="Plan ", until="  mapping", most=12)

    def _open_pairs(self) -> list[tuple[Any, Any]]:
        """Give tasks of Kore that are open on both sides, with their activities."""
        twins = {
            key.split(".")[3]: activity
            for activity in self._box.casemgr.activities.values()
            if (key := "".join(activity.custom.get("ext_key", ())))
            and activity.status == "assigned"
        }
        return [
            (task, twins[task.id])
            for task in self._box.kore.tasks.values()
            if task.id in twins and task.priority == "Medium" and task.status == "Open"
        ]

    def _count(self) -> None:
        """Count behind caseferry's back."""
        keys = [key for key in self._activities() if key]
        self._say(
            f"casemgr itself: {plural(len(keys), 'activity', 'activities')} with a "
            f"key of ours, {plural(len(set(keys)), 'different key')}."
        )
        if len(keys) != len(set(keys)):
            raise InvariantBroken("the demo made a record twice")

    def _activities(self) -> list[str]:
        records = list(self._box.casemgr.activities.values())
        return ["".join(record.custom.get("ext_key", ())) for record in records]

    def _written(self) -> int:
        return sum(call.committed for call in list(self._box.log))

    # commands -----------------------------------------------------------------------

    def _step(
        self,
        *words: str,
        since: str = "",
        until: str = "",
        most: int | None = None,
    ) -> int:
        """Run a command in a process of its own, and show its output, or a part."""
        self._say(f"$ caseferry {' '.join(words)}")
        with self._started(*words) as process:
            out, err = process.communicate(timeout=_PATIENCE_S)
        lines = out.decode("utf-8", "replace").splitlines()
        errors = err.decode("utf-8", "replace").splitlines()
        part = _part(lines, since, until)
        shown = part if most is None else part[:most]
        for line in [*shown, *(["…"] if len(shown) < len(part) else []), *errors]:
            self._say(f"  {line}".rstrip())
        code = process.returncode
        self._steps.append({"command": words[0], "exit_code": code})
        if code not in (ExitCode.DONE, ExitCode.PARTIAL, ExitCode.CONFLICTS):
            raise InvariantBroken(f"`caseferry {words[0]}` ended with {code}")
        return code

    @contextmanager
    def _started(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, "-m", "caseferry", *words]
        process = subprocess.Popen(  # noqa: S603 - ourselves
            command,
            cwd=self._folder,
            env=self._variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()

    def _variables(self) -> dict[str, str]:
        given = self._invocation.env.variables
        clean = {k: v for k, v in given.items() if not k.startswith("CASEFERRY")}
        path = os.pathsep.join(part for part in sys.path if part)
        return clean | {"PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}

    # telling ------------------------------------------------------------------------

    def _tell(self, heading: str) -> None:
        self._out(["", heading])

    def _say(self, line: str) -> None:
        self._out([f"  {line}" if line else ""])

    def _out(self, lines: Sequence[str]) -> None:
        if not self._invocation.json:
            self._invocation.show(Result(lines=lines))


def _part(lines: list[str], since: str, until: str) -> list[str]:
    """Give the lines from one that begins so, up to one that begins otherwise."""
    first = _index(lines, since) or 0
    return lines[first:][: _index(lines[first:], until)]


def _index(lines: list[str], start: str) -> int | None:
    found = (at for at, line in enumerate(lines) if line.startswith(start))
    return next(found, None) if start else None


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return
