"""The Kore probe: its answers are the sandbox's switches, or open."""

from datetime import UTC, datetime

import pytest

from adapters.rig import Bench, bench
from caseferry.adapters.kore.probe import probe_kore
from caseferry.model.capability import Answer
from caseferry.model.record import Entity
from caseferry.model.times import canonical_time
from caseferry.sandbox import READINGS

SURE = (
    "default_limit",
    "max_limit",
    "default_order",
    "totals",
    "page_params",
    "sort_forms",
    "sort_updated_at",
    "sort_unknown_field",
    "date_filter_field",
    "filter_case",
    "search_scope",
)
"""Told on a tenant that holds a few hundred cases."""
SWITCHES = [
    (name, value)
    for name in SURE
    for value in getattr(READINGS[f"kore.{name}"], "values", (10, 60))
]
MIXED: list[dict[str, str | float]] = [
    {"kore.page_params": "page", "kore.default_limit": 10, "kore.sort_forms": "string"},
    {
        "kore.date_filter_field": "updatedAt",
        "kore.filter_case": "sensitive",
        "kore.default_order": "newest_first",
        "kore.sort_updated_at": "supported",
    },
    {
        "kore.page_params": "ignored",
        "kore.search_scope": "ignored",
        "kore.totals": "absent",
        "kore.unknown_keys": "rejected",
        "kore.category_codes": "spelled",
    },
]


def moment(epoch_ms: int) -> str:
    return canonical_time(datetime.fromtimestamp(epoch_ms / 1000, UTC))


def answers(it: Bench, *, quick: bool = False) -> dict[str, Answer]:
    now = canonical_time(it.clock.now())
    return {a.name: a for a in probe_kore(it.kore, quick=quick, now=now)}


def a_bench(readings: dict[str, str | float], cases: int = 200) -> Bench:
    it = bench(readings)
    if cases:
        it.box.fill("kore", cases=cases)
    return it


@pytest.mark.parametrize(("name", "value"), SWITCHES)
def test_an_answer_is_the_switch(name: str, value: str | float) -> None:
    """What is settled is what the tenant does; nothing is guessed."""
    found = answers(a_bench({f"kore.{name}": value}))

    assert found[name].state == "settled", found[name].evidence
    assert str(found[name].value) == str(value)


@pytest.mark.parametrize("readings", MIXED)
def test_several_switches_at_once(readings: dict[str, str | float]) -> None:
    """Under any set of readings an answer is right, or open."""
    found = answers(a_bench(readings))

    for name in SURE:
        switch = READINGS[f"kore.{name}"]
        wanted = readings.get(f"kore.{name}", switch.default)
        if found[name].state == "settled":
            assert str(found[name].value) == str(wanted), name


def test_the_proved_sort_gives_the_newest_first() -> None:
    """What `sort_created_at` names is what the finder can use."""
    it = a_bench({})
    sort = answers(it)["sort_created_at"].value
    assert isinstance(sort, dict)
    it.kore.sort = sort
    newest = max(case.created for case in it.box.kore.cases.values())

    found = it.kore.newest(Entity.CASE, moment(newest - 1000))

    assert found
    assert len(found) < len(it.box.kore.cases)


@pytest.mark.parametrize("entity", Entity)
def test_the_proved_order_of_changes_gives_the_last_changed_first(
    entity: Entity,
) -> None:
    """What `sort_changed` names is what the reader can use."""
    it = a_bench({"kore.sort_updated_at": "supported"})
    answer = answers(it)[f"sort_changed_{entity}"]
    assert isinstance(answer.value, dict), answer.evidence
    it.kore.changed_sorts[entity] = answer.value
    shelf = it.box.kore.cases if entity is Entity.CASE else it.box.kore.tasks
    stamps = sorted(record.updated for record in shelf.values() if record.is_active)

    pages = list(it.kore.changed(entity, moment(stamps[-20])) or ())

    assert pages[-1].last
    assert {moment(stamp) for stamp in stamps[-20:]} <= {
        record.version for page in pages for record in page.records
    }


def test_an_order_of_changes_that_is_the_order_of_creation_is_not_proved() -> None:
    """Nobody can tell then by which of the two it sorts."""
    it = a_bench({"kore.sort_updated_at": "supported"})
    for case in it.box.kore.cases.values():
        case.updated = case.created + 15
    assert answers(it)["sort_changed_case"].state == "open"


UNRESOLVED = [
    ("finished", "honest"),
    ("all_but_open", "partial"),
    ("ignored", "ignored"),
]


@pytest.mark.parametrize("entity", Entity)
@pytest.mark.parametrize(("reading", "value"), UNRESOLVED)
@pytest.mark.parametrize("order", ["oldest_first", "newest_first"])
def test_an_honest_filter_for_unresolved_records_is_told_from_others(
    reading: str, value: str, entity: Entity, order: str
) -> None:
    """It leaves out what is finished, all of it and nothing else."""
    it = a_bench({"kore.unresolved_filter": reading, "kore.default_order": order})
    answer = answers(it)[f"unresolved_{entity}"]
    assert (answer.value, answer.state) == (value, "settled"), answer.evidence


def test_a_filter_is_not_proved_where_nothing_is_finished() -> None:
    """An empty difference proves nothing."""
    it = a_bench({})
    for case in it.box.kore.cases.values():
        case.status = "Open"
    assert answers(it)["unresolved_case"].state == "open"


def test_nothing_is_proved_where_nothing_sorts() -> None:
    """A tenant that ignores sorting gives no spelling."""
    answer = answers(a_bench({"kore.sort_forms": "ignored"}))["sort_created_at"]
    assert (answer.value, answer.state) == (None, "settled")


def test_an_empty_tenant_leaves_questions_open() -> None:
    """Without records hardly anything can be told, and nothing is made up."""
    found = answers(a_bench({}, cases=0))

    assert found["default_order"].state == "open"
    assert found["search_scope"].state == "open"
    assert found["page_params"].state == "open"


@pytest.mark.parametrize(("quick", "most"), [(False, 26), (True, 8)])
@pytest.mark.parametrize("cases", [40, 400])
def test_it_costs_few_requests_however_many_records(
    cases: int, most: int, *, quick: bool
) -> None:
    """The number of requests does not grow with the tenant."""
    it = a_bench({}, cases=cases)
    answers(it, quick=quick)
    assert it.kore.counter.sent <= most
    assert not any(call.committed for call in it.box.log)


def test_a_clock_that_is_off_is_told() -> None:
    """In whole seconds, from the Date header."""
    found = answers(a_bench({"kore.clock_offset_s": -7200}))
    value = found["clock_offset_s"].value
    assert isinstance(value, int)
    assert abs(value + 7200) <= 2
