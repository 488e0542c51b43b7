"""The gate of a saved plan: what it does not say is not written."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Protocol

from caseferry.engine.facts import (
    Judged,
    Standing,
    crossed_by_lines,
    lines_of,
)
from caseferry.errors import InvariantBroken
from caseferry.model.action import WRITES, Action, ActionKind, GroupPlan
from caseferry.model.correlation import Role
from caseferry.model.link import Hold, HoldKind
from caseferry.model.record import Key
from caseferry.planfile.lines import QUIET, ROLE_OF
from caseferry.planfile.read import SavedPlan
from caseferry.planfile.redact import Redactor
from caseferry.planfile.shape import ActionLine
from caseferry.planfile.signed import NOT_IN_PLAN, Stray, strays

_FIELDS = frozenset(
    {
        ActionKind.UPDATE,
        ActionKind.NOTE,
        ActionKind.CONFLICT,
        ActionKind.SET_ASIDE,
        *QUIET,
    }
)
"""What a plan may say of a record's fields alone."""
ECHO = ""
"""No code: it is due only because the plan wrote to the other side; nobody is told."""


class Gate(Protocol):
    """Says which records of a planned group may not be carried as planned."""

    @property
    def cases(self) -> tuple[Key, ...]:
        """The source cases that have to be looked at, even if nothing moved."""

    def names(self, case: Key) -> bool:
        """Tell whether this source case is one of them."""

    def strays(self, work: Judged, plan: GroupPlan) -> dict[tuple[Role, Key], Stray]:
        """Give them by role and source key, with the reason."""


class SavedGate:
    """Lets through what a saved plan says, and nothing else."""

    def __init__(self, saved: SavedPlan, redactor: Redactor | None) -> None:
        """Take the plan, and what its values were hidden with."""
        self._saved = saved
        self._redactor = redactor
        self._judged: set[Key] = set()
        self._gone: set[Key] = set()

    @property
    def cases(self) -> tuple[Key, ...]:
        """The source cases that the plan has lines for."""
        return tuple(Key(case) for case in self._saved.cases)

    def names(self, case: Key) -> bool:
        """Tell whether the plan has lines for a source case."""
        return self._saved.names(case)

    def gone(self) -> Iterator[Key]:
        """Give the source records that the plan would write and nobody shows any more.

        Call it when every group was planned.
        """
        yield from sorted(self._gone)
        for case in self.cases:
            if case not in self._judged:
                yield from _written(self._saved.lines_of(case))

    def strays(self, work: Judged, plan: GroupPlan) -> dict[tuple[Role, Key], Stray]:
        """Give the records that are not as the plan says."""
        other = self._other_way(work)
        work.crossed.update(crossed_by_lines(other))
        fresh = list(lines_of(work, plan))
        if self._redactor is not None:
            fresh = [self._redactor.line(line) for line in fresh]
        signed = self._saved.lines_of(work.key)
        if self.names(work.key):
            self._judged.add(work.key)
            self._gone |= {key for key in _written(signed) if key not in work.prints}
        found = strays(signed, fresh, Standing(work, self._redactor))
        echoed = set(_written(other))
        return {
            (ROLE_OF[role], Key(key)): _quiet(stray, work, Key(key), echoed)
            for (role, key, _), stray in found.items()
        }

    def _other_way(self, work: Judged) -> tuple[ActionLine, ...]:
        """Give what the plan says of the same pair in the other direction."""
        link = work.case_link
        if link is None:
            return ()
        other = link.casemgr if link.kore == work.key else link.kore
        return self._saved.lines_of(other)


def hold_back(
    gate: Gate | None, work: Judged, decide: Callable[[], GroupPlan]
) -> GroupPlan:
    """Plan a group, and set aside what the gate does not let through.

    A record that is set aside may change what others need: it is decided again until
    all that is left passes.

    Args:
        gate: None lets everything through.
        work: the group; its holds are added to.
        decide: decides on the group as it stands.
    """
    plan = decide()
    if gate is None:
        return plan
    for _ in range(3 * len(work.prints) + 3):
        found = gate.strays(work, plan)
        fresh = {
            who: stray for who, stray in found.items() if _is_news(work, who, stray)
        }
        if not fresh:
            return _without(plan, work)
        for (role, key), stray in fresh.items():
            work.aside[role, key] = stray
            if not stray.contents_only:
                work.holds[key] = _hold(work, key, stray)
        plan = decide()
    raise InvariantBroken("what a saved plan lets through does not come to rest")


def _quiet(stray: Stray, work: Judged, key: Key, echoed: set[Key]) -> Stray:
    """Keep silent about what is due only because the plan wrote to the other side.

    It is no part of the plan: the next sync carries it.
    """
    if stray.code != NOT_IN_PLAN or not stray.contents_only:
        return stray
    role = Role.CASE if key == work.key else Role.TASK
    link = work.link(role, key)
    is_echo = link is not None and not echoed.isdisjoint((link.kore, link.casemgr))
    return replace(stray, code=ECHO) if is_echo else stray


def _is_news(work: Judged, who: tuple[Role, Key], stray: Stray) -> bool:
    """Tell whether a record is not set aside yet, or only its fields are."""
    known = work.aside.get(who)
    return known is None or (known.contents_only and not stray.contents_only)


def _written(lines: Iterable[ActionLine]) -> list[Key]:
    """Give the source records that lines write, each once."""
    return list(dict.fromkeys(Key(x.key) for x in lines if x.kind in WRITES))


def _hold(work: Judged, key: Key, stray: Stray) -> Hold:
    return Hold(
        key=key,
        kind=HoldKind.SET_ASIDE,
        code=stray.code,
        reason=stray.reason,
        source_print=work.prints.get(key, ""),
        mapping=work.mapping,
    )


def _without(plan: GroupPlan, work: Judged) -> GroupPlan:
    """Take what is set aside out of a plan, and say so of each record."""
    if not work.aside:
        return plan
    actions = [
        a
        for a in plan.actions
        if (stray := work.aside.get((a.role, a.key))) is None
        or a.kind not in (_FIELDS if stray.contents_only else QUIET)
    ]
    told = {(a.role, a.key) for a in actions}
    actions += [
        _set_aside(work, role, key, stray)
        for (role, key), stray in work.aside.items()
        if (role, key) not in told and role is not Role.OPENER and key in work.prints
    ]
    losses = tuple(loss for action in actions for loss in action.losses)
    return replace(plan, actions=tuple(actions), losses=losses)


def _set_aside(work: Judged, role: Role, key: Key, stray: Stray) -> Action:
    target = work.target(role, key)
    counterpart = target.key if target else None
    if stray.code == ECHO:
        kind = ActionKind.UNCHANGED
        return Action(kind=kind, role=role, key=key, counterpart=counterpart)
    return Action(
        kind=ActionKind.SET_ASIDE,
        role=role,
        key=key,
        counterpart=counterpart,
        code=stray.code,
        reason=stray.reason,
    )
