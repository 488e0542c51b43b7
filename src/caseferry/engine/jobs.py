"""From planned actions to requests: what is sent, and the intents that go before it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from caseferry.engine.context import Context
from caseferry.engine.dispatch import Job
from caseferry.engine.work import Work
from caseferry.errors import InvariantBroken
from caseferry.mapping.notes import note_text
from caseferry.model.action import Action, ActionKind, Stage
from caseferry.model.correlation import Role
from caseferry.model.link import Intent, WriteKind, images_of
from caseferry.model.record import Key, Value, fingerprint
from caseferry.model.times import canonical_time
from caseferry.ports import BULK

_UPDATE = ActionKind.UPDATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The actions that one request carries out, with their groups."""

    pairs: tuple[tuple[Work, Action], ...]


class Jobs:
    """Builds the requests of the next stage of case groups."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def of(self, works: Sequence[Work]) -> list[Job]:
        """Give the requests that may leave now; completions are sent 75 at a time."""
        jobs: list[Job] = []
        bulk: list[tuple[Work, Action]] = []
        for work in works:
            for action in work.plan.next_stage if work.plan else ():
                if action.stage is Stage.COMPLETE and not work.single:
                    bulk.append((work, action))
                else:
                    jobs.append(self._job(((work, action),)))
        return jobs + [self._job(pairs) for pairs in self._chunks(bulk)]

    def _chunks(
        self, bulk: Sequence[tuple[Work, Action]]
    ) -> Iterator[tuple[tuple[Work, Action], ...]]:
        """Split completions into requests: of one actor each, and not too many."""
        by_actor: dict[str, list[tuple[Work, Action]]] = {}
        for work, action in bulk:
            actor = self._actor(work, action)
            by_actor.setdefault(actor, []).append((work, action))
        for pairs in by_actor.values():
            for start in range(0, len(pairs), BULK):
                yield tuple(pairs[start : start + BULK])

    def _actor(self, work: Work, action: Action) -> str:
        """Give in whose name an activity is changed, as it was read last."""
        target = work.targets.get(action.counterpart) if action.counterpart else None
        return self._context.casemgr.actor_of(target) if target else ""

    def _job(self, pairs: tuple[tuple[Work, Action], ...]) -> Job:
        work, action = pairs[0]
        return Job(
            intents=tuple(self._intent(a) for _, a in pairs),
            call=self._call(work, action, pairs),
            tag=Sent(pairs=pairs),
        )

    def _intent(self, action: Action) -> Intent:
        names = tuple(change.name for change in action.changes)
        at = self._context.casemgr.server_time() or self._context.clock.now()
        return Intent(
            kind=_kind(action),
            role=action.role,
            kore=action.key,
            casemgr=action.counterpart,
            correlation=action.correlation,
            payload_print=sent_print({c.name: c.after for c in action.changes}),
            department=action.department,
            fields=names,
            at=canonical_time(at),
            opens=None if action.draft is None else action.draft.case is None,
            images=images_of(action.changes) if action.kind is _UPDATE else (),
        )

    def _call(
        self, work: Work, action: Action, pairs: tuple[tuple[Work, Action], ...]
    ) -> Callable[[], Key | None]:
        casemgr = self._context.casemgr
        if action.draft is not None:
            draft = action.draft
            return lambda: casemgr.create_activity(draft)
        key = action.counterpart
        if key is None:
            raise InvariantBroken("a request for a record that is not known yet")
        actor = self._actor(work, action)
        if action.kind is ActionKind.COMPLETE:
            versions = {
                a.counterpart: w.targets[a.counterpart].version
                for w, a in pairs
                if a.counterpart is not None
            }
            return lambda: casemgr.complete_activities(versions, actor=actor)
        if action.kind is ActionKind.CLOSE:
            return lambda: casemgr.close_case(key)
        if action.kind is ActionKind.NOTE:
            return lambda: self._note(key, action)
        version = work.targets[key].version
        fields = {c.name: c.after for c in action.changes if c.after is not None}
        if action.role is Role.CASE:
            return lambda: casemgr.edit_case(key, version, fields)
        return lambda: casemgr.edit_activity(key, version, fields, actor=actor)

    def _note(self, key: Key, action: Action) -> None:
        """Append a note unless an earlier attempt already did."""
        casemgr = self._context.casemgr
        if any(action.correlation in text for text in casemgr.notes(key)):
            return
        casemgr.add_note(key, note_text(action.correlation, action.note))


def sent_print(fields: Mapping[str, Value | None]) -> str:
    """Hash what a request sends, so that a later run knows whether it still would."""
    return fingerprint(sorted(fields.items()))


def _kind(action: Action) -> WriteKind:
    if action.draft is not None:
        return WriteKind.CREATE
    if action.kind is ActionKind.UPDATE:
        return WriteKind.EDIT_CASE if action.role is Role.CASE else WriteKind.EDIT_TASK
    return {
        ActionKind.COMPLETE: WriteKind.COMPLETE,
        ActionKind.CLOSE: WriteKind.CLOSE,
        ActionKind.NOTE: WriteKind.NOTE,
    }[action.kind]
