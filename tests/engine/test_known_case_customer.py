"""What is made in a casemgr case that is there is for that case's customer."""

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from caseferry.engine.choice import Answers, Wanted, choose
from caseferry.model.customer import Customer, CustomerContact
from caseferry.model.mapped import CustomerAttempt, CustomerWish
from support.both import Both
from support.known_case import (
    carried,
    codes,
    inside,
    mail,
    office,
    person,
    take_up,
)

HELD = ("quarantine", "customer-not-told-apart")


def gets_mail(scene: Both, customer: str) -> None:
    """Let an agent add an e-mail address to a customer."""
    (contact,) = scene.box.casemgr.customers[customer].contacts
    contact = replace(contact, emails=(("p1", "found@example.com"),))
    scene.edit(f"customer:{customer}", contacts=(contact,))


def whose(scene: Both, case: str) -> set[str]:
    return {activity.customer_id for activity in inside(scene, case)}


def creates(scene: Both) -> list[httpx.Request]:
    """Give the creates of what follows, as they leave."""
    sent: list[httpx.Request] = []

    def see(request: httpx.Request) -> None:
        if request.method == "POST" and request.url.path.endswith("/activity/task"):
            sent.append(request)

    scene.tap(see)
    return sent


@pytest.mark.parametrize(
    "contact",
    [
        office("Olga"),
        {"firstName": "Sue", "social": [{"socialId": "@sue"}]},
        {
            "firstName": "Parts",
            "phone": [
                {
                    "type": {"value": "home"},
                    "countryCode": "49",
                    "areaCode": "30",
                    "phoneNo": "1234567",
                }
            ],
        },
        mail("Mia"),
    ],
)
def test_a_task_is_for_its_case_s_customer(contact: dict[str, Any]) -> None:
    """Whatever contact point it is that casemgr knows the customer by."""
    scene = Both()
    owner = person(scene, **contact)
    case, kore = carried(scene, "Router", customer_id=owner)
    before = set(scene.box.casemgr.customers)
    sent = creates(scene)

    task = scene.task(kore, "Added in Kore")
    scene.later()

    assert scene.of(task).case_id == case
    assert whose(scene, case) == {owner}
    assert set(scene.box.casemgr.customers) == before
    assert ["createCustomer" in str(request.url) for request in sent] == [False]
    assert scene.holds == {}
    assert scene.at_rest()


def test_a_task_is_for_whom_an_agent_gave_the_case_to() -> None:
    """Kore still names the former customer, whom the state remembers too."""
    scene = Both()
    old, new = person(scene, **mail("Old")), person(scene, **mail("New"))
    case, kore = carried(scene, "Router", customer_id=old)
    scene.task(kore, "While it was the former one's")
    scene.later()
    assert whose(scene, case) == {old}
    scene.edit(f"case:{case}", customer_id=new)
    for activity in inside(scene, case):
        scene.edit(f"activity:{activity.id}", customer_id=new)

    task = scene.task(kore, "Added later")
    scene.later()

    assert scene.of(task).customer_id == new
    assert whose(scene, case) == {new}
    assert scene.at_rest()


def test_a_customer_that_our_own_create_made_is_left_with_the_case() -> None:
    """The same of a migration, whose first run made the customer."""
    scene = Both()
    kore = scene.case()
    scene.task(kore, "First")
    scene.run()
    new = person(scene, **office("New"))
    scene.edit(f"case:{scene.of(kore).id}", customer_id=new)

    task = scene.task(kore, "Added later")
    scene.again()

    assert scene.of(task).customer_id == new
    assert scene.rests()


def test_a_customer_without_a_contact_holds_the_task_until_there_is_one() -> None:
    """Never the placeholder, and nobody new; a person helps, and says retry."""
    scene = Both()
    owner = person(scene, firstName="Noname")
    case, kore = carried(scene, "Router", customer_id=owner)
    before = set(scene.box.casemgr.customers)

    task = scene.task(kore, "Added in Kore")
    scene.later()

    assert codes(scene) == {task: HELD}
    assert owner in scene.holds[f"kore:{task}"].reason  # type: ignore[index]
    assert scene.all_of(task) == []
    assert set(scene.box.casemgr.customers) == before
    assert scene.at_rest()
    gets_mail(scene, owner)
    take_up(scene)
    scene.later()
    assert scene.of(task).customer_id == owner
    assert whose(scene, case) == {owner}


def test_a_contact_that_is_somebody_else_s_too_names_nobody() -> None:
    """Two customers share the only number: no create is left to the server's choice."""
    scene = Both()
    person(scene, **office("Other"))
    owner = person(scene, **office("Olga"))
    _, kore = carried(scene, "Router", customer_id=owner)

    task = scene.task(kore, "Added in Kore")
    scene.later()

    assert codes(scene) == {task: HELD}
    assert scene.all_of(task) == []


def test_the_second_contact_point_names_who_shares_the_first() -> None:
    """What is shared is passed over."""
    scene = Both()
    person(scene, **office("Other"))
    shared = {"type": {"value": "office"}, "phoneNo": "0301234"}
    own = {"type": {"value": "home"}, "phoneNo": "0305678"}
    owner = person(scene, firstName="Olga", phone=[shared, own])
    case, kore = carried(scene, "Router", customer_id=owner)

    scene.task(kore, "Added in Kore")
    scene.later()

    assert whose(scene, case) == {owner}


