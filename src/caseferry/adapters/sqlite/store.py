"""The store: one SQLite file that holds everything about one tenant pair."""

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from caseferry.adapters.sqlite.codec import to_json
from caseferry.adapters.sqlite.held import Held
from caseferry.adapters.sqlite.holds import Facts, Holds
from caseferry.adapters.sqlite.journal import Journal
from caseferry.adapters.sqlite.links import Links
from caseferry.adapters.sqlite.opening import (
    DOUBT_WHAT_WAS_READ,
    IDENTITY,
    open_database,
)
from caseferry.adapters.sqlite.place import check_place, make_private
from caseferry.adapters.sqlite.queries import Queries
from caseferry.adapters.sqlite.records import Records
from caseferry.adapters.sqlite.retention import Retention
from caseferry.adapters.sqlite.translate import translated
from caseferry.errors import InvariantBroken, StateError
from caseferry.model.correlation import TenantPair

_END_RUN = "UPDATE run SET ended = ?, exit_code = ?, summary = ? WHERE number = ?"
_PAIR = ("kore_account", "kore_stream", "casemgr_tenant")


class SqliteStore(Records, Links, Journal, Holds, Facts, Held, Queries, Retention):
    """The port `Store` on one file; used by the thread that opened it.

    Every method raises `StateError` when the file is damaged, full or read-only; what
    the transaction had written is undone.
    """

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        readonly: bool = False,
        on_commit: Callable[[str], None] | None = None,
    ) -> Self:
        """Open a state, make it (mode 0600) or bring it up to date.

        Args:
            path: of the file; `-wal` and `-shm` files stand beside it while it is used.
            readonly: write nothing; works beside a run, and needs no lock.
            on_commit: called with "before" and "after" each durable commit; what it
                raises before undoes the transaction, after does not.

        Raises:
            StateError: `state-path`, `state-network`, `state-readonly`,
                `state-corrupt`, `state-newer`, `state-full`; with `readonly` also
                `state-missing` and `state-older`. The file is as it was.
        """
        place = Path(path)
        return cls(open_database(place, readonly=readonly), place, on_commit)

    def close(self) -> None:
        """Close the file; twice is fine."""
        with translated(self.path):
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def bind(self, pair: TenantPair) -> None:
        """Record the tenant pair at first use.

        Raises:
            StateError: `state-other-pair`, the state belongs to another pair.
        """
        with self.transaction():
            if self.pair() is None:
                self._write_many(
                    "INSERT INTO meta (name, value) VALUES (?, ?)",
                    [(name, getattr(pair, name)) for name in _PAIR],
                )
            self.need_pair(pair)

    def need_pair(self, pair: TenantPair) -> None:
        """Make sure that the state is this pair's, or nobody's yet.

        Raises:
            StateError: it belongs to another pair.
        """
        known = self.pair()
        if known is not None and known != pair:
            raise StateError(
                f"the state {self.path} belongs to {known}, not to {pair}",
                code="state-other-pair",
                hint="set state.path to this pair's own file, or mend the stream,"
                " account and tenant in the configuration",
                path=str(self.path),
            )

    def pair(self) -> TenantPair | None:
        """Give the tenant pair that the state belongs to; None before `bind`."""
        known: dict[str, str] = dict(self._all("SELECT name, value FROM meta"))
        if not known.keys() >= set(_PAIR):
            return None
        return TenantPair(**{name: known[name] for name in _PAIR})

    def newest_run(self) -> int:
        """Give the number of the latest run; 0 before the first."""
        ((number,),) = self._all("SELECT coalesce(max(number), 0) FROM run")
        return int(number)

    def doubt_older_than(self, run: int) -> None:
        """Let an older state read both systems whole once, as if new.

        Args:
            run: the newest that this place has seen. A copy that was written into the
                very file is told by it: the file itself is the same one.
        """
        if self.newest_run() < run:
            with self.transaction():
                self._write(DOUBT_WHAT_WAS_READ)

    def begin_run(self, command: str, at: str, inputs: Mapping[str, str]) -> int:
        """Record a run that starts; gives its number, from 1."""
        with self.transaction():
            number = self.newest_run() + 1
            self._write(
                "INSERT INTO run (number, command, started, inputs)"
                " VALUES (?, ?, ?, ?)",
                number,
                command,
                at,
                to_json(inputs),
            )
        return number

    def end_run(
        self, run: int, at: str, *, exit_code: int, summary: Mapping[str, object]
    ) -> None:
        """Record how a run ended.

        Raises:
            InvariantBroken: there is no such run.
        """
        with self.transaction():
            if not self._write(_END_RUN, at, exit_code, to_json(summary), run):
                raise InvariantBroken(f"there is no run {run} to end")

    def backup(self, path: Path | str) -> None:
        """Write a consistent copy, mode 0600, as one file; works during a run.

        The copy appears under its name only when it is whole and was checked.

        Raises:
            StateError: `state-exists`, never overwrites; `state-path`,
                `state-readonly` or `state-full` of the copy.
        """
        target = Path(path)
        check_place(target, mounts="")  # a copy may lie on a share
        try:
            make_private(target, exclusive=True)  # an empty file keeps the name ours
        except FileExistsError as error:
            raise StateError(
                f"{target} exists, and a backup never overwrites",
                code="state-exists",
                hint="name a file that does not exist yet",
                path=str(target),
            ) from error
        part = target.with_name(f".{target.name}.part")
        try:
            part.unlink(missing_ok=True)
            make_private(part, exclusive=True)
            with translated(target):
                self._copy(part)
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            target.unlink(missing_ok=True)
            raise

    def _copy(self, part: Path) -> None:
        copy = sqlite3.connect(part, isolation_level=None)
        try:
            self._conn.backup(copy)
            # Put back over the very file, it is another one all the same.
            copy.execute("DELETE FROM meta WHERE name = ?", (IDENTITY,))
            # One file, which also opens where the directory is read-only.
            copy.execute("PRAGMA journal_mode = DELETE")
            (verdict,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        finally:
            copy.close()
        if verdict != "ok":
            raise StateError(
                f"the state {self.path} is damaged: {verdict}",
                code="state-corrupt",
                hint="restore an earlier copy, or move the file away and run"
                " `caseferry links rebuild`",
                path=str(self.path),
            )
