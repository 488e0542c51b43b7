"""casemgr as documented: the gate, creates, edits, completion, cases, notes."""

from typing import Any

import pytest

from caseferry.sandbox import TENANT, Request
from sandbox.driver import FUTURE, Casemgr, activity_body, contact, custom, world


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Authorization": ""}, "401-104"),
        ({"Authorization": "Bearer nonsense"}, "401-101"),
        ({"Accept-Language": ""}, "406-100"),
        ({"Accept-Language": "tlh"}, "406-100"),
        ({"Accept": "application/xml"}, "406-100"),
        ({"Accept": ""}, "406-100"),
    ],
)
def test_the_gate(headers: dict[str, str], expected: str) -> None:
    """Token and headers are checked before anything else."""
    w = world()
    w.casemgr.headers |= headers
    status, body = w.casemgr.call("GET", "/activity", caseID="1")

    assert (status, body["code"]) == (int(expected[:3]), expected)


def test_a_token_expires() -> None:
    """A token is good for its life and 401-101 afterwards."""
    w = world(casemgr__token_life_s=60)
    assert w.casemgr.call("GET", "/case/1")[0] == 404
    w.clock.forward(60)

    assert w.casemgr.call("GET", "/case/1")[1]["code"] == "401-101"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"client_secret": "wrong"}, (401, b"invalid_client")),
        ({"scope": ""}, (400, b"invalid_scope")),
        ({"grant_type": "implicit"}, (400, b"unsupported_grant_type")),
        (
            {"grant_type": "password", "subject_username": "nobody"},
            (400, b"invalid_grant"),
        ),
    ],
)
def test_a_wrong_token_request(
    changes: dict[str, str], expected: tuple[int, bytes]
) -> None:
    """The token endpoint answers in the words of OAuth."""
    w = world()
    assert w.casemgr.token(**changes) == ""

    assert w.box.log[-1].status == expected[0]


def test_basic_authentication_gets_a_token() -> None:
    """Client id and secret may travel in the Authorization header."""
    form = b"grant_type=client_credentials&scope=x"
    basic = (
        "Basic Y2FzZWZlcnJ5LXNhbmRib3g6c2FuZGJveC1jYXNlbWdyLXNlY3JldC0wMTIz"
        "NDU2Nzg5YWJjZGVm"
    )
    request = Request.of(
        "POST", "/oauth2/token", headers={"Authorization": basic}, body=form
    )

    assert world().box.handle(request).status == 200


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/queue", 404),
        ("DELETE", "/activity/1000", 405),
        ("PUT", "/activity/1000/transfer", 404),
        ("GET", "/activity/10x", 400),
        ("GET", "/activity/" + ",".join(["1"] * 76), 400),
        ("GET", "/activity/999999", 404),
        ("GET", "/customer/999999", 404),
        ("POST", "/customer/1", 405),
    ],
)
def test_routes(method: str, path: str, expected: int) -> None:
    """Unknown paths are 404, wrong verbs 405, bad ids 400."""
    assert world().casemgr.ask(method, path).status == expected


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"foo": "1"}, "400-101"),
        ({"customerID": "1"}, "400-101"),
        ({"created": "[2020-01-01,]"}, "400-101"),
        ({}, "400-112"),
        ({"type": "task"}, "400-112"),
        ({"caseID": "1", "$order": "asc"}, "400-102"),
        ({"caseID": "1", "$sort": "id", "$order": "up"}, "400-102"),
        ({"caseID": "1", "$sort": "mood"}, "400-102"),
        ({"caseID": "1", "$pagesize": "76"}, "400-102"),
        ({"caseID": "1", "$pagesize": "0"}, "400-105"),
        ({"caseID": "1", "$pagenum": "x"}, "400-105"),
        ({"caseID": "1", "$pagenum": "1", "$rangestart": "1"}, "400-102"),
        ({"caseID": "1", "$attribute": "mood"}, "400-102"),
        ({"lastModifiedDate": "2020-01-01"}, "400-102"),
        ({"lastModifiedDate": "[,]"}, "400-102"),
        ({"lastModifiedDate": "[soon,]"}, "400-102"),
        ({"custom.mood": "1"}, "400-102"),
        ({"caseID": "1", "department": "Nowhere"}, "400-102"),
    ],
)
def test_wrong_query_parameters(params: dict[str, str], code: str) -> None:
    """Unknown or wrong query parameters are refused, never ignored."""
    usual = {} if not params or "type" in params else {"department": "Service"}
    _, body = world().casemgr.call("GET", "/activity", **(usual | params))

    assert body["code"] == code


