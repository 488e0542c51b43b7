"""The decision about one case group on its way to Kore: from a view to a plan.

Opening first, then the tasks, the case last: a closed Kore case takes no tasks. The
same view always gives the same plan, one stage of which is followed at a time.
"""

from collections import Counter

from caseferry.model.action import (
    Action,
    ActionKind,
    FieldChange,
    GroupPlan,
    Loss,
    Stage,
)
from caseferry.model.correlation import Role
from caseferry.model.link import SINCE_PLANNED, HoldKind, Link
from caseferry.model.mapped import MappedRecord
from caseferry.model.marker import marks_of
from caseferry.model.record import Key, Record
from caseferry.reconcile.merge import FINISHED, Way, takes_casemgr
from caseferry.reconcile.persons import handed_over
from caseferry.reconcile.tasks import EMPTIED, conflict_words, emptied_words
from caseferry.reconcile.to_kore.create import case_create, later, task_create
from caseferry.reconcile.to_kore.mirror import (
    STATUS,
    compare,
    is_met,
    wants_status,
)
from caseferry.reconcile.to_kore.view import BLOCKED, KoreView, Twin
from caseferry.reconcile.view import TAKEN_BACK

MARKER = "marker"
"""As a change: our key itself, where nothing else is to be written."""
_LAST = 9
_HELD = {
    HoldKind.QUARANTINE: ActionKind.QUARANTINE,
    HoldKind.UNCERTAIN: ActionKind.UNCERTAIN,
    HoldKind.WAITING: ActionKind.WAITING,
    HoldKind.SET_ASIDE: ActionKind.SET_ASIDE,
}


def plan_to_kore(view: KoreView) -> GroupPlan:
    """Decide what happens to one casemgr case with its task activities.

    Shape: actions in the order of their stages; each case, task and record that is not
    carried has at least one.
    """
    others = [
        leave(view, Role.TASK, key, ActionKind.OUT_OF_SCOPE, code, _NOT_CARRIED)
        for key, code in sorted(view.others.items())
    ]
    case = view.group.case
    stop = _stopped(view, Role.CASE, case) or _no_contact(view)
    if stop is not None:
        return _plan(view, [stop, *_with_case(view, stop), *others])
    tasks = [action for task in view.group.tasks for action in _task(view, task)]
    if view.links.get(view.group.key) is None:
        actions = [case_create(view), *tasks, *later(view, Role.CASE, case)]
    else:
        actions = _linked_case(view, tasks)
    return _plan(view, [*actions, *others])


_NOT_CARRIED = "only tasks are in scope"


def leave(  # noqa: PLR0917 - the parts of one sentence
    view: KoreView, role: Role, key: Key, kind: ActionKind, code: str, reason: str
) -> Action:
    """Give the action that leaves a record as it is, and says why."""
    link = view.links.get(key)
    return Action(
        kind=kind,
        role=role,
        key=key,
        counterpart=link.kore if link else None,
        code=code,
        reason=reason,
    )


def _stopped(view: KoreView, role: Role, mapped: MappedRecord) -> Action | None:
    """Give the action for a record that must be left alone, whatever Kore shows."""
    key = mapped.record.key
    hold, link = view.holds.get(key), view.links.get(key)
    if hold is not None and hold.kind in _HELD:
        return leave(view, role, key, _HELD[hold.kind], hold.code, hold.reason)
    if key in view.in_doubt:
        reason = "its create is in doubt and is settled before anything else"
        return leave(view, role, key, ActionKind.WAITING, "in-doubt", reason)
    if link is not None and link.tombstone:
        reason = "parted, or taken back; `caseferry retry` takes it up again"
        code = "undone" if link.kore in view.retired else "parted"
        return leave(view, role, key, ActionKind.OUT_OF_SCOPE, code, reason)
    if link is None and key in view.retired:
        return leave(view, role, key, ActionKind.OUT_OF_SCOPE, "undone", TAKEN_BACK)
    if link is None and (barred := view.barred.get(role)) is not None:
        kind = ActionKind.OUT_OF_SCOPE
        return leave(view, role, key, kind, barred.code, barred.reason)
    if mapped.problems or mapped.finished is None:
        reason = "; ".join(str(p) for p in mapped.problems) or "its status is unknown"
        return leave(view, role, key, ActionKind.QUARANTINE, "unmapped", reason)
    return None if link is None else _hidden(view, role, key)


def _hidden(view: KoreView, role: Role, key: Key) -> Action | None:
    target = view.target(key)
    if target is None:
        reason = "Kore does not show its counterpart; it may be inactive"
        return leave(view, role, key, ActionKind.WAITING, "not-seen", reason)
    if target.text("isActive") == "false":
        reason = "deactivated in Kore; it is left as it is"
        return leave(view, role, key, ActionKind.SET_ASIDE, "inactive", reason)
    return None


