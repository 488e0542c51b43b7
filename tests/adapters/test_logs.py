"""What is written to logs and error messages, and what never is."""

import io
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from adapters.rig import CASEMGR, KORE, a_draft, bench, records_of
from caseferry.adapters.kore.writes import Changes
from caseferry.errors import CaseferryError
from caseferry.model.action import CustomerDraft
from caseferry.model.record import Entity
from caseferry.sandbox import Fault

PRIVATE = ["Ursula Secretname", "ursula@private.example", "A private matter", "4930777"]


class Whole(logging.Formatter):
    """Shows a record with all its extras."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{record.name} {record.getMessage()} {record.__dict__}"


@contextmanager
def caught() -> Iterator[io.StringIO]:
    """Catch what every logger writes at DEBUG."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Whole())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        root.setLevel(before)
        root.removeHandler(handler)


@pytest.mark.parametrize(
    "fault", [None, "error_before", "truncated", "rate_limit_429", "wrong_types"]
)
def test_no_value_is_logged(fault: str | None) -> None:
    """No secret, token, contact or text reaches a log at DEBUG or an error."""
    b = bench(cases=2)
    errors = io.StringIO()
    draft = a_draft(
        fields={"subject": PRIVATE[2], "content.text": PRIVATE[0]},
        customer=CustomerDraft(
            attribute="email.emailAddress",
            value=PRIVATE[1],
            create=True,
            first_name=PRIVATE[0],
            phone=PRIVATE[3],
        ),
    )
    case = records_of(list(b.kore.pages(Entity.CASE)))[0]
    steps: list[Callable[[], object]] = [
        lambda: b.casemgr.create_activity(draft),
        lambda: b.casemgr.find_customers("email.emailAddress", PRIVATE[1], "S"),
        lambda: b.kore.client.update_case(case.key, Changes(desc=PRIVATE[0])),
        lambda: list(b.kore.pages(Entity.CASE)),
        lambda: b.casemgr.find_activities("cf1.x", "Service"),
    ]
    with caught() as stream:
        for step in steps:
            if fault:
                b.box.faults.add(Fault(kind=fault, times=2))
            try:
                step()
            except CaseferryError:
                traceback.print_exc(file=errors)
            b.box.faults.clear()

    written = stream.getvalue() + errors.getvalue()
    secrets = [KORE.client_secret, CASEMGR.client_secret, "Bearer ", "eyJ"]
    assert [word for word in PRIVATE + secrets if word in written] == []
    assert "request.failed" in written or not fault


def test_what_is_logged() -> None:
    """A failed attempt is one event with system, operation, code and status."""
    b = bench()
    b.break_down("error_before", "get_cases")

    with caught() as stream:
        b.kore.probe(Entity.CASE)

    line = stream.getvalue()
    assert "request.failed" in line
    for pair in ("'operation': 'getCases'", "'http_status': 500", "'system': 'kore'"):
        assert pair in line


def test_requests_are_counted() -> None:
    """What was sent and sent again is counted by operation, with its outcome."""
    b = bench()
    b.break_down("error_before", "get_cases", times=2)

    b.kore.probe(Entity.CASE)

    assert b.kore.counter.by_operation() == {"getCases": {"sent": 3, "retried": 2}}
    assert b.kore.counter.outcomes == {"ok": 1, "unexpected-reply": 2}
    assert (b.kore.counter.sent, b.kore.counter.retried) == (3, 2)


def test_server_time() -> None:
    """The newest time a server told is known, and nothing before its first reply."""
    b = bench({"kore.clock_offset_s": 7200})
    assert b.kore.server_time() is None

    b.kore.probe(Entity.CASE)
    list(b.casemgr.cases("Service"))

    theirs, ours = b.kore.server_time(), b.casemgr.server_time()
    assert theirs is not None
    assert ours is not None
    assert 7190 < (theirs - b.clock.now()).total_seconds() < 7210
    assert abs((ours - b.clock.now()).total_seconds()) < 10
