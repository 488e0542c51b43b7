"""Conflicts as a workflow: what waits for a person's decision, and the decision.

Both work on the state alone: a decision moves a base, and the next run carries it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from caseferry.engine.relink import AGAIN, home_of
from caseferry.mapping.compile import Mapper
from caseferry.model.direction import NAMES, Direction
from caseferry.model.link import Hold, HoldKind, Link
from caseferry.model.record import Entity, Key, Record, System
from caseferry.ports import Store
from caseferry.reconcile.conflicts import Conflict, Twins, open_conflicts, settled
from caseferry.reconcile.made_due import with_made_due
from caseferry.reconcile.merge import Way
from caseferry.reconcile.theirs import keep_theirs_open

RESOLVED = "resolved"
"""Code: a person decided a conflict, and the next run carries it."""
_WAYS = {
    Direction.TO_CASEMGR: (Way.ALONE, None),
    Direction.TO_KORE: (None, Way.ALONE),
    Direction.TWO_WAY: (Way.LEADS, Way.FOLLOWS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed:
    """A linked pair that is held, with the conflicts that are open in it.

    Attributes:
        holds: on either side, that say so.
        twins: None where one of the records, or its case, is not in the state.
        conflicts: may be empty: then the next run finds that it is settled.
    """

    link: Link
    holds: tuple[Hold, ...]
    twins: Twins | None
    conflicts: tuple[Conflict, ...]

    @property
    def is_listed(self) -> bool:
        """Tell whether a run found it in conflict."""
        return any(hold.kind is HoldKind.CONFLICT for hold in self.holds)


class Desk:
    """Looks pairs up in the state, as the last run left it.

    Args:
        store: the state.
        mapper: the mapping in force.
        direction: of the last run that carried something.
        now: decides which due dates can still be written.
    """

    def __init__(
        self, store: Store, mapper: Mapper, direction: Direction, now: datetime
    ) -> None:
        self._store = store
        self._mapper = mapper
        self._ways = _WAYS[direction]
        self._now = now

    def open(self) -> Iterator[Disputed]:
        """Give the pairs with open conflicts, by Kore key.

        A record that waits for something else may be in conflict besides.
        """
        looked = (HoldKind.CONFLICT, HoldKind.WAITING)
        held = (k for k, hold in self._store.holds().items() if hold.kind in looked)
        for pair in self.pairs(held):
            if pair.conflicts or pair.is_listed:
                yield pair

    def pairs(self, keys: Iterable[Key]) -> Iterator[Disputed]:
        """Give the pairs that records of either side belong to, each once, by key."""
        links = {}
        for key in keys:
            link = self._store.link(key)
            if link is not None:
                links[link.kore] = link
        for _, link in sorted(links.items()):
            yield self.look(link)

    def look(self, link: Link) -> Disputed:
        """Compare a pair as both sides were read last."""
        twins = self._twins(link)
        known = self._store.holds((link.kore, link.casemgr))
        return Disputed(
            link=link,
            holds=tuple(known.values()),
            twins=twins,
            conflicts=open_conflicts(twins) if twins is not None else (),
        )

    def _twins(self, link: Link) -> Twins | None:
        store, mapper, now = self._store, self._mapper, self._now
        kore, casemgr = _with_case(store, link.kore), _with_case(store, link.casemgr)
        if kore is None or casemgr is None:
            return None
        home = store.link(kore[0].key)
        case = kore[0] if home is None else with_made_due(kore[0], home)
        group = keep_theirs_open(mapper.map_group(case, kore[1:], now), [link])
        back = mapper.map_to_kore(casemgr[0], casemgr[1:], None, now)
        mapped = next((m for m in group.tasks if m.record.key == link.kore), group.case)
        other = next((m for m in back.tasks if m.record.key == link.casemgr), back.case)
        if (mapped.record.key, other.record.key) != (link.kore, link.casemgr):
            return None  # an activity that is no task any more
        lead, follow = self._ways
        return Twins(
            link=link,
            to_casemgr=mapped,
            to_kore=other,
            digest=mapper.digest,
            lead=lead,
            follow=follow,
            asks=group.reopened == "conflict",
            reopens="reopened" in group.opener_when,
        )


def resolve(
    store: Store,
    pair: Disputed,
    chosen: Sequence[Conflict],
    *,
    take: System,
    run: int,
) -> None:
    """Settle conflicts of a pair: the next run writes what the taken side holds.

    Effects: moves bases, in one transaction with the pair's holds: it is looked at in
    the next run, and stays listed where other conflicts are left. Two-way sync looks at
    what waits, so one of the two records does.
    """
    if pair.twins is None:
        return
    twins = pair.twins
    for conflict in chosen:
        twins = replace(twins, link=settled(twins, conflict, take))
    link = replace(twins.link, source_print="")  # so that it is planned anew
    in_conflict = {h.key for h in pair.holds if h.kind is HoldKind.CONFLICT}
    looked = [link.kore] if twins.lead else []
    looked += [link.casemgr] if twins.follow else []
    is_done = not open_conflicts(twins)
    with store.transaction():
        store.save_link(link, home_of(store, link))
        for key in in_conflict if is_done else ():
            store.delete_hold(key)
        free = [key for key in looked if is_done or key not in in_conflict]
        if free or len(looked) > 1:
            reason = f"a person took {NAMES[take]}'s side; the next run carries it"
            again = replace(AGAIN, code=RESOLVED, reason=reason)
            store.save_hold(run, replace(again, key=(free or looked)[0]))


def _with_case(store: Store, key: Key) -> tuple[Record, ...] | None:
    """Give a case, or a task's case with the task; None where one is not known."""
    record = store.record(key)
    if record is None or record.entity is Entity.CASE:
        return None if record is None else (record,)
    case = store.record(record.parent) if record.parent else None
    return None if case is None else (case, record)
