"""The tables of the state, as numbered migrations; one table per noun.

Append only: a migration that was ever released is never changed, renamed or removed.
Times are UTC text as their source gave them; lists and mappings are JSON text.
"""

from typing import TYPE_CHECKING

from sqlite_utils import Migrations

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID = 0x43466531  # "CFe1" in the file's header: this is our state
migrations = Migrations("caseferry")

_FIRST = (
    # What this state belongs to.
    """
    CREATE TABLE meta (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE run (
        number INTEGER PRIMARY KEY,
        command TEXT NOT NULL,
        started TEXT NOT NULL,
        ended TEXT,
        exit_code INTEGER,
        inputs TEXT NOT NULL,
        summary TEXT NOT NULL DEFAULT '{}'
    )
    """,
    # A record as last seen, and in which run. Narrow, and without an index on the run:
    # each run stamps every record that it sees again.
    """
    CREATE TABLE record (
        key TEXT PRIMARY KEY,
        system TEXT NOT NULL,
        entity TEXT NOT NULL,
        parent TEXT,
        version TEXT NOT NULL,
        unknown TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        is_open INTEGER NOT NULL,
        created TEXT NOT NULL,
        ref_id TEXT NOT NULL COLLATE NOCASE,
        run INTEGER NOT NULL
    )
    """,
    "CREATE INDEX record_parent ON record (parent) WHERE parent IS NOT NULL",
    "CREATE INDEX record_ref_id ON record (ref_id, key) WHERE ref_id <> ''",
    # What it held; one for each record.
    """
    CREATE TABLE content (
        key TEXT PRIMARY KEY,
        fields TEXT NOT NULL
    )
    """,
    # A case and an activity have different keys, so one unique key is right.
    """
    CREATE TABLE link (
        casemgr TEXT PRIMARY KEY,
        kore TEXT NOT NULL,
        role TEXT NOT NULL,
        generation INTEGER NOT NULL,
        kore_case TEXT NOT NULL,
        finished INTEGER NOT NULL,
        kore_base TEXT NOT NULL,
        casemgr_base TEXT NOT NULL,
        source_print TEXT NOT NULL,
        mapping TEXT NOT NULL,
        tombstone INTEGER NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX link_kore ON link (kore, role, generation)",
    "CREATE INDEX link_case ON link (kore_case)",
    "CREATE INDEX link_unfinished ON link (kore_case) WHERE NOT finished",
    """
    CREATE TABLE journal (
        number INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES run (number),
        at TEXT NOT NULL,
        kind TEXT NOT NULL,
        role TEXT NOT NULL,
        kore TEXT NOT NULL,
        casemgr TEXT,
        correlation TEXT NOT NULL,
        payload_print TEXT NOT NULL,
        department TEXT NOT NULL,
        fields TEXT NOT NULL,
        state TEXT NOT NULL,
        detail TEXT NOT NULL DEFAULT ''
    )
    """,
    """
    CREATE INDEX journal_unsettled ON journal (number)
    WHERE state IN ('open', 'in_doubt')
    """,
    "CREATE INDEX journal_run ON journal (run)",
    "CREATE INDEX journal_kore ON journal (kore)",
    "CREATE INDEX journal_casemgr ON journal (casemgr) WHERE casemgr IS NOT NULL",
    """
    CREATE TABLE hold (
        key TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        code TEXT NOT NULL,
        reason TEXT NOT NULL,
        source_print TEXT NOT NULL,
        mapping TEXT NOT NULL,
        correlation TEXT NOT NULL,
        run INTEGER NOT NULL REFERENCES run (number)
    )
    """,
    """
    CREATE TABLE fact (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    # A look-up that found somebody: the ids of who was found.
    """
    CREATE TABLE customer (
        attribute TEXT NOT NULL,
        value TEXT NOT NULL,
        customers TEXT NOT NULL,
        PRIMARY KEY (attribute, value)
    ) WITHOUT ROWID
    """,
)


@migrations()
def m001_tables(db: "Database") -> None:
    """Make every table of the first version."""
    for statement in _FIRST:
        db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")


@migrations()
def m002_changed(db: "Database") -> None:
    """Keep in which run a record last changed; 0 where an earlier version saw it."""
    db.execute("ALTER TABLE record ADD COLUMN changed INTEGER NOT NULL DEFAULT 0")
    db.execute("CREATE INDEX record_changed ON record (changed)")


_IMAGES = (
    # Of an edit, what a field held before and after; JSON, NULL is absent. These are
    # contents of records: they go by age, and with `forget`.
    """
    CREATE TABLE image (
        intent INTEGER NOT NULL REFERENCES journal (number),
        field TEXT NOT NULL,
        before TEXT,
        after TEXT,
        PRIMARY KEY (intent, field)
    ) WITHOUT ROWID
    """,
    # Of a create, whether it brings its case into being; NULL is not known.
    "ALTER TABLE journal ADD COLUMN opens INTEGER",
)


@migrations()
def m003_images(db: "Database") -> None:
    """Keep what an undo needs: what was overwritten, and which cases were made."""
    for statement in _IMAGES:
        db.execute(statement)


@migrations()
def m004_made_in(db: "Database") -> None:
    """Keep in which system one of a pair was made; NULL is not known."""
    db.execute("ALTER TABLE link ADD COLUMN made_in TEXT")


@migrations()
def m005_link_counts(db: "Database") -> None:
    """Count links without reading their bases, which fill most of the file."""
    db.execute("CREATE INDEX link_count ON link (role, finished) WHERE NOT tombstone")


_RETIRED = (
    # What an undo ended: it outlives its link, which `retry` takes away.
    """
    CREATE TABLE retired (
        target TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        role TEXT NOT NULL,
        generation INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX retired_source ON retired (source)",
)


@migrations()
def m006_retired(db: "Database") -> None:
    """Keep what was taken back, so that it is never taken for a counterpart."""
    for statement in _RETIRED:
        db.execute(statement)
