"""Records that carry a key of this tenant pair and have no link: they are never new.

Kore's records name their casemgr source in their marker; casemgr's records name their
Kore source in the key attribute. Either way the pair exists already, though the state
was lost, restored from an older copy, or another machine made it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from caseferry.engine.adopted import Adopted
from caseferry.engine.context import Context
from caseferry.engine.retired import (
    Found,
    judge,
    marked,
    retired_among,
    supersede,
    taken_back,
)
from caseferry.engine.to_kore.links import as_it_is
from caseferry.engine.to_kore.plans import KorePlanner
from caseferry.engine.to_kore.work import KoreWork
from caseferry.model.correlation import Correlation, Role, parse_correlation
from caseferry.model.link import Hold, HoldKind, Link, Retired
from caseferry.model.marker import own_mark
from caseferry.model.record import (
    Entity,
    Key,
    Record,
    System,
    kore_key,
    system_of,
)
from caseferry.reconcile.conflicts import KORE_ENDED

_BATCH = 200
_ROLES = {Entity.CASE: Role.CASE, Entity.TASK: Role.TASK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A casemgr record and a Kore record, one of which names the other.

    Attributes:
        source: the casemgr record's key.
        own: of the one that carries the key, as it would be kept were it taken back.
        ended: it says of itself that it was.
    """

    source: Key
    record: Record
    own: Retired
    ended: bool

    @property
    def role(self) -> Role:
        """What the two are."""
        return self.own.role

    @property
    def made_in(self) -> System:
        """Where the one stands that carries the key."""
        return system_of(self.own.target)

    @property
    def is_put_away(self) -> bool:
        """Tell whether somebody closed or deactivated the Kore record with the key."""
        if self.made_in is not System.KORE:
            return False
        has_ended = self.record.text("statusCategory") in KORE_ENDED
        return has_ended or self.record.text("isActive") == "false"


def any_marked(context: Context) -> bool:
    """Tell whether Kore shows an unlinked record that carries a marker of ours."""
    mark = context.settings.pair.mark
    for entity in Entity:
        for record in context.store.records(
            context.since_run(System.KORE), System.KORE, entity
        ):
            own = own_mark(record, mark, _ROLES[entity])
            if marked(context.store, record, own) is not None:
                return True
    return False


