"""What two-way sync asks of a case group before it is decided on, either way."""

from collections.abc import Iterable, Sequence

from caseferry.engine.context import Context
from caseferry.engine.facts import crossed_by
from caseferry.engine.sync.meaning import keep_following, keep_leading
from caseferry.engine.to_kore.work import KoreWork
from caseferry.engine.work import Work
from caseferry.model.correlation import Role, parse_correlation
from caseferry.model.link import Hold, HoldKind, Link
from caseferry.model.marker import marks_of, own_mark
from caseferry.model.record import (
    Entity,
    Key,
    Record,
    System,
    activity_key,
    case_key,
    kore_key,
    system_of,
)
from caseferry.reconcile.cascade import is_cascade, is_emptied, is_torn
from caseferry.reconcile.merge import Way
from caseferry.reconcile.view import CLOSED, is_active

UNFINISHED = "unfinished"
"""Code: the creation of a record goes on in the other direction."""
TORN = "moving"
"""Code: a record changed while it was read; the next run reads it again."""
STRANGER = "stranger"
"""Code: it carries our key, and its counterpart is not shown."""


def lead(context: Context, works: Sequence[Work]) -> None:
    """Prepare groups on their way to casemgr: this direction goes first.

    Their counterparts are what casemgr showed last; each write carries the version, so
    a stale one is refused and read anew.
    """
    two_way = context.two_way
    if two_way is None:
        return
    _observe(context, works)
    for work in works:
        work.way = Way.LEADS
        linked = work.case_link is not None
        work.barred = two_way.barred(System.CASEMGR, work.group.case, linked=linked)
        for key, mapped in work.sources().items():
            role = Role.CASE if key == work.key else Role.TASK
            link = work.link(role, key)
            is_new = link is None and is_active(mapped)
            if is_new and _names(context, mapped.record, work.retired):
                work.holds[key] = _stranger(key, System.CASEMGR)
            elif _goes_on_elsewhere(link, System.CASEMGR, mapped.record):
                work.holds[key] = _unfinished(key)
        keep_leading(context, work)


def follow(context: Context, work: KoreWork, activities: Iterable[Record]) -> None:
    """Prepare a group on its way to Kore: this direction comes second."""
    two_way = context.two_way
    if two_way is None:
        return
    work.way = Way.FOLLOWS
    linked = work.case_link is not None
    work.barred = two_way.barred(System.KORE, work.group.case, linked=linked)
    inside = tuple(activities)
    work.is_cascade = _is_cascade(context, work.group.case.record, inside)
    work.is_emptied = _is_emptied(context, work, inside)
    if is_torn(work.group.case.record, inside):
        work.holds[work.key] = _torn(work.key)
    if not linked and any(_is_half_made(context, x) for x in work.links.values()):
        work.holds[work.key] = _unfinished(work.key)
    ours = any(
        x.key not in work.links and _names(context, x, work.retired) for x in inside
    )
    for mapped in work.records():
        key = mapped.record.key
        link = work.links.get(key)
        target = work.targets.get(link.kore) if link else None
        if link is None and (
            _names(context, mapped.record, work.retired)
            or (ours and mapped.record.entity is Entity.CASE)
        ):
            work.holds[key] = _stranger(key, System.KORE)
        elif _goes_on_elsewhere(link, System.KORE, target):
            work.holds[key] = _unfinished(key)
        elif link is not None and not link.finished:
            work.goes_on = True
    keep_following(context, work)


def cross(lead: Iterable[Work], follow: Iterable[KoreWork]) -> None:
    """Tell both directions of each pair what the other one's plan changes."""
    others = {work.key: work for work in follow}
    for work in lead:
        back = others.get(work.case_link.casemgr) if work.case_link else None
        if back is not None and work.plan is not None and back.plan is not None:
            work.crossed = crossed_by(back.plan)
            back.crossed = crossed_by(work.plan)


