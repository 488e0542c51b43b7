"""The lock of a state: at most one writing command, however it ends."""

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from caseferry.adapters.sqlite.place import PRIVATE, check_place
from caseferry.errors import Locked, StateError


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a lock, as it said itself; `since` is UTC."""

    pid: int
    command: str
    since: str

    def __str__(self) -> str:
        """Name the holder for a person."""
        return f"`caseferry {self.command}`, process {self.pid}, since {self.since}"


class StateLock:
    """A kernel lock on `<state>.lock`, beside the file itself.

    The kernel lifts it when the process dies.

    The file stays: removing it would let two processes lock two different files. What
    stands in it decides nothing about the lock; only the kernel does.

    Attributes:
        left_by: who held it last and died with it; None after an orderly end.
        newest_run: the newest run that the state held when the lock was last given
            back in order; 0 where nobody knows. Kept in the file when it is given back.
    """

    def __init__(self, state: Path | str) -> None:
        self._state = Path(state)
        # A link to the state is another name for it, not another state.
        real = Path(os.path.realpath(self._state))
        self.path = real.with_name(f"{real.name}.lock")
        self._number: int | None = None
        self.left_by: Holder | None = None
        self.newest_run = 0

    def acquire(self, command: str, since: str) -> Self:
        """Take the lock, or fail at once.

        Args:
            command: of this process, for whoever finds it locked.
            since: the time now, UTC.

        Raises:
            Locked: another process, or this one, holds it.
            StateError: `state-path` or `state-network`, no state may be there;
                `state-readonly`, the file cannot be made.
        """
        if self._number is not None:
            raise _locked(self.path, self._read())
        check_place(self._state)
        number = self._open()
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(number)
            raise _locked(self.path, self._read()) from error
        except BaseException:
            os.close(number)
            raise
        self._number = number
        self.left_by = self._read()
        self.newest_run = self._read_run()
        holder = Holder(pid=os.getpid(), command=command, since=since)
        self._write(asdict(holder))
        return self

    def release(self) -> None:
        """Lift the lock; fine when it is not held."""
        if self._number is None:
            return
        try:
            with suppress(OSError):  # a full disk keeps no number
                self._write({})
        finally:
            os.close(self._number)
            self._number = None

    def holder(self) -> Holder | None:
        """Tell who holds the lock now; None when nobody does. Never disturbs a run."""
        known = self._read()
        if known is None or not _is_alive(known.pid):
            return None
        # The pid may be somebody else's by now: ask the kernel.
        with self.path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return known
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            return os.open(self.path, flags, PRIVATE)
        except OSError as error:
            raise StateError(
                f"the lock {self.path} cannot be made: {error.strerror}",
                code="state-readonly",
                hint="give this user the right to write the file and its directory",
                path=str(self.path),
            ) from error

    def _write(self, holder: dict[str, Any]) -> None:
        assert self._number is not None  # noqa: S101 - held by whoever calls
        os.ftruncate(self._number, 0)
        text = json.dumps(holder | {"newest_run": self.newest_run})
        os.pwrite(self._number, text.encode(), 0)

    def _read_run(self) -> int:
        try:
            return int(json.loads(self.path.read_text("utf-8"))["newest_run"])
        except (OSError, ValueError, KeyError, TypeError):  # none, or half written
            return 0

    def _read(self) -> Holder | None:
        try:
            known = json.loads(self.path.read_text(encoding="utf-8"))
            return Holder(
                pid=int(known["pid"]), command=known["command"], since=known["since"]
            )
        except (OSError, ValueError, KeyError, TypeError):  # none, or half written
            return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's process
    return True


def _locked(path: Path, holder: Holder | None) -> Locked:
    who = f" by {holder}" if holder else ""
    return Locked(f"the state is in use{who}", path=str(path))
