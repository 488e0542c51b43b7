"""Records that carry a key of this tenant pair and have no link: they are never new.

Kore's records name their casemgr source in their marker; casemgr's records name their
Kore source in the key attribute. Either way the pair exists already, though the state
was lost, restored from an older copy, or another machine made it.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from caseferry.engine.adopt import Adopted
from caseferry.engine.context import Context
from caseferry.engine.to_kore.links import as_it_is
from caseferry.engine.to_kore.plans import KorePlanner
from caseferry.engine.to_kore.work import KoreWork
from caseferry.model.correlation import Role, parse_correlation
from caseferry.model.link import Hold, HoldKind, Link
from caseferry.model.marker import marks_of, own_mark
from caseferry.model.record import (
    Entity,
    Key,
    Record,
    System,
    activity_key,
    case_key,
    kore_key,
)

_BATCH = 200
_ROLES = {Entity.CASE: Role.CASE, Entity.TASK: Role.TASK}
Pair = tuple[Role, Key, Record]
"""Role, the casemgr record's key, and the Kore record."""


def any_marked(context: Context) -> bool:
    """Tell whether Kore shows an unlinked record that carries a marker of ours."""
    mark = context.settings.pair.mark
    for entity in Entity:
        for record in context.store.records(
            context.since_run(System.KORE), System.KORE, entity
        ):
            own = own_mark(record, mark, _ROLES[entity])
            if own is not None and context.store.link(record.key) is None:
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

    def scan_marked(self, since_run: int) -> Adopted:
        """Link the Kore records that changed since a run and carry a marker of ours."""
        total, store = Adopted(), self._context.store
        for entity in Entity:
            records = store.changed_records(System.KORE, entity, since_run)
            pairs = self._marked(records, entity, total)
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
            if store.link(record.key) is None:
                make = case_key if entity is Entity.CASE else activity_key
                yield role, make(own.source), record

    def _by_attribute(self, entity: Entity, total: Adopted) -> Iterator[Pair]:
        settings, store = self._context.settings, self._context.store
        kore, casemgr = map(self._context.since_run, (System.KORE, System.CASEMGR))
        on_case = entity is Entity.CASE
        name = settings.case_key_field if on_case else settings.activity_key_field
        for record in store.records(casemgr, System.CASEMGR, entity):
            own = parse_correlation(record.text(name))
            if own is None or own.pair != settings.pair.mark:
                continue
            if own.role is not _ROLES[entity] or record.key in store.links_to(
                [record.key]
            ):
                continue
            key = kore_key(own.source)
            twin = store.records_of(kore, [key]).get(key)
            if twin is None:
                total.strangers += 1
                self._hold(record.key, "stranger", _STRANGER)
            else:
                yield own.role, record.key, twin

    def _adopt(self, pairs: Sequence[Pair], total: Adopted) -> None:
        store = self._context.store
        homes = {source: self._case_of(role, source) for role, source, _ in pairs}
        cases = sorted({home for home in homes.values() if home is not None})
        works = {work.key: work for work in self._planner.load(cases)}
        with store.transaction():
            for role, source, record in pairs:
                work = works.get(homes[source] or Key(""))
                if work is None or source in work.others or source not in work.prints:
                    total.strangers += 1
                    continue
                made_in = System.KORE if marks_of(record) else System.CASEMGR
                link = Link(role=role, kore=record.key, casemgr=source, made_in=made_in)
                if _is_known(work.links.get(source), link):
                    continue  # each of the two names the other
                self._adopt_one(work, link, record)
                total.links += 1

    def _adopt_one(self, work: KoreWork, link: Link, record: Record) -> None:
        known = work.links.get(link.casemgr)
        if known is not None:
            reason = f"{record.key} carries its key too, beside {known.kore}"
            self._hold(link.casemgr, "twice", reason)
            return
        other = self._context.store.link(link.kore)
        if other is not None:
            reason = f"its twin {link.kore} is linked to {other.casemgr}"
            self._hold(link.casemgr, "twice", reason)
            return
        link = as_it_is(work, link, record)
        work.links[link.casemgr] = link
        home = record.key if link.role is Role.CASE else record.parent or record.key
        self._context.store.save_link(link, home)

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
