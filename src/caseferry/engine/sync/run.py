"""A two-way run: settle, read, adopt, plan, guard, carry out both ways."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from caseferry.engine.adopted import Adopted
from caseferry.engine.carry import Carrier
from caseferry.engine.changes import Changes, ReadPlan
from caseferry.engine.context import Context
from caseferry.engine.customers import Customers
from caseferry.engine.extract import Extracted
from caseferry.engine.guards import acknowledge_mapping, judged
from caseferry.engine.incremental import read_changes
from caseferry.engine.migrate import Planned
from caseferry.engine.patience import NEW_STATE, wait_until_listed
from caseferry.engine.plans import Planner, batches
from caseferry.engine.settle import Settler
from caseferry.engine.sync.adopt import SyncAdopter
from caseferry.engine.sync.ledger import Ledger
from caseferry.engine.sync.pairs import (
    Pair,
    changed_since,
    pairs_to_look_at,
    settle_pairs,
    unseen_keys,
)
from caseferry.engine.sync.rules import cross
from caseferry.engine.sync.unseen import Unseen
from caseferry.engine.tally import Tally
from caseferry.engine.to_kore.apply import KoreApplier
from caseferry.engine.to_kore.carry import KoreCarrier
from caseferry.engine.to_kore.finding import Finder
from caseferry.engine.to_kore.plans import KorePlanner
from caseferry.engine.to_kore.prove import KoreProver
from caseferry.engine.to_kore.settle import KoreSettler
from caseferry.engine.to_kore.vocabulary import Vocabulary
from caseferry.engine.to_kore.work import KoreWork
from caseferry.engine.work import Work
from caseferry.errors import Interrupted
from caseferry.model.record import Entity, Key, System
from caseferry.reconcile.guard import GuardFigure, Limits

UNLINKED = "unlinked"
"""Guard: both sides hold records, and nothing says which belong together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOptions:
    """What an operator asked for."""

    limits: Limits = field(default_factory=Limits)
    reading: ReadPlan = field(default_factory=ReadPlan)


