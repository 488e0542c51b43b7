"""A plan as rows of a table: one for each field of each action."""

from collections.abc import Iterable, Iterator
from typing import Final

from caseferry.planfile.shape import ActionLine, Redacted, Shown
from caseferry.report.sheet import csv_lines

HEADER: Final = (
    "order",
    "kind",
    "role",
    "key",
    "number",
    "counterpart",
    "field",
    "before",
    "after",
    "reason",
    "losses",
)
Cell = str | tuple[str, ...] | None
Row = tuple[Cell, ...]
"""Cells in the order of `HEADER`, as they are; `csv_lines` makes them safe."""


def plan_rows(line: ActionLine) -> Iterator[Row]:
    """Give the rows of one action: one for each field, or one without a field.

    Where a create lands, and the text of a note, are fields too: `lands: department`,
    `note`.
    """
    losses = ", ".join(sorted({loss.rule for loss in line.losses}))
    reason = ": ".join(filter(None, (line.code, line.reason)))
    head = (str(line.order), line.kind, line.role, line.key, line.name)
    fields: list[Row] = [
        (each.name, _cell(each.before), _cell(each.after)) for each in line.changes
    ]
    fields += [(f"lands: {name}", None, _cell(to)) for name, to in line.lands.items()]
    if line.note is not None:
        fields.append(("note", None, _cell(line.note)))
    for field in fields or [(None, None, None)]:
        yield (*head, line.counterpart, *field, reason, losses)


def plan_csv(lines: Iterable[ActionLine]) -> Iterator[str]:
    """Give a plan as CSV, line by line; nothing is kept in memory."""
    return csv_lines(HEADER, (row for line in lines for row in plan_rows(line)))


def _cell(value: Shown | None) -> Cell:
    return f"redacted {value.redacted}" if isinstance(value, Redacted) else value
