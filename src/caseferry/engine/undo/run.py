"""Taking one run back: settle, read, plan, carry out; again at any time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from caseferry.engine.context import Context
from caseferry.engine.finish import LISTED
from caseferry.engine.lookup import Lookup
from caseferry.engine.patience import wait_until_listed
from caseferry.engine.tally import Tally
from caseferry.engine.undo.apply import UndoApplier
from caseferry.engine.undo.doubt import Doubts
from caseferry.engine.undo.ledger import UNDONE_BY, read_past, undos_of
from caseferry.engine.undo.plans import UndoPlanner
from caseferry.engine.undo.work import UndoWork
from caseferry.errors import Interrupted
from caseferry.model.action import Action, ActionKind, GroupPlan, Stage
from caseferry.model.correlation import Role
from caseferry.model.link import IntentState, WriteKind
from caseferry.model.record import Key, System, system_of
from caseferry.ports import BULK, Store
from caseferry.reconcile.undo.view import Cannot
from caseferry.reconcile.view import CLOSED

_NAMES = {Role.CASE: "case", Role.TASK: "task", Role.OPENER: "opener"}
UNDONE = "undone."
"""Facts: `undone.<run>`, the number of the undo that left nothing to be done."""

_NEW = "what was made just now may not be listed yet"
_CONTENTS = Cannot(
    code="contents-stay",
    key=None,
    reason="subject and content of what was made in casemgr stay readable there: no "
    "call deletes anything",
)


@dataclass(slots=True, kw_only=True)
class Undone:
    """What an undo would do, or did.

    Attributes:
        cannot: what is left as it is, in a stable order.
        requests: by system, about how many are still needed, reads included.
    """

    tally: Tally = field(default_factory=Tally)
    cannot: list[Cannot] = field(default_factory=list)
    requests: dict[System, int] = field(default_factory=dict)

    @property
    def held(self) -> int:
        """How many records somebody has to look at, or a later undo."""
        kinds = ("waiting", "set_aside", "quarantine", "uncertain")
        return sum(
            count for (_, kind), count in self.tally.actions.items() if kind in kinds
        )


class Undo:
    """One undo of one run.

    Call the methods in their order: `read`, `plan`, and, unless it is a dry run,
    `carry_out`.
    """

    def __init__(self, context: Context, run: int) -> None:
        self._context = context
        self._run = run
        self._past = read_past(context.store, run)
        self._planner = UndoPlanner(context, run, self._past)
        self._applier = UndoApplier(context, self._planner, self._past)
        lookup = Lookup(context)
        self._doubts = Doubts(context, self._planner, self._past, lookup)
        self._works: dict[System, list[UndoWork]] = {system: [] for system in System}

    def read(self) -> None:
        """Read what the run wrote as it is now, and look for creates in doubt."""
        if System.KORE in self._past.systems():
            self._planner.list_kore()
        self._doubts.look()
        self._load()

    def plan(self, show: Callable[[GroupPlan], None] | None = None) -> Undone:
        """Say what is to be done, and what cannot be; writes nothing.

        Args:
            show: is handed each group's plan.
        """
        for work in self._every():
            if show is not None and work.plan is not None:
                show(work.plan)
        return self._undone(planned=True)

    def carry_out(self) -> Undone:
        """Write what the plans say, group by group, then what was in doubt.

        Raises:
            Interrupted: the operator asked to stop; everything sent is recorded.
            SafetyStop: what the first group needs was refused.
        """
        context = self._context
        self._begin()
        self._read_kore_again()
        self._apply(self._works)
        while not context.stopping and self._doubts.wait():
            found = self._doubts.look()
            self._doubts.settle()
            self._more(found)
        if context.stopping:
            raise Interrupted("stopped as asked; what was in flight is recorded")
        undone = self._undone(planned=False)
        if not undone.held:
            context.store.set_fact(f"{UNDONE}{self._run}", str(context.run))
        return undone

    def so_far(self) -> Undone:
        """Say what was done, also of an undo that ended early."""
        return self._undone(planned=False)

    # --------------------------------------------------------------------------------

    def _load(self) -> None:
        self._works[System.CASEMGR] = self._planner.in_casemgr()
        if System.KORE in self._past.systems():
            self._works[System.KORE] = self._planner.in_kore()
        self._planner.decide(self._every())

    def _begin(self) -> None:
        """Note the undo before its first write; take over what an earlier one left."""
        store = self._context.store
        runs = (self._run, *undos_of(store, self._run))
        own = {number for run in runs for number in _unsettled(store, run)}
        with store.transaction():
            store.set_fact(f"{UNDONE_BY}{self._run}.{self._context.run}", "begun")
            for intent in store.open_intents():
                if intent.number in own:
                    store.settle_intent(intent.number, IntentState.REREAD)
            self._doubts.settle()

    def _read_kore_again(self) -> None:
        """List Kore anew where time has passed, or something is too new to be there."""
        context, kore = self._context, self._works[System.KORE]
        late_at = context.locked_at + context.settings.visibility_lag_s
        rest = late_at - context.clock.monotonic()
        is_new = any(a.code == "not-listed" for w in kore for a in w.left)
        if is_new and not wait_until_listed(context, max(rest, 0.0), _NEW):
            return
        if is_new or self._planner.is_stale:
            self._planner.list_kore()
            self._works[System.KORE] = self._planner.in_kore()
            self._planner.decide(self._works[System.KORE])

    def _apply(self, works: dict[System, list[UndoWork]]) -> None:
        for system in (System.CASEMGR, System.KORE):
            self._applier.run(works[system])

    def _more(self, keys: frozenset[Key]) -> None:
        """Take back what was found in the end, and the groups that it lies in."""
        fresh: dict[System, list[UndoWork]] = {system: [] for system in System}
        if any(system_of(key) is System.CASEMGR for key in keys):
            fresh[System.CASEMGR] = self._planner.in_casemgr()
        if any(system_of(key) is System.KORE for key in keys):
            fresh[System.KORE] = self._planner.in_kore()
        for system, works in fresh.items():
            if works:
                _go_on(self._works[system], works)
                self._works[system] = works
                self._planner.decide(works)
        self._apply(fresh)

    def _every(self) -> list[UndoWork]:
        return [*self._works[System.CASEMGR], *self._works[System.KORE]]

    def _undone(self, *, planned: bool) -> Undone:
        undone = Undone()
        for work in self._every():
            actions = work.plan.actions if work.plan else ()
            _count(undone.tally, actions if planned else _what_was_done(work))
            undone.cannot += work.cannot
        _count(undone.tally, self._doubts.uncertain())
        undone.cannot += self._doubts.cannot()
        made = self._past.written.values()
        if any(w.created and system_of(w.key) is System.CASEMGR for w in made):
            undone.cannot.append(_CONTENTS)
        for system, works in self._works.items():
            undone.requests[system] = _cost(works)
        return undone


def _unsettled(store: Store, run: int) -> set[int]:
    """Give the numbers of a run's intents that only a fresh read can tell about."""
    states = (IntentState.OPEN, IntentState.IN_DOUBT)
    return {
        entry.intent.number
        for entry in store.entries(run)
        if entry.state in states and entry.intent.kind is not WriteKind.CREATE
    }


