"""Everything a decision about one case group on its way to Kore may look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from caseferry.model.correlation import Correlation, Role
from caseferry.model.link import Hold, Link
from caseferry.model.mapped import KoreGroup, MappedRecord
from caseferry.model.record import Key, Record, local_id
from caseferry.reconcile.merge import Way
from caseferry.reconcile.view import Barred

BLOCKED = "closed"
"""The category in which a Kore case takes no task and no edit of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KoreView:
    """One case group: the source mapped, the links, and Kore as known now.

    Attributes:
        pair: the tenant pair's mark, for correlation keys.
        open_status: the name of the status in which a case takes tasks.
        links: by source key.
        targets: Kore records by key, as listed or as the last reply showed them; what
            a create sent and its reply does not show is filled in.
        others: source records that are not carried: key to the reason's code.
        holds: by source key; only those that still stand.
        in_doubt: source keys of creates that are not settled yet.
        way: how this direction stands to the other one.
        barred: kinds of record that must not be made.
        is_cascade: the case closed only because its last activity was completed.
        is_emptied: it may have closed because what was in it was moved to another case.
        generations: by role and source key, of what is made next; 0 where not listed.
        retired: records of either side that an undo ended.
    """

    group: KoreGroup
    pair: str
    open_status: str
    links: Mapping[Key, Link] = field(default_factory=dict)
    targets: Mapping[Key, Record] = field(default_factory=dict)
    others: Mapping[Key, str] = field(default_factory=dict)
    holds: Mapping[Key, Hold] = field(default_factory=dict)
    in_doubt: frozenset[Key] = frozenset()
    way: Way = Way.ALONE
    barred: Mapping[Role, Barred] = field(default_factory=dict)
    is_cascade: bool = False
    is_emptied: bool = False
    generations: Mapping[tuple[Role, Key], int] = field(default_factory=dict)
    retired: frozenset[Key] = frozenset()

    def target(self, key: Key) -> Record | None:
        """Give the counterpart of a source record, as known now."""
        link = self.links.get(key)
        return self.targets.get(link.kore) if link else None

    def correlation(self, role: Role, key: Key) -> str:
        """Spell the correlation key of a source record."""
        link = self.links.get(key)
        generation = self.generations.get((role, key), 0)
        if link is not None:
            generation = link.generation
        source = local_id(key)
        return str(
            Correlation(pair=self.pair, role=role, source=source, generation=generation)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A source record with its counterpart."""

    role: Role
    mapped: MappedRecord
    link: Link
    target: Record
