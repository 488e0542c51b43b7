"""What Kore is asked to create."""

from dataclasses import dataclass

from caseferry.model.record import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom a Kore record is for; at least one of e-mail and phone is given.

    Attributes:
        placeholder: the mapping's stand-in for people without a contact.
    """

    name: str
    email: str = ""
    phone: str = ""
    placeholder: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDraft:
    """A Kore case to be created; status, priority and tags follow by an update.

    Attributes:
        template: a case template's id.
        name, desc: as people will read them; the marker is not in them.
        due: canonical time; Kore demands one.
        is_due_synthetic: the source has none.
        correlation: the key that the marker carries.
    """

    template: str
    name: str
    desc: str
    contact: Contact
    source: str
    due: str
    is_due_synthetic: bool
    correlation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDraft:
    """A task of an open Kore case to be created.

    Attributes:
        case: the parent.
        case_ref: the parent's `refId`, which createTask demands beside its id.
    """

    case: Key
    case_ref: str
    template: str
    name: str
    desc: str
    contact: Contact
    source: str
    correlation: str
