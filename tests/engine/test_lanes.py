"""Several lanes of work at once keep every promise that one lane keeps."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from caseferry.adapters.memory_store import MemoryStore
from caseferry.adapters.sqlite import SqliteStore
from caseferry.engine.context import Context
from caseferry.engine.dispatch import Dispatcher, Job, Outcome, Stages
from caseferry.errors import CaseferryError, SafetyStop
from caseferry.model.correlation import Role
from caseferry.model.link import Intent, WriteKind
from caseferry.model.record import Key
from support.rig import default_mapper
from support.scene import LIZ, Scene

WORKERS = 4


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture(params=["memory", "sqlite"])
def wide(request: pytest.FixtureRequest, path: Path) -> Iterator[Scene]:
    """A scene with many requests in flight, and small batches for its lanes."""
    lag: dict[str, str | float] = {
        "casemgr.customer_search_lag_s": 10,
        "casemgr.customer_lookup_lag": "create_too",
    }
    scene = Scene(readings=lag)
    scene.rig.workers = WORKERS
    scene.rig.settings = replace(scene.rig.settings, batch=3)
    if request.param == "memory":
        yield scene
        return
    with SqliteStore.open(path) as store:
        scene.rig.store = store
        yield scene


def test_lanes_carry_every_group_once(wide: Scene) -> None:
    """Batches of one stream end like one batch: all there, nothing twice."""
    wide.box.fill("kore", cases=60)

    wide.run()

    assert wide.complaints(whole=False) == []
    wide.again()
    assert wide.complaints() == []
    assert wide.rests()


def test_lanes_make_one_customer_for_all_of_its_cases(wide: Scene) -> None:
    """A customer that one lane makes is not made by another one meanwhile."""
    for number in range(30):
        wide.task(wide.case(f"Case {number}", user=dict(LIZ)))

    wide.run()
    wide.again()

    names = [c.name for c in wide.box.casemgr.customers.values()]
    assert names.count(LIZ["name"]) == 1
    assert wide.complaints() == []


def test_one_group_of_all_lanes_meets_a_refusal_first(wide: Scene) -> None:
    """What the tenant refuses as such is learnt on one group, in whatever lane."""
    wide.rig.mapper = default_mapper(
        lambda text: text.replace('subtype = "general"', 'subtype = "errand"')
    )
    for number in range(30):
        person = {"emailId": f"p{number}@example.com"}
        wide.task(wide.case(f"Case {number}", user=person))

    with pytest.raises(CaseferryError):
        wide.run()

    assert wide.written == 0
    assert wide.asked <= WORKERS


def test_a_lane_that_fails_leaves_nothing_unrecorded() -> None:
    """What is in flight is received and recorded; what waits is not begun."""
    context = _context()
    receipts: list[str] = []
    failed = threading.Event()

    def fails() -> Stages:
        yield [_job(context, "first", None)]
        failed.set()
        guard = "key-dropped"
        raise SafetyStop(guard, "the key was not stored", hint="")

    def flies() -> Stages:
        yield [_job(context, f"other-{n}", failed) for n in range(200)]
        receipts.append("decided")

    def keep(outcome: Outcome) -> None:
        receipts.extend(intent.kore for intent in outcome.job.intents)

    with context.workers, pytest.raises(SafetyStop):
        Dispatcher(context, keep).drive([fails(), flies()])

    begun = [entry["kore"] for entry in context.store.journal(None, None)]
    assert sorted(receipts) == sorted(begun)
    assert context.store.open_intents() == []
    assert 1 < len(begun) < 200


def test_a_lane_that_waits_for_others_is_asked_again() -> None:
    """A lane without jobs goes on after the next outcome of another one."""
    context = _context()
    order: list[str] = []

    def goes() -> Stages:
        for number in range(3):
            yield [_job(context, f"job-{number}", None)]
            order.append(f"job-{number}")

    def waits() -> Stages:
        while "job-1" not in order:
            yield ()
        yield [_job(context, "last", None)]
        order.append("last")

    with context.workers:
        Dispatcher(context, lambda _: None).drive([waits(), goes()])

    assert sorted(order) == ["job-0", "job-1", "job-2", "last"]


def _context() -> Context:
    scene = Scene()
    scene.rig.workers = WORKERS
    scene.rig.store = MemoryStore()
    context = scene.rig.context()
    context.run = context.store.begin_run("migrate", "t", {})
    return context


def _job(context: Context, name: str, until: threading.Event | None) -> Job:
    intent = Intent(
        kind=WriteKind.CLOSE,
        role=Role.CASE,
        kore=Key(name),
        casemgr=None,
        correlation="",
        payload_print="",
        department="Service",
        fields=(),
        at=context.clock.now().isoformat(),
    )

    def call() -> Key | None:
        if until is not None:
            until.wait(timeout=60)
        return None

    return Job(intents=(intent,), call=call)