def _observe(context: Context, works: Sequence[Work]) -> None:
    """Give groups what casemgr showed of their case when it was read last."""
    store, since = context.store, context.since_run(System.CASEMGR)
    homes = [work.case_link.casemgr for work in works if work.case_link]
    shown = {case.key: (case, *inside) for case, inside in store.groups(since, homes)}
    strays: set[Key] = set()
    for work in works:
        records = shown.get(work.case_link.casemgr, ()) if work.case_link else ()
        work.targets |= {record.key: record for record in records}
        work.observed = bool(records)
        if records:
            work.is_cascade = _is_cascade(context, records[0], records[1:])
        strays |= {x.casemgr for x in _links(work) if x.casemgr not in work.targets}
    found = store.records_of(since, sorted(strays))
    for work in works:
        work.targets |= {
            x.casemgr: found[x.casemgr] for x in _links(work) if x.casemgr in found
        }


def _is_cascade(context: Context, case: Record, inside: Sequence[Record]) -> bool:
    """Tell whether a case may only have closed with its last activity.

    What we completed ourselves tells nothing of how an agent closed it.
    """
    if case.text("status") != CLOSED:
        return False
    if is_cascade(case, inside):
        return True
    ours = context.store.completed([each.key for each in inside])
    return is_cascade(case, [each for each in inside if each.key not in ours])


def _is_emptied(context: Context, work: KoreWork, inside: Sequence[Record]) -> bool:
    """Tell whether a case may have closed because all in it was moved elsewhere."""
    case, link = work.group.case.record, work.case_link
    if link is None or case.text("status") != CLOSED or not is_emptied(case, inside):
        return False
    known = context.store.links_of([link.kore]).get(link.kore, ())
    ours = [each.casemgr for each in known if each.role is not Role.CASE]
    found = context.store.records_of(context.since_run(System.CASEMGR), ours)
    return any(record.parent != case.key for record in found.values())


def _links(work: Work) -> tuple[Link, ...]:
    return (*work.links, *work.ghosts)


def _goes_on_elsewhere(link: Link | None, target: System, kore: Record | None) -> bool:
    """Tell whether a creation that is not finished goes on in the other direction."""
    if link is None or link.finished:
        return False
    if link.made_in is not None:
        return link.made_in is not target
    marked = kore is not None and bool(marks_of(kore))
    return marked is (target is System.CASEMGR)


def _is_half_made(context: Context, link: Link) -> bool:
    """Tell whether an activity of ours brought a case into being that has no link yet.

    The run that made it ended before it read the case.
    """
    record = context.store.record(link.kore)
    home = record.parent if record is not None else None
    if link.role is Role.OPENER:
        home = link.kore
    return home is not None and context.store.link(home) is None


def _names(context: Context, record: Record, retired: frozenset[Key]) -> bool:
    """Tell whether a record without a link carries a key that names its counterpart.

    Not where an undo ended one of the two: then there is none.
    """
    settings, on_case = context.settings, record.entity is Entity.CASE
    if system_of(record.key) is System.KORE:
        role = Role.CASE if on_case else Role.TASK
        own = own_mark(record, settings.pair.mark, role)
        make = case_key if on_case else activity_key
    else:
        name = settings.case_key_field if on_case else settings.activity_key_field
        own, make = parse_correlation(record.text(name)), kore_key
    if own is None or own.pair != settings.pair.mark:
        return False
    return not {record.key, make(own.source)} & retired


def _unfinished(key: Key) -> Hold:
    reason = "its creation goes on in the other direction first"
    return Hold(key=key, kind=HoldKind.WAITING, code=UNFINISHED, reason=reason)


def _torn(key: Key) -> Hold:
    reason = "it was read as closed, and one of its activities as open"
    return Hold(key=key, kind=HoldKind.WAITING, code=TORN, reason=reason)


def _stranger(key: Key, target: System) -> Hold:
    reason = "it carries our key, and its counterpart is not shown; it is not new"
    kind = HoldKind.SET_ASIDE
    return Hold(key=key, kind=kind, code=STRANGER, reason=f"{reason} ({target})")
