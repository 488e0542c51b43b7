"""The proof: both systems read anew and compared record by record."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from caseferry.engine.compare import Found, compare_group, opener_key
from caseferry.engine.compared import Compared
from caseferry.engine.context import Context
from caseferry.engine.customers import Customers
from caseferry.engine.extract import extract_kore
from caseferry.engine.few import extract_few_kore, first_by_hash, not_seen, sampled
from caseferry.engine.places import customers_of
from caseferry.engine.plans import Planner, batches
from caseferry.engine.retired import retired_among, still_there
from caseferry.engine.verdicts import Verified
from caseferry.engine.work import Work
from caseferry.model.correlation import Correlation, Role, parse_correlation
from caseferry.model.record import Entity, Key, Record, System, kore_key


def verify(
    context: Context, *, only: Sequence[Key] = (), sample: int | None = None
) -> Verified:
    """Read both systems anew and compare every pair.

    Args:
        context: of a run that was begun for it.
        only: just these Kore cases.
        sample: just so many cases, chosen by a hash of their key: the same each time.

    Effects: reads both systems, of a part of the cases only what it takes; writes
        observations, nothing else.
    """
    chosen = tuple(only)
    if sample is not None:
        chosen = sampled(context, sample, System.KORE)
    extracted = extract_few_kore(context, chosen) if chosen else None
    if extracted is None:
        extracted = extract_kore(context)
    if sample is not None and not chosen:
        chosen = first_by_hash(context.store.case_keys(context.run), sample)
    whole = not chosen and sample is None
    result = Verified(
        accepted=context.mapper.spec.losses,
        read={"case": extracted.cases, "task": extracted.tasks},
        whole=whole,
        complete=extracted.complete,
    )
    seen: set[Key] = set()
    for department in context.departments if whole else ():
        result.complete &= _read_department(context, department, seen)
    found = _by_key(context) if whole else {}
    if whole or chosen:
        _compare(context, result, chosen=chosen, found=found, seen=seen)
    if whole:
        verdict = "out_of_scope" if extracted.complete else "set_aside"
        for task in context.store.orphan_tasks(context.run):
            result.add(Compared(role=Role.TASK, verdict=verdict, key=task.key))
    result.add_unseen(_unseen(context, chosen, found))
    result.judge_losses()
    return result


def _compare(
    context: Context,
    result: Verified,
    *,
    chosen: Sequence[Key],
    found: Found,
    seen: set[Key],
) -> None:
    """Compare the groups of this run, in batches."""
    planner = Planner(context, Customers(context))
    keys = context.store.case_keys(context.run, only=chosen)
    for batch in batches(keys, context.settings.batch):
        works = planner.load(batch)
        _targets(context, planner, works, seen)
        if not result.whole:
            found = _look_up(context, works)
        people = customers_of(context.casemgr, _tasks(works, found))
        for work in works:
            result.add_left(work.group, context.mapper)
            for compared in compare_group(work, found, people):
                result.add(compared)
        context.reporter.progress("compared", result.counts["case", "source"], None)


def _unseen(
    context: Context, chosen: Sequence[Key], found: Found
) -> Iterable[tuple[Key, Key | None]]:
    """Give what has a counterpart, or was asked for, and is not in Kore's listing."""
    carried = {
        key: records[0].key
        for (role, key), records in found.items()
        if role is not Role.OPENER
    }
    return not_seen(context, {**dict.fromkeys(chosen), **carried})


def _read_department(context: Context, department: str, seen: set[Key]) -> bool:
    """Read it whole, adding to the keys seen; tells whether it stood still."""
    store, complete = context.store, True
    for pages in (
        context.casemgr.activities(department),
        context.casemgr.cases(department),
    ):
        last = False
        for page in pages:
            store.save_records(context.run, System.CASEMGR, page.records)
            seen |= {record.key for record in page.records}
            context.reporter.progress("read casemgr", len(seen), None)
            last = page.last
        complete &= last
    return complete


def _by_key(context: Context) -> Found:
    """Give the target's records that carry a key of this pair, by source record.

    Left out is what was taken back: a later generation of its key tells, or the state.
    """
    carried: dict[tuple[Role, Key], list[tuple[int, Record]]] = {}
    settings = context.settings
    for entity, name in (
        (Entity.TASK, settings.activity_key_field),
        (Entity.CASE, settings.case_key_field),
    ):
        for record in context.store.records(context.run, System.CASEMGR, entity):
            own = _own(record.text(name), settings.pair.mark)
            if own is not None:
                pair = (own.generation, record)
                carried.setdefault(_source(own), []).append(pair)
    found = still_there(context.store, carried)
    return _without_left(found, carried)


def _without_left(
    found: Found, carried: Mapping[tuple[Role, Key], Sequence[tuple[int, Record]]]
) -> Found:
    """Leave out the openers in cases that were taken back themselves."""
    there = {record.key for records in found.values() for record in records}
    left = {record.key for pairs in carried.values() for _, record in pairs} - there
    return {
        source: records
        for source, records in found.items()
        if source[0] is not Role.OPENER or records[0].parent not in left
    }


def _own(text: str, mark: str) -> Correlation | None:
    own = parse_correlation(text)
    return own if own is not None and own.pair == mark else None


def _source(own: Correlation) -> tuple[Role, Key]:
    key = kore_key(own.source)
    if own.role is Role.OPENER:
        key = opener_key(key, own.generation)
    return (own.role, key)


def _look_up(context: Context, works: Sequence[Work]) -> Found:
    """Find the counterparts of a few groups by their keys, one look-up a task."""
    found: dict[tuple[Role, Key], list[Record]] = {}
    mark = context.settings.pair.mark
    for work in works:
        for mapped in work.group.tasks:
            key = mapped.record.key
            view = work.view(
                now="", pair=mark, case_key_field="", activity_key_field=""
            )
            correlation = view.correlation(Role.TASK, key)
            homes = (view.department, mapped.department)
            there = _carrying(context, correlation, homes)
            gone = retired_among(context.store, [record.key for record in there])
            if left := [record for record in there if record.key not in gone]:
                found[Role.TASK, key] = left
    return found


def _carrying(
    context: Context, correlation: str, departments: Sequence[str]
) -> tuple[Record, ...]:
    """Look a key up where its case lies now, then where it may have been made."""
    for department in dict.fromkeys(departments):
        if found := context.casemgr.find_activities(correlation, department):
            return found
    return ()


def _tasks(works: Sequence[Work], found: Found) -> Iterator[Record]:
    """Give the counterparts of the tasks of these groups."""
    for work in works:
        yield from work.targets.values()
        for mapped in work.group.tasks:
            yield from found.get((Role.TASK, mapped.record.key), ())


def _targets(
    context: Context, planner: Planner, works: Sequence[Work], seen: set[Key]
) -> None:
    """Give each group its linked records: those just listed, the others by id."""
    for work in works:
        for link in work.links:
            record = context.store.record(link.casemgr)
            if link.casemgr in seen and record is not None:
                work.targets[link.casemgr] = record
            elif not link.tombstone:
                work.dirty.add(link.casemgr)
    planner.read_targets(works)
