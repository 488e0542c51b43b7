"""A migration run: settle, read, adopt, plan, guard, carry out."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from caseferry.engine.adopt import Adopted, Adopter
from caseferry.engine.apply import Applier
from caseferry.engine.context import Context
from caseferry.engine.customers import Customers
from caseferry.engine.extract import Extracted, extract_kore
from caseferry.engine.plans import Planner, batches
from caseferry.engine.prove import Prover
from caseferry.engine.settle import Settler
from caseferry.engine.tally import Tally
from caseferry.engine.work import Work
from caseferry.errors import Interrupted, SafetyStop
from caseferry.model.action import GroupPlan
from caseferry.model.record import Key
from caseferry.reconcile.guard import Figures, Limits, check_limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What an operator asked for.

    Attributes:
        only: these Kore cases, and no others.
        limit: at most so many case groups that are not finished yet.
        limits: of the guards.
    """

    only: tuple[Key, ...] = ()
    limit: int | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a run would do, and what refuses it."""

    tally: Tally
    stops: tuple[SafetyStop, ...]


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
        self._applier = Applier(context, self._planner, customers, self._settler)
        self._prover = Prover(context)
        self.extracted = Extracted(cases=0, tasks=0, complete=False)
        self.adopted = Adopted()

    def read(self) -> None:
        """Read the source whole, and our own records on the target."""
        self._settler.recover()
        self.extracted = extract_kore(self._context)
        self._settler.look()
        self.adopted = Adopter(self._context, self._planner).scan()

    def plan(self, show: Callable[[GroupPlan], None] | None = None) -> Planned:
        """Plan every group, writing to neither system.

        Args:
            show: is handed each plan that holds more than "unchanged".
        """
        tally = Tally()
        budget = self._options.limit
        for works in self._works():
            open_works = self._unsettled(works, tally)
            if budget is not None:
                open_works = open_works[:budget]
                budget -= len(open_works)
            self._applier.prepare(open_works)
            for work in open_works:
                if work.plan is None:
                    continue
                tally.add_plan(work, work.plan)
                if show is not None:
                    show(work.plan)
            self._context.reporter.progress("planned", sum(tally.ends.values()), None)
        self._orphans(tally)
        return Planned(tally=tally, stops=self._guards(tally))

    def carry_out(self) -> Tally:
        """Write what the plans say, group by group; settle what is in doubt.

        Raises:
            Interrupted: the operator asked to stop; everything sent is recorded.
            SafetyStop: the tenant does not keep what the promise needs.
        """
        tally = Tally()
        again: list[Key] = []
        budget = self._options.limit
        for works in self._works():
            if self._context.must_stop():
                break
            open_works = self._unsettled(works, tally)
            if budget is not None:
                open_works = open_works[:budget]
                budget -= len(open_works)
            again += self._batch(open_works, tally)
            self._context.reporter.progress("carried", sum(tally.ends.values()), None)
        self._later(again, tally)
        self._orphans(tally)
        if self._context.stopping:
            raise Interrupted("stopped as asked; what was in flight is recorded")
        return tally

    # batches ------------------------------------------------------------------------

    def _works(self) -> Iterator[list[Work]]:
        store, size = self._context.store, self._context.settings.batch
        keys = store.case_keys(self._context.run, only=self._options.only)
        for batch in batches(keys, size):
            yield self._planner.load(batch)

    def _unsettled(self, works: Sequence[Work], tally: Tally) -> list[Work]:
        found = []
        for work in works:
            if self._planner.is_settled(work):
                tally.add_settled(work)
            else:
                found.append(work)
        return found

    def _batch(self, works: list[Work], tally: Tally) -> list[Key]:
        """Carry groups out; give those that have to wait for others, or for an answer.

        The first group with each kind of action runs alone. Of several groups that
        would create the same customer one goes first.
        """
        self._applier.prepare(works)
        later: list[Key] = []
        firsts, rest = self._split(works, later)
        for work in firsts:
            if self._prover.is_first(work):
                kinds = self._prover.kinds(work)
                self._carry([work], tally, later)
                self._prover.learn(work, kinds)
            else:
                rest.append(work)
            if self._context.must_stop():
                return later
        self._carry(rest, tally, later)
        return later

    def _split(
        self, works: list[Work], later: list[Key]
    ) -> tuple[list[Work], list[Work]]:
        making: set[tuple[str, str]] = set()
        firsts: list[Work] = []
        rest: list[Work] = []
        for work in works:
            draft = work.customer.draft
            if draft is not None and draft.create:
                identity = (draft.attribute, draft.value)
                if identity in making:
                    later.append(work.key)
                    continue
                making.add(identity)
            (firsts if self._prover.is_first(work) else rest).append(work)
        return firsts, rest

    def _carry(self, works: list[Work], tally: Tally, later: list[Key]) -> None:
        plans = {work.key: work.plan for work in works}
        self._applier.run(works)
        parked = self._settler.parked
        for work in works:
            if work.key in parked or _waits_for_customer(work):
                later.append(work.key)
            first = plans[work.key]
            if first is not None and work.key not in later:
                tally.add_done(work, first)

    def _later(self, again: list[Key], tally: Tally) -> None:
        """Take up what waited: for a customer, or for a write in doubt."""
        counts: Counter[Key] = Counter()
        while again and not self._context.must_stop():
            parked = self._settler.parked
            ready = [key for key in again if key not in parked]
            waiting = [key for key in again if key in parked]
            if not ready:
                settled = self._settler.drain()
                if not settled and self._settler.parked == parked:
                    break
                ready = [key for key in again if key not in self._settler.parked]
                waiting = [key for key in again if key in self._settler.parked]
            counts.update(ready)
            again = waiting
            for batch in batches(ready, self._context.settings.batch):
                works = self._unsettled(self._planner.load(batch), tally)
                more = self._batch(works, tally)
                again += [key for key in more if counts[key] < _TRIES]
                self._give_up([key for key in more if counts[key] >= _TRIES], tally)
                self._pause(more)
        self._give_up(again, tally)

    def _pause(self, more: Sequence[Key]) -> None:
        """Wait a little for a customer that is not visible yet."""
        if more:
            lag = self._context.settings.visibility_lag_s / _TRIES
            self._context.reporter.waiting("a new customer is not visible yet", lag)
            self._context.clock.sleep(lag)

    def _give_up(self, keys: Sequence[Key], tally: Tally) -> None:
        """Count the groups that are left for the next run."""
        works = self._planner.load(list(dict.fromkeys(keys)))
        if not works:
            return
        self._applier.prepare(works)
        for work in works:
            if work.plan is not None:
                left = tuple(a for a in work.plan.actions if not a.is_request)
                tally.add_done(work, GroupPlan(case=work.key, actions=left))

    def _orphans(self, tally: Tally) -> None:
        if not self._options.only:
            for _ in self._context.store.orphan_tasks(self._context.run):
                tally.add_orphan(complete=self.extracted.complete)

    def _guards(self, tally: Tally) -> tuple[SafetyStop, ...]:
        mapper = self._context.mapper
        problems = tuple(str(p) for p in mapper.accepted(tally.losses))
        known = self._context.store.get_fact("mapping.digest")
        figures = Figures(
            linked=tally.linked,
            counts=tally.figures,
            losses=problems,
            mapping_changed=known is not None
            and known != mapper.digest
            and tally.linked > 0,
        )
        return check_limits(figures, self._options.limits, self._context.allowed)


_TRIES = 8
"""How often a group is taken up again in one run."""


def _waits_for_customer(work: Work) -> bool:
    return any(hold.code == "customer-new" for hold in work.holds.values())
