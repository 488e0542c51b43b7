"""What a mapping does not cover, for a person."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from caseferry.mapping.coverage import Gap
from caseferry.model.direction import NAMES
from caseferry.report.text import number, plural, shorten, table, wrapped

SHOWN: Final = 40
"""How many rows a group shows; the JSON output has all."""
_GROUPS: Final = (
    ("quarantined", "Not covered: these records wait until a row names the value"),
    ("lost", "Not covered: these values are lost, by the mapping's own word"),
    ("left", "Not carried, and [stays_behind] has no word about it"),
    ("routed", "For information: the last route, or the route's assignee, gets these"),
)


def gap_data(gap: Gap) -> dict[str, Any]:
    """Give a gap as JSON data."""
    return {
        "system": gap.system.value,
        "entity": gap.entity,
        "field": gap.field,
        "value": gap.value,
        "records": gap.records,
        "path": gap.path,
        "outcome": gap.outcome,
    }


def coverage_lines(gaps: Sequence[Gap]) -> list[str]:
    """Show gaps in groups, by what happens to them; what waits for somebody first."""
    lines: list[str] = []
    for outcome, title in _GROUPS:
        own = [gap for gap in gaps if gap.outcome == outcome]
        if not own:
            continue
        lines += ["", *wrapped(title)]
        lines += table(
            [_row(gap) for gap in own[:SHOWN]],
            ("records", "what occurs", "where a line would stand"),
            right=frozenset({0}),
        )
        if len(own) > SHOWN:
            lines.append(
                f"  and {plural(len(own) - SHOWN, 'more', 'more')}; see --json"
            )
    return lines


def ask_lines(asked: Iterable[tuple[str, str, int]]) -> list[str]:
    """Show what has to be filled in: path, what it is about, records."""
    lines: list[str] = []
    for path, why, records in asked:
        seen = f" ({plural(records, 'record')})" if records else ""
        lines += wrapped(f"{shorten(path, 74)}{seen}", "  ", "    ")
        lines += wrapped(shorten(why, 200), "      ", "      ")
    return lines


def _row(gap: Gap) -> tuple[str, str, str]:
    what = f"{NAMES[gap.system]} {gap.entity} {shorten(gap.field, 28)}"
    if gap.value is not None:
        what += f' "{shorten(gap.value, 24)}"' if gap.value else " (none)"
    return number(gap.records), what, shorten(gap.path, 60)
