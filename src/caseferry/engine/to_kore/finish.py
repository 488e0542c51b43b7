"""The end of a group: bases move to what both sides hold; what is held is listed."""

from collections.abc import Sequence
from dataclasses import replace

from caseferry.engine.context import Context
from caseferry.engine.finish import is_left_alone, list_held
from caseferry.engine.sync.rules import UNFINISHED
from caseferry.engine.to_kore.work import KoreWork
from caseferry.model.link import HoldKind
from caseferry.model.record import Key
from caseferry.reconcile.merge import Way, half_remapped
from caseferry.reconcile.to_kore.mirror import agreed

_STILL = {HoldKind.WAITING, HoldKind.QUARANTINE, HoldKind.UNCERTAIN}


def finish(context: Context, works: Sequence[KoreWork]) -> None:
    """Record that groups need nothing more now, in one transaction."""
    with context.store.transaction():
        for work in works:
            _move_bases(context, work)
            list_held(context, work, work.group.mapping)


def _waiting_in_kore(context: Context, work: KoreWork) -> set[Key]:
    """Give the records on which the way to casemgr has something to do later.

    What is due there under a changed mapping has to stay due.
    """
    if work.way is Way.ALONE:
        return set()
    holds = context.store.holds([link.kore for link in work.links.values()])
    return {
        key
        for key, hold in holds.items()
        if hold.kind in _STILL and hold.code != UNFINISHED
    }


def _move_bases(context: Context, work: KoreWork) -> None:
    """Move the bases of every link that is not kept back and was read back whole."""
    actions = work.plan.actions if work.plan else ()
    alone = {action.key for action in actions if is_left_alone(action)}
    waiting = _waiting_in_kore(context, work)
    for key, link in list(work.links.items()):
        target = work.targets.get(link.kore)
        if key in alone or target is None or link.tombstone or key in work.others:
            continue
        if (work.role(key), key) in work.aside:
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
            way=work.way,
        )
        if link.kore in waiting:
            fresh = replace(fresh, mapping=half_remapped(link, work.group.mapping))
        if fresh != link:
            home = work.case_link
            context.store.save_link(fresh, home.kore if home else link.kore)
            work.links[key] = fresh
