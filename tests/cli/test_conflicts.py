"""`conflicts` and `resolve`: what a person reads, types, and finds in both systems."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from caseferry.cli.migrate_report import exit_code_of
from caseferry.cli.sandbox_config import write_sandbox_config
from caseferry.engine.tally import Tally
from caseferry.model.link import HoldKind
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
  Kore read       goes on from changes of TIME, AGE ago
  casemgr read    goes on from changes of TIME, AGE ago
  next full scan  after TIME
"""
STORY = """\
Task TS000100
  Kore            kore:ti-12633a3-85f5-b733-a07d-f7248be83288
  casemgr         casemgr:activity:NNNN
  cases           kore:ci-b0ba648-0329-e93d-5b80-0b8cea32f0aa and
                  casemgr:case:NNNN
  link            finished
  held (casemgr)  conflict, both-changed: changed on both sides since they last
                  agreed: priority
  held (Kore)     conflict, both-changed: changed on both sides since they last
                  agreed: priority
  last sync       3: TIME, exit code 4
  Kore read       goes on from changes of TIME, AGE ago
  casemgr read    goes on from changes of TIME, AGE ago
  next full scan  after TIME

Fields, as read last and as both sides last agreed
  name and subject
    Kore    "Check the payment", agreed on "Check the payment"
    casemgr "Check the payment", agreed on "Check the payment"
  refId and custom.kore_ref
    Kore    "TS000100", agreed on "TS000100"
    casemgr "TS000100", agreed on "TS000100"
  createdAt and custom.orig_created
    Kore    "TIME", agreed on "TIME"
    casemgr "TIME", agreed on "TIME"
  priority and custom.kore_priority
    Kore    "Low", agreed on "Low"
    casemgr "Low", agreed on "Low"
  priority
    Kore    "Low", agreed on "Medium"
    casemgr "1", agreed on "4"
  status and custom.kore_status
    Kore    "Open", agreed on "Open"
    casemgr "Open", agreed on "Open"
  status
    Kore    "Open", agreed on unfinished
    casemgr "assigned", agreed on "assigned"

Conflicts
  priority: changed on both sides since they last agreed
    found    TIME
    Kore     "Low"
    casemgr  "1"
    caseferry resolve TS000100 --take kore
    caseferry resolve TS000100 --take casemgr

The next sync, as far as the state can tell
  to casemgr  conflict: changed on both sides since they last agreed: priority
  to Kore     conflict: changed on both sides since they last agreed: priority

Written
  TIME run 1: create task, done casemgr:activity:NNNN
  TIME run 3: edit_task task, done casemgr:activity:NNNN
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
    back = [timedelta(minutes=2), timedelta(minutes=1)]  # no stamp of this very second
    box = Sandbox(seed=3, clock=lambda: datetime.now(UTC) - sum(back, timedelta()))
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
        del back[0]
        assert home.run("migrate", "--from", "kore", "--yes").code == 0
        back.clear()
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
    text = re.sub(r", \S+ \S+ ago", ", AGE ago", text)
    return re.sub(r"(activity|case):\d+", r"\1:NNNN", text)


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
    assert STATUS in _plain(status.plain)
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


def test_a_pair_is_explained_from_both_sides(open_one: Disputed) -> None:
    """Found by either key: fields, bases, what comes next and why, what was written."""
    home = open_one.home

    by_number = home.run("explain", "TS000100")
    by_key = home.run("explain", f"casemgr:activity:{open_one.twin.id}")
    data = home.run("explain", "TS000100", "--json").data

    assert _plain(by_number.plain) == STORY
    assert by_key.out == by_number.out
    (priority,) = (f for f in data["fields"] if f["casemgr_field"] == "priority")
    assert priority["agreed"] == {"known": True, "kore": "Medium", "casemgr": "4"}
    assert [each["kind"] for each in data["next"]["to_kore"]] == ["conflict"]
    assert [one["field"] for one in data["conflicts"]] == ["priority"]
    assert len(data["journal"]) == 2


def test_a_pair_is_taken_up_again_by_either_key(open_one: Disputed) -> None:
    """Both directions may hold it: both holds are meant."""
    home = open_one.home
    keys = [f"casemgr:activity:{open_one.twin.id}", f"kore:{open_one.task.id}"]

    for typed in ("TS000100", *keys):
        found = home.run("retry", typed, "--dry-run", "--json").data["keys"]

        assert sorted(found) == keys


@pytest.mark.parametrize(
    ("did", "listed", "code"),
    [
        ((), {}, 0),
        (("conflict",), {}, 4),
        ((), {"conflict": 1}, 4),
        (("waiting",), {"conflict": 1}, 3),
        (("conflict",), {"set_aside": 2}, 3),
        ((), {"uncertain": 1}, 3),
        ((), {"waiting": 1}, 0),
        (("update",), {}, 0),
    ],
)
def test_what_is_left_open_makes_the_exit_code(
    did: tuple[str, ...], listed: dict[str, int], code: int
) -> None:
    """3 before 4; what was listed before and did not change is left open too."""
    tally = Tally()
    tally.actions.update(("task", kind) for kind in did)
    standing = {HoldKind(kind): count for kind, count in listed.items()}

    assert exit_code_of(tally, standing) == code
    assert exit_code_of(tally, standing, is_partial=True) == 3
    assert exit_code_of(tally, standing, balances=False) == 1


def test_what_comes_next_is_told_before_it_is_done(disputed: Disputed) -> None:
    """After a decision and a plan each pair says what the sync then does."""
    box, home = disputed.box, disputed.home
    home.run("resolve", "TS000100", "--take", "kore", "--yes")
    case = disputed.task.case_id
    box.human.create("kore", "task", case_id=case, name="Then this")
    customer = next(iter(box.casemgr.customers))
    box.human.create("casemgr", "case", subject="Own case", customer_id=customer)
    home.run("plan")
    own = max(box.casemgr.cases, key=int)

    decided = home.run("explain", "TS000100").out
    fresh = home.run("explain", "TS000102").out
    agents = home.run("explain", f"casemgr:case:{own}").out
    done = home.run("sync", "--yes", "--json").data["actions"]

    assert "  to casemgr  update (priority): changed in Kore\n" in decided
    assert "  to casemgr  create" in fresh
    assert "  to casemgr  nothing\n  to Kore     create" in agents
    assert "link            none: it has no counterpart yet" in agents
    assert (done["task"]["update"], done["task"]["create"]) == (1, 1)
    assert done["case"]["create"] == 1


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
