"""casemgr payloads in canonical form, in the shapes of both generations."""

from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.rig import a_draft
from adapters.test_shapes import JSON
from caseferry.adapters.casemgr.customers import body_of, carries, filter_of
from caseferry.adapters.casemgr.paging import LONGEST_IDS, MOST_IDS, batches
from caseferry.adapters.casemgr.paths import Paths, query
from caseferry.adapters.casemgr.payload import (
    activity_of,
    attributes_of,
    case_of,
    created_id,
    note_of,
    rows_of,
)
from caseferry.adapters.casemgr.writes import (
    complete_body,
    create_body,
    create_query,
    edit_activity_body,
    edit_case_body,
)
from caseferry.adapters.exchange import Reply, Unusable
from caseferry.errors import ConfigError, InvariantBroken
from caseferry.model.action import CustomerDraft
from caseferry.model.record import activity_key, case_key


def attributes(**values: str) -> dict[str, Any]:
    return {
        "customAttribute": [
            {"attribName": name, "attribValues": {"attribValue": [{"value": value}]}}
            for name, value in values.items()
        ]
    }


def an_activity(**changes: Any) -> dict[str, Any]:
    """Build an activity with all attributes; own values, documented keys."""
    return {
        "id": "1000",
        "link": [{"rel": "self", "href": "/core/casemgr/v3/activity/1000"}],
        "case": {"id": "1060", "link": []},
        "department": {"name": "Service", "id": "999"},
        "mode": {"value": "inbound", "displayValue": "Eingehend"},
        "type": {
            "value": "task",
            "displayValue": "Aufgabe",
            "subtype": {"value": "general", "displayValue": "Allgemein"},
        },
        "status": {
            "value": "assigned",
            "displayValue": "Zugewiesen",
            "substatus": {"value": "in_progress"},
            "assigned": {"user": {"firstName": "Jane", "id": "1005"}},
        },
        "priority": "3",
        "created": "2026-03-01T10:00:00.000Z",
        "lastModified": "2026-03-01T10:00:50.790Z",
        "lastModifiedBy": {"user": {"id": "1005"}},
        "dueDate": "2030-11-30T18:30:00.000Z",
        "subject": "Call back",
        "language": {"value": "en"},
        "customer": {"id": "1011", "customerName": "Ada"},
        "payload": {"task": {"content": {"text": "plain", "html": "<p>plain</p>"}}},
        "customAttributes": attributes(ext_key="cf1.x", region="emea"),
        "contentPurged": False,
    } | changes


def test_a_whole_activity() -> None:
    """Every field that is mapped is carried, values and never display texts."""
    record = activity_of(an_activity())

    assert record.key == "casemgr:activity:1000"
    assert record.parent == "casemgr:case:1060"
    assert record.version == "2026-03-01T10:00:50.790Z"
    assert record.unknown == ()
    assert record.fields == {
        "subject": "Call back",
        "content.text": "plain",
        "content.html": "<p>plain</p>",
        "priority": "3",
        "dueDate": "2030-11-30T18:30:00.000Z",
        "status": "assigned",
        "substatus": "in_progress",
        "type": "task",
        "subtype": "general",
        "department": "Service",
        "assignee": "1005",
        "customer": "1011",
        "created": "2026-03-01T10:00:00.000Z",
        "custom.ext_key": "cf1.x",
        "custom.region": "emea",
    }


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"priority": 3}, "priority", "3"),
        ({"created": {"date": "2026-03-01T10:00:00Z"}}, "created", None),
        ({"payload": {"task": {"content": "plain"}}}, "content.html", ""),
        ({"payload": {"task": {"contents": {"content": []}}}}, "content.text", ""),
        ({"customer": {"link": {"rel": "customer", "href": "/c/customer/7"}}},
         "customer", "7"),
        ({"status": {"value": "completed", "substatus": {"value": "done"}}},
         "assignee", ""),
        ({"status": {"value": "assigned", "assigned": {"user": {"loginId": "jdoe",
          "id": 5}}}}, "assignee", "jdoe"),
        ({"department": "Service"}, "department", "Service"),
        ({"type": "email"}, "type", "email"),
        ({"subject": None}, "subject", ""),
    ],
)  # fmt: skip
def test_variants(changes: dict[str, Any], field: str, expected: str | None) -> None:
    """Other shapes of a field mean the same; what is empty is absent."""
    record = activity_of(an_activity(**changes))

    same = activity_of(an_activity()).text(field)
    assert record.text(field) == (same if expected is None else expected)


