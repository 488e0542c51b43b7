"""Slots: the activities a case group has, or should have, on the target.

A slot is one task or opener, where it stands now and where it should end. Everything
that a plan does to activities is read off the slots.
"""

from dataclasses import dataclass
from enum import StrEnum

from caseferry.model.action import Action, ActionKind
from caseferry.model.correlation import Role
from caseferry.model.link import Hold, HoldKind, Link
from caseferry.model.mapped import MappedRecord
from caseferry.model.record import Record
from caseferry.reconcile.merge import FINISHED, REOPENED, takes_casemgr, takes_kore
from caseferry.reconcile.view import (
    ASSIGNED,
    COMPLETED,
    TAKEN_BACK,
    Barred,
    GroupView,
    is_active,
)


class Now(StrEnum):
    """Where a slot's activity stands."""

    ABSENT = "absent"
    OPEN = "open"
    COMPLETED = "completed"
    UNSEEN = "unseen"  # linked, but the target does not show it


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One activity of ours.

    Attributes:
        stop: set when nothing may be done about the record: the action that says why.
        ends: it should end completed, and can be.
        waits: it should, but is not assigned to anybody now.
        elsewhere: somebody moved it to another case; it is left alone.
        generation: of an opener.
        why: what an opener is for.
    """

    role: Role
    mapped: MappedRecord
    link: Link | None
    target: Record | None
    now: Now
    ends: bool
    waits: bool = False
    elsewhere: bool = False
    stop: Action | None = None
    generation: int = 0
    why: str = ""

    @property
    def is_new(self) -> bool:
        """Tell whether this plan creates it."""
        return self.now is Now.ABSENT and self.stop is None

    @property
    def is_open_after(self) -> bool:
        """Tell whether it is open when the plan is carried out."""
        if self.ends or self.elsewhere:
            return False
        return self.now is Now.OPEN or self.is_new


_HELD = {
    HoldKind.QUARANTINE: ActionKind.QUARANTINE,
    HoldKind.UNCERTAIN: ActionKind.UNCERTAIN,
    HoldKind.WAITING: ActionKind.WAITING,
    HoldKind.SET_ASIDE: ActionKind.SET_ASIDE,
}


def stopped(view: GroupView, role: Role, mapped: MappedRecord) -> Action | None:
    """Give the action for a record that must be left alone, whatever the target says.

    The branches, in order: an earlier run or a person holds it; its create may still
    take effect; a person parted it from its twin; it is new, and the configuration
    makes nothing of its kind; Kore hides it; the mapping has no word for one of its
    values.
    """
    key = mapped.record.key
    link = view.link(role, key)

    def leave(kind: ActionKind, code: str, reason: str) -> Action:
        counterpart = link.casemgr if link else None
        return Action(
            kind=kind,
            role=role,
            key=key,
            counterpart=counterpart,
            code=code,
            reason=reason,
        )

    hold = view.holds.get(key)
    if hold is not None and _holds_back(hold):
        return leave(_HELD[hold.kind], hold.code, hold.reason)
    if (role, key) in view.in_doubt:
        reason = "its create is in doubt and is settled before anything else"
        return leave(ActionKind.WAITING, "in-doubt", reason)
    if link is not None and link.tombstone:
        reason = "parted, or taken back; `caseferry retry` takes it up again"
        code = "undone" if link.casemgr in view.retired else "parted"
        return leave(ActionKind.OUT_OF_SCOPE, code, reason)
    outside = _outside(view, role, mapped) if link is None else None
    if outside is not None:
        return leave(ActionKind.OUT_OF_SCOPE, outside.code, outside.reason)
    if not is_active(mapped):
        reason = "deactivated in Kore; its counterpart is left as it is"
        return leave(ActionKind.SET_ASIDE, "inactive", reason)
    if mapped.problems or mapped.finished is None:
        reason = "; ".join(str(p) for p in mapped.problems) or "its status is unknown"
        return leave(ActionKind.QUARANTINE, "unmapped", reason)
    return None


def _outside(view: GroupView, role: Role, mapped: MappedRecord) -> Barred | None:
    """Say why a new record is not carried at all; None where it is."""
    if mapped.record.key in view.retired:
        return Barred(code="undone", reason=TAKEN_BACK)
    if not is_active(mapped):
        return Barred(code="inactive", reason="inactive in Kore and never carried")
    if mapped.record.key in view.spawned:
        reason = "made by Kore's template, not by a person; it is left alone"
        return Barred(code="spawned", reason=reason)
    return view.barred.get(role)


def task_slots(view: GroupView) -> list[Slot]:
    """Give the slots of the group's tasks, in the source's order."""
    return [_task_slot(view, mapped) for mapped in view.group.tasks]


def opener_slots(view: GroupView, tasks: list[Slot]) -> list[Slot]:
    """Give the slots of the openers there are, and of one more where it is needed.

    An opener ends when a linked open task carries the case, or the case is to close.
    """
    group = view.group
    carried = any(_carries(slot) for slot in tasks)
    ends = carried or bool(group.case.finished)
    found = [_opener_slot(view, link, ends=ends) for link in view.openers]
    if view.in_doubt or Role.TASK in view.barred:
        return found  # what is in doubt may carry the case
    why = _opener_needed(view, tasks, found)
    if why:
        known = max((slot.generation for slot in found), default=-1) + 1
        due = view.generations.get((Role.OPENER, group.key), 0)
        slot = Slot(
            role=Role.OPENER,
            mapped=group.opener,
            link=None,
            target=None,
            now=Now.ABSENT,
            ends=bool(group.case.finished),
            generation=max(known, due),
            why=why,
        )
        found.append(slot)
    return found


def _holds_back(hold: Hold) -> bool:
    return hold.kind is not HoldKind.CONFLICT  # the record's other fields still flow


def _now(view: GroupView, link: Link | None) -> tuple[Now, Record | None]:
    if link is None:
        return Now.ABSENT, None
    target = view.targets.get(link.casemgr)
    if target is None:
        return Now.UNSEEN, None
    done = target.text("status") == COMPLETED
    return (Now.COMPLETED if done else Now.OPEN), target


def _task_slot(view: GroupView, mapped: MappedRecord) -> Slot:
    link = view.link(Role.TASK, mapped.record.key)
    now, target = _now(view, link)
    elsewhere = view.is_elsewhere(target)
    stop = stopped(view, Role.TASK, mapped)
    if elsewhere and stop is None and link is not None:
        stop = Action(
            kind=ActionKind.SET_ASIDE,
            role=Role.TASK,
            key=mapped.record.key,
            counterpart=link.casemgr,
            code="moved",
            reason="its activity was moved to another case; it is left alone",
        )
    due = stop is None and bool(mapped.finished) and not _undone(view, link)
    waits = due and _is_away(now, target)
    return Slot(
        role=Role.TASK,
        mapped=mapped,
        link=link,
        target=target,
        now=now,
        ends=due and not waits,
        waits=waits,
        elsewhere=elsewhere,
        stop=stop,
    )


def _is_away(now: Now, target: Record | None) -> bool:
    """Tell whether an open activity is in a queue or a workflow: nobody's to end."""
    return now is Now.OPEN and target is not None and target.text("status") != ASSIGNED


