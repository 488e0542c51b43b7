"""Counting a two-way run: each pair once, though both directions look at it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from caseferry.engine.sync.rules import UNFINISHED
from caseferry.engine.tally import Tally
from caseferry.engine.tally import Work as Counted
from caseferry.engine.to_kore.work import KoreWork
from caseferry.engine.work import Work
from caseferry.model.action import WRITES, Action, ActionKind, GroupPlan
from caseferry.model.correlation import Role
from caseferry.model.record import Key
from caseferry.planfile.lines import QUIET

_Done = tuple[Counted, GroupPlan]


@dataclass(slots=True, kw_only=True)
class Side(Tally):
    """One direction's count; what came to rest waits until its pair has, too."""

    waiting: dict[Key, _Done] = field(default_factory=dict)

    def add_done(self, work: Counted, first: GroupPlan) -> None:
        """Take note of what was done to a group; a second time adds to the first."""
        before = self.waiting.get(work.key)
        if before is not None:
            work.done[:0] = before[0].done
            work.born.update(before[0].born)
            first = before[1]
        self.waiting[work.key] = (work, first)

    @property
    def written(self) -> list[KoreWork]:
        """The groups not counted yet in which something was done in Kore."""
        works = (work for work, _ in self.waiting.values())
        return [
            work
            for work in works
            if isinstance(work, KoreWork) and (work.done or work.goes_on)
        ]

    def count(self, work: Counted, first: GroupPlan) -> None:
        """Count it."""
        Tally.add_done(self, work, first)


class Ledger:
    """Counts both directions.

    Attributes:
        to_casemgr, to_kore: one for each.
    """

    def __init__(self) -> None:
        self.to_casemgr = Side()
        self.to_kore = Side()

    def add_plans(self, lead: Sequence[Work], follow: Sequence[KoreWork]) -> None:
        """Count what would be done to both sides of some groups."""
        for first, second in _paired(lead, follow):
            plans = _without_echo(first, second)
            for side, work, plan in (
                (self.to_casemgr, first, plans[0]),
                (self.to_kore, second, plans[1]),
            ):
                if work is not None and plan is not None:
                    side.add_plan(work, plan)

    def close(self, begun: Collection[Key] = ()) -> None:
        """Count what has come to rest on both sides.

        Args:
            begun: casemgr cases that the way to Kore will take up again.
        """
        lead = [w for w, _ in self.to_casemgr.waiting.values() if isinstance(w, Work)]
        follow = [
            w for w, _ in self.to_kore.waiting.values() if isinstance(w, KoreWork)
        ]
        for first, second in _paired(lead, follow):
            link = first.case_link if first else None
            if link is not None and link.casemgr in begun:
                continue
            plans = _without_echo(first, second)
            for side, work, plan in (
                (self.to_casemgr, first, plans[0]),
                (self.to_kore, second, plans[1]),
            ):
                if work is not None:
                    _, began_with = side.waiting.pop(work.key)
                    work.plan = plan
                    side.count(work, began_with)

    def total(self) -> Tally:
        """Give both together."""
        both = Tally()
        for side in (self.to_casemgr, self.to_kore):
            for name in (
                "actions",
                "ends",
                "customers",
                "losses",
                "stays_behind",
                "figures",
                "codes",
            ):
                getattr(both, name).update(getattr(side, name))
            both.planned += side.planned
            both.completions += side.completions
        return both


def _paired(
    lead: Sequence[Work], follow: Sequence[KoreWork]
) -> list[tuple[Work | None, KoreWork | None]]:
    """Join the two views of each pair; a group that is new has one."""
    others = {work.key: work for work in follow}
    found: list[tuple[Work | None, KoreWork | None]] = []
    for work in lead:
        link = work.case_link
        found.append((work, others.pop(link.casemgr, None) if link else None))
    return [*found, *((None, work) for work in others.values())]


def _without_echo(
    lead: Work | None, follow: KoreWork | None
) -> tuple[GroupPlan | None, GroupPlan | None]:
    """Leave out what one direction says of a pair only because the other did."""
    first = lead.plan if lead else None
    second = follow.plan if follow else None
    if lead is None or follow is None or first is None or second is None:
        return first, second
    twins = {
        key: link.kore
        for key, link in follow.links.items()
        if link.role is not Role.OPENER
    }
    told = _by_key(first.actions, {})
    kept = [a for a in second.actions if not _is_echo(a, told, twins)]
    also = _by_key(kept, twins)
    rest = [a for a in first.actions if a.key not in also or not _is_quiet(a)]
    return replace(first, actions=tuple(rest)), replace(second, actions=tuple(kept))


def _by_key(
    actions: Sequence[Action], twins: Mapping[Key, Key]
) -> dict[Key, list[Action]]:
    found: dict[Key, list[Action]] = {}
    for action in actions:
        found.setdefault(twins.get(action.key, action.key), []).append(action)
    return found


def _is_quiet(action: Action) -> bool:
    return action.kind is ActionKind.UNCHANGED or action.code == UNFINISHED


def _is_echo(
    action: Action, told: Mapping[Key, Sequence[Action]], twins: Mapping[Key, Key]
) -> bool:
    if action.key not in twins or action.kind in WRITES:
        return False
    others = told.get(twins[action.key], ())
    if not others:
        return False
    same = any(other.kind is action.kind for other in others)
    return same or action.kind in QUIET or action.code == UNFINISHED
