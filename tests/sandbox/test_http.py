"""The HTTP shell: real uvicorn on loopback."""

import asyncio
from collections.abc import Iterator, MutableMapping
from typing import Any

import httpx
import pytest

from caseferry.sandbox import TENANT, Sandbox, running
from sandbox.driver import (
    CASEMGR_BASE,
    CUSTOMER_BASE,
    KORE_BASE,
    case_body,
    kore_token,
)

HEADERS = {"auth": kore_token(), "accountId": TENANT.ACCOUNT_ID}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Serve one sandbox for this module."""
    with running(Sandbox()) as base:
        yield base


@pytest.fixture
def http(url: str) -> Iterator[httpx.Client]:
    """Return a client for Kore; faults are cleared afterwards."""
    with httpx.Client(base_url=url, headers=HEADERS, trust_env=False) as client:
        yield client
        client.delete("/_sandbox/faults")


def test_both_systems_answer_on_one_port(http: httpx.Client) -> None:
    """Kore, the token endpoint, casemgr and customermgr share a port."""
    made = http.post(f"{KORE_BASE}/createCase", json=case_body())
    form = {
        "grant_type": "client_credentials",
        "client_id": TENANT.CASEMGR_CLIENT_ID,
        "client_secret": TENANT.CASEMGR_CLIENT_SECRET,
        "scope": TENANT.CASEMGR_SCOPE,
    }
    token = http.post("/oauth2/token", data=form).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en-US"}
    params = {"department": "Service", "status": "open"}
    case = http.get(f"{CASEMGR_BASE}/case", params=params, headers=headers)
    customer = http.get(f"{CUSTOMER_BASE}/customer/1", headers=headers)

    assert made.status_code == 200
    assert "date" in made.headers
    assert (case.status_code, case.content) == (204, b"")
    assert customer.json()["code"] == "404-100"


def test_large_bodies_arrive_whole(http: httpx.Client) -> None:
    """A body of many packets is read to its end."""
    text = "x" * 300_000
    made = http.post(f"{KORE_BASE}/createCase", json=case_body(desc=text))
    page = http.post(f"{KORE_BASE}/getCases", json={"sortBy": {"createdAt": "desc"}})

    assert made.status_code == 200
    assert page.json()["results"][0]["desc"] == text


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("reset_before", httpx.RemoteProtocolError),
        ("reset_after", httpx.RemoteProtocolError),
        ("lost_reply", httpx.ReadTimeout),
        ("late_effect", httpx.ReadTimeout),
        ("slow", httpx.ReadTimeout),
    ],
)
def test_faults_reach_the_wire(
    http: httpx.Client, kind: str, error: type[Exception]
) -> None:
    """A fault set over HTTP breaks the next call, and only that one."""
    fault = {"kind": kind, "operation": "get_cases", "delay_s": 0.4}
    assert http.post("/_sandbox/faults", json=fault).json() == {"armed": 1}
    with pytest.raises(error):
        http.post(f"{KORE_BASE}/getCases", json={}, timeout=0.2)

    assert http.post(f"{KORE_BASE}/getCases", json={}).status_code == 200


def test_a_slow_reply_arrives(http: httpx.Client) -> None:
    """Slow delays a reply; a patient client gets it."""
    http.post("/_sandbox/faults", json=[{"kind": "slow", "delay_s": 0.05}])

    assert http.post(f"{KORE_BASE}/getCases", json={}).elapsed.total_seconds() > 0.05


def test_control_pages(http: httpx.Client) -> None:
    """health, state, log, readings, fill and edit work from another process."""
    assert http.get("/_sandbox/health").json() == {"ok": True}
    filled = http.post("/_sandbox/fill", json={"system": "both", "cases": 10}).json()
    state = http.get("/_sandbox/state").json()
    assert len(state["kore"]["cases"]) == filled["kore"]
    assert len(state["casemgr"]["cases"]) == 10

    case_id = next(iter(state["kore"]["cases"]))
    edit = {"system": "kore", "entity": "case", "id": case_id,
            "changes": {"name": "Renamed", "tags": ["t"]}}  # fmt: skip
    assert http.post("/_sandbox/edit", json=edit).json() == {"ids": [case_id]}
    close = {"action": "close", "system": "casemgr", "entity": "case", "id": "1000"}
    assert http.post("/_sandbox/edit", json=[close]).status_code == 200
    state = http.get("/_sandbox/state").json()
    assert state["kore"]["cases"][case_id]["name"] == "Renamed"
    assert state["casemgr"]["cases"]["1000"]["status"] == "closed"

    log = http.get("/_sandbox/log", params={"since": 1}).json()
    assert log[0]["n"] == 2
    reading = {"kore.max_limit": "none"}
    chosen = http.post("/_sandbox/readings", json=reading).json()
    assert chosen["kore.max_limit"] == "none"
    assert http.get("/_sandbox/readings").json()["kore.page_params"] == "skip_limit"
    assert http.get("/_sandbox/faults").json() == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"kind": "nonsense"}),
        ("faults", {"sort": "slow"}),
        ("readings", {"kore.nonsense": "x"}),
        ("fill", {"system": "elsewhere"}),
        ("edit", {"system": "kore", "entity": "mood", "id": "1"}),
        ("edit", {"system": "kore", "entity": "case", "id": "ci-none"}),
        ("edit", {"action": "explode", "system": "kore", "entity": "case"}),
        ("edit", {}),
    ],
)
def test_wrong_control_requests_say_what_is_wrong(
    http: httpx.Client, path: str, body: dict[str, str]
) -> None:
    """A mistake on a control page is 400 with a message."""
    reply = http.post(f"/_sandbox/{path}", json=body)

    assert reply.status_code == 400
    assert reply.json()["message"]


def test_unknown_control_pages_are_404(http: httpx.Client) -> None:
    """Only the control pages that exist answer."""
    assert http.get("/_sandbox/nonsense").status_code == 404


def test_latency_is_added() -> None:
    """latency_s delays the systems' replies, not the control pages."""
    with (
        running(Sandbox(), latency_s=0.06) as base,
        httpx.Client(base_url=base, headers=HEADERS, trust_env=False) as client,
    ):
        slow = client.post(f"{KORE_BASE}/getCases", json={}).elapsed.total_seconds()
        client.get("/_sandbox/health")

    assert slow >= 0.06


def test_the_app_answers_lifespan_messages() -> None:
    """Under a server that speaks lifespan, start-up and shutdown are completed."""
    sent: list[object] = []
    waiting = ["lifespan.startup", "lifespan.shutdown"]

    async def receive() -> MutableMapping[str, Any]:
        return {"type": waiting.pop(0)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message["type"])

    async def live() -> None:
        await Sandbox().asgi_app()({"type": "lifespan"}, receive, send)

    asyncio.run(live())
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_a_taken_port_is_an_error(url: str) -> None:
    """Running says so when the port is taken."""
    port = int(url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"), running(Sandbox(), port=port):
        pass