class KoreAdopter:
    """Restores links from the keys on both sides, as listed in this run."""

    def __init__(self, context: Context, planner: KorePlanner) -> None:
        self._context = context
        self._planner = planner
        self.correlations: set[str] = set()

    def scan(self) -> Adopted:
        """Link every pair that one of its sides names; cases before their tasks.

        Effects: writes links and holds, nothing to either system.
        """
        total = Adopted()
        for entity in Entity:
            pairs = self._unlinked(entity, total)
            while batch := list(islice(pairs, _BATCH)):
                self._adopt(batch, total)
        return total

    def scan_marked(self, since_run: int, held: Mapping[Key, Record]) -> Adopted:
        """Link the Kore records that changed since a run and carry a marker of ours.

        Args:
            since_run: what changed before was looked at.
            held: what is looked at again all the same.
        """
        total, store = Adopted(), self._context.store
        for entity in Entity:
            changed = store.changed_records(System.KORE, entity, since_run)
            new = (record for record in changed if record.key not in held)
            again = [each for each in held.values() if each.entity is entity]
            pairs = self._marked(chain(again, new), entity, total)
            while batch := list(islice(pairs, _BATCH)):
                self._adopt(batch, total)
        return total

    def _unlinked(self, entity: Entity, total: Adopted) -> Iterator[Pair]:
        yield from self._by_marker(entity, total)
        yield from self._by_attribute(entity, total)

    def _by_marker(self, entity: Entity, total: Adopted) -> Iterator[Pair]:
        store, since = self._context.store, self._context.since_run(System.KORE)
        records = store.records(since, System.KORE, entity)
        return self._marked(records, entity, total)

    def _marked(
        self, records: Iterator[Record], entity: Entity, total: Adopted
    ) -> Iterator[Pair]:
        store, role = self._context.store, _ROLES[entity]
        for record in records:
            total.records += 1
            own = own_mark(record, self._context.settings.pair.mark, role)
            if own is None:
                continue
            self.correlations.add(str(own))
            if (each := marked(store, record, own)) is not None:
                yield Pair(
                    source=each.own.source,
                    record=record,
                    own=each.own,
                    ended=each.ended,
                )

    def _by_attribute(self, entity: Entity, total: Adopted) -> Iterator[Pair]:
        store, since = self._context.store, self._context.since_run(System.KORE)
        unlinked = self._keyed(entity)
        while batch := list(islice(unlinked, _BATCH)):
            both = {r.key: kore_key(own.source) for r, own in batch}
            gone = retired_among(store, [*both, *both.values()])
            new = [
                each for each in batch if not gone & {each[0].key, both[each[0].key]}
            ]
            ended = taken_back(self._context, [record for record, _ in new])
            twins = store.records_of(since, [kore_key(own.source) for _, own in new])
            for record, own in new:
                twin = twins.get(kore_key(own.source))
                if twin is None:
                    total.strangers += 1
                    self._hold(record.key, "stranger", _STRANGER)
                    continue
                row = Retired(
                    target=record.key,
                    source=twin.key,
                    role=own.role,
                    generation=own.generation,
                )
                is_ended = record.key in ended
                yield Pair(source=record.key, record=twin, own=row, ended=is_ended)

    def _keyed(self, entity: Entity) -> Iterator[tuple[Record, Correlation]]:
        """Give the casemgr records without a link that name a Kore record."""
        settings, store = self._context.settings, self._context.store
        on_case = entity is Entity.CASE
        name = settings.case_key_field if on_case else settings.activity_key_field
        since = self._context.since_run(System.CASEMGR)
        for record in store.records(since, System.CASEMGR, entity):
            own = parse_correlation(record.text(name))
            if own is None or own.pair != settings.pair.mark:
                continue
            if own.role is _ROLES[entity] and store.link(record.key) is None:
                yield record, own

    def _adopt(self, pairs: Sequence[Pair], total: Adopted) -> None:
        store = self._context.store
        pairs = self._without_left(pairs)
        homes = {pair.source: self._case_of(pair.role, pair.source) for pair in pairs}
        cases = sorted({home for home in homes.values() if home is not None})
        works = {work.key: work for work in self._planner.load(cases)}
        with store.transaction():
            for pair in sorted(pairs, key=lambda pair: pair.own.generation):
                work, source = works.get(homes[pair.source] or Key("")), pair.source
                if work is None or source in work.others or source not in work.prints:
                    total.strangers += 1
                    continue
                link = Link(
                    role=pair.role,
                    kore=pair.record.key,
                    casemgr=source,
                    generation=pair.own.generation,
                    made_in=pair.made_in,
                )
                if _is_known(work.links.get(source), link):
                    continue  # each of the two names the other
                self._adopt_one(work, link, pair)
                total.links += 1

    def _without_left(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Leave out what a Kore record names that was made for it, and taken back.

        An edit from casemgr marks a Kore record with the key of its own counterpart;
        the other way of naming it tells what became of that.
        """
        store, own = self._context.store, self._context.settings.activity_key_field
        named = [store.record(p.source) for p in pairs if p.made_in is System.KORE]
        ours = [r for r in named if r is not None and parse_correlation(r.text(own))]
        left = taken_back(self._context, ours)
        return [p for p in pairs if p.made_in is System.CASEMGR or p.source not in left]

    def _adopt_one(self, work: KoreWork, link: Link, pair: Pair) -> None:
        store, record = self._context.store, pair.record
        known = work.links.get(link.casemgr)
        other = store.link(link.kore)
        # the link of the source, whichever side that is
        same = known if pair.made_in is System.KORE else other
        taken = other if pair.made_in is System.KORE else known
        found = judge(same, pair.own, ended=pair.ended)
        if found is Found.TWICE and pair.is_put_away:
            return
        if taken is not None or found is Found.TWICE:
            reason = f"{record.key} carries its key too, beside {known and known.kore}"
            if other is not None:
                reason = f"its twin {link.kore} is linked to {other.casemgr}"
            self._hold(link.casemgr, "twice", reason)
            return
        if found is not Found.COUNTERPART:
            store.save_retired(pair.own)
        if found is Found.PAST:
            return
        supersede(store, same, pair.made_in)
        if found is Found.ENDED:
            link = replace(link, tombstone=True)
        else:
            link = as_it_is(work, link, record)
        work.links[link.casemgr] = link
        home = record.key if link.role is Role.CASE else record.parent or record.key
        store.save_link(link, home)

    def _case_of(self, role: Role, source: Key) -> Key | None:
        if role is Role.CASE:
            return source
        record = self._context.store.record(source)
        return record.parent if record else None

    def _hold(self, key: Key, code: str, reason: str) -> None:
        hold = Hold(key=key, kind=HoldKind.SET_ASIDE, code=code, reason=reason)
        self._context.strangers[key] = hold


def _is_known(known: Link | None, link: Link) -> bool:
    return known is not None and known.kore == link.kore


_STRANGER = (
    "it carries the key of a Kore record that Kore does not show; it is not new, "
    "and gets no second counterpart"
)
