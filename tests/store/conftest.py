"""Both stores, under one name; every connection is closed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from caseferry.adapters.memory_store import MemoryStore
from caseferry.adapters.sqlite import SqliteStore


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Where a state may be."""
    return tmp_path / "caseferry.db"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed state with one run, to be copied: making one is what takes time."""
    path = tmp_path_factory.mktemp("template") / "caseferry.db"
    with SqliteStore.open(path) as store:
        store.begin_run("migrate", "2026-01-01T00:00:00.000Z", {})
    return path


@pytest.fixture
def sqlite(template: Path, state: Path) -> Iterator[SqliteStore]:
    """A SQLite store with one run, number 1."""
    shutil.copyfile(template, state)
    with SqliteStore.open(state) as store:
        yield store


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest) -> MemoryStore | SqliteStore:
    """Each implementation of the port, with one run, number 1."""
    if request.param == "sqlite":
        found = request.getfixturevalue("sqlite")
        assert isinstance(found, SqliteStore)
        return found
    memory = MemoryStore()
    memory.begin_run("migrate", "2026-01-01T00:00:00.000Z", {})
    return memory
