# ruff: noqa: S608 - only our own lists of columns are put into statements
"""Records as last seen, and in which run."""

from array import array
from collections.abc import Iterable, Iterator, Sequence

from caseferry.adapters.sqlite.codec import RECORD, record_rows, to_record
from caseferry.adapters.sqlite.connection import Connection, Row, batches, key_list
from caseferry.errors import InvariantBroken
from caseferry.model.record import Entity, Key, Record, System, is_outdated

_SAVE = """
    INSERT INTO record (key, system, entity, parent, version, unknown, fingerprint,
                        is_open, created, ref_id, run, changed)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET
        system = excluded.system, entity = excluded.entity, parent = excluded.parent,
        version = excluded.version, unknown = excluded.unknown,
        fingerprint = excluded.fingerprint, is_open = excluded.is_open,
        created = excluded.created, ref_id = excluded.ref_id, run = excluded.run,
        changed = max(record.changed, excluded.changed)
"""
_SAVE_CONTENT = """
    INSERT INTO content (key, fields) VALUES (?, ?)
    ON CONFLICT (key) DO UPDATE SET fields = excluded.fields
"""
_SEEN_AGAIN = """
    UPDATE record SET run = ? WHERE key IN (SELECT value FROM json_each(?))
"""
_KNOWN = """
    SELECT key, version, unknown, fingerprint FROM record
    WHERE key IN (SELECT value FROM json_each(?))
"""
_COMPARED = slice(4, 7)  # these three in a row of `record`

_CASE_IDS = """
    SELECT rowid FROM record WHERE run >= ? AND system = ? AND entity = 'case'
    ORDER BY is_open DESC, created DESC, key
"""
_KEYS = """
    SELECT rowid, key FROM record WHERE rowid IN (SELECT value FROM json_each(?))
"""
_SELECT = f"SELECT {RECORD} FROM record JOIN content USING (key)"
_CASES = f"""
    {_SELECT} WHERE record.key IN (SELECT value FROM json_each(?))
    AND run >= ? AND entity = 'case'
"""
_TASKS = f"""
    {_SELECT} WHERE parent IN (SELECT value FROM json_each(?))
    AND run >= ? AND entity = 'task' ORDER BY created, record.key
"""
_ORPHANS = f"""
    {_SELECT} WHERE run >= ?1 AND system = ?2 AND entity = 'task' AND NOT EXISTS (
        SELECT 1 FROM record AS owner WHERE owner.key = record.parent
        AND owner.run >= ?1 AND owner.entity = 'case')
    AND record.key > ?3 ORDER BY record.key LIMIT ?4
"""
_ALL = f"""
    {_SELECT} WHERE run >= ? AND system = ? AND entity = ?
    AND record.key > ? ORDER BY record.key LIMIT ?
"""


# By the index: few have changed, and in the order of keys all would be looked at.
_CHANGED = """
    SELECT rowid FROM record INDEXED BY record_changed
    WHERE changed >= ? AND system = ? AND entity = ? ORDER BY key
"""
_BY_ID = f"""
    {_SELECT} WHERE record.rowid IN (SELECT value FROM json_each(?))
    ORDER BY record.key
"""
_SOME = f"""
    {_SELECT} WHERE record.key IN (SELECT value FROM json_each(?)) AND run >= ?
"""
# The order of `_CASE_IDS`: what changed is worked off as a first run would.
_CHANGED_IDS = """
    SELECT rowid FROM record WHERE system = ?1 AND entity = 'case' AND key IN (
        SELECT CASE entity WHEN 'case' THEN key ELSE parent END FROM record
        WHERE changed >= ?2 AND system = ?1)
    ORDER BY is_open DESC, created DESC, key
"""
_OPEN = """
    SELECT key FROM record WHERE run >= ? AND system = ? AND entity = ? AND is_open
    AND key > ? ORDER BY key LIMIT ?
"""
_STALE = """
    SELECT key FROM record WHERE run < ? AND system = ? AND entity = ?
    AND key > ? ORDER BY key LIMIT ?
"""


