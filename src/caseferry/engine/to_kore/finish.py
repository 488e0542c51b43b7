"""The end of a group: bases move to what both sides hold; what is held is listed."""

from collections.abc import Sequence

from caseferry.engine.context import Context
from caseferry.engine.finish import LISTED
from caseferry.engine.to_kore.work import KoreWork
from caseferry.model.action import Action, ActionKind
from caseferry.model.link import Hold, HoldKind
from caseferry.model.record import Key
from caseferry.reconcile.to_kore.mirror import agreed

_STAYS = {ActionKind.WAITING, ActionKind.QUARANTINE, ActionKind.UNCERTAIN}


def finish(context: Context, works: Sequence[KoreWork]) -> None:
    """Record that groups need nothing more now, in one transaction."""
    with context.store.transaction():
        for work in works:
            held: dict[Key, Action] = {}
            for action in work.plan.actions if work.plan else ():
                if action.kind in LISTED:
                    held.setdefault(action.key, action)
            _move_bases(context, work, held)
            _list(context, work, held)


def _move_bases(context: Context, work: KoreWork, held: dict[Key, Action]) -> None:
    """Move the bases of every link that is not kept back and was read back whole."""
    for key, link in list(work.links.items()):
        target = work.targets.get(link.kore)
        stays = key in held and held[key].kind in _STAYS
        if stays or target is None or link.tombstone or key in work.others:
            continue
        if link.kore in work.unconfirmed:
            continue  # the closing listing confirms it
        fresh = agreed(
            work.mapped(key),
            link,
            target,
            digest=work.group.mapping,
            source_print=work.prints[key],
            sent=frozenset(work.sent.get(link.kore, ())),
        )
        if fresh != link:
            home = work.case_link
            context.store.save_link(fresh, home.kore if home else link.kore)
            work.links[key] = fresh


def _list(context: Context, work: KoreWork, held: dict[Key, Action]) -> None:
    """Keep the list of held records in step with what the last decision said."""
    store = context.store
    for key, source_print in work.prints.items():
        known, action = work.known.get(key), held.get(key)
        if known is not None and known.kind is HoldKind.UNCERTAIN:
            continue
        if action is None:
            if known is not None:
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
        if hold != known:
            store.save_hold(context.run, hold)
            work.known[key] = hold
