"""`undo`: what is said before, asked, done, and kept in the history."""

from cli.conftest import Rehearsal

MIGRATE = ("migrate", "--from", "kore", "--yes")


def marked(shop: Rehearsal) -> int:
    """Count the marks that undos left on activities."""
    activities = shop.box.casemgr.activities.values()
    notes = [note.content for each in activities for note in each.notes]
    return sum("Taken back by caseferry: run 1 was undone" in text for text in notes)


def test_an_undo_from_the_dry_run_to_the_proof(shop: Rehearsal) -> None:
    """Shown, asked, done, kept in the history; and what is undone stays undone."""
    home, box = shop.home, shop.box
    home.run(*MIGRATE)
    dry = home.run("undo", "last", "--dry-run")
    unasked = home.run("undo", "1")
    no = home.run("undo", "1", answer="n\n", tty=True)
    assert marked(shop) == 0
    yes = home.run("undo", "last", answer="y\n", tty=True)
    shown = home.run("history", "last")
    again = home.run("undo", "1", "--yes", "--json")
    count = len(box.casemgr.activities)
    carried = home.run(*MIGRATE, "--json")
    proof = home.run("verify", "--json")

    assert (dry.code, unasked.code, no.code, yes.code, again.code) == (0, 2, 0, 0, 0)
    assert dry.out.index("What cannot be undone") < dry.out.index("- complete task")
    assert "contents-stay" in dry.out
    assert max(map(len, dry.out.splitlines())) <= 80
    assert "nobody can be asked" in unasked.err
    assert "Nothing was written." in no.out
    assert no.err.index("What cannot be undone") < no.err.index("Take run 1 back")
    activities = box.casemgr.activities.values()
    assert {activity.status for activity in activities} == {"completed"}
    assert {case.status for case in box.casemgr.cases.values()} == {"closed"}
    assert marked(shop) == count == len(activities)
    assert again.data["taken_back_by"] == 4
    assert again.data["actions"]["task"]["complete"] == 0
    assert "run 1 taken back" in shown.out
    assert "What cannot be undone" in shown.out
    assert carried.data["actions"]["case"]["out_of_scope"] == 3
    assert (proof.code, proof.data["case"]["out_of_scope"]) == (0, 3)


def test_what_was_undone_is_made_again_once_it_is_taken_up(shop: Rehearsal) -> None:
    """By its cause all of it, by a case's key the case with its tasks."""
    home, box = shop.home, shop.box
    home.run(*MIGRATE)
    count = len(box.casemgr.activities)
    home.run("undo", "1", "--yes")
    first = next(iter(box.kore.cases.values()))
    one = home.run("retry", first.id, "--yes", "--json")
    carried = home.run(*MIGRATE, "--json")
    rest = home.run("retry", "--reason", "undone", "--yes", "--json")
    home.run(*MIGRATE)
    proof = home.run("verify", "--json")

    assert (one.code, rest.code, proof.code) == (0, 0, 0)
    assert one.data["keys"] == [f"kore:{first.id}"]
    assert carried.data["actions"]["case"]["create"] == 1
    assert len(box.casemgr.activities) == 2 * count
    assert marked(shop) == count
    assert proof.data["case"]["out_of_scope"] == proof.data["case"]["twice"] == 0
    assert sum(proof.data["case"][v] for v in ("equal", "accepted_loss")) == 3


def test_runs_that_cannot_be_undone_are_named(shop: Rehearsal) -> None:
    """One that wrote nothing, and an undo."""
    home = shop.home
    home.run("migrate", "--from", "kore", "--dry-run")
    wrote_nothing = home.run("undo", "1", "--yes")
    none = home.run("undo", "last", "--yes")
    home.run("migrate", "--from", "kore", "--limit", "1", "--yes")
    home.run("undo", "2", "--dry-run")
    is_undo = home.run("undo", "3", "--yes")

    assert (wrote_nothing.code, none.code, is_undo.code) == (0, 2, 2)
    assert "wrote nothing" in wrote_nothing.out
    assert "no run wrote anything" in none.err
    assert "is an undo" in is_undo.err


def test_the_data_of_an_undo_has_the_shape_of_a_migrations(shop: Rehearsal) -> None:
    """Counts by entity and kind, and what cannot be undone, each with its reason."""
    home = shop.home
    made = home.run(*MIGRATE, "--json").data
    home_case = next(iter(shop.box.casemgr.cases))
    shop.box.human.create(
        "casemgr", "activity", case_id=home_case, subject="Mail", kind="email"
    )

    done = home.run("undo", "1", "--yes", "--json")

    data = done.data
    assert done.code == 3
    assert done.json["status"] == "partial"
    for entity in ("case", "task", "opener"):
        assert list(data["actions"][entity]) == list(made["actions"][entity])
    assert data["actions"]["case"]["set_aside"] == 1
    assert {c["code"] for c in data["cannot"]} >= {"contents-stay", "foreign-open"}
    assert data["cannot_counts"]["foreign-open"] == 1
    (left,) = (c for c in data["cannot"] if c["code"] == "foreign-open")
    assert left["key"] == f"casemgr:case:{home_case}"
    assert shop.box.casemgr.cases[home_case].status == "open"
    for system in ("kore", "casemgr"):
        assert list(data["requests"][system]) == ["planned", "sent", "retried"]
    assert len(data["digest"]) == 32


def test_an_undo_that_is_cut_off_goes_on(shop: Rehearsal) -> None:
    """What was done is told, and the next one does the rest."""
    home = shop.home
    home.run(*MIGRATE)
    away = shop.home.having(
        CASEFERRY__CASEMGR__BASE_URL="http://127.0.0.1:9",
        CASEFERRY__HTTP__MAX_ATTEMPTS="1",
    )

    cut = away.run("undo", "1", "--yes", "--json")
    after = home.run("undo", "1", "--yes", "--json")

    assert (cut.code, after.code) == (7, 0)
    assert cut.json["errors"][0]["code"] == "unreachable"
    assert marked(shop) == len(shop.box.casemgr.activities)
