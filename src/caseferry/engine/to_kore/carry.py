"""Carrying groups out in batches: who goes first, who waits, who is taken up again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from caseferry.engine.context import Context
from caseferry.engine.patience import wait_until_listed
from caseferry.engine.plans import batches
from caseferry.engine.tally import Tally
from caseferry.engine.to_kore.apply import KoreApplier
from caseferry.engine.to_kore.plans import KorePlanner
from caseferry.engine.to_kore.prove import KoreProver
from caseferry.engine.to_kore.work import KoreWork
from caseferry.model.action import Action, ActionKind, GroupPlan
from caseferry.model.record import Key

BATCH = 200


class KoreCarrier:
    """Sends batches of groups through the applier, and keeps what has to wait.

    A group waits while a create of it is in doubt, and until a listing has shown what
    the reply to its create did not.
    """

    def __init__(
        self,
        context: Context,
        planner: KorePlanner,
        applier: KoreApplier,
        prover: KoreProver,
    ) -> None:
        self._context = context
        self._planner = planner
        self._applier = applier
        self._settler = applier.settler
        self._prover = prover
        self._begun: dict[Key, KoreWork] = {}

    @property
    def waiting(self) -> list[Key]:
        """The groups that were begun and have to be looked at again."""
        return list(self._begun)

    def batch(self, works: Sequence[KoreWork], tally: Tally) -> None:
        """Carry planned groups out; the first with each kind of action runs alone."""
        for work in self._run(works):
            self._resume(work)
            if work.in_doubt or work.unconfirmed:
                self._begun[work.key] = work
            elif work.plan is not None:
                tally.add_done(work, work.plan)

    def again(self, tally: Tally, relist: Callable[[], None]) -> None:
        """Take up what waits, until it is at rest or nothing can move it any more.

        Args:
            tally: counts what comes to rest.
            relist: reads Kore anew, where the last listing did not show all yet.
        """
        self._ready(frozenset(self._begun), tally)
        if any(work.unconfirmed for work in self._begun.values()):
            lag_s = self._context.settings.visibility_lag_s
            if wait_until_listed(
                self._context, lag_s, "what was created is not listed"
            ):
                relist()
        asked: frozenset[Key] = frozenset(self._begun)
        while asked and not self._context.must_stop():
            self._ready(asked, tally)
            asked = self._settler.drain()
        if not self._context.must_stop():
            self._settler.leave_uncertain()
        self._give_up(tally)

    def _ready(self, asked: frozenset[Key], tally: Tally) -> None:
        """Take up those of the groups asked for that no create in doubt holds."""
        parked = self._settler.parked
        ready = [key for key in self._begun if key in asked and key not in parked]
        for works in self._loaded(ready):
            self.batch(works, tally)

    def _run(self, works: Sequence[KoreWork]) -> Sequence[KoreWork]:
        """Give those that were begun: out of time, what is left is not."""
        rest = [work for work in works if not self._prover.is_first(work)]
        firsts = [work for work in works if self._prover.is_first(work)]
        # the richest first: the fewest groups teach what there is to learn
        firsts.sort(key=lambda work: -len(self._prover.kinds(work)))
        begun: list[KoreWork] = []
        for work in firsts:
            if not self._prover.is_first(work):
                rest.append(work)
                continue
            kinds = self._prover.kinds(work)
            self._applier.run([work])
            begun.append(work)
            if self._context.must_stop():
                return begun
            self._prover.learn(work, kinds)
        self._applier.run(rest)
        return [*begun, *rest]

    def _loaded(self, keys: Sequence[Key]) -> Iterator[list[KoreWork]]:
        for batch in batches(keys, BATCH):
            works = self._planner.load(batch)
            self._planner.decide(works)
            yield works

    def _resume(self, work: KoreWork) -> None:
        """Add what was done to a group before it had to wait in this run."""
        if (begun := self._begun.pop(work.key, None)) is not None:
            work.done = begun.done + work.done
            work.goes_on |= begun.goes_on
            work.born |= begun.born | {
                (work.role(key), key) for key in work.links.keys() - begun.links.keys()
            }

    def _give_up(self, tally: Tally) -> None:
        """Count what is left for the next run to settle, or to confirm."""
        for works in self._loaded(self.waiting):
            for work in works:
                self._resume(work)
                if work.plan is not None:
                    work.plan = _put_off(work.plan) if work.in_doubt else work.plan
                    tally.add_done(work, work.plan)


def _put_off(plan: GroupPlan) -> GroupPlan:
    """Let creates wait that come after one that is in doubt, one at a time."""
    actions = (_waiting(a) if a.kind is ActionKind.CREATE else a for a in plan.actions)
    return replace(plan, actions=tuple(actions))


def _waiting(create: Action) -> Action:
    return Action(
        kind=ActionKind.WAITING,
        role=create.role,
        key=create.key,
        code="in-doubt",
        reason="a create of another record of its case is in doubt",
    )
