"""A plan as lines for a person and as one digest for a machine."""

from collections.abc import Callable, Mapping
from typing import Final

from caseferry.model.action import WRITES, Action, ActionKind, FieldChange, GroupPlan
from caseferry.model.correlation import Role
from caseferry.model.record import Key
from caseferry.report.text import WIDTH, columns, shorten, shown, visible, wrapped

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
_ROLES: Final = {Role.CASE: "case", Role.TASK: "task", Role.OPENER: "opener"}
NameOf = Callable[[Key], str]
"""Gives the number that people see, or ""."""


class PlanLines:
    """Collects the first actions of a plan as lines, and counts the others.

    Attributes:
        left: actions that were not shown.
    """

    def __init__(
        self, name_of: NameOf, most: int | None, *, fields: bool = False
    ) -> None:
        """Take what to show.

        Args:
            name_of: how to name records.
            most: how many actions; None is all.
            fields: each field of an action on a line of its own, and the keys.
        """
        self._name_of = name_of
        self._most = most
        self._fields = fields
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
            self.lines += self._shown(action)

    def _shown(self, action: Action) -> list[str]:
        name = self._name_of(action.key)
        if self._fields:
            return action_lines(action, name)
        other = action.counterpart
        return [action_line(action, name, self._name_of(other) if other else "")]


def action_line(action: Action, name: str = "", counterpart: str = "") -> str:
    """Give one action on one line: what, to which record, which fields, what is lost.

    Args:
        action: what would happen.
        name: the number people see, else its key is shown.
        counterpart: the same of the target record.
    """
    line = f"{_head(action)} {name or action.key}"
    if action.kind is ActionKind.CREATE:
        line += " -> new"
    elif action.counterpart is not None:
        line += f" -> {counterpart or action.counterpart}"
    if what := _what(action):
        line += f": {what}"
    if action.losses:
        line += f"; lost: {_rules(action)}"
    return shorten(line, WIDTH)


def _what(action: Action) -> str:
    """Say which fields an update changes, or why nothing happens."""
    if action.kind in (ActionKind.UPDATE, ActionKind.NOTE):
        return ", ".join(change.name for change in action.changes)
    return "" if action.is_request or action.kind in WRITES else action.code


def _head(action: Action) -> str:
    kind = action.kind.replace("_", " ")
    return f"{SYMBOLS[action.kind]} {kind} {_ROLES[action.role]}"


def _rules(action: Action) -> str:
    return ", ".join(sorted({loss.rule for loss in action.losses}))


def action_lines(action: Action, name: str = "") -> list[str]:
    """Give one action in full: a line with its symbol, then one for each field."""
    head = visible(" ".join(filter(None, (_head(action), name, action.key))))
    lines = _with_tail(head, _counterpart(action))
    if action.reason and not action.is_request:
        why = f"{action.code}: {action.reason}" if action.code else action.reason
        lines += wrapped(why, "    ", "      ")
    for change in _changes(action):
        lines += _change_lines(change)
    lines += _draft_lines(action)
    if action.losses:
        lines += wrapped(f"lost: {_rules(action)}", "    ", "      ")
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
    return [line] if columns(line) <= WIDTH else [head, f"    {visible(tail)}"]


def _changes(action: Action) -> tuple[FieldChange, ...]:
    if action.changes or action.draft is None:
        return action.changes
    return tuple(
        FieldChange(name=name, before=None, after=value)
        for name, value in action.draft.fields.items()
    )


def _change_lines(change: FieldChange) -> list[str]:
    name, after = f"    {visible(change.name)}:", shown(change.after)
    is_new = change.before is None
    parts = [after] if is_new else [shown(change.before), f"-> {after}"]
    line = " ".join((name, *parts))
    if columns(line) <= WIDTH:
        return [line]
    return [name, *(f"      {part}" for part in parts)]
