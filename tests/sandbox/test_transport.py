"""SandboxTransport: the core behind httpx without sockets."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from caseferry.sandbox import TENANT, Fault, Sandbox, SandboxTransport
from sandbox.driver import KORE_BASE, START, case_body, kore_token, world

HEADERS = {"auth": kore_token(), "accountId": TENANT.ACCOUNT_ID}


def client(box: Sandbox, timeout: float = 5.0) -> httpx.Client:
    """Return a client whose requests go to a sandbox."""
    return httpx.Client(
        base_url="http://sandbox",
        transport=SandboxTransport(box),
        headers=HEADERS,
        timeout=timeout,
    )


def test_a_request_goes_through() -> None:
    """Status, headers and JSON arrive as over a socket."""
    with client(world().box) as http:
        reply = http.post(f"{KORE_BASE}/createCase", json=case_body())

    assert reply.status_code == 200
    assert reply.headers["date"] == "Thu, 15 Jan 2026 12:00:00 GMT"
    assert reply.json()["name"] == "Double charge"


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("lost_reply", httpx.ReadTimeout),
        ("late_effect", httpx.ReadTimeout),
        ("reset_before", httpx.RemoteProtocolError),
        ("reset_after", httpx.RemoteProtocolError),
        ("connect_refused", httpx.ConnectError),
        ("slow", httpx.ReadTimeout),
    ],
)
def test_broken_connections_raise(kind: str, error: type[Exception]) -> None:
    """Each delivery becomes the exception a real connection raises."""
    w = world()
    w.box.faults.add(Fault(kind=kind, delay_s=9))
    with client(w.box) as http, pytest.raises(error):
        http.post(f"{KORE_BASE}/getCases", json={})


def test_waiting_is_told_to_the_clock() -> None:
    """on_wait learns how long a client would have waited."""
    w = world()
    w.box.faults.add(Fault(kind="slow", delay_s=2), Fault(kind="lost_reply", after=1))
    transport = SandboxTransport(w.box, on_wait=w.clock.forward)
    with httpx.Client(transport=transport, timeout=5) as http:
        http.post(f"http://x{KORE_BASE}/getCases", json={})
        assert (w.clock() - START).total_seconds() == 2
        with pytest.raises(httpx.ReadTimeout):
            http.post(f"http://x{KORE_BASE}/getCases", json={})

    assert (w.clock() - START).total_seconds() == 7


def test_many_threads_lose_nothing() -> None:
    """Concurrent creates all get their own record and log entry."""
    w = world()
    with client(w.box) as http, ThreadPoolExecutor(8) as pool:
        replies = list(
            pool.map(
                lambda n: http.post(
                    f"{KORE_BASE}/createCase", json=case_body(name=str(n))
                ).json()["refId"],
                range(64),
            )
        )

    assert len(set(replies)) == len(w.box.kore.cases) == 64
    assert [call.n for call in w.box.log] == list(range(1, len(w.box.log) + 1))