def test_a_task_makes_its_case_and_its_customer() -> None:
    """Without case.id a case comes into being, with the customer and the assignee."""
    w = world()
    reply = w.casemgr.create(
        priority="2",
        dueDate=FUTURE,
        payload={"task": {"content": {"text": "a", "html": "<p>b</p>"}}},
        customAttributes=custom(ext_key="K-1"),
    )
    activity = w.casemgr.activity(reply.record_id)
    case = w.casemgr.case(activity["case"]["id"])

    assert (reply.status, reply.body) == (201, b"")
    assert dict(reply.headers)["Location"].endswith(f"/activity/{activity['id']}")
    assert activity["priority"] == "2"
    assert activity["dueDate"] == FUTURE
    assert activity["payload"]["task"]["content"] == {"text": "a", "html": "<p>b</p>"}
    assert activity["customAttributes"] == custom(ext_key="K-1")
    assert activity["status"]["assigned"]["user"]["id"] == "1003"
    assert case["subject"] == f"Follow up [#{case['id']}]"
    assert case["severity"]["value"] == "medium"
    assert case["owner"]["user"]["id"] == "1003"
    assert case["customer"]["customerName"] == "Ada"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"department": ...}, "400-152"),
        ({"department": {"id": "999"}}, "400-152"),
        ({"department": {"name": "Nowhere"}}, "400-196"),
        ({"type": {"value": "email", "subtype": {"value": "general"}}}, "400-196"),
        ({"type": {"value": "task"}}, "400-196"),
        ({"type": {"value": "task", "subtype": {"value": "x"}}}, "400-196"),
        ({"subject": ...}, "400-152"),
        ({"subject": "x" * 256}, "400-152"),
        ({"subject": 5}, "400-152"),
        ({"customer": ...}, "400-152"),
        ({"customer": contact()}, "400-152"),
        ({"customer": contact("no-at-sign")}, "400-152"),
        ({"status": ...}, "400-152"),
        ({"status": {"assigned": {"user": {"loginId": "ghost"}}}}, "400-152"),
        (
            {"status": {"assigned": {"user": {"loginId": "jdoe", "id": "1003"}}}},
            "400-152",
        ),
        ({"case": {"id": "999999"}}, "400-152"),
        ({"priority": "8"}, "400-196"),
        ({"priority": 3}, "400-196"),
        ({"dueDate": "2020-01-01T00:00:00.000Z"}, "400-152"),
        ({"dueDate": "soon"}, "400-152"),
        ({"customAttributes": custom(mood="x")}, "400-196"),
        ({"customAttributes": custom(ext_key="a,b")}, "400-152"),
        ({"customAttributes": custom(ext_key="x" * 1025)}, "400-152"),
        ({"customAttributes": {"customAttribute": ["x"]}}, "400-152"),
        ({"payload": {"task": {"content": "plain"}}}, "400-152"),
        ({"attachments": {"attachment": [{"id": "1"}]}}, "400-152"),
    ],
)
def test_a_wrong_task_makes_nothing(changes: dict[str, Any], code: str) -> None:
    """A refused task leaves neither activity nor case nor customer."""
    w = world()
    reply = w.casemgr.create(**changes)

    assert code.encode() in reply.body
    casemgr = w.box.casemgr
    assert not casemgr.activities | casemgr.cases | casemgr.customers


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"searchContactOnAttribute": ""}, "400-112"),
        ({"searchContactOnAttribute": "fax.phone"}, "400-102"),
        ({"searchContactOnAttribute": "custom.mood"}, "400-152"),
        ({"searchContactOnAttribute": "home.phone"}, "400-152"),
        ({"createCustomer": "no"}, "400-102"),
        ({"activityContact": "mobile.phone"}, "400-102"),
        ({"activityContact": "home.phone"}, "400-152"),
        ({"createCustomer": ""}, "400-152"),
        ({"idempotencyKey": "x"}, "400-101"),
    ],
)
def test_wrong_parameters_of_a_task(params: dict[str, str], code: str) -> None:
    """The look-up parameters are checked against the customer in the body."""
    assert code.encode() in world().casemgr.create(params=params).body


