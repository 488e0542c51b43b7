"""casemgr activities and cases, customermgr customers as stored."""

from dataclasses import dataclass, field
from typing import TypeAlias

from caseferry.sandbox.shelf import Tracked

Attributes: TypeAlias = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Note:
    """A note on an activity or case; created is epoch milliseconds."""

    id: str
    content: str
    created: int
    user_id: str


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone number of a contact; kind is home, office, mobile, fax or pager."""

    id: str
    kind: str
    number: str
    country_code: str = ""
    area_code: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact of a customer; emails and social are (point id, value) pairs."""

    id: str
    first_name: str = ""
    middle_name: str = ""
    last_name: str = ""
    emails: tuple[tuple[str, str], ...] = ()
    phones: tuple[Phone, ...] = ()
    social: tuple[tuple[str, str], ...] = ()
    custom: Attributes = field(default_factory=dict)


@dataclass(slots=True, kw_only=True, eq=False)
class Versioned(Tracked):
    """What activities, cases and customers share; times are epoch milliseconds."""

    id: str
    number: int
    created: int
    modified: int
    created_by: str
    modified_by: str
    visible_at: int
    changed_at: int


@dataclass(slots=True, kw_only=True, eq=False)
class Activity(Versioned):
    """An activity; assignee is a user id, custom maps names to ordered values."""

    case_id: str
    department: str
    kind: str
    subtype: str
    customer_id: str
    subject: str
    mode: str = "inbound"
    status: str = "assigned"
    substatus: str = "in_progress"
    assignee: str | None = None
    queue: str | None = None
    priority: str = "3"
    due: int | None = None
    text: str | None = None
    html: str | None = None
    language: str = "en"
    contact_id: str | None = None
    contact_point: str | None = None
    custom: Attributes = field(default_factory=dict)
    classified: bool = False
    attachments: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.status != "completed"


@dataclass(slots=True, kw_only=True, eq=False)
class Case(Versioned):
    """A case; subject is stored without the [#id] suffix."""

    department: str
    subject: str
    customer_id: str | None
    status: str = "open"
    severity: str = "medium"
    description: str = ""
    solution: str = ""
    due: int | None = None
    owner: str | None = None
    last_closed: int | None = None
    related: tuple[str, ...] = ()
    custom: Attributes = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


@dataclass(slots=True, kw_only=True, eq=False)
class Customer(Versioned):
    """A customer; department is None when shared by all."""

    kind: str
    name: str
    contacts: tuple[Contact, ...]
    department: str | None = None
