"""How fast requests may leave: one limiter per system and account, for all threads."""

import threading
from collections import deque
from collections.abc import Callable

from caseferry.adapters.clock import wait
from caseferry.adapters.exchange import Waiting
from caseferry.adapters.sent import Sent
from caseferry.ports import Clock

MINUTE_S = 60.0
HOUR_S = 3600.0
_WORTH_TELLING_S = 1.0


class Limiter:
    """At most so many requests in any minute and in any hour, both rolling.

    None switches a window off. What earlier processes sent counts after `keep_in`.
    """

    def __init__(
        self,
        name: str,
        *,
        clock: Clock,
        per_minute: int | None = None,
        per_hour: int | None = None,
        waiting: Waiting | None = None,
        waited: Callable[[float], None] | None = None,
    ) -> None:
        self._name = name
        self._clock = clock
        self._waiting = waiting
        self._waited = waited
        self._lock = threading.Lock()
        # A full deque drops its oldest: what is left is exactly the window's tail.
        self._windows = [
            (span, label, deque[float](maxlen=limit))
            for span, label, limit in (
                (MINUTE_S, "requests per minute", per_minute),
                (HOUR_S, "requests per hour", per_hour),
            )
            if limit is not None
        ]
        self._sent: Sent | None = None
        self._held_until = 0.0
        self._held_for = ""
        self._told_until = 0.0

    def keep_in(self, sent: Sent) -> None:
        """Go on from what earlier processes sent, and tell later ones."""
        now = self._clock.monotonic()
        most = max((times.maxlen or 0 for _, _, times in self._windows), default=0)
        ages, held_s = sent.read(most)
        for _, _, times in self._windows:
            times.extend(now - age for age in ages)
        if held_s > 0:
            self.hold_until(now + held_s)
        self._sent = sent

    def acquire(self) -> None:
        """Take one request's place; returns when it may leave.

        Raises:
            Interrupted: the run was asked to stop meanwhile.
        """
        if not self._windows and not self._held_until:
            return
        while (found := self._take()) is not None:
            seconds, reason = found
            self._tell(seconds, reason)
            wait(self._clock, seconds)
            if self._waited is not None:
                self._waited(seconds)

    def hold_until(self, at: float, reason: str = "the server's limit") -> None:
        """Let nothing leave before this time of the clock's `monotonic`."""
        with self._lock:
            if at > self._held_until:
                self._held_until = at
                self._held_for = reason

    def hold(self, seconds: float) -> None:
        """Let nothing leave for so long: the server asked for it."""
        self.hold_until(self._clock.monotonic() + seconds)
        if self._sent is not None:
            self._sent.hold(seconds)

    def _take(self) -> tuple[float, str] | None:
        """Take a place, or tell how long there will be none, and why."""
        with self._lock:
            now = self._clock.monotonic()
            until, reason = self._held_until, self._held_for
            for span, label, times in self._windows:
                if len(times) == times.maxlen and times[0] + span > until:
                    until, reason = times[0] + span, label
            if until > now:
                return until - now, reason
            for _, _, times in self._windows:
                times.append(now)
            if self._windows and self._sent is not None:
                self._sent.add()
            return None

    def _tell(self, seconds: float, reason: str) -> None:
        """Report a wait once, however many threads share it."""
        if self._waiting is None or seconds <= _WORTH_TELLING_S:
            return
        until = self._clock.monotonic() + seconds
        with self._lock:
            if until <= self._told_until + _WORTH_TELLING_S:
                return
            self._told_until = until
        self._waiting(f"{self._name}: {reason}", seconds)
