"""`conflicts` and `resolve`: what a person reads, types, and finds in both systems."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from caseferry.cli.sandbox_config import write_sandbox_config
from caseferry.sandbox import Sandbox, running
from cli.conftest import QUICK, people
from cli.driver import Home

OPEN = {
    "CASEFERRY__GUARD__MAX_CHANGES": "off",
    "CASEFERRY__GUARD__MAX_REPRIORITISED": "off",
    "TZ": "UTC",
}
HOSTILE = "Emea\x1b[2J\u202e"
LISTED = """\
Task TS000100 kore:ti-12633a3-85f5-b733-a07d-f7248be83288 and casemgr:activity:NNNN
  priority: changed on both sides since they last agreed
    found    TIME
    Kore     "Low"
    casemgr  "1"
    caseferry resolve TS000100 --take kore
    caseferry resolve TS000100 --take casemgr

1 conflict in 1 record

Next:
  caseferry resolve KEY… --take kore|casemgr   (--all for all of them)
  caseferry sync
"""
RESOLVED = """\
Settled 1 conflict: casemgr's side
  TS000100 priority: "1", not "Low"

Next:
  caseferry sync   (carries it)
"""
QUARANTINE = """\
1 record: conflict, both-changed
  changed on both sides since they last agreed: priority
  until you decide: `caseferry conflicts`
  TS000100 casemgr:activity:NNNN

Next:
  caseferry explain KEY   (one record's whole story)
"""
STATUS = """\
Sync
  last sync       3: TIME, exit code 4
  Kore read       all changes up to TIME, 2 min ago
  casemgr read    all changes up to TIME, 2 min ago
  next full scan  after TIME
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed:
    """A task whose priority both sides changed."""

    home: Home
    task: Any
    twin: Any
    box: Sandbox


def _in_dispute(folder: Path) -> Iterator[Disputed]:
    """Migrate, sync, change one priority on both sides, and sync again."""
    box = Sandbox(seed=3)
    people(box)
    for level in ("Critical", "High", "Low"):
        case = {"name": f"All {level}", "template": "Service", "priority": level}
        box.human.create("kore", "case", user={"emailId": "a@b.example"}, **case)
    with running(box) as url:
        write_sandbox_config(folder, url, QUICK)
        mapping = folder / "mappings" / "kore-casemgr.toml"
        rows = mapping.read_text("utf-8").replace(
            '"subject", owner = "kore"', '"subject"'
        )
        mapping.write_text(rows, "utf-8")
        home = Home(folder=folder, variables=OPEN)
        assert home.run("migrate", "--from", "kore", "--yes").code == 0
        assert home.run("sync", "--yes").code == 0
        tasks, activities = box.kore.tasks.values(), box.casemgr.activities.values()
        (task,) = (t for t in tasks if t.name == "Check the payment")
        (twin,) = (a for a in activities if task.id in str(a.custom))
        box.human.edit("casemgr", "activity", twin.id, priority="1")
        box.human.edit("kore", "task", task.id, priority="Low")
        assert home.run("sync", "--yes").code == 4
        yield Disputed(home=home, task=task, twin=twin, box=box)


@pytest.fixture
def disputed(tmp_path: Path) -> Iterator[Disputed]:
    """A conflict to be settled."""
    yield from _in_dispute(tmp_path)


@pytest.fixture(scope="module")
def open_one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disputed]:
    """A conflict that stays open; for tests that only read."""
    yield from _in_dispute(tmp_path_factory.mktemp("disputed"))


def _plain(text: str) -> str:
    return re.sub(r"activity:\d+", "activity:NNNN", text)


def test_a_conflict_is_listed_decided_and_carried(disputed: Disputed) -> None:
    """Each step reads well, says what to type, and ends in agreement."""
    home = disputed.home
    listed, held = home.run("conflicts"), home.run("quarantine")
    status = home.run("status")
    still = home.run("sync", "--yes")
    dry = home.run("resolve", "ts000100", "--take", "casemgr", "--dry-run")
    done = home.run("resolve", "TS000100", "--take", "casemgr", "--yes")
    left = home.run("conflicts")
    carried = home.run("sync", "--yes")

    assert _plain(listed.plain) == LISTED
    assert _plain(held.plain) == QUARANTINE
    assert STATUS in status.plain
    assert status.out.endswith("caseferry conflicts   (what waits for your decision)\n")
    assert (still.code, "caseferry conflicts" in still.out) == (4, True)
    assert dry.out.startswith("Would settle 1 conflict: casemgr's side\n")
    assert (done.plain, done.err) == (RESOLVED, "")
    assert left.out == "No conflict waits for you.\n"
    assert carried.code == 0
    assert (disputed.task.priority, disputed.twin.priority) == ("Critical", "1")
    assert home.run("quarantine").out == "Nothing waits for you.\n"


