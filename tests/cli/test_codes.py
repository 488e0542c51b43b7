"""`help errors`: every code that stands in output, and one of them."""

import pytest

from caseferry.codes import CODES, TITLES
from cli.conftest import Rehearsal
from cli.driver import Home

ONE = """\
stays-open
  kind   waiting
  means  the case is open and shows nothing open; what it holds may not be
         listed yet
  next   nothing: the next run tries again; if it stays, `caseferry explain KEY`
"""


def test_all_codes_are_listed_by_kind(empty: Home) -> None:
    """Each code stands once, under its kind, beside what it means."""
    lines = empty.run("help", "errors").out.splitlines()

    heads = [line for line in lines if line in TITLES.values()]
    assert heads == list(TITLES.values())
    names = [line.split()[0] for line in lines if line[:3].strip() and line[:1] == " "]
    assert sorted(names) == sorted(code.name for code in CODES)
    assert max(map(len, lines)) <= 80
    assert not any(line.endswith("…") for line in lines)


def test_one_code_is_explained(empty: Home) -> None:
    """Its kind, what happened, and what to do next."""
    done = empty.run("help", "errors", "stays-open")

    assert done.out == ONE
    assert done.code == 0


@pytest.mark.parametrize("name", [code.name for code in CODES])
def test_every_code_fits_a_terminal(empty: Home, name: str) -> None:
    """No line is longer than 80 columns, and nothing is cut off."""
    done = empty.run("help", "errors", name)

    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 80


def test_an_error_and_a_guard_tell_their_exit_code(empty: Home) -> None:
    """What ends a command says with which number."""
    assert "exit code  7" in empty.run("help", "errors", "state-locked").out
    assert "exit code  5" in empty.run("help", "errors", "unlinked").out


def test_the_codes_as_json(empty: Home) -> None:
    """A script gets the whole table, or one code with what varies filled in."""
    whole = empty.run("help", "errors", "--json").data
    (one,) = empty.run("help", "errors", "refused-400-152", "--json").data["codes"]

    assert len(whole["codes"]) == len(CODES)
    assert one["code"] == "refused-400-152"
    assert one["kinds"] == ["quarantine", "error"]
    assert one["exit_code"] is None


def test_an_unknown_code_is_a_usage_error_with_the_nearest_names(empty: Home) -> None:
    """2, and what was probably meant."""
    done = empty.run("help", "errors", "stay-open")
    strange = empty.run("help", "errors", "qqq")

    assert (done.code, strange.code) == (2, 2)
    assert "there is no code 'stay-open'" in done.err
    assert "did you mean stays-open" in done.err
    assert "did you mean" not in strange.err
    assert done.out == ""


def test_no_other_topic_takes_a_code(empty: Home) -> None:
    """A second word that would be ignored is a usage error."""
    done = empty.run("help", "state", "stays-open")

    assert done.code == 2
    assert "`caseferry help errors CODE`" in done.err


def test_what_quarantine_lists_can_be_looked_up(shop: Rehearsal) -> None:
    """The code that a user reads is one that help knows."""
    human, phone = shop.box.human, "+491701234567"
    contact = {"phone": [{"type": {"value": "mobile"}, "phoneNo": phone}]}
    for name in ("One", "Two"):
        human.create("casemgr", "customer", contact={"firstName": name, **contact})
    user = {"name": "Jim", "phoneNumber": phone}
    human.create("kore", "case", name="Whose?", template="Sales", user=user)
    shop.home.run("migrate", "--from", "kore", "--yes")
    groups = shop.home.run("quarantine", "--json").data["groups"]

    for group in groups:
        done = shop.home.run("help", "errors", group["code"])
        assert done.code == 0
        assert group["kind"] in done.out
    assert groups
