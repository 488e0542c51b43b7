"""Rate limits of both systems: rolling windows and what a breach looks like."""

from collections import deque
from typing import Final

from caseferry.sandbox.readings import Readings
from caseferry.sandbox.times import iso
from caseferry.sandbox.wire import RefusedError, Reply, json_reply

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 3_600_000
_MINUTE_TEXT: Final = "You've exceeded the per-minute rate limit. Please try again."
_HOUR_TEXT: Final = "You've exceeded the hourly rate limit. Please try again later."


def limit_reply(
    system: str, status: int, now_ms: int, *, hourly: bool = False, limit: int = 60
) -> Reply:
    """Return the refusal of a request over the limit."""
    if system == "kore":
        text = _HOUR_TEXT if hourly else _MINUTE_TEXT
        return json_reply(status, {"errors": [{"msg": text, "code": status}]})
    reply = json_reply(
        429, {"code": "429-001", "developerMessage": "Rate limit exceeded."}
    )
    headers = (*reply.headers, *_headers(limit, 0, now_ms + _MINUTE_MS))
    return Reply(429, reply.body, headers)


class Limiter:
    """Counts the requests of one system's account."""

    def __init__(self, system: str) -> None:
        self._system = system
        self._times: deque[int] = deque()

    def check(self, now_ms: int, readings: Readings) -> tuple[tuple[str, str], ...]:
        """Count a request and return the headers its reply carries; refuse above."""
        way = readings.text(f"{self._system}.rate_limit")
        if way == "off":
            return ()
        hourly = way == "hourly"
        span = _HOUR_MS if hourly else _MINUTE_MS
        per = "per_hour" if hourly else "per_minute"
        limit = int(readings.number(f"{self._system}.rate_limit_{per}"))
        while self._times and self._times[0] <= now_ms - span:
            self._times.popleft()
        if len(self._times) >= limit:
            status = 400 if way == "400" else 429
            raise RefusedError(
                limit_reply(self._system, status, now_ms, hourly=hourly, limit=limit)
            )
        self._times.append(now_ms)
        if self._system == "kore":
            return ()
        return _headers(limit, limit - len(self._times), self._times[0] + span)


def _headers(limit: int, remaining: int, reset_ms: int) -> tuple[tuple[str, str], ...]:
    return (
        ("X-RateLimit-Limit", str(limit)),
        ("X-RateLimit-Remaining", str(remaining)),
        ("X-RateLimit-Reset", iso(reset_ms)),
    )
