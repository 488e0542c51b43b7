"""The ports: what the engine needs from the world, and nothing more.

Words used here:

- *record*: one case or task in canonical form (`caseferry.model.record`).
- *page*: some records of a listing; records may repeat from page to page.
- *look-up*: an exact search for a correlation key.
- *in doubt*: a write whose outcome is unknown; the port raises `InDoubt`, and never
  sends a write twice that may have been executed.

Errors of every method of the two systems:

- `Unreachable`, `RateLimited`, `AuthFailed`, `Forbidden`: nothing was executed. A
  `Forbidden` whose scope is the record means only this record.
- `Refused`, `NotFound`, `VersionMismatch`: nothing was executed; only this record.
- `InDoubt`: the reply to a write was lost or made no sense.
- For reads: `Unreachable` when the reply was lost, `Unexpected` when it made no sense.
- `Interrupted`: the run was asked to stop while a request waited; it was not sent.

Reads are retried inside; writes only where it is certain that nothing was executed. All
methods may be called from several threads at once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from caseferry.model.action import ActivityDraft
from caseferry.model.correlation import Role, TenantPair
from caseferry.model.customer import Customer
from caseferry.model.kore_draft import CaseDraft, TaskDraft
from caseferry.model.link import Entry, Hold, Intent, IntentState, Link, Retired
from caseferry.model.record import Entity, Key, Record, System, Value
from caseferry.ports.reading import CasemgrChanges, KoreChanges, Page

BULK = 75
"""Records that casemgr takes in one request: to read by id, or to complete."""


class Clock(Protocol):
    """Time, as the engine sees it."""

    def now(self) -> datetime:
        """Give the wall clock in UTC: for people and due dates, never to order."""

    def monotonic(self) -> float:
        """Give seconds that only ever grow; bounds are measured with it."""

    def sleep(self, seconds: float) -> None:
        """Wait; returns early when the run is asked to stop."""


class KoreSystem(KoreChanges, Protocol):
    """The Kore case management API."""

    def pages(self, entity: Entity) -> Iterator[Page]:
        """Read all records of an entity, each at least once, in no promised order.

        A page repeats no record that an earlier page held, unless it changed meanwhile.
        The last page has `last` set only when the listing is complete and did not move
        while it was read. Lazy, single pass, reads only.

        Raises:
            Unexpected: pages repeat, or the listing would never end.
        """

    def search(self, entity: Entity, text: str) -> tuple[Record, ...] | None:
        """Give the records whose name holds a text; None when there are too many.

        Sends as few requests as the answer has pages, at most two. What the server
        understands by its search is its own affair: the caller compares.

        Raises:
            Refused: the tenant does not take a search.
        """

    def newest(self, entity: Entity, since: str) -> tuple[Record, ...] | None:
        """Read the records created at or after a time, newest first.

        None where this tenant is not proved to sort so, or too many came.
        """

    def knows(self, kind: Literal["status", "priority", "field"], name: str) -> bool:
        """Tell whether the id behind a name was seen in a record, or configured."""

    def server_time(self) -> datetime | None:
        """Give the newest `Date` a reply carried; None before the first reply."""

    def create_case(self, draft: CaseDraft) -> Record | None:
        """Create a case; gives the record as the reply shows it.

        Not idempotent. None when the reply does not tell the id: then it was created
        and has to be found. The reply may lack the description and the marker.

        Raises:
            InDoubt: it may have been created, or may still be.
        """

    def create_task(self, draft: TaskDraft) -> Record | None:
        """Create a task of an open case, as `create_case`."""

    def update(
        self, record: Record, fields: Mapping[str, Value], correlation: str
    ) -> Record:
        """Set fields of a case or task; gives the record as the reply shows it.

        Args:
            record: as read last: what is written as a whole (`tags`, custom fields,
                the text that carries the marker) keeps what is not named.
            fields: of `name desc dueDate status priority tags isActive field.<label>`;
                status and priority by name; "" empties a field.
            correlation: our key; the marker is kept, and a tag carries it from now on.

        Raises:
            Refused: also for a name whose id is not known (`unknown-id`).
            InDoubt: the reply was lost; a repeat gives the same record.
        """


class CasemgrSystem(CasemgrChanges, Protocol):
    """The casemgr and customermgr APIs."""

    def activities(
        self, department: str, created_from: str | None = None
    ) -> Iterator[Page]:
        """Read all activities of a department, of every type, with all attributes.

        Args:
            department: its name.
            created_from: only those created at or after this time; where the tenant
                refuses a date filter all are read.
        """

    def cases(self, department: str) -> Iterator[Page]:
        """Read all cases of a department, open and closed, with all attributes."""

    def get_activities(self, keys: Sequence[Key]) -> dict[Key, Record]:
        """Read activities by id, any number; those not visible are left out.

        Sends one request per 75 ids.
        """

    def get_cases(self, keys: Sequence[Key]) -> dict[Key, Record]:
        """Read cases by id, any number; those not visible are left out."""

    def activities_of(self, case: Key, department: str) -> tuple[Record, ...]:
        """Read all activities of one case, of every type."""

    def find_activities(self, correlation: str, department: str) -> tuple[Record, ...]:
        """Look a correlation key up; only records that really carry it are given.

        Raises:
            Refused: the tenant cannot search by this attribute.
        """

    def find_customers(
        self, attribute: str, value: str, department: str
    ) -> tuple[str, ...]:
        """Give the ids of the customers that carry exactly this contact attribute.

        E-mail is compared without regard to case, all else exactly.
        """

    def get_customers(self, ids: Sequence[str]) -> dict[str, Customer]:
        """Read customers by id, any number, 75 a request; unknown ones are left out."""

    def notes(self, key: Key) -> tuple[str, ...]:
        """Read the texts of the notes on an activity."""

    def server_time(self) -> datetime | None:
        """Give the newest `Date` a reply carried; None before the first reply."""

    def create_activity(self, draft: ActivityDraft) -> Key | None:
        """Create a task activity, and with it a case unless the draft names one.

        Not idempotent. None when the reply does not tell the id: then it was created
        and has to be looked up.

        Raises:
            InDoubt: it may have been created, or may still be.
        """

    def actor_of(self, activity: Record) -> str:
        """Tell in whose name an activity is edited and completed; "" is our own.

        The answer is what `edit_activity` and `complete_activities` take.
        """

    def edit_activity(
        self, key: Key, version: str, fields: Mapping[str, Value], *, actor: str = ""
    ) -> None:
        """Set `priority`, `dueDate` and `custom.*` of an assigned activity."""

    def edit_case(self, key: Key, version: str, fields: Mapping[str, Value]) -> None:
        """Set fields of an open case; a `dueDate` that is left out is removed."""

    def complete_activities(
        self, versions: Mapping[Key, str], *, actor: str = ""
    ) -> None:
        """Complete up to 75 assigned activities; a case without open ones is closed.

        All of them have the same actor.
        """

    def close_case(self, key: Key) -> None:
        """Close an open case; its open activities are completed first, whosever."""

    def add_note(self, key: Key, text: str) -> None:
        """Append a note to an activity; not idempotent."""


class Reporter(Protocol):
    """Where a run tells how far it is; never record contents."""

    def progress(self, phase: str, done: int, total: int | None) -> None:
        """Tell how far a phase is, in records."""

    def waiting(self, reason: str, seconds: float) -> None:
        """Tell that the run waits, for what, and how long at most."""

    def event(self, name: str, **fields: str | float) -> None:
        """Log one event: a dotted name with ids, counts and codes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFound:
    """The remembered answer of one customer look-up."""

    attribute: str
    value: str
    customers: tuple[str, ...]


