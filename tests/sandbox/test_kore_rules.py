"""Kore as documented: creates, partial updates, the door."""

from typing import Any

import pytest

from caseferry.sandbox import TENANT, Request, Sandbox
from sandbox.driver import (
    FUTURE,
    Kore,
    case_body,
    kore_token,
    task_body,
    world,
)


def test_a_created_case_is_answered_in_the_sampled_shape() -> None:
    """CreateCase answers with template name, Open, Medium, ETA, and no desc."""
    made = world().kore.case()

    assert made["caseTmp"] == "Billing"
    assert made["status"] == {
        "_id": TENANT.STATUSES[0].id,
        "name": "Open",
        "statusCategory": "open",
    }
    assert made["priority"]["name"] == "Medium"
    assert set(made["priority"]) == {"_id", "name", "color", "score"}
    assert made["refId"] == "CS000100"
    assert made["ETA"] == FUTURE
    assert made["lname"] == "double charge"
    assert "desc" not in made
    assert "dueDate" not in made
    assert made["tasks"] == made["taskIds"] == []


def test_a_created_task_is_answered_in_the_sampled_shape() -> None:
    """CreateTask starts unassigned, with equal stamps, and joins its case."""
    w = world()
    case = w.kore.case()
    made = w.kore.task(case)

    assert made["taskTmp"] == "Follow-up"
    assert made["refId"] == "TS000100"
    assert made["caseId"] == case["_id"]
    assert made["createdAt"] == made["updatedAt"]
    assert made["ETA"] == ""
    assert made["currAssignee"] == {}
    assert w.box.kore.cases[case["_id"]].task_ids == (made["_id"],)


@pytest.mark.parametrize(
    "changes",
    [
        {"caseTmp": ...},
        {"name": ...},
        {"name": "  "},
        {"desc": ...},
        {"userInfo": ...},
        {"userInfo": "Ada"},
        {"source": ...},
        {"dueDate": ...},
        {"dueDate": 1788531300000},
        {"dueDate": "tomorrow"},
        {"emailId": 5},
    ],
)
def test_a_case_lacking_a_required_argument_is_412(changes: dict[str, Any]) -> None:
    """Missing or wrong arguments of createCase are refused and make nothing."""
    w = world()
    status, body = w.kore.call("createCase", case_body(**changes))

    assert status == 412
    assert body["errors"][0]["code"] == 412
    assert not w.box.kore.cases


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"caseId": ...}, 412),
        ({"caseRefId": ...}, 412),
        ({"name": ...}, 412),
        ({"userInfo": {}}, 412),
        ({"source": ...}, 412),
        ({"taskTmp": "ttm-unknown"}, 400),
        ({"caseId": "ci-unknown"}, 400),
        ({"caseRefId": "CS999999"}, 400),
    ],
)
def test_a_wrong_task_is_refused(changes: dict[str, Any], expected: int) -> None:
    """Missing arguments of createTask are 412, values that name nothing 400."""
    w = world()
    case = w.kore.case()
    status, _ = w.kore.call("createTask", task_body(case, **changes))

    assert status == expected
    assert not w.box.kore.tasks


def test_an_unknown_template_is_refused() -> None:
    """CreateCase needs the id of a template, not its name."""
    status, _ = world().kore.call("createCase", case_body(caseTmp="Billing"))

    assert status == 400


def test_users_are_resolved_by_id_then_email_then_phone() -> None:
    """The same contact is the same end user; a known id wins over an e-mail."""
    kore = world().kore
    first = kore.case()["userInfo"]
    again = kore.case(emailId="ADA@example.com")["userInfo"]
    by_id = kore.case(userInfo={"_id": first["_id"]}, emailId="x@example.com")
    phone = kore.case(emailId=..., phoneNumber="+1 555")["userInfo"]
    same_phone = kore.case(emailId=..., phoneNumber="+1 555")["userInfo"]

    assert again["_id"] == by_id["userInfo"]["_id"] == first["_id"]
    assert by_id["userInfo"]["emailId"] == "ada@example.com"
    assert phone["_id"] == same_phone["_id"] != first["_id"]


def test_an_update_changes_only_what_was_sent() -> None:
    """UpdateCase merges: other values stay, updatedAt moves, timestampValue not."""
    w = world()
    made = w.kore.case()
    w.clock.forward(60)
    status, after = w.kore.call(f"updateCase/{made['_id']}", {"name": "New NAME"})

    assert status == 200
    assert after["lname"] == "new name"
    assert after["desc"] == "Charged twice"
    assert after["updatedAt"] > made["updatedAt"]
    assert after["timestampValue"] == made["timestampValue"]
    assert after["createdAt"] == made["createdAt"]


