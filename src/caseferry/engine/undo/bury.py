"""The links of what is taken back: tombstones, and bases that move with the fields."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from caseferry.engine.relink import home_of
from caseferry.engine.undo.work import UndoWork
from caseferry.model.action import Action, ActionKind
from caseferry.model.correlation import parse_correlation
from caseferry.model.link import Link
from caseferry.model.record import Key, System
from caseferry.ports import Store
from caseferry.reconcile.merge import base, values
from caseferry.reconcile.undo.view import Written

_STAY = (ActionKind.SET_ASIDE, ActionKind.WAITING, ActionKind.QUARANTINE)


def bury(store: Store, works: Iterable[UndoWork]) -> None:
    """Turn the links of what the run made into tombstones.

    Nothing is created from them until `retry`, whatever becomes of the writes that
    follow. What stays as it is stays linked, but for a case that is left open or active
    for what others have in it.
    """
    for work in works:
        for link in _links(store, work):
            if not link.tombstone:
                store.save_link(replace(link, tombstone=True), home_of(store, link))


def _links(store: Store, work: UndoWork) -> Iterator[Link]:
    stays = {
        action.counterpart
        for action in work.left
        if action.kind in _STAY and action.code != "foreign-open"
    }
    for written in work.written:
        if written.created and written.key not in stays:
            yield _link_of(store, written, work.system)
    if work.system is System.CASEMGR and work.brought and work.key not in stays:
        yield from store.links_to([work.key]).values()


def _link_of(store: Store, written: Written, system: System) -> Link:
    """Find the link of a record that the run made; one that was lost is made anew."""
    key, source = written.key, written.source
    if system is System.KORE:
        known, sides = store.link(key), (key, source)
    else:
        known, sides = store.links_to([key]).get(key), (source, key)
    if known is not None:
        return known
    own = parse_correlation(written.correlation)
    return Link(
        role=written.role,
        kore=sides[0],
        casemgr=sides[1],
        generation=own.generation if own else 0,
    )


def move_base(store: Store, system: System, action: Action) -> None:
    """Let a field's base follow what was put back: our own write is no change.

    Bases are kept under casemgr's names, so this is done for casemgr alone; of a Kore
    record the next run sees a value that was changed in Kore, and keeps it.
    """
    key: Key | None = action.counterpart
    if system is System.KORE or key is None:
        return
    link = store.links_to([key]).get(key)
    if link is None:
        return
    casemgr = values(link.casemgr_base)
    for change in action.changes:
        if change.before != change.after:
            casemgr[change.name] = change.after
    moved = replace(link, casemgr_base=base(casemgr.items()))
    store.save_link(moved, home_of(store, link))
