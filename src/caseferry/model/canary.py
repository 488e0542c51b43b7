"""The canary: a throw-away record that `check --canary` writes, to see what happens.

It is nobody's business: every reader leaves it out, so that no run ever carries one.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from caseferry.model.record import Key, Record
from caseferry.model.times import canonical_time

_SHAPE: Final = re.compile(r"caseferry canary \d{8}T\d{12}Z")
_STAMP: Final = "%Y%m%dT%H%M%S%fZ"  # two of one second are two
TEXT: Final = "Written by caseferry check --canary to see what is kept. Ignore it."
"""What a canary says; in the alphabet that every text field takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """One canary of one system.

    Attributes:
        name: its name or subject, by which it is told from every real record.
        key: None until a reply or a search has told it.
        state: sent | made | closed; kept before and after each write.
    """

    name: str
    key: Key | None = None
    state: str = "sent"

    @property
    def at(self) -> str:
        """When it was made, by our clock, in canonical form."""
        stamp = self.name.rpartition(" ")[2]
        return canonical_time(datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC))

    @property
    def correlation(self) -> str:
        """What its key attribute holds: no correlation key, but as harmless a text."""
        return f"cf1.canary.{self.name.rpartition(' ')[2]}"


Keep = Callable[[Canary], None]
"""Makes durable where a canary stands, before the next request leaves."""


def canary_at(moment: datetime) -> Canary:
    """Name a new canary after the time it is made, in UTC."""
    return Canary(name=f"caseferry canary {moment:{_STAMP}}")


def is_canary(record: Record) -> bool:
    """Tell whether a record of either system is one, whoever's check wrote it."""
    title = record.text("subject") or record.text("name")
    return _SHAPE.fullmatch(title) is not None
