"""One case group on its way through a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from caseferry.model.action import Action, GroupPlan
from caseferry.model.correlation import Role
from caseferry.model.link import Hold, Link
from caseferry.model.mapped import MappedGroup, MappedRecord
from caseferry.model.record import Key, Record, Value
from caseferry.planfile.signed import Stray
from caseferry.reconcile.merge import Way
from caseferry.reconcile.view import Barred, CustomerChoice, GroupView

PENDING = CustomerChoice(code="customer-pending", reason="not looked up yet")


@dataclass(slots=True, kw_only=True)
class Work:
    """A case group: what was read, what is linked, and what has been done.

    Attributes:
        prints: fingerprint per source record.
        ghosts: links of tasks that the source does not show any more.
        proved_empty: nothing open can hide in the case; see `caseferry.engine.closing`.
        looked: when its listing first looked as it does now, and how.
        holds: those that still stand, and those of this run.
        known: what the state lists about each record, standing or not.
        dirty: target records to be read before the next decision.
        done: requests that were carried out, in order.
        sent: fields sent per target record in this run.
        repeats: how often each request was carried out or refused by version.
        born: source records whose counterpart this run made or adopted.
        aside: records that a saved plan does not let through.
        crossed: by source record, its fields that the other direction changes.
        way, barred, is_cascade: as of the view.
        observed: the targets hold all activities of the case as casemgr showed it last.
        generations, retired, spawned: as of the view.
    """

    group: MappedGroup
    prints: dict[Key, str]
    links: list[Link] = field(default_factory=list)
    ghosts: tuple[Link, ...] = ()
    targets: dict[Key, Record] = field(default_factory=dict)
    listed: bool = False
    proved_empty: bool = False
    looked: str = ""
    holds: dict[Key, Hold] = field(default_factory=dict)
    known: dict[Key, Hold] = field(default_factory=dict)
    in_doubt: set[tuple[Role, Key]] = field(default_factory=set)
    customer: CustomerChoice = PENDING
    plan: GroupPlan | None = None
    dirty: set[Key] = field(default_factory=set)
    done: list[Action] = field(default_factory=list)
    sent: dict[Key, set[str]] = field(default_factory=dict)
    repeats: dict[tuple[str, ...], int] = field(default_factory=dict)
    born: set[tuple[Role, Key]] = field(default_factory=set)
    single: bool = False
    aside: dict[tuple[Role, Key], Stray] = field(default_factory=dict)
    crossed: dict[Key, frozenset[str]] = field(default_factory=dict)
    way: Way = Way.ALONE
    barred: Mapping[Role, Barred] = field(default_factory=dict)
    is_cascade: bool = False
    observed: bool = False
    generations: Mapping[tuple[Role, Key], int] = field(default_factory=dict)
    retired: frozenset[Key] = frozenset()
    spawned: frozenset[Key] = frozenset()

    @property
    def key(self) -> Key:
        """The source case's key."""
        return self.group.key

    def view(
        self, *, now: str, pair: str, case_key_field: str, activity_key_field: str
    ) -> GroupView:
        """Give everything the decision may look at."""
        return GroupView(
            group=self.group,
            now=now,
            pair=pair,
            case_key_field=case_key_field,
            activity_key_field=activity_key_field,
            customer=self.customer,
            links=tuple(self.links),
            ghosts=self.ghosts,
            targets=self.targets,
            listed=self.listed,
            proved_empty=self.proved_empty,
            holds=self.holds,
            in_doubt=frozenset(self.in_doubt),
            way=self.way,
            barred=self.barred,
            is_cascade=self.is_cascade,
            observed=self.observed,
            prints=self.prints,
            generations=self.generations,
            retired=self.retired,
            spawned=self.spawned,
        )

    def mapped(self, role: Role, key: Key) -> MappedRecord:
        """Find the mapped source of a slot."""
        if role is Role.CASE:
            return self.group.case
        if role is Role.OPENER:
            return self.group.opener
        return next(m for m in self.group.tasks if m.record.key == key)

    def link(self, role: Role, key: Key, generation: int = 0) -> Link | None:
        """Find a link of this group."""
        for link in self.links:
            fits = role is not Role.OPENER or link.generation == generation
            if link.role is role and link.kore == key and fits:
                return link
        return None

    def put_link(self, link: Link) -> None:
        """Insert or replace a link."""
        self.links = [x for x in self.links if x.casemgr != link.casemgr]
        self.links.append(link)

    @property
    def case_link(self) -> Link | None:
        """The link of the case."""
        return self.link(Role.CASE, self.key)

    def sources(self) -> dict[Key, MappedRecord]:
        """Give the source records by key, the case first."""
        every = (self.group.case, *self.group.tasks)
        return {mapped.record.key: mapped for mapped in every}

    @property
    def mapping(self) -> str:
        """The mapping's digest."""
        return self.group.mapping

    def name(self, key: Key) -> str:
        """Give the number that people see of a source record, or ""."""
        found = self.sources().get(key)
        return found.record.text("refId") if found else ""

    def target(self, role: Role, key: Key, generation: int = 0) -> Record | None:
        """Find a counterpart as last read."""
        link = self.link(role, key, generation)
        return self.targets.get(link.casemgr) if link else None

    def source(self, role: Role, key: Key) -> MappedRecord | None:
        """Find a source record as mapped; None for one that is not carried."""
        return self.mapped(role, key) if key in self.prints else None

    def spellings(self, role: Role, key: Key) -> Mapping[str, Value | None]:
        """Give the source's own values by casemgr's names of the mapped fields."""
        return {f.casemgr: f.source for f in self.mapped(role, key).fields}