def test_an_opener_waits_for_a_customer_that_can_be_named() -> None:
    """And what it would carry on is not completed: the case would close with it."""
    scene = Both()
    owner = person(scene, firstName="Noname")
    case, kore = carried(scene, "Router", customer_id=owner)
    (task,) = [t.id for t in scene.box.kore.tasks.values() if t.case_id == kore]
    scene.edit(task, status="Resolved")
    scene.later()

    assert codes(scene)[kore] == ("waiting", "customer-not-told-apart")
    assert codes(scene)[task] == ("waiting", "would-close-case")
    assert scene.box.casemgr.cases[case].status == "open"
    assert scene.at_rest()
    gets_mail(scene, owner)
    scene.edit(kore, priority="High")
    scene.later()
    assert [opener.customer_id for opener in scene.openers(kore)] == [owner]
    assert scene.box.casemgr.cases[case].status == "open"
    assert scene.holds == {}


def test_who_is_found_as_ever_costs_no_request_more() -> None:
    """Kore's contact finds the case's customer: one look-up, and nobody is read."""
    scene = Both()
    kore = scene.case()
    scene.task(kore, "First")
    scene.later()
    scene.later()
    scene.box.log.clear()

    scene.task(kore, "Second")
    scene.later()

    asked = [call.operation for call in scene.box.log]
    assert asked.count("search_customers") == 1
    assert asked.count("get_customers") == 0


@pytest.mark.parametrize("kind", ["lost_reply", "error_after", "late_effect"])
def test_a_lost_reply_makes_neither_a_second_task_nor_a_customer(kind: str) -> None:
    """The create that names the case's own customer is found by its key."""
    scene = Both()
    owner = person(scene, **office("Olga"))
    case, kore = carried(scene, "Router", customer_id=owner)
    before = set(scene.box.casemgr.customers)
    scene.fault(kind, "create_task", delay_s=45.0)

    task = scene.task(kore, "Added in Kore")
    scene.later()
    scene.later()

    assert scene.of(task).case_id == case
    assert whose(scene, case) == {owner}
    assert set(scene.box.casemgr.customers) == before
    assert scene.holds == {}
    assert scene.at_rest()


def test_a_customer_that_nothing_finds_yet_is_waited_for() -> None:
    """A contact point that an agent just added is not listed yet: no quarantine."""
    scene = Both(readings={"casemgr.customer_search_lag_s": 5400})
    owner = person(scene, **office("Olga"))
    case, kore = carried(scene, "Router", customer_id=owner)
    owner = person(scene, **office("Newer", "0309999"))
    scene.edit(f"case:{case}", customer_id=owner)

    task = scene.task(kore, "Added in Kore")
    scene.later(60.0)

    assert codes(scene) == {task: ("waiting", "customer-not-shown")}
    scene.later(7200.0)
    assert scene.of(task).customer_id == owner
    assert scene.at_rest()


def test_a_create_names_only_what_it_is_looked_up_by() -> None:
    """As documented: the attribute in the query, its value in the body."""
    scene = Both()
    owner = person(scene, **office("Olga"))
    _, kore = carried(scene, "Router", customer_id=owner)
    sent = creates(scene)

    scene.task(kore, "Added in Kore")
    scene.later()

    (request,) = sent
    assert dict(request.url.params) == {"searchContactOnAttribute": "office.phone"}
    (contact,) = json.loads(request.content)["customer"]["contacts"]["contact"]
    phone = {"type": {"value": "office"}, "phoneNo": "0301234"}
    assert contact == {"phone": [phone]}


WISH = CustomerWish(
    attempts=(
        CustomerAttempt(attribute="email.emailAddress", spellings=("a@example.com",)),
    ),
    none_found="create",
    no_contact="quarantine",
    placeholder="",
)
ASK = ("Service", "email.emailAddress", "a@example.com")


def test_a_case_that_shows_no_customer_gets_whom_kore_names() -> None:
    """As in a new case: the documents let it be absent."""
    choice = choose(Wanted(wish=WISH, department="Service"), Answers(found={ASK: ()}))

    assert choice is not None
    assert choice.draft is not None
    assert choice.draft.create


@pytest.mark.parametrize(
    ("people", "code"),
    [
        ({"7": None}, "customer-not-shown"),
        ({"7": Customer(id="7", name="A")}, "customer-not-told-apart"),
        (
            {
                "7": Customer(
                    id="7",
                    name="A",
                    contacts=(CustomerContact(name="A", points=(ASK[1:],)),),
                )
            },
            "customer-not-shown",
        ),
    ],
)
def test_nobody_is_made_for_a_case_that_has_a_customer(
    people: dict[str, Customer | None], code: str
) -> None:
    """Whatever is known of him."""
    wanted = Wanted(wish=WISH, department="Service", owner="7")

    choice = choose(wanted, Answers(found={ASK: ()}, people=people))

    assert choice is not None
    assert (choice.draft, choice.code) == (None, code)