@pytest.mark.parametrize(
    "content",
    [
        {"content": {"text": "plain", "html": "<p>plain</p>"}},
        {"contents": {"content": [{"type": "text", "value": "plain"},
                                  {"type": "html", "value": "<p>plain</p>"}]}},
        {"contents": {"content": [{"type": {"value": "text/plain"}, "value": "plain"},
                                  {"type": "text/html", "value": "<p>plain</p>"}]}},
        {"content": [{"type": "text", "value": "plain"},
                     {"type": "html", "value": "<p>plain</p>"}]},
    ],
)  # fmt: skip
def test_content_shapes(content: dict[str, Any]) -> None:
    """A task's content is read in every shape that was seen."""
    record = activity_of(an_activity(payload={"task": content}))

    assert record.fields["content.text"] == "plain"
    assert record.fields["content.html"] == "<p>plain</p>"


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-03-01T10:00:50.790Z",
        {"date": "2026-03-01T10:00:50.790Z", "user": {"id": "1"}},
    ],
)
def test_version_is_verbatim(stamp: object) -> None:
    """The version is what the server sent, flat or nested, never reformatted."""
    assert activity_of(an_activity(lastModified=stamp)).version.endswith("50.790Z")
    assert case_of({"id": 1, "lastModified": stamp}).version.endswith("50.790Z")


def test_ids_of_both_types() -> None:
    """Ids are texts or numbers, or stand in a link only: one array or one object."""
    link = {"rel": "self", "href": "/core/casemgr/v3/activity/1000"}

    forms: list[dict[str, Any]] = [
        {"id": "1000"},
        {"id": 1000},
        {"link": link},
        {"link": [link]},
    ]
    for form in forms:
        assert activity_of(form).key == "casemgr:activity:1000"
    with pytest.raises(Unusable):
        activity_of({"link": [{"rel": "case", "href": "/core/x/activity?case=1"}]})


def a_case(**changes: Any) -> dict[str, Any]:
    return {
        "link": [{"rel": "self", "href": "/core/casemgr/v3/case/1000"}],
        "activities": {"link": [{"rel": "activity", "href": "/x/activity?case=1000"}]},
        "department": {"name": "Service", "id": "999"},
        "status": {"value": "closed", "displayValue": "Closed"},
        "lastModified": "2016-04-01T01:52:54.000Z",
        "lastModifiedBy": {"user": {"id": "1002"}},
        "dueDate": "2016-04-20T07:00:00.000Z",
        "owner": {"user": {"firstName": "Kim", "id": "1002"}, "folder": {"id": "14"}},
        "customer": {"link": [{"rel": "customer", "href": "/c/v3/customer/1001"}]},
        "severity": {"value": "medium", "displayValue": "Mittel"},
        "subject": "Charger too slow [#1000]",
        "description": "d",
        "solution": "s",
        "id": "1000",
    } | changes


