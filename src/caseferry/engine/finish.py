"""The end of a group: bases move to what both sides hold; what is held is listed."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from caseferry.engine.closing import keep_first_look
from caseferry.engine.context import Context
from caseferry.engine.work import Work
from caseferry.model.action import Action, ActionKind, GroupPlan
from caseferry.model.link import Hold, HoldKind
from caseferry.model.record import Key, is_touched
from caseferry.reconcile.merge import agree

LISTED = {
    ActionKind.CONFLICT: HoldKind.CONFLICT,
    ActionKind.QUARANTINE: HoldKind.QUARANTINE,
    ActionKind.SET_ASIDE: HoldKind.SET_ASIDE,
    ActionKind.WAITING: HoldKind.WAITING,
    ActionKind.UNCERTAIN: HoldKind.UNCERTAIN,
}


_ALONE = {
    ActionKind.WAITING,
    ActionKind.QUARANTINE,
    ActionKind.UNCERTAIN,
    ActionKind.OUT_OF_SCOPE,
}
_NOT_LOOKED_AT = ("inactive", "moved")


def is_left_alone(action: Action) -> bool:
    """Tell whether a record was not compared, or not carried yet.

    What changed in it meanwhile is still to come, a mapping's change included.
    """
    if action.kind is ActionKind.SET_ASIDE:
        return action.code.removeprefix("case-") in _NOT_LOOKED_AT
    return action.kind in _ALONE


def finish(context: Context, works: Sequence[Work]) -> None:
    """Record that groups need nothing more now, in one transaction."""
    with context.store.transaction():
        for work in works:
            _move_bases(context, work)
            list_held(context, work, work.group.mapping)
            keep_first_look(context, work)


class Listed(Protocol):
    """A case group, as far as its held records are listed."""

    @property
    def plan(self) -> GroupPlan | None: ...
    @property
    def prints(self) -> Mapping[Key, str]: ...
    @property
    def known(self) -> dict[Key, Hold]: ...


def held_by(work: Listed) -> dict[Key, Action]:
    """Give what keeps a record back, by source key; the first reason counts.

    A conflict waits for a person, so it counts before what was only set aside.
    """
    found: dict[Key, Action] = {}
    for action in work.plan.actions if work.plan else ():
        if action.kind in LISTED:
            known = found.setdefault(action.key, action)
            asks = action.kind is ActionKind.CONFLICT
            if asks and known.kind is ActionKind.SET_ASIDE:
                found[action.key] = action
    return found


def _move_bases(context: Context, work: Work) -> None:
    """Move the bases of every link that is not kept back.

    A conflict keeps only its own fields' base, and what is set aside was reported.
    """
    actions = work.plan.actions if work.plan else ()
    stays = {(a.role, a.key) for a in actions if is_left_alone(a)}
    for link in list(work.links):
        target = work.targets.get(link.casemgr)
        if (link.role, link.kore) in stays or (link.role, link.kore) in work.aside:
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
            way=work.way,
            touched=is_touched(target),
        )
        if fresh != link:
            context.store.save_link(fresh, work.key)
            work.put_link(fresh)


TOLD_ONCE = frozenset({"case-closed", "emptied", "frozen-field"})
"""Codes of what nobody can carry: it is listed, and taken for agreed."""


def list_held(context: Context, work: Listed, mapping: str) -> None:
    """Keep the list of held records in step with what the last decision said.

    What is uncertain stays listed until it is settled or a person says what it is.
    """
    store, held = context.store, held_by(work)
    for key, source_print in work.prints.items():
        known, action = work.known.get(key), held.get(key)
        if known is not None and known.kind is HoldKind.UNCERTAIN:
            continue
        if action is None:
            if known is not None and key not in context.told:
                store.delete_hold(key)
                work.known.pop(key)
            continue
        if action.kind is ActionKind.SET_ASIDE and action.code in TOLD_ONCE:
            context.told.add(key)
        hold = Hold(
            key=key,
            kind=LISTED[action.kind],
            code=action.code,
            reason=action.reason,
            source_print=source_print,
            mapping=mapping,
            correlation=known.correlation if known else "",
        )
        if hold != known:
            store.save_hold(context.run, hold)
            work.known[key] = hold
