"""Kore payloads in canonical form."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.test_shapes import JSON
from caseferry.adapters.exchange import Unusable
from caseferry.adapters.kore.payload import category, record_of
from caseferry.adapters.kore.writes import Changes, NewCase, NewTask, Requester
from caseferry.model.record import Entity

USER = "u-11112222-3333-5444-8555-666677778888"


def a_field(name: str, **more: Any) -> dict[str, Any]:
    return {
        "_id": "fd-0a1b2c4-1111-4222-8333-444455556666",
        "show": True,
        "displayName": name,
        "lname": name.lower(),
        "isEnabled": True,
        "isActive": True,
        "metaData": {"type": "input", "displayName": name, "name": "nm"},
        "type": "custom",
        "required": False,
    } | more


def a_case(**changes: Any) -> dict[str, Any]:
    """Build a case as a listing shows it; own values, documented keys."""
    return {
        "_id": "ci-0a1b2c3-1111-4222-8333-444455556666",
        "caseTmp": "Billing",
        "name": "Double charge",
        "lname": "double charge",
        "desc": "Charged twice\r\nin May",
        "tags": ["money", "may"],
        "userInfo": {"_id": USER, "name": "", "emailId": "ada@example.com"},
        "sessIds": [],
        "accountId": "6639f7bd58c97ffac03b0001",
        "iId": "st-11112222-3333-5444-8555-666677778888",
        "orgId": "o-11112222-3333-5444-8555-666677778888",
        "convIds": [],
        "status": {
            "_id": "sts-1",
            "name": "In-Progress",
            "statusCategory": "inprogress",
        },
        "source": "rtm",
        "language": "en",
        "conversationType": "CASE",
        "fields": [a_field("Title", type="system", selectedValue="Double charge")],
        "participants": [],
        "queues": [],
        "priority": {"_id": "pr-1", "name": "Medium", "color": "#16A34A", "score": 10},
        "refId": "CS000100",
        "assigneeType": "agent",
        "currAssignee": {"aId": "a-1", "name": "Kim", "agentId": USER},
        "isActive": True,
        "taskIds": [],
        "attachments": [{"any": 1}, {"any": 2}],
        "feedback": [],
        "timestampValue": 1748318622557,
        "activityIds": [],
        "commentIds": ["c-1"],
        "resolutionCmts": [],
        "dueDate": 1748491380000,
        "isBreached": False,
        "supportCustomTasks": True,
        "channel": [],
        "createdAt": "2025-05-27T04:03:42.617Z",
        "updatedAt": "2025-05-27T04:03:42.666Z",
        "ETA": "2025-05-29T04:03:00.000Z",
    } | changes


def test_a_whole_case() -> None:
    """Every field that a person would miss is carried, in canonical form."""
    record = record_of(a_case(), Entity.CASE)

    assert record.key == "kore:ci-0a1b2c3-1111-4222-8333-444455556666"
    assert record.version == "2025-05-27T04:03:42.666Z"
    assert record.parent is None
    assert record.unknown == ()
    assert record.fields == {
        "name": "Double charge",
        "desc": "Charged twice\nin May",
        "tags": ("money", "may"),
        "status": "In-Progress",
        "statusCategory": "inprogress",
        "priority": "Medium",
        "dueDate": "2025-05-29T04:03:00.000Z",
        "refId": "CS000100",
        "createdAt": "2025-05-27T04:03:42.617Z",
        "template": "Billing",
        "source": "rtm",
        "language": "en",
        "isActive": "true",
        "userInfo._id": USER,
        "userInfo.emailId": "ada@example.com",
        "assignee": "a-1",
        "count.attachments": "2",
        "count.commentIds": "1",
    }


def test_a_task() -> None:
    """A task names its case as parent and by number."""
    payload = a_case(
        _id="ti-73acd32-1111-4222-8333-444455556666",
        caseId="ci-1",
        caseRefId="CS000131",
        taskTmp="Follow-up",
        isCustTsk=False,
        conversationType="TASK",
        currAssignee={},
        ETA="",
    )
    for name in ("caseTmp", "language", "supportCustomTasks", "taskIds", "dueDate"):
        del payload[name]

    record = record_of(payload, Entity.TASK)

    assert record.parent == "kore:ci-1"
    assert record.fields["caseRefId"] == "CS000131"
    assert record.fields["template"] == "Follow-up"
    assert "assignee" not in record.fields
    assert "dueDate" not in record.fields
    assert record.unknown == ()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ETA": "2026-01-02T03:04:05.000Z"}, "2026-01-02T03:04:05.000Z"),
        ({"ETA": "", "dueDate": 1748491380000}, "2025-05-29T04:03:00.000Z"),
        ({"ETA": "", "dueDate": "1748491380000"}, "2025-05-29T04:03:00.000Z"),
        ({"ETA": "", "dueDate": "2026-09-04T14:15:00Z"}, "2026-09-04T14:15:00.000Z"),
        ({"ETA": None, "dueDate": None}, None),
    ],
)
def test_due_date(changes: dict[str, Any], expected: str | None) -> None:
    """The due date is read from ETA, else from dueDate, in any spelling."""
    record = record_of(a_case(**changes), Entity.CASE)

    assert record.fields.get("dueDate") == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("open", "open"),
        ("In Progress", "inprogress"),
        ("in_progress", "inprogress"),
        ("On-Hold", "onhold"),
        ("RESOLVED", "resolved"),
        ("closed", "closed"),
        ("pending", "unknown:pending"),
        ("", "unknown:"),
    ],
)
def test_category(code: str, expected: str) -> None:
    """Spellings of the five categories are one; all else is unknown, not closed."""
    assert category(code) == expected


def test_status_as_text() -> None:
    """A status without a category is unknown, whatever its name."""
    record = record_of(a_case(status="Closed", priority="High"), Entity.CASE)

    assert record.fields["status"] == "Closed"
    assert record.fields["statusCategory"] == "unknown:"
    assert record.fields["priority"] == "High"


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        ("EMEA", "EMEA"),
        (12.5, "12.5"),
        (7, "7"),
        (True, "true"),
        (False, "false"),
        ("", None),
        (None, None),
        ([], None),
        (["EMEA"], "EMEA"),
        (["EMEA", "APAC"], ("EMEA", "APAC")),
        ({"value": "emea", "label": "EMEA"}, "emea"),
        ([{"name": "a"}, {"name": "b"}], ("a", "b")),
        ({"_id": "o-1"}, "o-1"),
    ],
)
def test_custom_values(selected: object, expected: object) -> None:
    """A custom field's value is a scalar, an option, or several of them."""
    payload = a_case(fields=[a_field("Region", selectedValue=selected)])

    record = record_of(payload, Entity.CASE)

    assert record.fields.get("field.Region") == expected


