"""tenacity behind one narrow function: which attempt may be followed by another.

What was surely not executed is sent again, reads and writes alike. What may have been
executed is sent again only when it is a read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    wait_random_exponential,
)

from caseferry.adapters.clock import wait
from caseferry.adapters.exchange import Failure, Kind, Waiting
from caseferry.ports import Clock

T = TypeVar("T")

_chance = SystemRandom()
_JITTER_S = 5.0  # others who were told the same do not all come back at once


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRules:
    """How patient a client is.

    Attributes:
        max_attempts: of one request, the first included; limits are not counted.
        first_wait_s: upper end of the first random wait; it doubles.
        longest_wait_s: no random wait is longer.
        patience_s: how long one request waits for a limit, all waits together.
    """

    max_attempts: int = 6
    first_wait_s: float = 0.5
    longest_wait_s: float = 30.0
    patience_s: float = 7200.0


class _Budget:
    """What is left for one request."""

    def __init__(self, rules: RetryRules, *, may_repeat: bool) -> None:
        self._rules = rules
        self._may_repeat = may_repeat
        self._attempts = 0
        self._tokens = 1
        self._waited_s = 0.0

    def allows(self, failure: BaseException) -> bool:
        """Tell whether another attempt may follow, and book it."""
        if not isinstance(failure, Failure):
            return False
        match failure.kind:
            case Kind.LIMITED:
                self._waited_s += failure.wait_s or 0.0
                return self._waited_s <= self._rules.patience_s
            case Kind.UNAUTHORISED:
                self._tokens -= 1
                return self._tokens >= 0
            case Kind.UNSENT:
                return self._book()
            case Kind.LOST:
                return self._may_repeat and self._book()
            case Kind.FINAL:
                return False

    def _book(self) -> bool:
        self._attempts += 1
        return self._attempts < self._rules.max_attempts


class Retrier:
    """Repeats attempts by the rules; safe to use from several threads."""

    def __init__(
        self,
        rules: RetryRules,
        *,
        clock: Clock,
        limited: Callable[[float], None],
        waiting: Waiting | None = None,
    ) -> None:
        self._rules = rules
        self._clock = clock
        self._limited = limited
        self._waiting = waiting
        self._backoff = wait_random_exponential(
            multiplier=rules.first_wait_s, max=rules.longest_wait_s
        )

    def run(self, attempt: Callable[[bool], T], *, may_repeat: bool) -> T:
        """Attempt until success, or until no other attempt may follow.

        Args:
            attempt: sends the request; is told whether it was sent before.
            may_repeat: executing it twice does no harm.

        Raises:
            CaseSystemError: of the last attempt.
            Interrupted: the run was asked to stop between two attempts.
        """
        try:
            return attempt(False)  # noqa: FBT003 - the common path stays free of tenacity
        except Failure as failure:
            first = failure
        try:
            return self._repeat(first, attempt, may_repeat=may_repeat)
        except Failure as failure:
            raise failure.error from failure.__cause__

    def _repeat(
        self, first: Failure, attempt: Callable[[bool], T], *, may_repeat: bool
    ) -> T:
        pending: list[Failure] = [first]

        def follow() -> T:
            if pending:
                raise pending.pop()
            return attempt(True)  # noqa: FBT003 - as above

        budget = _Budget(self._rules, may_repeat=may_repeat)
        return Retrying(
            retry=retry_if_exception(budget.allows),
            wait=self._seconds,
            sleep=self._pause,
            reraise=True,
        )(follow)

    def _seconds(self, state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        if isinstance(failure, Failure):
            if failure.kind is Kind.LIMITED:
                # Every thread has to wait, so the limiter does the waiting.
                seconds = failure.wait_s or 0.0
                self._limited(seconds + min(seconds, _JITTER_S) * _chance.random())
                return 0.0
            if failure.kind is Kind.UNAUTHORISED:
                return 0.0
        return self._backoff(state)

    def _pause(self, seconds: float) -> None:
        if seconds <= 0:
            return
        if seconds > 1 and self._waiting is not None:
            self._waiting("trying again", seconds)
        wait(self._clock, seconds)
