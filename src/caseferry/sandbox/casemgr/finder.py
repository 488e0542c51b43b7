"""Finds the customer of a new task, or makes one (C 3.1, 6.6)."""

from dataclasses import dataclass
from typing import Any, Final

from caseferry.sandbox.casemgr.body import dig
from caseferry.sandbox.casemgr.desk import Desk
from caseferry.sandbox.casemgr.errors import invalid
from caseferry.sandbox.casemgr.people import contact_in, full_name, read_contact
from caseferry.sandbox.casemgr.records import Contact, Customer
from caseferry.sandbox.tenant import CONTACT_ATTRIBUTES

# query value -> kind of contact point
CONTACT_KINDS: Final = {
    "email.emailAddress": "email",
    "home.phone": "home",
    "mobile.phone": "mobile",
    "office.phone": "office",
    "social.facebookId": "social",
    "social.twitterId": "social",
    "social.instagramId": "social",
}


@dataclass(slots=True)
class Finder:
    """Looks customers up by one contact attribute."""

    desk: Desk

    def customer(
        self,
        sent: object,
        attribute: str,
        *,
        department: str,
        create: str | None,
        now: int,
        contact_point: str | None,
    ) -> tuple[Customer, str | None]:
        """Return the customer and the contact point's text; made when allowed."""
        contact = contact_in(sent)
        value = _value(contact, attribute)
        point = None if contact_point is None else _value(contact, contact_point)
        scope = self.scope(department)
        found = self.matches(attribute, value, scope=scope, now=now)
        if found:
            return self._choose(found), point
        readings = self.desk.readings
        if not create and readings.is_set("casemgr.create_customer_absent", "error"):
            raise invalid("customer", "was not found")
        if isinstance(sent, dict) and sent.get("department") is not None:
            raise invalid("customer.department", "is not allowed here")
        made = read_contact(contact, self.desk.store, single=True)
        return self.add(made, department=scope, now=now), point

    def scope(self, department: str | None) -> str | None:
        """Return the department customers belong to; None when they are shared."""
        on = self.desk.readings.is_set("casemgr.departmentalized", "on")
        return department if on else None

    def add(self, contact: Contact, *, department: str | None, now: int) -> Customer:
        """Make an individual customer; an e-mail in use is refused."""
        for _, address in contact.emails:
            self._check_unique(address, department)
        customer = Customer(
            **self.desk.store.stamps("customer", now, "1000"),  # type: ignore[arg-type]
            kind="individual",
            name=full_name(contact),
            contacts=(contact,),
            department=department,
        )
        return self.desk.store.customer_shelf.add(customer)

    def matches(
        self, attribute: str, value: str, *, scope: str | None, now: int
    ) -> list[Customer]:
        """Return the customers whose contact attribute has this value."""
        by = self.desk.store.customers_by
        kind = CONTACT_KINDS.get(attribute, "custom")
        if kind == "email":
            rows = self.by_email(value)
        elif kind == "social":
            rows = by.get(("social", value))
        elif kind == "custom":
            rows = by.get(("custom", (attribute.removeprefix("custom."), value)))
        else:
            rows = [row for row in self.by_phone(value) if _has_phone(row, kind)]
        if self.desk.readings.is_set("casemgr.customer_lookup_lag", "create_too"):
            rows = [row for row in rows if row.visible_at <= now]
        return in_scope(rows, scope)

    def by_email(self, address: str) -> list[Customer]:
        """Return the customers with an e-mail address."""
        rows = self.desk.store.customers_by.get(("email", address.lower()))
        if self.desk.readings.is_set("casemgr.email_match", "insensitive"):
            return rows
        return [
            row
            for row in rows
            if any(mail == address for c in row.contacts for _, mail in c.emails)
        ]

    def by_phone(self, number: str) -> list[Customer]:
        """Return the customers with a phone number, spelled exactly as stored."""
        by = self.desk.store.customers_by
        if self.desk.readings.is_set("casemgr.phone_match", "exact"):
            return by.get(("phone", number))
        return by.get(("digits", "".join(c for c in number if c.isdigit())))

    def _choose(self, found: list[Customer]) -> Customer:
        way = self.desk.readings.text("casemgr.several_customers")
        if way == "error" and len(found) > 1:
            raise invalid("customer", "is not unique")
        return found[-1] if way == "newest" else found[0]

    def _check_unique(self, address: str, scope: str | None) -> None:
        rows = self.desk.store.customers_by.get(("email", address.lower()))
        if in_scope(rows, scope):
            raise invalid("email.emailAddress", "is already in use")


def in_scope(rows: list[Customer], scope: str | None) -> list[Customer]:
    """Return the customers a department sees; all when customers are shared."""
    if scope is None:
        return rows
    return [row for row in rows if row.department in (None, scope)]


def _has_phone(customer: Customer, kind: str) -> bool:
    return any(p.kind == kind for c in customer.contacts for p in c.phones)


def _value(contact: dict[str, Any], attribute: str) -> str:
    """Return the value a body gives for a contact attribute; it must be there."""
    kind = CONTACT_KINDS.get(attribute, "custom")
    if kind == "email":
        value = _first(contact.get("email"), "emailAddress")
    elif kind == "social":
        value = _first(contact.get("social"), "socialId")
    elif kind == "custom":
        value = _custom(contact, attribute.removeprefix("custom."))
    else:
        value = _phone(contact, kind)
    if not isinstance(value, str) or not value:
        raise invalid(attribute, "must be present in the customer")
    return value


def _first(value: object, name: str) -> object:
    item = value[0] if isinstance(value, list) and value else value
    return dig(item, name)


def _phone(contact: dict[str, Any], kind: str) -> object:
    phones = contact.get("phone")
    for phone in phones if isinstance(phones, list) else [phones]:
        if dig(phone, "type.value") == kind:
            return dig(phone, "phoneNo")
    return None


def _custom(contact: dict[str, Any], name: str) -> object:
    if name not in CONTACT_ATTRIBUTES:
        raise invalid(f"custom.{name}", "is not configured")
    entries = dig(contact, "customAttributes.customAttribute")
    for entry in entries if isinstance(entries, list) else [entries]:
        if dig(entry, "attribName") == name:
            return _first(dig(entry, "attribValues.attribValue"), "value")
    return None
