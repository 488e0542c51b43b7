"""A case group as the mapping sees it: what each target field should hold, and why.

The same values serve both directions: towards casemgr the source is Kore, towards Kore
it is casemgr.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from caseferry.errors import Problem
from caseferry.model.action import Loss
from caseferry.model.kore_draft import Contact
from caseferry.model.record import Key, Record, Value

Owner = Literal["kore", "casemgr", "ask"]
CascadeClose = Literal["propagate", "reopen", "report"]
WriteOnce = Literal["note", "report", "conflict"]

WRITE_ONCE = frozenset({"subject", "content.text"})
"""Activity fields that casemgr takes on creation only, and nobody changes later."""

ENDS_WITH_CASE = "task-open-in-closed-case"
"""The loss rule of an open task that is completed because its case is finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedField:
    """One target field and what it should hold.

    Attributes:
        kore: the Kore field's name.
        casemgr: the casemgr field's name: `subject`, `severity`, `custom.region` …;
            also the name of the pair of fields in the bases of a link.
        source: the source's canonical value; None is absent.
        value: what to write; None means there is nothing that could be written.
        also: other target values that mean the same and are left alone.
        owner: who wins when both sides changed.
        write_once: what happens to a later change of a field that the target cannot
            edit after creation; None for a field that can be edited.
        is_copy: repeats, for people, what another field carries or what never changes.
            Where a finished target cannot take a change of it, nothing of the record is
            lost.
    """

    kore: str
    casemgr: str
    source: Value | None
    value: Value | None
    also: tuple[Value, ...] = ()
    owner: Owner = "ask"
    write_once: WriteOnce | None = None
    is_copy: bool = False

    def is_met_by(self, current: Value | None) -> bool:
        """Tell whether the target's present value already means the wanted one."""
        return current == self.value or (current is not None and current in self.also)


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """Where a record lands in casemgr, and whose it is there."""

    department: str
    subtype: str
    assignee: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedRecord:
    """One source record with everything that its counterpart should hold.

    Attributes:
        record: the source.
        fields: one entry per target field, in the mapping's order.
        finished: the counterpart should be completed or closed; None: the status is
            unknown, which quarantines the record.
        ends_with_case: only because its case is finished; it is open by itself.
        losses: what this mapping of it cannot carry.
        problems: values that no row names and the mapping says to quarantine.
        department, subtype, assignee: where it lands in casemgr.
        elsewhere: where it lands in a case that lies in another department: one landing
            for each that a fitting route leads to.
        status: towards Kore: the status name that says so.
        categories: towards Kore: the folded status categories that say so already.
    """

    record: Record
    fields: tuple[MappedField, ...]
    finished: bool | None
    ends_with_case: bool = False
    losses: tuple[Loss, ...] = ()
    problems: tuple[Problem, ...] = ()
    department: str = ""
    subtype: str = ""
    assignee: str = ""
    elsewhere: tuple[Landing, ...] = ()
    status: str = ""
    categories: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAttempt:
    """One look-up on the way to exactly one customer.

    Attributes:
        attribute: `email.emailAddress`, `mobile.phone` …
        spellings: the values to try, in order: e-mail in lower case; a phone number in
            E.164, national and as it stands.
    """

    attribute: str
    spellings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerWish:
    """How the mapping wants a case's customer to be found, or made.

    Attributes:
        attempts: in this order, until exactly one customer is found; empty when the
            record names no contact at all.
        none_found: what then; `placeholder` falls back to `placeholder` below.
        no_contact: what happens to a record without any contact.
        placeholder: an e-mail address, or "".
        first_name, last_name, email, phone: of a customer to be created.
    """

    attempts: tuple[CustomerAttempt, ...]
    none_found: Literal["create", "placeholder", "quarantine"]
    no_contact: Literal["placeholder", "quarantine"]
    placeholder: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedGroup:
    """A case with its tasks, mapped.

    Attributes:
        opener: the activity that carries the case when no linked open task does.
        opener_when: of `no-tasks`, `all-tasks-completed`, `reopened`.
        reopened: what happens when casemgr closed the case and Kore has it open.
        cascade_close: likewise, where it only closed with its last activity.
        stays_behind: what is not carried, with how often: `kore.attachments` -> 3.
        mapping: the mapping's digest.
    """

    case: MappedRecord
    tasks: tuple[MappedRecord, ...]
    opener: MappedRecord
    opener_when: frozenset[str]
    reopened: Literal["opener", "report", "conflict"]
    customer: CustomerWish
    cascade_close: CascadeClose = "report"
    stays_behind: Mapping[str, int] = field(default_factory=dict)
    mapping: str = ""

    @property
    def key(self) -> Key:
        """The source case's key."""
        return self.case.record.key


@dataclass(frozen=True, slots=True, kw_only=True)
class KoreGroup:
    """A casemgr case with its task activities, mapped towards Kore.

    Attributes:
        tasks: of its activities only the tasks; our openers are left out.
        contact: whom the case is for; None when nobody may be named.
        code, reason: why there is no contact.
        due: the due date that createCase gets; synthetic where the case has none.
        is_due_synthetic: the case has none.
        case_template, task_template, channel: what the creates name; `channel` is
            Kore's `source`.
        spawned: what happens to tasks that the template makes by itself.
        cascade_close: what happens to the Kore case when the casemgr case only closed
            with its last activity.
        stays_behind: what is not carried, with how often:
            `casemgr.activity.email` -> 3.
        mapping: the mapping's digest.
    """

    case: MappedRecord
    tasks: tuple[MappedRecord, ...]
    contact: Contact | None
    code: str = ""
    reason: str = ""
    due: str = ""
    is_due_synthetic: bool = False
    case_template: str = ""
    task_template: str = ""
    channel: str = ""
    spawned: Literal["report", "adopt"] = "report"
    cascade_close: CascadeClose = "report"
    stays_behind: Mapping[str, int] = field(default_factory=dict)
    mapping: str = ""

    @property
    def key(self) -> Key:
        """The source case's key."""
        return self.case.record.key
