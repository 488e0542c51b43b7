"""Each fault against each kind of request: reads recover, writes are sent once."""

from collections.abc import Callable

import pytest

from adapters.rig import (
    Bench,
    a_case_draft,
    a_draft,
    a_task_draft,
    bench,
    records_of,
)
from caseferry.errors import InDoubt, RateLimited, Unreachable
from caseferry.model.record import Entity, Record

BEFORE = ["connect_refused", "rate_limit_429", "rate_limit_400", "unauthorized"]
LOST = [
    "reset_before",
    "error_before",
    "gateway_html",
    "lost_reply",
    "reset_after",
    "error_after",
    "gateway_html_after",
]
BROKEN = ["truncated"]
READ_FAULTS = [*BEFORE, *LOST, *BROKEN, "deep_nesting", "slow"]


def named(value: object) -> str:
    """Name a test by its words; a function's address differs between processes."""
    return value if isinstance(value, str) else "-"


Read = Callable[[Bench], object]
READS: list[tuple[str, str, Read]] = [
    ("kore", "get_cases", lambda b: records_of(list(b.kore.pages(Entity.CASE)))),
    ("kore", "get_tasks", lambda b: records_of(list(b.kore.pages(Entity.TASK)))),
    (
        "casemgr",
        "search_activities",
        lambda b: records_of(list(b.casemgr.activities("Service"))),
    ),
    ("casemgr", "search_cases", lambda b: records_of(list(b.casemgr.cases("Service")))),
    (
        "casemgr",
        "search_customers",
        lambda b: b.casemgr.find_customers("email.emailAddress", "x@y.z", "Service"),
    ),
    (
        "casemgr",
        "get_customers",
        lambda b: b.casemgr.get_customers(list(b.box.casemgr.customers)),
    ),
    ("kore", "get_cases", lambda b: b.kore.search(Entity.CASE, "a")),
]


@pytest.mark.parametrize("kind", READ_FAULTS)
@pytest.mark.parametrize(("system", "operation", "read"), READS, ids=named)
def test_reads_recover(system: str, operation: str, read: Read, kind: str) -> None:
    """A read that fails once gives what it would have given."""
    b = bench(cases=4)
    expected = read(b)

    b.break_down(kind, operation, system=system)
    got = read(b)

    assert got == expected


FIRST = "cf1.0a1b2c3d.t.ti-0.0"
FIRST_CASE = "cf1.0a1b2c3d.c.1000.0"
FIRST_TASK = "cf1.0a1b2c3d.t.1000.0"
KEY = "cf1.0a1b2c3d.c.1001.0"


def first(b: Bench) -> Record:
    """Give the activity that every write test begins with."""
    (found,) = b.casemgr.find_activities(FIRST, "Service")
    return found


def prepared(b: Bench) -> Record:
    """Make that activity."""
    b.casemgr.create_activity(a_draft(correlation=FIRST))
    return first(b)


def test_huge_page() -> None:
    """A reply larger than anything sensible is given up, and asked for again."""
    b = bench(cases=2)
    b.break_down("huge_page", "get_cases")

    assert list(b.kore.pages(Entity.CASE))[-1].last


Write = Callable[[Bench, Record], object]
WRITES: list[tuple[str, Write]] = [
    ("create_task", lambda b, _: b.casemgr.create_activity(a_draft())),
    (
        "edit_activity",
        lambda b, r: b.casemgr.edit_activity(r.key, r.version, {"priority": "7"}),
    ),
    (
        "complete_activities",
        lambda b, r: b.casemgr.complete_activities({r.key: r.version}),
    ),
    ("close_case", lambda b, r: b.casemgr.close_case(r.parent or r.key)),
    ("add_activity_note", lambda b, r: b.casemgr.add_note(r.key, "one")),
]


def sent(b: Bench, operation: str) -> int:
    return sum(call.operation == operation for call in b.box.log)


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize(("operation", "write"), WRITES, ids=named)
def test_lost_writes_are_in_doubt(operation: str, write: Write, kind: str) -> None:
    """A write that may have been executed is sent once, and said to be in doubt."""
    b = bench()
    record = prepared(b)
    before = sent(b, operation)
    b.break_down(kind, operation, system="casemgr")

    with pytest.raises(InDoubt):
        write(b, record)

    assert sent(b, operation) == before + 1


@pytest.mark.parametrize("kind", BEFORE)
@pytest.mark.parametrize(("operation", "write"), WRITES, ids=named)
def test_unsent_writes_are_sent(operation: str, write: Write, kind: str) -> None:
    """A write that was surely not executed is sent again, and takes effect once."""
    b = bench()
    record = prepared(b)
    b.box.log.clear()
    b.break_down(kind, operation, system="casemgr")

    write(b, record)

    done = [
        call for call in b.box.log if call.operation == operation and call.committed
    ]
    assert len(done) == 1
    assert b.casemgr.counter.retried == 1


def test_unreachable_write() -> None:
    """A server that refuses connections for good is unreachable, not in doubt."""
    b = bench(casemgr={"max_attempts": 3})
    prepared(b)
    b.break_down("connect_refused", "create_task", times=99)

    with pytest.raises(Unreachable):
        b.casemgr.create_activity(a_draft())

    assert b.casemgr.counter.by_operation()["create"] == {"sent": 4, "retried": 2}


def test_late_effect() -> None:
    """A create that takes effect after its time-out is in doubt when it is reported."""
    b = bench()
    b.break_down("late_effect", "create_task", delay_s=300)

    with pytest.raises(InDoubt):
        b.casemgr.create_activity(a_draft())
    assert b.casemgr.find_activities(a_draft().correlation, "Service") == ()
    b.clock.pass_by(400)

    assert len(b.casemgr.find_activities(a_draft().correlation, "Service")) == 1


