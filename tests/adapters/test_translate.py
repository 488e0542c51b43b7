"""From transport errors and statuses to our errors, against a scripted server."""

from typing import Any

import httpx
import pytest

from adapters.rig import FakeClock, a_draft, scripted_casemgr, scripted_kore
from caseferry.adapters.kore.writes import Changes
from caseferry.adapters.redact import shorten
from caseferry.errors import (
    AuthFailed,
    CaseSystemError,
    Forbidden,
    InDoubt,
    NotFound,
    RateLimited,
    Refused,
    Scope,
    Unexpected,
    Unreachable,
    VersionMismatch,
)
from caseferry.model.record import Entity, activity_key, kore_key

KEY = activity_key("1004")


class Server:
    """Answers everything alike; counts."""

    def __init__(self, answer: httpx.Response | Exception | type[Exception]) -> None:
        self.answer = answer
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.answer, httpx.Response):
            return httpx.Response(
                self.answer.status_code,
                headers=self.answer.headers,
                content=self.answer.content,
            )
        if isinstance(self.answer, Exception):
            raise self.answer
        raise self.answer("broken")


def kore_error(status: int, msg: str, code: int) -> httpx.Response:
    return httpx.Response(status, json={"errors": [{"msg": msg, "code": code}]})


def casemgr_error(code: str, message: str = "No.") -> httpx.Response:
    status = int(code.partition("-")[0])
    return httpx.Response(status, json={"code": code, "developerMessage": message})


HTML = "<html><head><style>p {}</style></head><body><h1>Bad Gateway</h1></body></html>"

WRITES: list[tuple[Any, type[CaseSystemError], int]] = [
    (httpx.ConnectError, Unreachable, 3),
    (httpx.ConnectTimeout, Unreachable, 3),
    (httpx.ReadTimeout, InDoubt, 1),
    (httpx.ReadError, InDoubt, 1),
    (httpx.WriteError, InDoubt, 1),
    (httpx.WriteTimeout, InDoubt, 1),
    (httpx.RemoteProtocolError, InDoubt, 1),
    (casemgr_error("500-100"), InDoubt, 1),
    (httpx.Response(502, html=HTML), InDoubt, 1),
    (httpx.Response(503), InDoubt, 1),
    (httpx.Response(504), InDoubt, 1),
    (httpx.Response(408), InDoubt, 1),
    (httpx.Response(302, headers={"location": "/login"}), InDoubt, 1),
    (httpx.Response(200, html=HTML), InDoubt, 1),
    (httpx.Response(200, content=b'{"activity": [{"id'), InDoubt, 1),
    (casemgr_error("401-101"), AuthFailed, 2),
    (casemgr_error("403-197"), Forbidden, 1),
    (casemgr_error("404-100"), NotFound, 1),
    (casemgr_error("409-100"), VersionMismatch, 1),
    (casemgr_error("412-100"), VersionMismatch, 1),
    (casemgr_error("400-152"), Refused, 1),
    (httpx.Response(413, html=HTML), Refused, 1),
]


@pytest.mark.parametrize(("answer", "error", "sent"), WRITES, ids=str)
def test_casemgr_writes(answer: Any, error: type[CaseSystemError], sent: int) -> None:
    """A write becomes one error, and is sent again only if it was not executed."""
    server = Server(answer)
    casemgr = scripted_casemgr(server, max_attempts=3)

    with pytest.raises(CaseSystemError) as caught:
        casemgr.edit_activity(KEY, "v", {"priority": "3"})

    assert type(caught.value) is error
    assert len(server.requests) == sent
    assert (caught.value.system, caught.value.key) == ("casemgr", KEY)


