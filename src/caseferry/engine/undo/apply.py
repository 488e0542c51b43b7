"""Case groups on their way back: decide, send, read again, until nothing is left."""

from collections.abc import Iterator, Sequence

from caseferry.engine.context import Context
from caseferry.engine.dispatch import Dispatcher, Outcome, Stages
from caseferry.engine.undo.bury import bury, move_base, retire
from caseferry.engine.undo.jobs import UndoJobs
from caseferry.engine.undo.ledger import Past, note_sent, with_done
from caseferry.engine.undo.plans import UndoPlanner
from caseferry.engine.undo.work import Sent, UndoWork
from caseferry.errors import InvariantBroken, Refused, SafetyStop, VersionMismatch
from caseferry.model.action import Action, ActionKind, Stage
from caseferry.model.link import Intent, IntentState
from caseferry.model.record import System

GUARD = "undo-refused"
_PATIENCE = 3
"""How often one request is sent again after the record moved or a reply was lost."""
_ROUNDS = 40


class UndoApplier:
    """Carries out the plans of case groups."""

    def __init__(self, context: Context, planner: UndoPlanner, past: Past) -> None:
        self._context = context
        self._planner = planner
        self._past = past
        self._jobs = UndoJobs(context, past)
        self._dispatcher = Dispatcher(context, self._receipt)

    def run(self, works: Sequence[UndoWork]) -> None:
        """Take planned groups of one system to their end, the first one alone.

        Raises:
            CaseSystemError: the system refuses everybody; all receipts are kept.
            SafetyStop: what the first group needs was refused; it would be of others.
        """
        wanting = [work for work in works if work.next_stage]
        resting = [work for work in works if work not in wanting]
        with self._context.store.transaction():
            bury(self._context.store, resting)
            retire(self._context.store, resting)
        for batch in self._batches(wanting):
            if self._context.must_stop():
                return
            self._dispatcher.drive([self._stages(batch)])
            if batch[0] is wanting[0]:
                self._check(batch[0])
            self._context.reporter.progress("taken back", len(batch), len(wanting))

    def _batches(self, works: Sequence[UndoWork]) -> Iterator[Sequence[UndoWork]]:
        size = self._context.settings.batch
        if works:
            yield works[:1]
        for start in range(1, len(works), size):
            yield works[start : start + size]

    def _check(self, first: UndoWork) -> None:
        held = [a for a in first.left if a.kind is ActionKind.QUARANTINE]
        if not held or GUARD in self._context.allowed or self._context.stopping:
            return
        raise SafetyStop(
            GUARD,
            f"{held[0].counterpart}, of the first group, was refused: {held[0].reason}",
            hint="mend what the system names and run the undo again; or add "
            f"--allow {GUARD}, which leaves such records as they are",
        )

    def _stages(self, works: Sequence[UndoWork]) -> Stages:
        """Give the requests of one stage after the other, until all groups rest."""
        with self._context.store.transaction():
            bury(self._context.store, works)
            retire(self._context.store, works)
        moving = list(works)
        for _ in range(_ROUNDS):
            self._look_before_completing(moving)
            moving = [work for work in moving if work.next_stage]
            if not moving:
                return
            outcomes = yield self._jobs.of(moving)
            for outcome in outcomes:
                self._follow(outcome)
            if self._context.stopping:
                return
            self._planner.refresh([w for w in moving if w.system is System.CASEMGR])
            self._planner.decide(moving)
            with self._context.store.transaction():
                retire(self._context.store, moving)
        raise InvariantBroken("a case group does not come to rest")

    def _look_before_completing(self, works: Sequence[UndoWork]) -> None:
        """List a case anew that must not close, before something in it is completed.

        Also before it is marked: a mark that is not true cannot be removed.
        """
        near = [
            work
            for work in works
            if work.system is System.CASEMGR
            and not work.brought
            and any(action.stage is Stage.COMPLETE for action in work.requests)
        ]
        self._planner.list_again(near)
        self._planner.decide(near)

    # receipts: in the same transaction as the journal's entry ---------------------

    def _receipt(self, outcome: Outcome) -> None:
        sent = outcome.job.tag
        if not isinstance(sent, Sent) or outcome.state is not IntentState.DONE:
            return
        store = self._context.store
        for work, action in sent.pairs:
            if action.kind is ActionKind.UPDATE:
                move_base(store, self._context.mapper.spec, work.system, action)
        if sent.replies:
            store.save_records(self._context.run, System.KORE, sent.replies)

    # outcomes ---------------------------------------------------------------------

    def _follow(self, outcome: Outcome) -> None:
        sent = outcome.job.tag
        if not isinstance(sent, Sent):
            raise InvariantBroken("a request without its group")
        pairs = zip(sent.pairs, outcome.job.intents, strict=True)
        for (work, action), intent in pairs:
            if outcome.state is IntentState.DONE:
                self._done(work, action, intent, sent)
            elif outcome.state is IntentState.IN_DOUBT:
                self._in_doubt(work, action, intent)
            elif outcome.state is IntentState.REFUSED:
                self._refused(work, action, outcome, alone=len(sent.pairs) == 1)

    def _done(self, work: UndoWork, action: Action, intent: Intent, sent: Sent) -> None:
        work.records |= {record.key: record for record in sent.replies}
        self._past.ledger = with_done(self._past, intent)
        note_sent(self._past, intent)
        work.done.append(action)
        self._repeat(work, action, limit=1, code="not-applied")

    def _in_doubt(self, work: UndoWork, action: Action, intent: Intent) -> None:
        note_sent(self._past, intent)
        self._repeat(work, action, limit=_PATIENCE, code="moving")

    def _refused(
        self, work: UndoWork, action: Action, outcome: Outcome, *, alone: bool
    ) -> None:
        if not alone:
            work.single = True  # one of many is at fault: each is sent for itself
            return
        error = outcome.error or Refused("refused")
        stale = isinstance(error, VersionMismatch)
        if stale or (action.stage is Stage.COMPLETE and not work.repeats):
            self._repeat(work, action, limit=_PATIENCE, code="moving")
            return
        if action.counterpart is not None:
            refusal = (error.code, error.message)
            work.refused[action.counterpart, action.kind] = refusal

    def _repeat(self, work: UndoWork, action: Action, *, limit: int, code: str) -> None:
        """Leave what is sent again and again: it never settles."""
        names = (f"{change.name}={change.after}" for change in action.changes)
        mark = (code, str(action.kind), action.counterpart or "", *names)
        work.repeats[mark] = work.repeats.get(mark, 0) + 1
        if work.repeats[mark] > limit and action.counterpart is not None:
            reason = "it is being changed, or replies are lost, again and again"
            if code == "not-applied":
                reason = "the request was taken, but its effect does not show"
            work.refused[action.counterpart, action.kind] = (code, reason)
