"""Collecting the answers of a capability probe."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from caseferry.errors import Refused
from caseferry.model.capability import Answer
from caseferry.model.record import System
from caseferry.model.times import parse_time

WRITE: Final = "only a write can tell"
_TOLERANCE_S: Final = 2


class Answers:
    """The answers of one system; a refusal is an answer too."""

    def __init__(self, system: System, now: str) -> None:
        self._system = system
        self._now = now
        self.found: list[Answer] = []

    def settle(self, name: str, value: object, evidence: str) -> None:
        """Note what a tenant does."""
        self.found.append(
            Answer(
                system=self._system,
                name=name,
                value=value,
                evidence=evidence,
                at=self._now,
            )
        )

    def leave_open(self, name: str, evidence: str) -> None:
        """Note that it could not be told, and why."""
        self.found.append(
            Answer(
                system=self._system,
                name=name,
                evidence=evidence,
                at=self._now,
                state="open",
            )
        )

    def ask(self, name: str, question: Callable[[], tuple[object, str] | str]) -> None:
        """Ask; a pair is the value with its evidence, a text says what is missing."""
        try:
            answer = question()
        except Refused as error:
            answer = f"refused: {error.code}"
        if isinstance(answer, str):
            self.leave_open(name, answer)
        else:
            self.settle(name, *answer)

    def only_writes(self, *names: str) -> None:
        """Note the questions that no reading can answer."""
        for name in names:
            self.leave_open(name, WRITE)

    def clock(self, server: datetime | None) -> None:
        """Compare the server's `Date` with the clock of this machine."""
        if server is None:
            self.leave_open("clock_offset_s", "no reply carried a date")
            return
        offset = (server - parse_time(self._now)).total_seconds()
        whole = 0 if abs(offset) <= _TOLERANCE_S else round(offset)
        self.settle("clock_offset_s", whole, "the Date header against our clock")
