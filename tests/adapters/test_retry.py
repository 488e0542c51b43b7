"""Which attempt may be followed by another."""

from collections.abc import Callable

import pytest

from adapters.rig import FakeClock
from caseferry.adapters.exchange import Failure, Kind
from caseferry.adapters.retry import Retrier, RetryRules
from caseferry.errors import (
    AuthFailed,
    CaseSystemError,
    InDoubt,
    Interrupted,
    RateLimited,
    Refused,
    Unreachable,
)

ERRORS: dict[Kind, type[CaseSystemError]] = {
    Kind.UNSENT: Unreachable,
    Kind.LIMITED: RateLimited,
    Kind.UNAUTHORISED: AuthFailed,
    Kind.LOST: InDoubt,
    Kind.FINAL: Refused,
}


class Script:
    """An attempt that fails as told, then succeeds; counts itself."""

    def __init__(self, *kinds: Kind, wait_s: float = 30.0) -> None:
        self.kinds = list(kinds)
        self.wait_s = wait_s
        self.again: list[bool] = []

    def __call__(self, again: bool) -> str:  # noqa: FBT001 - the retrier's signature
        self.again.append(again)
        if not self.kinds:
            return "done"
        kind = self.kinds.pop(0)
        wait_s = self.wait_s if kind is Kind.LIMITED else None
        raise Failure(kind, ERRORS[kind]("no"), wait_s=wait_s)


def retrier(
    clock: FakeClock, limited: Callable[[float], None] | None = None, **rules: float
) -> Retrier:
    made = RetryRules(**rules)  # type: ignore[arg-type]
    return Retrier(made, clock=clock, limited=limited or clock.sleep)


@pytest.mark.parametrize("may_repeat", [True, False])
@pytest.mark.parametrize("kind", [Kind.UNSENT, Kind.LIMITED, Kind.UNAUTHORISED])
def test_not_executed_is_sent_again(
    kind: Kind,
    may_repeat: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """What was surely not executed is sent again, reads and writes alike."""
    script = Script(kind)

    result = retrier(FakeClock()).run(script, may_repeat=may_repeat)

    assert (result, script.again) == ("done", [False, True])


def test_lost_read_is_sent_again() -> None:
    """A read whose reply was lost is sent again."""
    script = Script(Kind.LOST, Kind.LOST)

    assert retrier(FakeClock()).run(script, may_repeat=True) == "done"
    assert len(script.again) == 3


def test_lost_write_is_sent_once() -> None:
    """A write that may have been executed is never sent a second time."""
    script = Script(Kind.LOST)

    with pytest.raises(InDoubt):
        retrier(FakeClock()).run(script, may_repeat=False)
    assert script.again == [False]


def test_lost_after_unsent() -> None:
    """A write is sent again after a refused connection, and not after that is lost."""
    script = Script(Kind.UNSENT, Kind.LOST)

    with pytest.raises(InDoubt):
        retrier(FakeClock()).run(script, may_repeat=False)
    assert len(script.again) == 2


@pytest.mark.parametrize("attempts", [1, 2, 6])
def test_attempts_are_bounded(attempts: int) -> None:
    """No more than `max_attempts` requests leave, the first included."""
    script = Script(*[Kind.UNSENT] * 10)

    with pytest.raises(Unreachable):
        retrier(FakeClock(), max_attempts=attempts).run(script, may_repeat=True)
    assert len(script.again) == attempts


def test_decided_is_final() -> None:
    """What the server has decided is not asked again."""
    script = Script(Kind.FINAL)

    with pytest.raises(Refused):
        retrier(FakeClock()).run(script, may_repeat=True)
    assert script.again == [False]


def test_one_fresh_token() -> None:
    """A second refusal of the credentials, with a fresh token, is final."""
    script = Script(Kind.UNAUTHORISED, Kind.UNAUTHORISED)

    with pytest.raises(AuthFailed):
        retrier(FakeClock()).run(script, may_repeat=True)
    assert len(script.again) == 2


def test_limits_have_their_own_patience() -> None:
    """Waiting for a limit uses up no attempts, but the patience for limits."""
    clock = FakeClock()
    script = Script(*[Kind.LIMITED] * 100, wait_s=600)

    with pytest.raises(RateLimited):
        retrier(clock, max_attempts=2, patience_s=3600).run(script, may_repeat=False)
    assert len(script.again) == 7
    assert 3600 <= clock.elapsed <= 3600 + 6 * 5


def test_backoff_is_random_and_capped() -> None:
    """Waits between attempts never exceed the cap, and differ."""
    clock = FakeClock()
    script = Script(*[Kind.UNSENT] * 30)

    with pytest.raises(Unreachable):
        retrier(clock, max_attempts=30, longest_wait_s=4).run(script, may_repeat=True)
    assert max(clock.slept) <= 4
    assert len(set(clock.slept)) > 10


def test_stop_ends_retrying() -> None:
    """When the run is asked to stop, no other attempt is made."""
    clock = FakeClock()
    clock.wakes_early = True
    script = Script(*[Kind.UNSENT] * 3)

    with pytest.raises(Interrupted):
        retrier(clock, first_wait_s=1000.0, longest_wait_s=1000.0).run(
            script, may_repeat=True
        )
    assert len(script.again) == 1


def test_cause_is_kept() -> None:
    """What went wrong below stays visible to `-v`."""

    def attempt(again: bool) -> str:  # noqa: FBT001 - the retrier's signature
        reason = OSError(f"refused, again={again}")
        raise Failure(Kind.FINAL, Refused("no")) from reason

    with pytest.raises(Refused) as caught:
        retrier(FakeClock()).run(attempt, may_repeat=True)
    assert isinstance(caught.value.__cause__, OSError)
