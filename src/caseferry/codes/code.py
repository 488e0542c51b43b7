"""What is told of one code."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """Where a code is met; in the order in which they are listed."""

    ERROR = "error"
    GUARD = "guard"
    CONFLICT = "conflict"
    QUARANTINE = "quarantine"
    UNCERTAIN = "uncertain"
    SET_ASIDE = "set aside"
    WAITING = "waiting"
    OUT_OF_SCOPE = "out of scope"
    LOSS = "loss"
    VERIFY = "verify"
    UNDO = "undo"
    WRITE = "write"


TITLES: Final = {
    Kind.ERROR: "Errors: a command or a run ended early",
    Kind.GUARD: "Guards: nothing more is written; `--allow CODE` passes one",
    Kind.CONFLICT: "Conflicts: wait for your decision",
    Kind.QUARANTINE: "Quarantine: skipped until the record or the mapping changes",
    Kind.UNCERTAIN: "Uncertain: skipped until you say what became of it",
    Kind.SET_ASIDE: "Set aside: left as it is, and decided anew in each run",
    Kind.WAITING: "Waiting: tried again by the next run",
    Kind.OUT_OF_SCOPE: "Out of scope: not carried",
    Kind.LOSS: "Losses: what the mapping could not carry whole",
    Kind.VERIFY: "Reported by `verify`, beside differences",
    Kind.UNDO: "Undo: what stays as it is",
    Kind.WRITE: "Why a record is written, in plans and reports",
}
"""What stands above the codes of a kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One code.

    Attributes:
        name: as it stands in output; capitals stand for what varies: `case-CODE`.
        kinds: where it is met; it is listed under the first.
        meaning: what happened, without a full stop.
        next: what to type or do.
        exit_code: of a command that ends with it; None where it does not tell.
    """

    name: str
    kinds: tuple[Kind, ...]
    meaning: str
    next: str
    exit_code: int | None = None

    @property
    def varies(self) -> str:
        """The capitals at the end of the name, or ""."""
        end = self.name.rpartition("-")[2]
        return end if end.isupper() else ""

    def filled(self, text: str) -> "Code":
        """Give it with what varies filled in."""
        return replace(
            self,
            name=self.name.removesuffix(self.varies) + text,
            meaning=self.meaning.replace(self.varies, text),
            next=self.next.replace(self.varies, text),
        )
