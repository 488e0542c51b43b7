"""A plan as text: one screen, one line an action, whatever the records hold."""

from typing import Any

import pytest
from rich.cells import cell_len

from caseferry.model.action import (
    Action,
    ActionKind,
    FieldChange,
    GroupPlan,
    Loss,
    Stage,
)
from caseferry.model.correlation import Role
from caseferry.model.record import Key, kore_key
from caseferry.report.migration import Rate, Told, summary_lines
from caseferry.report.plan import PlanLines, action_line, action_lines
from cli.conftest import Rehearsal
from cli.driver import normal

DRY = ("migrate", "--from", "kore", "--dry-run")
HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J\x1b[31mred",
    "\u202egnp.exe \u2066isolate\u2069 \u200bzero \u2028line",
    '=HYPERLINK("https://x.example")\r\n+1\t@SUM(A1)',
    "<script>alert(1)</script> {{7*7}} ${7*7} \x9b31m \x00 \x7f",
)
TASK = kore_key("ti-1")
SUMMARY = """\
Plan 7: Kore to casemgr, N s

                            cases   tasks
  read from Kore           10,000  20,000
  would be created          9,000  18,000
  would be updated             10      20
  would be told by a note       0       3
  would be finished         4,000   9,000
  would be reopened             2       0
  as is                       950   1,900
  would go to quarantine       38      77

  It balances: every record that was read is accounted for, once.
  customers: 8,000 matched, 200 created, 12 ambiguous
  openers: 31 to be made, 0 to be completed
  not carried whole, by rule:
    assignee-unmapped      4  0 accepted: too many
    due-date-past      1,204  any accepted
    subject-cut           17  20 accepted
  stays behind: kore.attachments 512, kore.commentIds 9,001
  left alone, by cause:
    quarantine  103  priority-unmapped
    quarantine   12  customer-ambiguous
  guards:
    max-creates  27,000  at most 100: passed by name
    max-changes      30  at most 20% of what is linked
    max-closed        0  off
    losses            1  at most 0: refuses
  mapping DIGEST, accepted by Jo Roe on 2026-03-02
    09:00:00 +0000
  Kore: 340 requests sent
  casemgr: 412 requests sent, 2 of them again to read; to write about
    32,000 requests, at 600 a minute: 53 min

Next:
  caseferry migrate --from kore
"""


def _action(kind: ActionKind, key: Key = TASK, **more: Any) -> Action:
    return Action(kind=kind, role=more.pop("role", Role.TASK), key=key, **more)


def _guard(name: str, figure: int, limit: str | None, **more: bool) -> dict[str, Any]:
    known = {"exceeds": False, "allowed": False} | more
    return {"name": name, "figure": figure, "limit": limit} | known


def _data() -> dict[str, Any]:
    return {
        "direction": "kore-to-casemgr",
        "read": {"kore": {"case": 10_000, "task": 20_000}},
        "actions": {
            "case": {
                "create": 9000,
                "update": 10,
                "close": 4000,
                "reopen": 2,
                "unchanged": 950,
                "quarantine": 38,
            },
            "task": {
                "create": 18_000,
                "update": 20,
                "complete": 9000,
                "note": 3,
                "unchanged": 1900,
                "quarantine": 77,
            },
            "opener": {"create": 31, "complete": 0},
            "customer": {
                "matched": 8000,
                "created": 200,
                "ambiguous": 12,
                "placeholder": 0,
            },
        },
        "left": {"case": 0, "task": 0},
        "balances": True,
        "losses": {"subject-cut": 17, "due-date-past": 1204, "assignee-unmapped": 4},
        "stays_behind": {"kore.commentIds": 9001, "kore.attachments": 512},
        "guards": [
            _guard("max-creates", 27_000, "100", exceeds=True, allowed=True),
            _guard("max-changes", 30, "20%"),
            _guard("max-closed", 0, None),
            _guard("losses", 1, "0", exceeds=True),
        ],
        "mapping": {
            "digest": "00112233445566778899aabbccddeeff",
            "accepted": {"by": "Jo Roe", "at": "2026-03-02T09:00:00.000Z"},
        },
        "requests": {
            "kore": {"planned": 0, "sent": 340, "retried": 0},
            "casemgr": {"planned": 32_000, "sent": 412, "retried": 2},
        },
        "duration_s": 3.2,
    }


def _told(*, dry: bool = True) -> Told:
    return Told(
        data=_data(),
        run=7,
        dry=dry,
        accepted={"due-date-past": "any", "subject-cut": 20},
        rates={"casemgr": Rate(per_minute=600)},
        causes={
            ("quarantine", "customer-ambiguous"): 12,
            ("quarantine", "priority-unmapped"): 103,
        },
        next_steps=["caseferry migrate --from kore"],
    )