@pytest.mark.parametrize(
    ("attribute", "more"),
    [
        ("home.phone", {"phone": [{"type": {"value": "home"}, "phoneNo": "+1 55"}]}),
        ("social.twitterId", {"social": [{"socialId": "@ada"}]}),
        ("custom.crm_id", {"customAttributes": custom(crm_id="C-1")}),
    ],
)
def test_customers_are_found_by_any_contact_attribute(
    attribute: str, more: dict[str, Any]
) -> None:
    """The same attribute value leads to the same customer, which is not updated."""
    w = world()
    for first_name in ("Ada", "Eve"):
        body = activity_body("") | {"customer": contact(firstName=first_name, **more)}
        reply = w.casemgr.ask(
            "POST",
            "/activity/task",
            body,
            createCustomer="yes",
            searchContactOnAttribute=attribute,
        )
        assert reply.status == 201, reply.body

    assert [c.name for c in w.box.casemgr.customers.values()] == ["Ada"]


def test_tasks_are_never_deduplicated() -> None:
    """The same request twice makes two activities and two cases, one customer."""
    w = world()
    for _ in range(2):
        w.casemgr.task(customAttributes=custom(ext_key="K-1"))

    casemgr = w.box.casemgr
    sizes = len(casemgr.activities), len(casemgr.cases), len(casemgr.customers)
    assert sizes == (2, 2, 1)


def test_a_new_customer_has_one_contact_point_of_a_kind() -> None:
    """Two e-mail addresses in a new customer are refused."""
    mails = [{"emailAddress": f"{n}@example.com"} for n in "ab"]
    body = activity_body("")
    body["customer"]["contacts"]["contact"][0]["email"] = mails
    reply = world().casemgr.ask(
        "POST",
        "/activity/task",
        body,
        searchContactOnAttribute="email.emailAddress",
        createCustomer="yes",
    )

    assert reply.status == 400


def test_search_is_exact_and_204_on_none() -> None:
    """A custom attribute finds its activity only, in its department only."""
    w = world()
    made = w.casemgr.task(customAttributes=custom(ext_key="K-1"))
    w.casemgr.task(customAttributes=custom(ext_key="K-10"))
    key = {"custom.ext_key": "K-1"}
    status, page = w.casemgr.call("GET", "/activity", department="Service", **key)
    other = w.casemgr.ask("GET", "/activity", department="Billing", **key)

    assert status == 200
    assert [row["id"] for row in page["activity"]] == [made]
    assert "customAttributes" not in page["activity"][0]
    assert (other.status, other.body) == (204, b"")


