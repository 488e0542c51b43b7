"""Customers as customermgr shows them, and whether one carries a contact attribute."""

import re
from collections.abc import Iterator
from typing import Any

from caseferry.adapters.casemgr.payload import attributes_of, id_of, value_of
from caseferry.adapters.casemgr.people import contacts_of, person_of, points_of
from caseferry.adapters.shapes import text
from caseferry.model.action import CustomerDraft
from caseferry.model.customer import Customer

EMAIL = "email.emailAddress"
_NOT_DIGITS = re.compile(r"\D+")


def filter_of(attribute: str, value: str) -> tuple[str, str]:
    """Give the query parameter that looks a contact attribute up."""
    if attribute == EMAIL:
        return "email", value.lower()
    kind, _, name = attribute.partition(".")
    if name == "phone":
        return "phone", value
    if kind == "social":
        return name, value
    return f"custom.{name or kind}", value


def carries(payload: dict[str, Any], attribute: str, value: str) -> bool:
    """Tell whether a customer really has this contact attribute.

    An e-mail address is compared without regard to case, a phone number by its digits
    with or without area and country code, all else exactly.
    """
    kind, _, name = attribute.partition(".")
    if attribute == EMAIL:
        return value.strip().lower() in set(_emails(payload))
    if name == "phone":
        digits = _NOT_DIGITS.sub("", value)
        return bool(digits) and digits in set(_phones(payload, kind))
    if kind == "social":
        return value in {text(s.get("socialId")) for s in _points(payload, "social")}
    return any(
        found == name and value in (held if isinstance(held, tuple) else (held,))
        for place in (payload, *contacts_of(payload))
        for found, held in attributes_of(place.get("customAttributes"))
    )


def customer_of(payload: dict[str, Any]) -> Customer:
    """Bring a customer into the form that the engine knows.

    Raises:
        Unusable: there is no `id`.
    """
    return Customer(
        id=id_of(payload),
        name=text(payload.get("customerName")).strip(),
        contacts=tuple(person_of(contact) for contact in contacts_of(payload)),
    )


def body_of(draft: CustomerDraft) -> dict[str, Any]:
    """Spell the customer of a create: what it is looked up by, and what a new one has.

    A customer that is found ignores all but the attribute, so only a new one gets more.
    """
    contact: dict[str, Any] = {}
    _set(contact, draft.attribute, draft.value)
    if draft.create:
        # A first name is demanded of a new contact.
        contact["firstName"] = draft.first_name or draft.last_name or "-"
        if draft.last_name and draft.first_name:
            contact["lastName"] = draft.last_name
        if draft.email and "email" not in contact:
            _set(contact, EMAIL, draft.email)
        if draft.phone and "phone" not in contact:
            _set(contact, "mobile.phone", draft.phone)
    return {"contacts": {"contact": [contact]}}


def _set(contact: dict[str, Any], attribute: str, value: str) -> None:
    kind, _, name = attribute.partition(".")
    if attribute == EMAIL:
        contact["email"] = [{"emailAddress": value}]
    elif name == "phone":
        contact["phone"] = [{"type": {"value": kind}, "phoneNo": value}]
    elif kind == "social":
        network = name.removesuffix("Id")
        contact["social"] = [{"type": {"value": network}, "socialId": value}]
    else:
        attribute_of = {"attribName": name, "attribValues": _one_value(value)}
        contact["customAttributes"] = {"customAttribute": [attribute_of]}


def _one_value(value: str) -> dict[str, Any]:
    return {"attribValue": [{"value": value}]}


def _points(payload: dict[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    for contact in contacts_of(payload):
        yield from points_of(contact, kind)


def _emails(payload: dict[str, Any]) -> Iterator[str]:
    for point in _points(payload, "email"):
        yield text(point.get("emailAddress")).strip().lower()


def _phones(payload: dict[str, Any], kind: str) -> Iterator[str]:
    for point in _points(payload, "phone"):
        if value_of(point.get("type")).lower() not in {"", kind}:
            continue
        number = ""
        for part in ("phoneNo", "areaCode", "countryCode"):
            number = _NOT_DIGITS.sub("", text(point.get(part))) + number
            yield number
