"""`verify`: what differs is shown, and can be handed on."""

import csv
import io

from cli.conftest import Rehearsal
from report.builders import records_in


def test_an_edit_on_the_other_side_is_a_difference(shop: Rehearsal) -> None:
    """3, with both values; the CSV is private and starts no formula."""
    home, box = shop.home, shop.box
    home.run("migrate", "--from", "kore", "--yes")
    case = next(
        c for c in box.casemgr.cases.values() if c.subject.startswith("Charged")
    )
    box.human.edit("casemgr", "case", case.id, subject="=1+1 <b>")
    done = home.run("verify", "--csv", "d.csv", "--html", "d.html")
    as_json = home.run("verify", "--json")
    text = (home.folder / "d.csv").read_text("utf-8")
    rows = list(csv.reader(io.StringIO(text)))

    assert done.code == as_json.code == 3
    assert 'subject: Kore "Charged twice", casemgr "=1+1 <b>' in done.out
    assert as_json.json["status"] == "partial"
    (difference,) = as_json.data["differences"]
    assert (difference["field"], difference["kore"]) == ("subject", "Charged twice")
    assert rows[0] == ["key", "counterpart", "field", "kore", "casemgr", "reason"]
    assert rows[1][4].startswith("'=1+1")
    assert (home.folder / "d.csv").stat().st_mode & 0o777 == 0o600
    (shown,) = records_in((home.folder / "d.html").read_text("utf-8"))
    assert shown["changes"] == [["subject", "Charged twice", "=1+1 <b>"]]


def test_a_sample_looks_at_so_many_cases(carried: Rehearsal) -> None:
    """--sample and --only look at a part, and say how large it is."""
    sample = carried.home.run("verify", "--sample", "2", "--json")
    only = carried.home.run("verify", "--only", "TS000101", "--json")

    assert (sample.code, only.code) == (0, 0)
    assert sample.data["case"]["source"] == 2
    assert only.data["case"]["source"] == 1
    assert only.data["balances"]


def test_the_history_keeps_counts_and_no_contents(carried: Rehearsal) -> None:
    """What a run found is kept; values of fields are not."""
    carried.home.run("verify")
    summary = carried.home.run("history", "last", "--json").data["summary"]

    assert summary["case"]["pairs"] == 3
    assert "differences" not in summary


def test_a_run_can_be_handed_on_as_a_page(carried: Rehearsal) -> None:
    """Its facts and every write of its journal, no contents; private."""
    done = carried.home.run("history", "1", "--html", "run.html")
    file = carried.home.folder / "run.html"
    page = file.read_text("utf-8")
    rows = records_in(page)

    assert done.code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert "Run 1: migrate" in page
    assert {row["state"] for row in rows} == {"done"}
    assert "Charged twice" not in str(rows)
