"""`--limit`: at most so many groups with something to write."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from caseferry.model.action import GroupPlan
from caseferry.model.record import Key


class Planned(Protocol):
    """A case group that may have a plan."""

    @property
    def key(self) -> Key: ...
    @property
    def plan(self) -> GroupPlan | None: ...


Group = TypeVar("Group", bound=Planned)


def wants(work: Planned) -> bool:
    """Tell whether a group's plan sends anything."""
    return work.plan is not None and bool(work.plan.requests)


def within(works: Sequence[Group], budget: int) -> list[Group]:
    """Leave out groups with requests beyond the budget; waiting ones cost none."""
    beyond = {work.key for work in [w for w in works if wants(w)][budget:]}
    return [work for work in works if work.key not in beyond]
