"""Reads the Kore listing into a state: caseferry, or the bare loop it is held against.

The bare loop: httpx, pydantic's own JSON parser into typed models, a fingerprint of the
canonical text, an upsert in SQLite; one transaction a page, write-ahead log.
"""

import hashlib
import importlib
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic import Field as FieldInfo

from benchmarks.child import Stopwatch, answer, options, peak_mb


class Named(BaseModel):
    """A status or a priority."""

    name: str
    statusCategory: str | None = None  # noqa: N815 - theirs


class User(BaseModel):
    """A requester."""

    id: str = FieldInfo(alias="_id", default="")
    name: str = ""
    emailId: str | None = None  # noqa: N815 - theirs
    phoneNumber: str | None = None  # noqa: N815 - theirs


class Custom(BaseModel):
    """A custom field."""

    displayName: str  # noqa: N815 - theirs
    type: str
    selectedValue: Any = None  # noqa: N815 - theirs


class Case(BaseModel):
    """The part of a Kore case that is carried."""

    model_config = ConfigDict(extra="ignore")

    id: str = FieldInfo(alias="_id")
    name: str
    refId: str  # noqa: N815 - theirs
    desc: str | None = None
    tags: list[str] = []
    userInfo: User  # noqa: N815 - theirs
    status: Named
    priority: Named
    caseTmp: str  # noqa: N815 - theirs
    source: str
    language: str | None = None
    isActive: bool  # noqa: N815 - theirs
    createdAt: str  # noqa: N815 - theirs
    updatedAt: str  # noqa: N815 - theirs
    ETA: str | None = None
    fields: list[Custom] = []


class Listing(BaseModel):
    """A page."""

    results: list[Case]
    totalResults: int  # noqa: N815 - theirs


def caseferry(url: str, path: Path, page_size: int) -> int:
    """Read through the real adapter into the real store."""
    from benchmarks.setup import context_of  # noqa: PLC0415 - measured apart
    from caseferry.adapters.sqlite import SqliteStore  # noqa: PLC0415
    from caseferry.engine.extract import _extract  # noqa: PLC0415
    from caseferry.engine.workers import Workers  # noqa: PLC0415
    from caseferry.model.record import Entity, System  # noqa: PLC0415

    with SqliteStore.open(path) as store, Workers(1) as workers:
        context = context_of(url, store, workers, page_size)
        assert _extract(context, Entity.CASE)
        return store.count_records(context.run, System.KORE, Entity.CASE)


def bare(url: str, path: Path, page_size: int) -> int:
    """Read in the plainest loop that validates and keeps the records."""
    adapter = TypeAdapter(Listing)
    target = f"{url}/getCases"
    with httpx.Client(timeout=60) as client, sqlite3.connect(path) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("CREATE TABLE record (key TEXT PRIMARY KEY, print TEXT, body TEXT)")
        skip = 0
        while True:
            reply = client.post(target, json={"skip": skip, "limit": page_size})
            listing = adapter.validate_json(reply.content)
            rows = []
            for case in listing.results:
                text = case.model_dump_json(exclude_none=True)
                mark = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
                rows.append((case.id, mark, text))
            db.executemany(
                "INSERT INTO record VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE"
                " SET print = excluded.print, body = excluded.body",
                rows,
            )
            db.commit()
            skip += len(rows)
            if skip >= listing.totalResults:
                return skip


def main() -> None:
    """Read once; hand over the figures."""
    asked = options()
    reader = {"caseferry": caseferry, "bare": bare}[asked["reader"]]
    if reader is caseferry:  # what it imports is no part of reading, nor is dlt's
        importlib.import_module("benchmarks.setup")
    with tempfile.TemporaryDirectory() as scratch, Stopwatch(asked["url"]) as watch:
        records = reader(asked["url"], Path(scratch) / "state.db", asked["page"])
    answer(
        records=records,
        wall_s=watch.wall_s,
        cpu_s=watch.cpu_s,
        server_s=watch.server_s,
        peak_mb=peak_mb(),
    )


if __name__ == "__main__":
    main()
