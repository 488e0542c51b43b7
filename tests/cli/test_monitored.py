"""A run that monitors watch: its files, its log, and a lock that a dead run left."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from caseferry.adapters.sqlite import StateLock
from caseferry.adapters.whole_file import write_whole
from caseferry.cli.every import run_every
from caseferry.cli.result import Result
from caseferry.cli.sandbox_config import write_sandbox_config
from caseferry.model.times import parse_time
from caseferry.sandbox import Fault, Sandbox, running
from cli.conftest import QUICK, Rehearsal, people
from cli.driver import Done, Home
from support.rig import VirtualClock

PRIVATE = ["Jane", "shop.example", "Charged", "lamp", "payment", "No reply", "Walk-in"]
MIGRATE = ("migrate", "--from", "kore", "--yes")


def watched(home: Home) -> Home:
    """Let runs in this directory write both files."""
    return home.having(
        CASEFERRY__HEALTH__FILE=str(home.folder / "health.json"),
        CASEFERRY__METRICS__TEXTFILE=str(home.folder / "caseferry.prom"),
    )


def sample(home: Home, name: str) -> float:
    text = (home.folder / "caseferry.prom").read_text("utf-8")
    (line,) = [each for each in text.splitlines() if each.startswith(f"{name} ")]
    return float(line.split()[-1])


def test_check_has_nothing_to_say_against_monitors(shop: Rehearsal) -> None:
    """Both files are written by this version: configured, they are no warning."""
    done = watched(shop.home).run("check", "--offline", "--json")

    assert done.code == 0
    assert {each["status"] for each in done.data["checks"]} == {"pass"}


def test_counts_outlive_the_process_and_a_failure_keeps_the_last_success(
    shop: Rehearsal,
) -> None:
    """Requests add up over runs; a run that fails is told, with the old success."""
    home = watched(shop.home)
    ok = 'caseferry_requests_total{system="kore",outcome="ok"}'
    assert home.run(*MIGRATE).code == 0
    first, success = (
        sample(home, ok),
        sample(home, "caseferry_last_success_timestamp_seconds"),
    )
    assert home.run(*MIGRATE).code == 0
    second = sample(home, ok)
    before = json.loads((home.folder / "health.json").read_text())
    home.run("migrate", "--from", "kore", "--dry-run")
    assert json.loads((home.folder / "health.json").read_text()) == before

    down = home.having(
        CASEFERRY__KORE__BASE_URL="http://127.0.0.1:9",
        CASEFERRY__HTTP__MAX_ATTEMPTS="1",
    )
    assert down.run(*MIGRATE).code == 7

    assert second > first > 0
    health = json.loads((home.folder / "health.json").read_text())
    assert health["status"] == "error"
    assert health["exit_code"] == 7
    assert health["error"] == "unreachable"
    assert health["last_success"] == before["last_success"] == before["ended"]
    assert sample(home, "caseferry_last_success_timestamp_seconds") >= success
    assert sample(home, ok) > second
    assert 'outcome="unreachable"' in (home.folder / "caseferry.prom").read_text()


def health(home: Home) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home.folder / "health.json").read_text())
    return found


DOWN = {
    "CASEFERRY__KORE__BASE_URL": "http://127.0.0.1:9",
    "CASEFERRY__HTTP__MAX_ATTEMPTS": "1",
}


def test_failures_in_a_row_are_counted_over_processes(shop: Rehearsal) -> None:
    """A scheduler's runs count as well, whatever runs meanwhile, until one succeeds."""
    home = watched(shop.home)
    counts = []
    for fails in (False, True, True, True, False, True):
        home.having(**DOWN if fails else {}).run("sync", "--yes")
        counts.append(health(home)["failures"])
        home.having(**DOWN).run("sync", "--dry-run")
        home.having(**DOWN).run("verify")

    assert counts == [0, 1, 2, 3, 0, 1]


def broken_state(folder: Path) -> None:
    (folder / "caseferry.db").write_bytes(b"no database at all, of no use" * 200)


def broken_mapping(folder: Path) -> None:
    (folder / "mappings" / "kore-casemgr.toml").write_text("[nonsense]\n")


def no_secret(folder: Path) -> None:
    (folder / "secrets" / "kore").unlink()


def unknown_key(folder: Path) -> None:
    with (folder / "caseferry.toml").open("a") as file:
        file.write("\n[nonsense]\nkey = 1\n")


def no_toml(folder: Path) -> None:
    (folder / "caseferry.toml").write_text("[kore")


@pytest.mark.parametrize(
    "breakage", [broken_state, broken_mapping, no_secret, unknown_key, no_toml]
)
@pytest.mark.parametrize(
    "command", [("sync", "--yes"), ("sync", "--every", "5m"), MIGRATE], ids=" ".join
)
def test_a_run_that_fails_before_it_begins_is_told(
    shop: Rehearsal, breakage: Callable[[Path], None], command: tuple[str, ...]
) -> None:
    """No success of earlier stays on the disk, and each time counts."""
    home = watched(shop.home)
    assert home.run(*MIGRATE).code == 0
    assert health(home)["status"] == "success"
    breakage(home.folder)

    codes = [home.run(*command).code for _ in range(3)]

    told = health(home)
    assert len(set(codes)) == 1
    assert (told["status"], told["exit_code"], told["run"]) == ("error", codes[0], None)
    assert told["error"]
    assert told["failures"] == 3
    assert told["next_run"] is None


