"""The state file: made, refused, upgraded, copied and emptied."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database, Migrations

from caseferry.adapters.sqlite import HoldGroup, SqliteStore
from caseferry.adapters.sqlite.codec import record_rows
from caseferry.adapters.sqlite.opening import open_database
from caseferry.adapters.sqlite.place import check_place, is_network, mount_type
from caseferry.adapters.sqlite.schema import migrations
from caseferry.errors import Locked, StateError
from caseferry.model.action import FieldChange
from caseferry.model.correlation import Role
from caseferry.model.link import Base, HoldKind, IntentState, Link
from caseferry.model.record import Key, System, record_fingerprint
from caseferry.ports import CustomerFound
from store.builders import (
    AT,
    PAIR,
    a_case,
    a_hold,
    a_link,
    a_task,
    an_activity,
    an_intent,
)


def mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


def refusal(action: Callable[[], object]) -> StateError:
    with pytest.raises(StateError) as caught:
        action()
    assert caught.value.hint
    return caught.value


def a_filled_state(path: Path) -> None:
    with SqliteStore.open(path) as store:
        store.bind(PAIR)
        run = store.begin_run("migrate", AT, {})
        store.save_records(run, System.KORE, [a_case(n) for n in range(300)])
        store.save_link(a_link(), a_case(1).key)


# what is made -----------------------------------------------------------------
def test_every_file_is_private(sqlite: SqliteStore) -> None:
    """The state, its log and its index are readable by their owner alone."""
    sqlite.set_fact("a", "1")

    files = sorted(sqlite.path.parent.iterdir())
    assert [each.name.removeprefix("caseferry.db") for each in files] == [
        "",
        "-shm",
        "-wal",
    ]
    assert {mode(each) for each in files} == {"0o600"}


def test_a_state_that_others_could_read_is_made_private(state: Path) -> None:
    """Opening for writing takes the rights of others away."""
    state.touch(0o644)

    with SqliteStore.open(state):
        assert mode(state) == "0o600"


def test_every_commit_reaches_the_disk(sqlite: SqliteStore) -> None:
    """The log is synchronised at each commit and readers never wait."""
    found = {
        name: sqlite._conn.execute(f"PRAGMA {name}").fetchone()[0]
        for name in (
            "journal_mode",
            "synchronous",
            "foreign_keys",
            "busy_timeout",
            "secure_delete",
        )
    }

    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 15_000,
        "secure_delete": 1,
    }


def test_a_person_can_read_the_tables(sqlite: SqliteStore) -> None:
    """Tables are singular nouns, and contents are JSON with sorted keys."""
    sqlite.save_records(1, System.KORE, [a_case(1, tags=("b", "a"), name="é")])

    assert set(Database(sqlite._conn).table_names()) - {"_sqlite_migrations"} == {
        "content",
        "customer",
        "fact",
        "hold",
        "image",
        "journal",
        "link",
        "meta",
        "record",
        "retired",
        "run",
    }
    (text,) = sqlite._conn.execute("SELECT fields FROM content").fetchone()
    assert text == (
        f'{{"createdAt":"{AT}","name":"é","refId":"CS000001",'
        '"statusCategory":"open","tags":["b","a"]}'
    )


def test_the_kept_fingerprint_is_the_records(sqlite: SqliteStore) -> None:
    """The column `fingerprint` holds what `record_fingerprint` gives."""
    odd = [a_case(1, name="half \ud800"), a_task(2), a_case(3, tags=("ü", "\x00"))]
    sqlite.save_records(1, System.KORE, odd)

    kept = dict(sqlite._conn.execute("SELECT key, fingerprint FROM record").fetchall())
    assert kept == {each.key: record_fingerprint(each) for each in odd}


# what is refused --------------------------------------------------------------
@pytest.mark.parametrize("readonly", [False, True])
def test_a_file_that_is_no_database_is_refused(state: Path, *, readonly: bool) -> None:
    """A text file is called what it is, and stays as it was."""
    state.write_text("not a database, but long enough to be mistaken\n" * 40)
    before = state.read_bytes()

    error = refusal(lambda: SqliteStore.open(state, readonly=readonly))

    assert error.code == "state-corrupt"
    assert state.read_bytes() == before


def test_another_programs_database_is_refused(state: Path) -> None:
    """A SQLite file that is not ours is not touched."""
    other = Database(state)
    other.table("cookies").insert({"id": 1})
    other.close()
    before = state.read_bytes()

    error = refusal(lambda: SqliteStore.open(state))

    assert error.code == "state-corrupt"
    assert "another program" in error.message
    assert state.read_bytes() == before


@pytest.mark.parametrize("damage", ["page", "end"])
def test_a_damaged_state_is_noticed_before_the_run(state: Path, damage: str) -> None:
    """Overwritten or missing pages are found when the state is opened."""
    a_filled_state(state)
    whole = state.read_bytes()
    half = len(whole) // 2 // 4096 * 4096
    broken = whole[:half]
    if damage == "page":
        broken += b"\xff" * 4096 + whole[half + 4096 :]
    state.write_bytes(broken)

    error = refusal(lambda: SqliteStore.open(state))

    assert error.code == "state-corrupt"
    assert "backup" in error.hint


@pytest.mark.parametrize("since", ["today", "yesterday", "copied", "killed"])
def test_a_state_is_read_whole_once_a_day(state: Path, since: str) -> None:
    """What was found whole is not read again, unless it may be another file since."""
    a_filled_state(state)
    SqliteStore.open(state).close()
    with Database(state) as file:
        sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'journal'"
        ((page,),) = file.execute(sql).fetchall()
        if since == "yesterday":
            file.execute(
                "UPDATE meta SET value = (value - 90000) || substr(value, 11)"
                " WHERE name = 'checked'"
            )
    whole = state.read_bytes()
    at = (page - 1) * 4096
    state.write_bytes(whole[:at] + b"\xff" * 4096 + whole[at + 4096 :])
    if since == "copied":
        state.rename(state.with_name("old"))
        shutil.copyfile(state.with_name("old"), state)
    if since == "killed":
        state.with_name(f"{state.name}-wal").write_bytes(b"a log that was left")

    if since == "today":
        SqliteStore.open(state).close()
    else:
        assert refusal(lambda: SqliteStore.open(state)).code == "state-corrupt"


def test_a_newer_state_is_refused(state: Path) -> None:
    """A state with a migration that we do not know is not touched."""
    a_filled_state(state)
    newer = Database(state)
    newer.table("_sqlite_migrations").insert(
        {"migration_set": "caseferry", "name": "m999_future", "applied_at": AT}
    )
    newer.close()
    before = state.read_bytes()

    assert refusal(lambda: SqliteStore.open(state)).code == "state-newer"
    assert refusal(lambda: SqliteStore.open(state, readonly=True)).code == "state-newer"
    assert state.read_bytes() == before


def test_a_reader_makes_nothing(state: Path) -> None:
    """Reading commands before the first run say what makes a state."""
    assert refusal(lambda: SqliteStore.open(state, readonly=True)).code == (
        "state-missing"
    )
    assert not state.exists()

    state.touch()
    assert refusal(lambda: SqliteStore.open(state, readonly=True)).code == (
        "state-missing"
    )
    assert state.stat().st_size == 0


def test_a_reader_needs_no_writable_file_system(state: Path) -> None:
    """No index of the log can be made there, as this one cannot."""
    a_filled_state(state)
    state.with_name(f"{state.name}-shm").symlink_to(state.parent / "none" / "x")

    with SqliteStore.open(state, readonly=True) as store:
        assert store.pair() == PAIR
        store.backup(state.with_name("copy.db"))

    assert refusal(lambda: SqliteStore.open(state)).code == "state-readonly"


def test_a_reader_that_needs_a_log_says_so(state: Path) -> None:
    """A run was killed: what it wrote last stands beside the file, and is not left."""
    with SqliteStore.open(state) as store:
        store.bind(PAIR)
        log = state.with_name(f"{state.name}-wal")
        kept = log.read_bytes()
    log.write_bytes(kept)
    state.with_name(f"{state.name}-shm").symlink_to(state.parent / "none" / "x")

    error = refusal(lambda: SqliteStore.open(state, readonly=True))

    assert error.code == "state-readonly"
    assert f"{state.name}-wal" in error.hint
    assert log.read_bytes() == kept


def test_a_reader_cannot_write(state: Path) -> None:
    """SQLite itself refuses a write through a read-only opening, in our words."""
    a_filled_state(state)

    with SqliteStore.open(state, readonly=True) as store:
        error = refusal(lambda: store.set_fact("a", "1"))

        assert error.code == "state-readonly"
        assert store.record(a_case(7).key) == a_case(7)
        assert store.facts("") == {}


def test_a_full_disk_keeps_nothing_half_done(sqlite: SqliteStore) -> None:
    """When no page is left the whole transaction is undone, and work can go on."""
    sqlite.set_fact("before", "1")
    (pages,) = sqlite._conn.execute("PRAGMA page_count").fetchone()
    sqlite._conn.execute(f"PRAGMA max_page_count = {pages + 5}")

    def write() -> None:
        with sqlite.transaction():
            sqlite.set_fact("during", "1")
            sqlite.save_records(1, System.KORE, (a_case(n) for n in range(9_000)))

    assert refusal(write).code == "state-full"
    assert sqlite.facts("") == {"before": "1"}
    assert sqlite.record(a_case(1).key) is None
    sqlite._conn.execute(f"PRAGMA max_page_count = {pages + 9_999}")
    write()
    assert sqlite.facts("") == {"before": "1", "during": "1"}


def test_nothing_is_written_after_the_disk_was_full(sqlite: SqliteStore) -> None:
    """A caller that goes on inside the undone transaction keeps nothing either."""

    def write() -> None:
        with sqlite.transaction():
            sqlite._conn.rollback()  # as SQLite does by itself on some errors
            sqlite.set_fact("later", "1")

    refusal(write)

    assert sqlite.facts("") == {}


def test_two_writers_do_not_mix(sqlite: SqliteStore) -> None:
    """A second connection that writes is waited for, then named as what it is."""
    sqlite._conn.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(sqlite.path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(Locked):
            sqlite.set_fact("a", "1")

        other.execute("ROLLBACK")
        sqlite.set_fact("a", "1")
    finally:
        other.close()


@pytest.mark.parametrize("where", ["", "missing/caseferry.db"])
def test_a_place_without_a_file_is_named(tmp_path: Path, where: str) -> None:
    """A directory, or a file in a missing one, is refused with what to do."""
    error = refusal(lambda: SqliteStore.open(tmp_path / where))

    assert error.code == "state-path"
    assert str(tmp_path) in error.hint
    assert list(tmp_path.iterdir()) == []


MOUNTS = r"""
/dev/vda / ext4 rw,relatime 0 0
host:/home /home nfs4 rw 0 0
/dev/vdb /home/me/local xfs rw 0 0
//nas/a /mnt/with\040blank cifs rw 0 0
me@host:/ /mnt/far fuse.sshfs rw 0 0
share /mnt/vm 9p rw 0 0
/dev/vdc /mnt/twice ext4 rw 0 0
nas:/b /mnt/twice nfs rw 0 0
""".strip()


@pytest.mark.parametrize(
    ("path", "kind", "refused"),
    [
        ("/var/lib/caseferry.db", "ext4", False),
        ("/home/me/caseferry.db", "nfs4", True),
        ("/home/me/local/caseferry.db", "xfs", False),
        ("/homely/caseferry.db", "ext4", False),
        ("/mnt/with blank/caseferry.db", "cifs", True),
        ("/mnt/far/caseferry.db", "fuse.sshfs", True),
        ("/mnt/vm/caseferry.db", "9p", False),
        ("/mnt/twice/caseferry.db", "nfs", True),
    ],
)
def test_network_file_systems_are_known(path: str, kind: str, *, refused: bool) -> None:
    """The deepest and latest mount decides; what other machines share is refused."""
    assert mount_type(path, MOUNTS) == kind
    assert is_network(kind) is refused


def test_a_network_file_system_is_refused(state: Path) -> None:
    """A state on a share is refused with the type of file system."""
    error = refusal(lambda: check_place(state, mounts="nas:/ / nfs4 rw 0 0\n"))

    assert error.code == "state-network"
    assert "nfs4" in error.message
    check_place(state, mounts="")


@pytest.mark.parametrize("readonly", [False, True])
def test_what_is_no_file_is_refused_and_keeps_its_mode(
    state: Path, *, readonly: bool
) -> None:
    """A pipe here, and `/dev/null` likewise: every program needs that as it is."""
    os.mkfifo(state, 0o644)
    state.chmod(0o644)

    error = refusal(lambda: SqliteStore.open(state, readonly=readonly))

    assert error.code == "state-path"
    assert "not a file" in error.message
    assert mode(state) == "0o644"


# versions ---------------------------------------------------------------------
def names(versions: Migrations) -> list[str]:
    empty = Database(memory=True)
    try:
        return [each.name for each in versions.pending(empty)]
    finally:
        empty.close()


def at_version(path: Path, name: str) -> None:
    """Make a state as it was before the migration after `name`."""
    order = [*names(migrations), None]
    database = Database(path)
    migrations.apply(database, stop_before=order[order.index(name) + 1])
    database.close()


@pytest.mark.parametrize("name", names(migrations))
def test_every_earlier_version_is_brought_up_to_date(
    state: Path, tmp_path: Path, name: str
) -> None:
    """A state of any version has the same tables as a new one, once opened."""
    at_version(state, name)
    fresh = tmp_path / "fresh.db"

    with SqliteStore.open(state) as old, SqliteStore.open(fresh) as new:
        assert old._db.schema == new._db.schema
        assert old.begin_run("sync", AT, {}) == 1


def test_a_record_of_the_first_version_changed_before_any_run(state: Path) -> None:
    """What an older release read is kept; it counts as changed once it does."""
    at_version(state, "m001_tables")
    database = Database(state)
    database.execute(
        "INSERT INTO run VALUES (1, 'migrate', ?, ?, 0, '{}', '{}')", (AT, AT)
    )
    row, content = record_rows(1, System.KORE, a_case(1))
    holders = ", ".join("?" * len(row))
    database.execute(f"INSERT INTO record VALUES ({holders})", row)  # noqa: S608
    database.execute("INSERT INTO content VALUES (?, ?)", content)
    database.conn.commit()
    database.close()

    with SqliteStore.open(state) as store:
        run = store.begin_run("sync", AT, {})
        assert store.record(a_case(1).key) == a_case(1)
        assert store.save_records(run, System.KORE, [a_case(1)]) == 0
        assert list(store.changed_cases(System.KORE, 1)) == []
        assert list(store.changed_cases(System.KORE, 0)) == [a_case(1).key]
        assert store.save_records(run, System.KORE, [a_case(1, name="New")]) == 1
        assert list(store.changed_cases(System.KORE, run)) == [a_case(1).key]


def test_the_journal_of_the_first_version_is_kept(state: Path) -> None:
    """What an earlier version wrote has no images, and does not say what it made."""
    at_version(state, "m001_tables")
    old = Database(state)
    old.table("run").insert(
        {"number": 1, "command": "m", "started": AT, "inputs": "{}"}
    )
    row = {
        "number": 1,
        "run": 1,
        "at": AT,
        "kind": "create",
        "role": "task",
        "kore": "kore:ti-0001",
        "correlation": an_intent(1).correlation,
        "payload_print": "p" * 32,
        "department": "Service",
        "fields": '["subject","priority"]',
        "state": "done",
    }
    old.table("journal").insert(row)
    old.close()

    with SqliteStore.open(state) as store:
        (entry,) = store.entries(1)
        store.save_intents(1, [an_intent(2, opens=True)])

        assert entry.intent == replace(an_intent(1), number=1)
        assert [each.intent.opens for each in store.entries(1)] == [None, True]


def later_version(*, fails: bool) -> Migrations:
    """Our migrations and one more, as a later release would have it."""
    later = Migrations(migrations.name)
    empty = Database(memory=True)
    for each in migrations.pending(empty):
        later(name=each.name)(each.fn)
    empty.close()

    @later()
    def m900_owner(db: Database) -> None:
        db.execute("ALTER TABLE link ADD COLUMN owner TEXT NOT NULL DEFAULT 'kore'")

    @later()
    def m901_more(db: Database) -> None:
        db.execute("CREATE TABLE more (id INTEGER)")
        if fails:
            db.execute("nonsense")

    return later


def test_an_upgrade_keeps_what_is_there(state: Path) -> None:
    """A migration changes tables and keeps rows; then the older release refuses."""
    a_filled_state(state)

    error = refusal(
        lambda: open_database(state, readonly=True, versions=later_version(fails=False))
    )
    assert error.code == "state-older"
    open_database(state, readonly=False, versions=later_version(fails=False)).close()

    assert refusal(lambda: SqliteStore.open(state)).code == "state-newer"
    upgraded = Database(state)
    assert [row["owner"] for row in upgraded["link"].rows] == ["kore"]
    upgraded.close()


def test_an_upgrade_that_fails_changes_nothing(state: Path) -> None:
    """All pending migrations apply, or none; the release before goes on with it."""
    a_filled_state(state)

    refusal(
        lambda: open_database(state, readonly=False, versions=later_version(fails=True))
    )

    with SqliteStore.open(state) as store:
        assert store.link(a_link().kore) == a_link()


# copies -----------------------------------------------------------------------
def test_a_backup_is_whole_and_private(sqlite: SqliteStore, tmp_path: Path) -> None:
    """The copy is one private file that opens, and no later write is in it."""
    sqlite.set_fact("a", "1")
    copy = tmp_path / "copy.db"

    sqlite.backup(copy)
    sqlite.set_fact("a", "2")

    assert mode(copy) == "0o600"
    assert not [each for each in tmp_path.iterdir() if "part" in each.name]
    with SqliteStore.open(copy) as store:
        assert store.facts("") == {"a": "1"}


def test_a_backup_overwrites_nothing(sqlite: SqliteStore, tmp_path: Path) -> None:
    """An existing file is refused and stays as it was."""
    taken = tmp_path / "taken"
    taken.write_text("mine")

    assert refusal(lambda: sqlite.backup(taken)).code == "state-exists"
    assert taken.read_text() == "mine"


def test_a_backup_needs_no_writable_directory(
    sqlite: SqliteStore, tmp_path: Path
) -> None:
    """The copy is no log-keeping file, so a reader needs no file beside it."""
    copy = tmp_path / "sub" / "copy.db"
    copy.parent.mkdir()
    sqlite.set_fact("a", "1")
    sqlite.backup(copy)

    with SqliteStore.open(copy, readonly=True) as store:
        assert store.facts("") == {"a": "1"}
        assert [each.name for each in copy.parent.iterdir()] == ["copy.db"]


@pytest.mark.parametrize("way", ["backup", "over", "copy", "same"])
def test_a_copy_put_back_has_read_nothing_whole(state: Path, way: str) -> None:
    """It is older than it looks: what was done since is found by reading everything."""
    known = {"full.kore.case": f"1 {AT}", "full.kore.task": f"1 {AT}"}
    first = {"first-read.kore": AT, "first-read.sync": AT}
    with SqliteStore.open(state) as store:
        store.bind(PAIR)
        others = {"first-reading": "1", "fullness": "1", "watermark.x": AT}
        for name, value in {**known, **first, **others}.items():
            store.set_fact(name, value)
        store.backup(state.with_name("backup.db"))
    if way in ("backup", "over"):
        kept = state.with_name("backup.db")
        if way == "backup":
            kept.replace(state)
        else:
            shutil.copyfile(kept, state)  # into the very file
    if way == "copy":
        state.rename(state.with_name("old"))
        shutil.copyfile(state.with_name("old"), state)

    for _ in range(2):
        with SqliteStore.open(state) as store:
            assert store.facts("full.") == (known if way == "same" else {})
            assert store.facts("first-read.") == (first if way == "same" else {})
            assert {name: store.get_fact(name) for name in others} == others


@pytest.mark.parametrize(("missing", "kept"), [(-1, True), (0, True), (1, False)])
def test_a_state_older_than_a_run_seen_here_is_doubted(
    sqlite: SqliteStore, missing: int, *, kept: bool
) -> None:
    """A copy that was written into the very file has the file's number."""
    sqlite.set_fact("full.kore.case", "1")
    sqlite.set_fact("watermark.x", AT)
    newest = sqlite.begin_run("sync", AT, {})
    assert sqlite.newest_run() == newest

    sqlite.doubt_older_than(newest + missing)

    assert bool(sqlite.facts("full.")) is kept
    assert sqlite.get_fact("watermark.x") == AT


