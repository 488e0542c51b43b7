"""What a command gives back: data for machines, lines for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

from caseferry.errors import CaseferryError, Fault, Scope, UserError
from caseferry.report.text import wrapped


class ExitCode(IntEnum):
    """What the shell is told; `caseferry help exit-codes` explains them."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    PARTIAL = 3
    CONFLICTS = 4
    SAFETY_STOP = 5
    PENDING = 6
    TRY_LATER = 7
    INTERRUPTED = 130


FAILED: Final = frozenset(
    {ExitCode.ERROR, ExitCode.USAGE, ExitCode.SAFETY_STOP, ExitCode.TRY_LATER}
)
"""Of a run that did not go through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a command did.

    Attributes:
        lines: for a person; the renderer makes control characters visible.
        errors: as in the JSON envelope.
        run: its number in the state.
        is_shown: it was written already; only its exit code is still wanted.
        next_pass_s: what the next run takes at least; None where nobody asked.
    """

    data: Mapping[str, Any] = field(default_factory=dict)
    lines: Sequence[str] = ()
    errors: Sequence[Mapping[str, Any]] = ()
    exit_code: int = ExitCode.DONE
    run: int | None = None
    is_shown: bool = False
    next_pass_s: float | None = None

    @property
    def status(self) -> str:
        """Give the envelope's word for the exit code."""
        if self.exit_code in (ExitCode.DONE, ExitCode.PENDING):
            return "success"
        some = (ExitCode.PARTIAL, ExitCode.CONFLICTS, ExitCode.INTERRUPTED)
        return "partial" if self.exit_code in some else "error"

    @property
    def ended_by(self) -> str | None:
        """Give the code of the error that ended it early; None where none did."""
        mine = [e for e in self.errors if e.get("scope") == Scope.RUN]
        found = mine or (self.errors if self.status == "error" else [])
        return str(found[0].get("code")) if found else None


def error_entries(error: CaseferryError) -> list[dict[str, Any]]:
    """Give an error as it stands in the envelope; one for each problem of a file."""
    entry = {
        "code": error.code,
        "scope": str(error.scope),
        "fault": str(error.fault),
        "message": error.message,
        "hint": error.hint,
        "system": error.system,
        "key": error.key,
        "path": error.path,
        "http_status": error.http_status,
    }
    entry = {name: value for name, value in entry.items() if value is not None}
    problems = error.problems if isinstance(error, UserError) else ()
    if not problems:
        return [entry]
    return [
        entry | {"message": _problem_text(p.message, p.nearest), "path": p.path}
        for p in problems
    ]


def error_lines(error: CaseferryError) -> list[str]:
    """Give an error for a person: what is wrong, each problem, what to do."""
    lines = wrapped(f"Error: {error.message}", hanging="  ")
    for problem in error.problems if isinstance(error, UserError) else ():
        lines += wrapped(str(problem), "  ", "    ")
    return [*lines, *wrapped(f"Hint: {error.hint}", hanging="  ")]


def failure(error: CaseferryError) -> Result:
    """Give the result of a command that failed."""
    return Result(
        lines=error_lines(error),
        errors=error_entries(error),
        exit_code=error.exit_code,
    )


def usage(message: str, hint: str = "see `caseferry --help`") -> Result:
    """Give the result of a command that was typed wrongly."""
    return failure(UserError(message, hint=hint))


def internal_error(detail: str) -> Result:
    """Give the result of a fault of our own; no contents of records."""
    hint = "please report it; -v shows where it happened"
    entry = {
        "code": "internal-error",
        "scope": str(Scope.RUN),
        "fault": str(Fault.BUG),
        "message": f"internal error ({detail})",
        "hint": hint,
    }
    lines = [f"Error: internal error ({detail})", f"Hint: {hint}"]
    return Result(lines=lines, errors=[entry], exit_code=ExitCode.ERROR)


def _problem_text(message: str, nearest: str | None) -> str:
    return f"{message} (did you mean {nearest!r}?)" if nearest else message
