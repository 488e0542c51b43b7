"""Faults: each kind strikes where it says, as often as it says."""

import json
from typing import Any

import httpx
import pytest

from caseferry.sandbox import Delivery, Fault, Reply, Request
from caseferry.sandbox.faults import KINDS
from sandbox.driver import World, case_body, world

SYSTEMS = ("kore", "casemgr")


def created(w: World, system: str) -> Reply:
    """Create a record in a system."""
    if system == "kore":
        return w.kore.ask("createCase", case_body())
    return w.casemgr.create()


def count(w: World, system: str) -> int:
    casemgr = w.box.casemgr.activities
    return len(w.box.kore.cases if system == "kore" else casemgr)


def listed(w: World, system: str) -> Reply:
    """List what there is."""
    if system == "kore":
        return w.kore.ask("getCases", {"limit": 1})
    return w.casemgr.ask("GET", "/activity", department="Service", status="open")


def struck(kind: str, system: str, operation: str = "*", **more: Any) -> World:
    w = world()
    w.box.faults.add(Fault(kind=kind, system=system, operation=operation, **more))
    return w


# kind, status, delivery, committed
WRITES = [
    ("connect_refused", 503, Delivery.REFUSE, False),
    ("reset_before", 503, Delivery.DROP, False),
    ("error_before", 500, Delivery.NORMAL, False),
    ("gateway_html", 502, Delivery.NORMAL, False),
    ("rate_limit_429", 429, Delivery.NORMAL, False),
    ("unauthorized", 401, Delivery.NORMAL, False),
    ("lost_reply", None, Delivery.TIMEOUT, True),
    ("reset_after", None, Delivery.DROP, True),
    ("error_after", 500, Delivery.NORMAL, True),
    ("gateway_html_after", 502, Delivery.NORMAL, True),
    ("truncated", None, Delivery.NORMAL, True),
    ("empty_body", None, Delivery.NORMAL, True),
    ("deep_nesting", None, Delivery.NORMAL, True),
    ("wrong_types", None, Delivery.NORMAL, True),
    ("slow", None, Delivery.NORMAL, True),
]


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(("kind", "status", "delivery", "committed"), WRITES)
def test_a_fault_strikes_once_and_the_log_tells(
    *, kind: str, status: int | None, delivery: Delivery, committed: bool, system: str
) -> None:
    """A fault commits or not as its name says; the next call is well again."""
    w = struck(kind, system, "create_case" if system == "kore" else "create_task")
    reply = created(w, system)

    assert reply.status == status or status is None
    assert reply.delivery is delivery
    assert count(w, system) == int(committed)
    assert w.box.log[-1].committed is committed
    assert w.box.log[-1].fault == kind
    assert created(w, system).status in (200, 201)
    assert count(w, system) == int(committed) + 1


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_late_effect_lands_on_the_clock(system: str) -> None:
    """The write times out now and is there delay_s later, stamped then."""
    operation = "create_case" if system == "kore" else "create_task"
    w = struck("late_effect", system, operation, delay_s=30)
    reply = created(w, system)
    assert reply.delivery is Delivery.TIMEOUT
    w.clock.forward(29)
    listed(w, system)
    assert count(w, system) == 0
    w.clock.forward(11)
    listed(w, system)

    assert count(w, system) == 1
    landed = [call for call in w.box.log if call.fault == "landed"]
    assert [(c.operation, c.committed) for c in landed] == [(operation, True)]
    records: dict[str, Any] = w.box.kore.cases if system == "kore" else {}
    for record in records.values() or w.box.casemgr.activities.values():
        assert record.created == 1768478430000


def test_a_late_effect_may_come_to_nothing() -> None:
    """A late write that is refused when it lands changes nothing."""
    w = struck("late_effect", "casemgr", "create_task")
    w.casemgr.create(dueDate="2026-01-15T12:00:01.000Z")
    w.clock.forward(60)
    w.box.settle()

    assert not w.box.casemgr.activities
    assert (w.box.log[-1].fault, w.box.log[-1].status) == ("landed", 400)


def test_an_unauthorised_late_effect_never_lands() -> None:
    """Without a token there is nothing to land."""
    w = struck("late_effect", "kore")
    assert w.kore.ask("createCase", case_body(), auth="x").status == 401
    w.clock.forward(60)
    w.box.settle()

    assert not w.box.kore.cases