def test_a_summary_is_one_screen_with_every_figure() -> None:
    """Counts, balance, losses against what was accepted, guards, cost, what is next."""
    text = "".join(f"{line}\n" for line in summary_lines(_told()))

    assert normal(text) == SUMMARY
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) <= 40


def test_a_run_names_only_the_guards_that_were_passed() -> None:
    """What nobody had to pass says nothing about what was done."""
    text = "\n".join(summary_lines(_told(dry=False)))

    assert "max-creates  27,000  at most 100: passed by name" in text
    assert "max-closed" not in text


@pytest.mark.parametrize(
    ("action", "line"),
    [
        (
            _action(
                ActionKind.CREATE, losses=(Loss(rule="subject-cut", field="name"),)
            ),
            "+ create task TS1 -> new; lost: subject-cut",
        ),
        (
            _action(
                ActionKind.UPDATE,
                counterpart=Key("casemgr:activity:9"),
                stage=Stage.EDIT,
                changes=(
                    FieldChange(name="priority", before="4", after="2"),
                    FieldChange(name="dueDate", before=None, after="x"),
                ),
            ),
            "~ update task TS1 -> casemgr:activity:9: priority, dueDate",
        ),
        (
            _action(ActionKind.CLOSE, role=Role.CASE, stage=Stage.CLOSE),
            "- close case TS1",
        ),
        (
            _action(ActionKind.SET_ASIDE, code="moved", reason="it moved"),
            "! set aside task TS1: moved",
        ),
        (
            _action(ActionKind.CONFLICT, code="both-changed"),
            "? conflict task TS1: both-changed",
        ),
    ],
)
def test_an_action_is_one_line(action: Action, line: str) -> None:
    """Symbol, kind, record, counterpart, then fields or the reason's code."""
    assert action_line(action, "TS1") == line


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_contents_stay_text_within_eighty_columns(text: str) -> None:
    """Nothing moves the cursor, turns the direction of writing, or ends a line."""
    changes = (FieldChange(name=text, before=text * 9, after=(text, text)),)
    action = _action(ActionKind.UPDATE, changes=changes, stage=Stage.EDIT, reason=text)
    lines = [action_line(action, text * 9, text), *action_lines(action, text)]

    assert all(line.isprintable() for line in lines)
    assert max(map(len, lines[:1])) <= 80


def test_long_values_stand_under_each_other() -> None:
    """Where old and new do not fit on a line, each has its own."""
    change = FieldChange(name="custom.kore_tags", before="o" * 60, after="n" * 60)
    action = _action(ActionKind.UPDATE, changes=(change,), stage=Stage.EDIT)

    assert action_lines(action, "TS1")[1:] == [
        "    custom.kore_tags:",
        f'      "{"o" * 39}…"',
        f'      -> "{"n" * 39}…"',
    ]


def test_wide_characters_take_two_columns() -> None:
    """Names of any script stay within eighty columns."""
    change = FieldChange(name="subject", before="請求書" * 30, after="🔥" * 90)
    action = _action(ActionKind.UPDATE, changes=(change,), stage=Stage.EDIT)
    lines = [action_line(action, "漢字" * 90), *action_lines(action, "漢字")]

    assert max(map(cell_len, lines)) <= 80
    assert lines[0].endswith("…")


def test_what_is_not_shown_is_counted() -> None:
    """The first actions are shown in their order; unchanged ones never."""
    lines = PlanLines(lambda key: key.removeprefix("kore:"), 2)
    kinds = (ActionKind.UNCHANGED, ActionKind.CREATE, ActionKind.CLOSE, ActionKind.NOTE)
    lines.add(GroupPlan(case=TASK, actions=tuple(map(_action, kinds))))

    assert lines.lines == ["+ create task ti-1 -> new", "- close task ti-1"]
    assert lines.left == 1


def test_a_tenant_of_hostile_records_reads_as_text(shop: Rehearsal) -> None:
    """Piped or not, with -v or without, no record reaches the terminal raw."""
    for text in HOSTILE:
        shop.box.human.create("kore", "case", name=text, desc=text, template="Sales")
    for argv in (DRY, (*DRY, "-v")):
        done = shop.home.run(*argv)
        on_terminal = shop.home.having(TERM="xterm", NO_COLOR="1").run(*argv, tty=True)

        assert done.code == on_terminal.code == 0
        assert "\x1b" not in done.out
        for out in (done.out, on_terminal.out):
            assert all(line.isprintable() for line in out.split("\n"))
            assert max(map(len, out.split("\n"))) <= 80
