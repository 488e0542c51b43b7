"""Signals: the first asks to stop, the second stops at once."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from caseferry.cli.env import Environment
from caseferry.cli.result import ExitCode
from caseferry.cli.stop import Stop

_log = logging.getLogger("caseferry.run")
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
WORDS: Final = (
    "Stopping: what is in flight is finished and recorded. Once more stops at once."
)


@contextmanager
def stoppable(
    stop: Stop,
    env: Environment,
    words: str = WORDS,
    *,
    patience_s: float | None = None,
) -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into a wish to stop while a run goes on.

    At the second one the process ends on the spot: intents in the state make that safe.
    Inside another one of the same stop it does nothing.

    Args:
        stop: what is asked.
        env: where a person is told.
        words: what a person is told at the first one; "" is nothing.
        patience_s: the process ends, as at a second signal, when the block is still
            going on so long after the first; None is never.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if stop.is_watched or not is_main:
        yield
        return
    is_over = threading.Event()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if stop.event.is_set():
            os._exit(ExitCode.INTERRUPTED)
        stop.signal = number
        _log.info("stop.asked", extra={"signal": signal.Signals(number).name})
        if words:
            env.say(words)
        stop.ask()
        if patience_s is not None:
            args = (is_over, patience_s)
            threading.Thread(target=_end_late, args=args, daemon=True).start()

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    stop.is_watched = True
    try:
        yield
    finally:
        stop.is_watched = False
        is_over.set()
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_late(is_over: threading.Event, patience_s: float) -> None:
    """End the process where it does not end by itself."""
    if not is_over.wait(patience_s):
        _log.warning("stop.cut", extra={"seconds": patience_s})
        os._exit(ExitCode.INTERRUPTED)
