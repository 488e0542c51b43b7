"""Which case groups a two-way run has to look at."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from caseferry.engine.context import Context
from caseferry.engine.retired import Found
from caseferry.engine.sync.rules import STRANGER
from caseferry.model.link import HoldKind, Link
from caseferry.model.record import Entity, Key, System, system_of

DONE = "sync.done"
"""Fact: the last run that looked at everything that had changed by then."""
RULES = "sync.rules"
"""Fact: under which mapping and policy it looked; others may say something else."""

_AGAIN = (HoldKind.WAITING, HoldKind.UNCERTAIN)
"""What is looked at in every run, whether or not anything changed."""
_KEYED = (Found.TWICE, STRANGER)
"""So is what is held for the key that it, or a copy of its counterpart, carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A case group by its cases: linked, or new on one side."""

    kore: Key | None
    casemgr: Key | None


def changed_since(context: Context) -> int:
    """Give the run since which changes have not surely been looked at.

    The last run's own changes are looked at once more: what came while it was reading
    bears its number too.
    """
    return int(context.store.get_fact(DONE) or 0)


def pairs_to_look_at(context: Context, unseen: Iterable[Key]) -> list[Pair]:
    """Give the groups that changed, or that wait, in a stable order.

    Args:
        context: after both systems were read.
        unseen: linked records that a complete listing did not show.
    """
    store = context.store
    if store.get_fact(RULES) != _rules(context):
        return _joined(context, _all_cases(context))
    since = changed_since(context)
    cases: set[Key] = set()
    for system in System:
        cases.update(store.changed_cases(system, since))
    cases.update(store.touched_cases(since))
    cases.update(store.unfinished_cases())
    waiting = [
        key
        for key, hold in store.holds().items()
        if hold.kind in _AGAIN or hold.code in _KEYED
    ]
    in_doubt = [intent.kore for intent in store.open_intents()]
    cases.update(context.gate.cases if context.gate else ())
    cases.update(_case_of(context, key) for key in (*waiting, *in_doubt, *unseen))
    return _joined(context, cases)


def unseen_keys(context: Context, system: System) -> Iterator[Key]:
    """Give the linked records that the last complete listing of a system lacks."""
    since = context.since_run(system)
    for entity in Entity:
        for key in context.store.stale(system, entity, since):
            link = _link_of(context, key)
            if link is not None and not link.tombstone:
                yield key


def settle_pairs(context: Context) -> None:
    """Remember that everything was looked at under this mapping and this policy.

    Not by a saved plan: what it set aside is still to be looked at.
    """
    if context.gate is not None:
        return
    context.store.set_fact(DONE, str(context.run))
    context.store.set_fact(RULES, _rules(context))


def _rules(context: Context) -> str:
    policy = context.two_way.print if context.two_way else ""
    return f"{context.mapper.digest} {policy}"


def _all_cases(context: Context) -> Iterator[Key]:
    for system in System:
        yield from context.store.case_keys(context.since_run(system), system=system)


def _joined(context: Context, cases: Iterable[Key]) -> list[Pair]:
    found: set[tuple[Key | None, Key | None]] = set()
    for case in cases:
        link = _link_of(context, case)
        if link is not None:
            found.add((link.kore, link.casemgr))
        elif system_of(case) is System.KORE:
            found.add((case, None))
        else:
            found.add((None, case))
    ordered = sorted(found, key=lambda pair: (pair[0] or "", pair[1] or ""))
    return [Pair(kore=kore, casemgr=casemgr) for kore, casemgr in ordered]


def _link_of(context: Context, key: Key) -> Link | None:
    return context.store.link(key)


def _case_of(context: Context, key: Key) -> Key:
    record = context.store.record(key)
    if record is not None and record.entity is Entity.TASK and record.parent:
        return record.parent
    return key