def test_a_copy_that_was_read_whole_stays_so(state: Path) -> None:
    """It is doubted once, not in every run."""
    a_filled_state(state)
    state.rename(state.with_name("old"))
    shutil.copyfile(state.with_name("old"), state)
    with SqliteStore.open(state) as store:
        store.set_fact("full.kore.case", f"2 {AT}")

    with SqliteStore.open(state) as store:
        assert store.get_fact("full.kore.case") == f"2 {AT}"


def test_a_state_may_be_copied_after_it_was_closed(state: Path) -> None:
    """A closed state is one file; a plain copy of it opens."""
    a_filled_state(state)
    copy = state.with_name("copy.db")
    shutil.copyfile(state, copy)

    with SqliteStore.open(copy) as store:
        assert store.pair() == PAIR


def test_readers_see_commits_of_a_writer_at_work(sqlite: SqliteStore) -> None:
    """A reader beside an open transaction sees what was committed, and only that."""
    with SqliteStore.open(sqlite.path, readonly=True) as reader:
        with sqlite.transaction():
            sqlite.set_fact("a", "1")
            assert reader.facts("") == {}
        assert reader.facts("") == {"a": "1"}


# what people ask --------------------------------------------------------------
def test_a_key_is_understood_as_people_type_it(sqlite: SqliteStore) -> None:
    """An exact key or number wins; any end will do; candidates are few."""
    cases = [a_case(n) for n in (11, 111, 5)]
    sqlite.save_records(1, System.KORE, [*cases, a_task(5)])
    sqlite.save_link(a_link(7), a_case(5).key)

    assert sqlite.resolve_key("kore:ci-0011") == [a_case(11).key]
    assert sqlite.resolve_key(" cs000011 ") == [a_case(11).key]
    assert sqlite.resolve_key("0111") == [a_case(111).key]
    assert sqlite.resolve_key("11") == [a_case(11).key, a_case(111).key]
    assert sqlite.resolve_key("I-0005") == [a_case(5).key, a_task(5).key]
    assert sqlite.resolve_key("activity:7t") == [a_link(7).casemgr]
    assert sqlite.resolve_key("0007") == [a_link(7).kore]
    assert sqlite.resolve_key("%") == sqlite.resolve_key("  ") == []
    sqlite.save_records(1, System.KORE, [a_task(n) for n in range(100, 200)])
    assert len(sqlite.resolve_key("9")) == 10


