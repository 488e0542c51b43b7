"""Everything a decision about one case group may look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from caseferry.model.action import CustomerDraft
from caseferry.model.correlation import Correlation, Role
from caseferry.model.link import Hold, Link
from caseferry.model.mapped import MappedGroup, MappedRecord
from caseferry.model.record import Key, Record, local_id
from caseferry.reconcile.merge import Way

CLOSED = "closed"
COMPLETED = "completed"
ASSIGNED = "assigned"
TAKEN_BACK = "an undo took it back; it is nobody's counterpart, and no new record"
NOT_TOLD_APART = "customer-not-told-apart"
"""Code: no contact point of a case's customer finds this customer alone."""
NOT_SHOWN_YET = "customer-not-shown"
"""Code: nothing finds a case's customer; it may have been made just now."""
STAYS_OPEN = "stays-open"
"""Says that a case holds something open which its listing does not show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Barred:
    """Why no record of a kind may be made: by the configuration, not by its contents.

    Attributes:
        code, reason: as of an action that leaves the record out of scope.
    """

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChoice:
    """What the look-ups of a case's customer came to.

    Attributes:
        draft: whom a create names; None when nobody may be named.
        outcome: matched, created, ambiguous, placeholder or "" where nobody was looked
            up because nothing is created.
        code, reason: why there is no draft.
    """

    draft: CustomerDraft | None = None
    outcome: str = ""
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class GroupView:
    """One case group: the source mapped, the links, and the target as read now.

    Attributes:
        now: canonical time of the decision, with the margin that due dates need.
        pair: the tenant pair's mark, for correlation keys.
        case_key_field, activity_key_field: where either carries its key:
            `custom.ext_key`.
        links: of the case, its tasks and its openers.
        ghosts: links of tasks that Kore does not show any more.
        targets: target records by key: the case and the activities that are linked, or
            all activities of the case when `listed` is set.
        proved_empty: two such listings, farther apart than anything stays unlisted,
            said the same.
        holds: by source key; only those that still stand.
        in_doubt: (role, source key) of creates that are not settled yet.
        prints: fingerprint per source record.
        way: how this direction stands to the other one.
        observed: `targets` holds all activities of the case as last listed, though not
            just now.
        barred: kinds of record that must not be made.
        is_cascade: the case closed only because its last activity was completed.
        generations: by role and source key, of what is made next; 0 where not listed.
        retired: records of either side that an undo ended.
        spawned: tasks that Kore's template made in a case of ours, and nobody linked.
    """

    group: MappedGroup
    now: str
    pair: str
    case_key_field: str
    customer: CustomerChoice
    links: tuple[Link, ...] = ()
    ghosts: tuple[Link, ...] = ()
    targets: Mapping[Key, Record] = field(default_factory=dict)
    listed: bool = False
    proved_empty: bool = False
    holds: Mapping[Key, Hold] = field(default_factory=dict)
    in_doubt: frozenset[tuple[Role, Key]] = frozenset()
    prints: Mapping[Key, str] = field(default_factory=dict)
    way: Way = Way.ALONE
    observed: bool = False
    barred: Mapping[Role, Barred] = field(default_factory=dict)
    is_cascade: bool = False
    activity_key_field: str = "custom.ext_key"
    generations: Mapping[tuple[Role, Key], int] = field(default_factory=dict)
    retired: frozenset[Key] = frozenset()
    spawned: frozenset[Key] = frozenset()

    def link(self, role: Role, key: Key) -> Link | None:
        """Find the link of a case or task."""
        return self._by_source.get((role, key))

    @cached_property
    def _by_source(self) -> dict[tuple[Role, Key], Link]:
        return {(link.role, link.kore): link for link in reversed(self.links)}

    @cached_property
    def openers(self) -> tuple[Link, ...]:
        """The links of the case's openers, oldest first."""
        found = (link for link in self.links if link.role is Role.OPENER)
        return tuple(sorted(found, key=lambda link: link.generation))

    @cached_property
    def case_link(self) -> Link | None:
        """The link of the case."""
        return self.link(Role.CASE, self.group.key)

    @cached_property
    def target_case(self) -> Record | None:
        """The target case as read now."""
        link = self.case_link
        return self.targets.get(link.casemgr) if link else None

    @property
    def department(self) -> str:
        """Where what is made lands: where its case lies, else where the route leads."""
        case = self.target_case
        here = case.text("department") if case is not None else ""
        return here or self.group.case.department

    @property
    def owner(self) -> str:
        """The id of the target case's customer; "" where there is none, or no case."""
        return self.target_case.text("customer") if self.target_case else ""

    def generation(self, role: Role, key: Key) -> int:
        """Give the generation of the counterpart there is, or is to be made."""
        link = self.link(role, key)
        if link is not None:
            return link.generation
        return self.generations.get((role, key), 0)

    def correlation(self, role: Role, key: Key, generation: int | None = None) -> str:
        """Spell the correlation key of a record of this group."""
        if generation is None:
            generation = self.generation(role, key)
        return str(
            Correlation(
                pair=self.pair, role=role, source=local_id(key), generation=generation
            )
        )

    @cached_property
    def has_open_ghost(self) -> bool:
        """Tell whether an activity of a task that Kore hides is still open here."""
        found = (self.targets.get(link.casemgr) for link in self.ghosts)
        return any(
            record is not None
            and record.text("status") != COMPLETED
            and not self.is_elsewhere(record)
            for record in found
        )

    def is_elsewhere(self, target: Record | None) -> bool:
        """Tell whether somebody moved an activity to another case."""
        link = self.case_link
        if link is None or target is None or target.parent is None:
            return False
        return target.parent != link.casemgr


def is_active(mapped: MappedRecord) -> bool:
    """Tell whether Kore still shows the record to its users."""
    return mapped.record.text("isActive") != "false"
