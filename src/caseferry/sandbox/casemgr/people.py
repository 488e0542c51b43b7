"""Customers: their wire shape, and reading one from a body (C 6)."""

from typing import Any, Final

from caseferry.sandbox.casemgr.body import dig
from caseferry.sandbox.casemgr.errors import invalid
from caseferry.sandbox.casemgr.records import Attributes, Contact, Customer, Phone
from caseferry.sandbox.casemgr.store import CasemgrStore
from caseferry.sandbox.tenant import CONTACT_ATTRIBUTES
from caseferry.sandbox.times import iso

PHONE_KINDS: Final = ("home", "office", "mobile", "fax", "pager")
_LIMITS: Final = {"phoneNo": 40, "countryCode": 9, "areaCode": 10}


def contact_in(customer: object) -> dict[str, Any]:
    """Return the one contact of a customer object in a body."""
    contacts = dig(customer, "contacts.contact")
    if isinstance(contacts, list):
        contacts = contacts[0] if len(contacts) == 1 else None
    if not isinstance(contacts, dict):
        raise invalid("customer.contacts.contact")
    return contacts


def read_contact(sent: dict[str, Any], store: CasemgrStore, *, single: bool) -> Contact:
    """Return a contact from its wire shape.

    single: at most one contact point of each kind (C 3.1, new customers).
    """
    emails = [_text(item, "emailAddress") for item in _list(sent, "email")]
    phones = [_phone(item, store) for item in _list(sent, "phone")]
    social = [_text(item, "socialId") for item in _list(sent, "social")]
    kinds = [phone.kind for phone in phones]
    if single and (len(emails) > 1 or len(kinds) != len(set(kinds))):
        raise invalid("customer.contacts.contact", "has two contact points of a kind")
    if len(emails) != len({email.lower() for email in emails}):
        raise invalid("email.emailAddress", "is given twice")

    def numbered(values: list[str]) -> tuple[tuple[str, str], ...]:
        return tuple((str(store.new_number("point")), value) for value in values)

    return Contact(
        id=str(store.new_number("contact")),
        first_name=_name(sent, "firstName"),
        middle_name=_name(sent, "middleName"),
        last_name=_name(sent, "lastName"),
        emails=numbered(emails),
        phones=tuple(phones),
        social=numbered(social),
        custom=_custom(sent),
    )


def full_name(contact: Contact) -> str:
    """Return the customerName of an individual."""
    parts = (contact.first_name, contact.middle_name, contact.last_name)
    return " ".join(part for part in parts if part)


def _list(sent: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = sent.get(name)
    if value is None:
        return []
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, dict) for item in items):
        raise invalid(f"customer.contacts.contact.{name}")
    return items


def _text(item: dict[str, Any], name: str) -> str:
    value = item.get(name)
    if not isinstance(value, str) or not value.strip():
        raise invalid(name)
    if name == "emailAddress" and "@" not in value:
        raise invalid(name)
    return value


def _name(sent: dict[str, Any], name: str) -> str:
    value = sent.get(name, "")
    if not isinstance(value, str):
        raise invalid(name)
    return value


def _phone(item: dict[str, Any], store: CasemgrStore) -> Phone:
    kind = dig(item, "type.value")
    if kind not in PHONE_KINDS:
        raise invalid("phone.type.value")
    number = _text(item, "phoneNo")
    country, area = _name(item, "countryCode"), _name(item, "areaCode")
    sizes = {"phoneNo": number, "countryCode": country, "areaCode": area}
    for name, value in sizes.items():
        if len(value) > _LIMITS[name]:
            raise invalid(f"phone.{name}", "is too long")
    return Phone(str(store.new_number("point")), kind, number, country, area)


def _custom(sent: dict[str, Any]) -> Attributes:
    entries = dig(sent, "customAttributes.customAttribute") or []
    values: Attributes = {}
    for entry in entries if isinstance(entries, list) else [entries]:
        name = dig(entry, "attribName")
        raw = dig(entry, "attribValues.attribValue")
        items = raw if isinstance(raw, list) else [raw]
        texts = tuple(dig(item, "value") for item in items)
        if name not in CONTACT_ATTRIBUTES or not all(
            isinstance(text, str) for text in texts
        ):
            raise invalid("customer.contacts.contact.customAttributes")
        values[name] = texts
    return values


def customer_value(customer: Customer) -> dict[str, Any]:
    """Return the part of a customer that no reading changes."""
    stamp = iso(customer.modified)
    return {
        "customerName": customer.name,
        "type": {"value": customer.kind, "displayValue": customer.kind.title()},
        "contacts": {"contact": [_contact(c, stamp) for c in customer.contacts]},
    }


def _contact(contact: Contact, stamp: str) -> dict[str, Any]:
    value: dict[str, Any] = {
        "id": contact.id,
        "systemCreated": False,
        "firstName": contact.first_name,
        "lastName": contact.last_name,
        "lastModified": stamp,
        "email": [
            {"emailAddress": address, "lastModified": stamp, "id": point}
            for point, address in contact.emails
        ],
        "phone": [_phone_value(phone, stamp) for phone in contact.phones],
        "postal": [],
        "website": [],
        "social": [
            {"type": {"value": "Twitter"}, "socialId": handle, "id": point}
            for point, handle in contact.social
        ],
    }
    if contact.middle_name:
        value["middleName"] = contact.middle_name
    if contact.custom:
        entries = [
            {"attribName": name,
             "attribValues": {"attribValue": [{"value": v} for v in items]}}
            for name, items in contact.custom.items()
        ]  # fmt: skip
        value["customAttributes"] = {"customAttribute": entries}
    return value


def _phone_value(phone: Phone, stamp: str) -> dict[str, Any]:
    value = {
        "type": {"value": phone.kind},
        "phoneNo": phone.number,
        "lastModified": stamp,
        "id": phone.id,
    }
    if phone.country_code:
        value["countryCode"] = phone.country_code
    if phone.area_code:
        value["areaCode"] = phone.area_code
    return value