def test_counts_tell_where_things_stand(sqlite: SqliteStore) -> None:
    """Links, tombstones, unsettled intents and holds are counted by cause."""
    for number in (1, 2, 3):
        sqlite.save_link(
            a_link(number, finished=number > 1, tombstone=number > 2), a_case().key
        )
        hold = a_hold(a_case(number).key, code="refused" if number < 3 else "late")
        sqlite.save_hold(1, hold)
    sqlite.save_link(a_link(1, Role.CASE, finished=True), a_case().key)
    sqlite.save_intents(1, [an_intent(n) for n in (1, 2, 3)])
    sqlite.settle_intent(1, IntentState.DONE)
    sqlite.settle_intent(2, IntentState.IN_DOUBT)

    assert sqlite.link_counts() == {
        (Role.CASE, True): 1,
        (Role.TASK, False): 1,
        (Role.TASK, True): 1,
    }
    assert sqlite.tombstone_counts() == {Role.TASK: 1}
    assert sqlite.intent_counts() == {IntentState.OPEN: 1, IntentState.IN_DOUBT: 1}
    group = HoldGroup(
        kind=HoldKind.QUARANTINE,
        code="refused",
        reason="too long",
        count=2,
        example=a_case(1).key,
    )
    assert sqlite.hold_groups()[0] == group
    assert [each.count for each in sqlite.hold_groups()] == [2, 1]


