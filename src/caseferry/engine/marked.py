"""Kore records that came from casemgr themselves: they are never new there.

A Kore record that a migration the other way made names its casemgr source in its
marker. Without its link (the state was lost) it is joined with that source again; where
casemgr does not show the source, the record is set aside.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from caseferry.engine.adopt import Adopted, Adopter
from caseferry.engine.context import Context
from caseferry.engine.plans import Planner
from caseferry.model.correlation import Role
from caseferry.model.link import Hold, HoldKind, Link
from caseferry.model.marker import own_mark
from caseferry.model.record import (
    Entity,
    Key,
    Record,
    System,
    activity_key,
    case_key,
)

_BATCH = 75
_HIDDEN = (
    "it carries the key of a casemgr record that casemgr does not show; it is not new, "
    "and gets no second counterpart"
)


class MarkedAdopter:
    """Restores links from the markers in Kore, as listed in this run."""

    def __init__(self, context: Context, planner: Planner, adopter: Adopter) -> None:
        self._context = context
        self._planner = planner
        self._adopter = adopter

    def scan(self) -> Adopted:
        """Link every marked record whose source casemgr shows; cases first.

        Effects: reads casemgr by id; writes links.
        """
        total = Adopted()
        for entity in Entity:
            marked = self._marked(entity)
            while batch := list(islice(marked, _BATCH)):
                self._adopt(entity, batch, total)
        return total

    def _marked(self, entity: Entity) -> Iterator[tuple[Record, Key]]:
        store = self._context.store
        role = Role.CASE if entity is Entity.CASE else Role.TASK
        make = case_key if entity is Entity.CASE else activity_key
        for record in store.records(
            self._context.since_run(System.KORE), System.KORE, entity
        ):
            own = own_mark(record, self._context.settings.pair.mark, role)
            if own is not None and store.link(record.key) is None:
                yield record, make(own.source)

    def _adopt(
        self, entity: Entity, batch: Sequence[tuple[Record, Key]], total: Adopted
    ) -> None:
        casemgr, store = self._context.casemgr, self._context.store
        is_case = entity is Entity.CASE
        read = casemgr.get_cases if is_case else casemgr.get_activities
        shown = read([key for _, key in batch])
        homes = {r.key if is_case else r.parent for r, _ in batch}
        works = self._planner.load(sorted(home for home in homes if home))
        by_key = {work.key: work for work in works}
        for record, key in batch:
            work = by_key.get((record.key if is_case else record.parent) or Key(""))
            other = store.link(key)
            if work is None:
                continue
            if key not in shown or other is not None:
                total.strangers += 1
                self._hold(record.key, other)
                continue
            role = Role.CASE if is_case else Role.TASK
            link = Link(role=role, kore=record.key, casemgr=key, made_in=System.KORE)
            self._adopter.keep_as_it_is(work, link, shown[key])
            total.links += 1

    def _hold(self, key: Key, other: Link | None) -> None:
        reason = _HIDDEN
        if other is not None:
            reason = f"its casemgr record is linked to {other.kore} already"
        hold = Hold(
            key=key,
            kind=HoldKind.SET_ASIDE,
            code="stranger" if other is None else "twice",
            reason=reason,
        )
        self._context.strangers[key] = hold
