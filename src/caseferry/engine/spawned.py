"""Which tasks in Kore its templates made by themselves."""

from collections.abc import Iterable
from datetime import timedelta

from caseferry.model.link import Link
from caseferry.model.marker import marks_of
from caseferry.model.record import Key, Record, System
from caseferry.model.times import parse_time

WAIT_S = 10.0
"""Until a template's tasks are there; the documents name no time."""
_CREATED = "createdAt"


def spawned_in(
    case: Record, tasks: Iterable[Record], link: Link | None
) -> frozenset[Key]:
    """Give the tasks that came with a case that we made in Kore, and not from us.

    Nothing but their time tells; so they stay known, also where the state was lost.

    Args:
        case: as Kore shows it.
        tasks: in it.
        link: of the case.
    """
    made = case.text(_CREATED)
    if link is None or link.made_in is not System.KORE or not made:
        return frozenset()
    until = parse_time(made) + timedelta(seconds=WAIT_S)
    return frozenset(
        task.key
        for task in tasks
        if not marks_of(task)
        and (came := task.text(_CREATED))
        and parse_time(came) <= until
    )
