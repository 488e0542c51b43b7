"""What an undo decides, from values alone."""

from typing import Any

import pytest

from caseferry.model.action import FieldChange
from caseferry.model.correlation import Role
from caseferry.model.record import (
    Entity,
    Key,
    Record,
    Value,
    activity_key,
    case_key,
    kore_key,
)
from caseferry.reconcile.undo.casemgr import undo_in_casemgr
from caseferry.reconcile.undo.kore import undo_in_kore
from caseferry.reconcile.undo.view import GroupUndo, Ledger, UndoView, Written

NOW = "2026-05-01T12:00:00.000Z"
AHEAD = "2026-06-01T12:00:00.000Z"
PAST = "2026-04-01T12:00:00.000Z"
HOME, KORE_HOME = case_key("1001"), kore_key("ci-1")
MADE, OLDER, THEIRS = (activity_key(n) for n in ("1", "2", "3"))


def a_record(key: Key, home: Key, **fields: Value) -> Record:
    is_case = key == home
    return Record(
        key=key,
        entity=Entity.CASE if is_case else Entity.TASK,
        parent=None if is_case else home,
        version="7",
        fields=fields,
    )


def a_written(key: Key, source: Key = KORE_HOME, **values: Any) -> Written:
    is_case = key in (HOME, KORE_HOME)
    role = Role.CASE if is_case else Role.TASK
    return Written(key=key, source=source, role=role, **values)


def image(name: str, before: Value | None, after: Value | None) -> FieldChange:
    return FieldChange(name=name, before=before, after=after)


def told(undo: GroupUndo) -> list[str]:
    """Spell the actions shortly: what happens to which record, and to which field."""
    return [
        " ".join([str(a.kind), str(a.counterpart).rpartition(":")[2], *_fields(a)])
        for a in undo.plan.actions
    ]


def _fields(action: Any) -> list[str]:
    return [
        f"{c.name}={c.after}"
        for c in action.changes
        if c.after not in (c.before, "completed")
    ]


def cannot(undo: GroupUndo) -> list[str]:
    return [f"{each.code} {each.field}".strip() for each in undo.cannot]


# casemgr ----------------------------------------------------------------------------


def in_casemgr(*written: Written, **values: Any) -> GroupUndo:
    records = {
        HOME: a_record(HOME, HOME, status="open", severity="urgent"),
        MADE: a_record(MADE, HOME, status="assigned"),
    }
    view = UndoView(
        case=HOME,
        source=KORE_HOME,
        written=written,
        records={**records, **values.pop("records", {})},
        now=NOW,
        run=3,
        key_fields=frozenset({"custom.ext_key"}),
        marks={MADE: "cf1.x", OLDER: "cf1.y"},
        **values,
    )
    return undo_in_casemgr(view)


MINE = a_written(MADE, created=True, opens=True)
MAIL = {THEIRS: a_record(THEIRS, HOME, status="assigned")}
DONE = {MADE: a_record(MADE, HOME, status="completed")}
QUEUED = {MADE: a_record(MADE, HOME, status="awaiting_assignment")}
CLOSED = {HOME: a_record(HOME, HOME, status="closed"), **DONE}
MARKED = Ledger(marked=frozenset({MADE}))


@pytest.mark.parametrize(
    ("values", "actions", "left"),
    [
        ({"brought": True}, ["note 1", "complete 1", "close 1001"], []),
        ({"brought": True, "ledger": MARKED}, ["complete 1", "close 1001"], []),
        (
            {"brought": True, "records": MAIL},
            ["note 1", "complete 1", "set_aside 1001"],
            ["foreign-open"],
        ),
        ({"records": MAIL}, ["note 1", "complete 1"], []),
        ({}, ["set_aside 1"], ["would-close-case"]),
        (
            {"brought": True, "records": CLOSED, "ledger": MARKED},
            ["unchanged 1", "unchanged 1001"],
            [],
        ),
        (
            {"brought": True, "records": CLOSED},
            ["note 1", "unchanged 1", "unchanged 1001"],
            [],
        ),
        (
            {"brought": True, "records": QUEUED},
            ["waiting 1", "set_aside 1001"],
            ["activity-held"],
        ),
        (
            {"brought": True, "records": DONE, "ledger": MARKED},
            ["unchanged 1", "set_aside 1001"],
            ["activity-held"],
        ),
    ],
)
def test_what_the_run_made_in_casemgr(
    values: dict[str, Any], actions: list[str], left: list[str]
) -> None:
    """Marked, completed; its case closes only where the run brought it about."""
    undo = in_casemgr(MINE, **values)

    assert told(undo) == actions
    assert cannot(undo) == left


