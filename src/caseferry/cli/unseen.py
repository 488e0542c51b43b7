"""What no API shows of two tenants: a named person confirms it, with the mapping."""

from collections.abc import Mapping, Sequence
from typing import Final

from caseferry.model.acceptance import Acceptance
from caseferry.model.direction import NAMES, Direction
from caseferry.report.text import local_time, wrapped

UNSEEN: Final[Mapping[Direction, tuple[str, ...]]] = {
    Direction.TO_CASEMGR: (
        "No mail leaves casemgr when an activity or a case is created or closed",
        "No workflow takes the client application's activities away, or hands them on",
        "No category has to be set before an activity can be completed",
        'The mapping\'s most_urgent is right: agents see which of "1" and "7" it is',
    ),
    Direction.TO_KORE: (
        "No mail or message leaves Kore when a case or a task is created or closed",
        "No template of Kore makes tasks of its own while cases are carried",
        "No routing or escalation of Kore hands on what is created",
    ),
}

WHOLE: Final = tuple(text for texts in UNSEEN.values() for text in texts)
"""Everything that is to be confirmed, both ways."""


def unseen_lines() -> list[str]:
    """Give it for a person, by direction."""
    lines: list[str] = []
    for way, texts in UNSEEN.items():
        lines.append(f"  {NAMES[way.source]} to {NAMES[way.target]}:")
        for text in texts:
            lines += wrapped(f"- {text}", "    ", "      ")
    return lines


def unseen_data() -> dict[str, Sequence[str]]:
    """Give it as JSON data, by direction."""
    return {str(way): list(texts) for way, texts in UNSEEN.items()}


def confirmed_line(accepted: Acceptance | None) -> list[str]:
    """Say who confirmed it, or how to."""
    if accepted is not None and set(WHOLE) <= set(accepted.confirmed):
        text = f"Confirmed by {accepted.by} on {local_time(accepted.at)}."
    else:
        text = "Confirm them: `caseferry mapping accept --by NAME`"
    return wrapped(text, "  ", "    ")
