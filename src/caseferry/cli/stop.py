"""The wish to stop: noted by a signal, seen by the run and by everything that waits."""

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caseferry.engine.context import Context


class Stop:
    """How a run is asked to stop: what is in flight is finished and recorded.

    Attributes:
        event: set when somebody asked; every wait ends then.
        signal: the one that asked; 0 before.
        is_watched: signals reach this already; one handler is enough.
    """

    def __init__(self) -> None:
        self.event = threading.Event()
        self.signal = 0
        self.is_watched = False
        self._context: Context | None = None

    def watch(self, context: "Context") -> None:
        """Let `ask` reach this run."""
        self._context = context
        context.stopping = self.event.is_set()

    def ask(self) -> None:
        """Ask the run to stop; every wait ends at once."""
        if self._context is not None:
            self._context.stopping = True
        self.event.set()
