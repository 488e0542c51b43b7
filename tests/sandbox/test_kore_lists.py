"""getCases and getTasks: filters, order, pages."""

from typing import Any

import pytest

from caseferry.sandbox import TENANT
from sandbox.driver import World, world


@pytest.fixture
def w() -> World:
    """Return a world with four cases, a minute apart."""
    made = world()
    changes: list[dict[str, Any]] = [
        {},
        {"status": {"name": "Closed"}, "priority": {"name": "High"}},
        {"status": {"name": "In Progress"}, "isActive": True},
        {"currAssignee": {"aId": TENANT.AGENTS[0].id}},
    ]
    for number, change in enumerate(changes):
        case = made.kore.case(
            name=f"Case {number}",
            source=f"s{number}",
            dueDate=f"2030-01-0{9 - number}T00:00:00.000Z",
        )
        made.kore.call(f"updateCase/{case['_id']}", change)
        made.clock.forward(60)
    return made


def names(w: World, **body: Any) -> list[str]:
    """Return the numbers of the cases a listing shows."""
    return [row["name"].removeprefix("Case ") for row in w.kore.listed(**body)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, "0123"),
        ({"unresolved": True}, "023"),
        ({"unassigned": True}, "012"),
        ({"mycase": True}, ""),
        ({"status": ["in-progress", "CLOSED"]}, "12"),
        ({"priority": ["high"]}, "1"),
        ({"channel": ["s2"]}, "2"),
        ({"queues": ["Service queue"]}, ""),
        ({"searchText": "case 3"}, "3"),
        ({"dueDate": "2030-01-08T00:00:00.000Z"}, "1"),
        ({"startDate": "2026-01-15T12:01:00.000Z"}, "123"),
        ({"endDate": "2026-01-15T12:01:00.000Z"}, "01"),
        ({"name": "ignored", "customFields": []}, "0123"),
        ({"skip": 1, "limit": 2}, "12"),
        ({"skip": 9}, ""),
        ({"sortBy": {"createdAt": "desc"}}, "3210"),
        ({"sortBy": "dueDate"}, "3210"),
        ({"sortBy": {"updatedAt": "desc"}}, "0123"),
        ({"sortBy": "nonsense"}, "0123"),
    ],
)
def test_filters(w: World, body: dict[str, Any], expected: str) -> None:
    """Each documented filter narrows, each supported sort orders."""
    assert "".join(names(w, **body)) == expected


def test_the_envelope_counts(w: World) -> None:
    """Page, limit, hasMore and totals describe the page."""
    _, page = w.kore.call("getCases", {"skip": 2, "limit": 1})

    del page["results"]
    assert page == {
        "page": 3,
        "limit": 1,
        "hasMore": True,
        "totalPages": 4,
        "totalResults": 4,
    }


def test_lists_show_long_forms_and_contents(w: World) -> None:
    """A row carries desc, dueDate in ms, long status and filled system fields."""
    row = w.kore.listed(limit=1)[0]

    assert row["desc"] == "Charged twice"
    assert row["dueDate"] == 1893974400000 + 172800000
    assert row["status"]["lname"] == "open"
    assert row["fields"][0]["selectedValue"] == "Case 0"
    assert "Region" not in row
    assert "tasks" not in row


@pytest.mark.parametrize(
    "body",
    [
        {"limit": "5"},
        {"skip": -1},
        {"limit": True},
        {"unresolved": "yes"},
        {"status": "Open"},
        {"startDate": "yesterday"},
        {"searchText": 5},
        {"sortBy": ["x"]},
    ],
)
def test_wrong_types_are_412(w: World, body: dict[str, Any]) -> None:
    """Filters of the wrong type are refused."""
    assert w.kore.call("getCases", body)[0] == 412


def test_tasks_carry_no_contact(w: World) -> None:
    """GetTasks shows the end user's id and name only."""
    case = w.kore.case()
    w.kore.task(case, userInfo={"name": "Ada", "emailId": "ada@example.com"})
    row = w.kore.listed("getTasks")[0]

    assert set(row["userInfo"]) == {"_id", "name"}
    assert row["conversationType"] == "TASK"
    assert "taskIds" not in row


def test_a_change_shows_in_a_listing_at_once(w: World) -> None:
    """Kept listings follow every write, by API or by hand."""
    assert names(w, unresolved=True) == ["0", "2", "3"]
    case = next(iter(w.box.kore.cases.values()))
    case.status = "Closed"

    assert names(w, unresolved=True) == ["2", "3"]