def test_the_json_says_all_that_the_text_does(open_one: Disputed) -> None:
    """Keys, both values, since when, and the commands."""
    home = open_one.home

    (one,) = home.run("conflicts", "--json").data["conflicts"]
    status = home.run("status", "--json").data
    (group,) = home.run("quarantine", "--json").data["groups"]

    assert one.pop("since").endswith("Z")
    assert one == {
        "key": f"kore:{open_one.task.id}",
        "counterpart": f"casemgr:activity:{open_one.twin.id}",
        "number": "TS000100",
        "entity": "task",
        "field": "priority",
        "casemgr_field": "priority",
        "kore": "Low",
        "casemgr": "1",
        "code": "both-changed",
        "resolve": {
            "kore": "caseferry resolve TS000100 --take kore",
            "casemgr": "caseferry resolve TS000100 --take casemgr",
        },
        "cannot": {},
    }
    assert status["holds"]["conflict"] == 1
    assert status["sync"]["last"]["exit_code"] == 4
    assert status["sync"]["watermarks"]["kore"]["age_s"] > 0
    assert status["sync"]["next_full_scan"].endswith("Z")
    assert group["count"] == len(group["records"]) == 1
    assert group["records"][0]["number"] == "TS000100"


def test_a_decision_is_asked_for_and_kept_in_the_history(disputed: Disputed) -> None:
    """No answer changes nothing; a yes is a run of whoever gave it."""
    home = disputed.home
    unasked = home.run("resolve", "--all", "--take", "kore")
    declined = home.run("resolve", "--all", "--take", "kore", answer="no\n", tty=True)
    listed = home.run("conflicts", "--json").data["total"]
    agreed = home.run("resolve", "--all", "--take", "kore", answer="y\n", tty=True)
    (latest, *_) = home.run("history", "--json").data["runs"]
    carried = home.run("sync", "--yes")

    assert unasked.code == 2
    assert "Nothing was changed." in declined.out
    assert 'TS000100 priority: "Low", not "1"' in declined.err
    assert listed == 1
    assert agreed.code == 0
    assert latest["command"] == "resolve"
    assert latest["inputs"]["take"] == "kore"
    assert latest["inputs"]["keys"] == "all"
    assert latest["inputs"]["user"]
    assert "Low" not in str(latest)
    assert carried.code == 0
    assert disputed.twin.priority == "6"


@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (("--take", "kore"), "which ones?"),
        (("TS000100", "--all", "--take", "kore"), "which ones?"),
        (("TS000101", "--take", "kore"), "TS000101 has no open conflict"),
        (("TS000100", "--field", "name", "--take", "kore"), "on a field 'name'"),
        (("TS000100", "--take", "both"), "'both' is not one of"),
        (("TS000100",), "Missing option '--take'"),
        (("nobody", "--take", "kore"), "no record is known as"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    open_one: Disputed, argv: tuple[str, ...], word: str
) -> None:
    """Nothing is guessed; each refusal says what to type."""
    done = open_one.home.run("resolve", *argv, "--yes")

    assert done.code == 2
    assert word in done.out + done.err
    assert open_one.home.run("conflicts", "--json").data["total"] == 1


def test_hostile_contents_are_made_visible(disputed: Disputed) -> None:
    """A value is shown as what it is, and never obeyed."""
    box, home = disputed.box, disputed.home
    (case,) = (c for c in box.casemgr.cases.values() if c.subject == "Charged twice")
    box.human.edit("kore", "case", disputed.task.case_id, name=HOSTILE)
    box.human.edit("casemgr", "case", case.id, subject=f"{HOSTILE}!")
    logged = home.run("sync", "--yes", "-vv").err

    done = home.run("conflicts")

    assert "name and subject: changed on both sides" in done.out
    assert "\\x1b[2J\\u202e" in done.out
    assert not set("\x1b\u202e") & set(done.out)
    assert "Emea" not in logged
