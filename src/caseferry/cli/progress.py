"""How far a run is, for the person who waits: on a terminal only, on stderr."""

import logging
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.text import Text

from caseferry.cli.env import Environment
from caseferry.report.text import duration, number, shorten

if TYPE_CHECKING:
    from rich.status import Status

_log = logging.getLogger("caseferry.run")


class Progress:
    """Implements `ports.Reporter`; may be told things by any thread."""

    def __init__(self, env: Environment, *, quiet: bool = False) -> None:
        self._status: Status | None = None
        if env.is_capable(env.stderr) and not quiet:
            console = Console(
                file=env.stderr,
                no_color=not env.has_colour(env.stderr),
                highlight=False,
                markup=False,
            )
            self._width = console.width - 3
            self._status = console.status(Text("starting"))
        self._phase = ""
        self._began = 0.0
        self._total: int | None = None
        self._requests: Callable[[], int] | None = None
        self._text = ""

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.pause()

    def pause(self) -> None:
        """Clear the line: a question or the result comes."""
        if self._status is not None:
            self._status.stop()

    def go_on(self) -> None:
        """Show the line again."""
        if self._status is not None:
            self._status.start()

    def expect(self, total: int, requests_left: Callable[[], int]) -> None:
        """Take what the next phase comes to: its records, and requests still to go."""
        self._total = total
        self._requests = requests_left

    def progress(self, phase: str, done: int, total: int | None) -> None:
        """Tell how far a phase is, in records."""
        if self._status is None:
            return
        now = time.monotonic()
        if phase != self._phase:
            self._phase, self._began = phase, now
        whole = total or (self._total if phase == "carried" else None)
        parts = [f"{phase}: {number(done)}" + (f" of {number(whole)}" if whole else "")]
        passed = now - self._began
        if passed > 1 and done:
            parts.append(f"{done / passed:.1f}/s")
            if whole and phase == "carried" and self._requests is not None:
                parts.append(f"{number(self._requests())} requests left")
            if whole and whole > done:
                parts.append(f"{duration((whole - done) * passed / done)} left")
        self._text = ", ".join(parts)
        self._tell(self._text)

    def waiting(self, reason: str, seconds: float) -> None:
        """Tell that the run waits, for what, and how long at most."""
        _log.info("waiting", extra={"reason": reason, "seconds": round(seconds, 1)})
        text = f"waiting up to {duration(seconds)}: {reason}"
        self._tell(f"{self._text}; {text}" if self._text else text)

    def event(self, name: str, **fields: str | float) -> None:
        """Log one event."""
        _log.info(name, extra=fields)

    def _tell(self, text: str) -> None:
        if self._status is not None:
            self._status.update(Text(shorten(text, self._width)))
