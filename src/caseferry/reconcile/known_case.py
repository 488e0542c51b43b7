"""What is made inside a case that is there: in its department, and for its customer.

Agents put a case into another department, and give it another customer. What is made in
it later lies where the case lies now, and is for whom the case is for now, or waits.
"""

from dataclasses import replace

from caseferry.model.action import Action, ActionKind
from caseferry.model.correlation import Role
from caseferry.model.mapped import MappedRecord
from caseferry.reconcile.slots import Slot
from caseferry.reconcile.view import NOT_SHOWN_YET, NOT_TOLD_APART, GroupView


def fit_in(view: GroupView, slot: Slot) -> Slot:
    """Give a slot as the case that is there wants it; one that cannot be made, stopped.

    What is in casemgr already lies where casemgr shows it.
    """
    if slot.target is not None:
        here = slot.target.text("department") or slot.mapped.department
        return _in_department(slot, here)
    if not slot.is_new or view.target_case is None:
        return slot
    mapped = _placed(slot.mapped, view.department)
    if mapped is None:
        reason = (
            f"{view.target_case.key} lies in a department that no route which fits it "
            "leads to; add one to the mapping, or transfer the case back"
        )
        return replace(slot, stop=_held(slot, "no-route", reason))
    if view.customer.code in (NOT_TOLD_APART, NOT_SHOWN_YET):
        stop = _held(slot, view.customer.code, view.customer.reason)
        return replace(slot, stop=stop)
    return replace(slot, mapped=mapped)


def _in_department(slot: Slot, department: str) -> Slot:
    if slot.mapped.department == department:
        return slot
    return replace(slot, mapped=replace(slot.mapped, department=department))


def _placed(mapped: MappedRecord, department: str) -> MappedRecord | None:
    """Give a record as it lands in a department; None where no route leads there."""
    if department == mapped.department:
        return mapped
    for landing in mapped.elsewhere:
        if landing.department == department:
            return replace(
                mapped,
                department=department,
                subtype=landing.subtype,
                assignee=landing.assignee,
            )
    return None


def _held(slot: Slot, code: str, reason: str) -> Action:
    """Hold a record until a person helps; an opener is tried again in every run.

    A quarantine of it would be one of its case, whose other contents still flow.
    """
    waits = slot.role is Role.OPENER or code == NOT_SHOWN_YET
    return Action(
        kind=ActionKind.WAITING if waits else ActionKind.QUARANTINE,
        role=slot.role,
        key=slot.mapped.record.key,
        code=code,
        reason=reason,
    )