def test_a_whole_case() -> None:
    """Every field of a case is carried; its subject loses the suffix."""
    record = case_of(a_case())

    assert record.fields == {
        "subject": "Charger too slow",
        "description": "d",
        "solution": "s",
        "severity": "medium",
        "dueDate": "2016-04-20T07:00:00.000Z",
        "status": "closed",
        "department": "Service",
        "owner": "1002",
        "customer": "1001",
    }
    assert record.unknown == ()
    assert case_of(a_case(zebra=1)).unknown == ("zebra",)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("A [#1000]", "A"),
        ("A [#1000] [#1000]", "A [#1000]"),
        ("A [#999]", "A [#999]"),
        ("[#1000]", ""),
        ("A", "A"),
    ],
)
def test_subject_suffix(subject: str, expected: str) -> None:
    """Only the suffix with the case's own id is taken off, and only once."""
    assert case_of(a_case(subject=subject)).text("subject") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (attributes(a="1"), [("a", "1")]),
        (attributes(a=""), []),
        ({"customAttribute": {"attribName": "a", "attribValues": {
            "attribValue": {"value": "1"}}}}, [("a", "1")]),
        ({"customAttribute": [{"attribName": "a", "attribValues": {
            "attribValue": [{"value": "1"}, {"value": "2"}]}}]}, [("a", ("1", "2"))]),
        ([{"attribName": "a", "attribValues": [{"value": 1}]}], [("a", "1")]),
        ({"customAttribute": [{"attribName": "a"}]}, []),
        (None, []),
        ("x", []),
    ],
)  # fmt: skip
def test_custom_attributes(value: object, expected: list[tuple[str, Any]]) -> None:
    """Custom attributes are multi-valued; arrays may be single objects."""
    assert list(attributes_of(value)) == expected


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from([*an_activity(), *a_case()]), JSON, max_size=9))
def test_any_leaf_is_tolerated(changes: dict[str, Any]) -> None:
    """Whatever stands in any key, a record comes out, without empty values."""
    for record in (
        activity_of(an_activity(**changes) | {"id": "1"}),
        case_of(a_case(**changes) | {"id": "1"}),
    ):
        assert all(value for value in record.fields.values())


def reply(status: int = 200, body: bytes = b"", **headers: str) -> Reply:
    return Reply(status, body, httpx.Headers(headers))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (reply(201, location="/core/casemgr/v3/activity/1004"), "1004"),
        (reply(201, location="https://h/core/casemgr/v3/activity/1004?x=1"), "1004"),
        (reply(201, b"{broken", location="/core/casemgr/v3/activity/1004"), "1004"),
        (reply(201, b'{"id": 1004}'), "1004"),
        (reply(201, b'{"activity": [{"id": "1004"}]}'), "1004"),
        (reply(201, b'{"activity": {"id": "1004"}}'), "1004"),
        (reply(201, b'{"id": "1004"}', location="/somewhere/else"), "1004"),
        (reply(201), None),
        (reply(204), None),
        (reply(201, b"{}"), None),
    ],
)
def test_created_id(answer: Reply, expected: str | None) -> None:
    """The id of a create is in Location, else in the body, else nobody tells."""
    assert created_id(answer, "activity") == expected


def test_created_id_of_html() -> None:
    """A page of HTML proves nothing about a create."""
    with pytest.raises(Unusable):
        created_id(reply(200, b"<html>"), "activity")


def test_rows() -> None:
    """204 and an empty list are nothing; an empty or error body is unusable."""
    assert rows_of(reply(204), "case") == ([], None)
    assert rows_of(reply(200, b'{"case": []}'), "case") == ([], None)
    assert rows_of(reply(200, b'{"case": {"id": 1}}'), "case")[0] == [{"id": 1}]
    sized = b'{"case": [], "paginationInfo": {"pagesize": "25", "count": 9}}'
    assert rows_of(reply(200, sized), "case") == ([], 25)
    for body in (b"", b"[]", b"null", b'{"message": "no"}', b"<html>"):
        with pytest.raises(Unusable):
            rows_of(reply(200, body), "case")


def test_notes() -> None:
    """A note's text is read flat or nested."""
    assert note_of({"content": "a"}) == "a"
    assert note_of({"content": {"text": "a"}}) == "a"
    assert note_of({}) == ""


