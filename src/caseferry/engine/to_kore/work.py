"""One casemgr case group on its way to Kore."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from caseferry.model.action import Action, GroupPlan
from caseferry.model.correlation import Role
from caseferry.model.link import Hold, Link
from caseferry.model.mapped import KoreGroup, MappedRecord
from caseferry.model.record import Key, Record, Value
from caseferry.planfile.signed import Stray
from caseferry.reconcile.merge import Way
from caseferry.reconcile.to_kore.mirror import contents
from caseferry.reconcile.to_kore.view import KoreView
from caseferry.reconcile.view import Barred, CustomerChoice

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
        aside: records that a saved plan does not let through.
        crossed: by source record, its fields that the other direction changes.
        way, barred, is_cascade, is_emptied, generations, retired: as of the view.
        goes_on: a creation in it is not finished, and goes on in this direction.
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
    aside: dict[tuple[Role, Key], Stray] = field(default_factory=dict)
    crossed: dict[Key, frozenset[str]] = field(default_factory=dict)
    way: Way = Way.ALONE
    barred: Mapping[Role, Barred] = field(default_factory=dict)
    is_cascade: bool = False
    is_emptied: bool = False
    goes_on: bool = False
    generations: Mapping[tuple[Role, Key], int] = field(default_factory=dict)
    retired: frozenset[Key] = frozenset()

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

    def link(
        self,
        role: Role,
        key: Key,
        generation: int = 0,  # noqa: ARG002 - no opener is ever made in Kore
    ) -> Link | None:
        """Find a link of this group by its source record."""
        link = self.links.get(key)
        return link if link and link.role is role else None

    @property
    def mapping(self) -> str:
        """The mapping's digest."""
        return self.group.mapping

    def name(self, key: Key) -> str:  # noqa: ARG002 - its number is in its key
        """Give the number that people see of a source record, or ""."""
        return ""

    def target(self, role: Role, key: Key, generation: int = 0) -> Record | None:
        """Find a counterpart as last read."""
        link = self.link(role, key, generation)
        return self.targets.get(link.kore) if link else None

    def source(self, role: Role, key: Key) -> MappedRecord | None:
        """Find a source record as mapped; None for one that is not carried."""
        if role is not self.role(key) or key in self.others or key not in self.prints:
            return None
        return self.mapped(key)

    def spellings(self, role: Role, key: Key) -> Mapping[str, Value | None]:
        """Give the source's own values by Kore's names of the mapped fields."""
        mapped = self.source(role, key)
        return {f.kore: f.source for f in contents(mapped)} if mapped else {}

    def has(self, key: Key) -> bool:
        """Tell whether a casemgr record is in this group now."""
        return key in self.prints

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
            way=self.way,
            barred=self.barred,
            is_cascade=self.is_cascade,
            is_emptied=self.is_emptied,
            generations=self.generations,
            retired=self.retired,
        )
