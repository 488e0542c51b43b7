"""`sync` from the command line: once, planned, applied; what it says and ends with."""

from pathlib import Path

from caseferry.adapters.sqlite import SqliteStore
from cli.conftest import Rehearsal

OPEN = {
    "CASEFERRY__GUARD__MAX_CHANGES": "off",
    "CASEFERRY__GUARD__MAX_REPRIORITISED": "off",
}


def in_step(shop: Rehearsal) -> Rehearsal:
    """Migrate, and sync once; every priority was seen, so that its id is known."""
    for level in ("Critical", "High", "Low"):
        case = {"name": f"All {level}", "template": "Service", "priority": level}
        shop.box.human.create("kore", "case", user={"emailId": "a@b.example"}, **case)
    home = shop.home.having(**OPEN)
    shop = Rehearsal(box=shop.box, home=home, url=shop.url)
    assert home.run("migrate", "--from", "kore", "--yes").code == 0
    done = home.run("sync", "--yes")
    assert done.code == 0, done.out + done.err
    return shop


def test_changes_on_both_sides_cross_and_the_second_plan_is_empty(
    shop: Rehearsal,
) -> None:
    """One record edited on each side; both come over; then nothing is left."""
    shop = in_step(shop)
    kore, casemgr, home = shop.box.kore, shop.box.casemgr, shop.home
    named = {case.name: case for case in kore.cases.values()}
    shop.box.human.edit("kore", "case", named["Charged twice"].id, priority="Low")
    (task,) = (t for t in kore.tasks.values() if t.name == "Check the payment")
    (twin,) = (a for a in casemgr.activities.values() if task.id in str(a.custom))
    shop.box.human.edit("casemgr", "activity", twin.id, priority="1")

    planned = home.run("plan", "--detailed-exitcode", "--json")
    done = home.run("sync", "--yes", "--json")
    again = home.run("plan", "--detailed-exitcode", "--json")

    assert planned.code == 6
    assert planned.data["direction"] == "two-way"
    assert planned.data["requests"]["kore"]["planned"] == 1
    assert done.code == 0
    assert done.data["balances"] is True
    assert task.priority == "Critical"
    (case,) = (c for c in casemgr.cases.values() if c.subject == "Charged twice")
    assert case.severity == "low"
    assert again.code == 0, again.out


def test_a_two_way_plan_can_be_kept_and_applied(shop: Rehearsal) -> None:
    """`plan --out` without --from, and `apply`: both directions are in the file."""
    shop = in_step(shop)
    kore, casemgr, home = shop.box.kore, shop.box.casemgr, shop.home
    (task,) = (t for t in kore.tasks.values() if t.name == "Check the payment")
    (twin,) = (a for a in casemgr.activities.values() if task.id in str(a.custom))
    shop.box.human.edit("casemgr", "activity", twin.id, priority="1")
    named = {case.name: case for case in kore.cases.values()}
    shop.box.human.edit("kore", "case", named["No reply"].id, priority="High")

    made = home.run("plan", "--out", "p.jsonl", "--html", "p.html", "--csv", "p.csv")
    shop.box.human.edit("kore", "case", named["No reply"].id, priority="Low")
    done = home.run("apply", "p.jsonl", "--yes", "--json")

    assert made.code == 0, made.out
    assert "<!doctype html>" in (home.folder / "p.html").read_text("utf-8").lower()
    assert "priority" in (home.folder / "p.csv").read_text("utf-8")
    assert done.code == 3, done.out
    assert task.priority == "Critical"
    assert done.data["actions"]["case"]["set_aside"] == 1


def test_a_conflict_ends_with_four_and_says_what_to_type(shop: Rehearsal) -> None:
    """Both sides changed one field: nothing is overwritten, and it is said."""
    shop = in_step(shop)
    kore, casemgr, home = shop.box.kore, shop.box.casemgr, shop.home
    (task,) = (t for t in kore.tasks.values() if t.name == "Check the payment")
    (twin,) = (a for a in casemgr.activities.values() if task.id in str(a.custom))
    shop.box.human.edit("casemgr", "activity", twin.id, priority="1")
    shop.box.human.edit("kore", "task", task.id, priority="Low")

    done = home.run("sync", "--yes")

    assert done.code == 4
    assert "caseferry conflicts" in done.out
    assert (task.priority, twin.priority) == ("Low", "1")


def test_two_systems_that_nothing_links_stop_by_name(shop: Rehearsal) -> None:
    """Both sides hold records and no link says which belong together."""
    shop.box.human.create(
        "casemgr",
        "case",
        subject="Somebody's own",
        customer_id=shop.box.human.create(
            "casemgr",
            "customer",
            contact={"firstName": "A", "email": [{"emailAddress": "a@b.example"}]},
        ),
    )

    done = shop.home.run("sync", "--yes", "--json")

    assert done.code == 5
    assert "unlinked" in done.json["errors"][0]["message"] + str(done.json["errors"])
    assert len(shop.box.casemgr.cases) == 1


def facts(state: Path) -> dict[str, str]:
    """Say which of casemgr's listings were read whole, and when."""
    with SqliteStore.open(state, readonly=True) as store:
        return store.facts("full.casemgr.")


def test_a_copy_written_into_the_very_file_is_read_whole_again(shop: Rehearsal) -> None:
    """`cp` keeps the file's number; the lock remembers how far the state was."""
    home = in_step(shop).home
    state = home.folder / "caseferry.db"
    before: dict[str, str] = {}
    while facts(state) != before:  # until what was written is older than a reading
        kept, before = state.read_bytes(), facts(state)
        home.run("sync", "--yes")

    state.write_bytes(kept)
    home.run("sync", "--yes")

    assert facts(state).keys() == before.keys()
    assert all(facts(state)[name] != read for name, read in before.items())