def test_a_pair_that_is_held_under_both_keys_counts_once(sqlite: SqliteStore) -> None:
    """It has one number, two keys, and the time when its cause was found first."""
    link, task = a_link(1), a_task(1)
    task = replace(task, fields={**task.fields, "refId": "TS000001"})
    sqlite.save_records(1, System.KORE, [task])
    sqlite.save_link(link, a_case().key)
    second = sqlite.begin_run("sync", "2027-01-01T00:00:00.000Z", {})
    for run in (1, second):
        for key in (link.kore, link.casemgr):
            hold = a_hold(key, kind=HoldKind.CONFLICT, source_print=f"seen in {run}")
            sqlite.save_hold(run, hold)
    sqlite.save_hold(second, a_hold(a_case(2).key, kind=HoldKind.CONFLICT))

    (group,) = sqlite.hold_groups()
    held = sqlite.held_in(group, 9)

    assert group.count == 2
    assert sqlite.hold_counts() == {HoldKind.CONFLICT: 2}
    assert [(each.key, each.counterpart) for each in held] == [
        (link.casemgr, link.kore),
        (a_case(2).key, None),
        (link.kore, link.casemgr),
    ]
    assert [each.number for each in held] == ["TS000001", "", "TS000001"]
    first = sqlite.runs()[-1].started
    assert [each.since for each in held] == [first, "2027-01-01T00:00:00.000Z", first]
    assert sqlite.held_as(link.kore) == held[2]
    sqlite.save_hold(second, a_hold(link.kore, kind=HoldKind.WAITING))
    known = sqlite.held_as(link.kore)
    assert known is not None
    assert known.since == "2027-01-01T00:00:00.000Z"


