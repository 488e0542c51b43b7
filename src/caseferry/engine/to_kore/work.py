"""One casemgr case group on its way to Kore."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from caseferry.model.action import Action, GroupPlan
from caseferry.model.correlation import Role
from caseferry.model.link import Hold, Link
from caseferry.model.mapped import KoreGroup, MappedRecord
from caseferry.model.record import Key, Record
from caseferry.reconcile.to_kore.view import KoreView
from caseferry.reconcile.view import CustomerChoice

REPLY = "marker.reply"
"""A field of a record that only the reply to its create has shown so far."""


@dataclass(slots=True, kw_only=True)
class KoreWork:
    """A case group: what was read, what is linked, and what has been done.

    Attributes:
        prints: fingerprint per source record, those that are not carried included.
        others: source records that are not carried: key to the reason's code.
        links: by source key.
        targets: Kore records by key.
        spawned: tasks in the Kore case that nobody linked.
        holds: those that still stand, and those of this run.
        known: what the state lists about each record, standing or not.
        in_doubt: source keys of creates that are not settled.
        done: requests that were carried out, in order.
        sent: Kore's names of the fields sent per Kore record in this run.
        repeats: how often each request was carried out, or its reply lost.
        born: source records whose counterpart this run made or adopted.
    """

    group: KoreGroup
    prints: dict[Key, str]
    others: dict[Key, str] = field(default_factory=dict)
    links: dict[Key, Link] = field(default_factory=dict)
    targets: dict[Key, Record] = field(default_factory=dict)
    spawned: tuple[Record, ...] = ()
    holds: dict[Key, Hold] = field(default_factory=dict)
    known: dict[Key, Hold] = field(default_factory=dict)
    in_doubt: set[Key] = field(default_factory=set)
    plan: GroupPlan | None = None
    done: list[Action] = field(default_factory=list)
    sent: dict[Key, set[str]] = field(default_factory=dict)
    repeats: dict[tuple[str, ...], int] = field(default_factory=dict)
    born: set[tuple[Role, Key]] = field(default_factory=set)

    @property
    def key(self) -> Key:
        """The source case's key."""
        return self.group.key

    @property
    def unconfirmed(self) -> frozenset[Key]:
        """The Kore records that are known only from the reply to their create."""
        return frozenset(k for k, r in self.targets.items() if REPLY in r.fields)

    @property
    def customer(self) -> CustomerChoice:
        """How the customer came out, for the count of them."""
        contact = self.group.contact
        if contact is None:
            return CustomerChoice(outcome="ambiguous", code=self.group.code)
        return CustomerChoice(
            outcome="placeholder" if contact.placeholder else "matched"
        )

    @property
    def case_link(self) -> Link | None:
        """The link of the case."""
        return self.links.get(self.key)

    def link(self, role: Role, key: Key, generation: int = 0) -> Link | None:
        """Find a link of this group by its source record."""
        link = self.links.get(key)
        return (
            link
            if link and (link.role, link.generation) == (role, generation)
            else None
        )

    def mapped(self, key: Key) -> MappedRecord:
        """Find a source record as mapped."""
        return next(m for m in self.records() if m.record.key == key)

    def records(self) -> Iterable[MappedRecord]:
        """Give the case and its tasks as mapped."""
        return (self.group.case, *self.group.tasks)

    def role(self, key: Key) -> Role:
        """Tell whether a source record is the case or a task."""
        return Role.CASE if key == self.key else Role.TASK

    def view(self, *, pair: str, open_status: str) -> KoreView:
        """Give everything the decision may look at."""
        return KoreView(
            group=self.group,
            pair=pair,
            open_status=open_status,
            links=self.links,
            targets=self.targets,
            others=self.others,
            holds=self.holds,
            in_doubt=frozenset(self.in_doubt),
        )
