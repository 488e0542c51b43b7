"""Runs on a schedule: on virtual time, whatever a run comes to."""

import errno
import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from caseferry.cli.env import Environment
from caseferry.cli.every import need_room, run_every
from caseferry.cli.options import Invocation
from caseferry.cli.result import Result, failure
from caseferry.cli.sandbox_config import write_sandbox_config
from caseferry.errors import (
    CaseferryError,
    ConfigError,
    InvariantBroken,
    Locked,
    SafetyStop,
    StateError,
    Unreachable,
    UserError,
)
from cli.driver import Screen
from support.rig import VirtualClock

DOWN = Unreachable("no connection")
ENDS = [
    ConfigError("1 problem"),
    StateError("damaged", code="state-corrupt"),
    InvariantBroken("two links"),
]
DATA = {
    "actions": {
        "case": {"create": 2, "conflict": 1, "unchanged": 40},
        "task": {"create": 3, "update": 1, "unchanged": 7},
    },
    "requests": {"kore": {"sent": 4}, "casemgr": {"sent": 1200}},
    "duration_s": 3.14,
}
Step = Result | Exception


@dataclass
class Stage:
    """A schedule on virtual time; `steps` says what each run comes to."""

    folder: Path
    as_json: bool = False
    lasts_s: float = 0.0
    clock: VirtualClock = field(default_factory=VirtualClock)
    out: Screen = field(default_factory=Screen)
    err: Screen = field(default_factory=Screen)
    starts: list[float] = field(default_factory=list)
    meanwhile: Callable[[int], None] = lambda _number: None
    signal: int = signal.SIGTERM
    variables: dict[str, str] = field(default_factory=dict)

    def run(
        self, *steps: Step, interval_s: float = 60.0, seed: str | None = "s"
    ) -> Result:
        """Run until the steps are used up; then somebody asks to stop."""
        env = Environment(
            stdin=Screen(),
            stdout=self.out,
            stderr=self.err,
            cwd=self.folder,
            variables={
                "CASEFERRY__HEALTH__FILE": "health.json",
                "CASEFERRY__METRICS__TEXTFILE": "caseferry.prom",
                **self.variables,
            },
        )
        invocation = Invocation(env=env, json=self.as_json, command="sync")
        left = iter(steps)
        count = len(steps)

        def once() -> Result:
            self.starts.append(self.clock.monotonic())
            self.meanwhile(len(self.starts))
            self.clock.sleep(self.lasts_s)
            if len(self.starts) == count:
                invocation.stop.signal = self.signal
                invocation.stop.ask()
            step = next(left)
            if isinstance(step, Exception):
                raise step
            return step

        return run_every(invocation, interval_s, once, clock=self.clock, seed=seed)

    @property
    def slots(self) -> list[int]:
        """Give the slot in which each run started."""
        return [int(start // 60) for start in self.starts]

    @property
    def health(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "health.json").read_text())
        return found


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    write_sandbox_config(tmp_path, "http://127.0.0.1:9")
    return Stage(folder=tmp_path)


def test_each_run_is_one_line_and_the_end_is_0(stage: Stage) -> None:
    """A person reads what each run did and when the next one is due."""
    done = stage.run(Result(data=DATA, run=1), Result(run=2), Result(run=3))

    assert (done.exit_code, done.is_shown) == (0, True)
    assert stage.slots == [0, 1, 2]
    lines = stage.out.getvalue().splitlines()
    assert len(lines) == 3
    assert (
        "run 1: 5 created, 1 updated, 1 in conflict; 1,204 requests, 3.1 s; next in "
        in lines[0]
    )
    assert "run 2: nothing to do; next in " in lines[1]
    assert lines[2].endswith("run 3: nothing to do; stopping")
    assert stage.err.getvalue() == ""


def test_json_is_one_document_a_line(stage: Stage) -> None:
    """Each run is a whole envelope; nothing comes after the last."""
    stage.as_json = True

    stage.run(Result(data=DATA, run=1), DOWN, Result(run=3))

    documents = [json.loads(line) for line in stage.out.getvalue().splitlines()]
    assert [each["run"] for each in documents] == [1, None, 3]
    assert [each["exit_code"] for each in documents] == [0, 7, 0]
    assert documents[0]["data"] == DATA
    assert documents[1]["errors"][0]["code"] == "unreachable"
    assert {each["command"] for each in documents} == {"sync"}


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "text"])
def test_a_full_disk_under_stdout_is_a_warning_and_the_schedule_goes_on(
    stage: Stage, caplog: pytest.LogCaptureFixture, *, as_json: bool
) -> None:
    """What could not be shown is in the history; the next run may be shown again."""
    stage.as_json = as_json
    room = Screen()

    class Full(Screen):
        def write(self, text: str) -> int:
            if len(stage.starts) < 3:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return room.write(text)

    stage.out = Full()

    done = stage.run(Result(run=1), DOWN, Result(run=3))

    assert (done.exit_code, len(stage.starts)) == (0, 3)
    told = [each for each in caplog.records if each.message == "output.unwritable"]
    assert [vars(each)["reason"] for each in told] == ["No space left on device"] * 2
    assert room.getvalue().count("\n") == 1
    assert stage.health["run"] == 3


def test_a_run_longer_than_the_interval_leaves_slots_out(stage: Stage) -> None:
    """No run starts before the last one ended, and none is made up for."""
    stage.lasts_s = 150.0

    stage.run(*[Result()] * 4)

    assert stage.slots == [0, 3, 6, 9]


