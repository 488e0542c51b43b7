"""Tokens: casemgr's fetched ones, Kore's self-signed ones."""

import threading
from collections.abc import Callable
from urllib.parse import parse_qs

import httpx
import jwt
import pytest

from adapters.rig import (
    CASEMGR,
    KORE,
    FakeClock,
    a_draft,
    bench,
    scripted_kore,
)
from caseferry.adapters.casemgr import CasemgrHttp
from caseferry.errors import AuthFailed, RateLimited, Unreachable
from caseferry.model.record import Entity

Answer = Callable[[int], httpx.Response]


def casemgr_with_tokens(
    answer: Answer, clock: FakeClock, statuses: list[int] | None = None
) -> tuple[CasemgrHttp, list[dict[str, list[str]]], list[str]]:
    """Build casemgr on a token endpoint; give what was asked and which tokens came."""
    asked: list[dict[str, list[str]]] = []
    used: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token":
            asked.append(parse_qs(request.content.decode()))
            return answer(len(asked))
        used.append(request.headers["authorization"])
        return httpx.Response(statuses.pop(0) if statuses else 204)

    made = CasemgrHttp.build(
        CASEMGR, clock=clock, transport=httpx.MockTransport(handle)
    )
    return made, asked, used


def granting(**more: object) -> Answer:
    return lambda n: httpx.Response(200, json={"access_token": f"t{n}"} | more)


def test_request() -> None:
    """A token is asked for by client credentials with the configured scope."""
    casemgr, asked, _ = casemgr_with_tokens(granting(expires_in=3600), FakeClock())

    casemgr.probe_token()

    assert asked == [
        {
            "grant_type": ["client_credentials"],
            "client_id": [CASEMGR.client_id],
            "client_secret": [CASEMGR.client_secret],
            "scope": [CASEMGR.scope],
        }
    ]


@pytest.mark.parametrize("life", [100, "100", 100.0])
def test_renewed_at_four_fifths(life: object) -> None:
    """A token is used for four fifths of its life, then another is fetched."""
    clock = FakeClock()
    casemgr, asked, used = casemgr_with_tokens(granting(expires_in=life), clock)

    for passed in (0, 79, 2):
        clock.pass_by(passed)
        list(casemgr.cases("Service"))

    assert len(asked) == 2
    assert used == ["Bearer t1", "Bearer t1", "Bearer t2"]


def test_unstated_life() -> None:
    """A token whose life is not told is not trusted for long."""
    clock = FakeClock()
    casemgr, asked, _ = casemgr_with_tokens(granting(), clock)

    casemgr.probe_token()
    clock.pass_by(300)
    casemgr.probe_token()

    assert len(asked) == 2


def test_one_fetch_for_all_threads() -> None:
    """However many threads need a token at once, one is fetched."""
    casemgr, asked, _ = casemgr_with_tokens(granting(expires_in=60), FakeClock())

    threads = [threading.Thread(target=casemgr.probe_token) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)

    assert len(asked) == 1


def test_fresh_token_after_401() -> None:
    """A 401 is answered by one fresh token, and then it is over."""
    casemgr, asked, used = casemgr_with_tokens(
        granting(expires_in=60), FakeClock(), [401, 204, 401, 401]
    )

    list(casemgr.cases("Service"))
    with pytest.raises(AuthFailed):
        list(casemgr.cases("Service"))

    assert used == ["Bearer t1", "Bearer t2", "Bearer t2", "Bearer t3"]
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(400, json={"error": "invalid_scope"}), AuthFailed),
        (httpx.Response(401, json={"error": "invalid_client"}), AuthFailed),
        (httpx.Response(403, text="<h1>no</h1>"), AuthFailed),
        (httpx.Response(404), AuthFailed),
        (httpx.Response(500), Unreachable),
        (httpx.Response(502), Unreachable),
        (httpx.Response(200, text="<html>"), Unreachable),
        (httpx.Response(200, json={"token": "x"}), Unreachable),
        (httpx.Response(429), RateLimited),
    ],
    ids=str,
)
def test_no_token(answer: httpx.Response, error: type[Exception]) -> None:
    """Without a token the write never left: it is not in doubt, and says what to do."""
    casemgr, _, used = casemgr_with_tokens(
        lambda _: httpx.Response(answer.status_code, content=answer.content),
        FakeClock(),
    )

    with pytest.raises(error) as caught:
        casemgr.create_activity(a_draft())

    assert used == []
    assert CASEMGR.client_secret not in str(caught.value)
    assert isinstance(caught.value, RateLimited) or "token" in str(caught.value)


