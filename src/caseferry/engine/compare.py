"""Comparing one case group with its counterparts, field by field, for the proof."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from caseferry.engine.places import Place, fixed_place, moved_place
from caseferry.engine.work import Work
from caseferry.model.action import Loss
from caseferry.model.correlation import Role
from caseferry.model.customer import Customer
from caseferry.model.link import Base, Hold, HoldKind, Link
from caseferry.model.mapped import MappedField, MappedRecord
from caseferry.model.record import Key, Record, System, Value
from caseferry.reconcile.view import COMPLETED

_GENERATIONS = 20
_ENDED = ("closed", COMPLETED)
_DUE = "dueDate"
_NO_BASE = Base(fields={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field, or the end, of a pair that is not as mapped; None is absent.

    Attributes:
        field: `*` is the record as a whole.
        verdict: of the record; `reported` where this is no reason for one.
    """

    key: Key
    counterpart: Key | None
    field: str
    kore: Value | None
    casemgr: Value | None
    reason: str
    verdict: str = "different"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What one source record came to.

    Attributes:
        verdict: equal, accepted_loss, different, missing, twice, uncertain, set_aside
            or out_of_scope.
        losses: of a pair.
        reported: names of what agents may have moved; no difference of its own.
    """

    role: Role
    verdict: str
    key: Key
    counterpart: Key | None = None
    differences: tuple[Difference, ...] = ()
    losses: tuple[Loss, ...] = ()
    reported: tuple[str, ...] = ()
    by_key: bool = True

    @property
    def is_pair(self) -> bool:
        """Tell whether a counterpart was found."""
        return self.verdict in ("equal", "accepted_loss", "different", "twice")


def compare_group(
    work: Work,
    found: Mapping[tuple[Role, Key], Sequence[Record]],
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
            result = _placed(result, work, mapped, (records[0], customer))
        if result.is_pair and records[0].parent != parent:
            result = _misplaced(result, mapped, records[0], parent)
        results.append(result)
    return results


def opener_key(case: Key, generation: int) -> Key:
    """Name an opener by its case and generation."""
    return Key(f"{case}#{generation}")


def _doubled_openers(
    work: Work,
    parent: Key | None,
    found: Mapping[tuple[Role, Key], Sequence[Record]],
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


def _counterparts(
    work: Work,
    role: Role,
    key: Key,
    found: Mapping[tuple[Role, Key], Sequence[Record]],
) -> Sequence[Record]:
    """Give the records that carry the key, else the one that is linked."""
    records = found.get((role, key), ())
    link = work.link(role, key)
    if not records and link is not None and link.casemgr in work.targets:
        return (work.targets[link.casemgr],)
    return records


def _compare(
    work: Work, mapped: MappedRecord, records: Sequence[Record], *, by_key: bool
) -> Compared:
    key = mapped.record.key
    role = Role.CASE if key == work.key else Role.TASK
    link = work.link(role, key)
    if link is not None and link.tombstone:
        return Compared(role=role, verdict="out_of_scope", key=key)
    if not records:
        hold = work.holds.get(key) or work.holds.get(work.key)
        return absent(role, key, _absence(work, role, mapped), hold)
    if len(records) > 1:
        return doubled(role, key, records, System.CASEMGR)
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


def absent(role: Role, key: Key, verdict: str, hold: Hold | None) -> Compared:
    """Give what a record without a counterpart came to, and why as far as known."""
    if verdict == "out_of_scope":
        return Compared(role=role, verdict=verdict, key=key)
    reason = "no counterpart carries its key, and none is linked"
    if verdict == "uncertain":
        reason = "a write of it is in doubt"
    if hold is not None:
        reason = f"{hold.code}: {hold.reason}"
    gone = Difference(
        key=key,
        counterpart=None,
        field="*",
        kore=None,
        casemgr=None,
        reason=reason,
        verdict=verdict,
    )
    return Compared(role=role, verdict=verdict, key=key, differences=(gone,))


def doubled(
    role: Role, key: Key, records: Sequence[Record], target: System
) -> Compared:
    """Give what a record with several counterparts came to."""
    names = ", ".join(record.key for record in records[1:])
    again = Difference(
        key=key,
        counterpart=records[0].key,
        field="*",
        kore=names if target is System.KORE else None,
        casemgr=names if target is System.CASEMGR else None,
        reason="carried twice",
        verdict="twice",
    )
    return Compared(
        role=role,
        verdict="twice",
        key=key,
        counterpart=records[0].key,
        differences=(again,),
    )


def unmapped(mapped: MappedRecord, record: Record) -> Iterator[Difference]:
    """Give what of a pair cannot be compared: values that no row names."""
    reasons = [str(problem) for problem in mapped.problems]
    if mapped.finished is None and not reasons:
        reasons = ["its status is unknown"]
    for reason in reasons:
        yield Difference(
            key=mapped.record.key,
            counterpart=record.key,
            field="*",
            kore=None,
            casemgr=None,
            reason=f"cannot be compared whole: {reason}",
        )


def strays(field: MappedField, source: Base, target: Base, shown: Value | None) -> bool:
    """Tell whether the target holds something where the source has nothing.

    What a system sets by itself at a create was agreed on, and is no difference.

    Args:
        field: as mapped now.
        source: the base of the source's side of the link.
        target: the same of the target's.
        shown: what the target holds.
    """
    name = field.casemgr
    if field.source is not None or field.value is not None or shown is None:
        return False
    if not source.has(name) or not target.has(name):
        return False
    return source.get(name) is not None or shown != target.get(name)


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
    if mapped.record.text("isActive") == "false" and link is None:
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
    return field.one_way and ended and link is not None and link.finished


def _differs(field: MappedField, link: Link | None, shown: Value | None) -> bool:
    if field.value is None:
        bases = (link.kore_base, link.casemgr_base) if link else (_NO_BASE, _NO_BASE)
        return strays(field, *bases, shown)
    return not field.is_met_by(shown)


def _placed(
    result: Compared,
    work: Work,
    mapped: MappedRecord,
    target: tuple[Record, Customer | None],
) -> Compared:
    """Add where a task's counterpart lies and whom it is for."""
    record, customer = target
    fixed = fixed_place(mapped, record)
    moved = moved_place(mapped, work.group.customer, record, customer)
    reason = "no call and no agent changes it after creation"
    differences = [_place(mapped, record, place, reason) for place in fixed]
    differences += [
        replace(
            _place(mapped, record, place, f"{name}: not counted as different"),
            verdict="reported",
        )
        for name, place in moved.items()
    ]
    return replace(
        result,
        verdict="different" if fixed else result.verdict,
        differences=(*result.differences, *differences),
        reported=tuple(moved),
    )


def _place(
    mapped: MappedRecord, record: Record, place: Place, reason: str
) -> Difference:
    name, kore, casemgr = place
    return Difference(
        key=mapped.record.key,
        counterpart=record.key,
        field=name,
        kore=kore,
        casemgr=casemgr,
        reason=reason,
    )


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


def _misplaced(
    result: Compared, mapped: MappedRecord, record: Record, parent: Key | None
) -> Compared:
    moved = Difference(
        key=mapped.record.key,
        counterpart=record.key,
        field="case",
        kore=mapped.record.parent,
        casemgr=record.parent,
        reason=f"its case's counterpart is {parent or 'not there'}",
    )
    differences = (*result.differences, moved)
    verdict = "twice" if result.verdict == "twice" else "different"
    return replace(result, verdict=verdict, differences=differences)
