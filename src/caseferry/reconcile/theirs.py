"""What people in casemgr made does not end because its Kore case does."""

from collections.abc import Iterable
from dataclasses import replace

from caseferry.model.correlation import Role
from caseferry.model.link import Link
from caseferry.model.mapped import ENDS_WITH_CASE, MappedGroup, MappedRecord
from caseferry.model.record import System


def keep_theirs_open(group: MappedGroup, links: Iterable[Link]) -> MappedGroup:
    """Leave tasks open that Kore shows open and that were not made in casemgr by us.

    Completing an activity is for good, and who finished the case in Kore may not have
    known of it.
    """
    theirs = {link.kore for link in links if is_theirs(link)}
    if not any(m.ends_with_case and m.record.key in theirs for m in group.tasks):
        return group
    tasks = (_open(m) if m.record.key in theirs else m for m in group.tasks)
    return replace(group, tasks=tuple(tasks))


def is_theirs(link: Link) -> bool:
    """Tell whether the activity of a pair was there before we knew of it."""
    return link.role is Role.TASK and link.made_in is not System.CASEMGR


def _open(mapped: MappedRecord) -> MappedRecord:
    if not mapped.ends_with_case:
        return mapped
    losses = tuple(loss for loss in mapped.losses if loss.rule != ENDS_WITH_CASE)
    return replace(mapped, finished=False, ends_with_case=False, losses=losses)