def test_a_run_that_is_locked_out_leaves_telling_to_the_other(shop: Rehearsal) -> None:
    """What goes on is no failure."""
    home = watched(shop.home)
    assert home.run(*MIGRATE).code == 0
    before = health(home)

    with StateLock(home.folder / "caseferry.db").acquire("migrate", before["at"]):
        assert home.run(*MIGRATE).code == 7

    assert health(home) == before


def test_a_dry_run_that_fails_tells_nobody(shop: Rehearsal) -> None:
    """It would have carried nothing."""
    home = watched(shop.home)
    no_secret(home.folder)

    assert home.run("sync", "--dry-run").code == 2
    assert not (home.folder / "health.json").exists()


def test_on_a_schedule_each_run_is_told_once(
    shop: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing between two runs says other than the last one came to."""
    home = watched(shop.home).having(**DOWN)
    told: list[dict[str, Any]] = []
    clock = VirtualClock()

    def keep(path: Path, text: str, mode: int = 0o644) -> None:
        if path.name == "health.json":
            told.append(json.loads(text))
            if len(told) == 3:
                os.kill(os.getpid(), signal.SIGTERM)
        write_whole(path, text, mode)

    def hasty(*given: Any) -> Result:
        return run_every(*given, clock=clock)

    monkeypatch.setattr("caseferry.cli.monitor.write_whole", keep)
    monkeypatch.setattr("caseferry.cli.sync.run_every", hasty)

    home.run("sync", "--every", "5m", "--json")

    assert [each["failures"] for each in told[:3]] == [1, 2, 3]
    assert all(each["next_run"] for each in told[:3])


def test_a_schedule_without_a_state_learns_how_long_a_pass_takes(
    shop: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be refused at the start is stretched after the first run."""
    home = watched(shop.home).having(CASEFERRY__KORE__REQUESTS_PER_MINUTE="50")
    clock = VirtualClock()
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock.elapsed += seconds
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.2)

    def hasty(*given: Any) -> Result:
        return run_every(*given, clock=clock)

    monkeypatch.setattr(clock, "sleep", sleep)
    monkeypatch.setattr("caseferry.cli.sync.run_every", hasty)

    done = home.run("sync", "--every", "1s")

    assert done.code == 0
    assert "schedule.too_short interval_s=1.0 pass_s=2.4" in done.err
    assert "one pass takes 2.4 s at the configured limits" in " ".join(done.out.split())
    assert waits[0] > 2


def test_every_command_notes_what_it_sends_for_the_next_one(shop: Rehearsal) -> None:
    """The limits hold over runs of any process: each request is in the files."""
    limits = {
        f"CASEFERRY__{system}__REQUESTS_PER_MINUTE": "5000"
        for system in ("KORE", "CASEMGR")
    }
    home = shop.home.having(**limits)

    def noted(system: str) -> int:
        return (home.folder / f"caseferry.db.{system}-sent").read_text().count("sent ")

    for command in (MIGRATE, ("check", "--quick"), ("sync", "--yes"), ("verify",)):
        home.run(*command)
        for system in ("kore", "casemgr"):
            calls = [
                call
                for call in shop.box.log
                if call.system == system and call.operation != "token"
            ]
            assert noted(system) == len(calls)


def test_a_json_log_has_an_object_a_line_and_no_contents(shop: Rehearsal) -> None:
    """Each event has its time, level, name and run; people and texts are not in it."""
    shop.box.faults.add(Fault(kind="error_before", operation="get_cases"))
    home = shop.home.having(CASEFERRY__LOG__FORMAT="json")

    done = home.run(*MIGRATE, "--json", "-vv")

    assert done.code == 0
    events = [json.loads(line) for line in done.err.splitlines()]
    names = [event["event"] for event in events]
    assert (names[0], names[-1]) == ("run.began", "run.ended")
    assert "request.failed" in names
    for event in events:
        assert list(event)[:4] == ["ts", "level", "event", "run"]
        assert parse_time(event["ts"])
        assert event["level"] in ("debug", "info", "warning")
        assert event["run"] == 1
    assert [word for word in PRIVATE if word in done.err] == []


def killed(folder: Path, box: Sandbox) -> tuple[int, Done]:
    """Kill a migration while it writes; its process, and what a rival was told."""
    command = [sys.executable, "-m", "caseferry", *MIGRATE]
    with subprocess.Popen(command, cwd=folder) as process:
        while not any(c.operation == "create_task" for c in list(box.log)):
            assert process.poll() is None
            time.sleep(0.01)
        rival = Home(folder=folder, variables={}).run(*MIGRATE)
        os.kill(process.pid, signal.SIGKILL)
    return process.pid, rival


def test_the_lock_of_a_dead_run_is_taken_over(tmp_path: Path) -> None:
    """While it lives its name is told; after `kill -9` the next run simply goes on."""
    box = Sandbox(seed=3)
    people(box)
    with running(box, latency_s=0.05) as url:
        write_sandbox_config(tmp_path, url, QUICK)
        pid, rival = killed(tmp_path, box)
        home = Home(folder=tmp_path, variables={})
        after, again = home.run(*MIGRATE), home.run(*MIGRATE)

    assert rival.code == 7
    assert f"in use by `caseferry migrate`, process {pid}, since" in rival.err
    assert after.code == 0
    assert f"lock.taken_over pid={pid} command=migrate since=" in after.err
    assert "lock.taken_over" not in again.err
    assert len(box.casemgr.cases) == 3
