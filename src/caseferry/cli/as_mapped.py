"""A record of the state as the mapping sees it."""

from datetime import datetime

from caseferry.adapters.clock import SystemClock
from caseferry.adapters.sqlite import SqliteStore
from caseferry.mapping.compile import Mapper
from caseferry.model.mapped import MappedRecord
from caseferry.model.record import Entity, Record, System, system_of


def as_mapped(
    store: SqliteStore, record: Record | None, mapper: Mapper | None
) -> MappedRecord | None:
    """Map a record as it was read last; None where something is missing for that."""
    if record is None or mapper is None:
        return None
    now = SystemClock().now()
    if system_of(record.key) is System.CASEMGR:
        return _mapped_back(store, record, mapper, now)
    if record.entity is Entity.CASE:
        return mapper.map_group(record, (), now).case
    case = store.record(record.parent) if record.parent else None
    return mapper.map_group(case, (record,), now).tasks[0] if case else None


def _mapped_back(
    store: SqliteStore, record: Record, mapper: Mapper, now: datetime
) -> MappedRecord | None:
    """Map a casemgr record towards Kore; of its customer nothing is known here."""
    if record.entity is Entity.CASE:
        return mapper.map_to_kore(record, (), None, now).case
    case = store.record(record.parent) if record.parent else None
    if case is None:
        return None
    return next(iter(mapper.map_to_kore(case, (record,), None, now).tasks), None)