KORE_WRITES: list[tuple[str, Write]] = [
    ("create_case", lambda b, _: b.kore.create_case(a_case_draft())),
    ("create_task", lambda b, r: b.kore.create_task(a_task_draft(r))),
    ("update_case", lambda b, r: b.kore.update(r, {"name": "New"}, KEY)),
    ("update_task", lambda b, r: b.kore.update(a_task_of(b, r), {"name": "New"}, KEY)),
]
ECHOES = [*BROKEN, "empty_body", "deep_nesting", "wrong_types"]


def a_case_in_kore(b: Bench) -> Record:
    """Make the case that every Kore write test begins with."""
    b.kore.create_case(a_case_draft(name="First", correlation=FIRST_CASE))
    (found,) = records_of(list(b.kore.pages(Entity.CASE)))
    return found


def a_task_of(b: Bench, case: Record) -> Record:
    """Make a task of that case, before anything is broken."""
    (found,) = records_of(list(b.kore.pages(Entity.TASK)))
    assert found.parent == case.key
    return found


def prepared_kore(
    readings: dict[str, str | float] | None = None,
) -> tuple[Bench, Record]:
    """Build a bench with a case and a task in Kore."""
    b = bench(readings)
    case = a_case_in_kore(b)
    b.kore.create_task(a_task_draft(case, name="First", correlation=FIRST_TASK))
    return b, case


def effects(b: Bench) -> int:
    """Count the cases, tasks and new names in Kore."""
    held = [*b.box.kore.cases.values(), *b.box.kore.tasks.values()]
    return len(held) + sum(record.name == "New" for record in held)


@pytest.mark.parametrize("kind", [*LOST, *ECHOES])
@pytest.mark.parametrize(("operation", "write"), KORE_WRITES, ids=named)
def test_kore_writes_are_in_doubt(operation: str, write: Write, kind: str) -> None:
    """A write to Kore whose echo is lost or broken is sent once, and in doubt."""
    b, case = prepared_kore()
    before, made = sent(b, operation), effects(b)
    b.break_down(kind, operation, system="kore")

    with pytest.raises(InDoubt):
        write(b, case)

    assert sent(b, operation) == before + 1
    committed = sum(call.committed for call in b.box.log[-1:])
    assert effects(b) == made + committed


@pytest.mark.parametrize("kind", [*BEFORE, "slow", "huge_page"])
@pytest.mark.parametrize(("operation", "write"), KORE_WRITES, ids=named)
def test_kore_writes_are_sent(operation: str, write: Write, kind: str) -> None:
    """A write to Kore that was surely not executed is sent again, and done once."""
    b, case = prepared_kore()
    made = effects(b)
    b.box.log.clear()
    b.break_down(kind, operation, system="kore")

    write(b, case)

    done = [call for call in b.box.log if call.operation == operation]
    assert sum(call.committed for call in done) == 1
    assert effects(b) == made + 1


@pytest.mark.parametrize(("operation", "write"), KORE_WRITES, ids=named)
def test_kore_writes_take_effect_late(operation: str, write: Write) -> None:
    """A write to Kore that lands after its time-out is in doubt when it is reported."""
    b, case = prepared_kore()
    made = effects(b)
    b.break_down("late_effect", operation, system="kore", delay_s=300)

    with pytest.raises(InDoubt):
        write(b, case)
    assert effects(b) == made
    b.clock.pass_by(400)
    b.box.settle()

    assert effects(b) == made + 1


@pytest.mark.parametrize("marker", ["desc", "name"])
@pytest.mark.parametrize("operation", ["create_case", "create_task"])
def test_reply_of_an_earlier_create(operation: str, marker: str) -> None:
    """A create that is answered with another record's echo is in doubt, not linked."""
    b = bench(kore={"marker": marker})
    case = a_case_in_kore(b)
    b.kore.create_task(a_task_draft(case, correlation=FIRST_TASK))
    b.break_down("repeated_page", operation, system="kore")
    write = dict(KORE_WRITES)[operation]

    with pytest.raises(InDoubt):
        write(b, case)


def test_reply_of_another_update() -> None:
    """An update that is answered with another record's echo is in doubt."""
    b = bench(cases=2)
    one, other = records_of(list(b.kore.pages(Entity.CASE)))[:2]
    b.kore.update(one, {"name": "New"}, FIRST_CASE)
    b.break_down("repeated_page", "update_case")

    with pytest.raises(InDoubt):
        b.kore.update(other, {"name": "New"}, KEY)


@pytest.mark.parametrize("reading", ["429", "400"])
def test_limit_of_the_tenant(reading: str) -> None:
    """A tenant's own limit only slows a listing down."""
    b = bench({"kore.rate_limit": reading, "kore.rate_limit_per_minute": 3}, cases=5)

    for _ in range(5):
        pages = list(b.kore.pages(Entity.CASE))

    assert pages[-1].last
    assert b.clock.elapsed > 60
    assert any("limit" in reason for reason, _ in b.waits)


def test_own_limit_prevents_theirs() -> None:
    """Within our own budget the tenant's limit is never met."""
    b = bench(
        {"kore.rate_limit": "429", "kore.rate_limit_per_minute": 10},
        cases=5,
        kore={"requests_per_minute": 9},
    )

    for _ in range(40):
        list(b.kore.pages(Entity.CASE))

    assert b.kore.counter.retried == 0
    assert b.kore.counter.waited_s > 120


def test_patience_ends() -> None:
    """A limit beyond patience is said to be one."""
    b = bench(casemgr={"patience_s": 100})
    b.break_down("rate_limit_429", "create_task", times=999)

    with pytest.raises(RateLimited):
        b.casemgr.create_activity(a_draft())
