"""The way back in hostile weather: every fault of every call, and what it costs."""

from typing import Literal

import pytest

from caseferry.sandbox.faults import KINDS
from conftest import Cell
from support.back import Back
from support.weather import runs_to_the_end

OPERATIONS = ("create_case", "create_task", "update_case", "update_task")
READS = ("get_cases", "get_tasks")


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("operation", [*OPERATIONS, *READS])
def test_a_fault_of_kore_ends_right(kind: str, operation: str, cell: Cell) -> None:
    """Whatever happens to one call, each record is there once in the end."""
    cell(f"fault {kind}", "casemgr-to-kore")
    scene = Back(cases=14)
    scene.fault(kind, operation, after=1)

    assert runs_to_the_end(scene)

    assert len(scene.box.faults) == 0
    assert scene.complaints() == []
    assert scene.rests()


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize(
    "operation", ["search_activities", "search_cases", "get_customers", "token"]
)
def test_a_fault_of_casemgr_ends_right(kind: str, operation: str, cell: Cell) -> None:
    """Whatever happens to one read of the source, nothing is missed or made twice."""
    cell(f"fault {kind}", "casemgr-to-kore")
    scene = Back(cases=14)
    scene.fault(kind, operation, system="casemgr")

    assert runs_to_the_end(scene)

    assert len(scene.box.faults) == 0
    assert scene.complaints() == []
    assert scene.rests()


@pytest.mark.parametrize("marker", ["desc", "name"])
@pytest.mark.parametrize("scope", ["name_substring", "name_prefix", "ignored"])
@pytest.mark.parametrize("operation", ["create_case", "create_task"])
def test_a_lost_create_is_found_whatever_is_searchable(
    marker: Literal["desc", "name"], scope: str, operation: str
) -> None:
    """By a search where there is one, by a listing where there is none."""
    scene = Back(cases=14, readings={"kore.search_scope": scope})
    scene.use_marker(marker)
    scene.fault("lost_reply", operation, after=3, times=2)

    scene.run()

    assert len(scene.box.faults) == 0
    assert scene.complaints() == []
    assert scene.rests()


@pytest.mark.parametrize("kind", ["lost_reply", "reset_before", "late_effect"])
@pytest.mark.parametrize("operation", ["create_case", "create_task"])
def test_without_a_marker_a_lost_create_is_told_by_its_content(
    kind: str, operation: str
) -> None:
    """A tenant that drops the marker gets one create at a time."""
    scene = Back(cases=14, readings={"kore.desc_on_create": "dropped"})
    scene.fault(kind, operation, after=2)

    assert runs_to_the_end(scene)

    assert len(scene.box.faults) == 0
    assert scene.complaints() == []
    assert scene.rests()


def test_a_lost_create_costs_three_requests_at_most() -> None:
    """Where the name is searchable: the search, and no listing more."""
    calm, rough = Back(cases=20), Back(cases=20)
    rough.fault("lost_reply", "create_case", after=4)
    calm.run()
    rough.run()

    assert len(rough.box.faults) == 0
    assert rough.complaints() == []
    assert len(rough.box.log) - len(calm.box.log) <= 3


def test_any_number_of_lost_creates_costs_one_listing() -> None:
    """Where nothing is searchable, one listing after the bound settles them all."""
    readings = {"kore.search_scope": "ignored", "kore.sort_forms": "ignored"}
    calm, rough = Back(cases=20, readings=readings), Back(cases=20, readings=readings)
    rough.fault("lost_reply", "create_case", after=4, times=5)
    calm.run()
    rough.run()

    assert len(rough.box.faults) == 0
    assert rough.complaints() == []
    extra = rough.calls("get_cases") - calm.calls("get_cases")
    assert extra <= 1