def test_a_held_case_that_has_an_opener_is_listed_once(sqlite: SqliteStore) -> None:
    """Its counterpart is the case, not the activity that opened it."""
    case = a_link(1, Role.CASE)
    for link in (case, a_link(1, Role.OPENER)):
        sqlite.save_link(link, case.kore)
    sqlite.save_hold(1, a_hold(case.kore))

    (group,) = sqlite.hold_groups()
    found = [(each.key, each.counterpart) for each in sqlite.held_in(group, 9)]

    assert found == [(case.kore, case.casemgr)]
    held = sqlite.held_as(case.kore)
    assert held is not None
    assert held.counterpart == case.casemgr


def test_runs_are_remembered(sqlite: SqliteStore) -> None:
    """A run that did not end has no exit code; the latest comes first."""
    second = sqlite.begin_run("sync", AT, {"mapping": "m"})
    sqlite.end_run(1, AT, exit_code=3, summary={"read": {"kore": 7}})

    last, first = sqlite.runs(5)
    assert sqlite.last_run() == last == sqlite.run(second)
    assert (last.number, last.ended, last.exit_code) == (2, None, None)
    assert last.inputs == {"mapping": "m"}
    assert (first.exit_code, first.summary) == (3, {"read": {"kore": 7}})
    assert sqlite.run(9) is None


