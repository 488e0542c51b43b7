"""What goes wrong: exit codes, words, and what to do next."""

import os
import signal
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from caseferry.adapters.sqlite import StateLock, opening
from caseferry.cli import main
from caseferry.cli.env import Environment
from caseferry.sandbox import Fault
from cli.conftest import Rehearsal
from cli.driver import Home, Screen

MIGRATE = ("migrate", "--from", "kore", "--yes")


def test_without_a_configuration_it_says_how_to_get_one(empty: Home) -> None:
    """A missing file is named, with the command that writes one."""
    done = empty.run("status")

    assert done.code == 2
    assert "there is no configuration at" in done.err
    assert "`caseferry init` writes one" in done.err


def test_nobody_to_ask_is_a_usage_error_before_anything_is_read(
    shop: Rehearsal,
) -> None:
    """No terminal and no --yes: 2, and neither system was asked."""
    plain = shop.home.run("migrate", "--from", "kore")
    quiet = shop.home.run("migrate", "--from", "kore", "--no-input", tty=True)

    assert (plain.code, quiet.code) == (2, 2)
    assert "nobody can be asked" in plain.err
    assert not shop.box.log


@pytest.mark.parametrize(
    "argv",
    [("unlink", "CS000101"), ("forget", "CS000101"), ("links", "rebuild")],
    ids=" ".join,
)
def test_every_writing_command_asks(carried: Rehearsal, argv: tuple[str, ...]) -> None:
    """What changes the state needs a yes as well."""
    refused = carried.home.run(*argv)
    declined = carried.home.having(TERM="dumb").run(*argv, answer="n\n", tty=True)

    assert refused.code == 2
    assert declined.code == 0
    assert "Nothing was changed." in declined.out


def test_a_second_run_is_locked_out_and_told_by_whom(shop: Rehearsal) -> None:
    """Two runs exclude each other: 7, and the holder is named."""
    lock = StateLock(shop.home.folder / "caseferry.db")
    with lock.acquire("migrate", "2026-01-01T00:00:00.000Z"):
        done = shop.home.run(*MIGRATE)
        status = shop.home.run("check", "--offline")

    assert done.code == 7
    assert f"process {os.getpid()}" in done.err
    assert status.code == 0
    assert "in use by" in status.out


@pytest.mark.parametrize("argv", [MIGRATE, ("verify",), ("plan", "--from", "kore")])
def test_what_knows_no_scope_does_not_pass_over_it(
    shop: Rehearsal, argv: tuple[str, ...]
) -> None:
    """A scope that would be ignored is a problem, before anything is read."""
    done = shop.home.having(CASEFERRY__SCOPE__STATUS="open").run(*argv)

    assert done.code == 2
    assert "scope.status" in done.err
    assert not shop.box.log


def test_an_unreachable_system_is_for_later(tmp_path: Path, shop: Rehearsal) -> None:
    """No connection: 7, what was done and what comes next is said, and it is kept."""
    home = Home(folder=tmp_path, variables={"CASEFERRY__HTTP__MAX_ATTEMPTS": "1"})
    lost = home.having(CASEFERRY__KORE__BASE_URL="http://127.0.0.1:9")
    done = lost.run(*MIGRATE)
    runs = home.run("history", "--json").data["runs"]

    assert done.code == 7
    assert "Run 1 ended early. 0 writes carried out and recorded." in done.out
    assert "no connection to kore" in done.err
    assert runs[0]["exit_code"] == 7
    assert runs[0]["ended"] is not None
    assert not shop.box.casemgr.activities


def test_a_guard_stops_before_the_first_write(shop: Rehearsal) -> None:
    """5, every guard by its name with the way past it, and nothing was written."""
    careful = shop.home.having(CASEFERRY__GUARD__MAX_CREATES="1")
    stopped = careful.run(*MIGRATE)
    as_json = careful.run(*MIGRATE, "--json")

    assert stopped.code == 5
    assert "max-creates: the run would create 5 records, more than 1" in stopped.err
    assert "Hint: if this is meant, add --allow max-creates" in stopped.err
    assert [error["code"] for error in as_json.json["errors"]] == ["max-creates"]
    assert not shop.box.casemgr.activities

    allowed = careful.run(*MIGRATE, "--allow", "max-creates")

    assert allowed.code == 0
    assert len(shop.box.casemgr.cases) == 3


def test_a_dry_run_tells_of_the_guard_as_well(shop: Rehearsal) -> None:
    """What would stop the run stops the rehearsal with the same code."""
    done = shop.home.having(CASEFERRY__GUARD__MAX_CREATES="1").run(
        "migrate", "--from", "kore", "--dry-run"
    )

    assert done.code == 5
    assert done.out.startswith("+ make")


