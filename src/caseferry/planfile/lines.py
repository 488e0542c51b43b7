"""From planned actions to the lines of a saved plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from caseferry.model.action import (
    Action,
    ActionKind,
    ActivityDraft,
    FieldChange,
    Stage,
)
from caseferry.model.correlation import Role
from caseferry.model.kore_draft import CaseDraft, TaskDraft
from caseferry.model.record import Key, System, Value, system_of
from caseferry.planfile.shape import ActionLine, Cost, Needs, Shown
from caseferry.ports import BULK

QUIET = frozenset({ActionKind.UNCHANGED, ActionKind.OUT_OF_SCOPE})
"""Kinds that get no line: they are counted in the header."""

_FREE, _ONE_TO_KORE = Cost(), Cost(kore=1)
_ONE, _SHARE = Cost(casemgr=1), Cost(casemgr=round(1 / BULK, 4))

NEW_CUSTOMER = "new customer"
DUE = "due date"
DUE_MADE_UP = "due date made up"
"""Names in `lands` that a comparison looks at."""

ROLES: Mapping[Role, Literal["case", "task", "opener"]] = {
    Role.CASE: "case",
    Role.TASK: "task",
    Role.OPENER: "opener",
}
ROLE_OF: Mapping[str, Role] = {name: role for role, name in ROLES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a line tells beside the action.

    Attributes:
        needs: what has to be so at the moment of the write.
        name: the number that people see, or "".
        spellings: by the target's field name: the source's own value.
    """

    needs: Needs
    name: str = ""
    spellings: Mapping[str, Value | None] = field(default_factory=dict)


def action_line(action: Action, *, case: Key, order: int, facts: Facts) -> ActionLine:
    """Give the line of one action."""
    # Its parts are handed over as mappings: one validation, not one for each part.
    return ActionLine.model_validate(
        {
            "line": "action",
            "order": order,
            "case": case,
            "kind": action.kind,
            "role": ROLES[action.role],
            "key": action.key,
            "name": facts.name,
            "counterpart": action.counterpart,
            "stage": action.stage,
            "generation": action.generation,
            "department": action.department,
            "changes": tuple(_change(each, facts) for each in action.changes),
            "lands": _lands(action),
            "note": action.note or None,
            "code": action.code,
            "reason": action.reason,
            "losses": tuple({"rule": x.rule, "field": x.field} for x in action.losses),
            "cost": _cost(action),
            "needs": facts.needs,
        }
    )


def _change(change: FieldChange, facts: Facts) -> dict[str, Value | None]:
    source = facts.spellings.get(change.name)
    return {
        "name": change.name,
        "before": change.before,
        "after": change.after,
        "source": source if source != change.after else None,
    }


def _lands(action: Action) -> dict[str, Shown]:
    """Say where a create lands and for whom, as far as there is something to say."""
    found: dict[str, Value] = {}
    if isinstance(action.draft, ActivityDraft):
        draft, customer = action.draft, action.draft.customer
        found = {
            "department": draft.department,
            "subtype": draft.subtype,
            "assignee": draft.assignee,
            "customer by": customer.attribute,
            "customer": customer.value,
            NEW_CUSTOMER: "yes" if customer.create else "",
        }
    elif isinstance(action.kore_draft, CaseDraft | TaskDraft):
        made, contact = action.kore_draft, action.kore_draft.contact
        found = {
            "template": made.template,
            "source": made.source,
            "contact": contact.name,
            "e-mail": contact.email,
            "phone": contact.phone,
        }
        if isinstance(made, CaseDraft):
            found[DUE] = made.due
            found[DUE_MADE_UP] = "yes" if made.is_due_synthetic else ""
    return {name: value for name, value in found.items() if value}


def _cost(action: Action) -> Cost:
    if not action.is_request:
        return _FREE
    if _writes_to(action) is System.KORE:
        return _ONE_TO_KORE
    return _SHARE if action.stage is Stage.COMPLETE else _ONE


def _writes_to(action: Action) -> System:
    """Tell which system an action's request goes to: not the one of its source."""
    source = system_of(action.key)
    return System.CASEMGR if source is System.KORE else System.KORE
