"""One batch of case groups through its stages: decide, send, read back, again."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from caseferry.engine.adopted import made, made_open
from caseferry.engine.context import Context
from caseferry.engine.customers import Customers
from caseferry.engine.dispatch import Dispatcher, Outcome, Stages
from caseferry.engine.finish import finish
from caseferry.engine.jobs import Jobs, Sent
from caseferry.engine.plans import Planner
from caseferry.engine.settle import Settler, as_sent
from caseferry.engine.work import Work
from caseferry.errors import InvariantBroken, Refused, VersionMismatch
from caseferry.model.action import Action, ActionKind, Stage
from caseferry.model.correlation import Role, generation_of, parse_correlation
from caseferry.model.link import Hold, HoldKind, IntentState, Link
from caseferry.model.mapped import MappedField
from caseferry.model.record import Key, Record, System, kore_key
from caseferry.reconcile.merge import base, values
from caseferry.reconcile.view import CLOSED, COMPLETED

_PATIENCE = 3
"""How often one request is planned again after the record moved under it."""

_ROUNDS = 40


class Applier:
    """Carries out the plans of case groups."""

    def __init__(
        self,
        context: Context,
        planner: Planner,
        customers: Customers,
        settler: Settler,
    ) -> None:
        self._context = context
        self._planner = planner
        self._customers = customers
        self._settler = settler
        self._jobs = Jobs(context)
        self._dispatcher = Dispatcher(context, self._receipt)

    def prepare(self, works: Sequence[Work]) -> None:
        """Read what is linked and decide, without writing anything."""
        for work in works:
            links = (*work.links, *work.ghosts)
            # a parted activity still shows which case it brought into being
            every = work.case_link is None
            work.dirty |= {x.casemgr for x in links if every or not x.tombstone}
        self._read_back(works)
        self._planner.decide(works)

    def drive(self, lanes: Iterable[Stages]) -> None:
        """Carry several lanes of groups out side by side.

        Raises:
            CaseSystemError: a system refuses everybody; all receipts are kept.
            SafetyStop, Refused: what a lane raised; all receipts are kept.
        """
        self._dispatcher.drive(lanes)

    def stages(self, works: Sequence[Work]) -> Stages:
        """Take prepared groups to their end, as far as it can be reached now.

        Gives the requests of one stage after the other; each round reads back what the
        last one touched. A group whose create stays in doubt is parked with the
        settler.
        """
        self._planner.list_again(works)
        moving = list(works)
        for _ in range(_ROUNDS):
            moving = [work for work in moving if work.plan and work.plan.next_stage]
            if not moving:
                finish(self._context, works)
                return
            self._look_before_completing(moving)
            outcomes = yield self._jobs.of(moving)
            for outcome in outcomes:
                self._follow(outcome)
            if self._context.stopping:
                return
            self._adopt_unnamed(moving)
            self._read_back(moving)
            self._planner.decide(moving)
        raise InvariantBroken("a case group does not come to rest")

    def _read_back(self, works: Sequence[Work]) -> None:
        self._planner.read_targets(works)
        fresh = [work for work in works if work.case_link is None and _home(work)]
        for work in fresh:
            home = _home(work)
            work.dirty |= {home.parent} if home and home.parent else set()
        self._planner.read_targets(fresh)
        self._learn_cases(fresh)
        torn = [work for work in works if _torn(work)]
        for work in torn:
            work.dirty |= _torn(work)
        self._planner.read_targets(torn)

    def _look_before_completing(self, works: Sequence[Work]) -> None:
        """Read anew what is to carry a case on before any of it is completed.

        In two-way sync it was read some requests ago; an agent may have completed it
        since, and the case would close with what we complete.
        """
        if self._context.two_way is None:
            return
        completing = [work for work in works if _completes(work)]
        for work in completing:
            work.dirty |= {x.casemgr for x in work.links if x.role is not Role.CASE}
        self._read_back(completing)
        self._planner.decide(completing)

    def _adopt_unnamed(self, works: Sequence[Work]) -> None:
        """Look up at once what was created without our learning its id."""
        by_case = {work.key: work for work in works if work.in_doubt}
        for case, found in self._settler.look(only=frozenset(by_case)):
            work = by_case[case]
            link = as_sent(found, work.mapped(found.role, found.kore))
            work.put_link(link)
            work.in_doubt.discard((link.role, link.kore))
            work.born.add((link.role, link.kore))
            work.dirty.add(link.casemgr)

    # receipts: in the same transaction as the journal's entry ---------------------

    def _receipt(self, outcome: Outcome) -> None:
        sent = outcome.job.tag
        if not isinstance(sent, Sent) or outcome.state is not IntentState.DONE:
            return
        for work, action in sent.pairs:
            if outcome.created is not None and action.draft is not None:
                link = new_link(work, action, outcome.created)
                work.put_link(link)
                self._context.store.save_link(link, work.key)
            elif action.kind in (ActionKind.UPDATE, ActionKind.NOTE):
                self._keep_sent(work, action)

    def _keep_sent(self, work: Work, action: Action) -> None:
        """Move the bases of the fields that were sent: our own write is no change.

        A note moves the source's base alone: the field itself stays as it was, and is
        agreed on so where it never was.
        """
        link = work.link(action.role, action.key)
        if link is None:
            return
        fields = {f.casemgr: f for f in _sources(work, action)}
        kore = values(link.kore_base)
        casemgr = values(link.casemgr_base)
        for change in action.changes:
            field = fields.get(change.name)
            if change.after is None or change.before == change.after:
                continue  # sent along so that it is kept; it belongs to others
            if action.kind is ActionKind.UPDATE:
                casemgr[change.name] = change.after
            else:
                casemgr.setdefault(change.name, change.before)
            if field is not None:
                kore[change.name] = field.source
        target = work.targets.get(link.casemgr)
        shown = target.fields if target is not None else {}
        for name, field in fields.items():
            if name in shown and name not in casemgr and field.is_met_by(shown[name]):
                kore[name] = field.source  # made so, and not sent
                casemgr[name] = shown[name]
        link = replace(
            link, kore_base=base(kore.items()), casemgr_base=base(casemgr.items())
        )
        names = {c.name for c in action.changes if c.before != c.after}
        work.sent.setdefault(link.casemgr, set()).update(names)
        work.put_link(link)
        self._context.store.save_link(link, work.key)

    # outcomes ---------------------------------------------------------------------

    def _follow(self, outcome: Outcome) -> None:
        sent = outcome.job.tag
        if not isinstance(sent, Sent):
            raise InvariantBroken("a request without its group")
        for work, action in sent.pairs:
            self._mark_dirty(work, action, outcome.created)
            if outcome.state is IntentState.DONE:
                self._count_repeat(work, action, limit=1, code="not-applied")
                work.done.append(action)
            elif outcome.state is IntentState.IN_DOUBT:
                self._in_doubt(work, action, outcome)
            elif outcome.state is IntentState.REFUSED:
                self._refused(work, action, outcome, alone=len(sent.pairs) == 1)

    def _mark_dirty(self, work: Work, action: Action, created: Key | None) -> None:
        work.dirty |= {key for key in (created, action.counterpart) if key is not None}
        link = work.case_link
        if link is not None and action.kind is not ActionKind.NOTE:
            work.dirty.add(link.casemgr)

    def _learn_customer(self, work: Work, customer: str) -> None:
        """Remember the customer that a create of ours made.

        One that an earlier run's create may have made is only held back: by which of
        its contact values casemgr knows it is not known here.
        """
        wish, draft = work.group.customer, work.customer.draft
        if draft is not None and not draft.create:
            return
        self._customers.made(wish, self._context.settings.visibility_lag_s)
        if draft is not None:
            # the group's other creates find this customer, and never make another
            work.customer = replace(work.customer, draft=replace(draft, create=False))
        if draft is not None and customer:
            self._customers.learn(wish, work.group.case.department, customer)

    def _count_repeat(
        self, work: Work, action: Action, *, limit: int, code: str
    ) -> None:
        """Hold a record whose request is planned again and again: it never settles."""
        # one that was carried out counts apart from those that were not
        carried_out = ("done",) if code == "not-applied" else ()
        mark = (*_mark(action), *carried_out)
        work.repeats[mark] = work.repeats.get(mark, 0) + 1
        if work.repeats[mark] > limit:
            reason = "casemgr took the request, but does not show its effect"
            if code == "moving":
                reason = "it is being changed, or replies are lost, again and again"
            self._hold(work, action, HoldKind.WAITING, code=code, reason=reason)

    def _in_doubt(self, work: Work, action: Action, outcome: Outcome) -> None:
        if action.kind in (ActionKind.CREATE, ActionKind.NOTE):
            work.in_doubt.add((action.role, action.key))
            bound = self._context.settings.absence_bound_s
            if action.draft is not None and action.draft.customer.create:
                self._customers.made(work.group.customer, bound)
            intent = outcome.job.intents[0]
            self._settler.park(intent, work.key, since=outcome.ended_at)
        else:
            # the fresh read tells whether it took effect; a repeat does no harm
            self._count_repeat(work, action, limit=_PATIENCE, code="moving")

    def _refused(
        self, work: Work, action: Action, outcome: Outcome, *, alone: bool
    ) -> None:
        if not alone:
            work.single = True  # one of many is at fault: each is sent for itself
            return
        if isinstance(outcome.error, VersionMismatch):
            self._count_repeat(work, action, limit=_PATIENCE, code="moving")
            return
        error = outcome.error or Refused("refused")
        if action.stage is Stage.COMPLETE and self._moved(work, action):
            self._count_repeat(work, action, limit=1, code=error.code)
            return
        draft = action.draft
        if draft is not None and self._customers.has_moved(draft):
            reason = "its customer was created just now and is not visible yet"
            self._hold(
                work, action, HoldKind.WAITING, code="customer-new", reason=reason
            )
            return
        if self._planner.plain_texts.answer(work, action, error):
            return
        is_edit = self._context.two_way is not None and action.kind is ActionKind.UPDATE
        if is_edit and self._moved(work, action):
            # somebody may have completed or closed it meanwhile
            self._count_repeat(work, action, limit=1, code=error.code)
            return
        self._hold(
            work, action, HoldKind.QUARANTINE, code=error.code, reason=error.message
        )

    def _moved(self, work: Work, action: Action) -> bool:
        """Tell whether a refused completion may only have been stale."""
        return work.repeats.get(_mark(action), 0) == 0

    def _hold(
        self, work: Work, action: Action, kind: HoldKind, *, code: str, reason: str
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

    # reading back -----------------------------------------------------------------

    def _learn_cases(self, works: Sequence[Work]) -> None:
        """Link the cases that came into being with their first activity.

        Not one that is another Kore case's counterpart: then an agent moved or merged
        the activity before its case was ever read.
        """
        store = self._context.store
        with store.transaction():
            for work in works:
                home = _home(work)
                if home is None or home.parent not in work.targets:
                    continue
                parent = work.targets[home.parent]
                if self._is_taken(work, parent):
                    work.holds[work.key] = _merged(work, parent.key)
                    continue
                generation = work.generations.get((Role.CASE, work.key), 0)
                link = made(Role.CASE, work.key, parent.key, generation)
                link = made_open(self._context, work, link)
                store.delete_retired(parent.key)  # it holds what is ours again
                store.save_link(link, work.key)
                work.put_link(link)
                work.born.add((Role.CASE, work.key))
                self._learn_customer(work, home.text("customer"))

    def _is_taken(self, work: Work, case: Record) -> bool:
        """Tell whether a casemgr case is the counterpart of another Kore case."""
        known = self._context.store.link(case.key)
        if known is not None:
            return known.kore != work.key
        own = parse_correlation(case.text(self._context.settings.case_key_field))
        return own is not None and kore_key(own.source) != work.key


def new_link(work: Work, action: Action, created: Key) -> Link:
    """Give the link of a record that was created just now; its creation goes on.

    The bases are what was sent, so that an edit made meanwhile is seen as one.
    """
    sent = action.draft.fields if action.draft else {}
    fields = {f.casemgr: f.source for f in _sources(work, action) if f.casemgr in sent}
    work.born.add((action.role, action.key))
    return Link(
        role=action.role,
        kore=action.key,
        casemgr=created,
        generation=generation_of(action.correlation),
        kore_base=base(fields.items()),
        casemgr_base=base(sent.items()),
        mapping=work.group.mapping,
        made_in=System.CASEMGR,
    )


def _mark(action: Action) -> tuple[str, ...]:
    """Name a request so that its repetition is noticed."""
    what = [f"{c.name}={c.after}" for c in action.changes]
    number = str(action.generation)
    return (str(action.kind), str(action.role), action.key, number, *what)


def _sources(work: Work, action: Action) -> tuple[MappedField, ...]:
    return work.mapped(action.role, action.key).fields


def _completes(work: Work) -> bool:
    actions = work.plan.next_stage if work.plan else ()
    return any(action.kind is ActionKind.COMPLETE for action in actions)


def _torn(work: Work) -> set[Key]:
    """Give the activities that cannot be open any more: their case is closed.

    They were read before somebody completed them, and the case after that.
    """
    link = work.case_link
    case = work.targets.get(link.casemgr) if link else None
    if case is None or case.text("status") != CLOSED:
        return set()
    return {
        key
        for key, record in work.targets.items()
        if record.parent == case.key and record.text("status") != COMPLETED
    }


def _home(work: Work) -> Record | None:
    """Give an activity of ours that was read and lies in a case."""
    targets = (work.targets.get(link.casemgr) for link in work.links)
    return next((t for t in targets if t is not None and t.parent is not None), None)


def _merged(work: Work, case: Key) -> Hold:
    return Hold(
        key=work.key,
        kind=HoldKind.WAITING,
        code="merged",
        reason=f"its activity lies in {case}, which is another record's counterpart",
    )
