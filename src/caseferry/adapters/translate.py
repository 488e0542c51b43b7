"""From a transport error or a status to one of our errors; nothing else decides that.

A write that may have been executed is `InDoubt`; what was surely not executed says so
by its class. Messages carry the server's own words, shortened and without our values.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from caseferry.adapters.exchange import Call, Failure, Kind, Reply, Unusable
from caseferry.adapters.json_text import read_json
from caseferry.adapters.redact import shorten, without_values
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

_UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.ProxyError,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)
_LIMIT = re.compile(r"rate[ -]?limit", re.IGNORECASE)
_LIMIT_REACHED = re.compile(
    r"(exceeded|reached|hit)\b.{0,40}rate[ -]?limit"
    r"|rate[ -]?limit.{0,60}\b(exceeded|reached|hit)",
    re.IGNORECASE | re.DOTALL,
)
_HOURLY = re.compile(r"hour", re.IGNORECASE)
_SCOPE = re.compile(r"scope|permission", re.IGNORECASE)
_NEEDS_JTI = re.compile(r"jti.*(required|missing)", re.IGNORECASE)
_CODE = re.compile(r"[0-9]{3}-[0-9]{1,6}")
_PAGE_HINT = (
    "a gateway or proxy answers in its place: try again later; if it stays, check the"
    " base_url and whether a log-in page is in between"
)
_SHORTEST_WAIT_S = 1.0  # who says "now" and limits again would be asked for ever
_RUN_STOPPERS = frozenset({"403-112", "403-197"})
_SERVER_BUSY = frozenset({502, 503, 504})
_TOO_MANY = 429


class Translator:
    """The tables of one system.

    Args:
        system: its name in messages.
        default_wait_s: how long a limit is waited for when the server does not say.
        scope_401: a 401 whose message speaks of a scope is a missing permission.
        stale: statuses that mean the record moved.
        scope_hint: what to do about a missing permission.
    """

    def __init__(
        self,
        system: str,
        *,
        default_wait_s: float,
        scope_401: bool,
        stale: frozenset[int],
        scope_hint: str,
    ) -> None:
        self.system = system
        self._default_wait_s = default_wait_s
        self._scope_401 = scope_401
        self._stale = stale
        self._scope_hint = scope_hint

    def transport(self, call: Call, error: Exception, timeout_s: float) -> Failure:
        """Judge an attempt that got no reply."""
        if isinstance(error, _UNSENT):
            return self._unsent(call, error)
        if isinstance(error, httpx.TimeoutException):
            what = f"did not answer within {timeout_s:g} s"
        else:
            what = f"broke the connection off ({type(error).__name__})"
        message = f"{self.system} {what}"
        if call.write:
            return self._lost(call, f"{message}; it may have been executed", None)
        return self._failure(
            call, Kind.LOST, Unreachable(f"{message} {call.operation}")
        )

    def unusable(self, call: Call, reply: Reply, why: Unusable) -> Failure:
        """Judge a success whose body makes no sense."""
        text, code = error_text(reply.body)
        if code and self._is_limit(call, 0, text):
            return self._limited(call, reply, text)
        message = f"{self.system} answered {call.operation} with an unusable body"
        if reply.body.lstrip().startswith(b"<") and not call.write:
            # Not the system's own words, as little as a 502 is.
            error = Unreachable(f"{message} (a web page)", hint=_PAGE_HINT)
            return self._failure(call, Kind.LOST, error, reply.status)
        return self._lost(call, f"{message} ({why})", reply.status)

    def answer(self, call: Call, reply: Reply) -> Failure:
        """Judge a reply that is no success."""
        status = reply.status
        text, code = error_text(reply.body)
        if self._is_limit(call, status, text):
            return self._limited(call, reply, text)
        words = shorten(without_values(text, call))
        message = f"{self.system} answered {call.operation} with {status}"
        if words:
            message += f": {words}"
        if status >= 500 or status in {408, 425} or status < 400:  # noqa: PLR2004 - status classes
            return self._ambiguous(call, status, message)
        if status == 401:  # noqa: PLR2004 - status codes are their own names
            return self._unauthorised(call, text, message)
        return self._failure(
            call, Kind.FINAL, self._refusal(status, code, message), status
        )

    def _refusal(self, status: int, code: str, message: str) -> CaseSystemError:
        if status == 403:  # noqa: PLR2004 - as above
            return self._forbidden(code, message)
        if status == 404:  # noqa: PLR2004 - as above
            return NotFound(message)
        if status in self._stale:
            return VersionMismatch(message)
        error = Refused(message, code=_refused_code(status, code))
        if status in {405, 406, 415}:  # true of every record alike
            error.scope = Scope.RUN
        return error

    def _forbidden(self, code: str, message: str) -> Forbidden:
        if not _CODE.fullmatch(code):
            return Forbidden(message, hint=self._scope_hint)
        error = Forbidden(message, hint=self._scope_hint, code=f"forbidden-{code}")
        if code not in _RUN_STOPPERS:
            error.scope = Scope.RECORD  # this record's owner or state, not ours
        return error

    def _unauthorised(self, call: Call, text: str, message: str) -> Failure:
        if self._scope_401 and _SCOPE.search(text):
            missing = Forbidden(message, hint=self._scope_hint)
            return self._failure(call, Kind.FINAL, missing, 401)
        hint = "set jti = true in [kore]" if _NEEDS_JTI.search(text) else None
        error = AuthFailed(message, hint=hint)
        return self._failure(call, Kind.UNAUTHORISED, error, 401)

    def _ambiguous(self, call: Call, status: int, message: str) -> Failure:
        if 300 <= status < 400:  # noqa: PLR2004 - redirects are never followed
            message += "; redirects are not followed, check base_url"
            if not call.write:
                return self._failure(call, Kind.FINAL, Unexpected(message), status)
        if status in _SERVER_BUSY and not call.write:
            return self._failure(call, Kind.LOST, Unreachable(message), status)
        return self._lost(call, message, status)

    def _unsent(self, call: Call, error: Exception) -> Failure:
        text = str(error)
        if "CERTIFICATE_VERIFY_FAILED" in text:
            failed = Unreachable(
                f"the certificate of {self.system} is not trusted here",
                hint="name the private CA in [http] ca_file, or mend the trust store",
            )
            return self._failure(call, Kind.FINAL, failed)
        why = shorten(text) or type(error).__name__
        failed = Unreachable(f"no connection to {self.system}: {why}")
        return self._failure(call, Kind.UNSENT, failed)

    def _lost(self, call: Call, message: str, status: int | None) -> Failure:
        error = InDoubt(message) if call.write else Unexpected(message)
        return self._failure(call, Kind.LOST, error, status)

    def _limited(self, call: Call, reply: Reply, text: str) -> Failure:
        wait_s = wait_asked(reply.headers)
        if wait_s is None:
            hourly = 5 if _HOURLY.search(text) else 1
            wait_s = self._default_wait_s * hourly
        words = shorten(without_values(text, call))
        error = RateLimited(f"{self.system} limits {call.operation}: {words}")
        failure = self._failure(call, Kind.LIMITED, error, reply.status)
        failure.wait_s = max(wait_s, _SHORTEST_WAIT_S)
        return failure

    def _is_limit(self, call: Call, status: int, text: str) -> bool:
        if status == _TOO_MANY:
            return True
        if not _LIMIT.search(text):
            return False
        # A case about rate limits, quoted back in a refusal, is not a limit.
        ours = _LIMIT.search(call.content.decode("utf-8", "replace"))
        return bool(_LIMIT_REACHED.search(text)) if ours else True

    def _failure(
        self,
        call: Call,
        kind: Kind,
        error: CaseSystemError,
        status: int | None = None,
    ) -> Failure:
        error.system = self.system
        error.key = call.key
        error.http_status = status
        if call.listing:
            error.scope = Scope.RUN
        return Failure(kind, error)


def error_text(body: bytes) -> tuple[str, str]:
    """Find a server's message and code in an error body of any shape.

    Returns "" for what is not there; a page of HTML is its whole text.
    """
    try:
        value = read_json(body)
    except Unusable:
        return body[:20_000].decode("utf-8", "replace"), ""
    if isinstance(value, dict) and isinstance(value.get("errors"), list):
        value = next((item for item in value["errors"] if item), value)
    if isinstance(value, str):
        return value, ""
    if not isinstance(value, dict):
        return "", ""
    names = ("developerMessage", "msg", "message", "error_description", "error")
    text = next(
        (item for name in names if isinstance(item := value.get(name), str)), ""
    )
    code = value.get("code", value.get("error", ""))
    return text, str(code) if isinstance(code, str | int) else ""


def wait_asked(headers: Mapping[str, str]) -> float | None:
    """Tell how many seconds the server asks to wait, by its own clock.

    Source: `Retry-After` in seconds or as a date, `X-RateLimit-Reset` as a UTC
    date-time.
    """
    after = headers.get("retry-after", "").strip()
    if after.replace(".", "", 1).isdigit():
        return float(after)
    at = parse_http_date(after) or _parse_instant(headers.get("x-ratelimit-reset", ""))
    now = parse_http_date(headers.get("date", ""))
    if at is None or now is None:
        return None
    return max(0.0, (at - now).total_seconds())


def parse_http_date(text: str) -> datetime | None:
    """Read a `Date` header; None when it is not one."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parse_instant(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _refused_code(status: int, code: str) -> str:
    if _CODE.fullmatch(code):
        return f"refused-{code}"
    if code.isdigit() and code != str(status):
        return f"refused-{status}-{code}"
    return f"refused-{status}"
