"""Reading casemgr customers by id, and the contact that an activity names."""

from typing import Any

import httpx
import pytest

from adapters.rig import a_draft, bench, scripted_casemgr
from caseferry.adapters.casemgr.customers import customer_of
from caseferry.adapters.casemgr.payload import activity_of
from caseferry.errors import Forbidden
from caseferry.model.customer import Customer, CustomerContact

PATH_LIMIT = 1_500


def a_contact(**changes: Any) -> dict[str, Any]:
    return {
        "firstName": "Ada",
        "lastName": "Lovelace",
        "email": [{"emailAddress": "ada@example.com"}],
        "phone": [
            {"type": {"value": "fax"}, "phoneNo": "999"},
            {
                "type": {"value": "home"},
                "phoneNo": "234 3456",
                "countryCode": "1",
                "areaCode": "408",
            },
            {"type": {"value": "mobile"}, "phoneNo": "555-0100"},
        ],
    } | changes


def a_customer(*contacts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "link": [{"rel": "self", "href": "/core/customermgr/v3/customer/1011"}],
        "customerName": "Ada Lovelace",
        "type": {"value": "individual"},
        "contacts": {"contact": list(contacts)},
    } | changes


def test_documented_shape() -> None:
    """A customer as documented: the id in its link, a number joined of its parts."""
    assert customer_of(a_customer(a_contact())) == Customer(
        id="1011",
        name="Ada Lovelace",
        contacts=(
            CustomerContact(
                name="Ada Lovelace",
                emails=("ada@example.com",),
                phones=("+1 408 234 3456", "555-0100"),
                points=(
                    ("email.emailAddress", "ada@example.com"),
                    ("home.phone", "234 3456"),
                    ("home.phone", "+1 408 234 3456"),
                    ("mobile.phone", "555-0100"),
                ),
            ),
        ),
    )


def test_older_shape() -> None:
    """The shape of the older API gives the same customer."""
    points = [
        {"type": {"email": {"emailAddress": "ada@example.com"}}},
        {"type": {"phone": {"phoneNo": "234 3456", "countryCode": "+1"}}},
    ]
    older = {
        "id": 1011,
        "customerName": "Ada Lovelace",
        "contactPersons": {
            "contactPerson": {
                "firstName": "Ada",
                "contactPoints": {"contactPoint": points},
            }
        },
    }

    assert customer_of(older).contacts == (
        CustomerContact(
            name="Ada",
            emails=("ada@example.com",),
            phones=("+1 234 3456",),
            points=(("email.emailAddress", "ada@example.com"),),
        ),
    )


@pytest.mark.parametrize("contacts", [None, {}, [], "x", {"contact": None}])
def test_no_contacts(contacts: object) -> None:
    """A customer without contacts is one without contacts."""
    assert customer_of(a_customer() | {"contacts": contacts}).contacts == ()


@pytest.mark.parametrize(
    "readings", [{}, {"casemgr.unknown_ids": "404"}, {"casemgr.id_type": "number"}]
)
def test_by_id(readings: dict[str, str | float]) -> None:
    """Customers are read by id; those that are not there are left out."""
    b = bench(readings)
    ids = [
        b.box.human.create("casemgr", "customer", contact=a_contact(email=email))
        for email in ([{"emailAddress": f"p{n}@example.com"}] for n in range(80))
    ]
    b.box.log.clear()

    found = b.casemgr.get_customers([*ids, "999999", ids[0], ""])

    assert list(found) == ids
    assert found[ids[3]].contacts[0].emails == ("p3@example.com",)
    assert found[ids[3]].contacts[0].phones == ("+1 408 234 3456", "555-0100")
    gets = [call for call in b.box.log if call.operation == "get_customers"]
    assert all(len(call.path.rpartition("/")[2]) <= PATH_LIMIT for call in gets)
    if not readings:
        assert len(gets) == 2


def test_long_ids() -> None:
    """Long ids make batches shorter than the path may be."""
    paths: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        asked = request.url.path.rpartition("/")[2].split(",")
        return httpx.Response(200, json={"customer": [{"id": i} for i in asked]})

    ids = [f"{number:060d}" for number in range(60)]

    assert list(scripted_casemgr(answer).get_customers(ids)) == ids
    assert len(paths) == 3
    assert max(len(path.rpartition("/")[2]) for path in paths) <= PATH_LIMIT


def test_one_not_ours() -> None:
    """A customer that we may not see does not keep the others from us."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = request.url.path.rpartition("/")[2].split(",")
        if "3" in asked:
            return httpx.Response(403, json={"code": "403-104"})
        return httpx.Response(200, json={"customer": [{"id": i} for i in asked]})

    found = scripted_casemgr(answer).get_customers([str(n) for n in range(8)])

    assert sorted(found) == ["0", "1", "2", "4", "5", "6", "7"]


def test_missing_scope() -> None:
    """A missing scope is said at once, not found out id by id."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(403, json={"code": "403-112"})

    with pytest.raises(Forbidden):
        scripted_casemgr(answer).get_customers(["1", "2", "3"])

    assert len(asked) == 1


def an_activity(*contacts: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": 7,
        "customer": {"id": "1011", "contacts": {"contact": list(contacts)}},
    }


def test_contact_of_an_activity() -> None:
    """An activity tells of the contact it names, as far as it shows it."""
    found = activity_of(an_activity(a_contact())).fields

    assert found["contact.name"] == "Ada Lovelace"
    assert found["contact.email"] == "ada@example.com"
    assert found["contact.phone"] == "+1 408 234 3456"
    named = activity_of(an_activity({"firstName": "Ada"})).fields
    assert named["contact.name"] == "Ada"
    assert not {"contact.email", "contact.phone"} & named.keys()


def test_two_contacts() -> None:
    """Of several contacts nobody knows which one an activity is about."""
    found = activity_of(an_activity(a_contact(), a_contact(firstName="Bea"))).fields

    assert not any(name.startswith("contact.") for name in found)


def test_contact_in_the_sandbox() -> None:
    """The contact's name comes with every activity of a listing."""
    b = bench()
    b.casemgr.create_activity(a_draft())

    (found,) = b.casemgr.find_activities(a_draft().correlation, "Service")

    assert found.fields["contact.name"] == "Ada Lovelace"
