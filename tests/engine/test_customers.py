"""Customers: found, made once, and never guessed."""

from contextlib import suppress

import httpx
import pytest

from caseferry.errors import CaseferryError
from support.scene import LIZ, Scene

PHONE_ONLY = {"name": "Ben Oak", "phoneNumber": "+49 30 901820"}
BOTH = {**PHONE_ONLY, "emailId": "ben.oak@example.com"}
LAGS: list[dict[str, str | float]] = [
    {},
    {"casemgr.customer_search_lag_s": 10},
    {"casemgr.customer_search_lag_s": 10, "casemgr.customer_lookup_lag": "create_too"},
]


def people(scene: Scene) -> list[str]:
    return [
        customer.name
        for customer in scene.box.casemgr.customers.values()
        if customer.name in ("Liz Ash", "Ben Oak", "No contact")
    ]


@pytest.mark.parametrize("readings", LAGS)
@pytest.mark.parametrize("user", [LIZ, PHONE_ONLY, BOTH, {"name": "Nobody"}])
@pytest.mark.parametrize("templates", [("Service",), ("Service", "Billing")])
def test_several_cases_of_one_new_customer_make_one(
    user: dict[str, str],
    readings: dict[str, str | float],
    templates: tuple[str, ...],
) -> None:
    """However many cases name somebody new, one customer is made for all of them."""
    scene = Scene(readings=readings)
    for number in range(5):
        template = templates[number % len(templates)]
        case = scene.case(f"Case {number}", user=dict(user), template=template)
        scene.task(case)

    scene.run()
    scene.again()

    assert len(people(scene)) == 1
    assert scene.complaints() == []
    assert scene.rests()


@pytest.mark.parametrize("readings", LAGS)
def test_one_person_with_two_contacts_is_one_customer(
    readings: dict[str, str | float],
) -> None:
    """Who is named by e-mail and phone once, and by phone then, is one customer."""
    scene = Scene(readings=readings)
    scene.case("By phone", user=dict(PHONE_ONLY))
    scene.case("By both", user=dict(BOTH))
    scene.case("By phone again", user=dict(PHONE_ONLY))

    scene.run()
    scene.again()

    assert len(people(scene)) == 1


@pytest.mark.parametrize("readings", LAGS)
@pytest.mark.parametrize("user", [LIZ, PHONE_ONLY])
@pytest.mark.parametrize("at", range(1, 7))
def test_a_crash_makes_no_second_customer(
    at: int, user: dict[str, str], readings: dict[str, str | float]
) -> None:
    """The run that made the customer dies; the next one does not make another."""
    scene = Scene(readings=readings)
    for number in range(2):
        scene.task(scene.case(f"Case {number}", user=dict(user)))

    class Gone(BaseException):
        pass

    requests = 0

    def die(_: httpx.Request) -> None:
        nonlocal requests
        requests += bool(scene.box.casemgr.activities)
        if requests == at:
            raise Gone

    scene.tap(die)
    with pytest.raises(Gone):
        scene.run()
    scene.rig.wrap = lambda inner: inner
    for _ in range(2):
        scene.run()
    scene.again()

    assert len(people(scene)) == 1
    assert scene.complaints() == []
    assert scene.rests()


def of_two_customers() -> tuple[Scene, str, str]:
    """Give a case, with a task, whose phone number two customers share."""
    scene = Scene()
    for name in ("Ben", "Benno"):
        phone = {"type": {"value": "mobile"}, "phoneNo": "+4930901820"}
        contact = {"firstName": name, "phone": [phone]}
        scene.box.human.create("casemgr", "customer", contact=contact)
    case = scene.case(user=dict(PHONE_ONLY))
    return scene, case, scene.task(case)


def test_an_ambiguous_customer_is_not_guessed() -> None:
    """Two customers with one phone number: quarantined until there is one."""
    scene, _, task = of_two_customers()
    other = scene.case("Another")

    scene.run()

    assert scene.all_of(task) == []
    assert scene.tally.customers["ambiguous"] == 1
    assert scene.tally.ends["case", "quarantine"] == 1
    assert scene.tally.ends["task", "quarantine"] == 1
    assert scene.of(other).status == "open"
    assert scene.rests()


def test_a_case_whose_contact_was_put_right_takes_its_tasks_along() -> None:
    """They were held for its customer alone, and nobody edits each of them."""
    scene, case, task = of_two_customers()
    scene.run()

    ada = {"_id": "u-ada", "name": "Ada", "emailId": "ada@example.com"}
    scene.edit(case, user=ada)
    scene.again()

    assert scene.of(task).subject == "Call back"
    assert scene.holds == {}
    assert scene.rests()


def test_a_known_customer_is_used_and_not_changed() -> None:
    """E-mail is compared without regard to case; the customer stays as he is."""
    scene = Scene()
    contact = {
        "firstName": "Elizabeth",
        "email": [{"emailAddress": "Liz.ASH@example.com"}],
    }
    known = scene.box.human.create("casemgr", "customer", contact=contact)
    task = scene.task(scene.case())

    scene.run()

    assert scene.of(task).customer_id == known
    assert scene.box.casemgr.customers[known].name == "Elizabeth"
    assert scene.tally.customers["matched"] == 1


def test_departments_may_have_their_own_customers() -> None:
    """Where customers are departmental each department gets one."""
    scene = Scene(readings={"casemgr.departmentalized": "on"})
    for number, template in enumerate(("Service", "Billing", "Service", "Billing")):
        scene.case(f"Case {number}", template=template)

    scene.run()

    found = [c.department for c in scene.box.casemgr.customers.values()]
    assert sorted(map(str, found)) == ["Billing", "Service"]
    assert scene.rests()


@pytest.mark.parametrize("kind", ["lost_reply", "error_after", "late_effect"])
def test_a_lost_reply_makes_no_second_customer(kind: str) -> None:
    """The create that made the customer is in doubt; the others wait for it."""
    scene = Scene(
        readings={
            "casemgr.customer_search_lag_s": 10,
            "casemgr.customer_lookup_lag": "create_too",
        }
    )
    for number in range(4):
        scene.task(scene.case(f"Case {number}", user=dict(PHONE_ONLY)))
    scene.fault(kind, "create_task", delay_s=45.0)

    with suppress(CaseferryError):
        scene.run()
    scene.again()

    assert len(people(scene)) == 1
    assert scene.complaints() == []
