"""CSV for people with spreadsheets: complete, and nothing in it is ever obeyed."""

import csv
import io
import random
from typing import Any

import pytest

from caseferry.model.action import ActionKind
from caseferry.planfile.shape import ActionLine, Change, Lost, Needs, Redacted
from caseferry.report.plan_sheet import HEADER, plan_csv
from caseferry.report.sheet import cell, csv_lines

SEED = 20_260_302
FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\xa0=1+1",
    '"=1+1',
    "'=1+1",
    "＝1+1",
    "\u200b=1+1",
    "\x00=1+1",
    "\ufeff=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x.example";"y")',
)
STARTS = "=+-@\t\r\n＝＋－＠"


def read(lines: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(lines)), strict=True))


def obeys(text: str) -> bool:
    """Tell whether a spreadsheet may calculate a cell; an apostrophe says it's text."""
    return text.lstrip(' \xa0\u3000"').startswith(tuple(STARTS))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_a_text(text: str) -> None:
    """Whatever stands before the sign, the cell is not calculated."""
    assert not obeys(cell(text))
    assert not obeys(cell((text, "b")))


@pytest.mark.parametrize("text", ["plain", "a=b", "two\nlines", "größe 🔥", "", "1-2"])
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    """A cell holds what the record holds; a line end is a line end."""
    assert cell(text) == text


def test_what_a_terminal_obeys_is_spelt() -> None:
    """A file that is looked at with `cat` moves no cursor and turns no text."""
    assert cell("a\x1b[2Jb\x9b\u202ec\r") == "a\\x1b[2Jb\\x9b\\u202ec\\x0d"


def test_any_table_comes_back_cell_by_cell() -> None:
    """Quotes, commas and line ends break no row; no cell of any text is a formula."""
    print(f"seed {SEED}")
    chance = random.Random(SEED)  # noqa: S311 - test data
    letters = "ab,;\"'\n\t =+-@\\\u202e\x1b🔥"
    rows = [
        ["".join(chance.choices(letters, k=chance.randrange(9))) for _ in range(4)]
        for _ in range(500)
    ]
    found = read(csv_lines("wxyz", rows))

    assert found[0] == list("wxyz")
    assert found[1:] == [[cell(text) for text in row] for row in rows]
    assert not any(obeys(text) for row in found for text in row)


def line(order: int, kind: ActionKind, **more: Any) -> ActionLine:
    values = {"role": "task", "case": "kore:ci-1", "key": "kore:ti-1", **more}
    needs = Needs(source="")
    return ActionLine(line="action", order=order, kind=kind, needs=needs, **values)


def test_a_plan_is_one_row_a_field() -> None:
    """Order, kind, record, counterpart, field, before and after, reason, losses."""
    lines = [
        line(
            1,
            ActionKind.CREATE,
            name="TS1",
            changes=(Change(name="subject", after="=1+1"),),
            lands={"department": "Service", "customer": Redacted(redacted="f00")},
            losses=(Lost(rule="subject-cut", field="name"),) * 2,
        ),
        line(
            2,
            ActionKind.UPDATE,
            role="case",
            key="kore:ci-1",
            counterpart="casemgr:case:3",
            changes=(Change(name="custom.tags", before=("a", "b"), after=None),),
        ),
        line(3, ActionKind.QUARANTINE, code="value-unmapped", reason="no row names it"),
        line(4, ActionKind.NOTE, note="-1"),
    ]
    found = read(plan_csv(lines))

    assert tuple(found[0]) == HEADER
    first = "1,create,task,kore:ti-1,TS1,"
    assert [",".join(row) for row in found[1:]] == [
        f"{first},subject,,'=1+1,,subject-cut",
        f"{first},lands: department,,Service,,subject-cut",
        f"{first},lands: customer,,redacted f00,,subject-cut",
        "2,update,case,kore:ci-1,,casemgr:case:3,custom.tags,a, b,,,",
        "3,quarantine,task,kore:ti-1,,,,,,value-unmapped: no row names it,",
        "4,note,task,kore:ti-1,,,note,,'-1,,",
    ]