class Sync:
    """One two-way run.

    Call the methods in their order: `read`, `plan`, and, unless it is a dry run,
    `carry_out`. The way to casemgr leads: of each batch of groups it goes first, and
    what it did is seen by the way to Kore.

    Attributes:
        changes: what was read, and how.
        extracted: how many records the groups hold that are looked at.
        to_casemgr, to_kore: requests that the plan needs in each system.
    """

    def __init__(self, context: Context, options: SyncOptions) -> None:
        self._context = context
        self._options = options
        customers = Customers(context)
        self._lead = Planner(context, customers)
        self._settler = Settler(context)
        self._carrier = Carrier(context, self._lead, customers, self._settler)
        finder = Finder(context)
        self._follow = KorePlanner(context)
        self._kore_settler = KoreSettler(context, self._follow, finder)
        applier = KoreApplier(context, self._follow, self._kore_settler, finder)
        prover = KoreProver(context, finder)
        self._kore_carrier = KoreCarrier(context, self._follow, applier, prover)
        self._adopter = SyncAdopter(context, self._lead, self._follow)
        self._vocabulary = Vocabulary(context)
        self._customers = customers
        self._pairs: list[Pair] = []
        self._unseen: list[Key] = []
        self._may_create = True
        self._never_seen = Unseen(context)
        self.changes = Changes(read=(), since={})
        self.extracted = Extracted(cases=0, tasks=0, complete=False)
        self.adopted = Adopted()
        self.ledger = Ledger()

    def read(self) -> None:
        """Read what changed in both systems; link what belongs together already."""
        self._settler.recover()
        self._kore_settler.recover()
        self._never_seen.before_reading()
        self._read()
        self._settler.look()
        self._never_seen.after_reading(
            restored=self.adopted.links > 0,
            whole=all(map(self.changes.is_whole, System)),
        )

    def plan(self, show: Callable[[Work | KoreWork], None] | None = None) -> Planned:
        """Plan both directions, writing to neither system.

        Args:
            show: is handed each group that is planned, once for each direction.
        """
        self.ledger = ledger = Ledger()
        for pairs in self._batches():
            lead, follow = self._leading(pairs), self._following(pairs)
            for back in follow:
                if back.plan is not None:
                    self._vocabulary.add(back.plan)
            cross(lead, follow)
            if show is not None:
                for work in lead:
                    show(work)
                for back in follow:
                    show(back)
            ledger.add_plans(lead, follow)
            self._progress("planned", ledger)
        tally = self._counted(ledger)
        self._may_create = tally.total("create") > 0
        guards = judged(self._context, tally, self._options.limits)
        own = (self._unlinked(), self._vocabulary.guard())
        return Planned(tally=tally, guards=(*guards, *own))

    def carry_out(self) -> Tally:
        """Write what the plans say, both ways; settle what is in doubt.

        Raises:
            Interrupted: the operator asked to stop; everything sent is recorded.
            SafetyStop: a tenant does not keep what the promise needs.
        """
        self._scan_again()
        self.ledger = ledger = Ledger()
        again: list[Key] = []
        for pairs in self._batches():
            if self._context.must_stop():
                break
            again += self._carry(pairs, ledger)
            ledger.close(self._kore_carrier.waiting)
            self._progress("carried", ledger)
        if not self._context.must_stop():
            self._take_up(again, ledger)
        ledger.close()
        if self._context.stopping:
            raise Interrupted("stopped as asked; what was in flight is recorded")
        if not self._context.must_stop():
            settle_pairs(self._context)
        return self._counted(ledger)

    def acknowledge_mapping(self) -> None:
        """Remember the mapping that linked records are carried under from now on."""
        acknowledge_mapping(self._context, whole=True)

    @property
    def looked(self) -> dict[str, dict[str, int]]:
        """How many records were looked at, by system and entity."""
        sides = {"kore": self.ledger.to_casemgr, "casemgr": self.ledger.to_kore}
        return {
            system: {
                entity.value: sum(
                    n for (name, _), n in side.ends.items() if name == entity
                )
                for entity in Entity
            }
            for system, side in sides.items()
        }

    # reading ------------------------------------------------------------------------

    def _read(self) -> None:
        """Read both systems and adopt; what a listing shows is in doubt no more."""
        self.changes = read_changes(self._context, self._options.reading)
        self._context.listing_complete = self.changes.kore_complete
        found = self._adopter.scan()
        for name in ("records", "links", "twice", "strangers"):
            before = getattr(self.adopted, name)
            setattr(self.adopted, name, before + getattr(found, name))
        self._kore_settler.adopted(self._adopter.correlations)
        self._unseen = [
            key
            for system in System
            if self._is_listed_anew(system)
            for key in unseen_keys(self._context, system)
        ]
        self._pairs = pairs_to_look_at(self._context, self._unseen)

    def _is_listed_anew(self, system: System) -> bool:
        """Tell whether a system was listed whole since a run last looked at all.

        Not only by this run: one that a guard stopped, that was killed, or that only
        planned has acted on nothing, and what it did not see is still missing.
        """
        since = self._context.since_run(system)
        return self.changes.was_whole(system) and since > changed_since(self._context)

    def _scan_again(self) -> None:
        """Look once more before the first create of a state that knows too little."""
        unseen = self._never_seen
        if not self._may_create or not unseen.is_possible:
            return
        if wait_until_listed(self._context, unseen.wait_s, NEW_STATE):
            unseen.look()
            self._read()

    # groups -------------------------------------------------------------------------

    def _batches(self) -> Iterator[Sequence[Pair]]:
        return batches(list(self._pairs), self._context.settings.batch)

    def _leading(self, pairs: Sequence[Pair]) -> list[Work]:
        works = self._lead.load([pair.kore for pair in pairs if pair.kore])
        half_made = [w for w in works if w.case_link is None and w.links]
        if half_made:
            self._carrier.prepare(half_made)  # an earlier run made them, and was killed
        self._lead.decide(works)
        return works

    def _following(self, pairs: Sequence[Pair]) -> list[KoreWork]:
        works = self._follow.load([pair.casemgr for pair in pairs if pair.casemgr])
        self._follow.decide(works)
        return works

    def _carry(self, pairs: Sequence[Pair], ledger: Ledger) -> list[Key]:
        """Carry some pairs both ways; give those that have to wait.

        What the way to Kore wrote may be kept in casemgr too (a priority's own name):
        the way to casemgr looks at those once more.
        """
        lead = iter([self._leading(pairs)])
        again = self._carrier.carry(lead, ledger.to_casemgr)
        follow = self._following(pairs)
        self._kore_carrier.batch(follow, ledger.to_kore)
        moved = [work for work in follow if work.done or work.goes_on]
        return again + self._echo(moved, ledger)

    def _echo(self, written: Sequence[KoreWork], ledger: Ledger) -> list[Key]:
        """Let the way to casemgr look at what was written to Kore."""
        homes = [work.case_link.kore for work in written if work.case_link]
        if not homes or self._context.must_stop():
            return []
        works = self._lead.load(homes)
        self._lead.decide(works)
        return self._carrier.carry(iter([works]), ledger.to_casemgr)

    def _take_up(self, again: list[Key], ledger: Ledger) -> None:
        """Take up what waited: for a customer, for a listing, or for a lost reply."""
        if again:
            self._carrier.later(again, ledger.to_casemgr)
        if self._kore_carrier.waiting and not self._context.must_stop():
            self._read()  # the reply to a create shows only a part of the record
        self._kore_carrier.again(ledger.to_kore, self._read)
        again = self._echo(ledger.to_kore.written, ledger)
        if again:
            self._carrier.later(again, ledger.to_casemgr)

    # counting -----------------------------------------------------------------------

    def _counted(self, ledger: Ledger) -> Tally:
        tally = ledger.total()
        tally.linked = self._context.store.count_links()
        known = self._context.store.holds(self._unseen)
        told = sum(hold.code == "not-seen" for hold in known.values())
        tally.figures["not_seen"] = max(0, len(self._unseen) - told)
        ends = tally.ends
        self.extracted = Extracted(
            cases=sum(n for (name, _), n in ends.items() if name == "case"),
            tasks=sum(n for (name, _), n in ends.items() if name == "task"),
            complete=self.changes.kore_complete and self.changes.casemgr_complete,
        )
        return tally

    def _unlinked(self) -> GuardFigure:
        """Refuse where both sides hold records and none of them is linked.

        A link that was parted or taken back says as well what belongs together.
        """
        context = self._context
        counts = [0 for _ in System]
        if next(context.store.links(), None) is None:
            counts = [
                context.store.count_records(
                    context.since_run(system), system, Entity.CASE
                )
                for system in System
            ]
        exceeds = all(counts) and not self._was_undone()
        return GuardFigure(
            name=UNLINKED,
            figure=min(counts) if exceeds else 0,
            limit="0",
            exceeds=exceeds,
            allowed=UNLINKED in context.allowed,
            words=f"would make twins: {counts[0]} Kore and {counts[1]} casemgr "
            "cases, and no link between them",
            hint="`caseferry migrate --from …` first, or `caseferry link` what "
            "belongs together; to carry all of them both ways add --allow unlinked",
        )

    def _was_undone(self) -> bool:
        """Tell whether an undo ended what belonged to a Kore case, or was one."""
        store, since = self._context.store, self._context.since_run(System.KORE)
        cases = batches(store.case_keys(since), self._context.settings.batch)
        return any(store.retired(keys) for keys in cases)

    def _progress(self, phase: str, ledger: Ledger) -> None:
        done = sum(ledger.to_casemgr.ends.values()) + sum(ledger.to_kore.ends.values())
        self._context.reporter.progress(phase, done, None)
