"""Three-way comparison of one record's fields against the base of each side."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from caseferry.model.action import FieldChange
from caseferry.model.link import Base, Link
from caseferry.model.mapped import MappedField, MappedRecord, Owner
from caseferry.model.record import Record, Value
from caseferry.reconcile.made_due import remember_due
from caseferry.reconcile.persons import persons_of

ENDED = ("completed", "closed")
REOPENED = "reopened"
"""In a Kore base, of the same: we opened it for its tasks; closing it again is due."""
UNKNOWN = ""
"""In a base: something, nobody knows what; no field ever holds it."""
MIXED = "~mixed"
"""In a link: one direction took the present mapping, what the other took is older.

No mapping has this digest, so the other direction still sees that it changed, also
where an administrator has gone back to the older one meanwhile.
"""
FINISHED = "~finished"
"""In a Kore base: whether the record was resolved or closed when both sides agreed."""


def takes_kore(link: Link) -> bool:
    """Tell whether a person said that Kore's end of the record counts."""
    return link.kore_base.fields.get(FINISHED) == UNKNOWN


def takes_casemgr(link: Link) -> bool:
    """Tell whether a person said that casemgr's end of the record counts."""
    return link.casemgr_base.fields.get("status") == UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What the target's fields need.

    Attributes:
        edits: fields that can be written and should be.
        frozen: changed fields the target cannot write any more, with their policy.
        conflicts: fields that both sides changed, differently.
        kept: fields the source emptied, or that the target owns: left alone.
        emptied: of these, what the source emptied since both agreed.
    """

    edits: tuple[FieldChange, ...] = ()
    frozen: tuple[tuple[MappedField, FieldChange], ...] = ()
    conflicts: tuple[FieldChange, ...] = ()
    kept: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()


Fate = Literal["edits", "kept", "conflicts"]
Moves = Literal["", "source", "both"]
"""Which bases of a field move to what is there now."""


class Way(StrEnum):
    """How a direction stands to the other one.

    In two-way sync both directions look at each record. Where nobody changed anything
    and both sides differ all the same (the mapping changed, or a field was never agreed
    on), one of them has to lead, or each would overwrite the other.
    """

    ALONE = "alone"
    LEADS = "leads"
    FOLLOWS = "follows"


def _source_changed(
    field: MappedField, link: Link, current: Value | None, way: Way, *, digest: str
) -> bool:
    if not link.kore_base.has(field.casemgr):
        # Never agreed on: creation is not finished, or adopted half made; otherwise it
        # was forgotten, and so was whether a note has told it: nothing is told twice.
        return not link.finished or field.write_once != "note"
    if field.source != link.kore_base.get(field.casemgr):
        return True
    # under a changed mapping it may mean something else than what both agreed on; no
    # note tells that, since nobody changed the record, and one was perhaps just written
    remapped = bool(link.mapping) and link.mapping != digest
    if not remapped or field.write_once == "note":
        return False
    if way is not Way.ALONE and _target_changed(field, link, current):
        return False  # somebody's edit, or decision: the other direction carries it
    return not field.is_met_by(link.casemgr_base.get(field.casemgr))


def _is_other_ways(
    field: MappedField, link: Link, current: Value | None, way: Way
) -> bool:
    """Tell whether a difference that nobody made is the other direction's to settle."""
    if way is Way.ALONE or not link.finished:
        return False
    if not link.casemgr_base.has(field.casemgr):  # never agreed on
        return field.source is None
    moved = field.source != link.kore_base.get(field.casemgr)
    if moved or _target_changed(field, link, current):
        return False
    leader: Owner = "casemgr" if way is Way.LEADS else "kore"
    return field.owner == leader if way is Way.LEADS else field.owner != leader


def _target_changed(field: MappedField, link: Link, current: Value | None) -> bool:
    if not link.casemgr_base.has(field.casemgr):
        return False
    return current != link.casemgr_base.get(field.casemgr)


def _is_contested(
    field: MappedField, link: Link, current: Value | None, way: Way, *, touched: bool
) -> bool:
    """Tell whether the target's value is somebody's, so that a write would lose it."""
    if way is not Way.ALONE:
        if current is None:
            return False  # nothing is there that could be lost
        if not link.casemgr_base.has(field.casemgr):
            return link.finished or _is_of_a_person(way, touched=touched)
    return _target_changed(field, link, current)


def _is_of_a_person(way: Way, *, touched: bool) -> bool:
    """Tell whether somebody set what a half-made record has, and nobody agreed on.

    A new casemgr case has values of its own, and our own activities touch it.
    """
    return touched and way is Way.FOLLOWS


