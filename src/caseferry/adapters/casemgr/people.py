"""The contacts of a customer, in the shape of either generation of the API."""

from collections.abc import Iterator

from caseferry.adapters.shapes import items, mapping, text
from caseferry.model.customer import CustomerContact, Point

Payload = dict[str, object]

_NOBODY_ANSWERS = frozenset({"fax", "pager"})
_PHONES = frozenset({"home", "mobile", "office"})
_NETWORKS = frozenset({"facebook", "twitter", "instagram"})
"""What a create can name a customer by, e-mail apart (C 3.1)."""


def contacts_of(customer: Payload) -> Iterator[Payload]:
    """Yield the contacts of a customer."""
    yield from items(mapping(customer.get("contacts")).get("contact"))
    yield from items(mapping(customer.get("contactPersons")).get("contactPerson"))


def points_of(contact: Payload, kind: str) -> Iterator[Payload]:
    """Yield a contact's points of a kind: `email`, `phone` or `social`."""
    yield from items(contact.get(kind))
    older = mapping(contact.get("contactPoints"))
    for point in items(older.get("contactPoint")):
        yield from items(mapping(point.get("type")).get(kind))


def person_of(contact: Payload) -> CustomerContact:
    """Give a contact's name, addresses and numbers; fax and pager are left out.

    Shape: a number is `+1 408 234 3456`, without the parts that are not there.
    """
    names = (text(contact.get(name)).strip() for name in ("firstName", "lastName"))
    emails = (text(p.get("emailAddress")).strip() for p in points_of(contact, "email"))
    phones = (_number(point) for point in points_of(contact, "phone"))
    return CustomerContact(
        name=" ".join(name for name in names if name),
        emails=tuple(dict.fromkeys(email for email in emails if email)),
        phones=tuple(dict.fromkeys(phone for phone in phones if phone)),
        points=tuple(dict.fromkeys(_points(contact))),
    )


def _points(contact: Payload) -> Iterator[Point]:
    """Yield what a create can name the contact by; a number as it stands first."""
    for point in points_of(contact, "email"):
        if address := text(point.get("emailAddress")).strip().lower():
            yield "email.emailAddress", address
    for point in points_of(contact, "phone"):
        if (kind := _kind(point)) in _PHONES and (whole := _number(point)):
            yield f"{kind}.phone", text(point.get("phoneNo")).strip()
            yield f"{kind}.phone", whole
    for point in points_of(contact, "social"):
        handle = text(point.get("socialId")).strip()
        if (network := _kind(point)) in _NETWORKS and handle:
            yield f"social.{network}Id", handle


def _kind(point: Payload) -> str:
    kind = point.get("type")
    return text(kind.get("value") if isinstance(kind, dict) else kind).lower()


def _number(point: Payload) -> str:
    number = text(point.get("phoneNo")).strip()
    if _kind(point) in _NOBODY_ANSWERS or not number:
        return ""
    country = text(point.get("countryCode")).strip().lstrip("+")
    area = text(point.get("areaCode")).strip()
    parts = (f"+{country}" if country else "", area, number)
    return " ".join(part for part in parts if part)
