"""The proof of a migration to Kore: both systems read anew, compared pair by pair."""

from collections.abc import Iterable, Mapping, Sequence

from caseferry.engine.compare import Compared, Difference
from caseferry.engine.context import Context
from caseferry.engine.extract import extract_kore
from caseferry.engine.plans import batches
from caseferry.engine.to_kore.extract import extract_casemgr
from caseferry.engine.to_kore.plans import KorePlanner
from caseferry.engine.to_kore.work import KoreWork
from caseferry.engine.verify import Verified, sampled
from caseferry.model.correlation import Role
from caseferry.model.link import HoldKind, Link
from caseferry.model.mapped import MappedField, MappedRecord
from caseferry.model.marker import own_mark
from caseferry.model.record import (
    Entity,
    Key,
    Record,
    System,
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

    Effects: reads both systems whole; writes observations, nothing else.
    """
    extracted = extract_casemgr(context)
    extract_kore(context)
    context.listing_complete = extracted.complete
    result = Verified(
        read={"case": extracted.cases, "task": extracted.tasks},
        whole=not only and sample is None,
    )
    found = _by_marker(context)
    chosen = tuple(only) or sampled(context, sample, System.CASEMGR)
    since = context.since_run(System.CASEMGR)
    keys = context.store.case_keys(since, only=chosen, system=System.CASEMGR)
    planner = KorePlanner(context)
    for batch in batches(keys, _BATCH):
        for work in planner.load(batch):
            for compared in _compare_group(work, found):
                result.add(compared)
        context.reporter.progress("compared", result.counts["case", "source"], None)
    if result.whole:
        verdict = "out_of_scope" if extracted.complete else "set_aside"
        for _ in context.store.orphan_tasks(since, System.CASEMGR):
            result.add(Compared(role=Role.TASK, verdict=verdict))
    return result


def _by_marker(context: Context) -> dict[Key, list[Record]]:
    found: dict[Key, list[Record]] = {}
    for entity, role, make in (
        (Entity.CASE, Role.CASE, case_key),
        (Entity.TASK, Role.TASK, activity_key),
    ):
        for record in context.store.records(
            context.since_run(System.KORE), System.KORE, entity
        ):
            own = own_mark(record, context.settings.pair.mark, role)
            if own is not None:
                found.setdefault(make(own.source), []).append(record)
    return found


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
            result = Compared(
                role=result.role,
                verdict="twice" if result.verdict == "twice" else "different",
                differences=(*result.differences, moved),
                losses=result.losses,
                by_key=result.by_key,
            )
        yield result
    for _ in work.others:
        yield Compared(role=Role.TASK, verdict="out_of_scope")


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
        return Compared(role=role, verdict="out_of_scope")
    if not records:
        return Compared(role=role, verdict=_absence(work, key))
    if len(records) > 1:
        again = Difference(
            key=key,
            counterpart=records[0].key,
            field="*",
            kore=", ".join(record.key for record in records[1:]),
            casemgr=None,
            reason="carried twice",
        )
        return Compared(role=role, verdict="twice", differences=(again,))
    differences = tuple(_differences(mapped, link, records[0]))
    losses = tuple(loss.rule for loss in mapped.losses)
    verdict = "accepted_loss" if losses else "equal"
    return Compared(
        role=role,
        verdict="different" if differences else verdict,
        differences=differences,
        losses=losses,
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
        if field.value is not None and not field.is_met_by(shown):
            yield Difference(
                key=mapped.record.key,
                counterpart=record.key,
                field=field.kore,
                kore=shown,
                casemgr=field.source,
                reason=_reason(field, link, record),
            )
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


def _reason(field: MappedField, link: Link | None, record: Record) -> str:
    name = field.casemgr
    if link is None or not link.finished:
        return "not carried to its end"
    if link.casemgr_base.has(name) and field.source != link.casemgr_base.get(name):
        return "changed in casemgr since it was carried"
    if link.kore_base.get(name) != record.fields.get(field.kore):
        return "changed in Kore since it was carried"
    return "Kore keeps another value than was sent"
