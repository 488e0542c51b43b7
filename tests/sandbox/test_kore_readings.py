"""Every open question about Kore can be answered either way."""

from collections.abc import Callable
from typing import Any

import pytest

from caseferry.sandbox import READINGS, TENANT
from sandbox.driver import World, case_body, kore_token, task_body, world

Probe = Callable[[World], Any]


def fifty(w: World) -> None:
    """Make 120 cases without the API."""
    for number in range(120):
        w.box.human.create("kore", "case", name=f"Case {number:03}")


def page(w: World, **body: Any) -> str:
    """Return the first name of a page and its length."""
    fifty(w)
    rows = w.kore.listed(**body)
    return f"{rows[0]['name'][-3:]}+{len(rows)}"


def created(w: World, **changes: Any) -> int:
    return w.kore.call("createCase", case_body(**changes))[0]


def updated(w: World, body: dict[str, Any]) -> Any:
    case_id = w.kore.case()["_id"]
    w.kore.call(f"updateCase/{case_id}", {"tags": ["a"]})
    status, after = w.kore.call(f"updateCase/{case_id}", body)
    return after if status == 200 else status


def windowed(w: World) -> int:
    """Ask for the last minutes, in which an old case was changed."""
    case = w.kore.case()
    w.clock.forward(3600)
    w.kore.call(f"updateCase/{case['_id']}", {"desc": "later"})
    return len(w.kore.listed(startDate="2026-01-15T12:30:00.000Z",
                             endDate="2026-01-15T13:30:00.000Z"))  # fmt: skip


def sorted_by(w: World, sort_by: object) -> Any:
    for name in ("b", "a", "c"):
        w.kore.case(name=name)
    status, body = w.kore.call("getCases", {"sortBy": sort_by})
    return "".join(r["name"] for r in body["results"]) if status == 200 else status


def touched(w: World) -> Any:
    """Sort by modification after changing the one in the middle."""
    ids = [w.kore.case(name=name)["_id"] for name in "abc"]
    w.clock.forward(1)
    w.kore.call(f"updateCase/{ids[1]}", {"desc": "x"})
    rows = w.kore.listed(sortBy={"updatedAt": "desc"})
    return rows[0]["name"]


def unresolved(w: World) -> str:
    """List what is unresolved of one open, one begun and two finished cases."""
    for status in ("Open", "In Progress", "Resolved", "Closed"):
        case = w.kore.case(name=status)
        w.box.kore.cases[case["_id"]].status = status
    return " ".join(row["name"] for row in w.kore.listed(unresolved=True))


def found(w: World, text: str) -> int:
    w.kore.case(name="Big Bang", desc="hidden mark")
    return len(w.kore.listed(searchText=text))


def inactive(w: World) -> int:
    case = w.kore.case()
    w.kore.call(f"updateCase/{case['_id']}", {"isActive": False})
    return len(w.kore.listed())


def spawned(w: World) -> tuple[int, int]:
    w.kore.case()
    before = len(w.kore.listed("getTasks"))
    w.clock.forward(2)
    return before, len(w.kore.listed("getTasks"))


def stored_desc(w: World) -> Any:
    w.kore.case()
    return w.kore.listed()[0].get("desc")


def region(w: World, body: dict[str, Any]) -> Any:
    after = updated(w, body)
    values = {f["displayName"]: f.get("selectedValue") for f in after["fields"]}
    return values["Region"]


def case_stamp_moved(w: World) -> bool:
    case = w.kore.case()
    before = w.box.kore.cases[case["_id"]].updated
    w.clock.forward(5)
    w.kore.task(case)
    return w.box.kore.cases[case["_id"]].updated > before


def limited(w: World, count: int) -> tuple[int, str]:
    for _ in range(count):
        w.kore.call("getCases", {})
    status, body = w.kore.call("getCases", {})
    w.clock.forward(3601)
    assert w.kore.call("getCases", {})[0] == 200
    return status, body["errors"][0]["msg"][:28] if status != 200 else ""


def with_token(w: World, **claims: Any) -> str:
    """Use one token twice."""
    token = kore_token(**claims)
    return "".join(str(w.kore.call("getCases", {}, auth=token)[0])[0] for _ in "12")


NOW_S = 1768478400
REGION = {"Region": {"selectedValue": "EMEA"}}
FIELDS = {"fields": [{"displayName": "Region", "selectedValue": "EMEA"}]}

