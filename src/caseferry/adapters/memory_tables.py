"""Tables in memory: rows by key, and transactions that an exception undoes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from caseferry.adapters.memory_rows import ABSENT, Snapshot, put_back
from caseferry.errors import InvariantBroken


class MemoryTables:
    """Named tables with an undo log; the store adds what stands in them.

    Attributes:
        commits: durable commits so far.
        on_commit: called with "before" and "after" each durable commit; what it raises
            before undoes the transaction, after does not.
    """

    def __init__(self, on_commit: Callable[[str], None] | None = None) -> None:
        self.commits = 0
        self.on_commit = on_commit
        self._now = Snapshot()
        self._undo: list[tuple[str, Any, Any]] = []
        self._depth = 0

    # transactions -------------------------------------------------------------
    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Group writes into one durable commit; an exception undoes all of them."""
        mark = len(self._undo)
        self._depth += 1
        try:
            yield
            if self._depth == 1:
                self._tell("before")
        except BaseException:
            self._roll_back(mark)
            raise
        finally:
            self._depth -= 1
        if self._depth == 0:
            self._undo.clear()
            self.commits += 1
            self._tell("after")

    def snapshot(self) -> Snapshot:
        """Copy what is durable now; an open transaction is not in it."""
        copy = self._now.copy()
        for table, key, old in reversed(self._undo):
            put_back(copy.tables[table], key, old)
        return copy

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to an earlier copy, as from a backup; it may be used again."""
        self._undo.clear()
        self._now = snapshot.as_backup()

    def _tell(self, moment: str) -> None:
        if self.on_commit is not None:
            self.on_commit(moment)

    def _roll_back(self, mark: int) -> None:
        while len(self._undo) > mark:
            table, key, old = self._undo.pop()
            put_back(self._now.tables[table], key, old)

    def _table(self, name: str) -> dict[Any, Any]:
        return self._now.tables.setdefault(name, {})

    def _put(self, table: str, key: object, value: object) -> None:
        rows = self._table(table)
        with self.transaction():
            self._undo.append((table, key, rows.get(key, ABSENT)))
            put_back(rows, key, value)

    def _drop(self, table: str, key: object) -> None:
        self._put(table, key, ABSENT)

    def _check_run(self, run: int) -> None:
        if run not in self._table("run"):
            raise InvariantBroken(f"there is no run {run}")