def _no_contact(view: KoreView) -> Action | None:
    group = view.group
    if group.contact is not None or view.links.get(group.key) is not None:
        return None
    kind = ActionKind.QUARANTINE
    return leave(view, Role.CASE, group.key, kind, group.code, group.reason)


def _with_case(view: KoreView, stop: Action) -> list[Action]:
    """Give the tasks the fate of the case that holds them back."""
    alone = stop.kind is ActionKind.UNCERTAIN or stop.code in SINCE_PLANNED
    kind = ActionKind.WAITING if alone else stop.kind
    code, reason = f"case-{stop.code}", f"its case: {stop.reason}"
    return [
        _stopped(view, Role.TASK, task)
        or leave(view, Role.TASK, task.record.key, kind, code, reason)
        for task in view.group.tasks
    ]


# tasks ------------------------------------------------------------------------------


def _task(view: KoreView, mapped: MappedRecord) -> list[Action]:
    if (stop := _stopped(view, Role.TASK, mapped)) is not None:
        return [stop]
    key = mapped.record.key
    link, target = view.links.get(key), view.target(key)
    if link is None:
        return [task_create(view, mapped), *later(view, Role.TASK, mapped)]
    if target is None:
        return []
    home = view.links.get(view.group.key)
    if home is not None and target.parent not in (None, home.kore):
        reason = "moved to another case in casemgr; a Kore task cannot be moved"
        return [leave(view, Role.TASK, key, ActionKind.SET_ASIDE, "moved", reason)]
    twin = Twin(role=Role.TASK, mapped=mapped, link=link, target=target)
    return _changes(view, twin) or [
        leave(view, Role.TASK, key, ActionKind.UNCHANGED, "", "")
    ]


# the case ---------------------------------------------------------------------------


def _linked_case(view: KoreView, tasks: list[Action]) -> list[Action]:
    """Give the case's own actions, and those of its tasks as far as it takes them."""
    case, key = view.group.case, view.group.key
    link, target = view.links[key], view.target(key)
    if target is None:
        return tasks
    own = _changes(view, Twin(role=Role.CASE, mapped=case, link=link, target=target))
    if view.in_doubt and any(action.kind is ActionKind.CLOSE for action in own):
        reason = "a create of one of its tasks is in doubt; a closed case takes none"
        own = [leave(view, Role.CASE, key, ActionKind.WAITING, "in-doubt", reason)]
    wanting = [task for task in tasks if task.is_request]
    if not wanting or target.text("statusCategory") != BLOCKED:
        return [*tasks, *(own or [leave(view, Role.CASE, key, _SAME, "", "")])]
    if not _may_reopen(case, link, target, own):
        reason = "its case was closed in Kore, and takes no task any more"
        kept = [task for task in tasks if not task.is_request]
        kept += [
            leave(view, t.role, t.key, ActionKind.WAITING, "case-closed", reason)
            for t in wanting
        ]
        return [*kept, *(own or [leave(view, Role.CASE, key, _SAME, "", "")])]
    reopen = Action(
        kind=ActionKind.REOPEN,
        role=Role.CASE,
        key=key,
        counterpart=link.kore,
        stage=Stage.OPEN,
        changes=(_status_change(target, view.open_status),),
        reason="its tasks changed in casemgr, and a closed case takes none",
        code="reopened",
        correlation=view.correlation(Role.CASE, key),
    )
    return [reopen, *tasks, *_after_reopening(view, own)]


_SAME = ActionKind.UNCHANGED


def _may_reopen(
    case: MappedRecord, link: Link, target: Record, own: list[Action]
) -> bool:
    """Tell whether the close is ours to take back: casemgr did, or both agreed on it.

    A case that somebody closed in Kore alone stays closed.
    """
    if any(action.kind is ActionKind.REOPEN for action in own):
        return True
    agreed_closed = link.kore_base.get(FINISHED) == "true"
    return agreed_closed and bool(case.finished) and is_met(case, target)


def _after_reopening(view: KoreView, own: list[Action]) -> list[Action]:
    """Give the case's update once it is open: its contents, and its closing again."""
    case = view.group.case
    updates = [action for action in own if action.is_request]
    changes = tuple(
        change
        for action in updates
        for change in action.changes
        if change.name != STATUS
    )
    rest = [action for action in own if not action.is_request]
    if case.finished:
        back = FieldChange(name=STATUS, before=view.open_status, after=case.status)
        changes = (*changes, back)
    if changes:
        rest.append(_update(view, Role.CASE, case, changes))
    return rest


# both -------------------------------------------------------------------------------


