"""`mapping accept`: who said yes to which mapping, and what that is good for."""

import os
import pwd
import re
import socket
from pathlib import Path

import pytest

from caseferry import __version__
from caseferry.cli.unseen import UNSEEN, WHOLE
from cli.conftest import Rehearsal
from cli.driver import Home

ACCEPT = ("mapping", "accept", "--by", "Jo Roe")
MIGRATE = ("migrate", "--from", "kore", "--yes")
ACCEPTED = """\
The mapping DIGEST

No API can see these; accepting the mapping confirms them:
  Kore to casemgr:
    - No mail leaves casemgr when an activity or a case is created or closed
    - No workflow takes the client application's activities away, or hands them
      on
    - No category has to be set before an activity can be completed
    - The mapping's most_urgent is right: agents see which of "1" and "7" it is
  casemgr to Kore:
    - No mail or message leaves Kore when a case or a task is created or closed
    - No template of Kore makes tasks of its own while cases are carried
    - No routing or escalation of Kore hands on what is created

Accepted
  accepted by  Jo Roe
  at           TIME
  user         USER on HOST
  version      VERSION
"""


def change(home: Home) -> None:
    """Let the mapping mean something else: another country's numbers."""
    path = home.folder / "mappings" / "kore-casemgr.toml"
    text = path.read_text("utf-8")
    path.write_text(text.replace('phone_region = "DE"', 'phone_region = "AT"'), "utf-8")
    assert path.read_text("utf-8") != text


def digest(home: Home) -> str:
    found: str = home.run("mapping", "show", "--json").data["digest"]
    return found


def test_who_accepted_it_is_kept_and_shown(shop: Rehearsal) -> None:
    """Name, user, host, version and time stand wherever the mapping is named."""
    home = shop.home
    before = home.run("mapping", "show", "--json").data["accepted"]
    done = home.run(*ACCEPT, "--yes")
    data = home.run("mapping", "show", "--json").data
    accepted = data["accepted"]

    assert (before, done.code, done.err) == (None, 0, "")
    owner = pwd.getpwuid(os.getuid()).pw_name
    words = ((owner, "USER"), (socket.gethostname(), "HOST"), (__version__, "VERSION"))
    shown = done.plain.splitlines()
    for text, word in words:
        shown = [re.sub(rf"\b{re.escape(text)}\b", word, line) for line in shown]
    assert "\n".join(shown) + "\n" == ACCEPTED
    assert accepted["by"] == "Jo Roe"
    assert accepted["digest"] == data["digest"] == digest(home)
    assert accepted["user"] == owner
    assert (accepted["host"], accepted["version"]) == (words[1][0], __version__)
    assert accepted["confirmed"] == list(WHOLE)
    assert "accepted by  Jo Roe on " in home.run("mapping", "show").out
    assert f"{digest(home)}, accepted by Jo Roe on " in home.run("status").out
    inputs = home.run("history", "last", "--json").data["inputs"]
    assert (inputs["by"], inputs["mapping"]) == ("Jo Roe", digest(home))


def test_a_report_says_who_accepted_the_mapping_or_that_nobody_did(
    shop: Rehearsal,
) -> None:
    """In text and JSON, of a plan and of a run."""
    dry = shop.home.run("migrate", "--from", "kore", "--dry-run")
    shop.home.run(*ACCEPT, "--yes")
    done = shop.home.run(*MIGRATE)
    data = shop.home.run(*MIGRATE, "--json").data["mapping"]

    assert "accepted by nobody" in dry.out
    assert "accepted by Jo Roe on " in done.out
    assert (data["digest"], data["accepted"]["by"]) == (digest(shop.home), "Jo Roe")


def test_an_accepted_change_passes_its_guard_and_no_other_does(
    shop: Rehearsal,
) -> None:
    """Exactly the accepted digest is acknowledged; a later change stops again."""
    home = shop.home
    home.run(*ACCEPT, "--yes")
    home.run(*MIGRATE)
    change(home)
    refused = home.run(*MIGRATE, "--json")
    home.run(*ACCEPT, "--yes")
    passed = home.run(*MIGRATE, "--json")
    (guard,) = (g for g in passed.data["guards"] if g["name"] == "mapping-changed")

    assert refused.code == 5
    assert [e["code"] for e in refused.json["errors"]] == ["mapping-changed"]
    assert "mapping accept" in refused.json["errors"][0]["hint"]
    assert passed.code == 0
    assert not guard["exceeds"]


def test_check_lists_what_a_person_confirms_with_the_mapping(shop: Rehearsal) -> None:
    """By direction; once confirmed it says by whom, until the mapping changes."""
    home = shop.home
    before = home.run("check", "--quick", "--json").data
    home.run(*ACCEPT, "--yes")
    done = home.run("check", "--quick")
    after = home.run("check", "--quick", "--json").data
    change(home)
    changed = home.run("check", "--quick")

    assert before["confirmed"] is None
    assert set(before["confirm_for"]) == {"kore-to-casemgr", "casemgr-to-kore"}
    assert before["confirm"] == [text for texts in UNSEEN.values() for text in texts]
    assert after["confirmed"]["by"] == "Jo Roe"
    assert "  Confirmed by Jo Roe on " in done.out
    assert "  Confirm them: `caseferry mapping accept --by NAME`" in changed.out


def test_nothing_is_kept_without_a_yes(shop: Rehearsal) -> None:
    """A dry run keeps nothing, nor does a no; without a terminal --yes is needed."""
    home = shop.home
    dry = home.run(*ACCEPT, "--dry-run", "--json")
    refused = home.run(*ACCEPT, answer="no\n", tty=True)
    nobody = home.run(*ACCEPT)

    assert (dry.code, refused.code, nobody.code) == (0, 0, 2)
    assert "No mail leaves casemgr" in refused.err
    assert "Accept both as Jo Roe?" in refused.err
    assert not (Path(home.folder) / "caseferry.db").exists()


@pytest.mark.parametrize("name", ["", "  \n ", "x" * 201])
def test_a_name_is_needed(shop: Rehearsal, name: str) -> None:
    """An empty name, or a whole text, is nobody's."""
    done = shop.home.run("mapping", "accept", "--by", name, "--yes", "--json")

    assert done.code == 2
    assert done.json["errors"][0]["code"] == "name-missing"


def test_a_hostile_name_is_shown_as_text(shop: Rehearsal) -> None:
    """A name is a text like any other."""
    shop.home.run("mapping", "accept", "--by", "\x1b[31mJo\u202e", "--yes")

    for argv in (("mapping", "show"), ("status",), ("history", "last")):
        out = shop.home.run(*argv).out
        assert "\\x1b[31mJo" in out
        assert all(line.isprintable() for line in out.split("\n"))
