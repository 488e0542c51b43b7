"""A plan as rows of a table: one for each field of each action."""

from collections.abc import Iterable, Iterator
from typing import Final

from caseferry.model.action import Action
from caseferry.report.plan import ROLES, NameOf, changes_of
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
Row = tuple[str | tuple[str, ...] | None, ...]
"""Cells in the order of `HEADER`, as they are; `csv_lines` makes them safe."""


def plan_rows(order: int, action: Action, number: str = "") -> Iterator[Row]:
    """Give the rows of one action: one for each field, or one without a field.

    Args:
        order: its place in the plan, from 1.
        action: what would happen.
        number: the number that people see, or "".
    """
    losses = ", ".join(sorted({loss.rule for loss in action.losses}))
    reason = f"{action.code}: {action.reason}" if action.code else action.reason
    head = (
        str(order),
        action.kind,
        ROLES[action.role],
        action.key,
        number,
        action.counterpart,
    )
    fields: list[Row] = [(c.name, c.before, c.after) for c in changes_of(action)]
    for field in fields or [(None, None, None)]:
        yield (*head, *field, reason, losses)


def plan_csv(actions: Iterable[Action], name_of: NameOf) -> Iterator[str]:
    """Give a whole plan as CSV, line by line; nothing is kept in memory."""
    rows = (
        row
        for order, action in enumerate(actions, 1)
        for row in plan_rows(order, action, name_of(action.key))
    )
    return csv_lines(HEADER, rows)
