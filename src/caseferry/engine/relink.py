"""Links by a person's word: join twins, part them, take up again, restore from keys."""

from collections.abc import Sequence
from dataclasses import replace

from caseferry.engine.adopt import Adopter
from caseferry.engine.adopted import Adopted
from caseferry.engine.context import Context
from caseferry.engine.customers import Customers
from caseferry.engine.extract import extract_kore
from caseferry.engine.plans import Planner
from caseferry.engine.retired import is_retired
from caseferry.engine.settle import ASSUMED_ABSENT
from caseferry.engine.to_kore.adopt import KoreAdopter, any_marked
from caseferry.engine.to_kore.extract import extract_casemgr
from caseferry.engine.to_kore.plans import KorePlanner
from caseferry.errors import NotFound, UserError
from caseferry.model.correlation import Role
from caseferry.model.link import Hold, HoldKind, IntentState, Link
from caseferry.model.record import Entity, Key, Record, System, system_of
from caseferry.ports import Store
from caseferry.reconcile.merge import agree


def rebuild(context: Context) -> Adopted:
    """Read both systems whole and restore the links from the keys on either side.

    Effects: reads both systems, writes links; writes to neither system.
    """
    extract_kore(context)
    planner = Planner(context, Customers(context))
    found = Adopter(context, planner).scan(everything=True)
    if any_marked(context):
        extract_casemgr(context)
        marked = KoreAdopter(context, KorePlanner(context)).scan()
        found.links += marked.links
        found.twice += marked.twice
        found.strangers += marked.strangers
    return found


def link_twins(context: Context, one: Key, other: Key) -> Link:
    """Join a Kore record and its casemgr counterpart that somebody made by hand.

    What both hold now is taken for agreed. Settles a create in doubt of this record.

    Raises:
        UserError: the keys are not one of each system and of one kind, or one of them
            is linked already.
        NotFound: casemgr does not show the record.
    """
    kore, casemgr = sorted(
        (one, other), key=lambda key: system_of(key) is System.CASEMGR
    )
    if (system_of(kore), system_of(casemgr)) != (System.KORE, System.CASEMGR):
        raise UserError(
            "one key of each system is needed", hint="see `caseferry link --help`"
        )
    store = context.store
    source = store.record(kore)
    if source is None:
        raise UserError(
            f"{kore} was never read", hint="run `caseferry plan --from kore` first"
        )
    for key in (kore, casemgr):
        if (known := store.link(key)) is not None and not known.tombstone:
            raise UserError(
                f"{key} is linked already: {known.kore} with {known.casemgr}",
                hint=f"`caseferry unlink {key}` parts them",
            )
    is_case = casemgr.startswith("casemgr:case:")
    if is_case != (source.entity is Entity.CASE):
        raise UserError("a case is linked with a case, a task with an activity")
    target = _read(context, casemgr, is_case=is_case)
    return _save(context, source, target, Role.CASE if is_case else Role.TASK)


def unlink(store: Store, key: Key) -> Link:
    """Part a record from its counterpart; nothing is created from it until `retry`.

    Raises:
        UserError: it is not linked.
    """
    link = store.link(key)
    if link is None:
        raise UserError(
            f"{key} is not linked",
            hint="`caseferry explain KEY` tells what is known of it",
        )
    parted = replace(link, tombstone=True)
    store.save_link(parted, home_of(store, link))
    return parted


def home_of(store: Store, link: Link) -> Key:
    """Give the Kore case under which a link is kept."""
    source = store.record(link.kore)
    return source.parent if source and source.parent else link.kore


AGAIN = Hold(
    key=Key(""),
    kind=HoldKind.WAITING,
    code="retried",
    reason="taken up again by a person; the next run plans it anew",
)
"""What takes a hold's place, so that the next run looks at a record that is as it was.

It holds nothing back, and goes when the record was looked at.
"""


def retry(
    store: Store, run: int, holds: Sequence[Hold], parted: Sequence[Key] = ()
) -> int:
    """Take held and parted records up again; they are planned anew in the next run.

    Of an uncertain one this says that it had no effect: the next run looks once more,
    and creates it again where nothing is found. A parted one is joined again; of one
    that was taken back, and has ended, the next run makes another. A case that was
    taken back takes along what was taken back in it.
    """
    intents = store.open_intents()
    with store.transaction():
        for hold in holds:
            store.save_hold(run, replace(AGAIN, key=hold.key))
            if (link := store.link(hold.key)) is not None:
                again = replace(link, source_print="")  # so that it is planned anew
                store.save_link(again, home_of(store, link))
            for intent in intents:
                if hold.kind is HoldKind.UNCERTAIN and intent.kore == hold.key:
                    store.set_fact(f"{ASSUMED_ABSENT}{intent.number}", "yes")
        for key in parted:
            _take_up(store, run, key)
    return len(holds) + len(parted)


UNDONE = "undone"
"""Code of what an undo took back."""


def undone_keys(store: Store) -> list[Key]:
    """Give the Kore records of the links that an undo left, with their cases."""
    found: dict[Key, None] = {}
    for link in store.links():
        if link.tombstone and link.role is not Role.OPENER and is_retired(store, link):
            home = store.link(home_of(store, link))
            if home is not None and home.tombstone:
                found[home.kore] = None  # also one that others' work keeps open
            found[link.kore] = None
    return list(found)


def _take_up(store: Store, run: int, key: Key) -> None:
    link = store.link(key)
    if link is None or not link.tombstone:
        return
    if not is_retired(store, link):
        again = replace(link, tombstone=False, source_print="")
        store.save_link(again, home_of(store, link))
        store.save_hold(run, replace(AGAIN, key=key))
    ends_case = link.role is Role.CASE and is_retired(store, link)
    inside = store.links_of([link.kore]) if link.role is Role.CASE else {}
    for each in [link, *inside.get(link.kore, [])]:
        if each.role is Role.OPENER and not ends_case:
            continue  # its case goes on, and shows it as completed
        if each.tombstone and is_retired(store, each):
            _forget(store, run, each)


def _forget(store: Store, run: int, link: Link) -> None:
    """Take away the link of what has ended; what it was made for is new again."""
    store.delete_link(link.casemgr)
    source = link.casemgr if link.made_in is System.KORE else link.kore
    if link.role is not Role.OPENER:
        store.save_hold(run, replace(AGAIN, key=source))


def _read(context: Context, key: Key, *, is_case: bool) -> Record:
    casemgr = context.casemgr
    found = casemgr.get_cases([key]) if is_case else casemgr.get_activities([key])
    if key not in found:
        raise NotFound(
            f"casemgr does not show {key}",
            system="casemgr",
            key=key,
            hint="check the id and the departments these credentials see",
        )
    return found[key]


def _save(context: Context, source: Record, target: Record, role: Role) -> Link:
    store = context.store
    case = source.key if role is Role.CASE else source.parent or source.key
    planner = Planner(context, Customers(context))
    works = planner.load([case])
    link = Link(role=role, kore=source.key, casemgr=target.key)
    if works:
        work = works[0]
        link = agree(
            work.mapped(role, source.key),
            link,
            target,
            digest=work.group.mapping,
            source_print=work.prints[source.key],
        )
    with store.transaction():
        for key in (source.key, target.key):
            if (parted := store.link(key)) is not None:
                store.delete_link(parted.casemgr)
            store.delete_retired(key)
        store.save_link(link, case)
        store.delete_hold(source.key)
        for intent in store.open_intents():
            if intent.kore == source.key:
                store.settle_intent(
                    intent.number,
                    IntentState.DONE,
                    casemgr=target.key,
                    detail="by hand",
                )
    return link
