"""Which runs have read a system whole, and which records count as what it holds."""

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from caseferry.adapters.memory_store import MemoryStore
from caseferry.adapters.sqlite import SqliteStore
from caseferry.cli.observed import readings
from caseferry.engine.survey import Survey
from caseferry.errors import Interrupted
from caseferry.model.record import Entity, Record, System, case_key, kore_key
from caseferry.sandbox import Sandbox
from support.rig import Rig, VirtualClock

READ = {"read": {"kore": {"case": 1, "task": 0}, "casemgr": {"case": 1, "task": 0}}}
EMPTY = {"read": {"kore": {"case": 0, "task": 0}, "casemgr": {"case": 0, "task": 0}}}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore.open(tmp_path / "state.db") as opened:
        yield opened


def a_run(
    store: SqliteStore,
    command: str,
    inputs: Mapping[str, str],
    *keys: str,
    code: int | None = 0,
    summary: Mapping[str, object] = READ,
) -> int:
    """Record a run that saw these cases of both systems."""
    run = store.begin_run(command, "2026-03-02T09:00:00.000Z", inputs)
    for key in keys:
        for system, name in ((System.KORE, kore_key), (System.CASEMGR, case_key)):
            record = Record(
                key=name(key), entity=Entity.CASE, parent=None, version="1", fields={}
            )
            store.save_records(run, system, [record])
    if code is not None:
        at = "2026-03-02T10:00:00.000Z"
        store.end_run(run, at, exit_code=code, summary=summary)
    return run


@pytest.mark.parametrize(
    ("command", "inputs", "systems"),
    [
        ("migrate", {"from": "kore"}, {System.KORE}),
        ("migrate", {"from": "casemgr", "only": "x"}, {System.CASEMGR}),
        ("verify", {}, {System.KORE, System.CASEMGR}),
        ("verify", {"sample": "3"}, set()),
        ("mapping suggest", {"read": "kore casemgr"}, {System.KORE, System.CASEMGR}),
        ("mapping check", {"read": "casemgr"}, {System.CASEMGR}),
        ("retry", {}, set()),
    ],
)
def test_what_a_run_reads_whole(
    store: SqliteStore, command: str, inputs: dict[str, str], systems: set[System]
) -> None:
    """A migration its source, a verification both, a sample nothing."""
    a_run(store, command, inputs, "1")

    assert set(readings(store)) == systems


@pytest.mark.parametrize(
    ("code", "summary", "counts"),
    [
        (0, READ, True),
        (3, EMPTY, True),
        (5, READ, True),
        (5, EMPTY, False),
        (130, READ, False),
        (1, READ, False),
        (None, READ, False),
        (0, {}, False),
    ],
)
def test_a_run_that_may_have_stopped_while_reading_counts_for_nothing(
    store: SqliteStore, *, code: int | None, summary: dict[str, object], counts: bool
) -> None:
    """An interrupted listing would hide what it did not come to."""
    a_run(store, "migrate", {"from": "kore"}, "1", code=code, summary=summary)

    assert (System.KORE in readings(store)) is counts


def test_records_count_as_they_were_seen_last(store: SqliteStore) -> None:
    """Those gone at the last whole reading are gone; later sightings count."""
    a_run(store, "migrate", {"from": "kore"}, "gone", "kept")
    a_run(store, "migrate", {"from": "kore"}, "kept", "moved")
    a_run(store, "retry", {}, "moved", "new")

    reading = readings(store)[System.KORE]

    assert reading.run == 2
    assert reading.cases == 3
    assert {record.key for record in reading.records(store)} == {
        kore_key("kept"),
        kore_key("moved"),
        kore_key("new"),
    }


def test_a_survey_reads_both_systems_whole_and_stops_when_asked() -> None:
    """Every record of both, between two pages at the latest."""
    clock = VirtualClock()
    box = Sandbox(seed=4, clock=clock.sandbox_now)
    box.fill("both", cases=20)
    context = Rig(box=box, clock=clock, store=MemoryStore()).context()
    store, stop = context.store, threading.Event()
    survey = Survey(
        kore=context.kore,
        casemgr=context.casemgr,
        store=store,
        reporter=context.reporter,
        run=store.begin_run("mapping suggest", "t", {}),
        departments=("Service", "Billing", "Archive"),
        is_stopping=stop.is_set,
    )

    survey.read(tuple(System))
    counts = {
        (system, entity): store.count_records(survey.run, system, entity)
        for system in System
        for entity in Entity
    }
    stop.set()

    kore, casemgr = box.kore.store, box.casemgr.store
    assert counts == {
        (System.KORE, Entity.CASE): sum(x.is_active for x in kore.case_shelf),
        (System.KORE, Entity.TASK): sum(x.is_active for x in kore.task_shelf),
        (System.CASEMGR, Entity.CASE): len(list(casemgr.case_shelf)),
        (System.CASEMGR, Entity.TASK): len(list(casemgr.activity_shelf)),
    }
    with pytest.raises(Interrupted):
        survey.read((System.KORE,))
