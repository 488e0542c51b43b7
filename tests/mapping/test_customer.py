import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseferry.mapping.customer import (
    email_spellings,
    is_email,
    phone_spellings,
    split_name,
)
from mapping.builders import a_case, a_task, mapped, mapper, rules


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0151 23456789", ("+4915123456789", "015123456789", "+49 1512 3456789")),
        ("+49 (151) 234-56789", ("+4915123456789", "015123456789", "+49 1512 3456789")),
        ("0049 151 23456789", ("+4915123456789", "015123456789", "+49 1512 3456789")),
        ("+1 408 234 3456", ("+14082343456", "4082343456", "+1 408-234-3456")),
    ],
)
def test_numbers_are_tried_in_every_usual_spelling(
    text: str, expected: tuple[str, ...]
) -> None:
    """E.164 first, then national digits, then international, then as it stands."""
    spellings = phone_spellings(text, "DE")

    assert spellings[:3] == expected
    assert text in spellings
    assert len(set(spellings)) == len(spellings)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12345", ("12345",)),  # too short for any country
        ("1" * 30, ("1" * 30,)),  # too long for any
        ("n/a", ()),
        ("", ()),
        ("0151 23456789, or ask for me at the office", ()),
    ],
)
def test_what_is_no_number_is_tried_as_it_stands(
    text: str, expected: tuple[str, ...]
) -> None:
    """A text with digits may still be what casemgr holds; one without is no contact."""
    assert phone_spellings(text, "US") == expected


@settings(deadline=None)
@given(st.text(max_size=30), st.sampled_from(["DE", "US", "IN"]))
def test_no_text_is_too_odd_for_a_number(text: str, region: str) -> None:
    """Whatever stands in a phone field, spellings are distinct and not empty."""
    spellings = phone_spellings(text, region)

    assert all(spellings)
    assert len(set(spellings)) == len(spellings)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Ada@Example.COM ", ("ada@example.com",)),
        ("zoë@müller.example", ("zoë@müller.example",)),
        ("ada@localhost", ()),
        ("a@b@c.example", ()),
        ("Ada <ada@example.com>", ()),
        ("ada@example.com, bob@example.com", ()),
        ("x" * 250 + "@example.com", ()),
        ("none", ()),
    ],
)
def test_only_one_whole_address_is_a_contact(
    text: str, expected: tuple[str, ...]
) -> None:
    """E-mail is trimmed and lower case; anything else is no contact at all."""
    assert email_spellings(text) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ada", ("Ada", "")),
        ("Ada King", ("Ada", "King")),
        ("Ada  King Lovelace", ("Ada", "King Lovelace")),
        ("Lovelace, Ada King", ("Ada King", "Lovelace")),
        ("Lovelace,", ("Lovelace", "")),
        ("  ", ("", "")),
    ],
)
def test_names_are_split(name: str, expected: tuple[str, str]) -> None:
    """A customer needs a first name; a comma says that the last one stands first."""
    assert split_name(name) == expected


def test_attempts_follow_the_mapping() -> None:
    """E-mail is tried before the phone, each by its own casemgr attribute."""
    case = a_case(userInfo__phoneNumber="0151 23456789")

    wish = mapped(case).customer

    assert [a.attribute for a in wish.attempts] == [
        "email.emailAddress",
        "mobile.phone",
    ]
    assert (wish.first_name, wish.last_name) == ("Ada", "King")
    assert (wish.email, wish.phone) == ("ada@example.com", "+4915123456789")
    assert wish.none_found == "create"


def test_a_custom_attribute_is_looked_up_as_it_stands() -> None:
    """A look-up that is neither e-mail nor phone uses the trimmed value."""
    own = mapper(
        (
            '{ kore = "userInfo.emailId", casemgr = "email.emailAddress" },',
            '{ kore = "field.CRM", casemgr = "custom.crm_id" },',
        )
    )

    group = mapped(a_case(field__CRM=" 4711 "), by=own)

    assert group.customer.attempts[0].spellings == ("4711",)
    assert "kore.field.CRM" not in group.stays_behind


@pytest.mark.parametrize("email", [None, "no e-mail", " "])
def test_nobody_to_look_up_is_no_attempt(email: str | None) -> None:
    """Without a usable contact there is nothing to try, and a placeholder to use."""
    case = a_case(userInfo__emailId=email, userInfo__name=None)

    wish = mapped(case).customer

    assert wish.attempts == ()
    assert wish.no_contact == "placeholder"
    assert is_email(wish.placeholder)
    assert wish.first_name == "Customer"


def test_a_nameless_customer_is_called_by_the_address() -> None:
    """A first name is demanded, so the address lends its local part."""
    assert mapped(a_case(userInfo__name=None)).customer.first_name == "ada"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"userInfo__emailId": "ADA@example.com"}, []),
        ({"userInfo___id": "u-2"}, ["task-contact-differs"]),
        ({"userInfo___id": None}, []),
        (
            {"userInfo___id": None, "userInfo__emailId": "bob@example.com"},
            ["task-contact-differs"],
        ),
        ({"userInfo___id": None, "userInfo__emailId": None}, []),
    ],
)
def test_a_task_of_another_person_is_reported(
    fields: dict[str, str | None], expected: list[str]
) -> None:
    """Tasks use their case's customer; another person is a loss, none is not."""
    (task,) = mapped(a_case(), a_task(**fields)).tasks

    assert rules(task) == expected
