"""The proof of a migration to Kore: both systems read anew, compared pair by pair."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from caseferry.engine.compare import (
    Compared,
    Difference,
    absent,
    doubled,
    strays,
    unmapped,
)
from caseferry.engine.context import Context
from caseferry.engine.extract import extract_kore
from caseferry.engine.few import (
    extract_few_casemgr,
    find_by_name,
    first_by_hash,
    not_seen,
    sampled,
)
from caseferry.engine.plans import batches
from caseferry.engine.retired import still_there
from caseferry.engine.to_kore.extract import extract_casemgr
from caseferry.engine.to_kore.plans import KorePlanner
from caseferry.engine.to_kore.work import KoreWork
from caseferry.engine.verdicts import Verified
from caseferry.model.correlation import Role
from caseferry.model.link import HoldKind, Link
from caseferry.model.mapped import MappedField, MappedRecord
from caseferry.model.marker import own_mark
from caseferry.model.record import (
    Entity,
    Key,
    Record,
    System,
    Value,
    activity_key,
    case_key,
)
from caseferry.reconcile.merge import FINISHED
from caseferry.reconcile.to_kore.mirror import STATUS, contents, is_met

_BATCH = 200
Found = Mapping[Key, Sequence[Record]]
"""Kore records by the casemgr record that their marker names."""


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
    for batch in batches(_cases(context, chosen, whole=result.whole), _BATCH):
        for work in planner.load(batch):
            result.add_left(work.group, context.mapper)
            for compared in _compare_group(work, found):
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


def _compare_group(work: KoreWork, found: Found) -> Iterable[Compared]:
    case = _counterparts(work, work.key, found)
    parent = case[0].key if case else None
    yield _compare(work, work.group.case, case, by_key=work.key in found)
    for mapped in work.group.tasks:
        key = mapped.record.key
        records = _counterparts(work, key, found)
        result = _compare(work, mapped, records, by_key=key in found)
        if records and records[0].parent != parent and result.is_pair:
            moved = Difference(
                key=key,
                counterpart=records[0].key,
                field="case",
                kore=records[0].parent,
                casemgr=mapped.record.parent,
                reason=f"its case's counterpart is {parent or 'not there'}",
            )
            result = replace(
                result,
                verdict="twice" if result.verdict == "twice" else "different",
                differences=(*result.differences, moved),
            )
        yield result
    for key in work.others:
        yield Compared(role=Role.TASK, verdict="out_of_scope", key=key)


def _counterparts(work: KoreWork, key: Key, found: Found) -> Sequence[Record]:
    """Give the records that carry the key, else the one that is linked."""
    records = found.get(key, ())
    link = work.links.get(key)
    if not records and link is not None and link.kore in work.targets:
        return (work.targets[link.kore],)
    return records


def _compare(
    work: KoreWork, mapped: MappedRecord, records: Sequence[Record], *, by_key: bool
) -> Compared:
    key = mapped.record.key
    role, link = work.role(key), work.links.get(key)
    if link is not None and link.tombstone:
        return Compared(role=role, verdict="out_of_scope", key=key)
    if not records:
        hold = work.holds.get(key) or work.holds.get(work.key)
        return absent(role, key, _absence(work, key), hold)
    if len(records) > 1:
        return doubled(role, key, records, System.KORE)
    differences = tuple(_differences(mapped, link, records[0]))
    verdict = "accepted_loss" if mapped.losses else "equal"
    return Compared(
        role=role,
        verdict="different" if differences else verdict,
        key=key,
        counterpart=records[0].key,
        differences=differences,
        losses=mapped.losses,
        by_key=by_key,
    )


def _absence(work: KoreWork, key: Key) -> str:
    hold = work.holds.get(key) or work.holds.get(work.key)
    if work.in_doubt or (hold is not None and hold.kind is HoldKind.UNCERTAIN):
        return "uncertain"
    return "missing" if hold is None or hold.kind is HoldKind.CONFLICT else "set_aside"


def _differences(
    mapped: MappedRecord, link: Link | None, record: Record
) -> Iterable[Difference]:
    for field in contents(mapped):
        shown = record.fields.get(field.kore)
        if _differs(field, link, shown):
            yield Difference(
                key=mapped.record.key,
                counterpart=record.key,
                field=field.kore,
                kore=shown,
                casemgr=field.source,
                reason=_reason(field, link, record),
            )
    yield from unmapped(mapped, record)
    if mapped.finished is not None and not is_met(mapped, record):
        ended = "finished" if mapped.finished else "open"
        reason = f"is {ended} in casemgr"
        if link is not None and link.kore_base.has(FINISHED):
            reason += "; changed since both agreed"
        yield Difference(
            key=mapped.record.key,
            counterpart=record.key,
            field=STATUS,
            kore=record.fields.get(STATUS),
            casemgr=mapped.record.fields.get(STATUS),
            reason=reason,
        )


def _differs(field: MappedField, link: Link | None, shown: Value | None) -> bool:
    if field.value is not None:
        return not field.is_met_by(shown)
    if link is None:
        return False
    return strays(field, link.casemgr_base, link.kore_base, shown)


def _reason(field: MappedField, link: Link | None, record: Record) -> str:
    name = field.casemgr
    if link is None or not link.finished:
        return "not carried to its end"
    if link.casemgr_base.has(name) and field.source != link.casemgr_base.get(name):
        return "changed in casemgr since it was carried"
    if link.kore_base.get(name) != record.fields.get(field.kore):
        return "changed in Kore since it was carried"
    return "Kore keeps another value than was sent, or a run was undone"