TABLE: list[tuple[str, str | float, Probe, Any]] = [
    ("page_params", "skip_limit", lambda w: page(w, skip=10, limit=5), "010+5"),
    ("page_params", "ignored", lambda w: page(w, skip=10, limit=5), "000+50"),
    ("page_params", "page", lambda w: page(w, page=3, skip=9, limit=5), "010+5"),
    ("page_params", "skip_pages", lambda w: page(w, skip=2, limit=5), "010+5"),
    ("default_limit", 50, page, "000+50"),
    ("default_limit", 10, page, "000+10"),
    ("max_limit", 100, lambda w: page(w, limit=110), "000+100"),
    ("max_limit", "none", lambda w: page(w, limit=110), "000+110"),
    ("default_order", "oldest_first", page, "000+50"),
    ("default_order", "newest_first", page, "119+50"),
    ("date_filter_field", "createdAt", windowed, 0),
    ("date_filter_field", "updatedAt", windowed, 1),
    ("date_filter_field", "dueDate", windowed, 0),
    ("date_filter_field", "ignored", windowed, 1),
    (
        "sort_forms",
        "object_and_string",
        lambda w: sorted_by(w, {"name": "desc"}),
        "cba",
    ),
    ("sort_forms", "string", lambda w: sorted_by(w, {"name": "desc"}), "bac"),
    ("sort_forms", "string", lambda w: sorted_by(w, "name"), "abc"),
    ("sort_forms", "ignored", lambda w: sorted_by(w, "name"), "bac"),
    ("sort_unknown_field", "ignored", lambda w: sorted_by(w, "zzz"), "bac"),
    ("sort_unknown_field", "400", lambda w: sorted_by(w, "zzz"), 400),
    ("sort_updated_at", "unsupported", touched, "a"),
    ("sort_updated_at", "supported", touched, "b"),
    ("unresolved_filter", "finished", unresolved, "Open In Progress"),
    ("unresolved_filter", "all_but_open", unresolved, "Open"),
    (
        "unresolved_filter",
        "ignored",
        unresolved,
        "Open In Progress Resolved Closed",
    ),
    (
        "filter_case",
        "insensitive",
        lambda w: len(w.kore.case() and w.kore.listed(status=["open"])),
        1,
    ),
    (
        "filter_case",
        "sensitive",
        lambda w: len(w.kore.case() and w.kore.listed(status=["open"])),
        0,
    ),
    ("search_scope", "name_substring", lambda w: found(w, "bang"), 1),
    ("search_scope", "name_prefix", lambda w: found(w, "bang"), 0),
    ("search_scope", "name_and_ref", lambda w: found(w, "cs0001"), 1),
    ("search_scope", "name_and_desc", lambda w: found(w, "mark"), 1),
    ("search_scope", "ignored", lambda w: found(w, "zzz"), 1),
    ("inactive_in_list", "hidden", inactive, 0),
    ("inactive_in_list", "shown", inactive, 1),
    ("enforce_desc_case", "off", lambda w: created(w, desc=...), 200),
    ("enforce_desc_case", "on", lambda w: created(w, desc=...), 412),
    ("enforce_due_date", "off", lambda w: created(w, dueDate=...), 200),
    ("enforce_due_date", "on", lambda w: created(w, dueDate=...), 412),
    (
        "enforce_desc_task",
        "off",
        lambda w: w.kore.call("createTask", task_body(w.kore.case()))[0],
        200,
    ),
    (
        "enforce_desc_task",
        "on",
        lambda w: w.kore.call("createTask", task_body(w.kore.case()))[0],
        412,
    ),
    ("enforce_user_contact", "off", lambda w: created(w, emailId=...), 200),
    ("enforce_user_contact", "on", lambda w: created(w, emailId=...), 412),
    (
        "create_case_contact",
        "both",
        lambda w: w.kore.case()["userInfo"].get("emailId"),
        "ada@example.com",
    ),
    (
        "create_case_contact",
        "nested",
        lambda w: w.kore.case()["userInfo"].get("emailId"),
        None,
    ),
    (
        "create_case_contact",
        "top_level",
        lambda w: w.kore.case(emailId=..., userInfo={"emailId": "x@y.z"})[
            "userInfo"
        ].get("emailId"),
        None,
    ),
    (
        "task_contact",
        "hidden",
        lambda w: len(
            w.kore.task(w.kore.case(), userInfo={"name": "A", "emailId": "a@b.c"})[
                "userInfo"
            ]
        ),
        2,
    ),
    (
        "task_contact",
        "shown",
        lambda w: len(
            w.kore.task(w.kore.case(), userInfo={"name": "A", "emailId": "a@b.c"})[
                "userInfo"
            ]
        ),
        3,
    ),
    ("unknown_keys", "ignored", lambda w: created(w, externalId="x"), 200),
    ("unknown_keys", "rejected", lambda w: created(w, externalId="x"), 412),
    ("unknown_keys", "rejected", lambda w: w.kore.call("getCases", {"x": 1})[0], 412),
    ("unknown_keys", "rejected", lambda w: updated(w, {"x": 1}), 412),
    (
        "case_ref_mismatch",
        "400",
        lambda w: w.kore.call("createTask", task_body(w.kore.case(), caseRefId="CS1"))[
            0
        ],
        400,
    ),
    (
        "case_ref_mismatch",
        "ignored",
        lambda w: w.kore.call("createTask", task_body(w.kore.case(), caseRefId="CS1"))[
            0
        ],
        200,
    ),
    ("template_spawns_tasks", 0, spawned, (0, 0)),
    ("template_spawns_tasks", 3, spawned, (0, 3)),
    ("desc_on_create", "stored", stored_desc, "Charged twice"),
    ("desc_on_create", "dropped", stored_desc, None),
    ("desc_in_create_response", "absent", lambda w: "desc" in w.kore.case(), False),
    ("desc_in_create_response", "present", lambda w: "desc" in w.kore.case(), True),
    (
        "due_date_in_create_response",
        "absent",
        lambda w: "dueDate" in w.kore.case(),
        False,
    ),
    (
        "due_date_in_create_response",
        "present",
        lambda w: "dueDate" in w.kore.case(),
        True,
    ),
    ("array_update", "replace", lambda w: updated(w, {"tags": ["b"]})["tags"], ["b"]),
    (
        "array_update",
        "append",
        lambda w: updated(w, {"tags": ["b"]})["tags"],
        ["a", "b"],
    ),
    (
        "object_update",
        "replace",
        lambda w: updated(w, {"userInfo": {"name": "B", "emailId": "b@b.b"}})[
            "userInfo"
        ]["emailId"],
        "b@b.b",
    ),
    (
        "object_update",
        "merge",
        lambda w: updated(w, {"userInfo": {"name": "B"}})["userInfo"]["emailId"],
        "ada@example.com",
    ),
    (
        "readonly_updates",
        "ignored",
        lambda w: updated(w, {"refId": "X1"})["refId"],
        "CS000100",
    ),
    (
        "readonly_updates",
        "applied",
        lambda w: updated(w, {"refId": "X1"})["refId"],
        "X1",
    ),
    (
        "readonly_updates",
        "applied",
        lambda w: updated(
            w,
            {
                "createdAt": "2020-01-01T00:00:00.000Z",
                "timestampValue": 5,
                "createdBy": {"name": "Z"},
            },
        )["timestampValue"],
        5,
    ),
    (
        "missing_id_on_update",
        "404",
        lambda w: w.kore.call("updateCase/ci-x", {})[0],
        404,
    ),
    (
        "missing_id_on_update",
        "400",
        lambda w: w.kore.call("updateTask/ti-x", {})[0],
        400,
    ),
    (
        "missing_id_on_update",
        "200_null",
        lambda w: w.kore.call("updateTask/ti-x", {}),
        (200, None),
    ),
    ("due_date_writes", "both", lambda w: updated(w, {"ETA": ""})["ETA"], ""),
    (
        "due_date_writes",
        "dueDate",
        lambda w: updated(w, {"ETA": ""})["ETA"],
        "2030-01-01T00:00:00.000Z",
    ),
    (
        "due_date_writes",
        "ETA",
        lambda w: updated(w, {"dueDate": None})["ETA"],
        "2030-01-01T00:00:00.000Z",
    ),
    ("field_writes", "fields", lambda w: region(w, FIELDS), "EMEA"),
    ("field_writes", "fields", lambda w: region(w, REGION), None),
    ("field_writes", "top_level", lambda w: region(w, FIELDS), None),
    ("field_writes", "top_level", lambda w: region(w, REGION), "EMEA"),
    ("field_writes", "both", lambda w: region(w, REGION), "EMEA"),
    (
        "status_write_by",
        "id_or_name",
        lambda w: updated(w, {"status": {"name": "closed"}})["status"]["name"],
        "Closed",
    ),
    (
        "status_write_by",
        "id",
        lambda w: updated(w, {"status": {"name": "closed"}}),
        400,
    ),
    (
        "custom_field_keys",
        "on_update",
        lambda w: ("Region" in updated(w, {}), "Region" in w.kore.listed()[0]),
        (True, False),
    ),
    (
        "custom_field_keys",
        "all_reads",
        lambda w: ("Region" in updated(w, {}), "Region" in w.kore.listed()[0]),
        (True, True),
    ),
    (
        "custom_field_keys",
        "never",
        lambda w: ("Region" in updated(w, {}), "Region" in w.kore.listed()[0]),
        (False, False),
    ),
    (
        "category_codes",
        "plain",
        lambda w: updated(w, {"status": {"name": "On Hold"}})["status"][
            "statusCategory"
        ],
        "onhold",
    ),
    (
        "category_codes",
        "spelled",
        lambda w: updated(w, {"status": {"name": "On Hold"}})["status"][
            "statusCategory"
        ],
        "On-Hold",
    ),
    (
        "in_progress_label",
        "In Progress",
        lambda w: updated(w, {"status": {"_id": TENANT.STATUSES[1].id}})["status"][
            "name"
        ],
        "In Progress",
    ),
    (
        "in_progress_label",
        "In-Progress",
        lambda w: updated(w, {"status": {"_id": TENANT.STATUSES[1].id}})["status"][
            "name"
        ],
        "In-Progress",
    ),
    (
        "in_progress_label",
        "Progress",
        lambda w: updated(w, {"status": {"name": "progress"}})["status"]["lname"],
        "progress",
    ),
    ("case_updated_by_task", "no", case_stamp_moved, False),
    ("case_updated_by_task", "yes", case_stamp_moved, True),
    ("create_status", "200", created, 200),
    ("create_status", "201", created, 201),
    (
        "totals",
        "exact",
        lambda w: "totalResults" in w.kore.call("getCases", {})[1],
        True,
    ),
    (
        "totals",
        "absent",
        lambda w: "totalResults" in w.kore.call("getCases", {})[1],
        False,
    ),
    ("jti", "optional", with_token, "22"),
    ("jti", "optional", lambda w: with_token(w, jti="1", exp=NOW_S + 60), "24"),
    ("jti", "optional", lambda w: with_token(w, jti="1", exp=NOW_S + 4000), "44"),
    ("jti", "ignored", lambda w: with_token(w, jti="1", exp=NOW_S + 60), "22"),
    ("jti", "enforced", with_token, "44"),
    ("rate_limit", "off", lambda w: limited(w, 60), (200, "")),
    (
        "rate_limit",
        "429",
        lambda w: limited(w, 60),
        (429, "You've exceeded the per-minut"),
    ),
    (
        "rate_limit",
        "400",
        lambda w: limited(w, 60),
        (400, "You've exceeded the per-minut"),
    ),
    (
        "rate_limit",
        "hourly",
        lambda w: limited(w, 1800),
        (429, "You've exceeded the hourly ra"),
    ),
]