READS: list[tuple[Any, type[CaseSystemError], int]] = [
    (httpx.ConnectError, Unreachable, 3),
    (httpx.ReadTimeout, Unreachable, 3),
    (httpx.ReadError, Unreachable, 3),
    (httpx.RemoteProtocolError, Unreachable, 3),
    (httpx.Response(502, html=HTML), Unreachable, 3),
    (httpx.Response(503), Unreachable, 3),
    (httpx.Response(500), Unexpected, 3),
    (httpx.Response(200, html=HTML), Unreachable, 3),
    (httpx.Response(200, text="\n <!DOCTYPE html>"), Unreachable, 3),
    (httpx.Response(200, content=b'{"results": [{"_id"'), Unexpected, 3),
    (httpx.Response(200, json={"results": "none"}), Unexpected, 3),
    (httpx.Response(200, json=None), Unexpected, 3),
    (httpx.Response(200, content=b"[" * 100_000), Unexpected, 3),
    (httpx.Response(302, headers={"location": "/login"}), Unexpected, 1),
    (kore_error(401, "Invalid JWT token", 4002), AuthFailed, 2),
    (kore_error(401, "Permission denied. Scope is incorrect!", 4002), Forbidden, 1),
    (kore_error(403, "No", 403), Forbidden, 1),
    (httpx.Response(404, html=HTML), NotFound, 1),
]


@pytest.mark.parametrize(("answer", "error", "sent"), READS, ids=str)
def test_kore_reads(answer: Any, error: type[CaseSystemError], sent: int) -> None:
    """A read is repeated while that may help; what fails concerns the whole run."""
    server = Server(answer)
    kore = scripted_kore(server, max_attempts=3)

    with pytest.raises(CaseSystemError) as caught:
        kore.probe(Entity.CASE)

    assert type(caught.value) is error
    assert len(server.requests) == sent
    assert caught.value.scope is Scope.RUN


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (kore_error(412, "Validation errors/ Invalid arguments", 412), "refused-412"),
        (kore_error(400, "Invalid StreamId", 400), "refused-400"),
        (kore_error(400, "Something", 4711), "refused-400-4711"),
        (httpx.Response(400, json={"message": "no"}), "refused-400"),
        (httpx.Response(422, content=b"\xff\xfe"), "refused-422"),
        (httpx.Response(400, json={"errors": [None, "text"]}), "refused-400"),
    ],
)
def test_kore_refusals(answer: httpx.Response, code: str) -> None:
    """A refused write carries a stable code, whatever the shape of the body."""
    kore = scripted_kore(Server(answer))

    with pytest.raises(Refused) as caught:
        kore.client.update_case(kore_key("ci-1"), Changes(name="New"))

    assert caught.value.code == code
    assert caught.value.scope is Scope.RECORD


LIMITS = [
    httpx.Response(429),
    casemgr_error("429-001"),
    kore_error(400, "You've exceeded the per-minute rate limit of 60", 400),
    kore_error(403, "Rate limit for this API has been reached", 403),
    httpx.Response(200, json={"errors": [{"msg": "rate limit reached", "code": 429}]}),
    httpx.Response(503, text="Rate limit exceeded"),
]


@pytest.mark.parametrize("answer", LIMITS, ids=str)
def test_limits_are_recognised(answer: httpx.Response) -> None:
    """A limit is known by its status or by its words, and the write is sent again."""
    clock = FakeClock()
    server = Server(answer)
    kore = scripted_kore(server, clock, patience_s=130)

    with pytest.raises(RateLimited):
        kore.client.update_case(kore_key("ci-1"), Changes(name="New"))

    assert len(server.requests) == 3
    assert clock.elapsed >= 120


def test_hourly_limit_waits_longer() -> None:
    """A breached hourly limit is waited for in minutes."""
    clock = FakeClock()
    text = "You've exceeded the hourly rate limit"
    kore = scripted_kore(Server(kore_error(400, text, 400)), clock, patience_s=700)

    with pytest.raises(RateLimited):
        kore.probe(Entity.CASE)

    assert clock.slept[0] >= 300


def test_a_case_about_rate_limits_is_no_limit() -> None:
    """A refusal that quotes our own text about rate limits stays a refusal."""
    quoted = kore_error(400, "name 'My rate limit' is not allowed", 400)
    kore = scripted_kore(Server(quoted))

    with pytest.raises(Refused):
        kore.client.update_case(kore_key("ci-1"), Changes(name="My rate limit"))


