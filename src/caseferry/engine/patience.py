"""Waiting until what was created a moment ago is surely listed."""

from caseferry.engine.context import Context


def wait_until_listed(context: Context, seconds: float) -> bool:
    """Wait before the first create of a state that is new; False when told to stop.

    A state that is new may be one that was lost a moment ago: what was created then is
    listed only after the visibility lag.
    """
    until = context.clock.monotonic() + seconds
    while (rest := until - context.clock.monotonic()) > 0:
        if context.must_stop():
            return False
        reason = "a new state: what was created just now may not be listed yet"
        context.reporter.waiting(reason, rest)
        context.clock.sleep(rest)
    return True
