"""Writes in doubt: found, proved absent, or left uncertain; never simply repeated.

A create whose reply was lost is looked up by its correlation key. One match is adopted.
None means nothing until the look-up has stayed empty for longer than a new record may
stay invisible plus a lost request may still take effect, and only where this very
look-up has found a key of ours before. Until then its group is parked and all others go
on.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from caseferry.engine.context import Context
from caseferry.engine.jobs import sent_print
from caseferry.engine.lookup import Lookup
from caseferry.model.correlation import Role, generation_of
from caseferry.model.link import Hold, HoldKind, Intent, IntentState, Link, WriteKind
from caseferry.model.mapped import MappedRecord
from caseferry.model.record import Key, Record, System, system_of
from caseferry.reconcile.merge import base

_LATE_LOOKS = 3
"""How often a write is looked for after the bound, before it is left uncertain."""

SENT = "sent:"
"""In `source_print` of an adopted link: the fingerprint of what its create sent."""

ASSUMED_ABSENT = "assumed-absent."
"""Facts: a person said `retry` of an uncertain write, by its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A write in doubt, and since when nothing of it was under way."""

    intent: Intent
    case: Key
    since: float


Answer = tuple[Parked, tuple[Record, ...] | None]
"""What a look-up gave; None when it cannot tell."""


def as_sent(link: Link, mapped: MappedRecord) -> Link:
    """Give an adopted link the bases of what its create sent.

    Known where the source still maps to what was sent; then an edit made on the target
    meanwhile is seen as one. Elsewhere the source changed since, and is carried.
    """
    if not link.source_print.startswith(SENT):
        return link
    fields = {f.casemgr: f.value for f in mapped.fields if f.value is not None}
    if f"{SENT}{sent_print(fields)}" != link.source_print:
        return replace(link, source_print="")
    sources = {f.casemgr: f.source for f in mapped.fields if f.value is not None}
    return replace(
        link,
        source_print="",
        kore_base=base(sources.items()),
        casemgr_base=base(fields.items()),
    )


def lift(context: Context, intent: Intent) -> None:
    """Lift what an earlier run listed as uncertain: this write is settled now."""
    known = context.store.holds([intent.kore]).get(intent.kore)
    if known is None or known.kind is not HoldKind.UNCERTAIN:
        return
    if known.correlation == intent.correlation:
        context.store.delete_hold(intent.kore)


class Settler:
    """Keeps the writes in doubt, and settles them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._parked: dict[int, Parked] = {}
        self._lookup = Lookup(context)
        # when the latest empty answer was asked for
        self._empty_at: dict[int, float] = {}
        self._late_looks: dict[int, int] = {}

    @property
    def parked(self) -> frozenset[Key]:
        """The Kore cases with a write in doubt."""
        return frozenset(parked.case for parked in self._parked.values())

    def park(self, intent: Intent, case: Key, *, since: float) -> None:
        """Take charge of a create or note in doubt."""
        parked = Parked(intent=intent, case=case, since=since)
        self._parked[intent.number] = parked

    def recover(self) -> None:
        """Take charge of what an earlier run left open.

        Edits and completions need no settling: their records are read anew, and a
        repeat carries the version that was read.
        """
        store = self._context.store
        for intent in store.open_intents():
            if system_of(intent.kore) is not System.KORE:
                continue  # the other direction's: casemgr cannot tell what Kore did
            if intent.kind in (WriteKind.CREATE, WriteKind.NOTE):
                case = self._case_of(intent)
                self.park(intent, case, since=self._context.locked_at)
            else:
                store.settle_intent(intent.number, IntentState.REREAD)

    def look(self, only: frozenset[Key] | None = None) -> list[tuple[Key, Link]]:
        """Look the creates in doubt up once; adopt what is found.

        Args:
            only: just the writes of these cases.

        Returns:
            Cases with the links of what was adopted; their creation goes on.
        """
        chosen = [
            parked
            for parked in self._parked.values()
            if only is None or parked.case in only
        ]
        adopted: list[tuple[Key, Link]] = []
        asked_at = self._context.clock.monotonic()
        for parked, records in list(self._find(chosen)):
            if records is None:
                continue  # no answer: nothing follows from it
            if not records:
                self._empty_at[parked.intent.number] = asked_at
            link = self._judge(parked, records)
            if link is not None:
                adopted.append((parked.case, link))
        self._declare_absent()
        return adopted

    def drain(self) -> frozenset[Key]:
        """Wait until at least one parked write is settled, or none can be.

        Returns:
            The cases that may be planned again; empty when nothing more can be
            settled in this run.
        """
        context = self._context
        pause = 1.0
        while self._parked and not context.must_stop():
            before = self.parked
            self.look()
            settled = before - self.parked
            if settled:
                return settled
            rest = self._rest()
            if rest is None:
                return frozenset()
            pause = min(pause * 2, 30.0, max(rest, 0.05))
            context.reporter.waiting("a lost reply: its effect may still come", rest)
            context.clock.sleep(pause)
        return frozenset()

    def _find(self, chosen: list[Parked]) -> Iterable[Answer]:
        for parked in chosen:
            if parked.intent.kind is WriteKind.NOTE:
                self._settle_note(parked)
        creates = [p for p in chosen if p.intent.kind is WriteKind.CREATE]
        found = self._lookup.find([parked.intent for parked in creates])
        return [(parked, found[parked.intent.number]) for parked in creates]

    # judging ------------------------------------------------------------------------

    def _judge(self, parked: Parked, records: tuple[Record, ...]) -> Link | None:
        """Adopt exactly one match that is a task and nobody else's counterpart."""
        store = self._context.store
        intent = parked.intent
        if not records:
            return None
        record = records[0]
        taken = store.link(record.key)
        fits = record.text("type") in ("task", "") and (
            taken is None or taken.kore == intent.kore
        )
        if len(records) > 1 or not fits:
            reason = f"{len(records)} activities carry its key, or another record's do"
            self._uncertain(parked, "twice" if len(records) > 1 else "taken", reason)
            return None
        link = taken or Link(
            role=intent.role,
            kore=intent.kore,
            casemgr=record.key,
            generation=generation_of(intent.correlation),
            source_print=f"{SENT}{intent.payload_print}",
            made_in=System.CASEMGR,
        )
        with store.transaction():
            store.save_link(link, parked.case)
            store.delete_hold(intent.kore)
            store.settle_intent(
                intent.number, IntentState.DONE, casemgr=record.key, detail="looked up"
            )
        self._lookup.prove(intent.department)
        del self._parked[intent.number]
        return link

    def _settle_note(self, parked: Parked) -> None:
        intent = parked.intent
        if intent.casemgr is None:
            return
        texts = self._context.casemgr.notes(intent.casemgr)
        if any(intent.correlation in text for text in texts):
            self._context.store.settle_intent(intent.number, IntentState.DONE)
            del self._parked[intent.number]

    def _is_proved(self, intent: Intent) -> bool:
        is_note = intent.kind is WriteKind.NOTE
        return is_note or self._lookup.is_proved(intent.department)

    def _is_assumed(self, number: int) -> bool:
        return self._context.store.get_fact(f"{ASSUMED_ABSENT}{number}") is not None

    def _waited(self, parked: Parked, at: float) -> float:
        return at - parked.since

    def _declare_absent(self) -> None:
        """Settle what stayed unfound beyond the bound; it may be created again.

        Only an answer that was asked for after the bound counts.
        """
        bound = self._context.settings.absence_bound_s
        for parked in list(self._parked.values()):
            number = parked.intent.number
            asked_at = self._empty_at.get(number)
            if parked.intent.kind is WriteKind.NOTE:
                asked_at = self._context.clock.monotonic()
            if asked_at is None:
                continue
            late = self._waited(parked, asked_at) > bound
            if (late and self._is_proved(parked.intent)) or self._is_assumed(number):
                self._context.store.settle_intent(number, IntentState.ABSENT)
                lift(self._context, parked.intent)
                del self._parked[number]

    def _rest(self) -> float | None:
        """Give the seconds until the next write can be settled; None: never."""
        bound = self._context.settings.absence_bound_s
        now = self._context.clock.monotonic()
        waits = []
        for parked in self._parked.values():
            rest = bound - self._waited(parked, now)
            if rest <= 0:
                number = parked.intent.number
                self._late_looks[number] = self._late_looks.get(number, 0) + 1
                if self._late_looks[number] > _LATE_LOOKS:
                    continue
            waits.append(max(rest, 0.0))
        return min(waits) if waits else None

    def leave_uncertain(self) -> None:
        """List what is still parked as uncertain, for a person to settle."""
        reason = "a reply was lost, and nothing on this tenant can tell its outcome"
        for parked in list(self._parked.values()):
            self._uncertain(parked, "lost-reply", reason)

    def _uncertain(self, parked: Parked, code: str, reason: str) -> None:
        """List a write that only a person can settle; it blocks its own record."""
        intent = parked.intent
        hold = Hold(
            key=intent.kore,
            kind=HoldKind.UNCERTAIN,
            code=code,
            reason=f"{reason}; look for {intent.correlation} in casemgr, then use "
            "`caseferry link` or `caseferry retry`",
            correlation=intent.correlation,
        )
        self._context.store.save_hold(self._context.run, hold)
        del self._parked[intent.number]

    def _case_of(self, intent: Intent) -> Key:
        if intent.role is not Role.TASK:
            return intent.kore
        record = self._context.store.record(intent.kore)
        return record.parent if record and record.parent else intent.kore
