"""Coverage: what occurs and no row names, on both sides, with its counts."""

import pytest

from caseferry.mapping.coverage import FURTHER, Coverage, Gap
from caseferry.mapping.harvest import MOST_VALUES
from caseferry.model.record import Record, System
from mapping.builders import a_case, a_task, mapped, mapper
from mapping.kore_builders import an_activity, casemgr_case


def gaps(*records: Record, edits: tuple[tuple[str, str], ...] = ()) -> list[Gap]:
    """Give what is not covered under the default mapping."""
    return list(look(*records, edits=edits).uncovered())


def look(*records: Record, edits: tuple[tuple[str, str], ...] = ()) -> Coverage:
    coverage = Coverage(mapper(*edits).spec)
    for record in records:
        coverage.add(record)
    return coverage


def told(found: list[Gap]) -> set[tuple[str, str, str | None, int, str]]:
    return {(g.entity, g.field, g.value, g.records, g.path) for g in found}


def test_what_the_mapping_names_is_covered() -> None:
    """The default mapping covers plain records of both sides."""
    region = {"field__Region": "EMEA"}

    assert not gaps(a_case(**region), a_task(), casemgr_case(), an_activity())


def test_values_of_kore_that_no_row_names_are_counted() -> None:
    """By field and value, with the place where a row would stand."""
    found = gaps(
        *[a_task(priority="P0")] * 12,
        a_case(priority="P0"),
        a_case(status="Parked", statusCategory="unknown:parked"),
        a_case(field__Region=("EMEA", "Mars")),
    )

    assert told(found) == {
        ("task", "priority", "P0", 12, "priority.names"),
        ("case", "priority", "P0", 1, "severity.names"),
        ("case", "statusCategory", "Parked (unknown:parked)", 1, "status.case"),
        ("case", "field.Region", "Mars", 1, 'case.fields."field.Region".values'),
    }
    assert {gap.system for gap in found} == {System.KORE}
    assert {gap.outcome for gap in found} == {"quarantined"}


def test_values_of_casemgr_that_no_row_names_are_counted() -> None:
    """The same on the way to Kore."""
    found = gaps(
        *[casemgr_case(severity="x")] * 3,
        an_activity(priority="8"),
        casemgr_case(custom__region="mars"),
        casemgr_case(status=None),
        an_activity(status="parked"),
    )

    assert told(found) == {
        ("case", "severity", "x", 3, "severity.names"),
        ("task", "priority", "8", 1, "priority.names"),
        ("case", "custom.region", "mars", 1, 'case.fields."field.Region".values'),
        ("case", "status", "", 1, "status.case"),
    }


def test_fields_that_are_not_carried_need_a_word() -> None:
    """A field, an attribute or a kind of activity that [stays_behind] does not name."""
    found = gaps(
        a_case(field__Colour="red", count__attachments="2", queue="q"),
        *[casemgr_case(custom__foo="1")] * 44,
        an_activity(type="email"),
        an_activity(type="fax"),
    )

    assert told(found) == {
        ("case", "field.Colour", None, 1, 'stays_behind."kore.field.Colour"'),
        ("case", "custom.foo", None, 44, 'stays_behind."casemgr.custom.foo"'),
        ("task", "activity.fax", None, 1, 'stays_behind."casemgr.activity.fax"'),
    }
    assert {gap.outcome for gap in found} == {"left"}


def test_what_the_last_route_takes_is_information() -> None:
    """A template, or an agent, without a line of its own is no mistake."""
    coverage = look(
        a_case(template="Sales", assignee="a-9"), a_case(template="Billing")
    )

    assert not coverage.uncovered()
    assert {(gap.field, gap.value) for gap in coverage.gaps()} == {
        ("template", "Sales"),
        ("assignee", "a-9"),
    }


@pytest.mark.parametrize(
    ("accepted", "is_covered"),
    [("0", False), ('"any"', True), ("1", False), ("2", True)],
)
def test_what_is_lost_counts_as_covered_where_it_was_accepted(
    accepted: str, *, is_covered: bool
) -> None:
    """A value that is dropped is a loss: [losses] says whether it may be."""
    edits = (
        ('unmapped = "quarantine"', 'unmapped = "drop"'),
        ("priority-unmapped = 0", f"priority-unmapped = {accepted}"),
    )
    coverage = look(a_case(priority="P0"), a_task(priority="P1"), edits=edits)

    assert [gap.outcome for gap in coverage.gaps() if gap.field == "priority"] == [
        "lost",
        "lost",
    ]
    assert (not coverage.uncovered()) is is_covered


def test_memory_is_bounded_and_the_count_is_whole() -> None:
    """Thousands of values are told as so many, and one line for the rest."""
    many = [a_task(priority=f"P{number}") for number in range(MOST_VALUES + 7)]

    found = gaps(*many)

    assert sum(gap.records for gap in found) == MOST_VALUES + 7
    assert found[-1].value == FURTHER
    assert found[-1].records == 7


@pytest.mark.parametrize(
    "fields",
    [
        {"priority": "P0"},
        {"priority": None},
        {"status": None, "statusCategory": "unknown:"},
        {"statusCategory": "On-Hold"},
        {"field__Region": "Mars"},
        {"field__Region": "APAC"},
    ],
)
def test_it_is_what_a_migration_would_stumble_over(
    fields: dict[str, str | None],
) -> None:
    """A record with a gap is one that the mapping refuses, and the other way round."""
    case = a_case(**fields)

    refused = mapped(case).case.problems

    assert bool(gaps(case)) is bool(refused)
    assert all(any(p.path.startswith(gap.path) for p in refused) for gap in gaps(case))
