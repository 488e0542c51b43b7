"""When requests left, kept in a file: what one process sent counts for the next one."""

import logging
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from caseferry.adapters.whole_file import write_whole

_PRIVATE: Final = 0o600
_SPARE: Final = 1000
_LONGEST_S: Final = 7200.0  # later ones were written before the clock was put back
_SENT, _HELD = "sent", "held"
_log = logging.getLogger("caseferry.http")


class Sent:
    """One system's; a line a request, written before it leaves, also by killed runs.

    A file that cannot be written is a warning in the log: the limits then hold within
    one process only. Nothing is written before the first request.
    """

    def __init__(self, path: Path | str, *, now: Callable[[], datetime]) -> None:
        self.path = Path(path)
        self._now = now
        self._most = 0
        self._lines = 0
        self._is_told = False

    def read(self, most: int) -> tuple[list[float], float]:
        """Give how many seconds ago each request left, oldest first.

        And for how many seconds from now on none may leave, since a server said so.

        Args:
            most: so many requests, the latest, are kept from now on.
        """
        self._most = most
        now = self._now().timestamp()
        found = [entry for line in self._read() if (entry := _parsed(line))]
        sent = [now - at for kind, at in found if kind == _SENT]
        held = [at - now for kind, at in found if kind == _HELD]
        known = [max(age, 0.0) for age in sent if age > -_LONGEST_S]
        rests = [rest for rest in held if 0 < rest <= _LONGEST_S]
        return sorted(known, reverse=True), max(rests, default=0.0)

    def add(self) -> None:
        """Note that a request leaves now."""
        self._write(_SENT, self._now().timestamp())

    def hold(self, seconds: float) -> None:
        """Note that none may leave for so long."""
        self._write(_HELD, self._now().timestamp() + seconds)

    def _read(self) -> list[str]:
        try:
            lines = self.path.read_text("utf-8", errors="replace").splitlines()
        except OSError:  # there is none yet
            return []
        self._lines = len(lines)
        return lines

    def _write(self, kind: str, at: float) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        try:
            # Opened each time: another process may have put a shorter one in its place.
            number = os.open(self.path, flags, _PRIVATE)
            try:
                os.write(number, f"{kind} {at:.3f}\n".encode())
            finally:
                os.close(number)
        except OSError as error:
            self._tell(error)
        self._lines += 1
        if self._lines > 2 * self._most + _SPARE:
            self._shorten()

    def _shorten(self) -> None:
        lines = self._read()
        held = [line for line in lines if line.startswith(_HELD)][-1:]
        sent = [line for line in lines if line.startswith(_SENT)]
        sent = sent[max(len(sent) - self._most, 0) :]
        text = "".join(f"{line}\n" for line in held + sent)
        try:
            write_whole(self.path, text, _PRIVATE)
        except OSError as error:
            self._tell(error)
        self._lines = len(held + sent)

    def _tell(self, error: OSError) -> None:
        if not self._is_told:
            fields = {"path": str(self.path), "reason": error.strerror or "unknown"}
            _log.warning("file.unwritable", extra=fields)
        self._is_told = True


def _parsed(line: str) -> tuple[str, float] | None:
    """Read a line; None for one that a full disk cut off."""
    kind, _, at = line.partition(" ")
    try:
        return kind, float(at)
    except ValueError:
        return None
