"""Open conflicts of one pair, and what settles them: a comparison, and a moved base.

What both sides changed since they last agreed is a conflict. A person who takes one
side says by that: the other side's present value is agreed. So its base moves to what
it shows, and the next run finds one change only. Where the side that is taken did not
change itself, its base becomes unknown, so that it counts as changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from caseferry.model.correlation import Role
from caseferry.model.link import Link
from caseferry.model.mapped import MappedField, MappedRecord
from caseferry.model.record import Record, System, Value
from caseferry.reconcile.merge import (
    ENDED,
    FINISHED,
    UNKNOWN,
    Merged,
    Way,
    base,
    merge,
    takes_casemgr,
    takes_kore,
    values,
)
from caseferry.reconcile.tasks import conflict_words
from caseferry.reconcile.to_kore.mirror import STATUS, compare, contents, wants_status
from caseferry.reconcile.view import CLOSED

KORE_ENDED = ("resolved", "closed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """A linked pair as both sides were read last, each mapped towards the other.

    Attributes:
        digest: of the present mapping.
        lead, follow: how the way to casemgr and the way to Kore look at it; None where
            the last run did not look that way.
        asks: the mapping lets a person decide on a case that Kore has open again.
        reopens: an opener may bring such a case back.
    """

    link: Link
    to_casemgr: MappedRecord
    to_kore: MappedRecord
    digest: str
    lead: Way | None = Way.LEADS
    follow: Way | None = Way.FOLLOWS
    asks: bool = False
    reopens: bool = False

    @property
    def kore(self) -> Record:
        """The Kore record."""
        return self.to_casemgr.record

    @property
    def casemgr(self) -> Record:
        """The casemgr record."""
        return self.to_kore.record

    def merged(self) -> Merged:
        """Compare on the way to casemgr; names are casemgr's."""
        if self.lead is None:
            return Merged()
        return merge(
            self.to_casemgr,
            self.link,
            self.casemgr,
            digest=self.digest,
            can_edit=self.casemgr.text("status") not in ENDED,
            way=self.lead,
        )

    def compared(self) -> Merged:
        """Compare on the way to Kore; names are Kore's."""
        if self.follow is None:
            return Merged()
        return compare(
            self.to_kore, self.link, self.kore, digest=self.digest, way=self.follow
        )

    def carried(self, source: System) -> tuple[MappedField, ...]:
        """Give the fields that are carried from a system to the other one."""
        if source is System.KORE:
            return self.to_casemgr.fields
        return contents(self.to_kore)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One field of a pair on which a person has to decide.

    Attributes:
        kore_field, casemgr_field: its names; `status` stands for the end of a record.
        kore, casemgr: what each side held when it was read last.
        code: both-changed; not-agreed where nobody knows what both agreed on;
            write-once where casemgr cannot take the change; case-reopened.
    """

    kore_field: str
    casemgr_field: str
    kore: Value | None
    casemgr: Value | None
    code: str

    @property
    def is_status(self) -> bool:
        """Tell whether it is about the end of the record, not about a value."""
        return self.kore_field == self.casemgr_field == STATUS

    def answers_to(self, name: str) -> bool:
        """Tell whether a person means it by a field's name: Kore's or casemgr's."""
        return name.casefold() in (
            self.kore_field.casefold(),
            self.casemgr_field.casefold(),
        )


def open_conflicts(twins: Twins) -> tuple[Conflict, ...]:
    """Give the conflicts of a pair, each field once, whichever way it was found."""
    if not twins.link.finished or twins.link.tombstone:
        return ()
    found: dict[tuple[str, str], Conflict] = {}
    for conflict in (*_found_leading(twins), *_found_following(twins)):
        found.setdefault((conflict.kore_field, conflict.casemgr_field), conflict)
    return tuple(found.values())


def settled(twins: Twins, conflict: Conflict, take: System) -> Link:
    """Give the link with the bases by which only the side that is taken changed."""
    if conflict.is_status:
        return _with_status(twins, take)
    link, name = twins.link, conflict.casemgr_field
    kore, casemgr = values(link.kore_base), values(link.casemgr_base)
    if take is System.KORE:
        casemgr[name] = conflict.casemgr
        _unagree(kore, name, conflict.kore, is_carried=_is_carried(twins, name, take))
    else:
        kore[name] = conflict.kore
        is_carried = _is_carried(twins, name, take)
        _unagree(casemgr, name, conflict.casemgr, is_carried=is_carried)
    return replace(
        link, kore_base=base(kore.items()), casemgr_base=base(casemgr.items())
    )