def test_a_limit_of_the_token_endpoint_is_waited_for() -> None:
    """It is asked again when it said so, not at once."""
    clock, at = FakeClock(), list[float]()

    def answer(asked: int) -> httpx.Response:
        at.append(clock.elapsed)
        if asked < 3:
            return httpx.Response(429, headers={"Retry-After": "20"})
        return httpx.Response(200, json={"access_token": "t"})

    casemgr, _, _ = casemgr_with_tokens(answer, clock)

    casemgr.probe_token()

    assert len(at) == 3
    assert at[1] >= 20
    assert at[2] >= at[1] + 20


def test_tokens_expire_at_the_server() -> None:
    """A run outlives its tokens without anybody noticing."""
    b = bench({"casemgr.token_life_s": 60})

    for _ in range(10):
        list(b.casemgr.cases("Service"))
        b.clock.pass_by(45)

    assert b.casemgr.counter.retried == 0


def test_wrong_secret() -> None:
    """A wrong secret fails with a hint, on both systems."""
    b = bench(kore={"client_secret": "x"}, casemgr={"client_secret": "x"})

    with pytest.raises(AuthFailed):
        b.kore.probe(Entity.CASE)
    with pytest.raises(AuthFailed) as caught:
        b.casemgr.probe_token()

    assert "token_url" in caught.value.hint


def kore_tokens(count: int, **settings: object) -> list[dict[str, object]]:
    """Give the claims of the tokens of so many requests, a minute apart."""
    claims = []
    clock = FakeClock()

    def answer(request: httpx.Request) -> httpx.Response:
        token = request.headers["auth"]
        assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
        claims.append(
            jwt.decode(
                token,
                KORE.client_secret,
                algorithms=["HS256"],
                options={"verify_exp": False, "verify_iat": False},
            )
        )
        return httpx.Response(200, json={"results": []})

    kore = scripted_kore(answer, clock, **settings)
    for _ in range(count):
        kore.probe(Entity.CASE)
        clock.pass_by(60)
    return claims


def test_kore_claims() -> None:
    """A Kore token carries appId and sub, and lives five minutes."""
    first, second = kore_tokens(2)

    issued = int(FakeClock().now().timestamp())
    assert first == {
        "appId": KORE.client_id,
        "sub": "caseferry",
        "iat": issued,
        "exp": issued + 300,
    }
    assert second["iat"] == issued + 60


def test_kore_jti() -> None:
    """With JTI every attempt has a token of its own."""
    b = bench({"kore.jti": "enforced"}, kore={"jti": True})
    b.break_down("lost_reply", "get_cases", times=2)

    for _ in range(5):
        b.kore.probe(Entity.CASE)

    assert len({claims["jti"] for claims in kore_tokens(5, jti=True)}) == 5


def test_kore_headers() -> None:
    """Every Kore request names account and app, and no browser noise."""
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200, json={"results": []})

    scripted_kore(answer).probe(Entity.CASE)

    assert seen[0]["accountid"] == KORE.account_id
    assert seen[0]["iid"] == KORE.stream_id
    assert seen[0]["content-type"] == "application/json"
    assert "x-timezone-offset" not in seen[0]


def test_wrong_local_clock() -> None:
    """When our clock is wrong the fresh token is dated by the server's."""
    clock = FakeClock()
    issued: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        claims = jwt.decode(
            request.headers["auth"], options={"verify_signature": False}
        )
        issued.append(claims["iat"])
        late = {"date": "Mon, 02 Mar 2026 10:00:00 GMT"}
        if len(issued) == 1:
            return httpx.Response(401, headers=late)
        return httpx.Response(200, json={"results": []}, headers=late)

    scripted_kore(answer, clock).probe(Entity.CASE)

    assert issued[1] - issued[0] == 3600