def test_a_case_is_never_closed_by_a_call() -> None:
    """Closing one would complete whatever others have open in it."""
    undo = in_casemgr(MINE, brought=True)

    assert [str(a.kind) for a in undo.plan.requests] == ["note", "complete"]


@pytest.mark.parametrize(
    ("changed", "now", "actions", "left"),
    [
        (image("priority", "4", "1"), "1", ["update 2 priority=4"], []),
        (image("priority", "4", "1"), "4", [], []),
        (image("priority", "4", "1"), "3", ["set_aside 2"], ["changed-since priority"]),
        (image("custom.a", None, "x"), "x", [], ["cannot-clear custom.a"]),
        (image("custom.ext_key", None, "k"), "k", [], ["key-stays custom.ext_key"]),
        (image("dueDate", AHEAD, PAST), PAST, [f"update 2 dueDate={AHEAD}"], []),
        (image("dueDate", PAST, AHEAD), AHEAD, [], ["due-date-past dueDate"]),
    ],
)
def test_a_field_that_the_run_overwrote(
    changed: FieldChange, now: str, actions: list[str], left: list[str]
) -> None:
    """It gets its old value back where it still holds what the run left."""
    older = a_written(OLDER, images={changed.name: changed})
    record = a_record(OLDER, HOME, status="assigned", **{changed.name: now})

    undo = in_casemgr(older, records={OLDER: record})

    assert told(undo) == actions
    assert cannot(undo) == left


def test_an_edit_keeps_what_leaving_out_would_remove() -> None:
    """A due date ahead goes along; an overdue case is left alone."""
    severity = {"severity": image("severity", "low", "urgent")}
    own = a_written(HOME, images=severity)
    case = {"status": "open", "severity": "urgent"}
    ahead = a_record(HOME, HOME, dueDate=AHEAD, **case)
    past = a_record(HOME, HOME, dueDate=PAST, **case)

    goes = in_casemgr(own, records={HOME: ahead})
    stays = in_casemgr(own, records={HOME: past})

    (action,) = goes.plan.requests
    assert image("dueDate", AHEAD, AHEAD) in action.changes
    assert told(goes) == ["update 1001 severity=low"]
    assert (told(stays), cannot(stays)) == (["set_aside 1001"], ["case-overdue"])


def test_what_no_call_takes_back_is_listed() -> None:
    """Notes, completions, closes, and contents that are not kept any more."""
    older = a_written(OLDER, ended=True, notes=2, lost=True)
    record = a_record(OLDER, HOME, status="completed")

    undo = in_casemgr(a_written(HOME, ended=True), older, records={OLDER: record})

    assert told(undo) == []
    assert cannot(undo) == ["closed", "completed", "note", "not-kept"]


# Kore -------------------------------------------------------------------------------

TASK, OTHER = kore_key("ti-1"), kore_key("ti-2")
OWN_CASE = a_written(KORE_HOME, HOME, created=True)
OWN_TASK = a_written(TASK, MADE, created=True)


def shown(status: str = "Open", *, active: str = "true", key: Key = TASK) -> Record:
    category = status.lower()
    return a_record(
        key, KORE_HOME, status=status, statusCategory=category, isActive=active
    )


