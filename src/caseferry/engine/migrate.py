"""A migration run: settle, read, adopt, plan, guard, carry out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from caseferry.engine.adopt import Adopter
from caseferry.engine.adopted import Adopted
from caseferry.engine.budget import wants, within
from caseferry.engine.carry import Carrier
from caseferry.engine.context import Context
from caseferry.engine.customers import Customers
from caseferry.engine.extract import Extracted, extract_kore
from caseferry.engine.guards import acknowledge_mapping, judged
from caseferry.engine.marked import MarkedAdopter
from caseferry.engine.patience import NEW_STATE, wait_until_listed
from caseferry.engine.plans import Planner, batches
from caseferry.engine.settle import Settler
from caseferry.engine.tally import Tally
from caseferry.engine.work import Work
from caseferry.errors import Interrupted, SafetyStop
from caseferry.model.record import Key, System
from caseferry.reconcile.guard import GuardFigure, Limits, stops_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What an operator asked for.

    Attributes:
        only: these cases of the source, and no others.
        limit: at most so many case groups that are not finished yet.
        limits: of the guards.
    """

    only: tuple[Key, ...] = ()
    limit: int | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a run would do, and the guards that look at it."""

    tally: Tally
    guards: tuple[GuardFigure, ...] = ()

    @property
    def stops(self) -> tuple[SafetyStop, ...]:
        """What refuses it."""
        return stops_of(self.guards)


class Migration:
    """One run from Kore to casemgr.

    Call the methods in their order: `read`, `plan`, and, unless it is a dry run,
    `carry_out`.
    """

    def __init__(self, context: Context, options: Options) -> None:
        self._context = context
        self._options = options
        customers = Customers(context)
        self._planner = Planner(context, customers)
        self._settler = Settler(context)
        self._customers = customers
        self._adopter = Adopter(context, self._planner)
        self._carrier = Carrier(context, self._planner, customers, self._settler)
        self._may_create = True
        self.extracted = Extracted(cases=0, tasks=0, complete=False)
        self.adopted = Adopted()

    def read(self) -> None:
        """Read the source whole, and our own records on the target."""
        self._settler.recover()
        self.extracted = extract_kore(self._context)
        self._settler.look()
        self._hold_back_customers()
        self.adopted = self._adopter.scan()
        marked = MarkedAdopter(self._context, self._planner, self._adopter).scan()
        self.adopted.links += marked.links
        self.adopted.strangers += marked.strangers

    def plan(self, show: Callable[[Work], None] | None = None) -> Planned:
        """Plan every group, writing to neither system.

        Args:
            show: is handed each group that is planned.
        """
        tally = Tally()
        for works in self._works(tally):
            for work in works:
                if work.plan is None:
                    continue
                tally.add_plan(work, work.plan)
                if show is not None:
                    show(work)
            self._context.reporter.progress("planned", sum(tally.ends.values()), None)
        self._orphans(tally)
        self._may_create = tally.total("create") > 0
        guards = judged(self._context, tally, self._options.limits)
        return Planned(tally=tally, guards=guards)

    def carry_out(self) -> Tally:
        """Write what the plans say, group by group; settle what is in doubt.

        Raises:
            Interrupted: the operator asked to stop; everything sent is recorded.
            SafetyStop: the tenant does not keep what the promise needs.
        """
        self._scan_again()
        tally = Tally()
        again = self._carrier.carry(self._works(tally), tally)
        self._carrier.later(again, tally)
        self._orphans(tally)
        if self._context.stopping:
            raise Interrupted("stopped as asked; what was in flight is recorded")
        return tally

    def acknowledge_mapping(self) -> None:
        """Remember the mapping that linked records are carried under from now on."""
        options = self._options
        whole = not options.only and options.limit is None
        acknowledge_mapping(self._context, whole=whole)

    # batches ------------------------------------------------------------------------

    def _works(self, tally: Tally) -> Iterator[list[Work]]:
        """Give the groups that are not settled, planned, up to the limit."""
        store, size = self._context.store, self._context.settings.batch
        budget = self._options.limit
        keys = store.case_keys(
            self._context.since_run(System.KORE), only=self._options.only
        )
        for batch in batches(keys, size):
            works = self._unsettled(self._planner.load(batch), tally)
            self._carrier.prepare(works)
            if budget is not None:
                works = within(works, budget)
                budget -= sum(map(wants, works))
            yield works

    def _unsettled(self, works: Sequence[Work], tally: Tally) -> list[Work]:
        found = []
        for work in works:
            if self._planner.is_settled(work):
                tally.add_settled(work)
            else:
                found.append(work)
        return found

    def _hold_back_customers(self) -> None:
        """Treat customers that unfinished creates may have made as made just now."""
        settings = self._context.settings
        for cases, lag_s in (
            (sorted(self._settler.parked), settings.absence_bound_s),
            (self._context.store.unfinished_cases(), settings.visibility_lag_s),
        ):
            for batch in batches(cases, settings.batch):
                for work in self._planner.load(batch):
                    self._customers.made(work.group.customer, lag_s)

    def _scan_again(self) -> None:
        """Look once more before the first create of a state that knows too little."""
        wait_s = self.adopted.wait_s
        if not self._may_create or wait_s <= 0:
            return
        if wait_until_listed(self._context, wait_s, NEW_STATE):
            self._adopter.scan()

    def _orphans(self, tally: Tally) -> None:
        if not self._options.only:
            since = self._context.since_run(System.KORE)
            for _ in self._context.store.orphan_tasks(since):
                tally.add_orphan(complete=self.extracted.complete)
