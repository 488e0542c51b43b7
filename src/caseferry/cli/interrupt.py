"""Signals: the first asks to stop, the second stops at once."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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
_CUT_S: Final = 1.0


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
            going on so long after the first, or stderr takes nothing at its end; None
            is never.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if stop.is_watched or not is_main:
        yield
        return
    signals = _Signals(stop=stop, env=env, words=words, patience_s=patience_s)
    stop.is_watched = True
    try:
        with _handled(signals.receive):
            yield
    finally:
        stop.is_watched = False
        signals.end()


@dataclass(slots=True, kw_only=True)
class _Signals:
    """What one block does about signals; what it was given is told at `stoppable`."""

    stop: Stop
    env: Environment
    words: str
    patience_s: float | None
    is_over: threading.Event = field(default_factory=threading.Event)
    begun: list[threading.Thread] = field(default_factory=list)

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal, between any two steps of the main thread."""
        if self.stop.signal or self.stop.event.is_set():
            os._exit(ExitCode.INTERRUPTED)
        self.stop.signal = number
        # not here: what this thread is just writing, or waits for, takes no second call
        self._begin(self._ask)

    def end(self) -> None:
        """Let what is being told be told; the block is over."""
        self.is_over.set()
        for thread in self.begun:  # grows meanwhile
            thread.join(_TELLING_S)
        if self.patience_s is not None and any(t.is_alive() for t in self.begun):
            os._exit(ExitCode.INTERRUPTED)  # Python's own end would wait for stderr

    def _ask(self) -> None:
        """Ask to stop, and end the process where it does not end by itself."""
        self.stop.ask()
        # by itself: where nobody reads stderr it takes nothing for ever
        self._begin(self._tell)
        if self.patience_s is not None and not self.is_over.wait(self.patience_s):
            self._begin(self._tell_cut).join(_CUT_S)
            os._exit(ExitCode.INTERRUPTED)

    def _tell(self) -> None:
        name = signal.Signals(self.stop.signal).name
        _log.info("stop.asked", extra={"signal": name})
        if self.words:
            self.env.say(self.words)

    def _tell_cut(self) -> None:
        _log.warning("stop.cut", extra={"seconds": self.patience_s})

    def _begin(self, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self.begun.append(thread)
        return thread


@contextmanager
def _handled(on_signal: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
