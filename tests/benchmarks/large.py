"""A state of very many linked records: a small one that was really synced, many times.

The small one comes from two real runs against a sandbox. Its copies have keys of their
own, which no system knows: a run that reads only what changed never asks for them.
"""

import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks import child
from caseferry.adapters.sqlite import SqliteStore
from caseferry.adapters.sqlite.connection import batches
from caseferry.engine.sync.pairs import DONE
from caseferry.model.link import Link
from caseferry.model.record import Entity, Key, Record, System, record_fingerprint

OVERLAP_S = 1
_ENV = {
    "CASEFERRY__SYNC__OVERLAP": f"{OVERLAP_S}s",
    "CASEFERRY__GUARD__MAX_CHANGES": "off",
    "CASEFERRY__GUARD__MAX_REPRIORITISED": "off",
}
_EDIT_S = 0.02  # between two edits, so that no two bear the same time


@dataclass(frozen=True, slots=True, kw_only=True)
class Large:
    """Two systems, and a state that links more records than they hold.

    Attributes:
        url: of the sandbox.
        folder: with the configuration and the state.
    """

    url: str
    folder: Path

    @property
    def state(self) -> Path:
        """The state file."""
        return self.folder / "caseferry.db"

    def run(self, *words: str, again: bool = False) -> dict[str, Any]:
        """Run one command with `--json`; give what `command_child.py` tells."""
        return child.run(
            "command_child.py",
            words=words,
            folder=str(self.folder),
            env=_ENV,
            again=again,
        )

    def page(self, name: str) -> Any:
        """Read one of the sandbox's control pages."""
        return child.fetch(f"{self.url}/_sandbox/{name}")

    def edit(
        self, system: str, entity: str, changes: dict[str, str], count: int
    ) -> None:
        """Let people edit some open records of a system; `{n}` is a record's id."""
        kinds = {"case": "cases", "task": "tasks", "activity": "activities"}
        shown = self.page("state")[system][kinds[entity]]
        is_open = {"Open", "In Progress", "open", "assigned"}
        ids = [n for n, record in shown.items() if record["status"] in is_open]
        for number in ids[:count]:
            spelled = {name: text.format(n=number) for name, text in changes.items()}
            act = {"system": system, "entity": entity, "id": number}
            tell(f"{self.url}/_sandbox/edit", act | {"changes": spelled})
            time.sleep(_EDIT_S)


def tell(url: str, body: object) -> None:
    """Post JSON to one of the sandbox's control pages."""
    request = urllib.request.Request(url, json.dumps(body).encode())  # noqa: S310
    urllib.request.urlopen(request).close()  # noqa: S310 - our own server


@contextmanager
def served(folder: Path, *, cases: int) -> Iterator[Large]:
    """Serve a sandbox whose Kore holds so many cases, and carry them to casemgr."""
    with child.serving(
        "sandbox_child.py",
        cases=cases,
        fill="kore",
        record=True,
        readings={"kore.sort_updated_at": "supported"},
        config=str(folder),
    ) as box:
        made = Large(url=box["url"], folder=folder)
        made.run("migrate", "--from", "kore", "--yes")
        yield made


@contextmanager
def large(folder: Path, *, cases: int, records: int) -> Iterator[Large]:
    """Serve a sandbox of so many cases, and link so many records in a state."""
    with served(folder, cases=cases) as made:
        made.run("check")
        made.run("sync", "--yes")
        multiply(made.state, records)
        settle(made)
        yield made


def settle(made: Large) -> None:
    """Move all watermarks past what the set-up wrote, by one change of each listing."""
    time.sleep(3 * OVERLAP_S)
    made.edit("casemgr", "activity", {"language": "en"}, 30)
    made.edit("casemgr", "case", {"solution": "by {n}"}, 30)
    made.run("sync", "--yes")
    time.sleep(3 * OVERLAP_S)
    made.run("sync", "--yes")


def multiply(path: Path, records: int) -> None:
    """Copy the linked groups of a state until so many Kore records are in it."""
    with SqliteStore.open(path) as store:
        first = store.begin_run("copy", "2026-01-01T00:00:00.000Z", {})
        seen = {
            system: [r for entity in Entity for r in store.records(0, system, entity)]
            for system in System
        }
        links = list(store.links())
        times = -(-records // len(seen[System.KORE])) - 1
        for number in range(times):
            _copy(store, first, number, seen, links)
        store.begin_run("copy", "2026-01-01T00:00:00.000Z", {})
        store.set_fact(DONE, str(first + 1))


def unsettle(path: Path) -> None:
    """Part every other case group and change the rest: all has to be planned anew."""
    with SqliteStore.open(path) as store, store.transaction():
        for sql in _UNSETTLE:
            store._conn.execute(sql)


_UNSETTLE = (
    """
    CREATE TEMP TABLE parted AS SELECT key FROM record
    WHERE system = 'kore' AND entity = 'case' AND rowid % 2
    """,
    "DELETE FROM link WHERE kore_case IN (SELECT key FROM parted)",
    """
    UPDATE content SET fields = json_set(
        fields, '$.priority', 'Low', '$.name', json_extract(fields, '$.name') || ' (2)')
    WHERE key IN (
        SELECT key FROM record WHERE system = 'kore'
        AND coalesce(parent, key) NOT IN (SELECT key FROM parted))
    """,
)


def _copy(
    store: SqliteStore,
    run: int,
    number: int,
    seen: dict[System, list[Record]],
    links: list[Link],
) -> None:
    def named(key: Key) -> Key:
        return Key(f"{key}{number:05}")

    def copied(record: Record) -> Record:
        parent = named(record.parent) if record.parent else None
        return replace(record, key=named(record.key), parent=parent)

    prints: dict[Key, str] = {}
    homes: dict[Key, Key] = {}
    for system in System:
        made = [copied(record) for record in seen[system]]
        store.save_records(run, system, made)
        if system is System.KORE:
            prints = {record.key: record_fingerprint(record) for record in made}
            homes = {record.key: record.parent or record.key for record in made}
    for batch in batches(links):
        with store.transaction():
            for link in batch:
                kore = named(link.kore)
                twin = replace(
                    link,
                    kore=kore,
                    casemgr=named(link.casemgr),
                    source_print=prints.get(kore, ""),
                )
                store.save_link(twin, homes.get(kore, kore))
