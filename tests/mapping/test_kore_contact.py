import pytest

from caseferry.model.customer import Customer, CustomerContact
from caseferry.model.kore_draft import Contact
from caseferry.model.record import Value
from mapping.builders import mapper, rules
from mapping.kore_builders import (
    ADA,
    BOB,
    CUSTOMER,
    an_activity,
    casemgr_case,
    to_kore,
)

TWO = Customer(id="1000", name="King & Ray", contacts=(ADA, BOB))
NOBODY = CustomerContact(name="Cy", emails=("not an address",), phones=("12",))
STRICT = ('no_contact = "placeholder"', 'no_contact = "quarantine"')
ADA_IN_KORE = Contact(name="Ada King", email="Ada@Example.com", phone="0301234567")


def test_the_only_contact_of_a_customer_is_whom_the_case_is_for() -> None:
    """First e-mail address and first number, written as they are."""
    group = to_kore(casemgr_case())

    assert group.contact == ADA_IN_KORE
    assert group.code == ""


@pytest.mark.parametrize(
    "named",
    [
        {"contact__email": "ADA@example.com"},
        {"contact__email": "a@king.example", "contact__phone": "+49 30 1234567"},
        {"contact__phone": "+49 30 1234567"},
        {"contact__name": "ada king"},
    ],
)
def test_the_tasks_tell_which_of_two_contacts_it_is(named: dict[str, Value]) -> None:
    """E-mail in any case, a number in any spelling, or the name, when all agree."""
    second = an_activity(2, contact__name="Ada King")

    group = to_kore(casemgr_case(), an_activity(1, **named), second, customer=TWO)

    assert group.contact == ADA_IN_KORE
    assert not any(rules(task) for task in group.tasks)


def test_two_contacts_of_which_nothing_tells_are_never_guessed() -> None:
    """No contact, a stable code and a reason without anybody's name."""
    group = to_kore(casemgr_case(), an_activity(), customer=TWO)

    assert group.contact is None
    assert group.code == "contact-ambiguous"
    assert "several contacts" in group.reason
    assert "King" not in group.reason


def test_tasks_that_name_different_people_do_not_tell() -> None:
    """Then two contacts are ambiguous, and an only contact it is for all of them."""
    tasks = [
        an_activity(1, contact__email="ada@example.com"),
        an_activity(2, contact__email="bob@example.com"),
    ]

    several = to_kore(casemgr_case(), *tasks, customer=TWO)
    only = to_kore(casemgr_case(), *tasks)
    nobody = to_kore(casemgr_case(), *tasks, customer=None)

    assert several.code == nobody.code == "contact-ambiguous"
    assert only.contact == ADA_IN_KORE
    assert [rules(task) for task in only.tasks] == [[], ["task-contact-differs"]]


def test_a_person_whom_only_the_tasks_know_is_named() -> None:
    """Also where the customer could not be read; the address stands in for a name."""
    task = an_activity(contact__email="new@example.com")

    assert to_kore(casemgr_case(), task, customer=None).contact == Contact(
        name="new@example.com", email="new@example.com"
    )
    assert to_kore(casemgr_case(), task).contact == Contact(
        name="Ada King", email="new@example.com"
    )


@pytest.mark.parametrize(
    ("customer", "name"),
    [
        (None, "No contact"),
        (Customer(id="1", name="Cy & Co", contacts=(NOBODY,)), "Cy & Co"),
        (Customer(id="1", name="Cy & Co", contacts=(NOBODY, NOBODY)), "Cy & Co"),
        (Customer(id="1", name="", contacts=()), "No contact"),
    ],
)
def test_nobody_who_can_be_told_of_follows_the_mapping(
    customer: Customer | None, name: str
) -> None:
    """The stand-in, or no contact at all: what is no address is none."""
    kept = to_kore(casemgr_case(), an_activity(), customer=customer)
    refused = to_kore(
        casemgr_case(), an_activity(), customer=customer, by=mapper(STRICT)
    )

    assert kept.contact == Contact(
        name=name, email="no-contact@care.example", placeholder=True
    )
    assert refused.contact is None
    assert refused.code == "no-contact"


def test_a_name_that_no_contact_has_is_no_address() -> None:
    """A task that only names a stranger leaves the customer's only contact."""
    task = an_activity(contact__name="Somebody Else")

    group = to_kore(casemgr_case(), task)

    assert group.contact == ADA_IN_KORE
    assert rules(group.tasks[0]) == ["task-contact-differs"]


@pytest.mark.parametrize(
    ("line", "contact"),
    [
        (
            '  { kore = "userInfo.phoneNumber", casemgr = "mobile.phone" },\n',
            Contact(name="Ada King", email="Ada@Example.com"),
        ),
        (
            '  { kore = "userInfo.emailId", casemgr = "email.emailAddress" },\n',
            Contact(name="Ada King", phone="0301234567"),
        ),
    ],
)
def test_the_look_ups_say_what_belongs_to_what(line: str, contact: Contact) -> None:
    """What no look-up would find again is not written."""
    own = mapper((line, ""))

    assert to_kore(casemgr_case(), by=own, customer=CUSTOMER).contact == contact
