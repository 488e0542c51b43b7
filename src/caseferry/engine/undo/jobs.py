"""From the actions of an undo to requests, and the intents that go before them."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from caseferry.engine.context import Context
from caseferry.engine.dispatch import Job
from caseferry.engine.jobs import sent_print
from caseferry.engine.undo.ledger import Past
from caseferry.engine.undo.work import Sent, UndoWork
from caseferry.errors import InvariantBroken
from caseferry.mapping.notes import note_text
from caseferry.model.action import Action, ActionKind
from caseferry.model.correlation import Role, retired_key
from caseferry.model.link import Intent, WriteKind
from caseferry.model.record import Key, Record, System
from caseferry.model.times import canonical_time
from caseferry.ports import BULK
from caseferry.reconcile.undo.view import ACTIVE

Pair = tuple[UndoWork, Action]


class UndoJobs:
    """Builds the requests of the next stage of case groups."""

    def __init__(self, context: Context, past: Past) -> None:
        self._context = context
        self._past = past

    def of(self, works: Sequence[UndoWork]) -> list[Job]:
        """Give the requests that may leave now; completions are sent 75 at a time."""
        jobs: list[Job] = []
        bulk: list[Pair] = []
        for work in works:
            for action in work.next_stage:
                if work.single or not _is_completion(work, action):
                    jobs.append(self._job(((work, action),)))
                else:
                    bulk.append((work, action))
        return jobs + [self._job(pairs) for pairs in self._chunks(bulk)]

    def _chunks(self, bulk: list[Pair]) -> Iterator[tuple[Pair, ...]]:
        """Split completions into requests: of one actor each, and not too many."""
        bulk.sort(key=self._actor)
        for _, pairs in groupby(bulk, key=self._actor):
            of_one = tuple(pairs)
            for start in range(0, len(of_one), BULK):
                yield of_one[start : start + BULK]

    def _actor(self, pair: Pair) -> str:
        record = pair[0].records.get(_target(pair[1]))
        return self._context.casemgr.actor_of(record) if record else ""

    def _job(self, pairs: tuple[Pair, ...]) -> Job:
        sent = Sent(pairs=pairs)
        work, action = pairs[0]
        if work.system is System.KORE:
            call = self._to_kore(sent, work, action)
        else:
            call = self._to_casemgr(pairs)
        intents = tuple(self._intent(*pair) for pair in pairs)
        return Job(intents=intents, call=call, tag=sent)

    def _intent(self, work: UndoWork, action: Action) -> Intent:
        context = self._context
        system = context.kore if work.system is System.KORE else context.casemgr
        at = system.server_time() or context.clock.now()
        is_edit = _kind(work, action) in (WriteKind.EDIT_CASE, WriteKind.EDIT_TASK)
        changed = tuple(c for c in action.changes if c.before != c.after)
        return Intent(
            kind=_kind(work, action),
            role=action.role,
            kore=action.key,
            casemgr=action.counterpart,
            correlation=action.correlation,
            payload_print=sent_print({c.name: c.after for c in action.changes}),
            department="",
            fields=tuple(change.name for change in action.changes),
            at=canonical_time(at),
            images=changed if is_edit else (),
        )

    def _to_kore(
        self, sent: Sent, work: UndoWork, action: Action
    ) -> Callable[[], Key | None]:
        record = work.records[_target(action)]
        # "" empties a field
        fields = {c.name: "" if c.after is None else c.after for c in action.changes}
        key = action.correlation
        if ACTIVE in fields:
            key = retired_key(key)  # so that a state that was lost tells it again

        def call() -> None:
            reply = self._context.kore.update(record, fields, key)
            sent.replies.append(reply)

        return call

    def _to_casemgr(self, pairs: tuple[Pair, ...]) -> Callable[[], Key | None]:
        casemgr, (work, action) = self._context.casemgr, pairs[0]
        key, actor = _target(action), self._actor(pairs[0])
        if action.kind is ActionKind.COMPLETE:
            versions = {_target(a): _record(w, a).version for w, a in pairs}
            return lambda: casemgr.complete_activities(versions, actor=actor)
        if action.kind is ActionKind.NOTE:
            return lambda: self._note(key, action)
        version = _record(work, action).version
        fields = {c.name: c.after for c in action.changes if c.after is not None}
        if action.role is Role.CASE:
            return lambda: casemgr.edit_case(key, version, fields)
        return lambda: casemgr.edit_activity(key, version, fields, actor=actor)

    def _note(self, key: Key, action: Action) -> None:
        """Append the mark, unless an earlier attempt already did."""
        casemgr, own = self._context.casemgr, action.correlation
        if own in self._past.noted and any(own in text for text in casemgr.notes(key)):
            return
        casemgr.add_note(key, note_text(own, action.note))


def _target(action: Action) -> Key:
    if action.counterpart is None:
        raise InvariantBroken("an undo of a record that is not known")
    return action.counterpart


def _record(work: UndoWork, action: Action) -> Record:
    return work.records[_target(action)]


def _is_completion(work: UndoWork, action: Action) -> bool:
    return work.system is System.CASEMGR and action.kind is ActionKind.COMPLETE


def _kind(work: UndoWork, action: Action) -> WriteKind:
    if action.kind is ActionKind.NOTE:
        return WriteKind.NOTE
    if _is_completion(work, action):
        return WriteKind.COMPLETE
    return WriteKind.EDIT_CASE if action.role is Role.CASE else WriteKind.EDIT_TASK
