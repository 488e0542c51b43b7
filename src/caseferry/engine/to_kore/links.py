"""Links of Kore records: new ones, and those found again."""

from dataclasses import replace

from caseferry.engine.to_kore.work import KoreWork
from caseferry.model.correlation import Role, generation_of
from caseferry.model.link import Link
from caseferry.model.mapped import WRITE_ONCE, MappedRecord
from caseferry.model.marker import marks_of
from caseferry.model.record import Key, Record, System, Value, is_touched
from caseferry.reconcile.made_due import remember_due
from caseferry.reconcile.merge import (
    FINISHED,
    UNKNOWN,
    Way,
    base,
    differ,
    never_agreed,
    values,
)
from caseferry.reconcile.to_kore.create import SENT_ON_CREATE
from caseferry.reconcile.to_kore.mirror import (
    STATUS,
    agreed,
    contents,
    is_met,
    sent_bases,
    swapped,
)


def new_link(
    work: KoreWork, role: Role, key: Key, record: Record, *, correlation: str
) -> Link:
    """Give the link of a record that was created just now; its creation goes on.

    The correlation key is the one that it was sent with. The bases are what was sent,
    and what Kore made of the rest as its reply shows it,
    so that an edit made meanwhile is seen as one.
    """
    link = Link(
        role=role,
        kore=record.key,
        casemgr=key,
        generation=generation_of(correlation),
        mapping=work.group.mapping,
        made_in=System.KORE,
    )
    mapped = work.mapped(key)
    link = sent_bases(mapped, link, sent_on_create(mapped, role))
    kore = values(link.kore_base)
    sent = sent_on_create(mapped, role)
    edited = is_touched(record)  # found again later: what it was made with is guessed
    for field in contents(mapped):
        if field.kore not in record.fields:
            continue
        if not edited:
            kore[field.casemgr] = record.fields[field.kore]
        elif field.kore not in sent:
            kore[field.casemgr] = _MADE.get(field.kore)
    remember_due(kore, record)
    casemgr = values(link.casemgr_base)
    if not mapped.finished:  # made open: whoever ends it in Kore meant it
        kore[FINISHED] = _word(mapped)
        casemgr[STATUS] = mapped.record.fields.get(STATUS)
    return replace(
        link, kore_base=base(kore.items()), casemgr_base=base(casemgr.items())
    )


def sent_on_create(mapped: MappedRecord, role: Role) -> dict[str, Value | None]:
    """Give what a create sends, by Kore's field names."""
    names = SENT_ON_CREATE[role]
    return {f.kore: f.value for f in mapped.fields if f.kore in names}


def as_it_is(work: KoreWork, link: Link, record: Record) -> Link:
    """Take what both sides hold now for agreed: nobody's later edit is overwritten.

    Where they differ nobody knows who changed it: that is a conflict, for a person.
    An end that came in Kore first is an agent's, and kept; one that it lacks is such a
    conflict too. A record that never had an update of ours (its tag is missing) was
    perhaps not finished: its end, and what Kore shows as it makes it, stay due. One
    without any mark of ours is Kore's own, carried to casemgr once: nothing is due.
    """
    mapped = work.mapped(link.casemgr)
    fresh = agreed(
        mapped,
        link,
        record,
        digest=work.group.mapping,
        source_print=work.prints[link.casemgr],
    )
    told = WRITE_ONCE if link.role is Role.TASK else frozenset[str]()
    differing = {  # what casemgr takes only once was changed in Kore, and perhaps told
        f.casemgr
        for f in contents(mapped)
        if f.value is not None
        and f.casemgr not in told
        and not f.is_met_by(record.fields.get(f.kore))
    }
    lacking = set()
    if work.way is not Way.ALONE:  # each direction fills in what it can
        lacking = {
            f.casemgr
            for f in contents(mapped)
            if (f.source is None) != (record.fields.get(f.kore) is None)
        }
    fresh = swapped(differ(swapped(fresh), differing - lacking))
    fresh = never_agreed(fresh, lacking)
    if not marks_of(record):
        return _own_end(mapped, fresh)
    if not record.fields.get("marker.tags"):
        fresh = _due_again(mapped, fresh, record)
    tagged = bool(record.fields.get("marker.tags"))
    if is_met(mapped, record) or (mapped.finished and not tagged):
        return fresh
    # its last update carried the tag and the end: somebody reopened it, or it is due
    now = UNKNOWN if mapped.finished else mapped.record.fields.get(STATUS)
    kore = {**values(fresh.kore_base), FINISHED: _word(mapped)}
    casemgr = {**values(fresh.casemgr_base), STATUS: now}
    return replace(
        fresh, kore_base=base(kore.items()), casemgr_base=base(casemgr.items())
    )


def _own_end(mapped: MappedRecord, link: Link) -> Link:
    """Take casemgr's end for agreed; another one in Kore is Kore's own, and kept."""
    kore = {**values(link.kore_base), FINISHED: _word(mapped)}
    casemgr = {**values(link.casemgr_base), STATUS: mapped.record.fields.get(STATUS)}
    return replace(
        link, kore_base=base(kore.items()), casemgr_base=base(casemgr.items())
    )


def _word(mapped: MappedRecord) -> str:
    return "true" if mapped.finished else "false"


_MADE = {"priority": "Medium"}
"""What Kore gives by itself; an absent field is as it was made too."""


def _due_again(mapped: MappedRecord, link: Link, record: Record) -> Link:
    kore, casemgr = values(link.kore_base), values(link.casemgr_base)
    for field in mapped.fields:
        shown = record.fields.get(field.kore)
        if field.is_met_by(shown) or shown != _MADE.get(field.kore):
            continue
        kore[field.casemgr] = shown  # what comes later is somebody's
        casemgr.pop(field.casemgr, None)
    return replace(
        link,
        finished=False,
        kore_base=base(kore.items()),
        casemgr_base=base(casemgr.items()),
    )
