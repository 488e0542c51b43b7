"""Comparing one case group with its counterparts, field by field, for the proof."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from caseferry.engine.compared import (
    Compared,
    Difference,
    misplaced,
    placed,
    strays,
    unmapped,
    unpaired,
)
from caseferry.engine.places import fixed_place, moved_place
from caseferry.engine.work import Work
from caseferry.model.action import Loss
from caseferry.model.correlation import Role
from caseferry.model.customer import Customer
from caseferry.model.link import Base, HoldKind, Link
from caseferry.model.mapped import MappedField, MappedRecord
from caseferry.model.record import Key, Record, System, Value
from caseferry.reconcile.view import COMPLETED

_GENERATIONS = 20
_ENDED = ("closed", COMPLETED)
_DUE = "dueDate"
_NO_BASE = Base(fields={})
Found = Mapping[tuple[Role, Key], Sequence[Record]]
"""Activities and cases by the key that each carries."""


def compare_group(
    work: Work,
    found: Found,
    people: Mapping[str, Customer],
) -> list[Compared]:
    """Compare every record of a group with its counterparts.

    Args:
        work: the group, as mapped now.
        found: counterparts by their own correlation key.
        people: casemgr's customers by id, as far as they are known.
    """
    case = _counterparts(work, Role.CASE, work.key, found)
    parent = case[0].key if case else None
    home = case[0].text("department") if case else ""
    by_key = (Role.CASE, work.key) in found
    results = [_compare(work, work.group.case, case, by_key=by_key)]
    if doubled := _doubled_openers(work, parent, found):
        results = [replace(results[0], verdict="twice", differences=doubled)]
    for mapped in work.group.tasks:
        key = mapped.record.key
        records = _counterparts(work, Role.TASK, key, found)
        by_key = (Role.TASK, key) in found
        result = _compare(work, mapped, records, by_key=by_key)
        if result.verdict in ("equal", "accepted_loss", "different"):
            customer = people.get(records[0].text("customer"))
            homes = (mapped.department, home)
            moved = moved_place(homes, work.group.customer, records[0], customer)
            link = work.link(Role.TASK, key)
            by_agent = link is not None and link.made_in is System.KORE
            # an agent chose the subtype, and no mapping says how Kore is to show it
            fixed = () if by_agent else fixed_place(mapped, records[0])
            result = placed(result, fixed, moved)
        if result.is_pair and records[0].parent != parent:
            parents = (mapped.record.parent, records[0].parent)
            result = misplaced(result, parents, parent)
        results.append(result)
    return results


def opener_key(case: Key, generation: int) -> Key:
    """Name an opener by its case and generation."""
    return Key(f"{case}#{generation}")


def _doubled_openers(
    work: Work, parent: Key | None, found: Found
) -> tuple[Difference, ...]:
    """Give the openers that are there twice, or in another case than the linked one."""
    wrong: dict[Key, Record] = {}
    for generation in range(_GENERATIONS):
        records = found.get((Role.OPENER, opener_key(work.key, generation)), ())
        strays = [r for r in records if parent is not None and r.parent != parent]
        wrong |= {record.key: record for record in (*records[1:], *strays)}
    return tuple(
        Difference(
            key=work.key,
            counterpart=record.key,
            field="*",
            kore=None,
            casemgr=record.parent,
            reason="an opener of its own that is there twice, or elsewhere",
            verdict="twice",
        )
        for record in wrong.values()
    )


def _counterparts(work: Work, role: Role, key: Key, found: Found) -> Sequence[Record]:
    """Give the records that carry the key, else the one that is linked."""
    link = work.link(role, key)
    linked = work.targets.get(link.casemgr) if link is not None else None
    return found.get((role, key), ()) or ((linked,) if linked is not None else ())


def _compare(
    work: Work, mapped: MappedRecord, records: Sequence[Record], *, by_key: bool
) -> Compared:
    key = mapped.record.key
    role = Role.CASE if key == work.key else Role.TASK
    link = work.link(role, key)
    if alone := unpaired(
        role,
        key,
        records,
        link=link,
        hold=work.holds.get(key) or work.holds.get(work.key),
        absence=_absence(work, role, mapped),
        target=System.CASEMGR,
    ):
        return alone
    differences = _differences(mapped, link, records[0])
    losses = tuple(
        loss for loss in mapped.losses if not _kept(loss, mapped, records[0])
    ) + tuple(
        Loss(rule="copy-frozen", field=field.kore)
        for field in mapped.fields
        if _differs(field, link, records[0].fields.get(field.casemgr))
        and _is_frozen_copy(field, link, records[0])
    )
    verdict = "accepted_loss" if losses else "equal"
    return Compared(
        role=role,
        verdict="different" if differences else verdict,
        key=key,
        counterpart=records[0].key,
        differences=differences,
        losses=losses,
        by_key=by_key,
    )


def _kept(loss: Loss, mapped: MappedRecord, record: Record) -> bool:
    """Tell whether a due date that has passed since was carried while it could be."""
    due = mapped.record.fields.get(_DUE)
    return loss.rule == "due-date-past" and record.fields.get(_DUE) == due


def _absence(work: Work, role: Role, mapped: MappedRecord) -> str:
    key = mapped.record.key
    hold = work.holds.get(key) or work.holds.get(work.key)
    if work.in_doubt or (hold is not None and hold.kind is HoldKind.UNCERTAIN):
        return "uncertain"
    if hold is not None and hold.kind is not HoldKind.CONFLICT:
        return "set_aside"
    link = work.link(role, key)
    is_inactive = mapped.record.text("isActive") == "false"
    if link is None and (is_inactive or key in work.spawned):
        return "out_of_scope"
    parked = work.group.case.record.text("isActive") == "false"
    if parked and work.case_link is None:
        return "out_of_scope"
    return "missing"


def _differences(
    mapped: MappedRecord, link: Link | None, record: Record
) -> tuple[Difference, ...]:
    found = [
        Difference(
            key=mapped.record.key,
            counterpart=record.key,
            field=field.casemgr,
            kore=field.source,
            casemgr=record.fields.get(field.casemgr),
            reason=_reason(field, link, record),
        )
        for field in mapped.fields
        if _differs(field, link, record.fields.get(field.casemgr))
        and not _is_frozen_copy(field, link, record)
    ]
    found += unmapped(mapped, record)
    ended = record.text("status") in _ENDED
    if mapped.finished is not None and ended != mapped.finished:
        wanted = "finished" if mapped.finished else "open"
        found.append(
            Difference(
                key=mapped.record.key,
                counterpart=record.key,
                field="status",
                kore=mapped.record.fields.get("status"),
                casemgr=record.fields.get("status"),
                reason=f"is {wanted} in Kore",
            )
        )
    return tuple(found)


def _is_frozen_copy(field: MappedField, link: Link | None, record: Record) -> bool:
    """Tell whether a copy of Kore's value moved on when casemgr took no more edits."""
    ended = record.text("status") in _ENDED
    return field.is_copy and ended and link is not None and link.finished


def _differs(field: MappedField, link: Link | None, shown: Value | None) -> bool:
    if field.value is None:
        bases = (link.kore_base, link.casemgr_base) if link else (_NO_BASE, _NO_BASE)
        return strays(field, *bases, shown)
    return not field.is_met_by(shown)


def _reason(field: MappedField, link: Link | None, record: Record) -> str:
    if link is None or not link.finished:
        return "not carried to its end"
    name = field.casemgr
    if link.kore_base.has(name) and field.source != link.kore_base.get(name):
        if field.write_once is not None:
            return "changed in Kore after creation; casemgr takes no edit of it"
        return "changed in Kore since it was carried"
    if link.casemgr_base.get(name) != record.fields.get(name):
        return "changed in casemgr since it was carried"
    return "casemgr keeps another value than was sent, or a run was undone"
