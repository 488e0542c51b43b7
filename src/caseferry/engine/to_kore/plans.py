"""Planning groups on their way to Kore: load, read the customers, decide."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from caseferry.engine.context import Context
from caseferry.engine.gate import hold_back
from caseferry.engine.plans import stands
from caseferry.engine.retired import next_generations
from caseferry.engine.sync.rules import follow
from caseferry.engine.to_kore.work import KoreWork
from caseferry.model.action import GroupPlan
from caseferry.model.correlation import Role, parse_correlation
from caseferry.model.link import Hold, Link, Retired, WriteKind
from caseferry.model.mapped import KoreGroup
from caseferry.model.record import (
    Entity,
    Key,
    Record,
    System,
    record_fingerprint,
    system_of,
)
from caseferry.ports import Store
from caseferry.reconcile.made_due import with_made_due
from caseferry.reconcile.to_kore.planner import plan_to_kore

if TYPE_CHECKING:
    from caseferry.model.customer import Customer

_REMEMBERED = 20_000
"""Customers that are kept in memory, to be asked for once."""


Groups = Sequence[tuple[Record, tuple[Record, ...]]]
"""casemgr cases with their activities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the state holds about some groups.

    Attributes:
        links: by casemgr key.
        targets: Kore records by key.
        tasks: by Kore case: all that it shows.
        holds: by casemgr key.
        doubts: casemgr records whose create is not settled.
        retired: what an undo ended, on either side.
    """

    links: Mapping[Key, Link]
    targets: Mapping[Key, Record]
    tasks: Mapping[Key, tuple[Record, ...]]
    holds: Mapping[Key, Hold]
    doubts: set[Key]
    retired: Sequence[Retired]

    def is_free(self, task: Record, store: Store) -> bool:
        """Tell whether nobody's link, and no undo, says what a Kore task is."""
        gone = any(row.target == task.key for row in self.retired)
        return not gone and store.link(task.key) is None


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
        groups = self._context.store.groups(
            self._context.since_run(System.CASEMGR), cases
        )
        known = self._known(groups)
        self._read_customers(groups, known.links)
        return [self._work(case, inside, known) for case, inside in groups]

    def _known(self, groups: Groups) -> _Known:
        """Read what the state holds about some groups, in as few statements."""
        store, since = self._context.store, self._context.since_run(System.KORE)
        keys = [record.key for case, inside in groups for record in (case, *inside)]
        links = store.links_to(keys)
        homes = [link.kore for link in links.values() if link.role is Role.CASE]
        in_kore = store.groups(since, homes)
        targets = {r.key: r for case, tasks in in_kore for r in (case, *tasks)}
        strays = [x.kore for x in links.values() if x.kore not in targets]
        doubts = {
            intent.kore
            for intent in store.open_intents()
            if intent.kind is WriteKind.CREATE
            and system_of(intent.kore) is System.CASEMGR
        }
        return _Known(
            links=links,
            targets=targets | store.records_of(since, strays),
            tasks={case.key: tasks for case, tasks in in_kore},
            holds=store.holds(keys),
            doubts=doubts,
            retired=store.retired(keys),
        )

    def _work(
        self, case: Record, activities: tuple[Record, ...], known: _Known
    ) -> KoreWork:
        group = self._map(case, activities)
        links, targets, holds = known.links, known.targets, known.holds
        own = {k: links[k] for k in _keys(case, activities) if k in links}
        prints = {r.key: record_fingerprint(r) for r in (case, *activities)}
        standing = {
            key: holds[key]
            for key in prints
            if key in holds and stands(holds[key], prints[key], group.mapping)
        }
        strangers = self._context.strangers.items()
        work = KoreWork(
            group=group,
            prints=prints,
            others=_others(group, activities),
            links=own,
            targets={
                x.kore: with_made_due(targets[x.kore], x)
                for x in own.values()
                if x.kore in targets
            },
            spawned=self._spawned(own.get(case.key), known),
            holds=standing | {k: h for k, h in strangers if k in prints},
            known={key: holds[key] for key in prints if key in holds},
            in_doubt=known.doubts & prints.keys(),
            generations=next_generations(known.retired),
            retired=frozenset(row.target for row in known.retired),
        )
        follow(self._context, work, activities)
        return work

    def _spawned(self, home: Link | None, known: _Known) -> tuple[Record, ...]:
        """Give the tasks in the Kore case that nobody linked.

        In two-way sync only while the case is being made: what comes later is
        somebody's new task, and carried to casemgr.
        """
        if home is None or (self._context.two_way is not None and home.finished):
            return ()
        tasks, store = known.tasks.get(home.kore, ()), self._context.store
        return tuple(task for task in tasks if known.is_free(task, store))

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
        groups: Groups,
        links: Mapping[Key, Link],
    ) -> None:
        """Read the customers of groups in which something is to be created."""
        wanted = {
            case.text("customer")
            for case, tasks in groups
            if any(_is_new(record, links) for record in (case, *tasks))
        }
        missing = sorted(wanted - self._customers.keys() - {""})
        if not missing:
            return
        if len(self._customers) + len(missing) > _REMEMBERED:
            self._customers.clear()
            missing = sorted(wanted - {""})
        found = self._context.casemgr.get_customers(missing)
        self._customers |= {name: found.get(name) for name in missing}


def _keys(case: Record, activities: Sequence[Record]) -> list[Key]:
    return [case.key, *(record.key for record in activities)]


def _is_new(record: Record, links: Mapping[Key, Link]) -> bool:
    """Tell whether a record may have to be made in Kore."""
    if record.key in links:
        return False
    return record.entity is Entity.CASE or record.text("type") == "task"


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
