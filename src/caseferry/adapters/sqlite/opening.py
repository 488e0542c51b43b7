"""Opening the state file: what it is, whether it is ours, and of which version."""

import sqlite3
from contextlib import suppress
from pathlib import Path

from sqlite_utils import Database, Migrations

from caseferry.adapters.sqlite.place import check_place, make_private
from caseferry.adapters.sqlite.schema import APPLICATION_ID, migrations
from caseferry.adapters.sqlite.translate import damaged, translated
from caseferry.errors import StateError

BUSY_TIMEOUT_S = 15
CACHE_KIB = 16_384
LOG_PAGES = 4_000  # 16 MiB of log; the default of 4 MiB halves the speed
_WAS_CHECKED = """
    SELECT 1 FROM meta WHERE name = 'checked' AND value LIKE '% ' || ?
    AND strftime('%s', 'now') - CAST(value AS INTEGER) BETWEEN 0 AND 86400
"""
_NOTE_CHECKED = """
    INSERT OR REPLACE INTO meta (name, value)
    VALUES ('checked', strftime('%s', 'now') || ' ' || ?)
"""
IDENTITY = "file"
"""In `meta`: which file this is; a backup says none."""
_IS_SAME_FILE = "SELECT 1 FROM meta WHERE name = ? AND value = ?"
_NOTE_FILE = "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)"
# The facts that say which listings were read whole, and when first.
DOUBT_WHAT_WAS_READ = """
    DELETE FROM fact WHERE name >= 'full.' AND name < 'full/'
    OR name >= 'first-read.' AND name < 'first-read/'
"""


def open_database(
    path: Path, *, readonly: bool, versions: Migrations = migrations
) -> Database:
    """Open the state, make it or bring it up to date; foreign files stay untouched.

    The connection belongs to this thread, and commits only when told to.

    Raises:
        StateError: `state-path`, `state-network`, `state-readonly`, `state-corrupt`,
            `state-newer`; with `readonly` also `state-missing` and `state-older`.
    """
    check_place(path)
    if readonly and not path.exists():
        raise _missing(path)
    if not readonly:
        make_private(path)
    try:
        return _open(path, "ro" if readonly else "rw", versions)
    except StateError as error:
        if not readonly or error.code != "state-readonly":
            raise
        if _has_log(path):
            raise _left_open(path) from error
    # No log can be kept beside it, and none is needed: nobody can write it here.
    return _open(path, "ro&immutable=1", versions)


def _open(path: Path, mode: str, versions: Migrations) -> Database:
    with translated(path):
        conn = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            timeout=BUSY_TIMEOUT_S,
        )
        try:
            return _prepare(conn, path, readonly=mode != "rw", versions=versions)
        except BaseException:
            conn.close()
            raise


def _prepare(
    conn: sqlite3.Connection, path: Path, *, readonly: bool, versions: Migrations
) -> Database:
    is_new = _is_new(conn, path)
    if is_new and readonly:
        raise _missing(path)
    db = Database(conn, execute_plugins=False)
    pending = _pending(db, path, versions)
    conn.execute("PRAGMA foreign_keys = ON")
    if readonly:
        if pending:
            raise StateError(
                f"the state {path} was written by an earlier version of caseferry",
                code="state-older",
                hint="any writing command brings it up to date, `caseferry check` too",
                path=str(path),
            )
        return db
    is_due = not is_new and _is_check_due(conn, path)
    if is_due:
        _check_pages(conn, path)
    # Before the first transaction; from then on readers never wait for the writer.
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute("PRAGMA fullfsync = ON")  # macOS: its plain one stops at the drive
    # Not everywhere the default; what an edit frees is as private as what is deleted.
    conn.execute("PRAGMA secure_delete = ON")
    conn.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    conn.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
    if pending:
        _upgrade(db, versions)
    _doubt_a_copy(conn, path)
    if is_due:
        conn.execute(_NOTE_CHECKED, (_identity(path),))
    return db


def _is_new(conn: sqlite3.Connection, path: Path) -> bool:
    """Tell whether nothing was ever written; refuse files of other programs."""
    (mark,) = conn.execute("PRAGMA application_id").fetchone()
    (tables,) = conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if mark != APPLICATION_ID and tables:
        raise StateError(
            f"{path} is a SQLite file of another program, not a state of caseferry",
            code="state-corrupt",
            hint="set state.path to another file; this one was not changed",
            path=str(path),
        )
    return not tables


def _pending(db: Database, path: Path, versions: Migrations) -> int:
    """Count the migrations to come; refuse a file that has some we do not know."""
    applied = {each.name for each in versions.applied(db)}
    ours = _names(versions)
    if applied - ours:
        raise StateError(
            f"the state {path} was written by a newer version of caseferry",
            code="state-newer",
            hint="upgrade caseferry on this machine; the file was not changed",
            path=str(path),
        )
    return len(ours - applied)


def _names(versions: Migrations) -> set[str]:
    """Name every migration of a set: on an empty database all of them are pending."""
    empty = Database(memory=True, execute_plugins=False)
    try:
        return {each.name for each in versions.pending(empty)}
    finally:
        empty.close()


def _is_check_due(conn: sqlite3.Connection, path: Path) -> bool:
    """Tell whether the file has to be read whole before it is used.

    Not when this very file was, within a day, and whoever wrote it last closed it: a
    schedule would read all of a large state every few minutes. A copy is another file,
    and a process that was killed leaves its log.
    """
    if _has_log(path):
        return True
    return conn.execute(_WAS_CHECKED, (_identity(path),)).fetchone() is None


def _has_log(path: Path) -> bool:
    """Tell whether some of the state stands in the log beside the file."""
    with suppress(FileNotFoundError):
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    return False


def _identity(path: Path) -> str:
    """Name the file itself: a copy, or what was put in its place, is another one."""
    found = path.stat()
    return f"{found.st_dev}:{found.st_ino}"


def _doubt_a_copy(conn: sqlite3.Connection, path: Path) -> None:
    """Let a copy that was put in place read both systems whole once, as if new.

    It is older than it looks: what was made since may be finished, edited a moment ago
    or not listed yet, and increments do not show that everywhere.
    """
    # Not its device: a container may mount it under another number each time.
    mark = (IDENTITY, str(path.stat().st_ino))
    if conn.execute(_IS_SAME_FILE, mark).fetchone() is not None:
        return
    conn.execute("BEGIN IMMEDIATE")
    conn.execute(DOUBT_WHAT_WAS_READ)
    conn.execute(_NOTE_FILE, mark)
    conn.execute("COMMIT")


def _check_pages(conn: sqlite3.Connection, path: Path) -> None:
    """Read every page once: damage is found before the run, not in the middle."""
    (verdict,) = conn.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise damaged(path, verdict)


def _upgrade(db: Database, versions: Migrations) -> None:
    """Apply what is pending, all or nothing, and only in one process at a time."""
    db.conn.execute("BEGIN IMMEDIATE")
    try:
        versions.apply(db)
        db.conn.execute("COMMIT")
    except BaseException:
        db.conn.rollback()
        raise


def _missing(path: Path) -> StateError:
    return StateError(
        f"there is no state at {path} yet",
        code="state-missing",
        hint="the first `caseferry check`, `migrate` or `sync` makes it;"
        " see state.path in the configuration",
        path=str(path),
    )


def _left_open(path: Path) -> StateError:
    return StateError(
        f"the state {path} cannot be read here: a run that was killed, or is going on,"
        " left a log beside it, and nothing can be written there",
        code="state-readonly",
        hint=f"copy it with its log, {path.name}-wal, to where it can be written, and"
        " set state.path to that",
        path=str(path),
    )