def test_what_waits_for_a_person_makes_the_run_partial(shop: Rehearsal) -> None:
    """3, by cause, and `quarantine`, `explain` and `retry` know the record."""
    box = shop.box
    phone = "+491701234567"
    contact = {"phone": [{"type": {"value": "mobile"}, "phoneNo": phone}]}
    for name in ("One", "Two"):
        box.human.create("casemgr", "customer", contact={"firstName": name, **contact})
    user = {"name": "Jim", "phoneNumber": phone}
    box.human.create("kore", "case", name="Whose?", template="Sales", user=user)
    done = shop.home.run(*MIGRATE)
    held = shop.home.run("quarantine")
    story = shop.home.run("explain", "CS000103")

    assert done.code == 3
    assert "customer-ambiguous" in done.out
    assert "caseferry quarantine" in done.out
    assert "customer-ambiguous" in held.out
    assert "left alone while it is held" in story.out

    mistyped = shop.home.run("retry", "--reason", "custmer-ambiguos", "--dry-run")
    assert mistyped.code == 2
    assert "there is no code 'custmer-ambiguos'" in mistyped.err
    assert "did you mean customer-ambiguous?" in mistyped.err
    none = shop.home.run("retry", "--reason", "refused-400-152", "--dry-run")
    assert (none.code, none.out) == (0, "Would take up 0 records\n")
    chosen = shop.home.run("retry", "CS000103", "--yes")
    (left,) = shop.home.run("quarantine", "--json").data["groups"]

    assert chosen.code == 0
    assert (left["kind"], left["code"], left["count"]) == ("waiting", "retried", 1)
    assert [each["number"] for each in left["records"]] == ["CS000103"]


def test_an_interrupted_run_ends_with_130_and_goes_on_later(shop: Rehearsal) -> None:
    """Ctrl-C lets what is in flight end; the next run does nothing twice."""
    shop.box.fill("kore", cases=60)
    ended = threading.Event()
    stopper = threading.Thread(target=_interrupt_after, args=(shop, 20, ended))
    stopper.start()
    done = shop.home.run(*MIGRATE)
    ended.set()
    stopper.join()
    written = len(shop.box.casemgr.activities)

    assert done.code == 130
    assert "Stopping: what is in flight is finished and recorded." in done.err
    assert "The next run goes on where this one was" in " ".join(done.out.split())
    assert shop.home.run("status", "--json").data["in_doubt"] == 0

    again = shop.home.run(*MIGRATE, "--json")
    keys = [
        "".join(activity.custom["ext_key"])
        for activity in shop.box.casemgr.activities.values()
    ]

    assert again.code == 0
    assert len(keys) > written
    assert len(keys) == len(set(keys))


def _interrupt_after(shop: Rehearsal, writes: int, ended: threading.Event) -> None:
    while sum(call.committed for call in list(shop.box.log)) < writes:
        if ended.wait(0.002):
            return
    os.kill(os.getpid(), signal.SIGINT)


def test_a_lost_reply_is_settled_and_nothing_is_there_twice(shop: Rehearsal) -> None:
    """A create whose reply is lost is found by its key."""
    shop.box.faults.add(
        Fault(kind="reset_after", system="casemgr", operation="create_task", after=1)
    )
    done = shop.home.run(*MIGRATE)

    assert done.code == 0
    assert len(shop.box.casemgr.cases) == 3
    assert shop.home.run("verify").code == 0


def test_refused_credentials_are_the_operators(shop: Rehearsal) -> None:
    """A wrong secret is said without being shown."""
    done = shop.home.having(CASEFERRY_KORE_CLIENT_SECRET="wr0ng-secret" * 4).run(
        *MIGRATE
    )

    assert done.code == 1
    assert "wr0ng" not in done.out + done.err
    assert "Hint: check client_id and the secret" in done.err


def test_check_reports_every_failure_and_goes_on(shop: Rehearsal) -> None:
    """A failing system does not keep the other from being looked at."""
    done = shop.home.having(
        CASEFERRY_KORE_CLIENT_SECRET="wrong-secret-0123456789abcdef"
    ).run("check", "--json")
    found = {(c["system"], c["name"]): c["status"] for c in done.data["checks"]}

    assert done.code == 1
    assert found["kore", "read-cases"] == "fail"
    assert found["casemgr", "token"] == "pass"
    assert done.json["errors"]


def test_check_finds_what_the_mapping_needs_and_the_tenant_lacks(
    shop: Rehearsal,
) -> None:
    """A department and an attribute that do not exist are named before any write."""
    path = shop.home.folder / "mappings" / "kore-casemgr.toml"
    text = path.read_text("utf-8").replace('"Billing"\nsub', '"Nowhere"\nsub')
    path.write_text(text.replace('casemgr = "custom.region"', 'casemgr = "custom.rgn"'))
    done = shop.home.run("check", "--json")
    bad = [c["message"] for c in done.data["checks"] if c["status"] == "fail"]

    assert done.code != 0
    assert any("rgn" in message for message in bad)
    assert any("department" in str(c["name"]) for c in done.data["checks"])


def test_a_broken_mapping_is_reported_whole(shop: Rehearsal) -> None:
    """All problems of the mapping at once, each with its place: 2."""
    path = shop.home.folder / "mappings" / "kore-casemgr.toml"
    text = path.read_text("utf-8").replace('owner = "ask"', 'owner = "nobody"')
    path.write_text(text.replace('most_urgent = "1"', 'most_urgent = "0"'))
    checked = shop.home.run("mapping", "check")
    run = shop.home.run(*MIGRATE)

    assert (checked.code, run.code) == (2, 2)
    assert "defaults.owner" in checked.err
    assert "priority.most_urgent" in checked.err


