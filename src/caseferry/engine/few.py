"""A few case groups read anew in few requests, where that is provably whole.

Kore has no look-up by id: a record that is known is searched by its name, which takes
one or two requests unless hundreds have the same. What does not come out whole is said
so, and the caller reads everything instead.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b

from caseferry.engine.context import Context
from caseferry.engine.extract import Extracted
from caseferry.engine.plans import batches
from caseferry.errors import Refused
from caseferry.model.correlation import Role
from caseferry.model.record import Entity, Key, Record, System, system_of
from caseferry.ports import BULK

_BATCH = 500


def sampled(context: Context, sample: int, system: System) -> tuple[Key, ...]:
    """Choose cases by a hash of their key: the same each time.

    Chosen from what the state has linked or holds; empty where it knows nothing yet.
    """
    store = context.store
    known = {
        link.kore if system is System.KORE else link.casemgr
        for link in store.links()
        if link.role is Role.CASE and not link.tombstone
    }
    held = (store.record(key) for key in store.holds() if system_of(key) is system)
    known |= {r.key for r in held if r is not None and r.entity is Entity.CASE}
    return first_by_hash(known, sample)


def first_by_hash(keys: Iterable[Key], sample: int) -> tuple[Key, ...]:
    """Give so many of the keys, those whose hash comes first."""
    ranked = sorted(keys, key=lambda key: blake2b(key.encode()).digest())
    return tuple(ranked[:sample])


def extract_few_kore(context: Context, cases: Sequence[Key]) -> Extracted | None:
    """Read these Kore cases with all their tasks; None where that is not sure.

    Each case says how many tasks it has: one that nobody knows yet is not missed.

    Effects: sends one or two searches for each name, if those are fewer than the pages
    of a listing; writes observations.
    """
    store, run = context.store, context.run
    links = store.links_of(cases).values()
    keys = {*cases, *(link.kore for own in links for link in own)}
    if not find_by_name(context, {key: store.record(key) for key in keys}):
        return None
    groups = store.groups(run, cases)
    if any(case.text("count.taskIds") != str(len(tasks)) for case, tasks in groups):
        return None
    context.listing_complete = True
    return _extracted(context, System.KORE)


def extract_few_casemgr(context: Context, cases: Sequence[Key]) -> Extracted | None:
    """Read these casemgr cases with all their activities; None where all is cheaper.

    Effects: one request for 75 cases and one for each case and department; writes
    observations.
    """
    wanted = [(case, name) for case in cases for name in context.departments]
    if not cases or len(wanted) >= _pages(context):
        return None
    casemgr, store, run = context.casemgr, context.store, context.run
    store.save_records(run, System.CASEMGR, casemgr.get_cases(cases).values())
    for records in context.workers.map(lambda w: casemgr.activities_of(*w), wanted):
        store.save_records(run, System.CASEMGR, records)
    context.listing_complete = True
    return _extracted(context, System.CASEMGR)


def find_by_name(context: Context, wanted: Mapping[Key, Record | None]) -> bool:
    """Read known Kore records anew by their names; tells whether all were found.

    Args:
        context: whose run keeps what is found; others of the same name too.
        wanted: each as last seen; None was never seen.
    """
    known = [record for record in wanted.values() if record is not None]
    names = sorted({(r.entity, r.text("name")) for r in known})
    is_known = len(known) == len(wanted) and all(name for _, name in names)
    if not is_known or not names or len(names) >= _pages(context):
        return False
    store, run = context.store, context.run
    # Tasks first: where a name is too common to be searched, it is mostly theirs.
    for entity, name in reversed(names):
        found = _search(context, entity, name)
        if found is None:
            return False
        store.save_records(run, System.KORE, found)
    return store.records_of(run, list(wanted)).keys() == wanted.keys()


def not_seen(
    context: Context, wanted: Mapping[Key, Key | None]
) -> Iterator[tuple[Key, Key | None]]:
    """Give those of the source records that this run has not seen.

    Args:
        context: of the run.
        wanted: source records with their counterparts.
    """
    for batch in batches(sorted(wanted), _BATCH):
        shown = context.store.records_of(context.run, batch)
        yield from ((key, wanted[key]) for key in batch if key not in shown)


def _search(context: Context, entity: Entity, name: str) -> tuple[Record, ...] | None:
    try:
        return context.kore.search(entity, name)
    except Refused:
        return None


def _pages(context: Context) -> int:
    """Give about how many requests a listing of everything takes."""
    return 2 + sum(1 for _ in context.store.links()) // BULK


def _extracted(context: Context, system: System) -> Extracted:
    store, run = context.store, context.run
    return Extracted(
        cases=store.count_records(run, system, Entity.CASE),
        tasks=store.count_records(run, system, Entity.TASK),
        complete=True,
    )
