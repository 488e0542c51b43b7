"""Kore records that came from casemgr themselves: they are never new there.

A Kore record that a migration the other way made names its casemgr source in its
marker. Without its link (the state was lost) it is joined with that source again; where
casemgr does not show the source, the record is set aside.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from caseferry.engine.adopt import Adopter
from caseferry.engine.adopted import Adopted
from caseferry.engine.context import Context
from caseferry.engine.keeper import Keeper
from caseferry.engine.plans import Planner
from caseferry.engine.retired import Found, Marked, judge, marked, supersede
from caseferry.engine.work import Work
from caseferry.model.correlation import Role
from caseferry.model.link import Hold, HoldKind, Link
from caseferry.model.marker import own_mark
from caseferry.model.record import (
    Entity,
    Key,
    Record,
    System,
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
        self._keeper = Keeper(context, planner)

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

    def _marked(self, entity: Entity) -> Iterator[Marked]:
        store, mark = self._context.store, self._context.settings.pair.mark
        role = Role.CASE if entity is Entity.CASE else Role.TASK
        for record in store.records(
            self._context.since_run(System.KORE), System.KORE, entity
        ):
            found = marked(store, record, own_mark(record, mark, role))
            if found is not None:
                yield found

    def _adopt(self, entity: Entity, batch: Sequence[Marked], total: Adopted) -> None:
        casemgr = self._context.casemgr
        is_case = entity is Entity.CASE
        read = casemgr.get_cases if is_case else casemgr.get_activities
        shown = read(sorted({each.own.source for each in batch}))
        homes = {each.record.parent or each.record.key for each in batch}
        works = self._planner.load(sorted(homes))
        by_key = {work.key: work for work in works}
        for each in sorted(batch, key=lambda each: each.own.generation):
            work = by_key.get(each.record.parent or each.record.key)
            if work is not None:
                self._adopt_one(work, each, shown.get(each.own.source), total)

    def _adopt_one(
        self, work: Work, each: Marked, source: Record | None, total: Adopted
    ) -> None:
        store, own = self._context.store, each.own
        other = store.link(own.source)
        found = judge(other, own, ended=each.ended)
        if source is None or found is Found.TWICE:
            total.strangers += 1
            self._hold(own.target, other)
            return
        if found is not Found.COUNTERPART:
            store.save_retired(own)
        if found is Found.PAST:
            return
        supersede(store, other, System.KORE)
        link = Link(
            role=own.role,
            kore=own.target,
            casemgr=own.source,
            generation=own.generation,
            made_in=System.KORE,
        )
        if found is Found.ENDED:
            self._keeper.keep(work, replace(link, tombstone=True))
        else:
            self._keeper.keep_as_it_is(work, link, source)
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
