"""Comparing one casemgr case group with its counterparts in Kore, for the proof."""

from collections.abc import Iterable, Mapping, Sequence

from caseferry.engine.compared import (
    Compared,
    Difference,
    misplaced,
    placed,
    strays,
    unmapped,
    unpaired,
)
from caseferry.engine.places import other_contact
from caseferry.engine.to_kore.work import KoreWork
from caseferry.model.correlation import Role
from caseferry.model.customer import Customer
from caseferry.model.link import HoldKind, Link
from caseferry.model.mapped import MappedField, MappedRecord
from caseferry.model.record import Key, Record, System, Value
from caseferry.reconcile.made_due import with_made_due
from caseferry.reconcile.merge import FINISHED
from caseferry.reconcile.to_kore.mirror import STATUS, contents, is_met

Found = Mapping[Key, Sequence[Record]]
"""Kore records by the casemgr record that their marker names."""


def compare_group(
    work: KoreWork, found: Found, people: Mapping[str, Customer], placeholder: str
) -> Iterable[Compared]:
    """Compare every record of a group with its counterparts.

    Args:
        work: the group, as mapped now.
        found: counterparts by the record that their own marker names.
        people: casemgr's customers by id, as far as they are known.
        placeholder: the mapping's stand-in for people without a contact.
    """
    case = _counterparts(work, work.key, found)
    parent = case[0].key if case else None
    result = _compare(work, work.group.case, case, by_key=work.key in found)
    if result.verdict in ("equal", "accepted_loss", "different"):
        customer = people.get(work.group.case.record.text("customer"))
        result = placed(result, (), other_contact(customer, placeholder, case[0]))
    yield result
    for mapped in work.group.tasks:
        key = mapped.record.key
        records = _counterparts(work, key, found)
        result = _compare(work, mapped, records, by_key=key in found)
        if result.is_pair and records[0].parent != parent:
            parents = (records[0].parent, mapped.record.parent)
            result = misplaced(result, parents, parent)
        yield result
    for key in work.others:
        yield Compared(role=Role.TASK, verdict="out_of_scope", key=key)


def _counterparts(work: KoreWork, key: Key, found: Found) -> Sequence[Record]:
    """Give the records that carry the key, else the one that is linked."""
    link = work.links.get(key)
    if link is None:
        return found.get(key, ())
    linked = work.targets.get(link.kore)
    shown = found.get(key, ()) or ((linked,) if linked is not None else ())
    return [with_made_due(record, link) for record in shown]


def _compare(
    work: KoreWork, mapped: MappedRecord, records: Sequence[Record], *, by_key: bool
) -> Compared:
    key = mapped.record.key
    role, link = work.role(key), work.links.get(key)
    if alone := unpaired(
        role,
        key,
        records,
        link=link,
        hold=work.holds.get(key) or work.holds.get(work.key),
        absence=_absence(work, key),
        target=System.KORE,
    ):
        return alone
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
