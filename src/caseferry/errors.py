"""Every error that caseferry raises on purpose, drawn as an outline.

CaseferryError
  UserError                 the operator has to act; shown without a traceback
    ConfigError             configuration, environment or secrets
    MappingError            the mapping file
    StateError              the state file cannot be used
    Locked                  another run holds the state
  CaseSystemError           one of the two systems answered, or did not
    Unreachable             no connection was made: not executed
    RateLimited             a recognised limit: not executed
    AuthFailed              the credentials were refused: not executed
    Forbidden               a permission or scope is missing
    Refused                 the request is wrong for this record
      FirstGroupRefused     so it may be for every record: the run ends
    NotFound                no such record, or not visible
    VersionMismatch         the record moved since it was read
    InDoubt                 a write whose outcome is unknown
    Unexpected              the reply made no sense
  SafetyStop                a guard refused
  Interrupted               the operator asked to stop
  InvariantBroken           a promise of caseferry's own broke

Each class answers, through attributes, what it is (`code`), how much has to stop
(`scope`), who has to act (`fault`) and what to do next (`hint`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """How much has to stop."""

    RECORD = "record"
    RUN = "run"


class Fault(StrEnum):
    """Who has to act."""

    OPERATOR = "operator"
    SYSTEM = "system"
    BUG = "bug"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in a file that a person wrote.

    Attributes:
        path: where, as dotted keys: `priority.names.High`.
        message: what is wrong and what was expected, in a sentence.
        nearest: the nearest valid name, when there is one.
    """

    path: str
    message: str
    nearest: str | None = None

    def __str__(self) -> str:
        """Give one line for a person."""
        tail = f" (did you mean {self.nearest!r}?)" if self.nearest else ""
        return f"{self.path}: {self.message}{tail}"


class CaseferryError(Exception):
    """The root; never raised itself."""

    code = "error"
    scope = Scope.RUN
    fault = Fault.SYSTEM
    exit_code = 1
    hint = "run the command again with -v and look at the last lines"

    def __init__(  # noqa: PLR0913 - each is one part of what a user is told
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str | None = None,
        system: str | None = None,
        key: str | None = None,
        path: str | None = None,
        http_status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.system = system
        self.key = key
        self.path = path
        self.http_status = http_status
        if hint is not None:
            self.hint = hint
        if code is not None:
            self.code = code


class UserError(CaseferryError):
    """What was typed or written down cannot be done; may carry a list of problems."""

    code = "usage"
    fault = Fault.OPERATOR
    exit_code = 2
    hint = "see `caseferry --help`"

    def __init__(
        self, message: str, *, problems: Sequence[Problem] = (), **context: str | None
    ) -> None:
        super().__init__(message, **context)  # type: ignore[arg-type]
        self.problems = tuple(problems)


class ConfigError(UserError):
    """Configuration, environment or secrets are wrong; all problems at once."""

    code = "config-invalid"
    hint = "mend the configuration, then run `caseferry check --offline`"


class MappingError(UserError):
    """The mapping file is wrong; all problems at once."""

    code = "mapping-invalid"
    hint = "mend the mapping, then run `caseferry mapping check`"


class StateError(UserError):
    """The state file cannot be used: corrupt, newer, read-only, another pair, full."""

    code = "state-unusable"
    exit_code = 1
    hint = "see `caseferry help state`"


class Locked(UserError):
    """Another run holds the state."""

    code = "state-locked"
    exit_code = 7
    hint = "wait for the other run to end; `caseferry status` shows it"


class CaseSystemError(CaseferryError):
    """A system answered with an error, or did not answer."""

    code = "system-error"
    hint = "try again later; `caseferry check` tells what is wrong"


class Unreachable(CaseSystemError):
    """No connection was made, so nothing was executed."""

    code = "unreachable"
    exit_code = 7
    hint = "check base_url, the network and HTTPS_PROXY, then run the command again"


class RateLimited(CaseSystemError):
    """A recognised limit, beyond patience; nothing was executed."""

    code = "rate-limited"
    exit_code = 7
    hint = "lower requests_per_minute and requests_per_hour, or run again later"


class AuthFailed(CaseSystemError):
    """The credentials were refused, also with a fresh token."""

    code = "auth-failed"
    fault = Fault.OPERATOR
    hint = "check client_id and the secret, then run `caseferry check`"


class Forbidden(CaseSystemError):
    """A permission or scope is missing on the system."""

    code = "forbidden"
    fault = Fault.OPERATOR
    hint = "grant the permission or scope named in the message, run `caseferry check`"


class Refused(CaseSystemError):
    """The request is wrong for this record; it goes to quarantine."""

    code = "refused"
    scope = Scope.RECORD
    fault = Fault.OPERATOR
    hint = "mend the record or the mapping; `caseferry quarantine` lists what waits"


class FirstGroupRefused(Refused):
    """The first case group was refused; the run ends before it tries the others."""

    code = "first-group-refused"
    scope = Scope.RUN
    hint = "mend what the message names, run `caseferry check`, then run again"


class NotFound(CaseSystemError):
    """No such record, or it is not visible to these credentials."""

    code = "not-found"
    scope = Scope.RECORD
    hint = "check the id, and that these credentials may see the record"


class VersionMismatch(CaseSystemError):
    """The record moved since it was read; to be read and planned again."""

    code = "version-mismatch"
    scope = Scope.RECORD
    hint = "run the command again: it reads the record anew"


class InDoubt(CaseSystemError):
    """A write whose outcome is unknown: it is settled, never simply repeated."""

    code = "in-doubt"
    scope = Scope.RECORD
    hint = "run the command again: what became of the write is settled first"


class Unexpected(CaseSystemError):
    """A reply to a read that made no sense."""

    code = "unexpected-reply"
    hint = "a gateway may be in between; run `caseferry check`, or try again later"


class SafetyStop(CaseferryError):
    """A guard refused; nothing more is written."""

    code = "guard"
    fault = Fault.OPERATOR
    exit_code = 5

    def __init__(self, guard: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(
            message, hint=hint or f"if this is meant, add --allow {guard}", code=guard
        )
        self.guard = guard


class Interrupted(CaseferryError):
    """The operator asked to stop; what was in flight is finished and recorded."""

    code = "interrupted"
    fault = Fault.OPERATOR
    exit_code = 130
    hint = "run the command again: it goes on where it was"


class InvariantBroken(CaseferryError):
    """A promise of caseferry's own broke."""

    code = "invariant-broken"
    fault = Fault.BUG
    hint = "please report this with the output of `caseferry status --json`"
