"""The names that a plan writes to Kore, and whether the ids behind them are known."""

from collections import Counter
from typing import Final, Literal

from caseferry.engine.context import Context
from caseferry.model.action import GroupPlan
from caseferry.reconcile.guard import GuardFigure

Kind = Literal["status", "priority", "field"]
GUARD: Final = "ids-unknown"
_FIELD = "field."


class Vocabulary:
    """Collects what is written by name; Kore takes it only by id."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._unknown: Counter[tuple[Kind, str]] = Counter()

    def add(self, plan: GroupPlan) -> None:
        """Note the names in the updates of a plan whose ids are not known."""
        for action in plan.actions:
            for change in action.changes if action.is_request else ():
                named = _named(change.name, change.after)
                if named is not None and not self._context.kore.knows(*named):
                    self._unknown[named] += 1

    def guard(self) -> GuardFigure:
        """Refuse before the first write when an id is missing, naming each."""
        names = ", ".join(
            f"{kind} {name!r} ({count})"
            for (kind, name), count in sorted(self._unknown.items())
        )
        return GuardFigure(
            name=GUARD,
            figure=len(self._unknown),
            limit="0",
            exceeds=bool(self._unknown),
            allowed=GUARD in self._context.allowed,
            words=f"Kore takes these only by id, and no record shows theirs: {names}",
            hint="add them to [kore_ids.status], [kore_ids.priority] or "
            "[kore_ids.field] of the mapping; or add --allow ids-unknown, which "
            "puts those records in quarantine",
        )


def _named(name: str, after: object) -> tuple[Kind, str] | None:
    if name.startswith(_FIELD):
        return "field", name[len(_FIELD) :]
    if not isinstance(after, str):
        return None
    if name == "status":
        return "status", after
    return ("priority", after) if name == "priority" else None
