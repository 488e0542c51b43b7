"""Counting what a run did, or a plan would do, so that everything balances."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from caseferry.model.action import Action, ActionKind, GroupPlan, Stage
from caseferry.model.correlation import Role
from caseferry.model.kore_draft import CaseDraft
from caseferry.model.link import Hold, HoldKind, Link
from caseferry.model.mapped import MappedRecord
from caseferry.model.record import Key, Record
from caseferry.reconcile.view import CLOSED, CustomerChoice

_COMMON = (
    "note",
    "unchanged",
    "conflict",
    "waiting",
    "set_aside",
    "quarantine",
    "uncertain",
    "out_of_scope",
)
CASE_KINDS = ("create", "update", "close", "reopen", *_COMMON)
TASK_KINDS = ("create", "update", "complete", *_COMMON)
CUSTOMER_KINDS = ("matched", "created", "ambiguous", "placeholder")
_HELD = ("quarantine", "uncertain", "waiting", "set_aside", "out_of_scope")
_NAMES = {Role.CASE: "case", Role.TASK: "task", Role.OPENER: "opener"}


class Group(Protocol):
    """The mapped group, as far as it is counted."""

    @property
    def case(self) -> MappedRecord: ...
    @property
    def stays_behind(self) -> Mapping[str, int]: ...


class Work(Protocol):
    """A case group in work, of either direction, as far as it is counted."""

    @property
    def key(self) -> Key: ...
    @property
    def group(self) -> Group: ...
    @property
    def prints(self) -> Mapping[Key, str]: ...
    @property
    def plan(self) -> GroupPlan | None: ...
    @property
    def done(self) -> list[Action]: ...
    @property
    def born(self) -> set[tuple[Role, Key]]: ...
    @property
    def known(self) -> Mapping[Key, Hold]: ...
    @property
    def targets(self) -> Mapping[Key, Record]: ...
    @property
    def customer(self) -> CustomerChoice: ...
    @property
    def case_link(self) -> Link | None: ...
    def link(self, role: Role, key: Key, generation: int = 0) -> Link | None: ...


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of actions, of what became of each record, of losses and requests.

    Attributes:
        actions: by (case | task | opener, kind).
        ends: by (case | task, paired | created | a held kind): one per source record.
        figures: what guards look at.
        planned: requests that the plans need, completions left out.
        completions: that go 75 a request.
        linked: records that were paired before.
    """

    actions: Counter[tuple[str, str]] = field(default_factory=Counter)
    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    customers: Counter[str] = field(default_factory=Counter)
    losses: Counter[str] = field(default_factory=Counter)
    stays_behind: Counter[str] = field(default_factory=Counter)
    figures: Counter[str] = field(default_factory=Counter)
    codes: Counter[tuple[str, str]] = field(default_factory=Counter)
    planned: int = 0
    completions: int = 0
    linked: int = 0

    def add_plan(self, work: Work, plan: GroupPlan) -> None:
        """Count what a plan would do."""
        self._add(work, plan.actions)
        self.losses.update(loss.rule for loss in plan.losses)
        self.stays_behind.update(plan.stays_behind)
        self.stays_behind.update(plan.handed_over)
        self._cost(plan)

    def add_done(self, work: Work, first: GroupPlan) -> None:
        """Count what was done to a group, and what is left to be said of it."""
        last = work.plan or first
        left = [a for a in last.actions if not a.is_request]
        done = [*work.done, *_implied(work)]
        touched = {(a.role, a.key) for a in done}
        quiet = {ActionKind.UNCHANGED, ActionKind.CREATE, ActionKind.CLOSE}
        left = [
            a for a in left if a.kind not in quiet or (a.role, a.key) not in touched
        ]
        left = [a for a in left if a.kind not in (ActionKind.CREATE, ActionKind.REOPEN)]
        self._add(work, (*done, *left))
        losses = [loss for a in done for loss in a.losses]
        if (Role.CASE, work.key) in work.born:
            if not any(isinstance(a.kore_draft, CaseDraft) for a in done):
                losses += work.group.case.losses
            self.stays_behind.update(work.group.stays_behind)
        self.stays_behind.update(first.handed_over)
        self.losses.update(loss.rule for loss in losses)

    def add_settled(self, work: Work) -> None:
        """Count a group that nothing changed in, without planning it."""
        for key in work.prints:
            role = Role.CASE if key == work.key else Role.TASK
            name = _NAMES[role]
            hold = work.known.get(key)
            link = work.link(role, key)
            if hold is not None and hold.kind is not HoldKind.WAITING:
                self.actions[name, str(hold.kind)] += 1
                self.codes[str(hold.kind), hold.code] += 1
            elif link is not None and not link.tombstone:
                self.actions[name, "unchanged"] += 1
            else:
                self.actions[name, "out_of_scope"] += 1
            if link is not None and not link.tombstone:
                self.linked += 1
                self.ends[name, "paired"] += 1
            else:
                kind = str(hold.kind) if hold else "out_of_scope"
                self.ends[name, kind] += 1

    def add_orphan(self, *, complete: bool) -> None:
        """Count a source task whose case is not shown.

        After a complete listing its case is hidden or inactive, and so out of scope;
        otherwise the case may only have been missed.
        """
        kind = "out_of_scope" if complete else "set_aside"
        self.actions["task", kind] += 1
        self.ends["task", kind] += 1
        self.codes[kind, "no-case"] += 1

    def balances(self, read: Mapping[str, int]) -> bool:
        """Tell whether each record that was read has exactly one end."""
        if any(kind == "lost" for _, kind in self.ends):
            return False
        return all(
            sum(n for (name, _), n in self.ends.items() if name == entity) == count
            for entity, count in read.items()
        )

    def data(self) -> dict[str, Any]:
        """Give the counts in the shape of the JSON output."""
        return {
            "case": {kind: self.actions["case", kind] for kind in CASE_KINDS},
            "task": {kind: self.actions["task", kind] for kind in TASK_KINDS},
            "opener": {k: self.actions["opener", k] for k in ("create", "complete")},
            "customer": {kind: self.customers[kind] for kind in CUSTOMER_KINDS},
        }

    def total(self, *kinds: str) -> int:
        """Count actions of these kinds on cases and tasks."""
        return sum(
            n
            for (name, kind), n in self.actions.items()
            if kind in kinds and name != "opener"
        )

    def _add(self, work: Work, actions: tuple[Action, ...]) -> None:
        fates: dict[tuple[Role, Key], list[Action]] = {}
        for action in actions:
            name = _NAMES[action.role]
            if not (action.kind is ActionKind.UPDATE and action.code == "new"):
                # the contents of a new case are part of its creation
                self.actions[name, str(action.kind)] += 1
            if action.code and not action.is_request:
                self.codes[str(action.kind), action.code] += 1
            fates.setdefault((action.role, action.key), []).append(action)
            self._figure(work, action)
        self.figures["changes"] += len(set(_changed(work, actions)))
        if any(map(_names_customer, actions)) or work.customer.outcome == "ambiguous":
            self.customers[work.customer.outcome] += 1
        for key in work.prints:
            role = Role.CASE if key == work.key else Role.TASK
            self._end(work, role, key, fates.get((role, key), []))

    def _end(self, work: Work, role: Role, key: Key, fates: list[Action]) -> None:
        name = _NAMES[role]
        link = work.link(role, key)
        if (role, key) in work.born:
            self.ends[name, "created"] += 1
        elif link is not None and not link.tombstone:
            self.linked += 1
            self.ends[name, "paired"] += 1
        else:
            kinds = [str(action.kind) for action in fates]
            held = next((kind for kind in kinds if kind in _HELD), None)
            if held is None and link is not None:  # said of its twin already
                held = "out_of_scope"
            self.ends[name, held or ("created" if "create" in kinds else "lost")] += 1

    def _figure(self, work: Work, action: Action) -> None:
        link = work.link(action.role, action.key, action.generation)
        linked = link is not None and link.finished
        if action.kind is ActionKind.CREATE and action.role is not Role.OPENER:
            self.figures["creates"] += 1
        elif action.kind is ActionKind.REOPEN:
            self.figures["reopened"] += 1
        elif linked and action.kind is ActionKind.CLOSE:
            self.figures["closed"] += 1
        elif linked and action.kind is ActionKind.UPDATE:
            names = {change.name for change in action.changes}
            self.figures["reprioritised"] += bool(names & {"priority", "severity"})
        if action.code == "not-seen":
            self.figures["not_seen"] += 1

    def _cost(self, plan: GroupPlan) -> None:
        """Count the requests of a plan; completions and reads go 75 at a time."""
        requests = plan.requests
        self.completions += sum(a.stage is Stage.COMPLETE for a in requests)
        notes = sum(a.kind is ActionKind.NOTE for a in requests)
        self.planned += notes + sum(a.stage is not Stage.COMPLETE for a in requests)