def test_custom_field_at_top_level() -> None:
    """A value that stands at the top level only is read from there."""
    top = {"id": "fd-1", "displayName": "Region", "selectedValue": "EMEA"}

    both = a_case(fields=[a_field("Region")], Region=top)
    alone = a_case(**{"new field": top})
    shadowed = a_case(fields=[a_field("Region", selectedValue="NA")], Region=top)

    assert record_of(both, Entity.CASE).fields["field.Region"] == "EMEA"
    assert record_of(alone, Entity.CASE).fields["field.Region"] == "EMEA"
    assert record_of(shadowed, Entity.CASE).fields["field.Region"] == "NA"
    assert record_of(both, Entity.CASE).unknown == ()


def test_two_fields_of_one_label() -> None:
    """Two custom fields with one label both keep their value."""
    payload = a_case(
        fields=[
            a_field("Region", selectedValue="EMEA"),
            a_field("Region", selectedValue="NA"),
        ]
    )

    assert record_of(payload, Entity.CASE).fields["field.Region"] == ("EMEA", "NA")


def test_label_that_shadows_a_key() -> None:
    """A custom field called `status` leaves the status alone."""
    payload = a_case(fields=[a_field("status", selectedValue="blue")])

    record = record_of(payload, Entity.CASE)

    assert record.fields["status"] == "In-Progress"
    assert record.fields["field.status"] == "blue"


