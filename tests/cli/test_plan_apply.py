"""Plans as files, from the command line: made, sent round, carried out, refused."""

import json
from pathlib import Path

import pytest

from cli.conftest import Rehearsal
from cli.driver import Done

ALLOWED = ("--allow", "max-changes", "--allow", "max-reprioritised")
MAKE = ("plan", "--from", "kore", "--out", "p.jsonl")


def make(shop: Rehearsal, *more: str) -> Path:
    done = shop.home.run(*MAKE, *more)
    assert done.code == 0, done.err + done.out
    return shop.home.folder / "p.jsonl"


def apply(shop: Rehearsal, *more: str) -> Done:
    return shop.home.run("apply", "p.jsonl", "--yes", "--json", *more)


def test_a_plan_is_kept_privately_and_carried_out_once(shop: Rehearsal) -> None:
    """Mode 0600; `apply` does it; a second `apply` knows that it was done."""
    file = make(shop)
    assert file.stat().st_mode & 0o777 == 0o600
    assert not shop.box.casemgr.activities

    done = apply(shop)
    made = len(shop.box.casemgr.activities)
    again = apply(shop)

    assert (done.code, done.json["status"]) == (0, "success")
    assert done.data["actions"]["case"]["create"] == 3
    assert again.code == 0
    assert again.data["carried_out_in"] == done.json["run"]
    assert len(shop.box.casemgr.activities) == made == 3


def test_what_moved_on_either_side_is_set_aside(shop: Rehearsal) -> None:
    """One record edited on each side: these two are set aside, all else is done."""
    assert shop.home.run("migrate", "--from", "kore", "--yes").code == 0
    kore, casemgr = shop.box.kore, shop.box.casemgr
    named = {case.name: case.id for case in kore.cases.values()}
    first, third = named["Charged twice"], named["No reply"]
    for case in (first, third):
        shop.box.human.edit("kore", "case", case, priority="High")
    (task, *_) = (t.id for t in kore.tasks.values() if t.case_id == first)
    shop.box.human.edit("kore", "task", task, priority="Low")
    make(shop, *ALLOWED)
    shop.box.human.edit("kore", "case", third, priority="Critical")
    (twin,) = (a for a in casemgr.activities.values() if task in str(a.custom))
    shop.box.human.edit("casemgr", "activity", twin.id, priority="1")

    done = apply(shop, *ALLOWED)

    actions = done.data["actions"]
    assert done.code == 3
    assert (actions["case"]["set_aside"], actions["task"]["set_aside"]) == (1, 1)
    assert actions["case"]["update"] == 1
    assert twin.priority == "1"


def test_a_redacted_plan_can_be_applied(shop: Rehearsal) -> None:
    """It holds no contents, and does the same."""
    file = make(shop, "--redact")

    assert "Charged twice" not in file.read_text("utf-8")
    assert apply(shop).code == 0
    assert len(shop.box.casemgr.activities) == 3


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"case"', '"cASE"', "plan-broken"),
        ("caseferry-plan/1", "caseferry-plan/2", "plan-unreadable"),
    ],
)
def test_a_plan_that_was_changed_is_refused_whole(
    shop: Rehearsal, old: str, new: str, code: str
) -> None:
    """One byte is enough; nothing is written, and the error says what to do."""
    file = make(shop)
    text = file.read_text("utf-8")
    file.write_text(text.replace(old, new, 1), "utf-8")

    done = apply(shop)

    assert done.code == 2
    assert done.json["errors"][0]["code"] == code
    assert not shop.box.casemgr.activities


def test_a_plan_for_another_stream_mapping_or_policy_is_refused(
    shop: Rehearsal,
) -> None:
    """Each is told by name, before anything is read."""
    make(shop)
    home, again = shop.home, ("apply", "p.jsonl", "--yes", "--json")
    other = home.having(CASEFERRY__GUARD__MAX_CREATES="5")
    assert_refused(other.run(*again), "plan-other-policy")
    aged = home.having(CASEFERRY__PLAN__MAX_AGE="0s")
    assert_refused(aged.run(*again), "plan-too-old")
    mapping = home.folder / "mappings" / "kore-casemgr.toml"
    text = mapping.read_text("utf-8")
    mapping.write_text(text.replace('"6", "7"', '"7", "6"'), "utf-8")
    assert_refused(home.run(*again), "plan-other-mapping")
    stream = home.having(
        CASEFERRY__KORE__STREAM_ID="st-99999999-1111-4222-8333-999999999999",
        CASEFERRY__STATE__PATH="other.db",
    )
    mapping.write_text(text, "utf-8")
    assert_refused(stream.run(*again), "plan-other-pair")
    assert not shop.box.casemgr.activities


def assert_refused(done: Done, code: str) -> None:
    assert (done.code, done.json["errors"][0]["code"]) == (2, code)


def test_the_digest_that_was_signed_has_to_fit(shop: Rehearsal) -> None:
    """Another digest stops; the right one passes."""
    file = make(shop)
    digest = json.loads(file.read_text("utf-8").splitlines()[0])["digest"]

    assert_refused(apply(shop, "--digest", "0" * 64), "plan-other-digest")
    assert apply(shop, "--digest", digest.upper(), "--allow", "losses").code == 0
    told = shop.home.run("history", "last").out.splitlines()
    assert any(line.endswith(f"  {digest}") for line in told)
    assert max(map(len, told)) <= 80


def test_pending_changes_end_with_six_when_asked(shop: Rehearsal) -> None:
    """`--detailed-exitcode` tells a script whether there is anything to do."""
    plan = ("plan", "--from", "kore", "--detailed-exitcode")
    assert shop.home.run(*plan).code == 6
    assert shop.home.run("migrate", "--from", "kore", "--yes").code == 0
    assert shop.home.run(*plan).code == 0


def test_a_plan_of_some_cases_leaves_the_others(shop: Rehearsal) -> None:
    """`--limit 1`: one case is carried; the others are neither made nor set aside."""
    make(shop, "--limit", "1")

    done = apply(shop)

    assert done.code == 0
    assert len(shop.box.casemgr.cases) == 1
    assert done.data["left"]["case"] == 2