class Store(Protocol):
    """The state of one tenant pair; used by one thread.

    Writes outside `transaction` are transactions of their own, durable on return.
    """

    def transaction(self) -> AbstractContextManager[None]:
        """Group writes into one durable commit; an exception undoes all of them."""

    # identity -----------------------------------------------------------------
    def bind(self, pair: TenantPair) -> None:
        """Record the tenant pair at first use.

        Raises:
            StateError: the state belongs to another pair.
        """

    # runs ---------------------------------------------------------------------
    def begin_run(self, command: str, at: str, inputs: Mapping[str, str]) -> int:
        """Record a run that starts; gives its number, from 1."""

    def end_run(
        self, run: int, at: str, *, exit_code: int, summary: Mapping[str, object]
    ) -> None:
        """Record how a run ended."""

    # observations -------------------------------------------------------------
    def save_records(
        self,
        run: int,
        system: System,
        records: Iterable[Record],
        *,
        settled_before: str = "",
    ) -> int:
        """Keep records as seen in this run; gives how many were new or had changed.

        Of one that `is_outdated` only that it was seen is kept.
        """

    def count_records(self, run: int, system: System, entity: Entity) -> int:
        """Count the records seen in this run or later.

        "Or later" is the same here and below: who reads only what changed passes the
        run in which the last complete listing began.
        """

    def case_keys(
        self, run: int, *, only: Sequence[Key] = (), system: System = System.KORE
    ) -> Iterator[Key]:
        """Give the cases seen since this run: open first, then closed, newest first.

        Stays valid while other methods are used, writes included.
        """

    def changed_cases(self, system: System, since_run: int) -> Iterator[Key]:
        """Give the cases that changed since this run, or a task of theirs did.

        A change is new contents or a new parent, or being seen for the first time; a
        new version alone is none. Order and validity as of `case_keys`. What an
        earlier version of caseferry read counts as changed in run 0.
        """

    def changed_records(
        self, system: System, entity: Entity, since_run: int
    ) -> Iterator[Record]:
        """Give the records of a system that changed since this run, by key."""

    def groups(
        self, run: int, cases: Sequence[Key]
    ) -> list[tuple[Record, tuple[Record, ...]]]:
        """Give cases with their tasks, seen since this run; tasks by creation time."""

    def orphan_tasks(self, run: int, system: System = System.KORE) -> Iterator[Record]:
        """Give tasks seen since this run whose case was not."""

    def records(self, run: int, system: System, entity: Entity) -> Iterator[Record]:
        """Give all records of a system seen since this run, by key."""

    def record(self, key: Key) -> Record | None:
        """Give a record as last seen."""

    def records_of(self, run: int, keys: Sequence[Key]) -> dict[Key, Record]:
        """Give those of the records that were seen since this run, by key."""

    def stale(self, system: System, entity: Entity, since_run: int) -> Iterator[Key]:
        """Give the records last seen before this run, by key.

        After a complete listing that began in this run they are "not seen".
        """

    def open_keys(
        self, system: System, entity: Entity, since_run: int
    ) -> Iterator[Key]:
        """Give the unfinished records seen since this run, by key."""

    # links --------------------------------------------------------------------
    def links_of(self, cases: Sequence[Key]) -> dict[Key, list[Link]]:
        """Give the links of Kore cases, of their tasks as last seen, and openers.

        Shape: by the case's key; a case without links is left out.
        """

    def links_to(self, keys: Sequence[Key]) -> dict[Key, Link]:
        """Give links by their casemgr key, of any role."""

    def link(self, key: Key) -> Link | None:
        """Find a link by either side's key; an opener only by its casemgr key."""

    def touched_cases(self, since_run: int) -> list[Key]:
        """Give the Kore cases with a counterpart that changed since this run."""

    def count_links(self) -> int:
        """Count the links of cases and tasks; openers and tombstones are none."""

    def links(self) -> Iterator[Link]:
        """Give all links, by Kore key, role and generation."""

    def unfinished_cases(self) -> list[Key]:
        """Give the Kore cases that have a link whose creation is not finished."""

    def save_link(self, link: Link, case: Key) -> None:
        """Insert or replace a link of this Kore case.

        Raises:
            InvariantBroken: the casemgr record is linked to another Kore record.
        """

    def delete_link(self, casemgr: Key) -> None:
        """Forget a link."""

    def retired(self, keys: Sequence[Key]) -> list[Retired]:
        """Give what was taken back of these targets or sources, by target."""

    def save_retired(self, retired: Retired) -> None:
        """Remember that a record was taken back; a second time changes nothing."""

    def delete_retired(self, target: Key) -> None:
        """Take it for a counterpart again; fine when it was never taken back."""

    # the journal --------------------------------------------------------------
    def save_intents(self, run: int, intents: Sequence[Intent]) -> list[Intent]:
        """Make intents durable and number them."""

    def settle_intent(
        self,
        number: int,
        state: IntentState,
        *,
        casemgr: Key | None = None,
        detail: str = "",
    ) -> None:
        """Record what became of an intent."""

    def open_intents(self) -> list[Intent]:
        """Give the intents in state open or in doubt, oldest first, without images."""

    def completed(self, keys: Sequence[Key]) -> set[Key]:
        """Give those of some activities that we completed, or may have."""

    def entries(self, run: int) -> list[Entry]:
        """Give what a run wrote, oldest first, with the images that are still kept."""

    def journal(self, key: Key | None, run: int | None) -> Iterator[Mapping[str, str]]:
        """Give journal entries for a person: at, run, kind, keys, state, detail."""

    # holds --------------------------------------------------------------------
    def save_hold(self, run: int, hold: Hold) -> None:
        """Insert or replace the hold on a record."""

    def delete_hold(self, key: Key) -> None:
        """Lift a hold; fine when there is none."""

    def holds(self, keys: Sequence[Key] | None = None) -> dict[Key, Hold]:
        """Give the holds on these records, or all, by key."""

    # facts --------------------------------------------------------------------
    def get_fact(self, name: str) -> str | None:
        """Give a remembered fact about the tenant or this state."""

    def set_fact(self, name: str, value: str) -> None:
        """Remember a fact, such as `proof.create@Service`."""

    def facts(self, prefix: str) -> dict[str, str]:
        """Give all facts whose name begins so."""

    def customers(self, wanted: Sequence[tuple[str, str]]) -> list[CustomerFound]:
        """Give remembered look-ups for (attribute, value) pairs."""

    def save_customers(self, found: Sequence[CustomerFound]) -> None:
        """Remember look-ups that found somebody; empty answers are not kept."""


__all__ = [
    "BULK",
    "CasemgrSystem",
    "Clock",
    "CustomerFound",
    "KoreSystem",
    "Page",
    "Reporter",
    "Role",
    "Store",
]