def _names(link: Link) -> set[str]:
    return {*link.casemgr_base.fields, *link.casemgr_base.absent} - {"status"}


# what is forgotten ------------------------------------------------------------
def test_contents_are_forgotten_and_identity_is_not(sqlite: SqliteStore) -> None:
    """After `forget` no content is left in any file, and nothing can come twice."""
    secret = "Annegret-Musterfrau"
    person = {"userInfo.emailId": f"{secret}@X", "name": secret}
    case = replace(a_case(1), fields=dict(a_case(1).fields) | person)
    link = a_link(1, Role.CASE, finished=True, kore_base=Base(fields={"name": secret}))
    other = replace(
        an_activity(1, subject=secret, customer="42"), key=link.casemgr, parent=None
    )
    sqlite.save_records(1, System.KORE, [case, a_case(2)])
    sqlite.save_records(1, System.CASEMGR, [other])
    sqlite.save_link(link, case.key)
    image = FieldChange(name="subject", before=None, after=secret)
    sqlite.save_intents(1, [an_intent(kore=case.key, role=Role.CASE, images=(image,))])
    sqlite.settle_intent(1, IntentState.IN_DOUBT, detail=secret)
    sqlite.save_hold(1, a_hold(case.key, reason=secret))
    email = CustomerFound(
        attribute="email", value=f"{secret.lower()}@x", customers=("42",)
    )
    phone = CustomerFound(attribute="phone", value="+49", customers=("7", "8"))
    sqlite.save_customers([email, phone])

    assert sqlite.forget(case.key)

    for each in sqlite.path.parent.iterdir():
        assert secret.lower() not in each.read_bytes().decode("latin-1").lower()
    kept = sqlite.link(case.key)
    assert kept is not None
    assert (kept.casemgr, kept.finished) == (link.casemgr, True)
    assert kept.kore_base == Base(fields={})
    assert kept.casemgr_base == Base(fields=dict.fromkeys(_names(link), ""))
    assert [each.kore for each in sqlite.open_intents()] == [case.key]
    assert [each.intent.images for each in sqlite.entries(1)] == [()]
    assert list(sqlite.holds()) == [case.key]
    assert sqlite.record(case.key) is sqlite.record(link.casemgr) is None
    assert sqlite.record(a_case(2).key) == a_case(2)
    assert sqlite.customers([("phone", "+49")]) == [phone]
    assert not sqlite.forget(Key("kore:ci-none"))