def test_unknown_keys_are_named() -> None:
    """A key that nobody documented is named, and does not make a record fail."""
    record = record_of(a_case(sentiment={"score": 1}, zebra=None), Entity.CASE)

    assert record.unknown == ("sentiment", "zebra")


def test_without_id() -> None:
    """Only a missing `_id` makes a record unusable."""
    payloads: list[object] = [{}, {"_id": ""}, {"_id": None}, None, [], "text"]
    for payload in payloads:
        with pytest.raises(Unusable):
            record_of(payload, Entity.CASE)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*a_case(), "Region", "caseId", "currQueue"]), JSON, max_size=12
    )
)
def test_any_leaf_is_tolerated(changes: dict[str, Any]) -> None:
    """Whatever stands in any key, a record comes out, without empty values."""
    record = record_of(a_case(**changes) | {"_id": "ci-1"}, Entity.CASE)

    assert all(value for value in record.fields.values())
    assert all(
        isinstance(value, str) or (len(value) > 1 and all(value))
        for value in record.fields.values()
    )


# what is written ----------------------------------------------------------------
REQUESTER = Requester(email="ada@example.com", phone="+49 30 1", name="Ada")


def test_case_body() -> None:
    """createCase: contacts stand at the top and in userInfo, the due date is ISO."""
    case = NewCase(
        template="ctm-1",
        name="A",
        desc="B",
        requester=REQUESTER,
        source="rtm",
        due="2026-09-04T14:15:00Z",
    )

    assert case.body(nested_contact=True) == {
        "caseTmp": "ctm-1",
        "name": "A",
        "desc": "B",
        "userInfo": {
            "name": "Ada",
            "emailId": "ada@example.com",
            "phoneNumber": "+49 30 1",
        },
        "emailId": "ada@example.com",
        "phoneNumber": "+49 30 1",
        "source": "rtm",
        "dueDate": "2026-09-04T14:15:00.000Z",
    }
    assert case.body(nested_contact=False)["userInfo"] == {"name": "Ada"}


def test_task_body() -> None:
    """createTask: contacts stand in userInfo only, and no due date exists."""
    task = NewTask(
        case_id="ci-1",
        case_ref_id="CS1",
        template="ttm-1",
        name="A",
        desc="B",
        requester=Requester(id="u-1"),
        source="rtm",
    )

    body = task.body()

    assert body["userInfo"] == {"_id": "u-1", "name": ""}
    assert body["caseId"] == "ci-1"
    assert "emailId" not in body
    assert "dueDate" not in body


def test_changes_body() -> None:
    """updateX: only what is set is sent; one due date goes out in two spellings."""
    changes = Changes(due="2025-05-29T04:03:00.000Z", tags=("a",), is_active=False)

    assert changes.body() == {
        "ETA": "2025-05-29T04:03:00.000Z",
        "dueDate": 1748491380000,
        "tags": ("a",),
        "isActive": False,
    }


@pytest.mark.parametrize(
    "field", ["caseTmp", "refId", "createdAt", "caseId", "lid", "assigneeType"]
)
def test_allow_list(field: str) -> None:
    """What looks read-only, or routes, cannot even be spelled."""
    with pytest.raises(ValidationError):
        Changes.model_validate({field: "x"})


def test_requester_must_be_findable() -> None:
    """A requester without id, e-mail and phone is refused, without showing a value."""
    with pytest.raises(ValidationError) as caught:
        Requester(name="Ada Lovelace")
    assert "Lovelace" not in str(caught.value)
