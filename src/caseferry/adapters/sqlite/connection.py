"""One connection: transactions, and the few ways in which the tables use it."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Database

from caseferry.adapters.sqlite.translate import Translating
from caseferry.errors import StateError

Row = tuple[Any, ...]
Item = TypeVar("Item")
PAGE = 500  # rows that are held in memory at once


class Connection:
    """What every table needs.

    Attributes:
        path: of the state file.
        commits: durable commits so far.
    """

    def __init__(
        self, db: Database, path: Path, on_commit: Callable[[str], None] | None
    ) -> None:
        self.path = path
        self.commits = 0
        self._translated = Translating(path)
        self._db = db
        self._conn = db.conn
        self._on_commit = on_commit or _ignore
        self._inside = False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Group writes into one durable commit; an exception undoes all of them.

        One inside another joins it: what it wrote is undone alone when it fails.

        Raises:
            StateError: what was written could not be made durable; nothing was kept.
        """
        with self._translated:
            if self._inside:
                self._check_alive()
                with self._db.atomic():
                    yield
                return
            self._conn.execute("BEGIN IMMEDIATE")
            self._inside = True
            try:
                yield
                self._check_alive()
                self._on_commit("before")
                self._conn.execute("COMMIT")
            except BaseException:
                self._conn.rollback()  # does nothing where SQLite did it itself
                raise
            finally:
                self._inside = False
        self.commits += 1
        self._on_commit("after")

    def _joined(self) -> AbstractContextManager[None]:
        """Be part of the transaction there is, or one of its own.

        Unlike `transaction` inside another it sets no savepoint: a single statement
        undoes itself, and whoever goes on after an error undoes the whole.
        """
        if not self._inside:
            return self.transaction()
        self._check_alive()
        return self._translated

    def _check_alive(self) -> None:
        # A full disk makes SQLite itself undo the transaction. If the caller went on,
        # each later write of the block would be kept alone.
        if not self._conn.in_transaction:
            raise StateError(
                f"an earlier write to the state {self.path} failed and was undone",
                path=str(self.path),
            )

    def _all(self, sql: str, *values: object) -> list[Row]:
        with self._translated:
            return self._conn.execute(sql, values).fetchall()

    def _stream(self, sql: str, *values: object) -> Iterator[Row]:
        """Give rows as they are read; nothing else may be done until the last one."""
        with self._translated:
            yield from self._conn.execute(sql, values)

    def _one(self, sql: str, *values: object) -> Row | None:
        rows = self._all(sql, *values)
        return rows[0] if rows else None

    def _write(self, sql: str, *values: object) -> int:
        """Run one statement; gives how many rows it changed."""
        with self._joined():
            return self._conn.execute(sql, values).rowcount

    def _write_many(self, sql: str, rows: Iterable[Row]) -> None:
        with self._joined():
            self._conn.executemany(sql, rows)

    def _walk(self, sql: str, values: Sequence[object], start: Row) -> Iterator[Row]:
        """Give all rows in order, a page at a time; other statements may write.

        Args:
            sql: ordered by its first columns, and ending in a comparison of these with
                the last row given and a LIMIT.
            values: of the first placeholders.
            start: less than every row.
        """
        last = start
        while rows := self._all(sql, *values, *last, PAGE):
            yield from rows
            last = rows[-1][: len(start)]


def batches(items: Iterable[Item], size: int = PAGE) -> Iterator[list[Item]]:
    """Cut a stream into lists of at most `size`."""
    stream = iter(items)
    while batch := list(islice(stream, size)):
        yield batch


def key_list(keys: Iterable[str]) -> str:
    """Write keys as the JSON that `json_each` reads: any number in one placeholder."""
    return json.dumps(list(keys))


def _ignore(_moment: str) -> None:
    """Stand where nobody listens to commits."""