@pytest.mark.parametrize(("name", "value", "probe", "expected"), TABLE)
def test_reading(name: str, value: str | float, probe: Probe, expected: object) -> None:
    """A reading changes exactly what its documents leave open."""
    w = world(**{f"kore__{name}": value})

    seen = probe(w)

    if isinstance(expected, tuple) and isinstance(expected[1], str):
        assert (seen[0], seen[1][:28]) == (expected[0], expected[1][:28])
    else:
        assert seen == expected


def test_closed_cases_may_take_tasks() -> None:
    """closed_case_blocks_tasks off lets tasks into closed cases."""
    w = world(kore__closed_case_blocks_tasks="off")
    case = w.kore.case()
    w.kore.call(f"updateCase/{case['_id']}", {"status": {"name": "Closed"}})

    assert w.kore.call("createTask", task_body(case))[0] == 200


def test_search_lag_hides_new_records_for_a_while() -> None:
    """A new record is listed only after the lag, by the sandbox's clock."""
    w = world(kore__search_lag_s=3)
    w.kore.case()

    assert w.kore.listed() == []
    w.clock.forward(3)
    assert len(w.kore.listed()) == 1


def test_the_systems_clock_may_be_off() -> None:
    """clock_offset_s shifts stamps and the Date header of one system."""
    w = world(kore__clock_offset_s=-90)
    made = w.kore.ask("createCase", case_body())

    assert dict(made.headers)["Date"] == "Thu, 15 Jan 2026 11:58:30 GMT"
    assert b'"createdAt":"2026-01-15T11:58:30.000Z"' in made.body


