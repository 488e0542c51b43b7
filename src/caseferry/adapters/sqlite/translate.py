"""The one place where errors of sqlite3 become ours, most specific first."""

import sqlite3
from pathlib import Path
from types import TracebackType

from caseferry.errors import CaseferryError, InvariantBroken, Locked, StateError

_RESTORE = (
    "restore a copy made by `caseferry state backup`, or move the file away and run"
    " `caseferry links rebuild`"
)
# Start of SQLite's own name of an error -> code, what it means, what to do.
_TABLE = (
    (
        ("SQLITE_NOTADB", "SQLITE_CORRUPT"),
        "state-corrupt",
        "is damaged, or not a state of caseferry",
        _RESTORE,
    ),
    (
        (
            "SQLITE_FULL",
            "SQLITE_IOERR_WRITE",
            "SQLITE_IOERR_FSYNC",
            "SQLITE_IOERR_TRUNCATE",
            "SQLITE_IOERR_SHMSIZE",
        ),
        "state-full",
        "cannot be written: the disk is full or failing",
        "free space on the disk, then run the command again; nothing half done is kept",
    ),
    (
        ("SQLITE_IOERR",),
        "state-io",
        "cannot be used: the disk failed",
        "look at the system's log for disk errors, then run the command again",
    ),
    (
        ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH"),
        "state-readonly",
        "cannot be written: the file or its directory is read-only",
        "give this user the right to write the file and the directory that it is in",
    ),
)


def damaged(path: Path, verdict: str) -> StateError:
    """Say that the file's pages contradict each other."""
    return StateError(
        f"the state {path} is damaged: {verdict}",
        code="state-corrupt",
        hint=_RESTORE,
        path=str(path),
    )


def state_error(path: Path, error: sqlite3.Error) -> CaseferryError:
    """Say in our words what went wrong with the state file."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if isinstance(error, sqlite3.IntegrityError):
        return InvariantBroken(f"the state refused a contradiction: {error}")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Locked(
            f"another program is writing the state {path}",
            hint="close what else has the file open, then run the command again",
        )
    for starts, code, words, hint in _TABLE:
        if name.startswith(starts):
            return StateError(
                f"the state {path} {words} ({error})",
                code=code,
                hint=hint,
                path=str(path),
            )
    return StateError(f"the state {path} cannot be used: {error}", path=str(path))


class Translating:
    """Raises what sqlite3 says about a file as one of our errors, on leaving a block.

    Raises:
        StateError: damaged, full, failing, read-only or otherwise unusable.
        Locked: another program has been writing for longer than the busy time-out.
        InvariantBroken: a constraint of the tables was violated.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, sqlite3.ProgrammingError):
            return  # a closed store or another thread: a bug, and its traceback helps
        if isinstance(error, sqlite3.Error):
            raise state_error(self._path, error) from error


def translated(path: Path) -> Translating:
    """Give a block whose errors of sqlite3 about this file become ours."""
    return Translating(path)
