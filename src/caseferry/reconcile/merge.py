"""Three-way comparison of one record's fields against the base of each side."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from caseferry.model.action import FieldChange
from caseferry.model.link import Base, Link
from caseferry.model.mapped import MappedField, MappedRecord
from caseferry.model.record import Record, Value

ENDED = ("completed", "closed")
UNKNOWN = ""
"""In a base: something, nobody knows what; no field ever holds it."""
FINISHED = "~finished"
"""In a Kore base: whether the record was resolved or closed when both sides agreed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What the target's fields need.

    Attributes:
        edits: fields that can be written and should be.
        frozen: changed fields the target cannot write any more, with their policy.
        conflicts: fields that both sides changed, differently.
        kept: fields the source emptied, or that only the target changed: left alone.
    """

    edits: tuple[FieldChange, ...] = ()
    frozen: tuple[tuple[MappedField, FieldChange], ...] = ()
    conflicts: tuple[FieldChange, ...] = ()
    kept: tuple[str, ...] = ()


def _source_changed(field: MappedField, link: Link, digest: str) -> bool:
    if not link.kore_base.has(field.casemgr):
        return True  # never agreed on: creation is not finished, or adopted half made
    # under a changed mapping it may mean something else than what both agreed on
    remapped = bool(link.mapping) and link.mapping != digest
    if remapped and not field.is_met_by(link.casemgr_base.get(field.casemgr)):
        return True
    return field.source != link.kore_base.get(field.casemgr)


def _target_changed(field: MappedField, link: Link, current: Value | None) -> bool:
    if not link.casemgr_base.has(field.casemgr):
        return False
    return current != link.casemgr_base.get(field.casemgr)


def merge(
    mapped: MappedRecord, link: Link, target: Record, *, digest: str, can_edit: bool
) -> Merged:
    """Compare every mapped field of a linked record with the base of each side.

    Args:
        mapped: the source, with what each target field should hold.
        link: with the bases.
        target: as read now.
        digest: of the present mapping.
        can_edit: the target takes edits; otherwise every change is frozen.
    """
    edits: list[FieldChange] = []
    frozen: list[tuple[MappedField, FieldChange]] = []
    conflicts: list[FieldChange] = []
    kept: list[str] = []
    for field in mapped.fields:
        current = target.fields.get(field.casemgr)
        if field.is_met_by(current) or not _source_changed(field, link, digest):
            continue
        change = FieldChange(name=field.casemgr, before=current, after=field.value)
        if field.value is None:
            kept.append(field.casemgr)  # nothing is cleared on its own
        elif field.write_once is not None or not can_edit:
            frozen.append((field, change))
        elif not _target_changed(field, link, current):
            edits.append(change)
        elif field.owner == "casemgr":
            kept.append(field.casemgr)
        else:
            conflicts.append(change)
    return Merged(
        edits=tuple(edits),
        frozen=tuple(frozen),
        conflicts=tuple(conflicts),
        kept=tuple(kept),
    )


def agree(
    mapped: MappedRecord,
    link: Link,
    target: Record,
    *,
    digest: str,
    source_print: str,
    sent: frozenset[str] = frozenset(),
) -> Link:
    """Give the link with its bases moved to where both sides agree now.

    A field moves its base when the target means what the source says, when there was
    nothing that could be written, when it was written once and is reported instead,
    when it was sent just now, or when the link is finished for the first time: what was
    read back is what we get. A conflict and a later edit on the target keep their base.

    Shape: both bases are keyed by the target's field names, since one source field may
    land in several target fields.
    """
    kore: dict[str, Value | None] = values(link.kore_base)
    casemgr: dict[str, Value | None] = values(link.casemgr_base)
    for field in mapped.fields:
        current = target.fields.get(field.casemgr)
        name = field.casemgr
        unmoved = field.source == link.kore_base.get(name)
        fresh = name in sent or not link.casemgr_base.has(name)
        fresh = fresh or (not link.finished and unmoved)
        settled = field.value is None or field.write_once is not None
        if fresh or settled or field.is_met_by(current):
            kore[field.casemgr] = field.source
            casemgr[field.casemgr] = current
    ended = target.text("status") in ENDED
    if ended == bool(mapped.finished):  # otherwise what both agreed on last stays
        kore[FINISHED] = "true" if ended else "false"
        casemgr["status"] = target.fields.get("status")
    return Link(
        role=link.role,
        kore=link.kore,
        casemgr=link.casemgr,
        generation=link.generation,
        finished=True,
        kore_base=base(kore.items()),
        casemgr_base=base(casemgr.items()),
        source_print=source_print,
        mapping=digest,
        tombstone=link.tombstone,
    )


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