class Records(Connection):
    """The tables `record` and `content`."""

    def save_records(
        self,
        run: int,
        system: System,
        records: Iterable[Record],
        *,
        settled_before: str = "",
    ) -> int:
        """Keep records as seen in this run, streaming; one transaction.

        A new version alone is kept, but is no change. Of one that `is_outdated` only
        that it was seen is kept.

        Returns:
            How many were new or had changed.

        Raises:
            InvariantBroken: there is no such run.
        """
        changed = 0
        with self.transaction():
            if self._one("SELECT 1 FROM run WHERE number = ?", run) is None:
                raise InvariantBroken(f"there is no run {run} to save records of")
            for batch in batches(records):
                changed += self._save_batch(run, system, batch, settled_before)
        return changed

    def _save_batch(
        self, run: int, system: System, batch: list[Record], settled_before: str
    ) -> int:
        known: dict[str, list[object]] = {
            key: before
            for key, *before in self._all(_KNOWN, key_list(each.key for each in batch))
        }
        changed: list[str] = []
        rows: dict[str, tuple[Row, Row]] = {}
        same: list[str] = []
        for record in batch:
            row, content = record_rows(run, system, record)
            before, now = known.get(record.key), list(row[_COMPARED])
            if before == now or (
                before and is_outdated(record.version, str(before[0]), settled_before)
            ):
                same.append(record.key)
                continue
            if before is None or before[-1] != now[-1]:
                changed.append(record.key)
            known[record.key] = now
            rows[record.key] = row, content
        if rows:
            moved = frozenset(changed)
            self._conn.executemany(
                _SAVE,
                [(*row, run if key in moved else 0) for key, (row, _) in rows.items()],
            )
            self._conn.executemany(_SAVE_CONTENT, [row for _, row in rows.values()])
        if same:
            self._conn.execute(_SEEN_AGAIN, (run, key_list(same)))
        return len(changed)

    def count_records(self, run: int, system: System, entity: Entity) -> int:
        """Count the records seen in this run or later."""
        ((count,),) = self._all(
            "SELECT count(*) FROM record WHERE run >= ? AND system = ? AND entity = ?",
            run,
            system.value,
            entity.value,
        )
        return int(count)

    def case_keys(
        self, run: int, *, only: Sequence[Key] = (), system: System = System.KORE
    ) -> Iterator[Key]:
        """Give the cases seen in this run or later: open first, newest first.

        Lazy. The order is settled at the first step, and takes eight bytes a case: a
        case that is closed meanwhile comes exactly once all the same.

        Args:
            run: its number.
            only: give only these cases, when there are any.
            system: whose cases.
        """
        wanted = frozenset(only)
        for key in self._keys_in_order(_CASE_IDS, run, system.value):
            if not wanted or key in wanted:
                yield key

    def changed_cases(self, system: System, since_run: int) -> Iterator[Key]:
        """Give the cases that changed in this run or later, or a task of theirs did.

        Lazy; order and memory as `case_keys`. A case that was never read is left out.
        """
        return self._keys_in_order(_CHANGED_IDS, system.value, since_run)

    def _keys_in_order(self, sql: str, *values: object) -> Iterator[Key]:
        ids = array("q", (number for (number,) in self._stream(sql, *values)))
        for batch in batches(ids):
            keys: dict[int, str] = dict(self._all(_KEYS, str(batch)))
            yield from [Key(keys[number]) for number in batch if number in keys]

    def groups(
        self, run: int, cases: Sequence[Key]
    ) -> list[tuple[Record, tuple[Record, ...]]]:
        """Give cases with their tasks as seen in this run or later.

        Shape: cases in the order asked for, those not seen left out; tasks by creation
        time, ties by key.
        """
        keys = key_list(cases)
        found = {row[0]: to_record(row) for row in self._all(_CASES, keys, run)}
        tasks: dict[Key, list[Record]] = {}
        for row in self._all(_TASKS, keys, run):
            task = to_record(row)
            if task.parent is not None:
                tasks.setdefault(task.parent, []).append(task)
        return [
            (found[case], tuple(tasks.get(case, ()))) for case in cases if case in found
        ]

    def orphan_tasks(self, run: int, system: System = System.KORE) -> Iterator[Record]:
        """Give tasks seen in this run or later whose case was not, by key; lazy."""
        return map(to_record, self._walk(_ORPHANS, (run, system.value), ("",)))

    def records(self, run: int, system: System, entity: Entity) -> Iterator[Record]:
        """Give all records of a system seen in this run or later, by key; lazy."""
        values = (run, system.value, entity.value)
        return map(to_record, self._walk(_ALL, values, ("",)))

    def changed_records(
        self, system: System, entity: Entity, since_run: int
    ) -> Iterator[Record]:
        """Give the records that changed in this run or later, by key; lazy.

        Which they are is settled at the first step.
        """
        found = self._stream(_CHANGED, since_run, system.value, entity.value)
        ids = array("q", (number for (number,) in found))
        for batch in batches(ids):
            yield from map(to_record, self._all(_BY_ID, str(batch)))

    def record(self, key: Key) -> Record | None:
        """Give a record as last seen; None when it never was, or was forgotten."""
        row = self._one(f"{_SELECT} WHERE record.key = ?", key)
        return None if row is None else to_record(row)

    def records_of(self, run: int, keys: Sequence[Key]) -> dict[Key, Record]:
        """Give those of the records that were seen in this run or later, by key."""
        rows = self._all(_SOME, key_list(keys), run)
        return {row[0]: to_record(row) for row in rows}

    def open_keys(
        self, system: System, entity: Entity, since_run: int
    ) -> Iterator[Key]:
        """Give the unfinished records seen in this run or later, by key; lazy."""
        values = (since_run, system.value, entity.value)
        return (Key(row[0]) for row in self._walk(_OPEN, values, ("",)))

    def stale(self, system: System, entity: Entity, since_run: int) -> Iterator[Key]:
        """Give the records last seen before this run, by key; lazy."""
        values = (since_run, system.value, entity.value)
        return (Key(row[0]) for row in self._walk(_STALE, values, ("",)))
