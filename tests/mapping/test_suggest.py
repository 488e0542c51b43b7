"""Suggesting a mapping: everything found appears, nothing is guessed."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseferry.errors import MappingError
from caseferry.mapping.harvest import Harvest
from caseferry.mapping.spec import parse_mapping
from caseferry.mapping.suggest import Suggestion, suggest
from caseferry.mapping.suggest_ground import Ground
from caseferry.mapping.unfilled import FILL_IN, unfilled
from caseferry.model.record import Record
from mapping.builders import DEFAULT, a_case, a_task, problems_of
from mapping.kore_builders import an_activity, casemgr_case

SPEC = parse_mapping(DEFAULT)


def suggested(
    *records: Record, departments: tuple[str, ...] = ("Service",)
) -> Suggestion:
    harvest = Harvest()
    for record in records:
        harvest.add(record)
    return suggest(
        Ground(
            harvest=harvest,
            default=SPEC,
            departments=departments,
            keys={"case": "ext_key", "task": "ext_key"},
        )
    )


def data(suggestion: Suggestion) -> dict[str, Any]:
    return tomllib.loads(suggestion.text)


def paths(suggestion: Suggestion) -> set[str]:
    return {place.path for place in suggestion.asked}


def test_most_urgent_is_never_guessed() -> None:
    """No document says which number is the most urgent: a person does."""
    found = suggested(a_case(), casemgr_case(), an_activity(priority="1"))

    assert data(found)["priority"]["most_urgent"] == FILL_IN
    assert "priority.most_urgent" in paths(found)


def test_fields_and_attributes_that_agree_by_name_are_matched() -> None:
    """Letter case, blanks and underscores make no difference."""
    found = data(
        suggested(
            a_case(**{"field__Refund Amount": "7", "field__Colour": "red"}),
            casemgr_case(custom__refund_amount="8", custom__size="XL"),
        )
    )

    rows = found["case"]["fields"]
    assert rows["field.Refund Amount"] == {"casemgr": "custom.refund_amount"}
    assert rows["field.Colour"] == {"casemgr": FILL_IN}
    assert found["stays_behind"]["casemgr.custom.size"] == FILL_IN


def test_an_attribute_is_matched_once_and_never_the_one_of_our_keys() -> None:
    """Two writers of one attribute would overwrite each other."""
    found = data(
        suggested(
            a_case(field__Region="x", field__REGION="x", **{"field__Ext key": "y"}),
            casemgr_case(custom__region="x", custom__ext_key="legacy"),
        )
    )

    rows = found["case"]["fields"]
    assert {rows["field.Region"]["casemgr"], rows["field.REGION"]["casemgr"]} == {
        "custom.region",
        FILL_IN,
    }
    assert rows["field.Ext key"] == {"casemgr": FILL_IN}
    assert found["stays_behind"]["casemgr.custom.ext_key"] == FILL_IN


def test_values_that_agree_are_matched_and_the_others_asked_for() -> None:
    """A table of values where both sides choose from a list."""
    records = [
        *[a_case(field__Region=value) for value in ("EMEA", "N. America", "APAC")],
        *[casemgr_case(custom__region=value) for value in ("emea", "na", "apac")],
    ]
    found = suggested(*records)

    values = data(found)["case"]["fields"]["field.Region"]["values"]
    assert values == {
        "APAC": "apac",
        "EMEA": "emea",
        "N. America": FILL_IN,
        f"{FILL_IN} na": "na",
    }
    place = 'case.fields."field.Region".values."N. America"'
    assert [asked.records for asked in found.asked if asked.path == place] == [1]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (("1", "2.5"), ("7", "8")),  # numbers
        (("a", "b"), ("a",)),  # spelled alike
        (("a",), ()),  # nothing there yet
        (("one", "two"), ("three", "four")),  # texts: each record has its own
        (("a/b",), ("A/B",)),  # no table may name it
    ],
)
def test_a_field_that_is_no_list_gets_a_plain_row(
    ours: tuple[str, ...], theirs: tuple[str, ...]
) -> None:
    """A table of values would only quarantine the next value."""
    found = data(
        suggested(
            *[a_case(field__Note=value) for value in ours],
            *[casemgr_case(custom__note=value) for value in theirs],
            casemgr_case(custom__other="x"),
        )
    )

    assert "values" not in found["case"]["fields"]["field.Note"]


def test_priorities_whose_urgency_nobody_doubts_are_placed() -> None:
    """The numbers are spread over the names that occur; others are asked for."""
    found = suggested(
        a_case(priority="Emergency"),
        a_case(priority="critical"),
        a_task(priority="Low"),
        *[a_task(priority="P0")] * 3,
    )

    names = data(found)["priority"]["names"]
    assert list(names) == ["Emergency", "critical", "Low", "P0"]
    assert names["Emergency"] == {"write": "1"}
    assert names["critical"] == ["1"]
    assert names["Low"] == ["2", "3", "4", "5", "6", "7"]
    assert names["P0"] == {"write": FILL_IN}
    assert ("priority.names.P0.write", 3) in {(a.path, a.records) for a in found.asked}
    assert "severity.names.P0.write" in paths(found)


def test_spellings_that_a_mapping_cannot_tell_apart_stand_once() -> None:
    """`High` and `high` are one name; the more frequent one is taken."""
    found = suggested(a_case(priority="high"), *[a_task(priority="High")] * 2)

    assert list(data(found)["priority"]["names"]) == ["High"]
    assert '"high" cannot be told' in found.text


def test_a_status_is_only_written_under_a_name_that_was_seen() -> None:
    """The usual name, else the only one of its category, else somebody says it."""
    found = suggested(
        a_case(status="Offen", statusCategory="open"),
        a_case(status="Zu", statusCategory="closed"),
        a_case(status="Fertig", statusCategory="closed"),
        a_task(),
    )

    status = data(found)["status"]
    assert status["case"]["open"]["write"] == "Offen"
    assert status["case"]["closed"]["write"] == FILL_IN
    assert status["task"]["assigned"]["write"] == "Open"
    assert status["task"]["completed"]["write"] == FILL_IN  # nobody resolved one yet


def test_an_unknown_category_is_asked_for() -> None:
    """It may mean open or closed."""
    found = suggested(a_case(status="Parked", statusCategory="unknown:parked"))

    path = f'status.case."{FILL_IN} unknown:parked"'
    assert path in paths(found)
    assert path in problems_of(found.text)


def test_templates_named_like_a_department_get_a_route() -> None:
    """All others land by the last route, which somebody fills in."""
    found = data(
        suggested(
            a_case(template="billing"),
            a_case(template="Sales"),
            departments=("Service", "Billing"),
        )
    )

    routes = found["route"]
    assert [route.get("when") for route in routes] == [{"template": "billing"}, None]
    assert [route["department"] for route in routes] == ["Billing", FILL_IN]


def test_nothing_at_all_gives_the_usual_names_and_asks_for_the_facts() -> None:
    """Two empty tenants: there is still a file to go on with."""
    found = suggested()

    assert list(data(found)["priority"]["names"]) == [
        "Critical",
        "High",
        "Medium",
        "Low",
    ]
    assert data(found)["status"]["case"]["closed"]["write"] == "Closed"
    assert set(problems_of(found.text)) == paths(found)


def test_what_is_asked_for_is_what_check_refuses() -> None:
    """Every line to fill in fails the check with its path, and nothing else does."""
    found = suggested(
        a_case(assignee="a-1", field__Colour="red", userInfo__phoneNumber="1"),
        a_case(userInfo__emailId=None, status="Parked"),
        a_task(priority="P0", dueDate="2020-01-01T00:00:00.000Z"),
        casemgr_case(custom__size="XL", solution="new lamp"),
        an_activity(type="fax"),
    )

    assert set(problems_of(found.text)) == paths(found)
    with pytest.raises(MappingError):
        parse_mapping(found.text)


NAMES = st.text(min_size=1, max_size=12) | st.sampled_from(
    [
        'a"b',
        "a\\b",
        "a.b",
        "]]",
        "a\nb = 1",
        "# x",
        "\x00",
        "\x7f",
        "\u202e",
        "\ud800",
        "🔥",
    ]
)


@given(st.lists(st.tuples(NAMES, NAMES, NAMES), max_size=6))
def test_whatever_a_tenant_calls_things_the_text_parses(
    names: list[tuple[str, str, str]],
) -> None:
    """Hostile names are data: they reach the file escaped, and nobody's terminal."""
    records: list[Record] = []
    for first, second, third in names:
        own = {"priority": first, "status": second, "template": third}
        records += [
            a_case(**own, assignee=first, **{f"field.{second}": third}),
            a_task(**own, statusCategory=f"unknown:{third}"),
            casemgr_case(severity=first, **{f"custom.{second}": f"{third} "}),
            an_activity(1, subtype=first, priority=second, type="task"),
            an_activity(2, type=third),
        ]
    found = suggested(*records, departments=("Service", "Billing"))

    parsed = data(found)

    assert found.text.replace("\n", "").isprintable()
    assert paths(found) <= {problem.path for problem in unfilled(parsed)}


def test_the_same_ground_gives_the_same_text() -> None:
    """In whatever order the records were read."""
    records = [
        a_case(priority="High"),
        a_case(priority="Low"),
        a_task(),
        casemgr_case(),
    ]

    assert suggested(*records).text == suggested(*reversed(records)).text
