"""Records that are not among Kore's unresolved ones any more: what became of them?

Each was resolved, closed, hidden or deleted; no listing of unresolved records says
which. A few are searched for by their names; many cost more than reading everything.
"""

from math import ceil

from caseferry.engine.context import Context
from caseferry.engine.scan import Scan
from caseferry.errors import Refused
from caseferry.model.record import Entity, Key, System

_PAGE = 100


def look_at_leavers(
    context: Context, entity: Entity, scan: Scan, since_run: int
) -> bool:
    """Read the records that left; false where only a complete listing can tell.

    Args:
        context: of the run.
        entity: cases or tasks.
        scan: of all unresolved records, to their end, with their keys.
        since_run: in which everything was last read.
    """
    store = context.store
    shown: set[Key] = scan.keys or set()
    known = store.open_keys(System.KORE, entity, since_run)
    left = [key for key in known if key not in shown]
    whole = ceil(store.count_records(since_run, System.KORE, entity) / _PAGE)
    if left and len(left) >= whole:
        return False
    return all(_look(context, entity, scan, key) for key in left)


def _look(context: Context, entity: Entity, scan: Scan, key: Key) -> bool:
    """Search for a record by its name as last seen; tells whether it was found."""
    record = context.store.record(key)
    name = record.text("name") if record is not None else ""
    if not name:
        return False
    try:
        found = context.kore.search(entity, name) or ()
    except Refused:
        return False
    shown = [each for each in found if each.key == key]
    scan.changed += context.store.save_records(context.run, System.KORE, shown)
    scan.records += len(shown)
    return bool(shown)
