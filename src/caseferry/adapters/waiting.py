"""Waiting until a new record is seen, and measuring how long that took."""

from collections.abc import Callable
from typing import TypeVar

from caseferry.ports import Clock

T = TypeVar("T")
_LONGEST_S = 15.0


def until_seen(
    look: Callable[[], T | None], clock: Clock, most_s: float
) -> tuple[T | None, float]:
    """Look at once, and again and again until something is there.

    Gives what was seen, None where it was not, and the seconds that passed until then.
    Sends about ten looks in two minutes.
    """
    started, pause = clock.monotonic(), 0.5
    while True:
        found = look()
        passed = clock.monotonic() - started
        if found is not None or passed >= most_s:
            return found, passed
        clock.sleep(min(pause, most_s - passed))
        pause = min(pause * 2, _LONGEST_S)