def test_workflow_tags_and_fields_are_written_by_update() -> None:
    """Status and priority by id, tags, custom fields and both due dates stick."""
    w = world()
    case_id = w.kore.case()["_id"]
    body = {
        "status": {"_id": TENANT.STATUSES[5].id},
        "priority": {"_id": TENANT.PRIORITIES[4].id},
        "tags": ["vip", "größe"],
        "fields": [
            {"_id": TENANT.CUSTOM_FIELDS[0].id, "selectedValue": "APAC"},
            {"displayName": "Refund amount", "selectedValue": 12.5},
        ],
        "dueDate": 1788531300000,
    }
    status, after = w.kore.call(f"updateCase/{case_id}", body)

    assert status == 200
    assert after["status"]["name"] == "Waiting for parts"
    assert after["status"]["statusCategory"] == "onhold"
    assert after["priority"]["name"] == "Emergency"
    assert after["tags"] == ["vip", "größe"]
    assert after["ETA"] == "2026-09-04T14:15:00.000Z"
    assert after["Region"]["selectedValue"] == "APAC"
    values = {f["displayName"]: f.get("selectedValue") for f in after["fields"]}
    assert values["Refund amount"] == 12.5


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"name": 5}, 412),
        ({"name": ""}, 412),
        ({"tags": "vip"}, 412),
        ({"tags": [5]}, 412),
        ({"dueDate": FUTURE}, 412),
        ({"isActive": "no"}, 412),
        ({"ETA": "soon"}, 412),
        ({"status": {"name": "Nonsense"}}, 400),
        ({"status": {"_id": "sts-x", "name": "Open"}}, 400),
        ({"priority": {"name": "Nonsense"}}, 400),
        ({"fields": ["x"]}, 412),
        ({"fields": [{"_id": "fd-x", "selectedValue": "y"}]}, 400),
        ({"fields": [{"displayName": "Region", "selectedValue": "Mars"}]}, 400),
        ({"fields": [{"displayName": "Refund amount", "selectedValue": "1"}]}, 412),
        ({"currAssignee": {"aId": "a-x"}}, 400),
        ({"assigneeType": "robot"}, 412),
    ],
)
def test_a_wrong_update_changes_nothing(body: dict[str, Any], expected: int) -> None:
    """A refused update leaves the record and its stamp alone."""
    w = world()
    case_id = w.kore.case()["_id"]
    before = w.box.kore.cases[case_id].updated
    status, _ = w.kore.call(f"updateCase/{case_id}", {"desc": "other"} | body)

    assert status == expected
    assert w.box.kore.cases[case_id].desc == "Charged twice"
    assert w.box.kore.cases[case_id].updated == before


def test_assignment_and_inactivity_are_written() -> None:
    """CurrAssignee names an agent; isActive false takes a record out of lists."""
    w = world()
    case_id = w.kore.case()["_id"]
    agent = TENANT.AGENTS[1]
    body = {"currAssignee": {"aId": agent.id}, "isActive": False, "isBreached": True}
    _, after = w.kore.call(f"updateCase/{case_id}", body)

    assert after["assigneeType"] == "agent"
    assert after["currAssignee"]["name"] == agent.name
    assert after["participants"][0]["aId"] == agent.id
    assert w.kore.listed() == []


def test_a_closed_case_takes_no_task_until_reopened() -> None:
    """Tasks of a closed case are neither made nor changed."""
    w = world()
    case = w.kore.case()
    task = w.kore.task(case)
    w.kore.call(f"updateCase/{case['_id']}", {"status": {"name": "Closed"}})

    assert w.kore.call("createTask", task_body(case))[0] == 400
    assert w.kore.call(f"updateTask/{task['_id']}", {"name": "x"})[0] == 400
    w.kore.call(f"updateCase/{case['_id']}", {"status": {"name": "Open"}})
    assert w.kore.call(f"updateTask/{task['_id']}", {"name": "x"})[0] == 200


@pytest.mark.parametrize(
    ("headers", "expected", "message"),
    [
        ({"auth": ""}, 401, "Invalid SDK credentials"),
        ({"auth": "nonsense"}, 401, "Invalid JWT token"),
        ({"auth": f"Bearer {kore_token()}"}, 401, "Invalid JWT token"),
        ({"auth": kore_token("x" * 40)}, 401, "Invalid SDK credentials"),
        ({"auth": kore_token(appId=None)}, 401, "Invalid SDK credentials"),
        ({"auth": kore_token(appId="cs-other")}, 401, "Invalid SDK credentials"),
        ({"auth": kore_token(sub=None)}, 401, "Invalid SDK credentials"),
        ({"auth": kore_token(exp=1)}, 401, "Invalid JWT token"),
        ({"accountId": "other"}, 401, "Invalid SDK credentials"),
    ],
)
def test_the_door(headers: dict[str, str], expected: int, message: str) -> None:
    """Wrong tokens and accounts are 401 with the documented message."""
    status, body = world().kore.call("getCases", {}, **headers)

    assert (status, body["errors"][0]["msg"]) == (expected, message)


def test_the_account_header_is_required_for_reads_only() -> None:
    """CreateCase works without accountId, getCases does not."""
    w = world()
    del w.kore.headers["accountId"]

    assert w.kore.call("createCase", case_body())[0] == 200
    assert w.kore.call("getCases", {})[0] == 412


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "{stream}/getCases", 405),
        ("PUT", "{stream}/createCase", 405),
        ("POST", "st-other/getCases", 401),
        ("POST", "{stream}/deleteCase", 404),
        ("POST", "{stream}/updateCase", 404),
        ("POST", "{stream}/getCases/ci-1", 404),
    ],
)
def test_routes(method: str, path: str, expected: int) -> None:
    """Only the six operations exist, all of them POST."""
    w = world()
    target = "/caseManagement/api/public/analytics/" + path.format(
        stream=TENANT.STREAM_ID
    )
    reply = w.box.handle(Request.of(method, target, headers=w.kore.headers, body={}))

    assert reply.status == expected


@pytest.mark.parametrize(("body", "expected"), [(b"{", 400), (b"[]", 412)])
def test_bodies_must_be_objects(body: bytes, expected: int) -> None:
    """A body that is no JSON object is refused."""
    assert world().kore.call("createCase", body)[0] == expected


def test_two_updates_in_one_millisecond_have_two_stamps() -> None:
    """UpdatedAt never repeats on one record, even when the clock stands still."""
    w = world()
    case_id = w.kore.case()["_id"]
    stamps = {
        w.kore.call(f"updateCase/{case_id}", {"desc": str(n)})[1]["updatedAt"]
        for n in range(3)
    }

    assert len(stamps) == 3


def test_the_real_clock_is_the_default() -> None:
    """Without a clock the sandbox runs on real time."""
    made = Kore(Sandbox()).case()

    assert made["createdAt"] > "2024"
