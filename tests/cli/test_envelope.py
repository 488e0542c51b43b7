"""`--json`: one document for every command and every failure."""

import json

import pytest

from cli.conftest import Rehearsal
from cli.driver import Done, Home

KEYS = ["schema", "command", "status", "exit_code", "run", "data", "errors"]
COMMANDS = {
    "check": ["check", "--offline"],
    "mapping check": ["mapping", "check"],
    "mapping show": ["mapping", "show"],
    "mapping suggest": ["mapping", "suggest"],
    "mapping accept": ["mapping", "accept", "--by", "Jo Roe", "--dry-run"],
    "migrate": ["migrate", "--from", "kore", "--yes"],
    "verify": ["verify"],
    "status": ["status"],
    "history": ["history"],
    "explain": ["explain", "CS000100"],
    "undo": ["undo", "1", "--dry-run"],
    "conflicts": ["conflicts"],
    "resolve": ["resolve", "--all", "--take", "kore", "--dry-run"],
    "quarantine": ["quarantine"],
    "retry": ["retry", "--all", "--yes"],
    "link": ["link", "CS000100", "casemgr:case:1000", "--yes"],
    "unlink": ["unlink", "CS000100", "--dry-run"],
    "links rebuild": ["links", "rebuild", "--dry-run"],
    "state backup": ["state", "backup", "copy.db"],
    "forget": ["forget", "CS000100", "-n"],
    "help": ["help", "errors"],
    "init": ["init", "--dir", "fresh"],
}
HELD = ["waiting", "set_aside", "quarantine", "uncertain", "out_of_scope"]
COMMON = ["note", "unchanged", "conflict", *HELD]
CASE_KINDS = ["create", "update", "close", "reopen", *COMMON]
TASK_KINDS = ["create", "update", "complete", *COMMON]


def check(done: Done, command: str) -> None:
    found = done.json
    assert list(found) == KEYS
    assert found["schema"] == "caseferry/1"
    assert found["command"] == command
    assert found["exit_code"] == done.code
    expected = {0: "success", 3: "partial", 4: "partial", 130: "partial"}
    assert found["status"] == expected.get(done.code, "error")
    for error in found["errors"]:
        assert {"code", "scope", "fault", "message", "hint"} <= error.keys()
        assert error["scope"] in ("record", "group", "run")
        assert error["fault"] in ("operator", "system", "bug")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_prints_one_document(carried: Rehearsal, command: str) -> None:
    """Stdout is one JSON document in the envelope; stderr stays empty."""
    done = carried.home.run(*COMMANDS[command], "--json")

    check(done, command)
    assert done.err == ""


@pytest.mark.parametrize(
    ("argv", "command", "code"),
    [
        (["--json", "frobnicate"], "", 2),
        (["migrate", "--json"], "migrate", 2),
        (["migrate", "--from", "casemgr", "--json"], "migrate", 2),
        (["migrate", "--from", "kore", "--allow", "all", "--json"], "migrate", 2),
        (["migrate", "--from", "kore", "--json"], "migrate", 2),
        (["explain", "nobody", "--json"], "explain", 2),
        (["history", "99", "--json"], "history", 2),
        (["undo", "99", "--yes", "--json"], "undo", 2),
        (["undo", "1", "--json"], "undo", 2),
        (["retry", "--json"], "retry", 2),
        (["resolve", "CS000100", "--json"], "resolve", 2),
        (["resolve", "CS000100", "--take", "kore", "--json"], "resolve", 2),
        (["status", "--config", "nowhere.toml", "--json"], "status", 2),
        (["state", "backup", "caseferry.db", "--json"], "state backup", 1),
        (["--json"], "", 2),
    ],
)
def test_every_failure_is_a_document_too(
    carried: Rehearsal, argv: list[str], command: str, code: int
) -> None:
    """Usage errors and failures have the envelope, an error and the exit code."""
    done = carried.home.run(*argv)

    check(done, command)
    assert done.code == code
    assert done.json["errors"]


def test_the_data_of_migrate_has_the_agreed_shape(carried: Rehearsal) -> None:
    """Names and nesting are those that scripts rely on."""
    data = carried.home.run("migrate", "--from", "kore", "--yes", "--json").data

    assert data["direction"] == "kore-to-casemgr"
    assert data["read"]["kore"] == {"case": 3, "task": 2}
    assert list(data["read"]["casemgr"]) == ["case", "task"]
    assert list(data["actions"]["case"]) == CASE_KINDS
    assert list(data["actions"]["task"]) == TASK_KINDS
    assert list(data["actions"]["opener"]) == ["create", "complete"]
    assert list(data["actions"]["customer"]) == [
        "matched",
        "created",
        "ambiguous",
        "placeholder",
    ]
    assert data["balances"] is True
    assert data["losses"] == {}
    for system in ("kore", "casemgr"):
        assert list(data["requests"][system]) == ["planned", "sent", "retried"]
    assert len(data["digest"]) == 64
    assert data["duration_s"] >= 0


def test_the_same_plan_has_the_same_digest(shop: Rehearsal) -> None:
    """The digest stands for the actions and their inputs, not for the time."""
    argv = ["migrate", "--from", "kore", "--dry-run", "--json"]

    one, same = shop.home.run(*argv), shop.home.run(*argv)
    other = shop.home.run(*argv, "--limit", "1")

    assert one.data["digest"] == same.data["digest"]
    assert one.data["digest"] != other.data["digest"]


def test_times_are_utc_with_a_z(carried: Rehearsal) -> None:
    """Machines read UTC."""
    runs = carried.home.run("history", "--json").data["runs"]

    assert runs
    assert all(run["started"].endswith("Z") for run in runs)


def test_a_document_is_pure_ascii(carried: Rehearsal) -> None:
    """No content of a record reaches a terminal raw, whatever it is."""
    out = carried.home.run("mapping", "show", "--json").out

    assert out.isascii()
    assert json.loads(out)


def test_options_work_before_and_after_the_command(carried: Rehearsal) -> None:
    """Common options mean the same in either place."""
    home = carried.home
    elsewhere = Home(folder=home.folder.parent, variables={})
    file = str(home.folder / "caseferry.toml")

    before = elsewhere.run("--config", file, "--json", "mapping", "check")
    after = elsewhere.run("mapping", "check", "--json", "--config", file)
    between = elsewhere.run("mapping", "--config", file, "check", "--json")
    named = elsewhere.having(CASEFERRY_CONFIG=file).run("mapping", "check", "--json")

    assert before.data == after.data == between.data == named.data
