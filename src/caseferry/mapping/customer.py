"""How a case's customer is found: attempts, spellings, names."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

import phonenumbers

from caseferry.mapping.shape import Customer
from caseferry.mapping.texts import one_line
from caseferry.model.mapped import CustomerAttempt, CustomerWish
from caseferry.model.record import Record

_EMAIL = re.compile(
    r"[^@\s<>(),;:\"\x00-\x20\x7f]+@[^@\s.<>(),;:\"]+(?:\.[^@\s.<>(),;:\"]+)+"
)
_LONGEST_EMAIL = 254
_FEWEST_DIGITS = 3
_LONGEST_PHONE = 40
_NAMELESS = "Customer"


def is_email(text: str) -> bool:
    """Tell whether a text has the form of one e-mail address."""
    return len(text) <= _LONGEST_EMAIL and _EMAIL.fullmatch(text) is not None


def email_spellings(text: str) -> tuple[str, ...]:
    """Give an e-mail address in lower case; () for what is none: that is no contact."""
    email = text.strip().lower()
    return (email,) if is_email(email) else ()


@lru_cache(maxsize=4096)
def phone_spellings(text: str, region: str) -> tuple[str, ...]:
    """Give the ways a number may stand in casemgr, the likeliest first, each once.

    Shape: E.164, national digits, international with blanks, and as it stands. A text
    that can be no number of any country is given as it stands; one without digits, or
    longer than casemgr holds, is no contact.

    Args:
        text: as Kore has it.
        region: two letters; the country of numbers that name none.
    """
    raw = one_line(text).strip()
    digits = sum(char.isdecimal() for char in raw)
    if digits < _FEWEST_DIGITS or len(raw) > _LONGEST_PHONE:
        return ()
    try:
        number = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return (raw,)
    if not phonenumbers.is_possible_number(number):
        return (raw,)
    formats = phonenumbers.PhoneNumberFormat
    national = phonenumbers.format_number(number, formats.NATIONAL)
    spellings = (
        phonenumbers.format_number(number, formats.E164),
        "".join(char for char in national if char.isdecimal()),
        phonenumbers.format_number(number, formats.INTERNATIONAL),
        raw,
    )
    return tuple(dict.fromkeys(spellings))


def split_name(name: str) -> tuple[str, str]:
    """Split a person's name into first and last; a comma puts the last one first."""
    shown = one_line(name).strip()
    last, comma, first = shown.partition(",")
    if comma and first.strip():
        return " ".join(first.split()), " ".join(last.split())
    words = shown.replace(",", " ").split()
    return (words[0] if words else ""), " ".join(words[1:])


def compile_customer(spec: Customer) -> Callable[[Record], CustomerWish]:
    """Make a function that tells how to find, or make, the customer of a case."""

    def wish(record: Record) -> CustomerWish:
        attempts = tuple(_attempts(spec, record))
        email = next(iter(email_spellings(record.text("userInfo.emailId"))), "")
        phones = phone_spellings(record.text("userInfo.phoneNumber"), spec.phone_region)
        first, last = split_name(record.text("userInfo.name"))
        return CustomerWish(
            attempts=attempts,
            none_found=spec.none_found,
            no_contact=spec.no_contact,
            placeholder=spec.placeholder,
            first_name=first or email.partition("@")[0] or _NAMELESS,
            last_name=last,
            email=email,
            phone=next(iter(phones), ""),
        )

    return wish


def _attempts(spec: Customer, record: Record) -> Iterator[CustomerAttempt]:
    for lookup in spec.lookup:
        value = record.text(lookup.kore)
        if not value:
            continue
        if lookup.casemgr == "email.emailAddress":
            spellings = email_spellings(value)
        elif lookup.casemgr.endswith(".phone"):
            spellings = phone_spellings(value, spec.phone_region)
        else:
            spellings = tuple(filter(None, (one_line(value).strip(),)))
        if spellings:
            yield CustomerAttempt(attribute=lookup.casemgr, spellings=spellings)