DATE = "Mon, 02 Mar 2026 09:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "Mon, 02 Mar 2026 09:00:09 GMT", "date": DATE}, 9),
        ({"x-ratelimit-reset": "2026-03-02T09:00:11Z", "date": DATE}, 11),
        ({"x-ratelimit-reset": "2026-03-02T08:00:00Z", "date": DATE}, 1),
        ({"retry-after": "0"}, 1),
        ({"retry-after": "soon"}, 15),
        ({}, 15),
    ],
)
def test_waits_as_long_as_asked(headers: dict[str, str], seconds: float) -> None:
    """The server's own figure is waited for, by the server's own clock."""
    clock = FakeClock()
    casemgr = scripted_casemgr(
        Server(httpx.Response(429, headers=headers)), clock, patience_s=seconds + 0.5
    )

    with pytest.raises(RateLimited):
        casemgr.edit_activity(KEY, "v", {"priority": "3"})

    assert seconds <= clock.elapsed <= seconds + min(seconds, 5)


def test_server_words_are_shortened() -> None:
    """A server's message is one printable line of at most 200 characters."""
    noisy = "a\x1b[31m\u202e\n" + "x" * 5000
    casemgr = scripted_casemgr(Server(casemgr_error("400-152", noisy)))

    with pytest.raises(Refused) as caught:
        casemgr.edit_activity(KEY, "v", {"priority": "3"})

    words = caught.value.message.partition(": ")[2]
    assert len(words) == 200
    assert words.isprintable()


def test_html_is_read() -> None:
    """Of a page of HTML the words remain."""
    assert shorten(HTML) == "Bad Gateway"


def test_our_values_are_not_repeated() -> None:
    """A refusal that quotes what we sent does not show it."""
    text = "Value 'Secret subject' of ada@example.com refused for custom attribute x_y"
    casemgr = scripted_casemgr(Server(casemgr_error("400-152", text)))
    draft = a_draft(fields={"subject": "Secret subject", "custom.x_y": "12345"})

    with pytest.raises(Refused) as caught:
        casemgr.create_activity(draft)

    assert "Secret" not in caught.value.message
    assert "ada@" not in caught.value.message
    assert "custom attribute x_y" in caught.value.message


def test_values_of_a_query_are_not_repeated() -> None:
    """A refusal that quotes a query parameter does not show a contact."""
    answer = casemgr_error("400-102", "Bad value ada@example.com for email")
    casemgr = scripted_casemgr(Server(answer))

    with pytest.raises(Refused) as caught:
        casemgr.find_customers("email.emailAddress", "ada@example.com", "Service")

    assert "ada@" not in caught.value.message


@pytest.mark.parametrize(
    ("code", "scope"),
    [
        ("403-105", Scope.RECORD),
        ("403-178", Scope.RECORD),
        ("403-112", Scope.RUN),
        ("403-197", Scope.RUN),
    ],
)
def test_how_much_a_403_stops(code: str, scope: Scope) -> None:
    """A missing scope stops the run; an activity of somebody else only its record."""
    casemgr = scripted_casemgr(Server(casemgr_error(code)))

    with pytest.raises(Forbidden) as caught:
        casemgr.edit_activity(KEY, "v", {"priority": "3"})

    assert caught.value.scope is scope


def test_untrusted_certificate() -> None:
    """A certificate that is not trusted is said at once, with what to do."""
    broken = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed")
    server = Server(broken)
    kore = scripted_kore(server)

    with pytest.raises(Unreachable) as caught:
        kore.probe(Entity.CASE)

    assert len(server.requests) == 1
    assert "ca_file" in caught.value.hint


def test_null_is_no_record() -> None:
    """An update answered with null, or another record, is in doubt: not success."""
    bodies: tuple[object, ...] = (None, [], {}, {"_id": "ci-2"})
    for body in bodies:
        kore = scripted_kore(Server(httpx.Response(200, json=body)))

        with pytest.raises(InDoubt):
            kore.client.update_case(kore_key("ci-1"), Changes(name="New"))


def test_missing_jti_is_explained() -> None:
    """Where the app enforces JTI the hint names the configuration key."""
    text = 'error verifying the jwt: "jti" is required'
    kore = scripted_kore(Server(kore_error(401, text, 401)))

    with pytest.raises(AuthFailed) as caught:
        kore.probe(Entity.CASE)

    assert "jti = true" in caught.value.hint
