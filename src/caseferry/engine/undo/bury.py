"""The links of what is taken back: tombstones, and bases that move with the fields.

What has ended is remembered as such, so that `retry` makes another one. What is still
there, whether others hold it open or a system did not take the request, is not: of that
`retry` takes the old one up again, and never makes a second.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from caseferry.engine.relink import home_of
from caseferry.engine.retired import retired_among
from caseferry.engine.undo.work import UndoWork
from caseferry.mapping.shape import MappingSpec
from caseferry.model.action import Action, ActionKind
from caseferry.model.correlation import Role, generation_of
from caseferry.model.link import Link, Retired
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
    made = [w for w in work.written if w.created and w.key not in stays]
    gone = retired_among(store, [written.key for written in made])
    for written in made:
        link = _link_of(store, written, work.system)
        if link.tombstone or written.key not in gone:
            yield link  # without one, `retry` took it away, and another may be there
    if work.system is System.CASEMGR and work.brought and work.key not in stays:
        yield from store.links_to([work.key]).values()


def retire(store: Store, works: Iterable[UndoWork]) -> None:
    """Remember what has ended of what the run made, as read last."""
    for work in works:
        made = {written.key: written for written in work.written if written.created}
        for action in work.left:
            key = action.counterpart
            if action.kind is not ActionKind.UNCHANGED or key is None:
                continue
            if key not in made and not (work.brought and key == work.key):
                continue
            row = Retired(
                target=key,
                source=action.key,
                role=action.role,
                generation=_generation(store, key, made.get(key)),
            )
            store.save_retired(row)


def _generation(store: Store, key: Key, written: Written | None) -> int:
    if written is not None and written.correlation:
        return generation_of(written.correlation)
    link = store.link(key)
    return link.generation if link is not None else 0


def _link_of(store: Store, written: Written, system: System) -> Link:
    """Find the link of a record that the run made; one that was lost is made anew."""
    key, source = written.key, written.source
    if system is System.KORE:
        known, sides = store.link(key), (key, source)
    else:
        known, sides = store.links_to([key]).get(key), (source, key)
    if known is not None:
        return known
    return Link(
        role=written.role,
        kore=sides[0],
        casemgr=sides[1],
        generation=generation_of(written.correlation),
        made_in=system,
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
