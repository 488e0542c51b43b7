"""A run from casemgr to Kore: read both, adopt, plan, guard, carry out, confirm."""

from collections.abc import Callable, Iterator

from caseferry.engine.adopted import Adopted
from caseferry.engine.budget import wants, within
from caseferry.engine.context import Context
from caseferry.engine.extract import Extracted, extract_kore
from caseferry.engine.guards import acknowledge_mapping, judged
from caseferry.engine.migrate import Options, Planned
from caseferry.engine.patience import NEW_STATE, wait_until_listed
from caseferry.engine.plans import batches
from caseferry.engine.tally import Tally
from caseferry.engine.to_kore.adopt import KoreAdopter
from caseferry.engine.to_kore.apply import KoreApplier
from caseferry.engine.to_kore.carry import BATCH, KoreCarrier
from caseferry.engine.to_kore.extract import extract_casemgr
from caseferry.engine.to_kore.finding import Finder
from caseferry.engine.to_kore.plans import KorePlanner
from caseferry.engine.to_kore.prove import KoreProver
from caseferry.engine.to_kore.settle import KoreSettler
from caseferry.engine.to_kore.vocabulary import Vocabulary
from caseferry.engine.to_kore.work import KoreWork
from caseferry.errors import Interrupted
from caseferry.model.record import System
from caseferry.model.times import canonical_time, parse_time

_FIRST_READ = "first-read.kore"


class MigrationToKore:
    """One run from casemgr to Kore.

    Call the methods in their order: `read`, `plan`, and, unless it is a dry run,
    `carry_out`.
    """

    def __init__(self, context: Context, options: Options) -> None:
        self._context = context
        self._options = options
        finder = Finder(context)
        self._planner = KorePlanner(context)
        self._settler = KoreSettler(context, self._planner, finder)
        self._adopter = KoreAdopter(context, self._planner)
        applier = KoreApplier(context, self._planner, self._settler, finder)
        prover = KoreProver(context, finder)
        self._carrier = KoreCarrier(context, self._planner, applier, prover)
        self._vocabulary = Vocabulary(context)
        self._may_create = True
        self._wait_s = 0.0
        self.extracted = Extracted(cases=0, tasks=0, complete=False)
        self.adopted = Adopted()

    def read(self) -> None:
        """Read the source and Kore whole; link what belongs together already."""
        self._settler.recover()
        self.extracted = extract_casemgr(self._context)
        self._read_kore()
        self._wait_s = self._unseen_s()

    def plan(self, show: Callable[[KoreWork], None] | None = None) -> Planned:
        """Plan every group, writing to neither system.

        Args:
            show: is handed each group that is planned.
        """
        tally = Tally()
        for works in self._works():
            for work in works:
                if work.plan is None:
                    continue
                tally.add_plan(work, work.plan)
                self._vocabulary.add(work.plan)
                if show is not None:
                    show(work)
            self._progress("planned", tally)
        self._orphans(tally)
        self._may_create = tally.total("create") > 0
        guards = judged(self._context, tally, self._options.limits)
        return Planned(tally=tally, guards=(*guards, self._vocabulary.guard()))

    def carry_out(self) -> Tally:
        """Write what the plans say; settle what is in doubt; confirm what was made.

        Raises:
            Interrupted: the operator asked to stop; everything sent is recorded.
            SafetyStop: the tenant does not keep what the promise needs.
        """
        self._scan_again()
        tally = Tally()
        for works in self._works():
            if self._context.must_stop():
                break
            self._carrier.batch(works, tally)
            self._progress("carried", tally)
        if self._carrier.waiting and not self._context.must_stop():
            self._read_kore()  # the reply to a create shows only a part of the record
        self._carrier.again(tally, self._read_kore)
        self._orphans(tally)
        if self._context.stopping:
            raise Interrupted("stopped as asked; what was in flight is recorded")
        return tally

    def acknowledge_mapping(self) -> None:
        """Remember the mapping that linked records are carried under from now on."""
        options = self._options
        whole = not options.only and options.limit is None
        acknowledge_mapping(self._context, whole=whole)

    # reading ------------------------------------------------------------------------

    def _read_kore(self) -> None:
        """Read Kore and adopt; what a listing shows is in doubt no more."""
        complete = self._context.listing_complete  # of the source
        extract_kore(self._context)
        self._context.listing_complete = complete
        found = self._adopter.scan()
        for name in ("links", "twice", "strangers"):
            before = getattr(self.adopted, name)
            setattr(self.adopted, name, before + getattr(found, name))
        self.adopted.records = found.records
        self._settler.adopted(frozenset(self._adopter.correlations))

    def _unseen_s(self) -> float:
        """Give the rest of the visibility lag since this state first read Kore."""
        context = self._context
        at = context.kore.server_time()
        if at is None:
            return 0.0
        first = context.store.get_fact(_FIRST_READ)
        if first is None:
            first = canonical_time(at)
            context.store.set_fact(_FIRST_READ, first)
        known_for_s = (at - parse_time(first)).total_seconds()
        return context.settings.visibility_lag_s - known_for_s

    def _scan_again(self) -> None:
        """Read Kore once more before the first create of a state that is new."""
        wait_s = self._wait_s
        if not self._may_create or wait_s <= 0:
            return
        if wait_until_listed(self._context, wait_s, NEW_STATE):
            self._read_kore()

    def _works(self) -> Iterator[list[KoreWork]]:
        """Give planned groups, open ones first, as far as `--limit` goes."""
        store, budget = self._context.store, self._options.limit
        since = self._context.since_run(System.CASEMGR)
        keys = store.case_keys(since, only=self._options.only, system=System.CASEMGR)
        for batch in batches(keys, BATCH):
            works = self._planner.load(batch)
            self._planner.decide(works)
            if budget is not None:
                works = within(works, budget)
                budget -= sum(map(wants, works))
            yield works

    def _orphans(self, tally: Tally) -> None:
        if not self._options.only:
            since = self._context.since_run(System.CASEMGR)
            for _ in self._context.store.orphan_tasks(since, System.CASEMGR):
                tally.add_orphan(complete=self.extracted.complete)

    def _progress(self, phase: str, tally: Tally) -> None:
        self._context.reporter.progress(phase, sum(tally.ends.values()), None)