def test_a_changed_mapping_needs_a_word(shop: Rehearsal) -> None:
    """Records carried under another mapping are not rewritten unasked: 5."""
    shop.home.run(*MIGRATE)
    path = shop.home.folder / "mappings" / "kore-casemgr.toml"
    text = path.read_text("utf-8").replace(
        'assignee = "svc_care"', 'assignee = "frank"'
    )
    path.write_text(text)
    stopped = shop.home.run(*MIGRATE)
    allowed = shop.home.run(*MIGRATE, "--allow", "mapping-changed")
    after = shop.home.run(*MIGRATE)

    assert stopped.code == 5
    assert "--allow mapping-changed" in " ".join(stopped.err.split())
    assert (allowed.code, after.code) == (0, 0)


def test_a_state_of_another_pair_stops_every_command(shop: Rehearsal) -> None:
    """Under another tenant pair nothing is read from the state."""
    shop.home.run(*MIGRATE)
    other = shop.home.having(CASEFERRY__CASEMGR__TENANT="another")

    for argv in (MIGRATE, ("status",), ("explain", "CS000100"), ("history",)):
        done = other.run(*argv)
        assert done.code == 1
        assert "belongs to" in done.err


def test_an_unlinked_record_is_left_alone_until_retry(shop: Rehearsal) -> None:
    """unlink, link and retry do what a person says, and history keeps it."""
    home = shop.home
    home.run(*MIGRATE)
    parted = home.run("unlink", "CS000102", "--yes", "--json").data
    cases = len(shop.box.casemgr.cases)

    left = home.run(*MIGRATE)
    joined = home.run("link", "CS000102", parted["casemgr"], "--yes")

    assert left.code in (0, 3)
    assert len(shop.box.casemgr.cases) == cases
    assert joined.code == 0
    assert home.run("explain", "CS000102", "--json").data["link"]["parted"] is False
    commands = [r["command"] for r in home.run("history", "--json").data["runs"]]
    assert commands[:3] == ["link", "migrate", "unlink"]


def test_a_lost_state_is_restored_from_the_keys(shop: Rehearsal) -> None:
    """`links rebuild` finds every record of ours; then nothing is made twice."""
    home = shop.home
    home.run(*MIGRATE)
    for path in home.folder.glob("caseferry.db*"):
        path.unlink()
    rehearsed = home.run("links", "rebuild", "--dry-run", "--json").data
    known = home.run("status", "--json").data["links"]["task"]["finished"]
    rebuilt = home.run("links", "rebuild", "--yes", "--json").data
    after = home.run(*MIGRATE, "--json").data

    assert rehearsed["links"] == rebuilt["links"] > 0
    assert known == 0
    assert after["actions"]["case"]["create"] == 0
    assert len(shop.box.casemgr.cases) == 3


def test_forget_says_when_contents_are_left(
    shop: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody reads the state: 7, and the same command again removes them."""
    monkeypatch.setattr(opening, "BUSY_TIMEOUT_S", 0.02)
    home = shop.home
    home.run(*MIGRATE)
    reader = sqlite3.connect(home.folder / "caseferry.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM record").fetchone()

    done = home.run("forget", "CS000100", "--yes")
    reader.close()
    told = home.run("history", "last", "--json").data
    again = home.run("forget", told["inputs"]["key"], "--yes")

    assert done.code == 7
    assert "its contents stand in the file" in " ".join(done.err.split())
    assert told["exit_code"] == 7
    assert again.code == 0


def test_forget_removes_contents_and_keeps_the_link(shop: Rehearsal) -> None:
    """A forgotten record's values are gone from the state; its link stays."""
    home = shop.home
    home.run(*MIGRATE)
    done = home.run("forget", "CS000100", "--yes", "--json")
    story = home.run("explain", done.data["key"], "--json").data

    assert done.code == 0
    assert story["kore"] == {}
    assert story["link"]["counterpart"].startswith("casemgr:case:")


class _Broken(Mapping[str, str]):
    """Variables that fail with a secret in the message."""

    def __getitem__(self, name: str) -> str:
        raise RuntimeError("hunter2")

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("hunter2")

    def __len__(self) -> int:
        return 0


@pytest.mark.parametrize(("loud", "shown"), [((), False), (("-v",), True)])
def test_a_fault_of_our_own_tells_no_contents(
    tmp_path: Path, loud: tuple[str, ...], *, shown: bool
) -> None:
    """1, "internal error", and the traceback only with -v, on stderr."""
    out, err = Screen(), Screen()
    env = Environment(
        stdin=Screen(), stdout=out, stderr=err, variables=_Broken(), cwd=tmp_path
    )
    code = main(["status", "--json", *loud], env)

    assert code == 1
    assert "internal error" in out.getvalue()
    assert "hunter2" not in out.getvalue()
    assert ("Traceback" in err.getvalue()) is shown
