"""Undoing runs against the sandbox, and judging it by what the systems hold."""

from typing import Any

from caseferry.engine.migrate import Migration, Options
from caseferry.engine.to_kore.migrate import MigrationToKore
from caseferry.engine.undo.run import Undo, Undone
from caseferry.sandbox import Sandbox
from support.rig import Rig

ENDED = ("Closed", "Resolved")
READS = frozenset({"get_cases", "get_tasks"})
WRITES = frozenset(
    {
        "create_case",
        "create_task",
        "update_case",
        "update_task",
        "edit_activity",
        "complete_activities",
        "close_case",
        "edit_case",
        "add_activity_note",
        "add_case_note",
    }
)


def planned(rig: Rig, run: int) -> tuple[Undo, Undone]:
    """Plan an undo, as a dry run does."""
    context = rig.context()
    context.run = rig.store.begin_run("undo", "t", {"undo": str(run)})
    undo = Undo(context, run)
    undo.read()
    return undo, undo.plan()


def undone(rig: Rig, run: int) -> Undone:
    """Undo one run."""
    return planned(rig, run)[0].carry_out()


def writes(box: Sandbox, system: str) -> int:
    """Count the writes that took effect in a system so far."""
    return sum(
        call.committed and call.system == system and call.operation in WRITES
        for call in box.log
    )


def codes(result: Undone) -> set[str]:
    """Give the codes of what cannot be undone."""
    return {each.code for each in result.cannot}


def ours(box: Sandbox) -> list[Any]:
    """Give the casemgr activities that carry a key of ours."""
    return [a for a in box.casemgr.activities.values() if a.custom.get("ext_key")]


def marks(record: Any, run: int) -> int:
    """Count the notes on an activity that say it was taken back."""
    text = f"Taken back by caseferry: run {run} was undone"
    return sum(text in note.content for note in record.notes)


def not_taken_back(box: Sandbox, run: int, *, before: int = 0) -> list[str]:
    """List what the run left in casemgr: everything of ours ends, marked once.

    Activities up to the id `before` were there before the run.
    """
    wrong = []
    for activity in ours(box):
        if activity.number <= before:
            continue
        if activity.status != "completed":
            wrong.append(f"activity {activity.id} is {activity.status}")
        if marks(activity, run) != 1:
            wrong.append(f"activity {activity.id} has {marks(activity, run)} marks")
        case = box.casemgr.cases[activity.case_id]
        if case.status != "closed":
            wrong.append(f"case {case.id} is {case.status}")
    return wrong


def still_active(box: Sandbox) -> list[str]:
    """List the Kore records with a marker of ours that are active."""
    both = (*box.kore.cases.values(), *box.kore.tasks.values())
    return [
        record.id
        for record in both
        if record.is_active
        and any("cf1." in text for text in (record.desc or "", *record.tags))
    ]


def both_ways(rig: Rig) -> None:
    """Let one run carry both ways, as a two-way sync does."""
    context = rig.context()
    context.run = rig.store.begin_run("sync", "t", {})
    for make in (MigrationToKore, Migration):
        migration: Any = make(context, Options())
        migration.read()
        migration.plan()
        migration.carry_out()


def everything(box: Sandbox) -> dict[str, tuple[Any, ...]]:
    """Give what a person would see of every record in both systems."""
    seen: dict[str, tuple[Any, ...]] = {}
    for case in box.casemgr.cases.values():
        custom = tuple(sorted(case.custom.items()))
        seen[f"case {case.id}"] = (case.status, case.subject, case.severity, custom)
    for each in box.casemgr.activities.values():
        notes = tuple(note.content for note in each.notes)
        seen[f"activity {each.id}"] = (each.status, each.priority, each.due, notes)
    for record in (*box.kore.cases.values(), *box.kore.tasks.values()):
        seen[record.id] = (
            record.is_active,
            record.status,
            record.priority,
            record.name,
            record.desc,
            record.due,
            tuple(sorted(record.tags)),
        )
    return seen
