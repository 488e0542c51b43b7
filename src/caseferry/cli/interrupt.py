"""Signals: the first asks to stop, the second stops at once."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
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


_TELLING_S: Final = 5.0
"""So long at most the end waits for the words to be written."""


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
    tellers: list[threading.Thread] = []

    def tell(number: int) -> None:
        stop.ask()
        _log.info("stop.asked", extra={"signal": signal.Signals(number).name})
        if words:
            env.say(words)
        if patience_s is not None:
            _end_late(is_over, patience_s)

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if stop.signal or stop.event.is_set():
            os._exit(ExitCode.INTERRUPTED)
        stop.signal = number
        # not here: what this thread is just writing, or waits for, takes no second call
        teller = threading.Thread(target=tell, args=(number,), daemon=True)
        tellers.append(teller)
        teller.start()

    stop.is_watched = True
    try:
        with _handled(on_signal):
            yield
    finally:
        stop.is_watched = False
        is_over.set()
        for teller in tellers:
            teller.join(_TELLING_S)


@contextmanager
def _handled(on_signal: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_late(is_over: threading.Event, patience_s: float) -> None:
    """End the process where it does not end by itself."""
    if not is_over.wait(patience_s):
        _log.warning("stop.cut", extra={"seconds": patience_s})
        os._exit(ExitCode.INTERRUPTED)
