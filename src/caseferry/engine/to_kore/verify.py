"""The proof of a migration to Kore: both systems read anew, compared pair by pair."""

from collections.abc import Iterable, Sequence

from caseferry.engine.compared import Compared
from caseferry.engine.context import Context
from caseferry.engine.extract import extract_kore
from caseferry.engine.few import (
    extract_few_casemgr,
    find_by_name,
    first_by_hash,
    not_seen,
    sampled,
)
from caseferry.engine.places import customers_of
from caseferry.engine.plans import batches
from caseferry.engine.retired import still_there
from caseferry.engine.to_kore.compare import Found, compare_group
from caseferry.engine.to_kore.extract import extract_casemgr
from caseferry.engine.to_kore.plans import KorePlanner
from caseferry.engine.verdicts import Verified
from caseferry.model.correlation import Role
from caseferry.model.marker import own_mark
from caseferry.model.record import (
    Entity,
    Key,
    Record,
    System,
    activity_key,
    case_key,
)

_BATCH = 200


def verify_to_kore(
    context: Context, *, only: Sequence[Key] = (), sample: int | None = None
) -> Verified:
    """Read both systems anew and compare every pair.

    Args:
        context: of a run that was begun for it.
        only: just these casemgr cases.
        sample: just so many cases, chosen by a hash of their key: the same each time.

    Effects: reads both systems, of a part of the cases only what it takes; writes
        observations, nothing else.
    """
    chosen = tuple(only)
    if sample is not None:
        chosen = sampled(context, sample, System.CASEMGR)
    extracted = extract_few_casemgr(context, chosen)
    if extracted is None:
        extracted = extract_casemgr(context)
    if sample is not None and not chosen:
        keys = context.store.case_keys(context.run, system=System.CASEMGR)
        chosen = first_by_hash(keys, sample)
    whole = not chosen and sample is None
    result = Verified(
        accepted=context.mapper.spec.losses,
        read={"case": extracted.cases, "task": extracted.tasks},
        whole=whole,
        complete=extracted.complete,
    )
    planner = KorePlanner(context)
    if whole or not _find_few(context, planner, chosen):
        result.complete &= extract_kore(context).complete
    context.listing_complete = extracted.complete
    found = _by_marker(context)
    _compare_all(context, planner, result, chosen=chosen, found=found)
    if whole:
        verdict = "out_of_scope" if extracted.complete else "set_aside"
        for task in context.store.orphan_tasks(context.run, System.CASEMGR):
            result.add(Compared(role=Role.TASK, verdict=verdict, key=task.key))
    result.add_unseen(_unseen(context, chosen, found))
    result.judge_losses()
    return result


def _compare_all(
    context: Context,
    planner: KorePlanner,
    result: Verified,
    *,
    chosen: Sequence[Key],
    found: Found,
) -> None:
    """Compare the groups of this run, in batches."""
    placeholder = context.mapper.spec.customer.placeholder
    for batch in batches(_cases(context, chosen, whole=result.whole), _BATCH):
        works = planner.load(batch)
        cases = (work.group.case.record for work in works)
        people = customers_of(context.casemgr, cases)
        for work in works:
            result.add_left(work.group, context.mapper)
            for compared in compare_group(work, found, people, placeholder):
                result.add(compared)
        context.reporter.progress("compared", result.counts["case", "source"], None)


def _cases(context: Context, chosen: Sequence[Key], *, whole: bool) -> Iterable[Key]:
    if not chosen and not whole:
        return ()
    return context.store.case_keys(context.run, only=chosen, system=System.CASEMGR)


def _find_few(context: Context, planner: KorePlanner, chosen: Sequence[Key]) -> bool:
    """Find the counterparts of a few cases by their names; tells whether all were."""
    wanted: dict[Key, Record | None] = {}
    for batch in batches(_cases(context, chosen, whole=False), _BATCH):
        for work in planner.load(batch):
            for mapped in work.records():
                link = work.links.get(mapped.record.key)
                if link is None:
                    return False
                if not link.tombstone:
                    wanted[link.kore] = context.store.record(link.kore)
    return find_by_name(context, wanted)


def _unseen(
    context: Context, chosen: Sequence[Key], found: Found
) -> Iterable[tuple[Key, Key | None]]:
    """Give what has a counterpart, or was asked for, and casemgr does not show."""
    carried = (
        {key: records[0].key for key, records in found.items()} if not chosen else {}
    )
    return not_seen(context, {**dict.fromkeys(chosen), **carried})


def _by_marker(context: Context) -> dict[Key, list[Record]]:
    carried: dict[Key, list[tuple[int, Record]]] = {}
    for entity, role, make in (
        (Entity.CASE, Role.CASE, case_key),
        (Entity.TASK, Role.TASK, activity_key),
    ):
        for record in context.store.records(context.run, System.KORE, entity):
            own = own_mark(record, context.settings.pair.mark, role)
            if own is not None:
                pair = (own.generation, record)
                carried.setdefault(make(own.source), []).append(pair)
    return still_there(context.store, carried)
