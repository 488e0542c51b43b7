"""A casemgr customer, as far as a Kore record needs it."""

from dataclasses import dataclass

Point = tuple[str, str]
"""What a customer can be looked up by: `office.phone`, and its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerContact:
    """One person of a customer.

    Attributes:
        name: first and last name; may be "".
        emails, phones: as the system has them, in its order; a phone's parts joined.
        points: each of them as a create can name it, in every spelling.
    """

    name: str
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer with its contacts; an individual has exactly one."""

    id: str
    name: str
    contacts: tuple[CustomerContact, ...] = ()
