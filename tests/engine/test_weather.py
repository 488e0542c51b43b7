"""Kore to casemgr in hostile weather: every fault of every call ends right."""

import pytest

from caseferry.sandbox.faults import KINDS
from conftest import Cell
from support.scene import Scene
from support.weather import runs_to_the_end

CASEMGR = (
    "token",
    "create_task",
    "edit_case",
    "edit_activity",
    "complete_activities",
    "search_activities",
    "get_activities",
    "get_cases",
    "search_customers",
)
CALLS = [("casemgr", name) for name in CASEMGR]
CALLS += [("kore", "get_cases"), ("kore", "get_tasks")]


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize(("system", "operation"), CALLS)
def test_a_fault_of_any_call_ends_right(
    system: str, operation: str, kind: str, cell: Cell
) -> None:
    """Whatever happens to one call, each record is there once in the end."""
    cell(f"fault {kind}", "kore-to-casemgr")
    scene = Scene(cases=5)
    case = scene.case()
    task = scene.task(case)
    scene.task(case)
    if operation == "edit_activity":
        scene.run()
        scene.edit(task, priority="Low")
    scene.fault(kind, operation, system=system)

    assert runs_to_the_end(scene)

    assert len(scene.box.faults) == 0
    assert scene.complaints() == []
    assert scene.rests()
