"""Whom a Kore record is for: one person of a casemgr customer, never guessed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from caseferry.mapping.customer import is_email, phone_spellings
from caseferry.mapping.shape import Customer as CustomerSpec
from caseferry.mapping.texts import one_line
from caseferry.model.customer import Customer
from caseferry.model.kore_draft import Contact
from caseferry.model.record import Record

NAMELESS = "No contact"
_ANY = ("userInfo.emailId", "userInfo.phoneNumber")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person as a record or a customer names them; any part may be "".

    Attributes:
        email, phone: the first of each, as they are written.
        emails, numbers: all of them as they are compared: in lower case, in E.164.
    """

    name: str = ""
    email: str = ""
    phone: str = ""
    emails: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()

    def is_other(self, other: "Person") -> bool:
        """Compare by the best thing that both name; without one nobody can tell."""
        return self._told(other) is False

    def is_same(self, other: "Person") -> bool:
        """Tell whether the best thing that both name is the same."""
        return self._told(other) is True

    def _told(self, other: "Person") -> bool | None:
        for own, theirs in zip(self.compared, other.compared, strict=True):
            if own and theirs:
                return not own.isdisjoint(theirs)
        return None

    @property
    def is_reachable(self) -> bool:
        """Tell whether Kore can be told of this person."""
        return bool(self.email or self.phone)

    @property
    def compared(self) -> tuple[frozenset[str], ...]:
        """What tells people apart, the best thing first."""
        names = frozenset({self.name.casefold()}) if self.name else frozenset[str]()
        return self.emails, self.numbers, names


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The contact of a group, or why there is none.

    Attributes:
        person: with all that is known of them; None for the stand-in.
    """

    contact: Contact | None
    person: Person | None = None
    code: str = ""
    reason: str = ""


class Contacts:
    """Chooses the contact of a case; compiled from [customer]."""

    __slots__ = ("_email", "_phone", "_region", "_spec")

    def __init__(self, spec: CustomerSpec) -> None:
        named = {lookup.kore for lookup in spec.lookup} & {*_ANY} or {*_ANY}
        self._spec = spec
        self._email = _ANY[0] in named
        self._phone = _ANY[1] in named
        self._region = spec.phone_region

    def choose(self, customer: Customer | None, tasks: Sequence[Record]) -> Found:
        """Give the contact of a case.

        It is whom the case's tasks name when they agree, else the customer's only
        contact. A customer with several contacts of which the tasks tell none is
        ambiguous; one without e-mail and phone follows `no_contact`.
        """
        people = self._people(customer)
        named = [p for p in map(self.named_by, tasks) if p != Person()]
        agreed = named and not any(p.is_other(q) for p in named for q in named)
        chosen = self._completed(named, people) if agreed else None
        if chosen is None and any(person.is_reachable for person in people):
            if len(people) > 1:
                text = "the customer has several contacts, and the tasks do not tell"
                return _none("contact-ambiguous", text)
            chosen = people[0]
        elif chosen is None and named and not agreed and _reachable(named):
            text = "its tasks name several contacts, and its customer has none"
            return _none("contact-ambiguous", text)
        return self._found(chosen, customer)

    def named_by(self, task: Record) -> Person:
        """Give whom a task names."""
        return self._person(
            task.text("contact.name"),
            [task.text("contact.email")],
            [task.text("contact.phone")],
        )

    def _found(self, chosen: Person | None, customer: Customer | None) -> Found:
        customer_name = _tidy(customer.name) if customer else ""
        if chosen is not None:
            name = chosen.name or customer_name or chosen.email or chosen.phone
            contact = Contact(name=name, email=chosen.email, phone=chosen.phone)
            return Found(contact=contact, person=chosen)
        if self._spec.no_contact == "placeholder":
            return Found(
                contact=Contact(
                    name=customer_name or NAMELESS,
                    email=self._spec.placeholder,
                    placeholder=True,
                )
            )
        text = "neither an e-mail address nor a phone number is known"
        return _none("no-contact", text)

    def _people(self, customer: Customer | None) -> list[Person]:
        contacts = customer.contacts if customer else ()
        people = (self._person(c.name, c.emails, c.phones) for c in contacts)
        return list(dict.fromkeys(people))

    def _person(
        self, name: str, emails: Iterable[str], phones: Iterable[str]
    ) -> Person:
        mails = [e for e in map(_tidy, emails if self._email else ()) if is_email(e)]
        calls = {
            text: spellings[0]
            for text in map(_tidy, phones if self._phone else ())
            if (spellings := phone_spellings(text, self._region))
        }
        return Person(
            name=_tidy(name),
            email=next(iter(mails), ""),
            phone=next(iter(calls), ""),
            emails=frozenset(map(str.lower, mails)),
            numbers=frozenset(calls.values()),
        )

    @staticmethod
    def _completed(named: list[Person], people: list[Person]) -> Person | None:
        """Give the person that all tasks name, as the customer has them if it does."""
        known = [
            person
            for person in people
            if any(person.is_same(p) for p in named)
            and not any(person.is_other(p) for p in named)
        ]
        if len(known) == 1 and known[0].is_reachable:
            return known[0]
        reachable = _reachable(named)
        return reachable[0] if reachable else None


def _reachable(people: Iterable[Person]) -> list[Person]:
    """Give those who can be told of, the ones with an e-mail address first."""
    found = [person for person in people if person.is_reachable]
    return sorted(found, key=lambda person: not person.email)


def _tidy(text: str) -> str:
    return one_line(text).strip()


def _none(code: str, reason: str) -> Found:
    return Found(contact=None, code=code, reason=reason)
