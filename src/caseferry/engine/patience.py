"""Waiting until what was created a moment ago is surely listed."""

from caseferry.engine.context import Context

NEW_STATE = "a new or older state: what was created just now may not be listed yet"
"""A state that is new may be one that was lost a moment ago, and an older one was put
back then: what was created by then is listed only after the visibility lag."""


def wait_until_listed(context: Context, seconds: float, reason: str) -> bool:
    """Wait for a listing to catch up; False when told to stop."""
    until = context.clock.monotonic() + seconds
    while (rest := until - context.clock.monotonic()) > 0:
        if context.must_stop():
            return False
        context.reporter.waiting(reason, rest)
        context.clock.sleep(rest)
    return True