def merge(  # noqa: PLR0913 - what a comparison is made of
    mapped: MappedRecord,
    link: Link,
    target: Record,
    *,
    digest: str,
    can_edit: bool,
    way: Way = Way.ALONE,
    touched: bool = False,
) -> Merged:
    """Compare every mapped field of a linked record with the base of each side.

    Args:
        mapped: the source, with what each target field should hold.
        link: with the bases.
        target: as read now.
        digest: of the present mapping.
        can_edit: the target takes edits; otherwise every change is frozen.
        way: alone a field that both changed is never overwritten; in two-way sync it
            is where the mapping says that the source owns it.
        touched: somebody may have edited the target since we made it.
    """
    found: dict[Fate, list[FieldChange]] = {"edits": [], "kept": [], "conflicts": []}
    frozen: list[tuple[MappedField, FieldChange]] = []
    emptied: list[str] = []
    for field in mapped.fields:
        name, current = field.casemgr, target.fields.get(field.casemgr)
        seen = (field, link, current)
        changed = _source_changed(*seen, way, digest=digest)
        if field.is_met_by(current) or not changed:
            continue
        if _is_other_ways(*seen, way):
            continue
        change = FieldChange(name=name, before=current, after=field.value)
        if field.value is None:
            if field.source is None and link.kore_base.get(name) is not None:
                emptied.append(name)
            found["kept"].append(change)  # nothing is cleared on its own
        elif field.is_copy and not can_edit:
            found["kept"].append(change)  # what it repeats is told by itself
        elif field.write_once is not None or not can_edit:
            frozen.append((field, change))
        else:
            contested = _is_contested(*seen, way, touched=touched)
            found[_fate(field, link, way, contested=contested)].append(change)
    return Merged(
        edits=tuple(found["edits"]),
        frozen=tuple(frozen),
        conflicts=tuple(found["conflicts"]),
        kept=tuple(change.name for change in found["kept"]),
        emptied=tuple(emptied),
    )


def _is_unknown(field: MappedField, link: Link) -> bool:
    """Tell whether nobody knows who changed a field since both agreed: see `differ`.

    An owner says which of two changes counts, not that the other side made none.
    """
    sides = (link.kore_base, link.casemgr_base)
    known = all(side.has(field.casemgr) for side in sides)
    differs = any(side.get(field.casemgr) == UNKNOWN for side in sides)
    return differs and not known and not field.is_copy


def _fate(field: MappedField, link: Link, way: Way, *, contested: bool) -> Fate:
    """Say what becomes of a change that could be written."""
    if not contested:
        return "edits"
    if field.owner == "kore" and way is not Way.ALONE and not _is_unknown(field, link):
        return "edits"
    return "kept" if field.owner == "casemgr" else "conflicts"


def _is_told(field: MappedField, link: Link, target: Record) -> bool:
    """Tell whether a change needs nothing more than to be reported once.

    One that asks a person stays until it is decided.
    """
    if field.value is None or (field.is_copy and target.text("status") in ENDED):
        return True
    asks = field.write_once == "conflict" and link.finished
    return field.write_once is not None and not asks


def agree(  # noqa: PLR0913 - what an agreement is made of
    mapped: MappedRecord,
    link: Link,
    target: Record,
    *,
    digest: str,
    source_print: str,
    sent: frozenset[str] = frozenset(),
    way: Way = Way.ALONE,
    touched: bool = False,
) -> Link:
    """Give the link with its bases moved to where both sides agree now.

    A field moves its base when the target means what the source says, when there was
    nothing that could be written, when it was written once and is reported instead,
    when it was sent just now, or when the link is finished for the first time: what was
    read back is what we get, unless somebody `touched` the target since we made it. A
    conflict and a later edit on the target keep their base. In two-way sync a field
    that only one side has, and that was never agreed on, is the other direction's.

    Shape: both bases are keyed by the target's field names, since one source field may
    land in several target fields.
    """
    kore: dict[str, Value | None] = values(link.kore_base)
    casemgr: dict[str, Value | None] = values(link.casemgr_base)
    for field in mapped.fields:
        name, current = field.casemgr, target.fields.get(field.casemgr)
        is_sent, told = name in sent, _is_told(field, link, target)
        if way is Way.ALONE:
            moves = _moves_alone(field, link, current, is_sent=is_sent, told=told)
        else:
            moves = _moves(
                field,
                link,
                current,
                is_sent=is_sent,
                told=told,
                way=way,
                touched=touched,
            )
        if moves:
            kore[name] = field.source
        if moves == "both":
            casemgr[name] = current
    ended = target.text("status") in ENDED
    if ended == bool(mapped.finished):  # otherwise what both agreed on last stays
        kore[FINISHED] = "true" if ended else "false"
        casemgr["status"] = target.fields.get("status")
    kore |= persons_of(mapped.record)
    remember_due(kore, mapped.record)
    return replace(
        link,
        finished=True,
        kore_base=base(kore.items()),
        casemgr_base=base(casemgr.items()),
        source_print=source_print,
        mapping=half_remapped(link, digest) if way is Way.LEADS else digest,
    )


