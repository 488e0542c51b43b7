"""The end of a group: bases move to what both sides hold; what is held is listed."""

from collections.abc import Sequence

from caseferry.engine.closing import keep_first_look
from caseferry.engine.context import Context
from caseferry.engine.work import Work
from caseferry.model.action import Action, ActionKind
from caseferry.model.correlation import Role
from caseferry.model.link import Hold, HoldKind
from caseferry.model.record import Key
from caseferry.reconcile.merge import agree

LISTED = {
    ActionKind.CONFLICT: HoldKind.CONFLICT,
    ActionKind.QUARANTINE: HoldKind.QUARANTINE,
    ActionKind.SET_ASIDE: HoldKind.SET_ASIDE,
    ActionKind.WAITING: HoldKind.WAITING,
    ActionKind.UNCERTAIN: HoldKind.UNCERTAIN,
}


def finish(context: Context, works: Sequence[Work]) -> None:
    """Record that groups need nothing more now, in one transaction."""
    with context.store.transaction():
        for work in works:
            held = _held(work)
            _move_bases(context, work)
            _list(context, work, held)
            keep_first_look(context, work)


def _held(work: Work) -> dict[Key, tuple[Role, Action]]:
    """Give what keeps a record back, by source key; the first reason counts."""
    found: dict[Key, tuple[Role, Action]] = {}
    for action in work.plan.actions if work.plan else ():
        if action.kind in LISTED:
            found.setdefault(action.key, (action.role, action))
    return found


def _move_bases(context: Context, work: Work) -> None:
    """Move the bases of every link that is not kept back.

    A conflict keeps only its own fields' base, and what is set aside was reported.
    """
    kinds = {ActionKind.WAITING, ActionKind.QUARANTINE, ActionKind.UNCERTAIN}
    actions = work.plan.actions if work.plan else ()
    stays = {(a.role, a.key) for a in actions if a.kind in kinds}
    for link in list(work.links):
        target = work.targets.get(link.casemgr)
        if (link.role, link.kore) in stays:
            continue
        if target is None or link.tombstone:
            continue
        fresh = agree(
            work.mapped(link.role, link.kore),
            link,
            target,
            digest=work.group.mapping,
            source_print=work.prints[link.kore],
            sent=frozenset(work.sent.get(link.casemgr, ())),
        )
        if fresh != link:
            context.store.save_link(fresh, work.key)
            work.put_link(fresh)


def _list(context: Context, work: Work, held: dict[Key, tuple[Role, Action]]) -> None:
    """Keep the list of held records in step with what the last decision said."""
    store = context.store
    for key, source_print in work.prints.items():
        known = work.known.get(key)
        _, action = held.get(key, (None, None))
        if action is None:
            if known is not None and known.kind is not HoldKind.UNCERTAIN:
                store.delete_hold(key)
                work.known.pop(key)
            continue
        hold = Hold(
            key=key,
            kind=LISTED[action.kind],
            code=action.code,
            reason=action.reason,
            source_print=source_print,
            mapping=work.group.mapping,
            correlation=known.correlation if known else "",
        )
        if hold != known and (known is None or known.kind is not HoldKind.UNCERTAIN):
            store.save_hold(context.run, hold)
            work.known[key] = hold
