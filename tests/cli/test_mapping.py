"""`mapping suggest`, and what `mapping check` says about what occurs."""

import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from caseferry.cli.sandbox_config import write_sandbox_config
from caseferry.mapping.unfilled import unfilled
from caseferry.sandbox import TENANT, Sandbox, running
from cli.conftest import QUICK, Rehearsal
from cli.driver import Done, Home

ATTRIBUTES = {
    "tags": "custom.kore_tags",
    "refId": "custom.kore_ref",
    "createdAt": "custom.orig_created",
    "priority": "custom.kore_priority",
}
BY_END = {
    "past": "keep:custom.orig_due",
    "most_urgent": "1",
    "phone_region": "DE",
    "none_found": "create",
    "no_contact": "quarantine",
    "department": "Service",
    "subtype": "general",
    "assignee": "svc_care",
    "case_template": TENANT.CASE_TEMPLATES[0].id,
    "task_template": TENANT.TASK_TEMPLATES[0].id,
    "N. America": "na",
}


def filled(text: str) -> str:
    """Fill a suggestion for the sandbox in, as its administrator would."""
    lines = []
    table = ""
    for line in text.splitlines():
        if line.startswith("["):
            table = line
        if line.startswith(('"FILL-IN', "# ")) or "FILL-IN" not in line:
            lines += [] if line.startswith('"FILL-IN') else [line]
            continue
        name = line.split(" = ")[0].strip('"')
        lines.append(line.replace("FILL-IN", answer(table, name)))
    return "\n".join(lines)


def answer(table: str, name: str) -> str:
    if "name_kept_in" in table:
        return "custom.kore_status"
    if "lookup" in table:
        return "mobile.phone"
    if "assignees" in table:
        return "jdoe"
    if "stays_behind" in table:
        return "of no use in Kore"
    if name == "dueDate":
        return BY_END["past"]
    return BY_END.get(name) or ATTRIBUTES[name]


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Rehearsal]:
    """Both sides with seeded records: own statuses, priorities and attributes."""
    box = Sandbox(seed=11)
    box.fill("both", cases=30)
    with running(box) as url:
        write_sandbox_config(tmp_path, url, QUICK)
        yield Rehearsal(box=box, home=Home(folder=tmp_path, variables={}), url=url)


def under(home: Home, name: str) -> Home:
    """Let another file be the mapping."""
    return home.having(CASEFERRY__MAPPING__PATH=str(home.folder / name))


def widest(done: Done) -> int:
    """Give the longest line, those with a path left out: paths stay whole."""
    return max(len(line) for line in done.out.splitlines() if "/" not in line)


def calls(rehearsal: Rehearsal) -> int:
    return len(rehearsal.box.log)


def test_a_suggestion_that_was_filled_in_carries_the_sandbox(both: Rehearsal) -> None:
    """From nothing to a dry run: what was asked for is all that was missing."""
    home = both.home
    suggested = home.run("mapping", "suggest", "--out", "own.toml", "--json")
    text = (home.folder / "own.toml").read_text("utf-8")
    refused = under(home, "own.toml").run("mapping", "check", "--json")
    (home.folder / "own.toml").write_text(filled(text), "utf-8")

    own = under(home, "own.toml")
    checked = own.run("mapping", "check", "--json")
    there = own.run("migrate", "--from", "kore", "--dry-run", "-v")
    back = own.run("migrate", "--from", "casemgr", "--dry-run", "-v")

    assert suggested.code == 0
    asked = {place["path"] for place in suggested.data["fill_in"]}
    assert asked == {problem.path for problem in unfilled(tomllib.loads(text))}
    assert refused.code == 2
    assert asked == {error["path"] for error in refused.json["errors"]}
    assert checked.code == 0, checked.out
    assert checked.data["coverage"]["covered"] is True
    for done in (there, back):
        assert "create case" in done.out
        assert "no row names" not in done.out
        assert "It balances" in done.out


def test_what_a_run_has_read_is_not_read_again(both: Rehearsal) -> None:
    """Suggesting reads once; checking and suggesting again ask nobody."""
    home = both.home
    first = home.run("mapping", "suggest")
    before = calls(both)
    again = home.run("mapping", "suggest")
    home.run("mapping", "check")
    quiet = calls(both)
    home.run("mapping", "suggest", "--read")

    assert first.code == again.code == 0
    assert first.out == again.out
    assert before == quiet
    assert calls(both) > quiet


