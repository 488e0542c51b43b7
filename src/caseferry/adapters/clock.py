"""The only wall clock, and the only sleep."""

import threading
import time
from datetime import UTC, datetime

from caseferry.errors import Interrupted
from caseferry.ports import Clock

_EARLY_S = 0.05


class SystemClock:
    """Time as the operating system tells it.

    Attributes:
        stop: set it, and every sleep ends at once, in all threads.
    """

    def __init__(self, stop: threading.Event | None = None) -> None:
        self.stop = stop or threading.Event()

    def now(self) -> datetime:
        """Give the wall clock in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Give seconds that only ever grow."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait, or until `stop` is set."""
        if seconds > 0:
            self.stop.wait(seconds)


def wait(clock: Clock, seconds: float) -> None:
    """Wait between two requests.

    Raises:
        Interrupted: the clock woke early, so the run was asked to stop; the request
            that waited has not been sent.
    """
    until = clock.monotonic() + seconds
    clock.sleep(seconds)
    if clock.monotonic() < until - _EARLY_S:
        raise Interrupted("asked to stop while waiting to send a request")