def test_what_edits_freed_before_is_forgotten_too(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where SQLite was built to leave contents in what it frees."""
    connect = sqlite3.connect

    def without_wiping(*args: Any, **options: Any) -> sqlite3.Connection:
        conn: sqlite3.Connection = connect(*args, **options)
        conn.execute("PRAGMA secure_delete = OFF")
        return conn

    monkeypatch.setattr(sqlite3, "connect", without_wiping)
    secret = "Annegret-Musterfrau"
    with SqliteStore.open(state) as store:
        run = store.begin_run("sync", AT, {})
        for version, size in enumerate((9, 3_000, 2, 6_000, 1)):
            case = a_case(1, version=str(version), name=f"{secret} " * size)
            store.save_records(run, System.KORE, [case])

        assert store.forget(case.key)

        for each in state.parent.iterdir():
            assert secret not in each.read_bytes().decode("latin-1")


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("+49 (151) 234-5678", "+491512345678"),
        ("+49 (151) 234-5678", "01512345678"),
        ("0151 2345678", "+49 151 2345678"),
        ("+49 (0)151/2345678 ext. 12", "+491512345678"),
        ("\u0661\u0665\u0661 2345678", "+491512345678"),
        ("1-800-FLOWERS", "+18003569377"),
        ("116 117", "116117"),
        (" Zoe@Shop.example ", "zoe@shop.example"),
        ("Stra\u00dfe  7", "STRASSE 7"),
    ],
)
def test_a_look_up_is_forgotten_however_it_was_spelled(
    sqlite: SqliteStore, said: str, asked: str
) -> None:
    """So are all others that found the same customer, and nobody else's."""
    fields = {"userInfo.phoneNumber": said, "createdAt": AT}
    case = replace(a_case(1), fields=fields)
    sqlite.save_records(1, System.KORE, [case])
    own = CustomerFound(attribute="Service/phone", value=asked, customers=("7",))
    older = CustomerFound(attribute="Service/phone", value="+4999", customers=("7",))
    other = CustomerFound(attribute="x", value="+491519999999", customers=("8",))
    sqlite.save_customers([own, older, other])

    assert sqlite.forget(case.key)

    pairs = [(each.attribute, each.value) for each in (own, older, other)]
    assert sqlite.customers(pairs) == [other]


@pytest.mark.parametrize("again", ["forget", "purge"])
def test_what_is_forgotten_while_somebody_reads_is_wiped_later(
    sqlite: SqliteStore, caplog: pytest.LogCaptureFixture, again: str
) -> None:
    """It says that contents are left, and the next time none are."""

    def is_left() -> bool:
        files = sqlite.path.parent.iterdir()
        return any(secret in each.read_bytes().decode("latin-1") for each in files)

    secret = "Annegret-Musterfrau"
    case = a_case(1, name=secret)
    sqlite.save_records(1, System.KORE, [case])
    sqlite._all("PRAGMA busy_timeout = 20")
    with SqliteStore.open(sqlite.path, readonly=True) as reader:
        reader._all("BEGIN")
        assert reader.record(case.key) == case

        with pytest.raises(Locked) as caught:
            sqlite.forget(case.key)
        sqlite.purge("2020")

        assert (caught.value.code, caught.value.exit_code) == ("state-read", 7)
        assert [each.message for each in caplog.records] == ["state.not_wiped"]
        assert is_left()
        assert sqlite.record(case.key) is None

    if again == "forget":
        sqlite.forget(case.key)
    else:
        sqlite.purge("2020")
    assert not is_left()
    assert len(caplog.records) == 1


def test_old_contents_are_purged(sqlite: SqliteStore) -> None:
    """Contents of finished runs go by age; the last run and what is open stay."""
    old, new = "2025-01-01", "2026-06-01"
    first = sqlite.begin_run("migrate", old, {"mapping": "m"})
    sqlite.save_records(first, System.KORE, [a_case(1), a_case(2)])
    images = (FieldChange(name="subject", before="a", after="b"),)
    sqlite.save_intents(first, [an_intent(n, at=old, images=images) for n in (1, 2)])
    sqlite.settle_intent(1, IntentState.REFUSED, detail="told")
    sqlite.settle_intent(2, IntentState.IN_DOUBT, detail="told")
    sqlite.save_link(a_link(1), a_case(1).key)
    sqlite.end_run(first, old, exit_code=0, summary={"a": 1})
    last = sqlite.begin_run("sync", new, {"mapping": "m"})
    sqlite.save_records(last, System.KORE, [a_case(2)])

    assert sqlite.purge("2025-12-31") == 3
    assert sqlite.purge("2025-12-31") == 0

    assert sqlite.record(a_case(1).key) is None
    assert sqlite.record(a_case(2).key) == a_case(2)
    assert [each["detail"] for each in sqlite.journal(None, None)] == ["", "told"]
    kept = [each.intent.images for each in sqlite.entries(first)]
    assert kept == [(), images]  # what is in doubt is not let go
    assert [dict(each.inputs) for each in sqlite.runs()] == [{"mapping": "m"}, {}, {}]
    assert list(sqlite.links()) == [a_link(1)]


@pytest.mark.parametrize(("whole", "doubted"), [(2, True), (3, False), (None, False)])
def test_what_was_purged_and_is_still_held_is_read_again(
    sqlite: SqliteStore, whole: int | None, *, doubted: bool
) -> None:
    """Increments build on the last whole reading: without it they would miss much."""
    old, new = "2025-01-01", "2026-06-01"
    run = sqlite.begin_run("sync", old, {})
    sqlite.save_records(run, System.KORE, [a_case(1)])
    sqlite.end_run(run, old, exit_code=0, summary={})
    last = sqlite.begin_run("sync", new, {})
    sqlite.save_records(last, System.KORE, [a_case(2)])
    facts = {} if whole is None else {"full.kore.case": f"{whole} {AT}"}
    for name, value in facts.items():
        sqlite.set_fact(name, value)

    sqlite.purge("2025-12-31")

    assert sqlite.record(a_case(1).key) is None
    assert sqlite.facts("full.") == ({} if doubted else facts)
