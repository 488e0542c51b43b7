"""Sending bytes and getting bytes: connections, TLS, proxies, timeouts, bounds.

One connection per worker: a transport is taken from a stack for the time of one
request, so threads share no pool, and there are never more than run at once. Requests
go straight to the transport: no redirects, no cookies, nothing logged by httpx.
"""

import ipaddress
import ssl
import urllib.request
from collections import deque
from functools import lru_cache
from urllib.parse import urlsplit

import httpx
import truststore

from caseferry import __version__
from caseferry.adapters.exchange import Call, Reply, Unusable
from caseferry.errors import ConfigError, Problem
from caseferry.ports import Clock

LARGEST_REPLY = 64 * 1024 * 1024
_KEEPALIVE_S = (
    4.0  # shorter than the 5 s of Node servers: a write must not race a close
)
_CONNECT_S = 10.0
_SLOWEST = 4  # a reply may take so many timeouts, however steadily it trickles
_COMMON = {
    "User-Agent": f"caseferry/{__version__}",
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
}


def normalise_base_url(text: str, path: str) -> str:
    """Bring a base URL to scheme, host and path without a trailing slash.

    Raises:
        ConfigError: not a URL, or plain HTTP to anything but this machine; names
            `path`, the key in the configuration.
    """
    parts = urlsplit(text.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _config_error(path, "must be a URL such as https://api.example.com")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise _config_error(path, "must hold no credentials, query or fragment")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise _config_error(path, "plain HTTP is allowed to this machine only")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, without resolving names."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _config_error(path: str, message: str) -> ConfigError:
    return ConfigError(
        f"{path} {message}", problems=[Problem(path=path, message=message)]
    )


class Wire:
    """Connections to one origin; safe to use from several threads."""

    def __init__(
        self,
        base_url: str,
        *,
        clock: Clock,
        timeout_s: float,
        ca_file: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base_url = base_url
        self.timeout_s = timeout_s
        self._clock = clock
        self._given = transport
        self._idle: deque[httpx.BaseTransport] = deque()
        self._proxy = _proxy(base_url)
        self._url = lru_cache(maxsize=256)(httpx.URL)  # parsing one costs 40 us
        self._tls = _tls(ca_file) if transport is None else None
        self._extensions = {
            "timeout": {
                "connect": min(_CONNECT_S, timeout_s),
                "read": timeout_s,
                "write": timeout_s,
                "pool": timeout_s,
            }
        }

    def send(self, call: Call, headers: dict[str, str]) -> Reply:
        """Send one request and read its reply to the end.

        Raises:
            httpx.TransportError: whatever kept a complete reply from coming.
            Unusable: the reply is too large, or badly compressed.
        """
        request = httpx.Request(
            call.method,
            self._url(self.base_url + call.target),
            headers=_COMMON | headers,
            content=call.content if call.content or call.method != "GET" else None,
            extensions=self._extensions,
        )
        transport = self._take()
        try:
            response = transport.handle_request(request)
            try:
                body = self._read(response)
            finally:
                response.close()
        finally:
            self._give_back(transport)
        return Reply(response.status_code, body, response.headers)

    def close(self) -> None:
        """Close the connections; a later `send` opens new ones."""
        while self._idle:
            self._idle.pop().close()
        if self._given is not None:
            self._given.close()

    def _read(self, response: httpx.Response) -> bytes:
        until = self._clock.monotonic() + _SLOWEST * self.timeout_s
        chunks: list[bytes] = []
        size = 0
        try:
            for chunk in response.iter_bytes():
                size += len(chunk)
                if size > LARGEST_REPLY:
                    raise Unusable(f"larger than {LARGEST_REPLY >> 20} MiB")
                chunks.append(chunk)
                if self._clock.monotonic() > until:
                    raise httpx.ReadTimeout("the reply trickles")
        except httpx.DecodingError:
            raise Unusable("badly compressed") from None
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _take(self) -> httpx.BaseTransport:
        if self._given is not None:
            return self._given
        try:
            return self._idle.pop()  # the one used last is the likeliest to be open
        except IndexError:
            return self._new()

    def _give_back(self, transport: httpx.BaseTransport) -> None:
        if self._given is None:
            self._idle.append(transport)

    def _new(self) -> httpx.BaseTransport:
        if self._tls is None:  # pragma: no cover - _take asks only without a given one
            raise AssertionError
        return httpx.HTTPTransport(
            verify=self._tls,
            proxy=self._proxy,
            trust_env=False,
            limits=httpx.Limits(max_connections=1, keepalive_expiry=_KEEPALIVE_S),
        )


def _tls(ca_file: str | None) -> ssl.SSLContext:
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:
            raise _config_error("http.ca_file", f"cannot be used: {error}") from error
    return context


def _proxy(base_url: str) -> str | None:
    """Find the proxy as httpx does: from the environment, never for this machine."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")
