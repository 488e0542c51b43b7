"""A plan as lines for a person and as one digest for a machine."""

from collections.abc import Callable, Mapping
from typing import Final

from caseferry.model.action import Action, ActionKind, FieldChange, GroupPlan
from caseferry.model.correlation import Role
from caseferry.model.record import Key
from caseferry.report.text import WIDTH, shown, visible, wrapped

SYMBOLS: Final[Mapping[ActionKind, str]] = {
    ActionKind.CREATE: "+",
    ActionKind.UPDATE: "~",
    ActionKind.NOTE: "~",
    ActionKind.COMPLETE: "-",
    ActionKind.CLOSE: "-",
    ActionKind.REOPEN: "+",
    ActionKind.UNCHANGED: "=",
    ActionKind.OUT_OF_SCOPE: "=",
    ActionKind.CONFLICT: "?",
    ActionKind.WAITING: "!",
    ActionKind.SET_ASIDE: "!",
    ActionKind.QUARANTINE: "!",
    ActionKind.UNCERTAIN: "!",
}
LEGEND: Final = "+ make   ~ change   - finish   = leave as is   ! hold   ? ask"
QUIET: Final = frozenset({ActionKind.UNCHANGED, ActionKind.OUT_OF_SCOPE})
_NAMES: Final = {Role.CASE: "case", Role.TASK: "task", Role.OPENER: "opener"}
NameOf = Callable[[Key], str]
"""Gives the number that people see, or ""."""


class PlanLines:
    """Collects the first actions of a plan as lines, and counts the others.

    Attributes:
        left: actions that were not shown.
    """

    def __init__(self, name_of: NameOf, most: int | None) -> None:
        """Take how to name records, and how many actions to show; None is all."""
        self._name_of = name_of
        self._most = most
        self._count = 0
        self.lines: list[str] = []
        self.left = 0

    def add(self, plan: GroupPlan) -> None:
        """Add what one group's plan holds beside "unchanged"."""
        for action in plan.actions:
            if action.kind in QUIET:
                continue
            if self._most is not None and self._count >= self._most:
                self.left += 1
                continue
            self._count += 1
            self.lines += action_lines(action, self._name_of(action.key))


def action_lines(action: Action, name: str = "") -> list[str]:
    """Give one action: a line with its symbol, then one for each field."""
    head = f"{SYMBOLS[action.kind]} {action.kind.replace('_', ' ')} "
    head += f"{_NAMES[action.role]} {name} {action.key}".replace("  ", " ")
    head = visible(head)
    lines = _with_tail(head, _counterpart(action))
    if action.reason and not action.is_request:
        why = f"{action.code}: {action.reason}" if action.code else action.reason
        lines += wrapped(why, "    ", "      ")
    lines += [_change_line(change) for change in _changes(action)]
    lines += _draft_lines(action)
    if action.losses:
        rules = ", ".join(sorted({loss.rule for loss in action.losses}))
        lines += wrapped(f"lost: {rules}", "    ", "      ")
    return lines


def _draft_lines(action: Action) -> list[str]:
    """Say where a new activity lands, and whom its case is for."""
    draft = action.draft
    if draft is None:
        return []
    place = f"{draft.department}, {draft.subtype}, {draft.assignee}"
    lines = wrapped(f"lands in {place}", "    ", "      ")
    if draft.case is None:
        customer = draft.customer
        how = "made with" if customer.create else "found by"
        text = f"customer {how} {customer.attribute} {shown(customer.value)}"
        lines += wrapped(text, "    ", "      ")
    return lines


def _counterpart(action: Action) -> str:
    if action.counterpart is not None:
        return f"-> {action.counterpart}"
    return "-> new" if action.kind is ActionKind.CREATE else ""


def _with_tail(head: str, tail: str) -> list[str]:
    if not tail:
        return [head]
    line = f"{head} {visible(tail)}"
    return [line] if len(line) <= WIDTH else [head, f"    {visible(tail)}"]


def _changes(action: Action) -> tuple[FieldChange, ...]:
    if action.changes or action.draft is None:
        return action.changes
    return tuple(
        FieldChange(name=name, before=None, after=value)
        for name, value in action.draft.fields.items()
    )


def _change_line(change: FieldChange) -> str:
    after = shown(change.after)
    if change.before is None:
        return f"    {visible(change.name)}: {after}"
    return f"    {visible(change.name)}: {shown(change.before)} -> {after}"