def _changed(work: Work, actions: Iterable[Action]) -> Iterator[tuple[Role, Key]]:
    """Give the linked records that actions change: contents, or the end of a task."""
    for action in actions:
        link = work.link(action.role, action.key, action.generation)
        if action.role is Role.OPENER or link is None or not link.finished:
            continue
        if action.kind in (ActionKind.UPDATE, ActionKind.COMPLETE):
            yield action.role, action.key


def _names_customer(action: Action) -> bool:
    return action.draft is not None or isinstance(action.kore_draft, CaseDraft)


def _implied(work: Work) -> list[Action]:
    """Give what came about without a request: a case that was made, or closed."""
    named = {(a.role, a.key) for a in work.done if a.kind is ActionKind.CREATE}
    found = [
        Action(kind=ActionKind.CREATE, role=role, key=key)
        for role, key in sorted(work.born)
        if (role, key) not in named
    ]
    link = work.case_link
    closed = (
        link is not None
        and link.casemgr in work.targets
        and work.targets[link.casemgr].text("status") == CLOSED
    )
    ended = any(a.stage is Stage.COMPLETE for a in work.done)
    called = any(a.stage is Stage.CLOSE for a in work.done)
    if closed and ended and not called and work.group.case.finished:
        found.append(Action(kind=ActionKind.CLOSE, role=Role.CASE, key=work.key))
    found += [
        Action(kind=ActionKind.REOPEN, role=Role.CASE, key=work.key)
        for action in work.done
        if action.draft is not None and action.code == "reopened"
    ]
    return found