def test_windows_are_inclusive_at_both_ends() -> None:
    """lastModifiedDate=[t,t] finds a record modified at t; outside finds none."""
    w = world()
    made = w.casemgr.task()
    stamp = w.casemgr.activity(made)["lastModified"]

    def rows(window: str) -> int:
        return w.casemgr.ask(
            "GET", "/activity", department="Service", lastModifiedDate=window
        ).status

    assert rows(f"[{stamp},{stamp}]") == rows(f"[{stamp},]") == 200
    assert rows(f"[,{stamp}]") == 200
    assert rows("[2026-01-15T12:00:00.001Z,]") == 204
    assert rows("[,2026-01-15T11:59:59.999Z]") == 204


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"status": "open"}, "012"),
        ({"status": "assigned:in_progress"}, "01"),
        ({"status": "awaiting_assignment"}, "2"),
        ({"status": "completed"}, "3"),
        ({"status": "completed:done", "type": "task"}, "3"),
        ({"caseID": "1001"}, "1"),
        ({"type": "email", "mode": "inbound"}, "2"),
        ({"createdDate": "[2026-01-15T12:01:00.000Z,]"}, "123"),
        ({"$pagesize": "2", "$pagenum": "2"}, "23"),
        ({"$rangestart": "2", "$rangesize": "2"}, "12"),
        ({"$sort": "id", "$order": "desc"}, "3210"),
        ({"$pagesize": "2", "$pagenum": "3"}, ""),
    ],
)
def test_searches(params: dict[str, str], expected: str) -> None:
    """Filters are ANDed, the order is by id, pages and ranges cut it."""
    w = world()
    for number in range(2):
        w.casemgr.task(subject=str(number))
        w.clock.forward(60)
    human = w.box.human
    human.create("casemgr", "activity", case_id="1000", subject="2",
                 status="awaiting_assignment", assignee=None)  # fmt: skip
    human.create("casemgr", "activity", case_id="1000", subject="3", kind="task")
    human.complete("1003")
    status, page = w.casemgr.call("GET", "/activity", department="Service", **params)

    rows = page["activity"] if status == 200 else []
    assert "".join(row["subject"] for row in rows) == expected


def test_users_may_filter_by_what_clients_may_not() -> None:
    """A user may ask for its own activities without naming a department."""
    w = world()
    made = w.casemgr.task()
    jane = Casemgr(w.box, "jdoe")
    for params in ({"assignedUserName": "jdoe"}, {"assignedTo": "1003"},
                   {"customerID": "1000"}):  # fmt: skip
        assert jane.call("GET", "/activity", **params)[1]["activity"][0]["id"] == made
    assert jane.ask("GET", "/activity", queueID="none").status == 204


def test_an_edit_needs_the_current_version() -> None:
    """A stale lastModified is 409 and changes nothing; the fresh one works once."""
    w = world()
    first = w.casemgr.activity(w.casemgr.task())
    assert w.casemgr.edit(first, priority="5")[0] == 204
    assert w.casemgr.edit(first, priority="6")[0] == 409

    second = w.casemgr.activity(first["id"])
    assert second["priority"] == "5"
    assert second["lastModified"] > first["lastModified"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 400),
        ({"subject": "other"}, 400),
        ({"priority": "0"}, 400),
        ({"dueDate": "2020-01-01T00:00:00.000Z"}, 400),
        ({"language": {"value": "tlh"}}, 400),
        ({"priority": "1", "lastModified": None}, 400),
        ({"priority": "1", "id": "999999"}, 400),
        ({"customAttributes": custom(ext_key="#")}, 400),
        ({"language": {"value": "de"}}, 204),
        ({"dueDate": FUTURE}, 204),
        ({"customAttributes": custom(kore_tags="vip")}, 204),
    ],
)
def test_only_four_attributes_of_an_activity_are_editable(
    changes: dict[str, Any], expected: int
) -> None:
    """Due date, priority, language and custom attributes; nothing else."""
    w = world()
    activity = w.casemgr.activity(w.casemgr.task())

    assert w.casemgr.edit(activity, **changes)[0] == expected


def test_completion_closes_the_case_and_freezes_the_task() -> None:
    """Completing the last open activity closes its case; nothing edits it any more."""
    w = world()
    first = w.casemgr.task()
    case_id = w.casemgr.activity(first)["case"]["id"]
    second = w.casemgr.task(case={"id": case_id})
    _, reply = w.casemgr.complete(first)
    assert reply["activity"][0]["case"]["status"]["value"] == "open"
    assert reply["activity"][0]["id"] == int(first)
    _, reply = w.casemgr.complete(second)

    assert reply["activity"][0]["case"]["status"]["value"] == "closed"
    frozen = w.casemgr.activity(first)
    assert w.casemgr.edit(frozen, priority="1")[0] == 400
    assert w.casemgr.complete(first)[0] == 400
    case = w.casemgr.case(case_id)
    assert w.casemgr.edit_case(case, subject="x")[0] == 400


