"""How many requests an ordinary pass over both systems takes, and how long that is."""

from collections.abc import Sequence
from math import ceil

from caseferry.engine.changes import Mode, Resource, resources
from caseferry.engine.watermark import known_of, last_pass
from caseferry.model.record import Entity, System
from caseferry.ports import KoreSystem, Store

_LATEST = "9999"  # nothing is asked: only whether it could be
_ONE_REQUEST: tuple[Mode, ...] = ("newest", "window")  # more only where more changed


def pass_requests(
    store: Store, kore: KoreSystem, departments: Sequence[str], *, kore_rows: int = 100
) -> dict[System, int]:
    """Estimate the requests of a pass in which little changed and no listing is due.

    How the last such pass read is believed; before it, the numbers of records and what
    `check` proved are.

    Args:
        store: with what was read so far.
        kore: asked what it can do; sends nothing.
        departments: of casemgr, that are read.
        kore_rows: of a page.
    """
    total = dict.fromkeys(System, 0)
    for resource in resources(departments):
        total[resource.system] += _requests(store, kore, resource, kore_rows)
    return total


def pass_seconds(
    requests: int, per_minute: int | None = None, per_hour: int | None = None
) -> float:
    """Give the time that so many requests take, pass after pass, under these limits.

    0 where there is no limit.
    """
    rates = ((per_minute, 60.0), (per_hour, 3600.0))
    return max((requests * s / limit for limit, s in rates if limit), default=0.0)


def _requests(store: Store, kore: KoreSystem, resource: Resource, rows: int) -> int:
    before = last_pass(store, resource)
    if before is not None:
        mode, requests = before
        return 1 if mode in _ONE_REQUEST else max(requests, 1)
    if resource.system is System.CASEMGR or kore.changed(resource.entity, _LATEST):
        return 1
    return _pages(_count(store, kore, resource.entity), rows)


def _count(store: Store, kore: KoreSystem, entity: Entity) -> int:
    """Count the records that a pass over Kore reads where it cannot tell changes."""
    full_run = known_of(store, Resource(system=System.KORE, entity=entity)).full_run
    since = full_run or 0
    if kore.unresolved(entity) is not None:
        return sum(1 for _ in store.open_keys(System.KORE, entity, since))
    return store.count_records(since, System.KORE, entity)


def _pages(records: int, rows: int) -> int:
    return max(ceil(records / rows), 1)
