"""What happens between a plan and its `apply`: told, refused, or carried later."""

import hashlib
import json
import os
import threading

import pytest

from cli.conftest import Rehearsal
from cli.driver import Done
from cli.test_plan_apply import ALLOWED, apply, assert_refused, make

BOTH_WAYS = ("plan", "--out", "p.jsonl")


@pytest.fixture
def moved(shop: Rehearsal) -> Rehearsal:
    """All carried; then one case got another priority in Kore."""
    assert shop.home.run("migrate", "--from", "kore", "--yes").code == 0
    prioritise(shop, "High")
    return shop


def prioritise(shop: Rehearsal, priority: str, name: str = "Charged twice") -> None:
    shop.box.human.edit("kore", "case", case(shop, name), priority=priority)


def case(shop: Rehearsal, name: str) -> str:
    (found,) = (c.id for c in shop.box.kore.cases.values() if c.name == name)
    return found


def digest(shop: Rehearsal) -> str:
    first = (shop.home.folder / "p.jsonl").read_text("utf-8").splitlines()[0]
    return str(json.loads(first)["digest"])


def severities(shop: Rehearsal) -> list[str]:
    return sorted(str(each.severity) for each in shop.box.casemgr.cases.values())


def counted(done: Done, kind: str) -> int:
    return int(done.data["actions"]["case"][kind])


def test_what_was_taken_back_meanwhile_is_set_aside(moved: Rehearsal) -> None:
    """The record is as it was carried: what was signed is not done, and told."""
    make(moved, *ALLOWED)
    prioritise(moved, "Medium")

    done = apply(moved, *ALLOWED)

    assert (done.code, counted(done, "set_aside")) == (3, 1)
    assert severities(moved) == ["medium"] * 3


def test_a_case_that_vanished_is_told(shop: Rehearsal) -> None:
    """Nothing is read of it, so nothing is written; the report names it."""
    make(shop)
    gone = case(shop, "No reply")
    shop.box.set_readings({"kore.inactive_in_list": "hidden"})
    shop.box.kore.cases[gone].is_active = False

    shown = shop.home.run("apply", "p.jsonl", "--dry-run")
    done = apply(shop)

    assert "1 record of the plan not shown any more and left out: CS" in shown.out
    assert "caseferry apply p.jsonl" in shown.out
    assert done.code == 3
    assert done.data["gone"] == [f"kore:{gone}"]
    assert len(shop.box.casemgr.cases) == 2


def test_an_empty_digest_is_another_digest(shop: Rehearsal) -> None:
    """A variable of a script that was never set signs nothing."""
    make(shop)

    assert_refused(apply(shop, "--digest", ""), "plan-other-digest")
    assert not shop.box.casemgr.activities


def test_a_plan_without_actions_does_nothing(moved: Rehearsal) -> None:
    """Of one case that is as it should be: all others stay out of it."""
    make(moved, "--only", case(moved, "No reply"))

    done = apply(moved, *ALLOWED)

    assert done.code == 0
    assert moved.home.run("quarantine", "--json").data["total"] == 0
    assert severities(moved) == ["medium"] * 3


def test_the_same_plan_made_again_later_is_carried_out(moved: Rehearsal) -> None:
    """Both systems came back to where they were: the same digest, another day."""
    make(moved, *ALLOWED)
    first = digest(moved)
    assert apply(moved, *ALLOWED).code == 0
    prioritise(moved, "Medium")
    assert moved.home.run("migrate", "--from", "kore", "--yes", *ALLOWED).code == 0
    prioritise(moved, "High")
    make(moved, *ALLOWED)

    done = apply(moved, *ALLOWED)

    assert digest(moved) == first
    assert counted(done, "update") == 1
    assert severities(moved) == ["high", "medium", "medium"]


def test_a_redacted_plan_of_another_state_is_refused(shop: Rehearsal) -> None:
    """No value in it can be compared, and every record would seem to have moved."""
    make(shop, "--redact")
    other = shop.home.having(CASEFERRY__STATE__PATH="other.db")

    done = other.run("apply", "p.jsonl", "--yes", "--json")

    assert_refused(done, "plan-other-state")


@pytest.mark.parametrize(
    ("created", "code"),
    [("2999-01-01T00:00:00.000Z", "plan-too-new"), ("friday", "plan-unreadable")],
)
def test_a_plan_from_no_past_is_refused(
    shop: Rehearsal, created: str, code: str
) -> None:
    """Somebody gave it another time and sealed it anew: it would never be too old."""
    file = make(shop)
    first, *rest = file.read_bytes().splitlines(keepends=True)
    header = json.loads(first)
    header["made"]["created"] = created
    body = json.dumps(header).encode() + b"\n" + b"".join(rest[:-1])
    seal = {"line": "seal", "sha256": hashlib.sha256(body).hexdigest()}
    file.write_bytes(body + json.dumps(seal).encode() + b"\n")

    assert_refused(apply(shop), code)


def test_a_plan_may_come_through_a_pipe(shop: Rehearsal) -> None:
    """What is carried out is a copy: what is checked cannot change afterwards."""
    file = make(shop)
    text = file.read_bytes()
    file.unlink()
    os.mkfifo(file)
    writer = threading.Thread(target=file.write_bytes, args=(text,), daemon=True)
    writer.start()

    done = apply(shop)

    writer.join()
    assert (done.code, counted(done, "create")) == (0, 3)


def test_two_way_plans_repeat(moved: Rehearsal) -> None:
    """The same systems give the same digest, also where less is read."""
    assert moved.home.run("sync", "--yes", *ALLOWED).code == 0
    prioritise(moved, "Low")
    digests = set()
    for _ in range(2):
        assert moved.home.run(*BOTH_WAYS, *ALLOWED).code == 0
        digests.add(digest(moved))

    assert len(digests) == 1
    assert counted(apply(moved, *ALLOWED), "update") == 1
    assert "low" in severities(moved)


def test_a_sync_carries_what_a_two_way_plan_set_aside(moved: Rehearsal) -> None:
    """Also where another plan saw the change before: it is still to be looked at."""
    assert moved.home.run("sync", "--yes", *ALLOWED).code == 0
    prioritise(moved, "Critical")
    assert moved.home.run(*BOTH_WAYS, *ALLOWED).code == 0
    prioritise(moved, "Low")
    assert moved.home.run("plan", *ALLOWED).code == 0
    assert counted(apply(moved, *ALLOWED), "set_aside") == 1

    assert moved.home.run("sync", "--yes", *ALLOWED).code == 0

    assert "low" in severities(moved)


def test_what_was_parted_meanwhile_is_set_aside(moved: Rehearsal) -> None:
    """Somebody unlinked the pair: what was signed for it is not done, and told."""
    make(moved, *ALLOWED)
    key = f"kore:{case(moved, 'Charged twice')}"
    assert moved.home.run("unlink", key, "--yes").code == 0

    done = apply(moved, *ALLOWED)

    assert (done.code, counted(done, "set_aside")) == (3, 1)
    assert severities(moved) == ["medium"] * 3


def test_the_question_names_what_changes(moved: Rehearsal) -> None:
    """A plan of nothing but changes asks for changes, not for none made."""
    make(moved, *ALLOWED)

    argv = ("apply", "p.jsonl", *ALLOWED)
    done = moved.home.run(*argv, answer="n\n", tty=True)

    assert "1 record changed?" in done.err
    assert " made" not in done.err[done.err.index("Write to casemgr") :]
    assert severities(moved) == ["medium"] * 3
