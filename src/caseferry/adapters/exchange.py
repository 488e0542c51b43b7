"""One request and what came back, before anybody judged it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from caseferry.errors import CaseSystemError

Waiting = Callable[[str, float], None]
"""Told what is waited for and for how many seconds at most; from any thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to be sent.

    Attributes:
        operation: its name in counts, logs and messages; never a path with ids.
        target: path and query, percent-encoded, as it goes on the wire.
        write: it changes something, so it must not be sent twice blindly.
        listing: what fails here concerns the run, not one record.
        key: the record it is about, for error reports.
    """

    operation: str
    method: str
    target: str
    content: bytes = b""
    write: bool = False
    listing: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete reply; header names are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Kind(Enum):
    """What a failure means for sending the request again."""

    UNSENT = "unsent"  # no connection: nothing was executed
    LIMITED = "limited"  # a recognised limit: nothing was executed
    UNAUTHORISED = "unauthorised"  # the token was refused: nothing was executed
    LOST = "lost"  # it may have been executed
    FINAL = "final"  # the server has decided


class Failure(Exception):
    """A failed attempt; `error` is what the caller gets when no other follows.

    Never leaves the adapters.
    """

    def __init__(
        self, kind: Kind, error: CaseSystemError, *, wait_s: float | None = None
    ) -> None:
        super().__init__(error.message)
        self.kind = kind
        self.error = error
        self.wait_s = wait_s


class Unusable(ValueError):
    """A successful reply whose body is not what it should be; holds no values."""
