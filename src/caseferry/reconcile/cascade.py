"""What a closed casemgr case and its activities tell about how and when it closed."""

from collections import Counter
from collections.abc import Iterable

from caseferry.model.record import Record
from caseferry.model.times import instant_of
from caseferry.reconcile.view import CLOSED, COMPLETED

_SECOND = len("2026-01-02T03:04:05")


def is_cascade(case: Record, activities: Iterable[Record]) -> bool:
    """Tell whether a closed case may only have closed with its last activity.

    No field says so. Closing a case completes everything in it that is open, at one
    instant; an agent completes one activity at a time. So only where several were
    completed last, within one second, somebody surely closed the case itself.
    """
    if case.text("status") != CLOSED:
        return False
    ends = Counter(
        instant_of(activity.version)[:_SECOND]
        for activity in activities
        if activity.text("status") == COMPLETED
    )
    return not ends or ends[max(ends)] <= 1


def is_emptied(case: Record, activities: Iterable[Record]) -> bool:
    """Tell whether a closed case that activities were moved out of may have closed so.

    Then nothing in it was completed when it closed.
    """
    at = instant_of(case.version)[:_SECOND]
    return not any(
        activity.text("status") == COMPLETED
        and instant_of(activity.version)[:_SECOND] == at
        for activity in activities
    )


def is_torn(case: Record, activities: Iterable[Record]) -> bool:
    """Tell whether a case and its activities were read on two sides of a change.

    A closed case holds nothing open: closing it completes everything in it, and a new
    activity opens it again.
    """
    ended = case.text("status") == CLOSED
    return ended and any(x.text("status") != COMPLETED for x in activities)
