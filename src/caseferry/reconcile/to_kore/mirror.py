"""The three-way comparison, seen from the other side.

The bases of a link are kept under the casemgr field's name, whichever way a record
goes, so that a pair that was carried one way can be kept in step the other way. Here
casemgr is the source: the sides of the link change places, and Kore's record is read
under the names of its counterparts.
"""

from collections.abc import Mapping
from dataclasses import replace

from caseferry.model.action import FieldChange
from caseferry.model.correlation import Role
from caseferry.model.link import Base, Link
from caseferry.model.mapped import (
    WRITE_ONCE,
    MappedField,
    MappedRecord,
    Owner,
)
from caseferry.model.record import Record, Value, is_touched
from caseferry.reconcile.made_due import remember_due
from caseferry.reconcile.merge import (
    FINISHED,
    REOPENED,
    Merged,
    Way,
    agree,
    base,
    merge,
    values,
)

STATUS = "status"
_OTHER: Mapping[Owner, Owner] = {"kore": "casemgr", "casemgr": "kore", "ask": "ask"}


def contents(mapped: MappedRecord) -> tuple[MappedField, ...]:
    """Give the fields that are compared; the status goes by its category instead."""
    return tuple(field for field in mapped.fields if field.kore != STATUS)


def compare(
    mapped: MappedRecord,
    link: Link,
    target: Record,
    *,
    digest: str,
    way: Way = Way.ALONE,
) -> Merged:
    """Compare every mapped field with the base of each side; names are Kore's.

    What a create sent and Kore does not have at all is sent again, until the link is
    finished: a tenant may not store every field on create.
    """
    flipped = _without_told(_flipped(mapped), link)
    seen = _keyed(flipped, target)
    if not link.finished:
        lost = {f.casemgr for f in flipped.fields if f.casemgr not in seen.fields}
        link = replace(link, kore_base=_without(link.kore_base, lost))
        link = replace(link, casemgr_base=_without(link.casemgr_base, lost))
    merged = merge(
        flipped,
        swapped(link),
        seen,
        digest=digest,
        can_edit=True,
        way=way,
        touched=is_touched(target),
    )
    names = {field.casemgr: field.kore for field in flipped.fields}

    def renamed(changes: tuple[FieldChange, ...]) -> tuple[FieldChange, ...]:
        return tuple(replace(change, name=names[change.name]) for change in changes)

    return replace(
        merged,
        edits=renamed(merged.edits),
        conflicts=renamed(merged.conflicts),
        emptied=tuple(names[name] for name in merged.emptied),
    )


def agreed(  # noqa: PLR0913 - what an agreement is made of
    mapped: MappedRecord,
    link: Link,
    target: Record,
    *,
    digest: str,
    source_print: str,
    sent: frozenset[str] = frozenset(),
    way: Way = Way.ALONE,
) -> Link:
    """Give the link with its bases moved to where both sides agree now.

    `sent` are Kore's names of the fields that were sent just now.
    """
    flipped = _flipped(mapped)
    names = frozenset(f.casemgr for f in flipped.fields if f.kore in sent)
    fresh = swapped(
        agree(
            flipped,
            swapped(link),
            _keyed(flipped, target),
            digest=digest,
            source_print=source_print,
            sent=names,
            way=way,
            touched=is_touched(target),
        )
    )
    kore = values(_without(fresh.kore_base, {STATUS}))
    casemgr = values(_without(fresh.casemgr_base, {FINISHED}))
    if is_met(mapped, target):
        kore[FINISHED] = _word(finished=bool(mapped.finished))
        casemgr[STATUS] = mapped.record.fields.get(STATUS)
    else:  # what both agreed on last stays
        _keep(kore, link.kore_base, FINISHED)
        _keep(casemgr, link.casemgr_base, STATUS)
    remember_due(kore, target)
    return replace(
        fresh, kore_base=base(kore.items()), casemgr_base=base(casemgr.items())
    )


def sent_bases(
    mapped: MappedRecord, link: Link, sent: Mapping[str, Value | None]
) -> Link:
    """Give the link with the bases of what was sent moved: our write is no change.

    What was sent is named as in Kore; `status` stands for the record's end.
    """
    kore, casemgr = values(link.kore_base), values(link.casemgr_base)
    for field in contents(mapped):
        if sent.get(field.kore) is not None:
            kore[field.casemgr] = sent[field.kore]
            casemgr[field.casemgr] = field.source
    if STATUS in sent:
        ended = sent[STATUS] == mapped.status and bool(mapped.finished)
        kore[FINISHED] = _word(finished=ended)
        if mapped.finished and not ended:
            kore[FINISHED] = REOPENED
        casemgr[STATUS] = mapped.record.fields.get(STATUS)
    return replace(
        link, kore_base=base(kore.items()), casemgr_base=base(casemgr.items())
    )


def is_met(mapped: MappedRecord, target: Record) -> bool:
    """Tell whether Kore's status already says what the source's does."""
    return target.text("statusCategory") in mapped.categories


def wants_status(mapped: MappedRecord, link: Link, target: Record) -> bool | None:
    """Tell whether the status is to be written; None is a conflict.

    It is, when casemgr's moved since both agreed and Kore's did not; also when neither
    moved and they differ: then a write of ours is still due. A status that was changed
    in Kore alone is kept.
    """
    if is_met(mapped, target):
        return False
    known = link.kore_base.get(FINISHED)
    if known in (None, REOPENED):
        return True
    ended = target.text("statusCategory") in ("resolved", "closed")
    if known == _word(finished=ended):
        return True
    same_source = mapped.record.fields.get(STATUS) == link.casemgr_base.get(STATUS)
    return False if same_source else None


def _flipped(mapped: MappedRecord) -> MappedRecord:
    fields = tuple(replace(f, owner=_OTHER[f.owner]) for f in contents(mapped))
    return replace(mapped, fields=fields)


def _without_told(mapped: MappedRecord, link: Link) -> MappedRecord:
    """Leave out what casemgr took once, where its base was forgotten: it is as it was.

    What Kore has otherwise is Kore's own, and was perhaps told by a note.
    """
    if link.role is not Role.TASK or not link.finished:
        return mapped
    known = link.casemgr_base
    kept = (
        f for f in mapped.fields if f.casemgr not in WRITE_ONCE or known.has(f.casemgr)
    )
    return replace(mapped, fields=tuple(kept))


def swapped(link: Link) -> Link:
    """Give a link whose sides have changed places."""
    return replace(link, kore_base=link.casemgr_base, casemgr_base=link.kore_base)


def _keyed(mapped: MappedRecord, target: Record) -> Record:
    fields = {
        field.casemgr: target.fields[field.kore]
        for field in mapped.fields
        if field.kore in target.fields
    }
    return replace(target, fields=fields)


def _without(known: Base, names: set[str]) -> Base:
    return base((n, value) for n, value in values(known).items() if n not in names)


def _keep(pairs: dict[str, Value | None], known: Base, name: str) -> None:
    if known.has(name):
        pairs[name] = known.get(name)


def _word(*, finished: bool) -> str:
    return "true" if finished else "false"