def _go_on(known: Iterable[UndoWork], fresh: Iterable[UndoWork]) -> None:
    """Let groups that were read anew know what was done in them, and refused."""
    before = {work.key: work for work in known}
    for work in fresh:
        if (old := before.get(work.key)) is not None:
            work.done += old.done
            work.refused |= old.refused


def _what_was_done(work: UndoWork) -> list[Action]:
    """Give what was carried out in a group, and what its last plan leaves.

    A case that closed with its last activity did so by no request of its own.
    """
    done = list(work.done)
    ended = any(action.stage is Stage.COMPLETE for action in done)
    case = work.records.get(work.key)
    if work.brought and ended and case is not None and case.text("status") == CLOSED:
        closing = Action(
            kind=ActionKind.CLOSE,
            role=Role.CASE,
            key=work.source,
            counterpart=work.key,
            code="undone",
        )
        done.append(closing)
    touched = {action.counterpart for action in done}
    return done + [
        action
        for action in work.left
        if action.kind is not ActionKind.UNCHANGED or action.counterpart not in touched
    ]


def _count(tally: Tally, actions: Iterable[Action]) -> None:
    for action in actions:
        tally.actions[_NAMES[action.role], str(action.kind)] += 1
        if action.code and action.kind in LISTED:
            tally.codes[str(action.kind), action.code] += 1


def _cost(works: Iterable[UndoWork]) -> int:
    """Count the requests of plans, reads included; many go 75 at a time."""
    single = bulk = touched = 0
    for work in works:
        for action in work.plan.requests if work.plan else ():
            is_bulk = work.system is System.CASEMGR and action.stage is Stage.COMPLETE
            single, bulk = single + (not is_bulk), bulk + is_bulk
            touched += work.system is System.CASEMGR
    return single + -(-bulk // BULK) + -(-touched // BULK)