def _undone(view: GroupView, link: Link | None) -> bool:
    """Tell whether both sides agreed on "finished" once; what came after is kept."""
    if link is None or (link.mapping and link.mapping != view.group.mapping):
        return False
    return link.kore_base.get(FINISHED) == "true"


def _carries(slot: Slot) -> bool:
    """Tell whether a task carries the case on.

    Not one that is finished and held back: once it completes, the opener is needed; or
    each run would make another one.
    """
    is_held = slot.stop is not None and bool(slot.mapped.finished)
    return slot.now is Now.OPEN and slot.is_open_after and not is_held


def _opener_slot(view: GroupView, link: Link, *, ends: bool) -> Slot:
    now, target = _now(view, link)
    elsewhere = view.is_elsewhere(target)
    ends = ends and not elsewhere
    return Slot(
        role=Role.OPENER,
        mapped=view.group.opener,
        link=link,
        target=target,
        now=now,
        ends=ends and not _is_away(now, target),
        waits=ends and _is_away(now, target),
        elsewhere=elsewhere,
        generation=link.generation,
    )


def _opener_needed(view: GroupView, tasks: list[Slot], openers: list[Slot]) -> str:
    """Say what a new opener would be for; "" where none is needed or allowed.

    The histories that need one: a case not yet there, none of whose tasks can bring it
    into being; a case that Kore has open again after both were closed; an open case
    whose last open activity this plan completes.
    """
    group, case = view.group, view.target_case
    allowed = group.opener_when
    creates = [slot for slot in tasks if slot.is_new]
    if view.case_link is None:
        if not creates:
            if not group.tasks:
                return "no-tasks" if "no-tasks" in allowed else ""
            return "no-tasks" if allowed else ""  # each was refused, or is held
        open_after = any(slot.is_open_after for slot in creates)
        needed = not group.case.finished and not open_after
        return (
            "all-tasks-completed" if needed and "all-tasks-completed" in allowed else ""
        )
    if case is None or group.case.finished:
        return ""
    if case.text("status") == "closed":
        back = reopened(view) and brings_back(view) and not creates
        return "reopened" if back and "reopened" in allowed else ""
    if view.has_open_ghost or any(s.is_open_after for s in [*tasks, *openers]):
        return ""
    closing = any(slot.ends and slot.now is not Now.COMPLETED for slot in tasks)
    return "all-tasks-completed" if closing and "all-tasks-completed" in allowed else ""


def reopened(view: GroupView) -> bool:
    """Tell whether Kore has a case open that casemgr has closed, by Kore's doing.

    Not when both agreed on "open": then casemgr closed it since, and that is kept;
    unless it only closed with its last activity, and the mapping opens it again.
    """
    link, case = view.case_link, view.target_case
    if link is None or case is None or case.text("status") != "closed":
        return False
    ours = link.kore_base.get(FINISHED) == REOPENED
    if view.group.case.finished or ours or takes_casemgr(link):
        return False
    return not _agreed_open(link) or _undoes_cascade(view, link)


def brings_back(view: GroupView) -> bool:
    """Tell whether an opener may reopen it: by the mapping, or a person's word."""
    if view.group.reopened == "opener":
        return True
    link = view.case_link
    return link is not None and (takes_kore(link) or _undoes_cascade(view, link))


def _agreed_open(link: Link) -> bool:
    was_open = link.casemgr_base.get("status") == "open"
    return was_open and link.kore_base.get(FINISHED) == "false"


def _undoes_cascade(view: GroupView, link: Link) -> bool:
    """Tell whether the mapping opens a case again that closed by itself."""
    opens = view.is_cascade and view.group.cascade_close == "reopen"
    return opens and _agreed_open(link)