def test_a_migration_has_read_its_source(shop: Rehearsal) -> None:
    """Kore is known from the dry run; casemgr is still to be read."""
    shop.home.run("migrate", "--from", "kore", "--dry-run")

    looked = shop.home.run("mapping", "check", "--json").data["coverage"]["looked_at"]

    assert looked["casemgr"] is None
    assert (looked["kore"]["run"], looked["kore"]["case"], looked["kore"]["task"]) == (
        1,
        3,
        2,
    )


def test_what_is_not_covered_is_told_with_its_count(both: Rehearsal) -> None:
    """A priority that no row names, on the way to casemgr: 3, and who it concerns."""
    file = both.home.folder / "mappings" / "kore-casemgr.toml"
    text = file.read_text("utf-8")
    for line in ('Emergency = { write = "1" }', 'Emergency = { write = "urgent" }'):
        text = "\n".join(x for x in text.split("\n") if not x.startswith(line))
    text = text[: text.index("[[example]]")]
    file.write_text(text, "utf-8")

    done = both.home.run("mapping", "check", "--read", "--from", "kore", "--json")
    shown = both.home.run("mapping", "check", "--from", "kore")

    planned = both.home.run("migrate", "--from", "kore", "--dry-run", "-v")

    held = [r for r in both.box.kore.store.task_shelf if r.priority == "Emergency"]
    assert done.code == shown.code == 3
    assert "no row names this priority" in " ".join(planned.out.split())
    assert done.json["status"] == "partial"
    found = {
        (gap["entity"], gap["field"], gap["value"]): gap["records"]
        for gap in done.data["coverage"]["not_covered"]
    }
    assert found["task", "priority", "Emergency"] == len(held)
    assert all(gap["system"] == "kore" for gap in done.data["coverage"]["not_covered"])
    assert 'Kore task priority "Emergency"' in shown.out
    assert widest(shown) <= 80


def test_without_a_state_it_says_what_it_did_not_look_at(shop: Rehearsal) -> None:
    """The mapping itself is checked all the same, and no system is asked."""
    done = shop.home.run("mapping", "check")

    assert done.code == 0
    assert "not checked: nothing was read yet" in done.out
    assert "caseferry mapping check --read" in done.out
    assert shop.box.log == []


def test_without_a_configuration_it_says_so_too(empty: Home) -> None:
    """Who writes the mapping needs no tenant yet."""
    empty.run("init")

    done = empty.run("mapping", "check", "--json")

    assert done.code == 0
    assert done.data["coverage"]["covered"] is None
    assert "configuration is not whole" in empty.run("mapping", "check").out
    assert empty.run("mapping", "check", "--read").code == 2


def test_a_file_is_never_overwritten(shop: Rehearsal) -> None:
    """Not even read for: the file stays, and no system is asked."""
    file = shop.home.folder / "own.toml"
    file.write_text("mine", "utf-8")

    done = shop.home.run("mapping", "suggest", "--out", "own.toml", "--json")

    assert done.code == 2
    assert done.json["errors"][0]["code"] == "file-exists"
    assert file.read_text("utf-8") == "mine"
    assert shop.box.log == []


def test_the_text_is_the_result_and_the_list_goes_beside_it(shop: Rehearsal) -> None:
    """`> own.toml` gives a file; what to fill in is told on stderr."""
    done = shop.home.run("mapping", "suggest")
    written = shop.home.run("mapping", "suggest", "--out", "own.toml")
    file = shop.home.folder / "own.toml"

    assert done.code == written.code == 0
    assert done.out == file.read_text("utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    asked = len(list(unfilled(tomllib.loads(done.out))))
    assert done.err.startswith(f"{asked} lines to fill in:")
    assert "priority.most_urgent" in done.err
    assert "priority.most_urgent" in written.out
    assert widest(written) <= 80


def test_names_of_a_hostile_tenant_reach_nobodys_terminal(shop: Rehearsal) -> None:
    """Control characters in names are escaped, in the file and on the screen."""
    shop.box.human.create(
        "casemgr", "case", subject="x", custom={"evil\x1b[2J": ("a\nb",)}
    )

    suggested = shop.home.run("mapping", "suggest")
    checked = shop.home.run("mapping", "check")

    assert tomllib.loads(suggested.out)
    for text in (suggested.out, suggested.err, checked.out):
        assert text.replace("\n", "").isprintable()


def test_reading_is_in_the_history_and_writes_nothing(both: Rehearsal) -> None:
    """A reading is a run; `status` still says that nothing was carried."""
    both.home.run("mapping", "suggest")

    (run,) = both.home.run("history", "--json").data["runs"]
    status = both.home.run("status")

    assert run["command"] == "mapping suggest"
    assert run["summary"]["read"]["kore"]["case"] > 0
    assert "caseferry plan   (what `sync` would do; with --from" in status.out