def test_a_task_in_a_closed_case_reopens_it() -> None:
    """Creating in a closed case is allowed and reopens the case."""
    w = world()
    first = w.casemgr.task()
    case_id = w.casemgr.activity(first)["case"]["id"]
    w.casemgr.complete(first)
    w.casemgr.task(case={"id": case_id})

    assert w.casemgr.case(case_id)["status"]["value"] == "open"


def test_bulk_completion_is_all_or_nothing() -> None:
    """One stale entry refuses the whole batch."""
    w = world()
    items = [w.casemgr.activity(w.casemgr.task()) for _ in "ab"]
    entries = [{n: a[n] for n in ("id", "lastModified")} for a in items]
    entries[1]["lastModified"] = "2020-01-01T00:00:00.000Z"
    status, _ = w.casemgr.call("PUT", "/activity/complete", {"activity": entries})

    assert status == 409
    assert all(a.is_open for a in w.box.casemgr.activities.values())


def test_closing_a_case_completes_what_is_open() -> None:
    """CloseCase completes tasks and e-mails; a second call is refused."""
    w = world()
    w.casemgr.task()
    w.box.human.create("casemgr", "activity", case_id="1000", kind="email")

    assert w.casemgr.call("PUT", "/case/1000/close")[0] == 204
    assert not any(a.is_open for a in w.box.casemgr.activities.values())
    assert w.casemgr.call("PUT", "/case/1000/close")[0] == 400


@pytest.mark.parametrize(
    ("kind", "status"),
    [("calltrack", "assigned"), ("chat", "assigned"), ("email", "in_workflow")],
)
def test_some_activities_block_the_close(kind: str, status: str) -> None:
    """Open calls and chats, and what is in workflow, keep a case open."""
    w = world()
    w.casemgr.task()
    w.box.human.create("casemgr", "activity", case_id="1000", kind=kind, status=status)

    assert w.casemgr.call("PUT", "/case/1000/close")[0] == 400
    assert w.box.casemgr.cases["1000"].status == "open"
    assert w.box.casemgr.activities["1000"].is_open


def test_editing_a_case_drops_a_due_date_that_is_not_sent() -> None:
    """PUT /case without dueDate removes it, and refuses one that is past."""
    w = world()
    w.casemgr.task()
    case = w.casemgr.case("1000")
    assert w.casemgr.edit_case(case, dueDate=FUTURE, subject="S")[0] == 204
    case = w.casemgr.case("1000")
    assert case["dueDate"] == FUTURE
    past = "2020-01-01T00:00:00.000Z"
    assert w.casemgr.edit_case(case, dueDate=past)[0] == 400
    assert w.casemgr.edit_case(case, severity={"value": "high"})[0] == 204

    case = w.casemgr.case("1000")
    assert "dueDate" not in case
    assert case["severity"]["value"] == "high"
    assert case["subject"] == "S [#1000]"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 400),
        ({"mood": "x"}, 400),
        ({"subject": "x" * 1025}, 400),
        ({"severity": {"value": "huge"}}, 400),
        ({"owner": {"user": {"id": "9"}}}, 400),
        ({"subject": "x", "lastModified": "2020-01-01T00:00:00.000Z"}, 409),
        ({"subject": "x", "id": "999999"}, 400),
        ({"relatedCases": {"link": [{"href": "/case/999999"}]}}, 400),
        ({"customAttributes": custom(region="mars")}, 400),
        ({"customAttributes": custom(region="emea", refund_amount="12.5")}, 204),
        ({"owner": {"user": {"id": "1002"}}}, 204),
        ({"relatedCases": {"link": [{"href": "/core/casemgr/v3/case/1000"}]}}, 204),
    ],
)
def test_edits_of_a_case(changes: dict[str, Any], expected: int) -> None:
    """A case edit checks version, lists and lengths."""
    w = world()
    w.casemgr.task()

    assert w.casemgr.edit_case(w.casemgr.case("1000"), **changes)[0] == expected


