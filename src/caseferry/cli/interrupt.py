"""Signals: the first asks to stop, the second stops at once."""

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

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_WORDS: Final = (
    "Stopping: what is in flight is finished and recorded. Once more stops at once."
)


@contextmanager
def stoppable(stop: Stop, env: Environment, words: str = _WORDS) -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into a wish to stop while a run goes on.

    The words are what a person is told at the first one.
    At the second one the process ends on the spot: intents in the state make that safe.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if stop.event.is_set():
            os._exit(ExitCode.INTERRUPTED)
        env.say(words)
        stop.ask()

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
