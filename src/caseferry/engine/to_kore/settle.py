"""Creates in doubt in Kore: found, proved absent, or left uncertain; never repeated.

A search is asked at once, after the visibility lag, and after the bound; a listing,
which costs a hundred times as much, only once, after the bound, for all that are in
doubt by then.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from caseferry.engine.context import Context
from caseferry.engine.settle import ASSUMED_ABSENT, lift
from caseferry.engine.to_kore.bodiless import same_content
from caseferry.engine.to_kore.finding import LISTING, Answer, Finder, Wanted
from caseferry.engine.to_kore.links import new_link
from caseferry.engine.to_kore.plans import KorePlanner
from caseferry.engine.to_kore.work import KoreWork
from caseferry.model.correlation import Role
from caseferry.model.link import Hold, HoldKind, Intent, IntentState, WriteKind
from caseferry.model.record import Entity, Key, Record, System, system_of


@dataclass(slots=True, kw_only=True)
class Parked:
    """A create in doubt, since when nothing of it was under way, and its next look."""

    intent: Intent
    case: Key
    since: float
    looks: int = 0


class KoreSettler:
    """Keeps the creates in doubt, and settles them."""

    def __init__(self, context: Context, planner: KorePlanner, finder: Finder) -> None:
        self._context = context
        self._planner = planner
        self._finder = finder
        self._parked: dict[int, Parked] = {}

    @property
    def parked(self) -> frozenset[Key]:
        """The casemgr cases with a create in doubt."""
        return frozenset(parked.case for parked in self._parked.values())

    def park(self, intent: Intent, case: Key, *, since: float) -> None:
        """Take charge of a create in doubt."""
        self._parked[intent.number] = Parked(intent=intent, case=case, since=since)

    def recover(self) -> None:
        """Take charge of what an earlier run left open; updates are planned anew."""
        store = self._context.store
        for intent in store.open_intents():
            if system_of(intent.kore) is not System.CASEMGR:
                continue  # the other direction's
            if intent.kind is WriteKind.CREATE:
                case = self._case_of(intent)
                self.park(intent, case, since=self._context.locked_at)
            else:
                store.settle_intent(intent.number, IntentState.REREAD)

    def adopted(self, correlations: frozenset[str]) -> None:
        """Settle what a listing has shown already: its link is there."""
        for number, parked in list(self._parked.items()):
            if parked.intent.correlation in correlations:
                self._done(parked, None)
                del self._parked[number]

    def look(self) -> frozenset[Key]:
        """Look for everything whose time has come; give the cases that were settled."""
        before = self.parked
        now = self._context.clock.monotonic()
        due = [p for p in self._parked.values() if self._due_at(p) <= now]
        works = {w.key: w for w in self._planner.load(sorted({p.case for p in due}))}
        for parked in due:
            parked.looks += 1
        # an agent may have moved it to another case meanwhile: the next run looks there
        due = [p for p in due if p.case in works and works[p.case].has(p.intent.kore)]
        wanted = [self._wanted(p, works[p.case], asked_at=now) for p in due]
        for parked, answer in zip(due, self._finder.find(wanted), strict=True):
            self._judge(parked, works[parked.case], answer, asked_at=now)
        return before - self.parked

    def drain(self) -> frozenset[Key]:
        """Wait until something is settled; empty when nothing can be any more."""
        context = self._context
        while self._parked and not context.must_stop():
            if settled := self.look():
                return settled
            waits = [self._due_at(p) for p in self._parked.values()]
            rest = min(waits) - context.clock.monotonic()
            if rest == float("inf"):
                return frozenset()
            context.reporter.waiting(
                "a lost reply: its effect may still come", max(rest, 0.0)
            )
            context.clock.sleep(max(rest, 0.05))
        return frozenset()

    def leave_uncertain(self) -> None:
        """List what is still parked as uncertain, for a person to settle."""
        reason = "a reply was lost, and nothing on this tenant can tell its outcome"
        for parked in list(self._parked.values()):
            self._uncertain(parked, "lost-reply", reason)

    # judging ------------------------------------------------------------------------

    def _due_at(self, parked: Parked) -> float:
        """Give the monotonic time of the next look; infinity after the last."""
        settings = self._context.settings
        bound = settings.absence_bound_s
        times = [0.0, settings.visibility_lag_s, bound, bound + settings.overlap_s]
        if self._is_dear(parked):
            times = [bound, bound + settings.overlap_s]
        if parked.looks >= len(times):
            return float("inf")
        return parked.since + times[parked.looks]

    def _is_dear(self, parked: Parked) -> bool:
        entity = _entity(parked.intent)
        dropped = self._finder.is_dropped(entity)
        return dropped or self._finder.way(entity) in ("", LISTING)

    def _wanted(self, parked: Parked, work: KoreWork, *, asked_at: float) -> Wanted:
        intent = parked.intent
        mapped = work.mapped(intent.kore)
        name = next((f.value for f in mapped.fields if f.kore == "name"), None)
        return Wanted(
            entity=_entity(intent),
            correlation=intent.correlation,
            name=name if isinstance(name, str) else "",
            at=intent.at,
            last=asked_at - parked.since >= self._bound(parked),
        )

    def _is_assumed(self, parked: Parked) -> bool:
        """Tell whether a person said that it is not there, unless it is found now."""
        name = f"{ASSUMED_ABSENT}{parked.intent.number}"
        return self._context.store.get_fact(name) is not None

    def _bound(self, parked: Parked) -> float:
        """Give how long nothing of it may be found until it is absent, in seconds."""
        if self._is_assumed(parked):
            return 0.0
        return self._context.settings.absence_bound_s

    def _judge(
        self, parked: Parked, work: KoreWork, answer: Answer, *, asked_at: float
    ) -> None:
        number, is_assumed = parked.intent.number, self._is_assumed(parked)
        if is_assumed:
            answer = answer or ()
        if answer is None:
            return  # no answer: nothing follows from it
        if not answer and self._finder.is_dropped(_entity(parked.intent)):
            answer = same_content(self._context, parked.intent, work)
            if answer is None:
                return
        if not answer:
            proved = bool(self._finder.way(_entity(parked.intent))) or is_assumed
            if proved and asked_at - parked.since >= self._bound(parked):
                self._context.store.settle_intent(number, IntentState.ABSENT)
                lift(self._context, parked.intent)
                del self._parked[number]
            return
        self._adopt(parked, work, answer)

    def _adopt(self, parked: Parked, work: KoreWork, answer: Sequence[Record]) -> None:
        store, record = self._context.store, answer[0]
        taken = store.link(record.key)
        if len(answer) > 1 or (taken and taken.casemgr != parked.intent.kore):
            code = "twice" if len(answer) > 1 else "taken"
            reason = f"{len(answer)} Kore records carry its key, or another one's do"
            self._uncertain(parked, code, reason)
            return
        with store.transaction():
            if taken is None:
                intent = parked.intent
                key = intent.correlation
                link = new_link(work, intent.role, intent.kore, record, correlation=key)
                home = record.parent or record.key
                store.save_link(link, home)
            store.save_records(self._context.run, System.KORE, [record])
            store.delete_hold(parked.intent.kore)
            self._done(parked, record.key)
        del self._parked[parked.intent.number]

    def _done(self, parked: Parked, key: Key | None) -> None:
        lift(self._context, parked.intent)
        self._context.store.settle_intent(
            parked.intent.number, IntentState.DONE, casemgr=key, detail="looked up"
        )

    def _uncertain(self, parked: Parked, code: str, reason: str) -> None:
        intent = parked.intent
        hold = Hold(
            key=intent.kore,
            kind=HoldKind.UNCERTAIN,
            code=code,
            reason=f"{reason}; look for {intent.correlation} in Kore, then use "
            "`caseferry link` or `caseferry retry`",
            correlation=intent.correlation,
        )
        self._context.store.save_hold(self._context.run, hold)
        del self._parked[intent.number]

    def _case_of(self, intent: Intent) -> Key:
        if intent.role is Role.CASE:
            return intent.kore
        record = self._context.store.record(intent.kore)
        return record.parent if record and record.parent else intent.kore


def _entity(intent: Intent) -> Entity:
    return Entity.CASE if intent.role is Role.CASE else Entity.TASK
