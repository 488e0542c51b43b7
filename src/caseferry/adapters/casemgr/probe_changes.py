"""Whether casemgr can be asked for what changed within a time."""

from collections.abc import Callable, Sequence
from typing import Any

from caseferry.errors import NotFound, Refused
from caseferry.model.record import Record
from caseferry.model.times import instant_of

Row = dict[str, Any]
Found = tuple[object, str] | str


def by_window(
    known: Sequence[Record],
    ask: Callable[[str], list[Row]],
    shape: Callable[[Row], Record],
) -> Found:
    """Ask for the instant of one record's change: it has to come, and no other time's.

    Args:
        known: some records of the listing.
        ask: for a range of times.
        shape: reads a row.
    """
    stamps = {record.key: instant_of(record.version) for record in known}
    times = sorted(set(stamps.values()) - {""})
    if len(times) < 2:  # noqa: PLR2004 - one to come, and one to stay out
        return "no two records that changed at different times were seen"
    middle = times[len(times) // 2]
    try:
        rows = ask(f"[{middle},{middle}]")
    except (Refused, NotFound) as error:
        return "unsupported", f"a range of times is refused: {error.code}"
    shown = {record.key for record in map(shape, rows)}
    wanted = {key for key, stamp in stamps.items() if stamp == middle}
    others = {key for key, stamp in stamps.items() if stamp != middle}
    if shown & others:
        return "ignored", "a record of another time came"
    if not wanted & shown:
        return "nothing", "the record of that time did not come"
    return "honest", "the record of that time came, and none of another"
