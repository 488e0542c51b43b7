"""One batch of case groups through its stages: decide, send, take the reply, again.

Kore has no call that reads one record back. The reply to an update shows the whole
record; the reply to a create shows a part of it, and the listing that ends a run the
rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from caseferry.engine.context import Context
from caseferry.engine.dispatch import Dispatcher, Outcome, Stages
from caseferry.engine.to_kore.finding import Finder
from caseferry.engine.to_kore.finish import finish
from caseferry.engine.to_kore.jobs import KoreJobs, Sent
from caseferry.engine.to_kore.links import new_link
from caseferry.engine.to_kore.plans import KorePlanner
from caseferry.engine.to_kore.settle import KoreSettler
from caseferry.engine.to_kore.spawned import await_spawned, join_spawned
from caseferry.engine.to_kore.work import REPLY, KoreWork
from caseferry.errors import InvariantBroken, Refused
from caseferry.model.action import Action
from caseferry.model.correlation import Role
from caseferry.model.link import Hold, HoldKind, IntentState
from caseferry.model.record import Entity, Key, Record, System, Value
from caseferry.reconcile.made_due import with_made_due
from caseferry.reconcile.to_kore.mirror import sent_bases

_PATIENCE = 3
"""How often one update is sent again after its reply was lost."""
_ROUNDS = 20


class KoreApplier:
    """Carries out the plans of case groups."""

    def __init__(
        self,
        context: Context,
        planner: KorePlanner,
        settler: KoreSettler,
        finder: Finder,
    ) -> None:
        self._context = context
        self._planner = planner
        self.settler = settler
        self._finder = finder
        self._jobs = KoreJobs(context)
        self._dispatcher = Dispatcher(context, self._receipt)

    def run(self, works: Sequence[KoreWork]) -> None:
        """Take planned groups to their end, as far as it can be reached now.

        Where the tenant drops the marker, one create is sent at a time, and settled
        before the next.

        Raises:
            CaseSystemError: Kore refuses everybody; all receipts are kept.
        """
        if self._finder.is_dropped(Entity.CASE) or self._finder.is_dropped(Entity.TASK):
            for work in works:
                self._dispatcher.drive([self._stages([work], single=True)])
                if work.in_doubt and not self._context.must_stop():
                    self.settler.drain()
                if self._context.must_stop():
                    return
            return
        self._dispatcher.drive([self._stages(works, single=False)])

    def _stages(self, works: Sequence[KoreWork], *, single: bool) -> Stages:
        """Give the requests of one stage after the other, until all groups rest."""
        moving = list(works)
        self._join(moving)
        for _ in range(_ROUNDS * (50 if single else 1)):
            moving = [work for work in moving if work.plan and work.plan.next_stage]
            if not moving or (single and any(work.in_doubt for work in works)):
                finish(self._context, works)
                return
            jobs = self._jobs.of(moving)
            outcomes = yield jobs[:1] if single else jobs
            for outcome in outcomes:
                self._follow(outcome)
            if self._context.stopping:
                return
            await_spawned(self._context, moving)
            self._join(moving)
            self._planner.decide(moving)
        raise InvariantBroken("a case group does not come to rest")

    def _join(self, works: Sequence[KoreWork]) -> None:
        joining = [work for work in works if work.spawned]
        join_spawned(self._context, joining)
        self._planner.decide(joining)

    # receipts: in the same transaction as the journal's entry ---------------------

    def _receipt(self, outcome: Outcome) -> None:
        sent = outcome.job.tag
        if not isinstance(sent, Sent) or outcome.state is not IntentState.DONE:
            return
        if not sent.replies:
            return
        work, action, reply = sent.work, sent.action, sent.replies[-1]
        store, run = self._context.store, self._context.run
        if action.kore_draft is not None:
            record = _filled(reply, action, work)
            key = action.correlation
            link = new_link(work, action.role, action.key, record, correlation=key)
            work.born.add((action.role, action.key))
        else:
            found = work.links[action.key]
            record = with_made_due(reply, found)
            names = {c.name: c.after for c in action.changes if c.before != c.after}
            link = sent_bases(work.mapped(action.key), found, names)
            work.sent.setdefault(record.key, set()).update(names)
        work.links[action.key] = link
        work.targets[record.key] = record
        home = link.kore if action.role is Role.CASE else work.links[work.key].kore
        store.save_link(link, home)
        store.save_records(run, System.KORE, [record])

    # outcomes ---------------------------------------------------------------------

    def _follow(self, outcome: Outcome) -> None:
        sent = outcome.job.tag
        if not isinstance(sent, Sent):
            raise InvariantBroken("a request without its group")
        work, action = sent.work, sent.action
        if outcome.state is IntentState.DONE:
            work.done.append(action)
            self._count_repeat(work, action, limit=1, code="not-applied")
        elif outcome.state is IntentState.IN_DOUBT:
            if action.kore_draft is not None:
                work.in_doubt.add(action.key)
                intent = outcome.job.intents[0]
                self.settler.park(intent, work.key, since=outcome.ended_at)
            else:  # a repeat gives the same record
                self._count_repeat(work, action, limit=_PATIENCE, code="moving")
        elif outcome.state is IntentState.REFUSED:
            error = outcome.error or Refused("refused")
            self._hold(work, action, HoldKind.QUARANTINE, error.code, error.message)

    def _count_repeat(
        self, work: KoreWork, action: Action, *, limit: int, code: str
    ) -> None:
        """Hold a record whose request is planned again and again: it never settles."""
        names = (f"{c.name}={c.after}" for c in action.changes)
        mark = (code, str(action.kind), action.key, *names)
        work.repeats[mark] = work.repeats.get(mark, 0) + 1
        if work.repeats[mark] > limit:
            reason = "Kore took the request, but does not show its effect"
            if code == "moving":
                reason = "it is being changed, or replies are lost, again and again"
            self._hold(work, action, HoldKind.WAITING, code, reason)

    def _hold(  # noqa: PLR0917 - the parts of one sentence
        self, work: KoreWork, action: Action, kind: HoldKind, code: str, reason: str
    ) -> None:
        hold = Hold(
            key=action.key,
            kind=kind,
            code=code,
            reason=reason,
            source_print=work.prints[action.key],
            mapping=work.group.mapping,
            correlation=action.correlation,
        )
        work.holds[action.key] = hold
        self._context.store.save_hold(self._context.run, hold)


def _filled(reply: Record, action: Action, work: KoreWork) -> Record:
    """Fill a create's reply in with what was sent and it does not show."""
    sent: dict[str, Value] = {
        change.name: change.after
        for change in action.changes
        if change.after is not None
    }
    sent |= {"marker": action.correlation, REPLY: "true"}
    parent = reply.parent
    if action.role is Role.TASK:
        parent = parent or _home(work)
    fields: Mapping[str, Value] = {**sent, **reply.fields}
    if work.group.is_due_synthetic and action.role is Role.CASE:
        shown = {n: v for n, v in fields.items() if n != "dueDate"}
        fields = {**shown, "marker.due": work.group.due}
    return replace(reply, parent=parent, fields=fields)


def _home(work: KoreWork) -> Key | None:
    link = work.case_link
    return link.kore if link else None
