"""Records that an undo ended: never a counterpart again, whatever key they carry.

The state knows them by their rows. Where it was lost, the records tell: an activity by
the note that the undo wrote before it completed it, a Kore record by the tag that its
deactivation carried, and an older one by the later generation of the next one's key.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from caseferry.engine.context import Context
from caseferry.engine.undo.ledger import mark_begin
from caseferry.errors import Refused
from caseferry.model.correlation import Correlation, Role
from caseferry.model.link import Link, Retired
from caseferry.model.marker import is_ended_mark, is_taken_back
from caseferry.model.record import Key, Record, System, activity_key, case_key
from caseferry.ports import Store
from caseferry.reconcile.view import COMPLETED

Source = TypeVar("Source", bound=Hashable)
Generations = dict[tuple[Role, Key], int]
"""By role and source record: the generation of what is made for it next."""


class Found(StrEnum):
    """What a record with our key and without a link is to its source."""

    COUNTERPART = "counterpart"
    TWICE = "twice"
    ENDED = "ended"  # taken back, and nothing was made for its source since
    PAST = "past"  # taken back, and its source has another one


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A Kore record without a link whose marker names its casemgr source.

    Attributes:
        own: as it would be kept were it taken back.
        ended: it says of itself that it was.
    """

    record: Record
    own: Retired
    ended: bool


def marked(store: Store, record: Record, own: Correlation | None) -> Marked | None:
    """Give what a Kore record with this key is for; None where that is known."""
    if own is None or store.link(record.key) is not None:
        return None
    make = case_key if own.role is Role.CASE else activity_key
    source = make(own.source)
    if retired_among(store, [record.key, source]):
        return None
    row = Retired(
        target=record.key,
        source=source,
        role=own.role,
        generation=own.generation,
    )
    return Marked(record=record, own=row, ended=is_taken_back(record, own))


def judge(known: Link | None, found: Retired, *, ended: bool) -> Found:
    """Judge a record by its generation beside the one that is linked already.

    A later one is only ever made after the one before was taken back.

    Args:
        known: the link of the same source and role.
        found: the record, as it would be kept were it taken back.
        ended: it says of itself that it was.
    """
    if known is None or known.generation < found.generation:
        return Found.ENDED if ended else Found.COUNTERPART
    if ended or known.generation > found.generation:
        return Found.PAST
    return Found.TWICE


def supersede(store: Store, known: Link | None, target: System) -> None:
    """Take a link away whose record was taken back, as a later one tells."""
    if known is None:
        return
    is_kore = target is System.KORE
    store.save_retired(
        Retired(
            target=known.kore if is_kore else known.casemgr,
            source=known.casemgr if is_kore else known.kore,
            role=known.role,
            generation=known.generation,
        )
    )
    store.delete_link(known.casemgr)


def next_generations(rows: Iterable[Retired]) -> Generations:
    """Give the generations of what is made next; 0 where nothing is listed."""
    found: Generations = {}
    for row in rows:
        place = (row.role, row.source)
        found[place] = max(found.get(place, 0), row.generation + 1)
    return found


def retired_among(store: Store, keys: Sequence[Key]) -> frozenset[Key]:
    """Give those of some records that were taken back."""
    rows = store.retired(keys) if keys else []
    return frozenset({row.target for row in rows} & {*keys})


def still_there(
    store: Store, carried: Mapping[Source, Sequence[tuple[int, Record]]]
) -> dict[Source, list[Record]]:
    """Leave out what was taken back: the state tells, or a later generation.

    Args:
        store: knows what was.
        carried: by what their key names: its generation, and the record.
    """
    keys = [record.key for pairs in carried.values() for _, record in pairs]
    gone = retired_among(store, keys)
    found: dict[Source, list[Record]] = {}
    for source, pairs in carried.items():
        left = [(number, each) for number, each in pairs if each.key not in gone]
        newest = max((number for number, _ in left), default=0)
        if left:
            found[source] = [each for number, each in left if number == newest]
    return found


def is_retired(store: Store, link: Link) -> bool:
    """Tell whether the record that we made for a link was taken back."""
    return bool(retired_among(store, (link.kore, link.casemgr)))


def is_left(store: Store, key: Key) -> bool:
    """Tell whether a Kore record that a key names was one of ours, and taken back.

    Then what carries the key is the source that it was made for, and names nobody.
    """
    record = store.record(key)
    if record is not None and is_ended_mark(record):
        return True
    return bool(retired_among(store, [key]))


def taken_back(context: Context, records: Iterable[Record]) -> frozenset[Key]:
    """Give the activities that an undo marked and completed.

    Effects: reads the notes of those that are completed, one request each.
    """
    ended = [r for r in records if r.text("status") == COMPLETED]
    answers = context.workers.map(lambda record: _is_marked(context, record), ended)
    return frozenset(
        record.key
        for record, is_marked in zip(ended, answers, strict=True)
        if is_marked
    )


def _is_marked(context: Context, record: Record) -> bool:
    own = mark_begin(context.settings.pair.mark, record.key)
    try:
        texts = context.casemgr.notes(record.key)
    except Refused:
        return False
    return any(own in text for text in texts)