def hindrance(twins: Twins, conflict: Conflict, take: System) -> str:
    """Say why a side cannot be taken; "" where it can.

    Found by trying: with the bases moved, the next run has to carry the value.
    """
    if conflict.is_status:
        return _ends_for_good(twins, conflict, take)
    looks = twins.lead if take is System.KORE else twins.follow
    rows = [f for f in twins.carried(take) if f.casemgr == conflict.casemgr_field]
    if looks is None or not rows:
        return ""  # nothing is carried that way: both stay as they are
    other = conflict.casemgr if take is System.KORE else conflict.kore
    after = replace(twins, link=settled(twins, conflict, take))
    is_carried = rows[0].is_met_by(other) or _is_written(after, conflict, take)
    if is_carried:
        return ""
    return _NOT_WRITABLE if take is System.KORE else _NOT_CARRIED


def _ends_for_good(twins: Twins, conflict: Conflict, take: System) -> str:
    """Say why casemgr cannot follow Kore, which has a record open; "" where it can."""
    if take is System.CASEMGR:
        return ""
    if conflict.code == "case-reopened":
        return "" if twins.reopens else _NO_OPENER
    is_open = twins.kore.text("statusCategory") not in KORE_ENDED
    is_task = twins.link.role is Role.TASK
    is_over = is_task and is_open and twins.casemgr.text(STATUS) in ENDED
    return _NO_REOPENING if is_over else ""


def _is_written(after: Twins, conflict: Conflict, take: System) -> bool:
    """Tell whether the next run writes the field, or notes it down."""
    merged, name = after.merged(), conflict.casemgr_field
    if take is System.CASEMGR:
        merged, name = after.compared(), conflict.kore_field
    noted = (c.name for f, c in merged.frozen if f.write_once == "note")
    return name in (*(change.name for change in merged.edits), *noted)


_NOT_WRITABLE = "casemgr cannot take it any more"
_NOT_CARRIED = "the mapping gives Kore nothing for it"
_NO_REOPENING = "no call opens a completed activity again"
_NO_OPENER = (
    "no call reopens a case, and the mapping's [opener] when does not name `reopened`"
)


def _found_leading(twins: Twins) -> Iterator[Conflict]:
    merged = twins.merged()
    names = {change.name for change in merged.conflicts}
    for field in twins.carried(System.KORE):
        if field.casemgr in names:
            yield _conflict(twins, field)
    for field, _ in merged.frozen:
        if field.write_once == "conflict" and twins.link.role is Role.TASK:
            yield _conflict(twins, field, "write-once")
    if twins.lead is not None and twins.asks and _is_back(twins):
        yield _status_conflict(twins, "case-reopened")


def _found_following(twins: Twins) -> Iterator[Conflict]:
    if twins.follow is None:
        return
    names = {change.name for change in twins.compared().conflicts}
    for field in twins.carried(System.CASEMGR):
        if field.kore in names:
            yield _conflict(twins, field)
    if wants_status(twins.to_kore, twins.link, twins.kore) is None:
        yield _status_conflict(twins, "both-changed")


def _conflict(twins: Twins, field: MappedField, code: str = "") -> Conflict:
    name = field.casemgr
    return Conflict(
        kore_field=field.kore,
        casemgr_field=name,
        kore=twins.kore.fields.get(field.kore),
        casemgr=twins.casemgr.fields.get(name),
        code=code or conflict_words(twins.link, [name])[0],
    )


def _status_conflict(twins: Twins, code: str) -> Conflict:
    return Conflict(
        kore_field=STATUS,
        casemgr_field=STATUS,
        kore=twins.kore.fields.get(STATUS),
        casemgr=twins.casemgr.fields.get(STATUS),
        code=code,
    )


def _is_back(twins: Twins) -> bool:
    """Tell whether Kore has a case open that casemgr has closed, undecided."""
    link = twins.link
    if link.role is not Role.CASE or twins.to_casemgr.finished is not False:
        return False
    if twins.casemgr.text(STATUS) != CLOSED:
        return False
    if takes_kore(link) or takes_casemgr(link):
        return False
    agreed_open = link.casemgr_base.get(STATUS) == "open"
    return not agreed_open or link.kore_base.get(FINISHED) != "false"


def _with_status(twins: Twins, take: System) -> Link:
    link = twins.link
    kore, casemgr = values(link.kore_base), values(link.casemgr_base)
    if take is System.KORE:
        kore[FINISHED] = UNKNOWN
        casemgr[STATUS] = twins.casemgr.fields.get(STATUS)
    else:
        has_ended = twins.kore.text("statusCategory") in KORE_ENDED
        kore[FINISHED] = "true" if has_ended else "false"
        casemgr[STATUS] = UNKNOWN
    return replace(
        link, kore_base=base(kore.items()), casemgr_base=base(casemgr.items())
    )


def _unagree(
    known: dict[str, Value | None],
    name: str,
    current: Value | None,
    *,
    is_carried: bool,
) -> None:
    """Make what a side shows count as changed; where it is carried nowhere, as agreed.

    Also where it changed already: it may go back to what was agreed on before.
    """
    known[name] = UNKNOWN if is_carried else current


def _is_carried(twins: Twins, name: str, source: System) -> bool:
    return any(field.casemgr == name for field in twins.carried(source))
