"""The decision about one case group: from a view to a plan.

The same view always gives the same plan. A plan is followed one stage at a time: after
each stage the group is read back and planned again, so a run that died half way and one
that just goes on take the same path.
"""

from collections import Counter

from caseferry.model.action import Action, ActionKind, GroupPlan, Stage
from caseferry.model.correlation import Role
from caseferry.model.link import SINCE_PLANNED, HoldKind
from caseferry.reconcile.cases import case_actions
from caseferry.reconcile.known_case import fit_in
from caseferry.reconcile.persons import handed_over
from caseferry.reconcile.slots import Now, Slot, opener_slots, stopped, task_slots
from caseferry.reconcile.tasks import complete, create, update
from caseferry.reconcile.view import GroupView

_LAST = 9
_DOUBT = "a create of its case is in doubt; nothing is completed before that is settled"
_AWAY = "finished in Kore; its activity is not assigned now, tried again next run"
_PLACE: dict[
    ActionKind, int
] = {  # where an action without a request of its own stands among the others
    ActionKind.CREATE: Stage.OPEN,
    ActionKind.REOPEN: Stage.OPEN,
    ActionKind.CLOSE: Stage.CLOSE,
}


def plan_group(view: GroupView) -> GroupPlan:
    """Decide what happens to one case with its tasks.

    Shape: actions in the order of their stages; each case and task of the group has at
    least one.
    """
    if (stop := _case_stop(view)) is not None:
        return _plan(view, [stop, *_held_by_case(view, stop)])
    slots = _slots(view)
    actions: list[Action] = []
    for slot in slots:
        actions.extend(_slot_actions(view, slot, slots))
    actions.extend(case_actions(view, slots))
    return _plan(view, actions)


def wants_customer(view: GroupView) -> bool:
    """Tell whether the plan holds a create, which has to name a customer."""
    return _case_stop(view) is None and any(slot.is_new for slot in _slots(view))


def _slots(view: GroupView) -> list[Slot]:
    tasks = [fit_in(view, slot) for slot in task_slots(view)]
    return [*tasks, *(fit_in(view, slot) for slot in opener_slots(view, tasks))]


def _case_stop(view: GroupView) -> Action | None:
    """Give the action that holds the whole group back.

    While the case is not known and one of its creates may still take effect, another
    create would bring a second case into being.
    """
    if (stop := stopped(view, Role.CASE, view.group.case)) is not None:
        return stop
    if view.case_link is not None and view.target_case is not None:
        return None
    if view.case_link is not None:
        return Action(
            kind=ActionKind.WAITING,
            role=Role.CASE,
            key=view.group.key,
            counterpart=view.case_link.casemgr,
            code="not-seen",
            reason="casemgr does not show its case; a completion could close it",
        )
    if view.links:
        return Action(
            kind=ActionKind.WAITING,
            role=Role.CASE,
            key=view.group.key,
            code="not-seen",
            reason="casemgr does not show the activity that brought it into being",
        )
    uncertain = [h for h in view.holds.values() if h.kind is HoldKind.UNCERTAIN]
    if not uncertain and not view.in_doubt:
        return None
    return Action(
        kind=ActionKind.WAITING,
        role=Role.CASE,
        key=view.group.key,
        code="uncertain-case" if uncertain else "in-doubt",
        reason="a create that may have brought it into being is not settled",
    )


def _slot_actions(view: GroupView, slot: Slot, slots: list[Slot]) -> list[Action]:
    if slot.stop is not None:
        return [slot.stop]
    actions: list[Action] = []
    if slot.now is Now.ABSENT:
        actions.append(create(view, slot, _create_stage(view, slot, slots)))
    elif slot.role is Role.TASK:
        actions.extend(update(view, slot))
    if slot.waits:
        actions.append(_waiting(slot, "not-assigned", _AWAY))
    elif slot.ends and slot.now not in (Now.COMPLETED, Now.UNSEEN):
        if view.customer.draft is None and slot.now is Now.ABSENT:
            return actions
        actions.append(_completion(view, slot, slots))
    if actions or slot.role is Role.OPENER:
        return actions
    return [_unchanged(slot)]


def _create_stage(view: GroupView, slot: Slot, slots: list[Slot]) -> Stage:
    """Let one create bring the case into being, or back; the others wait for its id."""
    if slot.why == "reopened":
        return Stage.OPEN
    first = next(s for s in slots if s.is_new)
    return Stage.OPEN if view.case_link is None and slot is first else Stage.CREATE


def _completion(view: GroupView, slot: Slot, slots: list[Slot]) -> Action:
    """Give a slot's completion, unless it would close a case that is to stay open."""
    if view.in_doubt:
        return _waiting(slot, "in-doubt", _DOUBT)
    open_after = view.has_open_ghost or any(s.is_open_after for s in slots)
    stays = view.group.case.finished or open_after
    if stays or _is_listed_elsewhere(view, slots):
        return complete(slot)
    reason = "completing it would close its case, which is open in Kore"
    return _waiting(slot, "would-close-case", reason)


def _waiting(slot: Slot, code: str, reason: str) -> Action:
    return Action(
        kind=ActionKind.WAITING,
        role=slot.role,
        key=slot.mapped.record.key,
        counterpart=slot.link.casemgr if slot.link else None,
        code=code,
        reason=reason,
    )


def _is_listed_elsewhere(view: GroupView, slots: list[Slot]) -> bool:
    """Tell whether casemgr holds the case closed already, so nothing more can close."""
    case = view.target_case
    return (
        case is not None
        and case.text("status") == "closed"
        and not any(slot.is_new for slot in slots)
    )


def _unchanged(slot: Slot) -> Action:
    return Action(
        kind=ActionKind.UNCHANGED,
        role=slot.role,
        key=slot.mapped.record.key,
        counterpart=slot.link.casemgr if slot.link else None,
    )


def _held_by_case(view: GroupView, stop: Action) -> list[Action]:
    """Give the tasks the fate of the case that holds them back.

    Of an uncertain case only the case itself is uncertain, and of one that moved since
    it was planned only the case itself moved; its tasks wait for it.
    """
    alone = stop.kind is ActionKind.UNCERTAIN or stop.code in SINCE_PLANNED
    kind = ActionKind.WAITING if alone else stop.kind
    actions = []
    for mapped in view.group.tasks:
        own = stopped(view, Role.TASK, mapped)
        link = view.link(Role.TASK, mapped.record.key)
        actions.append(
            own
            or Action(
                kind=kind,
                role=Role.TASK,
                key=mapped.record.key,
                counterpart=link.casemgr if link else None,
                code=f"case-{stop.code}",
                reason=f"its case: {stop.reason}",
            )
        )
    return actions


def _plan(view: GroupView, actions: list[Action]) -> GroupPlan:
    ordered = sorted(actions, key=_place)
    creates = any(action.draft is not None for action in ordered)
    return GroupPlan(
        case=view.group.key,
        actions=tuple(ordered),
        losses=tuple(loss for action in ordered for loss in action.losses),
        stays_behind=view.group.stays_behind if creates else {},
        handed_over=_handed_over(view),
        customer=view.customer.outcome,
    )


def _handed_over(view: GroupView) -> Counter[str]:
    links = (link for link in view.links if link.role is not Role.OPENER)
    known = {link.kore: link.kore_base for link in links if link.finished}
    records = (m.record for m in (view.group.case, *view.group.tasks))
    return handed_over((r, known[r.key]) for r in records if r.key in known)


def _place(action: Action) -> int:
    return action.stage or _PLACE.get(action.kind, _LAST)
