"""`init`, `sandbox`, `demo`: the first five minutes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from caseferry.bootstrap import default_mapping
from cli.driver import Home

QUICK_VARIABLES = {"CASEFERRY__CASEMGR__VISIBILITY_LAG": "0s"}


def test_init_writes_a_start_that_check_refuses_until_it_is_filled(
    empty: Home,
) -> None:
    """What is "" is named, all at once, with the secrets that are missing."""
    done = empty.run("init")
    checked = empty.run("check", "--offline", "--json")
    messages = [c["message"] for c in checked.data["checks"]]

    assert done.code == 0
    assert "caseferry.toml" in done.out
    assert checked.code == 2
    assert len(messages) == 9
    for path in ("kore.stream_id", "casemgr.token_url", "casemgr.requests_per_minute"):
        assert any(message.startswith(f"{path}: ") for message in messages)


def test_init_never_overwrites(empty: Home) -> None:
    """What exists is named, nothing is written, and the exit code is 2."""
    file = empty.folder / "there" / "mappings" / "kore-casemgr.toml"
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    done = empty.run("init", "--dir", "there")

    assert done.code == 2
    assert str(file) in done.err.replace("\n  ", " ")
    assert file.read_text() == "mine"
    assert not (empty.folder / "there" / "caseferry.toml").exists()


def test_the_mapping_that_is_written_is_the_one_that_ships(empty: Home) -> None:
    """A copy, to be changed."""
    empty.run("init")
    file = empty.folder / "mappings" / "kore-casemgr.toml"

    assert file.read_text("utf-8") == default_mapping()


def test_the_mapping_can_be_checked_before_anything_is_filled_in(empty: Home) -> None:
    """Who writes the mapping needs no tenant."""
    empty.run("init")
    checked = empty.run("mapping", "check")
    page = empty.run("mapping", "show", "--html", "map.html")
    text = (empty.folder / "map.html").read_text("utf-8")

    assert (checked.code, page.code) == (0, 0)
    assert "The mapping holds together" in checked.out
    assert "&lt;-&gt;" in text
    assert "<script" not in text


def test_the_sandbox_says_where_and_can_be_talked_to(tmp_path: Path) -> None:
    """One document when ready, private secrets, and an end with Ctrl-C."""
    command = [sys.executable, "-m", "caseferry", "sandbox", "--json", "--cases", "6"]
    command += ["--write-config", "rehearsal", "--reading", "kore.max_limit=2"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        home = Home(folder=tmp_path / "rehearsal", variables=QUICK_VARIABLES)
        checked = home.run("check")
        status = home.run("migrate", "--from", "kore", "--yes")
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)

    assert ready["schema"] == "caseferry/1"
    assert ready["data"]["records"]["kore"]["case"] == 6
    assert (checked.code, status.code) == (0, 0)
    assert (process.returncode, rest) == (0, b"")
    for name in ("kore", "casemgr"):
        secret = home.folder / "secrets" / name
        assert secret.stat().st_mode & 0o777 == 0o600
        assert secret.read_text().strip() not in (
            (home.folder / "caseferry.toml").read_text("utf-8")
        )
    assert (home.folder / "caseferry.db").stat().st_mode & 0o777 == 0o600


def test_a_wrong_reading_or_fault_names_the_nearest(empty: Home) -> None:
    """A sandbox that is asked for nonsense does not start."""
    reading = empty.run("sandbox", "--reading", "kore.max_limits=2")
    fault = empty.run("sandbox", "--fault", "lost_repl")
    name = empty.run("sandbox", "--fault", "lost_reply,aftr=3")

    assert (reading.code, fault.code, name.code) == (2, 2, 2)
    assert "after" in name.err
    assert "kore.max_limit" in reading.err
    assert "lost_reply" in fault.err


def test_the_demo_tells_the_whole_story(empty: Home) -> None:
    """A crash and a lost reply later everything is there exactly once."""
    done = empty.having(**os.environ).run("demo", "--keep", "demo")
    history = Home(folder=empty.folder / "demo", variables={}).run("history")

    assert done.err == ""
    assert done.code == 0
    for words in (
        "Is everything in order?",
        "What would happen?",
        "Killed: ",
        "this time a reply gets lost",
        "different                          0      0",
        "missing                            0      0",
        "twice                              0      0",
        "One record's whole story",
    ):
        assert words in done.out
    assert "was cut off" in history.out