def test_cases_are_searched_and_looked_up() -> None:
    """Cases are found by status, customer, e-mail, custom attribute and window."""
    w = world()
    w.casemgr.task()
    w.casemgr.task(customer="eve@example.com")
    case = w.casemgr.case("1001")
    w.casemgr.edit_case(case, customAttributes=custom(ext_key="C-1"))

    def searched(**params: str) -> list[str]:
        status, page = w.casemgr.call("GET", "/case", department="Service", **params)
        return [row["id"] for row in page["case"]] if status == 200 else []

    def looked_up(**body: str) -> list[str]:
        status, page = w.casemgr.call("POST", "/case/lookup", body)
        return [row["id"] for row in page["case"]] if status == 200 else []

    assert searched(status="open") == ["1000", "1001"]
    assert searched(customer="1000") == ["1000"]
    assert searched(email="EVE@example.com") == ["1001"]
    assert searched(phone="1") == []
    assert searched(owner="1003") == ["1000", "1001"]
    assert searched(**{"custom.ext_key": "C-1"}) == ["1001"]
    assert looked_up(email="eve@example.com") == ["1001"]
    assert looked_up(department="Billing") == []
    assert looked_up(lastModifiedDate="[2026-01-15T12:00:00.001Z,]") == ["1001"]
    assert looked_up(createdDate="[,2026-01-15T12:00:00.000Z]") == ["1000", "1001"]
    assert looked_up(ownerLoginId="jdoe", ownerId="1003") == ["1000", "1001"]
    assert looked_up(**{"custom.ext_key": "C-1"}) == ["1001"]
    assert looked_up(lastClosedDate="[,2030-01-01]") == []


@pytest.mark.parametrize(
    ("method", "path", "body", "params", "code"),
    [
        ("GET", "/case", b"", {"status": "open"}, "400-112"),
        ("GET", "/case", b"", {"created": "x", "department": "Service"}, "400-101"),
        ("POST", "/case/lookup", {}, {}, "400-152"),
        ("POST", "/case/lookup", b"", {}, "400-264"),
        ("POST", "/case/lookup", b"{", {}, "400-152"),
        ("POST", "/case/lookup", b"[]", {}, "400-152"),
        ("POST", "/case/lookup", {"mood": "x"}, {}, "400-152"),
        ("POST", "/case/lookup", {"email": 5}, {}, "400-152"),
        ("POST", "/case/lookup", {"createdDate": "x"}, {}, "400-102"),
        ("POST", "/case/lookup", {"email": "x"}, {"foo": "1"}, "400-101"),
        ("GET", "/customer", b"", {}, "400-112"),
        ("GET", "/customer", b"", {"mood": "x"}, "400-101"),
        ("GET", "/case/attributes", b"", {}, "400-112"),
        ("GET", "/case/attributes", b"", {"$attribute": "x"}, "400-102"),
        ("PUT", "/activity", {"activity": []}, {}, "400-152"),
        ("PUT", "/activity", {}, {}, "400-152"),
        ("PUT", "/activity", {"activity": [{}, {}]}, {}, "400-10424"),
        ("PUT", "/activity/complete", {"activity": [{}] * 76}, {}, "400-10424"),
        ("PUT", "/case/1,2/close", b"", {}, "400-10424"),
    ],
)
def test_wrong_requests(
    method: str, path: str, body: object, params: dict[str, str], code: str
) -> None:
    """Each refusal carries its documented code."""
    _, answer = world().casemgr.call(method, path, body, **params)

    assert answer["code"] == code


