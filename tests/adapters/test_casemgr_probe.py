"""The casemgr probe: its answers are the sandbox's switches, or open."""

import pytest

from adapters.rig import Bench, bench
from caseferry.adapters.casemgr.probe import probe_casemgr
from caseferry.model.capability import Answer
from caseferry.model.times import canonical_time
from caseferry.sandbox import READINGS

SURE = (
    "date_filter_names",
    "department_alone",
    "activity_custom_filter",
    "case_custom_filter",
    "activity_department",
    "page_beyond_end",
    "unknown_ids",
    "case_subject",
    "id_type",
    "link_shape",
    "content_shape",
)
"""Told on a tenant that holds a few hundred cases."""
SWITCHES = [
    (name, value)
    for name in SURE
    for value in getattr(READINGS[f"casemgr.{name}"], "values", ())
]
MIXED: list[dict[str, str | float]] = [
    {
        "casemgr.date_filter_names": "plain",
        "casemgr.activity_custom_filter": "custom",
        "casemgr.id_type": "number",
        "casemgr.last_modified_shape": "nested",
    },
    {
        "casemgr.date_filter_names": "unsupported",
        "casemgr.department_alone": "refused",
        "casemgr.page_beyond_end": "400",
    },
    {
        "casemgr.activity_custom_filter": "ignored",
        "casemgr.case_custom_filter": "unsupported",
        "casemgr.unknown_ids": "404",
        "casemgr.case_subject": "plain",
    },
]


def answers(it: Bench, *, quick: bool = False) -> dict[str, Answer]:
    now = canonical_time(it.clock.now())
    found = probe_casemgr(it.casemgr, ("Service", "Billing"), quick=quick, now=now)
    return {answer.name: answer for answer in found}


def a_bench(readings: dict[str, str | float], cases: int = 120) -> Bench:
    it = bench(readings)
    if cases:
        it.box.fill("casemgr", cases=cases)
    return it


@pytest.mark.parametrize(("name", "value"), SWITCHES)
def test_an_answer_is_the_switch(name: str, value: str | float) -> None:
    """What is settled is what the tenant does; nothing is guessed."""
    found = answers(a_bench({f"casemgr.{name}": value}))

    assert found[name].state == "settled", found[name].evidence
    assert str(found[name].value) == str(value)


@pytest.mark.parametrize("value", ["flat", "nested"])
def test_the_shape_of_a_stamp_is_told(value: str) -> None:
    """A text, or an object with a date and a user."""
    found = answers(a_bench({"casemgr.last_modified_shape": value}))
    assert found["last_modified_shape"].value == value


WINDOWS = [
    ("modified_filter", "modified_filter", "range", "honest"),
    ("modified_filter", "modified_filter", "ignored", "ignored"),
    ("modified_filter", "date_filter_names", "plain", "honest"),
    ("modified_filter", "date_filter_names", "unsupported", "unsupported"),
    ("case_lookup_dates", "lookup_dates", "range", "honest"),
    ("case_lookup_dates", "lookup_dates", "refused", "unsupported"),
    ("case_lookup_dates", "lookup_dates", "ignored", "ignored"),
    ("case_lookup_dates", "lookup_dates", "nothing", "nothing"),
    ("case_lookup_dates", "last_modified_shape", "nested_in_lookup", "honest"),
]


@pytest.mark.parametrize(("name", "switch", "value", "wanted"), WINDOWS)
def test_whether_changes_can_be_asked_for_is_told(
    name: str, switch: str, value: str, wanted: str
) -> None:
    """A record's own instant gives that record, and none of another time."""
    answer = answers(a_bench({f"casemgr.{switch}": value}))[name]
    assert (answer.value, answer.state) == (wanted, "settled"), answer.evidence


@pytest.mark.parametrize("readings", MIXED)
def test_several_switches_at_once(readings: dict[str, str | float]) -> None:
    """Under any set of readings an answer is right, or open."""
    found = answers(a_bench(readings))

    for name in SURE:
        switch = READINGS[f"casemgr.{name}"]
        wanted = readings.get(f"casemgr.{name}", switch.default)
        if found[name].state == "settled":
            assert str(found[name].value) == str(wanted), name


def test_an_empty_tenant_leaves_questions_open() -> None:
    """Without records hardly anything can be told, and nothing is made up."""
    found = answers(a_bench({}, cases=0))

    assert found["id_type"].state == "open"
    assert found["case_subject"].state == "open"
    assert found["unknown_ids"].state == "open"
    assert found["activity_custom_filter"].state == "open"


@pytest.mark.parametrize(("quick", "most"), [(False, 27), (True, 8)])
@pytest.mark.parametrize("cases", [40, 300])
def test_it_costs_few_requests_however_many_records(
    cases: int, most: int, *, quick: bool
) -> None:
    """The number of requests does not grow with the tenant, and none writes."""
    it = a_bench({}, cases=cases)
    answers(it, quick=quick)
    assert it.casemgr.counter.sent <= most
    writes = [call for call in it.box.log if call.committed]
    assert all(call.operation == "token" for call in writes)


def test_a_clock_that_is_off_is_told() -> None:
    """In whole seconds, from the Date header."""
    found = answers(a_bench({"casemgr.clock_offset_s": 5400}))
    value = found["clock_offset_s"].value
    assert isinstance(value, int)
    assert abs(value - 5400) <= 2


def test_a_department_that_cannot_be_read_is_left_out() -> None:
    """Of the departments asked for, those that answer are named."""
    it = a_bench({})
    now = canonical_time(it.clock.now())
    found = probe_casemgr(it.casemgr, ("Service", "Nowhere"), quick=False, now=now)
    assert next(a.value for a in found if a.name == "departments") == ["Service"]
