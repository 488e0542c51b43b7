"""The links of what is taken back: tombstones, and bases that move with the fields."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from caseferry.engine.relink import home_of
from caseferry.engine.undo.work import UndoWork
from caseferry.mapping.shape import MappingSpec
from caseferry.model.action import Action, ActionKind
from caseferry.model.correlation import Role, parse_correlation
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


def move_base(store: Store, spec: MappingSpec, system: System, action: Action) -> None:
    """Let a field's base follow what was put back: our own write is no change.

    Bases are kept under casemgr's names. A Kore status has none: the next run sees that
    it was changed in Kore alone, and keeps it.
    """
    key: Key | None = action.counterpart
    if key is None:
        return
    to_kore = system is System.KORE
    link = store.link(key) if to_kore else store.links_to([key]).get(key)
    if link is None:
        return
    side = values(link.kore_base if to_kore else link.casemgr_base)
    for change in action.changes:
        name = _kore_base(spec, link.role, change.name) if to_kore else change.name
        if name and change.before != change.after:
            side[name] = change.after
    moved = base(side.items())
    fresh = (
        replace(link, kore_base=moved) if to_kore else replace(link, casemgr_base=moved)
    )
    store.save_link(fresh, home_of(store, link))


def _kore_base(spec: MappingSpec, role: Role, name: str) -> str:
    """Give the name under which a Kore field's base is kept; "" where it has none."""
    if name == "priority":
        return "severity" if role is Role.CASE else "priority"
    rows = spec.case if role is Role.CASE else spec.task
    row = rows.fields.get(name)
    return row.casemgr if row is not None else ""