@pytest.mark.parametrize("system", SYSTEMS)
def test_pages_are_spoiled(system: str) -> None:
    """Wrong types, huge pages, repeated pages, deep nesting, cut JSON."""
    w = world()
    for _ in "ab":
        created(w, system)
    good = listed(w, system).body
    root = "results" if system == "kore" else "activity"

    def spoiled(kind: str) -> bytes:
        w.box.faults.add(Fault(kind=kind, system=system))
        return listed(w, system).body

    huge = spoiled("huge_page")
    assert huge.startswith(b'{"%b":[{' % root.encode())
    assert huge.count(b'"createdAt"' if system == "kore" else b'"subject"') == 10_000
    row = json.loads(spoiled("wrong_types"))[root][0]
    assert isinstance(next(iter(row.values())), int)
    with pytest.raises(RecursionError):
        json.loads(spoiled("deep_nesting"))
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(spoiled("truncated"))
    assert spoiled("empty_body") == b""
    assert listed(w, system).body == good


def test_a_repeated_page_is_the_one_before() -> None:
    """repeated_page answers with the operation's previous reply."""
    w = world()
    for name in "ab":
        w.kore.case(name=name)
    first = w.kore.ask("getCases", {"limit": 1})
    w.box.faults.add(Fault(kind="repeated_page", operation="get_cases"))
    second = w.kore.ask("getCases", {"limit": 1, "skip": 1})

    assert second.body == first.body
    assert w.kore.ask("getCases", {"limit": 1, "skip": 1}).body != first.body


def test_the_first_page_cannot_repeat() -> None:
    """repeated_page without an earlier reply changes nothing."""
    w = struck("repeated_page", "kore")

    assert w.kore.ask("getCases", {}).status == 200


def test_kore_limits_in_either_style() -> None:
    """Kore's limit comes as 429 or as 400, with the message."""
    for kind, status in (("rate_limit_429", 429), ("rate_limit_400", 400)):
        code, body = struck(kind, "kore").kore.call("getCases", {})
        assert code == status
        assert "rate limit" in body["errors"][0]["msg"]


def test_casemgr_limits_carry_their_headers() -> None:
    """Casemgr's 429-001 says limit, remaining and reset."""
    reply = struck("rate_limit_429", "casemgr", "get_cases").casemgr.ask(
        "GET", "/case/1"
    )

    assert b"429-001" in reply.body
    names = {name for name, _ in reply.headers}
    assert names >= {
        "X-RateLimit-Limit",
        "X-RateLimit-Remaining",
        "X-RateLimit-Reset",
    }


def test_after_times_and_match_choose_the_calls() -> None:
    """The first calls pass, then so many fail; match narrows to some bodies."""
    w = struck("error_before", "kore", after=1, times=2)
    assert [w.kore.call("getCases", {})[0] for _ in "1234"] == [200, 500, 500, 200]

    w.box.faults.add(Fault(kind="error_before", match="needle"))
    assert w.kore.call("getCases", {"searchText": "hay"})[0] == 200
    assert w.kore.call("getCases", {"searchText": "needle"})[0] == 500


def test_two_due_faults_strike_one_after_the_other() -> None:
    """Of two faults on the same call the second waits for the next one."""
    w = world()
    w.box.faults.add(Fault(kind="error_before"), Fault(kind="gateway_html"))

    assert [w.kore.ask("getCases", {}).status for _ in "123"] == [500, 502, 200]
    assert len(w.box.faults) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "lost_replies"},
        {"kind": "slow", "system": "egain"},
        {"kind": "slow", "operation": "create_tasks"},
        {"kind": "slow", "system": "kore", "operation": "close_case"},
    ],
)
def test_unknown_faults_are_refused(wrong: dict[str, Any]) -> None:
    """A fault that could never strike is refused with the nearest valid name."""
    with pytest.raises(ValueError, match="unknown fault"):
        Fault(**wrong)


def test_every_kind_is_tried() -> None:
    """No kind of fault exists without a test of this module naming it."""
    tried = {kind for kind, *_ in WRITES} | {
        "late_effect",
        "huge_page",
        "repeated_page",
        "rate_limit_400",
    }

    assert tried == KINDS


def test_unspoilable_bodies_pass() -> None:
    """Spoiling a body that holds no rows leaves it alone."""
    w = struck("huge_page", "casemgr", "create_task")
    assert w.casemgr.create().body == b""
    w.box.faults.add(Fault(kind="huge_page", operation="update_case"))
    case = w.kore.case()
    status, after = w.kore.call(f"updateCase/{case['_id']}", {})

    assert (status, after["_id"]) == (200, case["_id"])


def test_paths_of_nobody_are_404() -> None:
    """A path of neither system is 404 and not logged."""
    w = world()
    before = len(w.box.log)
    reply = w.box.handle(Request.of("GET", "/elsewhere"))

    assert (reply.status, len(w.box.log)) == (404, before)


def test_requests_from_httpx_have_usable_headers() -> None:
    """Header look-up works with httpx's own header type."""
    headers = httpx.Headers({"AUTH": "x"})
    request = Request("POST", "/caseManagement/api/public/analytics/s/getCases",
                      headers=headers)  # fmt: skip

    assert world().box.handle(request).status == 401
