"""Carrying groups out in batches: who goes first, who waits, who is taken up again."""

from collections.abc import Iterator, Sequence
from itertools import chain

from caseferry.engine.apply import Applier
from caseferry.engine.context import Context
from caseferry.engine.customers import Customers, identities
from caseferry.engine.dispatch import Stages
from caseferry.engine.plans import Planner, batches
from caseferry.engine.prove import Prover
from caseferry.engine.settle import Settler
from caseferry.engine.tally import Tally
from caseferry.engine.work import Work
from caseferry.model.link import Hold, HoldKind
from caseferry.model.record import Key
from caseferry.reconcile.view import NOT_SHOWN_YET

_LANES = 3
"""While one lane decides, the requests of the others are under way."""


class Carrier:
    """Sends batches of groups through the applier, and keeps what has to wait."""

    def __init__(
        self,
        context: Context,
        planner: Planner,
        customers: Customers,
        settler: Settler,
    ) -> None:
        self._context = context
        self._planner = planner
        self._applier = Applier(context, planner, customers, settler)
        self._customers = customers
        self._settler = settler
        self._prover = Prover(context)
        self._begun: dict[Key, Work] = {}
        self._making: set[int] = set()  # customers that groups under way may create
        self._proving = False  # one kind of action at a time, in whatever lane

    def prepare(self, works: Sequence[Work]) -> None:
        """Read what is linked and decide, without writing to either system."""
        self._applier.prepare(works)

    def carry(self, batches: Iterator[list[Work]], tally: Tally) -> list[Key]:
        """Carry prepared groups out; give those that have to wait.

        Several lanes take batch after batch from one stream. The first group with each
        kind of action runs before all others with that kind. Of several groups that
        would create the same customer one goes first.
        """
        later: list[Key] = []
        self._drive(chain(batches, self._put_off(later)), tally, later)
        return later

    def _drive(
        self, batches: Iterator[list[Work]], tally: Tally, later: list[Key]
    ) -> None:
        count = _LANES if self._context.workers.size > 1 else 1
        self._applier.drive(self._lane(batches, tally, later) for _ in range(count))

    def _put_off(self, later: list[Key]) -> Iterator[list[Work]]:
        """Give once more what had to wait, while the last others are under way."""
        parked = self._settler.parked
        ready = [key for key in dict.fromkeys(later) if key not in parked]
        later[:] = [key for key in later if key in parked]
        yield from self._reloaded(ready)

    def _lane(
        self, batches: Iterator[list[Work]], tally: Tally, later: list[Key]
    ) -> Stages:
        while not self._context.must_stop():
            works = next(batches, None)
            if works is None:
                return
            yield from self._batch(works, tally, later)
            done = sum(tally.ends.values())
            self._context.reporter.progress("carried", done, None)

    def _batch(self, works: list[Work], tally: Tally, later: list[Key]) -> Stages:
        """Carry a batch out: what proves a kind of action alone, then the rest.

        While another lane proves something, what is proved already goes on.
        """
        works, making = self._apart(works, later)
        left = [(work, self._prover.kinds(work)) for work in works]
        while left and not self._context.must_stop():
            firsts = [pair for pair in left if not self._prover.knows(pair[1])]
            if firsts and not self._proving:
                # the richest first: the fewest groups teach what there is to learn
                first = max(firsts, key=lambda pair: len(pair[1]))
                left = [pair for pair in left if pair is not first]
                yield from self._first(*first, tally=tally, later=later)
            elif len(firsts) < len(left):
                ready = [work for work, kinds in left if self._prover.knows(kinds)]
                left = firsts
                yield from self._carry(ready, tally, later)
            else:
                yield ()
        self._making -= making

    def _apart(
        self, works: list[Work], later: list[Key]
    ) -> tuple[list[Work], set[int]]:
        """Put groups off whose customer another group makes; give who is made here."""
        chosen: list[Work] = []
        making: set[int] = set()
        for work in works:
            draft, wish = work.customer.draft, work.group.customer
            is_unseen = work.customer.code == NOT_SHOWN_YET
            if is_unseen and self._customers.is_new(wish):
                later.append(work.key)
                continue
            if draft is not None and draft.create:
                values = identities(wish)
                if self._customers.is_new(wish) or self._making & values:
                    later.append(work.key)
                    continue
                making |= values
                self._making |= values
            chosen.append(work)
        return chosen, making

    def _first(
        self, work: Work, kinds: frozenset[str], *, tally: Tally, later: list[Key]
    ) -> Stages:
        self._proving = True
        yield from self._carry([work], tally, later)
        if not self._context.stopping:
            self._prover.learn(work, kinds)
        self._proving = False

    def _carry(self, works: list[Work], tally: Tally, later: list[Key]) -> Stages:
        plans = {work.key: work.plan for work in works}
        yield from self._applier.stages(works)
        parked = self._settler.parked
        for work in works:
            self._resume(work)
            if work.key in parked or work.in_doubt or _waits_for_customer(work):
                later.append(work.key)
                self._begun[work.key] = work
                continue
            first = plans[work.key]
            if first is not None:
                tally.add_done(work, first)

    def _resume(self, work: Work) -> None:
        """Add what was done to a group before it had to wait in this run."""
        if (begun := self._begun.pop(work.key, None)) is None:
            return
        work.done = begun.done + work.done
        work.born |= begun.born

    def later(self, again: list[Key], tally: Tally) -> None:
        """Take up what waited: for a customer, or for a write in doubt.

        Ends when nothing is left, or nothing has moved for as long as a customer or a
        write may need to show.
        """
        context = self._context
        patience_s = (
            context.settings.absence_bound_s + context.settings.visibility_lag_s
        )
        moved_at = context.clock.monotonic()
        again = list(dict.fromkeys(again))  # a group twice would be made twice
        while again and not context.must_stop():
            before = (len(again), self._settler.parked)
            again = self._round(again, tally)
            if (len(again), self._settler.parked) != before:
                moved_at = context.clock.monotonic()
            if context.clock.monotonic() - moved_at > patience_s:
                break
            if again and not self._wait(again):
                break
        if not context.must_stop():
            self._settler.leave_uncertain()
        self._give_up(again, tally)

    def _round(self, again: list[Key], tally: Tally) -> list[Key]:
        """Take up everything that is not parked once; give what is left."""
        parked = self._settler.parked
        left = [key for key in again if key in parked]
        ready = [key for key in again if key not in parked]
        self._drive(self._reloaded(ready), tally, left)
        return list(dict.fromkeys(left))

    def _reloaded(self, keys: Sequence[Key]) -> Iterator[list[Work]]:
        once = dict.fromkeys(keys)  # a group loaded twice would be written twice
        for batch in batches(once, self._context.settings.batch):
            works = self._planner.load(batch)
            self._note_adopted(works)
            self.prepare(works)
            yield works

    def _wait(self, again: list[Key]) -> bool:
        """Wait for an answer or a customer; False when nothing is left to wait for."""
        if not self._settler.parked:
            self._pause()
            return True
        settled = self._settler.drain()
        # others that are left could prove the look-up which an absence needs
        return bool(settled or set(again) - self._settler.parked)

    def _note_adopted(self, works: Sequence[Work]) -> None:
        """Count what was found while its group was parked: this run created it."""
        for work in works:
            begun = self._begun.get(work.key)
            known = {link.casemgr for link in begun.links} if begun else set()
            for link in work.links if begun else ():
                if link.casemgr not in known:
                    work.born.add((link.role, link.kore))

    def _pause(self) -> None:
        """Wait a little for a customer that is not visible yet."""
        lag = self._context.settings.visibility_lag_s / 8
        self._context.reporter.waiting("a new customer is not visible yet", lag)
        self._context.clock.sleep(lag)

    def _give_up(self, keys: Sequence[Key], tally: Tally) -> None:
        """Count the groups that are left for the next run."""
        works = self._planner.load(list(dict.fromkeys(keys)))
        if not works:
            return
        store, run = self._context.store, self._context.run
        for work in works:
            self._resume(work)
            if not work.in_doubt:
                hold = _waiting(work)
                work.holds[work.key] = hold
                store.save_hold(run, hold)
        self._applier.prepare(works)
        for work in works:
            if work.plan is not None:
                tally.add_done(work, work.plan)


def _waiting(work: Work) -> Hold:
    return Hold(
        key=work.key,
        kind=HoldKind.WAITING,
        code="customer-new",
        reason="its customer was created just now and is not visible yet",
        source_print=work.prints[work.key],
        mapping=work.group.mapping,
    )


def _waits_for_customer(work: Work) -> bool:
    return any(hold.code == "customer-new" for hold in work.holds.values())