def test_a_schedule_that_became_too_short_is_stretched_and_told(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """A pass longer than the interval makes runs rarer, until it is short again."""
    seen: list[Any] = []
    stage.meanwhile = lambda n: (
        seen.append(stage.health["stretched_s"]) if n > 1 else None
    )
    long, short = Result(next_pass_s=150.0), Result(next_pass_s=20.0)

    stage.run(short, long, DOWN, long, short, short)

    assert stage.slots == [0, 1, 4, 7, 10, 11]
    assert seen == [None, 150.0, 150.0, 150.0, None]
    told = [each for each in caplog.records if each.message == "schedule.too_short"]
    assert [(vars(e)["interval_s"], vars(e)["pass_s"]) for e in told] == [(60, 150)]
    text = " ".join(stage.out.getvalue().split())
    assert text.count("one pass takes 2 min at the configured limits") == 3


@pytest.mark.parametrize(
    "error",
    [DOWN, Locked("in use"), SafetyStop("max-creates", "too many"), KeyError("bug")],
    ids=lambda error: type(error).__name__,
)
def test_failures_wait_longer_each_time_and_a_success_ends_that(
    stage: Stage, error: Exception
) -> None:
    """Nobody is there to mend it: it is told, and tried again, at most 15 min later."""
    stage.run(*[error] * 7, Result(), Result())

    waits = [b - a for a, b in zip(stage.slots, stage.slots[1:], strict=False)]
    assert waits == [1, 2, 4, 8, 15, 15, 15, 1]
    assert stage.err.getvalue().count("Error:") == 7
    assert "failed (" in stage.out.getvalue()
    assert "Traceback" not in stage.err.getvalue()


@pytest.mark.parametrize("error", ENDS, ids=lambda error: error.code)
@pytest.mark.parametrize("is_raised", [True, False], ids=["raised", "returned"])
def test_what_nobody_could_mend_by_waiting_ends_it_at_the_start(
    stage: Stage, error: CaseferryError, *, is_raised: bool
) -> None:
    """A wrong configuration is told once, with its own exit code."""
    done = stage.run(error if is_raised else failure(error), Result())

    assert len(stage.starts) == 1
    assert (done.exit_code, done.is_shown) == (error.exit_code, False)
    assert done.errors[0]["code"] == error.code
    assert stage.out.getvalue() == ""


def test_later_only_a_broken_promise_ends_it(stage: Stage) -> None:
    """What was mended wrongly meanwhile can be mended again."""
    done = stage.run(Result(), *ENDS, Result())

    assert len(stage.starts) == 4
    assert done.errors[0]["code"] == "invariant-broken"


def test_ctrl_c_ends_with_130(stage: Stage) -> None:
    """A person who stops it is told so by the exit code."""
    stage.signal = signal.SIGINT

    assert stage.run(Result()).exit_code == 130


def test_no_run_starts_once_a_stop_was_asked_for(stage: Stage) -> None:
    """The wait ends at once, and the health file says that nothing is due."""
    stage.run(Result(run=1), Result(run=2))

    assert len(stage.starts) == 2
    assert stage.clock.elapsed < 70
    assert stage.health["next_run"] is None
    assert stage.health["exit_code"] == 0


def test_monitors_are_told_after_each_run(stage: Stage) -> None:
    """While nothing works they are told how often, why, and when it is tried again."""
    seen: list[dict[str, Any]] = []
    stage.meanwhile = lambda n: seen.append(stage.health) if n > 1 else None

    stage.run(DOWN, DOWN, Result(run=9), Result())

    assert [each["failures"] for each in seen] == [1, 2, 0]
    assert [each["error"] for each in seen] == ["unreachable", "unreachable", None]
    assert [each["status"] for each in seen] == ["error", "error", "success"]
    assert seen[1]["next_run"] > seen[1]["at"]
    assert "last_success_timestamp_seconds 0\n" in (
        stage.folder / "caseferry.prom"
    ).read_text("utf-8")


def test_monitors_that_cannot_be_told_do_not_stop_a_run(stage: Stage) -> None:
    """A folder that went away is a line in the log, no more."""
    (stage.folder / "health.json").mkdir()

    done = stage.run(Result(run=1), Result(run=2))

    assert done.exit_code == 0
    assert len(stage.starts) == 2


def test_a_configuration_that_cannot_be_read_ends_it_before_the_first_run(
    stage: Stage,
) -> None:
    """There is nothing to wait for."""
    (stage.folder / "caseferry.toml").write_text("[kore")

    with pytest.raises(ConfigError):
        stage.run(Result())

    assert stage.starts == []


def test_a_schedule_shorter_than_a_pass_is_refused_with_the_figure() -> None:
    """What is typed instead is in the hint, and is accepted."""
    with pytest.raises(UserError) as caught:
        need_room(300, 1384.0)

    assert caught.value.exit_code == 2
    assert "one pass takes 23 min at the configured limits" in caught.value.message
    assert "--every 24m" in caught.value.hint
    need_room(24 * 60, 1384.0)
    need_room(5, 5)
    with pytest.raises(UserError, match="less than a second") as caught:
        need_room(0, 0)
    assert caught.value.hint == "give --every 1s or more"


def test_installations_start_at_moments_of_their_own(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever number its process has: in a container that is the same everywhere."""
    moments = set()
    monkeypatch.setattr(os, "getpid", lambda: 1)
    for host in ("a", "b", "a"):
        for tenant in ("one", "two"):
            monkeypatch.setattr("caseferry.cli.every.gethostname", lambda h=host: h)
            stage.starts.clear()
            stage.clock = VirtualClock()
            stage.variables = {"CASEFERRY__CASEMGR__TENANT": tenant}
            stage.run(Result(), Result(), seed=None)
            moments.add(round(stage.starts[1], 3))

    assert len(moments) == 4