def _changes(view: KoreView, twin: Twin) -> list[Action]:
    """Give the one update that a linked record needs, and its conflicts."""
    mapped, link, target = twin.mapped, twin.link, twin.target
    merged = compare(mapped, link, target, digest=view.group.mapping, way=view.way)
    changes = merged.edits
    actions: list[Action] = []
    status = wants_status(mapped, link, target)
    if status and _is_held_open(view, twin):
        actions.append(_cascade(view, twin))
        status = False
    if status:
        changes = (*changes, _status_change(target, mapped.status))
    if not changes and _is_unmarked(view, twin):
        key = view.correlation(twin.role, mapped.record.key)
        changes = (FieldChange(name=MARKER, before=None, after=key),)
    if changes:
        actions.append(_update(view, twin.role, mapped, changes))
    if merged.emptied and view.way is not Way.ALONE:
        words = emptied_words(merged, "casemgr")
        key, kind = mapped.record.key, ActionKind.SET_ASIDE
        actions.append(leave(view, twin.role, key, kind, EMPTIED, words))
    names = [change.name for change in merged.conflicts]
    if names or status is None:
        own = [field.casemgr for field in mapped.fields if field.kore in names]
        code, why = conflict_words(link, own)
        names += [STATUS] if status is None else []
        key, kind = mapped.record.key, ActionKind.CONFLICT
        reason = f"{why}: {', '.join(names)}"
        actions.append(leave(view, twin.role, key, kind, code, reason))
    return actions


def _is_held_open(view: KoreView, twin: Twin) -> bool:
    """Tell whether a case closed in casemgr is not to be closed in Kore.

    In two-way sync only, and only where both agreed on open before. A merge is no
    close, whatever the policy about the last activity says.
    """
    if view.way is Way.ALONE or twin.role is not Role.CASE:
        return False
    if takes_casemgr(twin.link) or twin.link.kore_base.get(FINISHED) != "false":
        return False
    keeps = view.is_cascade and view.group.cascade_close != "propagate"
    return keeps or view.is_emptied


def _cascade(view: KoreView, twin: Twin) -> Action:
    key = twin.mapped.record.key
    code = "cascade-close"
    reason = "closed in casemgr with its last activity; it stays open in Kore"
    if view.is_emptied:
        code = "emptied-close"
        reason = "closed in casemgr when its activities were moved to another case"
    return leave(view, Role.CASE, key, ActionKind.SET_ASIDE, code, reason)


def _is_unmarked(view: KoreView, twin: Twin) -> bool:
    """Tell whether Kore dropped the marker of a create: a tag has to carry it then."""
    if twin.link.finished:
        return False
    key = view.correlation(twin.role, twin.mapped.record.key)
    return key not in marks_of(twin.target)


def _update(
    view: KoreView,
    role: Role,
    mapped: MappedRecord,
    changes: tuple[FieldChange, ...],
) -> Action:
    key = mapped.record.key
    link = view.links[key]
    new = not link.finished
    status = next((c for c in changes if c.name == STATUS), None)
    losses: tuple[Loss, ...] = () if new else mapped.losses
    return Action(
        kind=_kind(role, mapped, status),
        role=role,
        key=key,
        counterpart=link.kore,
        stage=Stage.CLOSE if role is Role.CASE else Stage.EDIT,
        changes=changes,
        reason="what a create cannot carry" if new else "changed in casemgr",
        code="new" if new else "changed",
        losses=losses,
        correlation=view.correlation(role, key),
    )


def _kind(role: Role, mapped: MappedRecord, status: FieldChange | None) -> ActionKind:
    if status is None or (role is Role.TASK and not mapped.finished):
        return ActionKind.UPDATE
    if role is Role.TASK:
        return ActionKind.COMPLETE
    return ActionKind.CLOSE if mapped.finished else ActionKind.REOPEN


def _status_change(target: Record, after: str) -> FieldChange:
    return FieldChange(name=STATUS, before=target.fields.get(STATUS), after=after)


def _plan(view: KoreView, actions: list[Action]) -> GroupPlan:
    ordered = sorted(actions, key=lambda action: action.stage or _LAST)
    creates = any(a.kind is ActionKind.CREATE for a in ordered)
    contact = view.group.contact
    outcome = "placeholder" if contact is not None and contact.placeholder else ""
    return GroupPlan(
        case=view.group.key,
        actions=tuple(ordered),
        losses=tuple(loss for action in ordered for loss in action.losses),
        stays_behind=view.group.stays_behind if creates else {},
        handed_over=_handed_over(view),
        customer=outcome if creates else "",
    )


def _handed_over(view: KoreView) -> Counter[str]:
    records = (m.record for m in (view.group.case, *view.group.tasks))
    pairs = ((r, view.links[r.key]) for r in records if r.key in view.links)
    return handed_over((r, link.casemgr_base) for r, link in pairs if link.finished)
