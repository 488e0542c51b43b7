"""The schedule, by random runs: on time, one a slot, slower after failures."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from caseferry.model.schedule import (
    BACK_OFF_MOST_S,
    JITTER_MOST_S,
    JITTER_SHARE,
    Schedule,
    Slot,
)

schedules = st.builds(
    Schedule,
    interval_s=st.floats(1.0, 100_000.0),
    began_s=st.floats(0.0, 1e9),
    seed=st.text(max_size=3),
)
lengths = st.lists(
    st.tuples(st.floats(0.0, 200_000.0), st.integers(0, 80)), min_size=1, max_size=20
)


def jitter_s(schedule: Schedule) -> float:
    return min(JITTER_MOST_S, schedule.interval_s * JITTER_SHARE)


def walked(
    schedule: Schedule, runs: list[tuple[float, int]]
) -> list[tuple[Slot, float]]:
    """Give each slot with the moment at which its run ended."""
    slot, found = schedule.first(), []
    for length_s, failures in runs:
        ended = slot.due_s + length_s
        found.append((slot, ended))
        slot = schedule.after(slot, ended, failures)
    return [*found, (slot, slot.due_s)]


@given(schedules, lengths)
def test_no_run_starts_early_or_twice_in_a_slot(
    schedule: Schedule, runs: list[tuple[float, int]]
) -> None:
    """Numbers grow, nothing is due in the past, and the jitter stays in its bounds."""
    slack = 1e-6 * max(1.0, schedule.began_s)

    for (slot, ended), (following, _) in pairwise(walked(schedule, runs)):
        assert following.number > slot.number
        assert following.due_s >= ended
        begin = schedule.began_s + following.number * schedule.interval_s
        assert -slack <= following.due_s - begin <= jitter_s(schedule) + slack


@given(schedules, lengths)
def test_missed_slots_are_left_out_and_no_other(
    schedule: Schedule, runs: list[tuple[float, int]]
) -> None:
    """Without failures the next run is the first that is not over: no drift."""
    runs = [(length_s, 0) for length_s, _ in runs]

    for (slot, ended), (following, _) in pairwise(walked(schedule, runs)):
        wait_s = following.due_s - ended
        assert wait_s <= schedule.interval_s + jitter_s(schedule) + 1
        if ended < schedule.began_s + (slot.number + 1) * schedule.interval_s:
            assert following.number == slot.number + 1


@given(schedules, st.integers(2, 80))
def test_failures_double_the_wait_up_to_a_bound(
    schedule: Schedule, failures: int
) -> None:
    """A wait grows with each failure, stays below the bound, and a success ends it."""
    first = schedule.first()
    steps = [
        schedule.after(first, first.due_s, n).number for n in (0, 1, failures, 1000)
    ]
    before = schedule.after(first, first.due_s, failures - 1).number

    assert steps[0] == steps[1] == 1
    assert before <= steps[2] <= 2 * before
    assert steps[2] <= steps[3] <= max(1, BACK_OFF_MOST_S / schedule.interval_s)
    assert steps[3] * 2 > BACK_OFF_MOST_S / schedule.interval_s - 2


@given(schedules, st.floats(0.0, 1e6))
def test_no_run_is_due_sooner_than_a_pass_takes(
    schedule: Schedule, pass_s: float
) -> None:
    """The interval is stretched to whole slots, and to no more than it takes."""
    first = schedule.first()
    step = schedule.after(first, first.due_s, pass_s=pass_s).number

    assert step * schedule.interval_s >= pass_s * (1 - 1e-9)
    assert (step - 1) * schedule.interval_s <= max(pass_s, 0.0)


def test_the_same_values_give_the_same_moment_and_seeds_spread() -> None:
    """The jitter is a value of the seed and the slot, not of chance."""
    moments = {
        Schedule(interval_s=300.0, began_s=7.0, seed=str(seed))
        .after(Slot(0, 7.0), 8.0)
        .due_s
        for seed in [*range(100), *range(100)]
    }

    assert len(moments) == 100
    assert min(moments) < 310
    assert 334 < max(moments) <= 337
