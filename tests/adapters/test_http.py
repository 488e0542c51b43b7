"""Connections: base URLs, bounds, reuse, closing."""

import gzip
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import truststore

from adapters.rig import CASEMGR, KORE, FakeClock, scripted_casemgr, scripted_kore
from caseferry.adapters import http
from caseferry.adapters.clock import SystemClock
from caseferry.adapters.exchange import Call
from caseferry.adapters.http import Wire, normalise_base_url
from caseferry.adapters.kore import KoreHttp
from caseferry.errors import ConfigError, Unexpected
from caseferry.model.record import Entity
from caseferry.sandbox import Sandbox, running


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://platform.kore.ai", "https://platform.kore.ai"),
        ("https://platform.kore.ai/", "https://platform.kore.ai"),
        (" https://host/a/b// ", "https://host/a/b"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:1/", "http://[::1]:1"),
    ],
)
def test_base_url(text: str, expected: str) -> None:
    """A base URL loses its trailing slashes, so no path ever begins with two."""
    assert normalise_base_url(text, "kore.base_url") == expected


@pytest.mark.parametrize(
    "text",
    [
        "http://platform.kore.ai",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "ftp://host",
        "platform.kore.ai",
        "https://",
        "https://user:word@host",
        "https://host?x=1",
    ],
)
def test_refused_base_urls(text: str) -> None:
    """Plain HTTP to another machine, and what is no base URL, is refused by key."""
    with pytest.raises(ConfigError) as caught:
        normalise_base_url(text, "kore.base_url")

    assert [p.path for p in caught.value.problems] == ["kore.base_url"]
    assert "word" not in str(caught.value)


def test_plain_token_url_is_refused() -> None:
    """The secret never travels in plain text to another machine."""
    with pytest.raises(ConfigError) as caught:
        scripted_casemgr(lambda _: httpx.Response(200), token_url="http://x.example/t")

    assert caught.value.problems[0].path == "casemgr.token_url"


def test_no_double_slash() -> None:
    """Paths are exactly the documented ones, with and without a trailing slash."""
    paths: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return httpx.Response(200, json={"results": []})

    for base in ("https://kore.test", "https://kore.test/"):
        scripted_kore(answer, base_url=base).probe(Entity.CASE)

    expected = f"/caseManagement/api/public/analytics/{KORE.stream_id}/getCases"
    assert paths == [expected, expected]


class Endless(httpx.SyncByteStream):
    """A body without an end."""

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield b" " * 1_000_000


def test_size_is_bounded() -> None:
    """A reply without an end is cut off, and makes no sense."""
    kore = scripted_kore(
        lambda _: httpx.Response(200, stream=Endless()), max_attempts=1
    )

    with pytest.raises(Unexpected, match="64 MiB"):
        kore.probe(Entity.CASE)


def test_small_bombs_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to more than the bound is cut off."""
    monkeypatch.setattr(http, "LARGEST_REPLY", 100_000)
    bomb = gzip.compress(b" " * 10_000_000)
    kore = scripted_kore(
        lambda _: httpx.Response(
            200, content=bomb, headers={"content-encoding": "gzip"}
        ),
        max_attempts=1,
    )

    with pytest.raises(Unexpected):
        kore.probe(Entity.CASE)


def test_trickle_is_bounded() -> None:
    """A reply that trickles for ever is given up after four time-outs."""
    clock = FakeClock()

    class Trickle(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                clock.pass_by(20)
                yield b" "

    kore = scripted_kore(
        lambda _: httpx.Response(200, stream=Trickle()), clock, max_attempts=1
    )

    with pytest.raises(Exception, match="did not answer"):
        kore.probe(Entity.CASE)
    assert clock.elapsed <= 160


def test_badly_compressed() -> None:
    """A body that does not unpack makes no sense."""
    kore = scripted_kore(
        lambda _: httpx.Response(
            200,
            stream=httpx.ByteStream(b"not gzip"),
            headers={"content-encoding": "gzip"},
        ),
        max_attempts=1,
    )

    with pytest.raises(Unexpected, match="badly compressed"):
        kore.probe(Entity.CASE)


def test_trust_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS is checked against the operating system's trust store."""
    made: list[ssl.SSLContext] = []
    real = http._tls

    def spy(ca_file: str | None) -> ssl.SSLContext:
        made.append(real(ca_file))
        return made[-1]

    monkeypatch.setattr(http, "_tls", spy)
    Wire("https://kore.test", clock=FakeClock(), timeout_s=1.0)

    assert isinstance(made[0], truststore.SSLContext)
    assert made[0].verify_mode is ssl.CERT_REQUIRED


def test_bad_ca_file(tmp_path: Path) -> None:
    """A CA file that cannot be used is a configuration error that names its key."""
    bad = tmp_path / "ca.pem"
    bad.write_text("nothing")

    for path in (bad, tmp_path / "missing.pem"):
        with pytest.raises(ConfigError) as caught:
            Wire("https://k.test", clock=FakeClock(), timeout_s=1.0, ca_file=str(path))
        assert caught.value.problems[0].path == "http.ca_file"


def test_proxy_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTPS_PROXY is used, NO_PROXY is respected, this machine is never proxied."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", "direct.test")

    found = [http._proxy(f"https://{h}") for h in ("a.test", "direct.test", "[::1]")]

    assert found == ["http://proxy.test:3128", None, None]


def test_one_connection_per_worker() -> None:
    """Never more connections than requests at once, and none is left over."""
    box = Sandbox()
    with running(box) as base:
        wire = Wire(base, clock=SystemClock(), timeout_s=5.0)
        call = Call(operation="x", method="GET", target="/nowhere")

        with ThreadPoolExecutor(4) as pool:
            replies = list(pool.map(lambda _: wire.send(call, {}), range(40)))

        assert len(replies) == 40
        assert 1 <= len(wire._idle) <= 4
        wire.close()
        assert not wire._idle


def test_over_a_real_socket() -> None:
    """The same client works over HTTP as over the sandbox's own transport."""
    box = Sandbox()
    box.fill("kore", 3)
    with running(box) as base:
        settings = {
            "base_url": base,
            "stream_id": KORE.stream_id,
            "account_id": KORE.account_id,
            "client_id": KORE.client_id,
            "client_secret": KORE.client_secret,
        }
        kore = KoreHttp.build(
            type(KORE)(**settings),  # type: ignore[arg-type]
            clock=SystemClock(),
        )
        pages = list(kore.pages(Entity.CASE))
        kore.close()

    assert pages[-1].last
    assert kore.server_time() is not None


def test_secrets_are_not_shown() -> None:
    """Settings can be printed without showing a secret."""
    shown = repr(KORE) + repr(CASEMGR)

    assert KORE.client_secret not in shown
    assert CASEMGR.client_secret not in shown
