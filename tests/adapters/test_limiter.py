"""How fast requests may leave."""

import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.rig import FakeClock
from caseferry.adapters.clock import SystemClock
from caseferry.adapters.limiter import Limiter
from caseferry.errors import Interrupted


def sent_at(limiter: Limiter, clock: FakeClock, count: int) -> list[float]:
    times = []
    for _ in range(count):
        limiter.acquire()
        times.append(clock.elapsed)
    return times


def test_off_never_waits() -> None:
    """Without limits nothing ever waits."""
    clock = FakeClock()

    times = sent_at(Limiter("kore", clock=clock), clock, 1000)

    assert times[-1] == 0


@given(
    per_minute=st.integers(1, 9),
    per_hour=st.integers(1, 30),
    gaps=st.lists(st.floats(0, 90), min_size=1, max_size=60),
)
def test_windows_hold(per_minute: int, per_hour: int, gaps: list[float]) -> None:
    """No window of a minute or an hour ever holds more than it may."""
    clock = FakeClock()
    limiter = Limiter("k", clock=clock, per_minute=per_minute, per_hour=per_hour)
    times = []
    for gap in gaps:
        clock.pass_by(gap)
        limiter.acquire()
        times.append(clock.elapsed)

    for span, limit in ((60, per_minute), (3600, per_hour)):
        for first, beyond in zip(times, times[limit:], strict=False):
            assert beyond - first >= span - 1e-6


def test_no_faster_no_slower() -> None:
    """The next request leaves as soon as the window lets it."""
    clock = FakeClock()
    limiter = Limiter("kore", clock=clock, per_minute=2)

    assert sent_at(limiter, clock, 5) == pytest.approx([0, 0, 60, 60, 120])


def test_held_by_the_server() -> None:
    """Nobody sends before the time the server named, and then at once."""
    clock = FakeClock()
    limiter = Limiter("kore", clock=clock)
    limiter.hold_until(clock.monotonic() + 30)
    limiter.hold_until(clock.monotonic() + 10)

    assert sent_at(limiter, clock, 2) == pytest.approx([30, 30])


def test_tells_long_waits_once() -> None:
    """A wait of more than a second is told once, however many threads share it."""
    told: list[tuple[str, float]] = []
    clock = SystemClock()
    limiter = Limiter(
        "kore", clock=clock, waiting=lambda reason, s: told.append((reason, s))
    )
    limiter.hold_until(clock.monotonic() + 1.2)

    threads = [threading.Thread(target=limiter.acquire) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)

    assert [reason for reason, _ in told] == ["kore: the server's limit"]
    assert 1 < told[0][1] <= 1.2


def test_short_waits_are_not_told() -> None:
    """A wait of less than a second is nobody's business."""
    told: list[float] = []
    clock = FakeClock()
    limiter = Limiter("k", clock=clock, waiting=lambda _, s: told.append(s))
    limiter.hold_until(clock.monotonic() + 0.9)

    limiter.acquire()

    assert told == []


def test_counts_waited_seconds() -> None:
    """Time spent waiting is summed, for metrics."""
    waited: list[float] = []
    clock = FakeClock()
    limiter = Limiter("k", clock=clock, per_minute=1, waited=waited.append)

    sent_at(limiter, clock, 3)

    assert sum(waited) == pytest.approx(120)


def test_stop_ends_the_wait() -> None:
    """A clock that wakes early means stop: the request is not sent."""
    clock = FakeClock()
    limiter = Limiter("kore", clock=clock, per_minute=1)
    limiter.acquire()
    clock.wakes_early = True

    with pytest.raises(Interrupted):
        limiter.acquire()


def test_threads_share_one_budget() -> None:
    """Many threads together stay within the window."""
    clock = FakeClock()
    limiter = Limiter("kore", clock=clock, per_minute=5)
    times: list[float] = []

    def work() -> None:
        for _ in range(5):
            limiter.acquire()
            times.append(clock.elapsed)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    # A virtual clock runs ahead for all threads at once, so only the count is sharp.
    assert len(times) == 20
    assert clock.elapsed >= 180 - 1e-6
    assert all(a <= b for a, b in pairwise(sorted(times)))