def in_kore(*written: Written, **values: Any) -> GroupUndo:
    records = {KORE_HOME: shown(key=KORE_HOME), TASK: shown()}
    records = {**records, **values.pop("records", {})}
    view = UndoView(
        case=KORE_HOME,
        source=HOME,
        written=written,
        records={key: r for key, r in records.items() if r is not None},
        now=NOW,
        run=3,
        key_fields=frozenset({"marker"}),
        open_status="Open",
        **values,
    )
    return undo_in_kore(view)


SHUT = {KORE_HOME: shown("Closed", key=KORE_HOME)}
GONE: dict[Key, Any] = {TASK: None}
TRIED = Ledger(tried=frozenset({TASK}))


@pytest.mark.parametrize(
    ("values", "actions", "left"),
    [
        ({}, ["complete ti-1 isActive=false", "close ci-1 isActive=false"], []),
        (
            {"records": SHUT},
            [
                "reopen ci-1 status=Open",
                "complete ti-1 isActive=false",
                "close ci-1 isActive=false status=Closed",
            ],
            [],
        ),
        (
            {
                "records": {TASK: shown(active="false")},
                "ledger": Ledger(opened={KORE_HOME: "Closed"}),
            },
            ["close ci-1 isActive=false status=Closed", "unchanged ti-1"],
            [],
        ),
        (
            {"records": {OTHER: shown(key=OTHER)}},
            ["complete ti-1 isActive=false", "set_aside ci-1"],
            ["foreign-open"],
        ),
        (
            {"records": {OTHER: shown(key=OTHER), **SHUT}},
            ["set_aside ti-1", "set_aside ci-1"],
            ["case-closed", "foreign-open"],
        ),
        ({"records": GONE}, ["close ci-1 isActive=false"], ["not-seen"]),
        (
            {"records": GONE, "is_late": False},
            ["waiting ti-1", "waiting ci-1"],
            [],
        ),
        (
            {"records": GONE, "ledger": TRIED},
            ["close ci-1 isActive=false", "unchanged ti-1"],
            [],
        ),
    ],
)
def test_what_the_run_made_in_kore(
    values: dict[str, Any], actions: list[str], left: list[str]
) -> None:
    """Tasks are deactivated before their case; a closed one is opened for that."""
    undo = in_kore(OWN_CASE, OWN_TASK, **values)

    assert told(undo) == actions
    assert cannot(undo) == left


def test_what_was_taken_back_once_is_not_again() -> None:
    """Somebody who activates a record anew means it."""
    ledger = Ledger(taken=frozenset({(TASK, "isActive"), (KORE_HOME, "isActive")}))

    undo = in_kore(OWN_CASE, OWN_TASK, ledger=ledger)

    assert told(undo) == ["unchanged ti-1", "unchanged ci-1"]


def test_a_close_is_put_back_before_what_it_blocks() -> None:
    """The case opens by getting its old status; then its task may change."""
    case = a_written(
        KORE_HOME, HOME, images={"status": image("status", "Open", "Shut")}
    )
    task = a_written(TASK, MADE, images={"desc": image("desc", None, "x")})
    home = a_record(KORE_HOME, KORE_HOME, status="Shut", statusCategory="closed")
    record = a_record(TASK, KORE_HOME, desc="x", statusCategory="open")

    undo = in_kore(case, task, records={KORE_HOME: home, TASK: record})

    assert told(undo) == ["update ci-1 status=Open", "update ti-1 desc=None"]
    assert cannot(undo) == []


def test_a_priority_that_was_not_there_cannot_go() -> None:
    """Kore empties texts, dates, tags and custom fields, and nothing else."""
    images = {
        "priority": image("priority", None, "High"),
        "field.Region": image("field.Region", None, "EMEA"),
    }
    record = a_record(
        TASK,
        KORE_HOME,
        priority="High",
        statusCategory="open",
        **{"field.Region": "EMEA"},
    )

    undo = in_kore(a_written(TASK, MADE, images=images), records={TASK: record})

    assert told(undo) == ["update ti-1 field.Region=None"]
    assert cannot(undo) == ["cannot-clear priority"]