def half_remapped(link: Link, digest: str) -> str:
    """Give a link's mapping where only one direction has looked under the present one.

    The other one still has to see that it changed.
    """
    return MIXED if link.mapping and link.mapping != digest else digest


def _moves_alone(
    field: MappedField, link: Link, current: Value | None, *, is_sent: bool, told: bool
) -> Moves:
    unmoved = field.source == link.kore_base.get(field.casemgr)
    fresh = is_sent or (not link.finished and unmoved)
    fresh = fresh or not link.casemgr_base.has(field.casemgr)
    return "both" if fresh or told or field.is_met_by(current) else ""


def _moves(  # noqa: PLR0913 - what a move is decided on
    field: MappedField,
    link: Link,
    current: Value | None,
    *,
    is_sent: bool,
    told: bool,
    way: Way,
    touched: bool,
) -> Moves:
    """Say which bases of a field move in two-way sync.

    What was sent and reads back as something else was edited since, unless it was
    dropped; the reply to an update in Kore is the record as it was written.
    """
    changed = _target_changed(field, link, current)
    if is_sent and (way is Way.FOLLOWS or current is None or not changed):
        return "both"
    is_new = not link.casemgr_base.has(field.casemgr)
    if is_new and _lacks(field, current):
        return ""
    if field.is_met_by(current):
        return "both"
    if not link.finished:
        unmoved = field.source == link.kore_base.get(field.casemgr)
        unedited = not (touched and changed)
        is_ours = current is None or not _is_of_a_person(way, touched=touched)
        taken = (is_new and is_ours) or (unedited and (unmoved or told))
        return "both" if taken else ""
    is_emptied = field.source is None and current is not None
    stays = changed or is_emptied  # listed until somebody decides
    if not told or stays:
        return ""
    return "both" if is_new else "source"


def _lacks(field: MappedField, current: Value | None) -> bool:
    """Tell whether only one side has a field."""
    return field.write_once is None and (field.source is None) != (current is None)


def differ(link: Link, names: Collection[str]) -> Link:
    """Forget what was agreed on fields of a link that was found again.

    Whichever side changed them, the target's value counts as an edit of its own: it is
    not overwritten, and the difference is listed.
    """
    kore, casemgr = values(link.kore_base), values(link.casemgr_base)
    for name in names:
        kore.pop(name, None)
        casemgr[name] = UNKNOWN
    if not names:
        return link
    return replace(
        link,
        kore_base=base(kore.items()),
        casemgr_base=base(casemgr.items()),
        source_print="",
    )


def one_sided(mapped: MappedRecord, target: Record) -> set[str]:
    """Give the fields that one side has and the other lacks, by casemgr's names."""
    return {
        field.casemgr
        for field in mapped.fields
        if _lacks(field, target.fields.get(field.casemgr))
    }


def never_agreed(link: Link, names: Collection[str]) -> Link:
    """Forget fields of a link that was found again: whoever has one gives it."""
    if not names:
        return link
    kore, casemgr = values(link.kore_base), values(link.casemgr_base)
    for name in names:
        kore.pop(name, None)
        casemgr.pop(name, None)
    return replace(
        link, kore_base=base(kore.items()), casemgr_base=base(casemgr.items())
    )


def base(items: Iterable[tuple[str, Value | None]]) -> Base:
    """Make a base from fields, None standing for "agreed to be absent"."""
    pairs = dict(items)
    return Base(
        fields={name: value for name, value in pairs.items() if value is not None},
        absent=frozenset(name for name, value in pairs.items() if value is None),
    )


def values(known: Base) -> dict[str, Value | None]:
    """Give a base as a mapping, None standing for "agreed to be absent"."""
    absent: dict[str, Value | None] = dict.fromkeys(known.absent)
    return {**known.fields, **absent}
