"""Planning groups on their way to Kore: load, read the customers, decide."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from caseferry.engine.context import Context
from caseferry.engine.gate import hold_back
from caseferry.engine.plans import stands
from caseferry.engine.sync.rules import follow
from caseferry.engine.to_kore.work import KoreWork
from caseferry.model.action import GroupPlan
from caseferry.model.correlation import Role, parse_correlation
from caseferry.model.link import Intent, Link, WriteKind
from caseferry.model.mapped import KoreGroup
from caseferry.model.record import (
    Entity,
    Key,
    Record,
    System,
    record_fingerprint,
    system_of,
)
from caseferry.reconcile.merge import Way
from caseferry.reconcile.to_kore.planner import plan_to_kore

if TYPE_CHECKING:
    from caseferry.model.customer import Customer

_REMEMBERED = 20_000
"""Customers that are kept in memory, to be asked for once."""


class KorePlanner:
    """Loads case groups from the state and plans them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._customers: dict[str, Customer | None] = {}
        status = context.mapper.status_name(Entity.CASE, "open")
        self._open_status = status or ""

    def load(self, cases: Sequence[Key]) -> list[KoreWork]:
        """Load case groups with their links, Kore's records, and writes in doubt.

        Effects: reads the customers of what is to be created.
        """
        store = self._context.store
        since = self._context.since_run(System.KORE)
        groups = store.groups(self._context.since_run(System.CASEMGR), cases)
        keys = [record.key for case, tasks in groups for record in (case, *tasks)]
        links = store.links_to(keys)
        in_kore = store.groups(
            since, [x.kore for x in links.values() if x.role is Role.CASE]
        )
        inside = {case.key: tasks for case, tasks in in_kore}
        targets = {r.key: r for case, tasks in in_kore for r in (case, *tasks)}
        strays = [x.kore for x in links.values() if x.kore not in targets]
        targets |= store.records_of(since, strays)
        self._read_customers(groups, links)
        holds = store.holds(keys)
        doubts = _doubts(store.open_intents())
        works = []
        for case, activities in groups:
            group = self._map(case, activities)
            own = {k: links[k] for k in _keys(case, activities) if k in links}
            home = own.get(case.key)
            tasks = inside.get(home.kore, ()) if home else ()
            prints = {r.key: record_fingerprint(r) for r in (case, *activities)}
            work = KoreWork(
                group=group,
                prints=prints,
                others=_others(group, activities),
                links=own,
                targets={
                    x.kore: targets[x.kore] for x in own.values() if x.kore in targets
                },
                spawned=tuple(t for t in tasks if store.link(t.key) is None),
                holds={
                    key: holds[key]
                    for key in prints
                    if key in holds and stands(holds[key], prints[key], group.mapping)
                }
                | {k: h for k, h in self._context.strangers.items() if k in prints},
                known={key: holds[key] for key in prints if key in holds},
                in_doubt=doubts & prints.keys(),
            )
            follow(self._context, work, activities)
            if work.way is not Way.ALONE and home is not None and home.finished:
                work.spawned = ()  # whatever is new in Kore is carried to casemgr
            works.append(work)
        return works

    def decide(self, works: Iterable[KoreWork]) -> None:
        """Plan each group on what is known of it."""
        pair = self._context.settings.pair.mark
        for work in works:

            def plan(work: KoreWork = work) -> GroupPlan:
                return plan_to_kore(work.view(pair=pair, open_status=self._open_status))

            work.plan = hold_back(self._context.gate, work, plan)

    def _map(self, case: Record, activities: tuple[Record, ...]) -> KoreGroup:
        customer = self._customers.get(case.text("customer"))
        now = self._context.clock.now()
        return self._context.mapper.map_to_kore(case, activities, customer, now)

    def _read_customers(
        self,
        groups: Sequence[tuple[Record, tuple[Record, ...]]],
        links: dict[Key, Link],
    ) -> None:
        """Read the customers of groups in which something is to be created."""
        wanted = {
            case.text("customer")
            for case, tasks in groups
            if any(record.key not in links for record in (case, *tasks))
        }
        missing = sorted(wanted - self._customers.keys() - {""})
        if not missing:
            return
        if len(self._customers) + len(missing) > _REMEMBERED:
            self._customers.clear()
            missing = sorted(wanted - {""})
        found = self._context.casemgr.get_customers(missing)
        self._customers |= {name: found.get(name) for name in missing}


def _doubts(intents: Iterable[Intent]) -> set[Key]:
    """Give the source records whose create in Kore may still take effect."""
    return {
        intent.kore
        for intent in intents
        if intent.kind is WriteKind.CREATE and system_of(intent.kore) is System.CASEMGR
    }


def _keys(case: Record, activities: Sequence[Record]) -> list[Key]:
    return [case.key, *(record.key for record in activities)]


def _others(group: KoreGroup, activities: Sequence[Record]) -> dict[Key, str]:
    """Name what is not carried: openers of ours, and all that is no task."""
    carried = {mapped.record.key for mapped in group.tasks}
    return {
        record.key: "opener" if is_opener(record) else f"activity-{record.text('type')}"
        for record in activities
        if record.key not in carried
    }


def is_opener(record: Record) -> bool:
    """Tell whether an activity is an opener that caseferry made."""
    for name, value in record.fields.items():
        if name.startswith("custom.") and isinstance(value, str):
            parsed = parse_correlation(value)
            if parsed is not None and parsed.role is Role.OPENER:
                return True
    return False
