"""Each fault against each kind of request: reads recover, writes are sent once."""

from collections.abc import Callable

import pytest

from adapters.rig import Bench, a_draft, bench, records_of
from caseferry.adapters.kore.writes import Changes
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


@pytest.mark.parametrize("kind", [*LOST, *BROKEN, "empty_body"])
def test_kore_writes_are_in_doubt(kind: str) -> None:
    """An update of Kore whose echo is lost or broken is sent once, and in doubt."""
    b = bench(cases=2)
    record = records_of(list(b.kore.pages(Entity.CASE)))[0]
    b.break_down(kind, "update_case")

    with pytest.raises(InDoubt):
        b.kore.client.update_case(record.key, Changes(name="New"))

    assert sent(b, "update_case") == 1


@pytest.mark.parametrize("kind", BEFORE)
def test_kore_writes_are_sent(kind: str) -> None:
    """An update of Kore that was surely not executed is sent again."""
    b = bench(cases=2)
    record = records_of(list(b.kore.pages(Entity.CASE)))[0]
    b.break_down(kind, "update_case")

    updated = b.kore.client.update_case(record.key, Changes(name="New"))

    assert updated.fields["name"] == "New"


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
