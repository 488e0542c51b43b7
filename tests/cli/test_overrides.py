"""Who ran what, with which digests: kept with every run, whatever became of it."""

import os
import pwd
import re
import socket

import pytest

from caseferry import __version__
from caseferry.cli.sandbox_config import write_sandbox_config
from caseferry.config import config_digest, load_config
from cli.conftest import QUICK, Rehearsal
from cli.driver import Home

MIGRATE = ("migrate", "--from", "kore", "--yes")
DIGEST = re.compile(r"(?:[0-9a-f]{32}){1,2}")
OWNER = pwd.getpwuid(os.getuid()).pw_name


def test_an_override_is_kept_with_who_made_it(shop: Rehearsal) -> None:
    """Guard, user, host, version and the three digests stand in text and JSON."""
    home = shop.home.having(
        USER="mallory", LOGNAME="mallory", CASEFERRY__GUARD__MAX_CREATES="1"
    )
    refused = home.run(*MIGRATE)
    done = home.run(*MIGRATE, "--allow", "max-creates", "--json")
    shown = home.run("history", "last")
    data = home.run("history", "last", "--json").data
    inputs = data["inputs"]

    assert (refused.code, done.code) == (5, 0)
    assert inputs["allow"] == "max-creates"
    assert (inputs["user"], inputs["host"]) == (OWNER, socket.gethostname())
    assert inputs["version"] == __version__
    digests = (inputs["mapping"], inputs["configuration"], data["summary"]["digest"])
    assert all(DIGEST.fullmatch(digest) for digest in digests)
    assert data["summary"]["digest"] == done.data["digest"]
    assert "allowed max-creates" in " ".join(shown.out.split())
    for text in (OWNER, socket.gethostname(), __version__, *digests):
        assert text in shown.out


def test_every_command_that_writes_the_state_is_signed(shop: Rehearsal) -> None:
    """A refused run, and one that sends nothing, say who it was as well."""
    home = shop.home.having(CASEFERRY__GUARD__MAX_CREATES="1")
    home.run(*MIGRATE)
    home.run("forget", "CS000101", "--yes")
    home.run("mapping", "check", "--read")
    runs = home.run("history", "--json").data["runs"]

    assert {run["command"] for run in runs} == {"migrate", "forget", "mapping check"}
    assert {run["inputs"]["user"] for run in runs} == {OWNER}
    assert len({run["inputs"]["configuration"] for run in runs}) == 1


def test_a_run_that_ends_early_keeps_its_plan_digest(shop: Rehearsal) -> None:
    """What was overridden is known even where the tenant stopped the run."""
    shop.box.set_readings({"casemgr.attribute_drop": "on"})
    done = shop.home.run(*MIGRATE, "--allow", "max-creates")
    data = shop.home.run("history", "last", "--json").data

    assert done.code == 5
    assert data["inputs"]["allow"] == "max-creates"
    assert DIGEST.fullmatch(data["summary"]["digest"])


def test_the_digest_of_a_configuration_is_that_of_its_values(
    empty: Home, shop: Rehearsal
) -> None:
    """Another folder and other secrets change nothing; a value from anywhere does."""
    elsewhere = empty.folder / "elsewhere"
    write_sandbox_config(elsewhere, shop.url, QUICK)

    def digest(folder: str, **variables: str) -> str:
        file = empty.folder / folder / "caseferry.toml"
        return config_digest(load_config(file, variables, secrets="ignored").config)

    here = digest(".")
    assert digest("elsewhere") == here
    assert digest(".", CASEFERRY_KORE_CLIENT_SECRET="another") == here
    assert digest(".", CASEFERRY__GUARD__MAX_CREATES="5") != here
    assert digest(".", CASEFERRY__KORE__REQUESTS_PER_HOUR="5") != here


def test_a_plan_names_its_maker_by_the_process(
    shop: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables name nobody; a user without a name of its own can plan as well."""
    monkeypatch.setenv("LOGNAME", "mallory")
    plan = ("plan", "--from", "kore", "--out", "p.jsonl")
    assert shop.home.run(*plan).code == 0
    text = (shop.home.folder / "p.jsonl").read_text("utf-8")
    assert f'"user":"{OWNER}"' in text.replace(": ", ":")
    assert "mallory" not in text

    monkeypatch.delenv("LOGNAME")
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    assert shop.home.run(*plan).code == 0
    text = (shop.home.folder / "p.jsonl").read_text("utf-8")
    assert '"user":"uid 4000000000"' in text.replace(": ", ":")