# customers ----------------------------------------------------------------------
CUSTOMER: dict[str, Any] = {
    "id": "1011",
    "contacts": {
        "contact": [
            {
                "firstName": "Ada",
                "email": [{"emailAddress": "Ada.L@Example.com", "id": "1038"}],
                "phone": [
                    {
                        "type": {"value": "home"},
                        "phoneNo": "234 3456",
                        "countryCode": "1",
                        "areaCode": "408",
                    },
                    {"type": {"value": "mobile"}, "phoneNo": "+49 30 99"},
                ],
                "social": [{"type": {"value": "twitter"}, "socialId": "1234"}],
                "customAttributes": attributes(crm_id="C-7"),
            }
        ]
    },
}
OLDER: dict[str, Any] = {
    "id": 1011,
    "contactPersons": {
        "contactPerson": {
            "contactPoints": {
                "contactPoint": [
                    {"type": {"email": {"emailAddress": "ada.l@example.com"}}}
                ]
            }
        }
    },
}


@pytest.mark.parametrize(
    ("attribute", "value", "expected"),
    [
        ("email.emailAddress", "ada.l@example.COM", True),
        ("email.emailAddress", "ada.l@example.org", False),
        ("home.phone", "1 408 234-3456", True),
        ("home.phone", "+14082343456", True),
        ("home.phone", "408 2343456", True),
        ("home.phone", "2343456", True),
        ("home.phone", "3456", False),
        ("mobile.phone", "2343456", False),
        ("mobile.phone", "+493099", True),
        ("mobile.phone", "+", False),
        ("social.twitterId", "1234", True),
        ("custom.crm_id", "C-7", True),
        ("custom.crm_id", "c-7", False),
        ("custom.other", "C-7", False),
    ],
)
def test_carries(attribute: str, value: str, expected: bool) -> None:  # noqa: FBT001 - table
    """A customer is matched only by a contact attribute it really carries."""
    assert carries(CUSTOMER, attribute, value) is expected


def test_carries_in_older_shape() -> None:
    """Contact points of the older generation are read as well."""
    assert carries(OLDER, "email.emailAddress", "Ada.L@example.com")


@pytest.mark.parametrize(
    ("attribute", "value", "expected"),
    [
        ("email.emailAddress", "Ada@Example.com", ("email", "ada@example.com")),
        ("mobile.phone", "+49 1", ("phone", "+49 1")),
        ("social.facebookId", "x", ("facebookId", "x")),
        ("custom.crm_id", "C-7", ("custom.crm_id", "C-7")),
    ],
)
def test_customer_filter(attribute: str, value: str, expected: tuple[str, str]) -> None:
    """Each contact attribute has its query parameter."""
    assert filter_of(attribute, value) == expected


def test_new_customer() -> None:
    """A customer to be made carries name and contacts, one of each kind."""
    draft = CustomerDraft(
        attribute="mobile.phone",
        value="+49 30 99",
        create=True,
        first_name="Ada",
        last_name="Lovelace",
        email="ada@example.com",
        phone="+49 30 11",
    )

    assert body_of(draft)["contacts"]["contact"] == [
        {
            "phone": [{"type": {"value": "mobile"}, "phoneNo": "+49 30 99"}],
            "firstName": "Ada",
            "lastName": "Lovelace",
            "email": [{"emailAddress": "ada@example.com"}],
        }
    ]


def test_found_customer_sends_no_more_than_needed() -> None:
    """A customer that exists is only named by its attribute: no data travels twice."""
    draft = CustomerDraft(attribute="custom.crm_id", value="C-7", first_name="Ada")

    contact = body_of(draft)["contacts"]["contact"][0]

    assert contact == {"customAttributes": attributes(crm_id="C-7")}