@pytest.mark.parametrize("kind", ["activity", "case"])
def test_notes_are_added_and_listed(kind: str) -> None:
    """Notes keep to alphabet and length, are never deduplicated, 204 when none."""
    w = world()
    w.casemgr.task()
    path = f"/{kind}/1000/note"
    assert w.casemgr.ask("GET", path).status == 204
    for _ in range(2):
        reply = w.casemgr.ask("POST", path, {"content": "Called: ok. Größe 5"})
        assert reply.status == 201
        assert dict(reply.headers)["Location"].startswith(f"/core/casemgr/v3{path}/")
    for wrong in ("a, b", "a/b", "line\nbreak", "#1", "", "x" * 1501, None):
        assert w.casemgr.ask("POST", path, {"content": wrong}).status == 400
    _, page = w.casemgr.call("GET", path)

    assert [note["content"] for note in page["note"]] == ["Called: ok. Größe 5"] * 2


def test_customers_are_created_searched_and_read() -> None:
    """An individual needs a first name and an unused e-mail address."""
    w = world()
    body = {"type": {"value": "individual"}} | contact(
        "ada@example.com",
        middleName="B",
        lastName="Lovelace",
        phone={"type": {"value": "mobile"}, "phoneNo": "55", "countryCode": "1",
               "areaCode": "408"},
    )  # fmt: skip
    assert w.casemgr.ask("POST", "/customer", body).status == 201
    assert w.casemgr.ask("POST", "/customer", body).status == 400
    del body["contacts"]["contact"][0]["firstName"]
    assert w.casemgr.ask("POST", "/customer", body).status == 400
    assert w.casemgr.ask("POST", "/customer", {"type": {}}).status == 400

    def found(**params: str) -> int:
        return w.casemgr.ask("GET", "/customer", **params).status

    assert found(email="ADA@EXAMPLE.COM") == 200
    assert found(phone="55") == found(phone="140855") == 200
    assert found(phone="5") == found(email="ada@example") == 204
    assert found(email="ada@example.com", phone="66") == 204
    assert found(customerName="love", type="individual") == 200
    assert found(created="[2026-01-15T12:00:00Z,]", department="Service") == 200
    assert found(twitterId="x") == found(**{"custom.crm_id": "x"}) == 204
    _, page = w.casemgr.call("GET", "/customer/1000", **{"$attribute": "all"})
    assert page["customer"][0]["customerName"] == "Ada B Lovelace"


def test_metadata_names_the_configured_attributes() -> None:
    """Activity and case metadata list what the tenant has configured."""
    casemgr = world().casemgr
    _, case = casemgr.call("GET", "/case/attributes", **{"$attribute": "custom"})
    _, activity = casemgr.call("GET", "/activity/attributes", **{"$attribute": "all"})

    assert case["resource"] == "case"
    names = {item.get("attribName") for item in case["attribute"]}
    assert names == set(TENANT.CASE_ATTRIBUTES)
    assert {item["name"] for item in activity["attribute"]} >= {"type", "language"}


def test_several_values_of_an_attribute_keep_their_order() -> None:
    """AttribValue entries are kept in order, and each of them is found."""
    w = world()
    values = [{"value": "b"}, {"value": "a"}]
    entry = {"attribName": "kore_tags", "attribValues": {"attribValue": values}}
    made = w.casemgr.task(customAttributes={"customAttribute": [entry]})

    assert w.box.casemgr.activities[made].custom == {"kore_tags": ("b", "a")}
    for value in "ab":
        params = {"custom.kore_tags": value, "department": "Service"}
        assert w.casemgr.ask("GET", "/activity", **params).status == 200


def test_users_edit_and_complete_only_their_own() -> None:
    """On behalf of a user, only activities assigned to that user are writable."""
    w = world()
    made = w.casemgr.task()
    frank, jane = Casemgr(w.box, "frank"), Casemgr(w.box, "jdoe")

    assert frank.edit(frank.activity(made), priority="1")[0] == 403
    assert jane.edit(jane.activity(made), priority="1")[0] == 204
    assert frank.complete(made)[0] == 403
    assert jane.complete(made)[0] == 200


def test_a_user_is_its_own_default_assignee() -> None:
    """For a user the assignee may be left out."""
    w = world()
    made = Casemgr(w.box, "frank").task(status=...)

    assert w.box.casemgr.activities[made].assignee == "1004"