def test_template_delay_is_a_reading() -> None:
    """template_delay_s says when a template's tasks appear."""
    w = world(kore__template_spawns_tasks=1, kore__template_delay_s=10)
    w.kore.case()
    w.clock.forward(9)

    assert w.kore.listed("getTasks") == []
    w.clock.forward(1)
    assert len(w.kore.listed("getTasks")) == 1


def test_limits_are_readings() -> None:
    """The limits per minute and per hour are numbers one can set."""
    w = world(kore__rate_limit="429", kore__rate_limit_per_minute=2)
    assert [w.kore.call("getCases", {})[0] for _ in "123"] == [200, 200, 429]

    w = world(kore__rate_limit="hourly", kore__rate_limit_per_hour=1)
    assert [w.kore.call("getCases", {})[0] for _ in "12"] == [200, 429]


def test_every_kore_reading_is_tried() -> None:
    """No reading of Kore exists without a test of this module naming it."""
    tried = {f"kore.{name}" for name, *_ in TABLE} | {
        "kore.closed_case_blocks_tasks",
        "kore.search_lag_s",
        "kore.clock_offset_s",
        "kore.template_delay_s",
        "kore.rate_limit_per_minute",
        "kore.rate_limit_per_hour",
    }

    assert tried == {name for name in READINGS if name.startswith("kore.")}
