"""Every open question about casemgr can be answered either way."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from caseferry.sandbox import READINGS
from sandbox.driver import FUTURE, Casemgr, World, contact, custom, phone, world

Probe = Callable[[World], Any]
KEY = custom(ext_key="K-1")
SERVICE = {"department": "Service"}


def status(w: World, path: str, **params: str) -> int:
    return w.casemgr.ask("GET", path, **params).status


def date_names(w: World) -> str:
    """Return which spellings of the window are accepted."""
    w.casemgr.task()
    names = ("lastModifiedDate", "lastModified")
    window = "[2020-01-01T00:00:00.000Z,]"
    codes = [status(w, "/activity", **SERVICE, **{name: window}) for name in names]
    return " ".join(map(str, codes))


def modified_since(w: World) -> int:
    """Return how many of two activities changed after the first was made."""
    w.casemgr.task()
    w.clock.forward(1800)
    w.casemgr.task()
    window = {"lastModifiedDate": "[2026-01-15T12:15:00.000Z,]"}
    reply = w.casemgr.ask("GET", "/activity", **SERVICE, **window)
    return len(json.loads(reply.body)["activity"])


def looked_up(w: World) -> Any:
    """Return the status of a look-up by date, or how many of two cases it gives."""
    w.casemgr.task()
    w.clock.forward(1800)
    w.casemgr.task()
    body = {"department": "Service", "lastModifiedDate": "[2026-01-15T12:15:00.000Z,]"}
    reply = w.casemgr.ask("POST", "/case/lookup", body)
    if reply.status != 200:
        return reply.status
    return len(json.loads(reply.body)["case"])


def custom_filter(path: str) -> Probe:
    """Return a probe: which spellings of a custom filter are accepted, rows found."""

    def probe(w: World) -> str:
        w.casemgr.task(customAttributes=KEY)
        w.casemgr.task()
        for case_id in ("1000",):
            w.casemgr.edit_case(w.casemgr.case(case_id), customAttributes=KEY)
        seen = []
        for params in ({"custom.ext_key": "K-1"}, {"custom": '{"ext_key":"K-1"}'},
                       {"custom": "ext_key:K-1"}, {"custom": "nonsense"}):  # fmt: skip
            reply = w.casemgr.ask("GET", path, **SERVICE, **params)
            rows = json.loads(reply.body).get(path[1:], ()) if reply.body else ()
            seen.append(str(len(rows)) if reply.status == 200 else str(reply.status))
        return " ".join(seen)

    return probe


def lookup_custom(w: World) -> int:
    w.casemgr.task()
    body = {"custom": {"ext_key": "K-1"}}
    return w.casemgr.ask("POST", "/case/lookup", body).status


def create_reply(w: World) -> tuple[bool, bytes]:
    reply = w.casemgr.create()
    return "Location" in dict(reply.headers), reply.body


def modified_shapes(w: World) -> list[str]:
    w.casemgr.task()
    _, page = w.casemgr.call("POST", "/case/lookup", {"status": "open"})
    rows = [w.casemgr.activity("1000"), page["case"][0]]
    return [type(row["lastModified"]).__name__ for row in rows]


def edited_as_read(w: World) -> int:
    activity = w.casemgr.activity(w.casemgr.task())
    return w.casemgr.edit(activity, priority="1")[0]


def content(w: World) -> Any:
    """Create with each shape; return which were taken and how one reads."""
    shapes = (
        {"content": {"text": "T"}},
        {"contents": {"content": [{"type": "text", "value": "T"}]}},
        {"content": "T"},
    )
    seen = []
    for shape in shapes:
        reply = w.casemgr.create(payload={"task": shape})
        if reply.status == 201:
            activity = w.casemgr.activity(reply.record_id)
            seen.append(activity.get("payload", {}).get("task") == shape)
        else:
            seen.append(reply.status)
    return seen


def beyond(w: World) -> tuple[int, bool]:
    w.casemgr.task()
    reply = w.casemgr.ask(
        "GET", "/activity", caseID="1000", **SERVICE, **{"$pagenum": "2"}
    )
    return reply.status, b'"activity":[]' in reply.body


def some_unknown(w: World) -> int:
    w.casemgr.task()
    return status(w, "/activity/1000,1001")


def stale_completion(w: World) -> int:
    w.casemgr.task()
    entry = {"id": "1000", "lastModified": "2020-01-01T00:00:00.000Z"}
    return w.casemgr.call("PUT", "/activity/complete", {"activity": [entry]})[0]


def half_stale(w: World) -> tuple[int, int]:
    items = [w.casemgr.activity(w.casemgr.task()) for _ in "ab"]
    entries = [{n: a[n] for n in ("id", "lastModified")} for a in items]
    entries[0]["lastModified"] = "2020-01-01T00:00:00.000Z"
    code, _ = w.casemgr.call("PUT", "/activity/complete", {"activity": entries})
    return code, sum(not a.is_open for a in w.box.casemgr.activities.values())


def actors(w: World) -> str:
    made = w.casemgr.task()
    jane = Casemgr(w.box, "jdoe")
    return " ".join(
        str(who.edit(who.activity(made), priority="1")[0]) for who in (w.casemgr, jane)
    )


def several(w: World) -> Any:
    """Look a shared phone number up."""
    for name in ("Ada", "Eve"):
        values = contact(firstName=name, phone=phone("55"))
        w.box.human.create(
            "casemgr", "customer", contact=values["contacts"]["contact"][0]
        )
    params = {"searchContactOnAttribute": "home.phone"}
    reply = w.casemgr.create(customer=contact(phone=phone("55")), params=params)
    if reply.status != 201:
        return reply.status
    return w.box.casemgr.activities[reply.record_id].customer_id


def stored_custom(w: World, value: str = "K-1") -> Any:
    reply = w.casemgr.create(customAttributes=custom(ext_key=value))
    if reply.status != 201:
        return reply.status
    return w.box.casemgr.activities[reply.record_id].custom.get("ext_key")


def after_edit(w: World, **changes: Any) -> dict[str, Any]:
    w.casemgr.task(customAttributes=KEY, dueDate=FUTURE)
    w.casemgr.edit(w.casemgr.activity("1000"), **changes)
    return w.casemgr.activity("1000")


def case_due_kept(w: World) -> bool:
    w.casemgr.task()
    w.casemgr.edit_case(w.casemgr.case("1000"), dueDate=FUTURE)
    w.casemgr.edit_case(w.casemgr.case("1000"), subject="x")
    return "dueDate" in w.casemgr.case("1000")


def implicit(w: World) -> tuple[str, bool, str]:
    w.casemgr.task()
    case = w.casemgr.case("1000")
    return case["subject"], "user" in case["owner"], case["severity"]["value"]


def counts(w: World) -> int:
    for _ in range(3):
        w.casemgr.task()
    params = {"status": "open", "$pagesize": "2"}
    _, page = w.casemgr.call("GET", "/activity", **SERVICE, **params)
    return int(page["paginationInfo"]["count"])


def bumped(w: World, act: Callable[[], object], kind: str) -> bool:
    w.casemgr.task()
    records: dict[str, Any] = {"case": w.box.casemgr.cases,
                               "activity": w.box.casemgr.activities}  # fmt: skip
    before = records[kind]["1000"].modified
    w.clock.forward(5)
    act()
    return bool(records[kind]["1000"].modified > before)


def case_bumped(w: World) -> bool:
    return bumped(
        w, lambda: w.casemgr.edit(w.casemgr.activity("1000"), priority="1"), "case"
    )


def note_bumped(w: World) -> bool:
    body = {"content": "x"}
    return bumped(
        w, lambda: w.casemgr.ask("POST", "/activity/1000/note", body), "activity"
    )


def email_found(w: World) -> int:
    w.casemgr.task()
    return status(w, "/customer", email="ADA@example.com")


def phone_found(w: World) -> int:
    w.casemgr.task(customer=contact("a@b.c", phone=phone("55-66")))
    return status(w, "/customer", phone="5566")


def other_department(w: World) -> tuple[int, int]:
    """Use one e-mail address in two departments."""
    w.casemgr.task()
    w.casemgr.task(department={"name": "Billing"})
    return len(w.box.casemgr.customers), status(w, "/customer", email="ada@example.com")


def tokens(w: World, **changes: str) -> bool:
    return bool(w.casemgr.token(**changes))


def rights(w: World) -> str:
    codes = (w.casemgr.create().status, status(w, "/activity/1"),
             status(w, "/customer/1"))  # fmt: skip
    return " ".join(map(str, codes))


def limited(w: World) -> Any:
    codes = [status(w, "/case/1") for _ in range(601)]
    reply = w.casemgr.ask("GET", "/case/1")
    return codes[-1], dict(reply.headers).get("X-RateLimit-Remaining")


def find_twice(w: World) -> tuple[int, int]:
    """Create the same customer twice within the lag."""
    codes = [w.casemgr.create().status for _ in "ab"]
    return codes[1], len(w.box.casemgr.customers)


DOTTED = "1 400 400 400"
TABLE: list[tuple[str, str | float, Probe, Any]] = [
    ("date_filter_names", "date", date_names, "200 400"),
    ("date_filter_names", "plain", date_names, "400 200"),
    ("date_filter_names", "unsupported", date_names, "400 400"),
    ("modified_filter", "range", modified_since, 1),
    ("modified_filter", "ignored", modified_since, 2),
    ("lookup_dates", "range", looked_up, 1),
    ("lookup_dates", "refused", looked_up, 400),
    ("lookup_dates", "ignored", looked_up, 2),
    ("lookup_dates", "nothing", looked_up, 204),
    ("activity_custom_filter", "dotted", custom_filter("/activity"), DOTTED),
    ("activity_custom_filter", "custom", custom_filter("/activity"), "400 1 1 400"),
    (
        "activity_custom_filter",
        "unsupported",
        custom_filter("/activity"),
        "400 400 400 400",
    ),
    ("activity_custom_filter", "ignored", custom_filter("/activity"), "2 400 400 400"),
    ("case_custom_filter", "dotted", custom_filter("/case"), DOTTED),
    ("case_custom_filter", "custom", custom_filter("/case"), "400 1 1 400"),
    ("case_custom_filter", "unsupported", custom_filter("/case"), "400 400 400 400"),
    ("case_custom_filter", "ignored", custom_filter("/case"), "2 400 400 400"),
    ("case_custom_filter", "custom", lookup_custom, 204),
    ("case_custom_filter", "unsupported", lookup_custom, 400),
    (
        "activity_department",
        "required",
        lambda w: status(w, "/activity", status="open"),
        400,
    ),
    (
        "activity_department",
        "optional",
        lambda w: status(w, "/activity", status="open"),
        204,
    ),
    ("department_alone", "accepted", lambda w: status(w, "/activity", **SERVICE), 204),
    ("department_alone", "refused", lambda w: status(w, "/case", **SERVICE), 400),
    ("create_reply", "location", create_reply, (True, b"")),
    ("create_reply", "body", create_reply, (False, b'{"id":"1000"}')),
    (
        "create_reply",
        "body_list",
        create_reply,
        (False, b'{"activity":[{"id":"1000"}]}'),
    ),
    ("create_reply", "empty", create_reply, (False, b"")),
    ("last_modified_shape", "flat", modified_shapes, ["str", "str"]),
    ("last_modified_shape", "nested", modified_shapes, ["dict", "dict"]),
    ("last_modified_shape", "nested", edited_as_read, 204),
    ("last_modified_shape", "nested_in_lookup", modified_shapes, ["str", "dict"]),
    ("content_shape", "text_html", content, [True, 400, 400]),
    ("content_shape", "contents", content, [400, True, 400]),
    ("content_shape", "string", content, [400, 400, True]),
    ("unknown_content", "rejected", content, [True, 400, 400]),
    ("unknown_content", "dropped", content, [True, False, False]),
    ("unknown_body", "ignored", lambda w: w.casemgr.create(id="5").status, 201),
    ("unknown_body", "rejected", lambda w: w.casemgr.create(id="5").status, 400),
    (
        "link_shape",
        "array",
        lambda w: type(w.casemgr.activity(w.casemgr.task())["link"]),
        list,
    ),
    (
        "link_shape",
        "object",
        lambda w: type(w.casemgr.activity(w.casemgr.task())["link"]),
        dict,
    ),
    ("id_type", "string", lambda w: w.casemgr.activity(w.casemgr.task())["id"], "1000"),
    ("id_type", "number", lambda w: w.casemgr.activity(w.casemgr.task())["id"], 1000),
    ("id_type", "number", edited_as_read, 204),
    ("page_beyond_end", "204", beyond, (204, False)),
    ("page_beyond_end", "empty_list", beyond, (200, True)),
    ("page_beyond_end", "400", beyond, (400, False)),
    ("unknown_ids", "subset", some_unknown, 200),
    ("unknown_ids", "404", some_unknown, 404),
    ("complete_stale", "409", stale_completion, 409),
    ("complete_stale", "400", stale_completion, 400),
    ("partial_complete", "all_or_nothing", half_stale, (409, 0)),
    ("partial_complete", "partial", half_stale, (200, 1)),
    ("actor_rule", "client", actors, "204 204"),
    ("actor_rule", "assignee", actors, "403 204"),
    (
        "create_customer_absent",
        "error",
        lambda w: w.casemgr.create(params={"createCustomer": ""}).status,
        400,
    ),
    (
        "create_customer_absent",
        "create",
        lambda w: w.casemgr.create(params={"createCustomer": ""}).status,
        201,
    ),
    ("several_customers", "first", several, "1000"),
    ("several_customers", "newest", several, "1001"),
    ("several_customers", "error", several, 400),
    ("attribute_drop", "off", stored_custom, ("K-1",)),
    ("attribute_drop", "on", stored_custom, None),
    ("attribute_charset", "note_set", lambda w: stored_custom(w, "a/b"), 400),
    ("attribute_charset", "any", lambda w: stored_custom(w, "a/b"), ("a/b",)),
    ("empty_attribute", "clears", lambda w: stored_custom(w, ""), ()),
    ("empty_attribute", "stored", lambda w: stored_custom(w, ""), ("",)),
    ("empty_attribute", "rejected", lambda w: stored_custom(w, ""), 400),
    (
        "omitted_attributes",
        "kept",
        lambda w: len(
            after_edit(w, customAttributes=custom(kore_ref="x"))["customAttributes"][
                "customAttribute"
            ]
        ),
        2,
    ),
    (
        "omitted_attributes",
        "removed",
        lambda w: len(
            after_edit(w, customAttributes=custom(kore_ref="x"))["customAttributes"][
                "customAttribute"
            ]
        ),
        1,
    ),
    ("text_charset", "any", lambda w: w.casemgr.create(subject="a, b").status, 201),
    (
        "text_charset",
        "note_set",
        lambda w: w.casemgr.create(subject="a, b").status,
        400,
    ),
    ("departmentalized", "off", other_department, (1, 200)),
    ("departmentalized", "on", other_department, (2, 400)),
    ("edit_case_due_date", "removed", case_due_kept, False),
    ("edit_case_due_date", "kept", case_due_kept, True),
    (
        "edit_activity_due_date",
        "kept",
        lambda w: "dueDate" in after_edit(w, priority="1"),
        True,
    ),
    (
        "edit_activity_due_date",
        "removed",
        lambda w: "dueDate" in after_edit(w, priority="1"),
        False,
    ),
    ("case_subject", "suffix", lambda w: implicit(w)[0], "Follow up [#1000]"),
    ("case_subject", "plain", lambda w: implicit(w)[0], "Follow up"),
    (
        "implicit_case_subject",
        "activity",
        lambda w: implicit(w)[0],
        "Follow up [#1000]",
    ),
    ("implicit_case_subject", "blank", lambda w: implicit(w)[0], " [#1000]"),
    ("implicit_case_owner", "assignee", lambda w: implicit(w)[1], True),
    ("implicit_case_owner", "none", lambda w: implicit(w)[1], False),
    ("implicit_case_severity", "medium", lambda w: implicit(w)[2], "medium"),
    ("implicit_case_severity", "high", lambda w: implicit(w)[2], "high"),
    ("pagination_count", "rows", counts, 2),
    ("pagination_count", "pages", counts, 2),
    ("pagination_count", "total", counts, 3),
    (
        "force_categorization",
        "off",
        lambda w: w.casemgr.complete(w.casemgr.task())[0],
        200,
    ),
    (
        "force_categorization",
        "on",
        lambda w: w.casemgr.complete(w.casemgr.task())[0],
        400,
    ),
    (
        "close_reply",
        "204",
        lambda w: w.casemgr.task() and w.casemgr.ask("PUT", "/case/1000/close").status,
        204,
    ),
    (
        "close_reply",
        "200",
        lambda w: w.casemgr.task() and w.casemgr.ask("PUT", "/case/1000/close").status,
        200,
    ),
    ("activity_bumps_case", "no", case_bumped, False),
    ("activity_bumps_case", "yes", case_bumped, True),
    ("note_bumps", "no", note_bumped, False),
    ("note_bumps", "yes", note_bumped, True),
    ("email_match", "insensitive", email_found, 200),
    ("email_match", "sensitive", email_found, 204),
    ("phone_match", "exact", phone_found, 204),
    ("phone_match", "digits", phone_found, 200),
    ("path_limit", 20000, lambda w: status(w, "/case/" + "1" * 1501), 404),
    ("path_limit", 1500, lambda w: status(w, "/case/" + "1" * 1501), 400),
    ("scope_check", "any", lambda w: tokens(w, scope="x"), True),
    ("scope_check", "strict", lambda w: tokens(w, scope="x"), False),
    ("granted", "manage", rights, "201 404 404"),
    ("granted", "read", rights, "403 404 404"),
    ("granted", "case_only", rights, "201 404 403"),
    ("on_behalf_of", "supported", lambda w: tokens(w, user="jdoe"), True),
    ("on_behalf_of", "refused", lambda w: tokens(w, user="jdoe"), False),
    ("rate_limit", "off", limited, (404, None)),
    ("rate_limit", "429", limited, (429, "0")),
]


@pytest.mark.parametrize(("name", "value", "probe", "expected"), TABLE)
def test_reading(name: str, value: str | float, probe: Probe, expected: object) -> None:
    """A reading changes exactly what its documents leave open."""
    assert probe(world(**{f"casemgr__{name}": value})) == expected


def test_search_lag_delays_searches_not_reads() -> None:
    """A new activity is read by id at once, found by search after the lag."""
    w = world(casemgr__search_lag_s=5)
    made = w.casemgr.task(customAttributes=KEY)
    by_key = {"custom.ext_key": "K-1", **SERVICE}
    by_time = {"lastModifiedDate": "[2020-01-01,]", **SERVICE}

    assert w.casemgr.activity(made)["id"] == made
    assert status(w, "/activity", **by_key) == status(w, "/case", status="open",
                                                      **SERVICE) == 204  # fmt: skip
    w.clock.forward(5)
    assert status(w, "/activity", **by_key) == status(w, "/activity", **by_time) == 200
    w.casemgr.edit(w.casemgr.activity(made), priority="1")
    assert status(w, "/activity", **by_time) == 204
    assert status(w, "/activity", **by_key) == 200
    w.clock.forward(5)
    assert status(w, "/activity", **by_time) == 200
    body = {"lastModifiedDate": "[2020-01-01,]"}
    assert w.casemgr.ask("POST", "/case/lookup", body).status == 200


@pytest.mark.parametrize(
    ("where", "expected"), [("search_only", (201, 1)), ("create_too", (400, 1))]
)
def test_customer_lag(where: str, expected: tuple[int, int]) -> None:
    """A new customer is searchable after the lag; createTask may lag as well."""
    w = world(casemgr__customer_search_lag_s=5, casemgr__customer_lookup_lag=where)

    assert find_twice(w) == expected
    assert email_found(w) == 204 if where == "search_only" else True
    w.clock.forward(5)
    assert status(w, "/customer", email="ada@example.com") == 200


def test_departments_are_required_where_customers_are_departmentalized() -> None:
    """A customer of one department is invisible in another."""
    w = world(casemgr__departmentalized="on")
    w.casemgr.task()

    assert status(w, "/customer", email="ada@example.com", **SERVICE) == 200
    assert status(w, "/customer", email="ada@example.com", department="Billing") == 204
    body = {"type": {"value": "individual"}} | contact("z@example.com")
    assert w.casemgr.ask("POST", "/customer", body).status == 400
    placed = body | {"department": {"name": "Billing"}}
    assert w.casemgr.ask("POST", "/customer", placed).status == 201


def test_numbers_set_life_limit_and_clock() -> None:
    """Token life, rate limit and clock offset are numbers one can set."""
    w = world(casemgr__token_life_s=7, casemgr__rate_limit="429",
              casemgr__rate_limit_per_minute=2, casemgr__clock_offset_s=60)  # fmt: skip
    first = w.casemgr.ask("GET", "/case/1")
    codes = [status(w, "/case/1") for _ in "12"]

    assert dict(first.headers)["Date"] == "Thu, 15 Jan 2026 12:01:00 GMT"
    assert codes == [404, 429]
    w.clock.forward(8)
    assert status(w, "/case/1") == 401


def test_every_casemgr_reading_is_tried() -> None:
    """No reading of casemgr exists without a test of this module naming it."""
    tried = {f"casemgr.{name}" for name, *_ in TABLE} | {
        "casemgr.search_lag_s",
        "casemgr.customer_search_lag_s",
        "casemgr.customer_lookup_lag",
        "casemgr.token_life_s",
        "casemgr.rate_limit_per_minute",
        "casemgr.clock_offset_s",
    }

    assert tried == {name for name in READINGS if name.startswith("casemgr.")}