# bodies --------------------------------------------------------------------------
def test_create() -> None:
    """A create names department, type, assignee, customer, and carries its key."""
    draft = a_draft(
        case=case_key("1060"), fields={"subject": "A", "custom.t": ("1", "2")}
    )

    body = create_body(draft, "ext_key", "v3")

    assert body["department"] == {"name": "Service"}
    assert body["type"] == {"value": "task", "subtype": {"value": "general"}}
    assert body["status"] == {"assigned": {"user": {"loginId": "svc_care"}}}
    assert body["case"] == {"id": "1060"}
    assert body["customAttributes"]["customAttribute"] == [
        {"attribName": "t", "attribValues": {"attribValue": [{"value": "1"},
                                                             {"value": "2"}]}},
        {"attribName": "ext_key",
         "attribValues": {"attribValue": [{"value": draft.correlation}]}},
    ]  # fmt: skip
    assert "payload" not in body
    assert "priority" not in body


def test_assignee_by_id() -> None:
    """An assignee of digits is an id, any other a login."""
    body = create_body(a_draft(assignee="1005"), "ext_key", "v3")

    assert body["status"] == {"assigned": {"user": {"id": "1005"}}}


def test_create_query() -> None:
    """A customer is made only where meant; only e-mail names a contact point."""
    phone = CustomerDraft(attribute="mobile.phone", value="1")

    assert create_query(a_draft()) == [
        ("searchContactOnAttribute", "email.emailAddress"),
        ("createCustomer", "yes"),
        ("activityContact", "email.emailAddress"),
    ]
    assert create_query(a_draft(customer=phone)) == [
        ("searchContactOnAttribute", "mobile.phone")
    ]


def test_edits() -> None:
    """An activity is edited in an array, a case bare; nothing is added."""
    activity = edit_activity_body(activity_key("1"), "v", {"priority": "2"})
    case = edit_case_body(
        case_key("2"), "w", {"severity": "high", "owner": "9", "custom.a": "x"}
    )

    assert activity == {"activity": [{"id": "1", "lastModified": "v", "priority": "2"}]}
    assert case == {
        "id": "2",
        "lastModified": "w",
        "severity": {"value": "high"},
        "owner": {"user": {"id": "9"}},
        "customAttributes": attributes(a="x"),
    }
    assert complete_body({activity_key("1"): "v"}) == {
        "activity": [{"id": "1", "lastModified": "v"}]
    }


@pytest.mark.parametrize("fields", [{"subject": "x"}, {"status": "x"}, {}])
def test_what_cannot_be_edited(fields: dict[str, str]) -> None:
    """Asking for what no request can do is a bug, and nothing is sent."""
    with pytest.raises(InvariantBroken):
        edit_activity_body(activity_key("1"), "v", fields)


# paths ---------------------------------------------------------------------------
def test_paths() -> None:
    """Paths come from one table; ids and values are encoded, commas in ids are not."""
    paths = Paths({"complete": "activity/finish/"})

    assert paths.target("complete") == "/core/casemgr/v3/activity/finish"
    assert paths.target("activity", "1,2") == "/core/casemgr/v3/activity/1,2"
    assert paths.target("activity", "a/b?c") == "/core/casemgr/v3/activity/a%2Fb%3Fc"
    assert paths.target("customers").startswith("/core/customermgr/v3/")
    assert query(("$pagesize", "1"), ("custom.a b", "x&y=é")) == (
        "$pagesize=1&custom.a%20b=x%26y%3D%C3%A9"
    )


def test_unknown_path() -> None:
    """An override of an operation that does not exist names the nearest one."""
    with pytest.raises(ConfigError) as caught:
        Paths({"compleet": "/x"})

    assert caught.value.problems[0].nearest == "complete"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.from_regex(r"[0-9]{1,40}", fullmatch=True), max_size=300))
def test_batches(ids: list[str]) -> None:
    """Batches hold every id once, and fit a path."""
    found = list(batches(ids))

    assert [i for batch in found for i in batch] == list(dict.fromkeys(ids))
    for batch in found:
        assert 0 < len(batch) <= MOST_IDS
        assert len(",".join(batch)) <= LONGEST_IDS
