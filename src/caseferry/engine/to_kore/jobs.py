"""From planned actions to requests to Kore, and the intents that go before them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from caseferry.engine.context import Context
from caseferry.engine.dispatch import Job
from caseferry.engine.jobs import sent_print
from caseferry.engine.to_kore.work import KoreWork
from caseferry.errors import InvariantBroken
from caseferry.model.action import Action
from caseferry.model.correlation import Role
from caseferry.model.kore_draft import CaseDraft, TaskDraft
from caseferry.model.link import Intent, WriteKind, images_of
from caseferry.model.record import Key, Record
from caseferry.model.times import canonical_time
from caseferry.reconcile.to_kore.planner import MARKER


@dataclass(slots=True, kw_only=True)
class Sent:
    """The action that a request carries out, and the record that its reply showed."""

    work: KoreWork
    action: Action
    replies: list[Record] = field(default_factory=list)


class KoreJobs:
    """Builds the requests of the next stage of case groups."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def of(self, works: list[KoreWork]) -> list[Job]:
        """Give the requests that may leave now."""
        return [
            self._job(Sent(work=work, action=action))
            for work in works
            for action in (work.plan.next_stage if work.plan else ())
        ]

    def _job(self, sent: Sent) -> Job:
        call = self._call(sent)

        def kept() -> Key | None:
            record = call()
            if record is None:
                return None
            sent.replies.append(record)
            return record.key

        intents = (self._intent(sent.action),)
        return Job(intents=intents, call=kept, tag=sent)

    def _intent(self, action: Action) -> Intent:
        at = self._context.kore.server_time() or self._context.clock.now()
        return Intent(
            kind=_kind(action),
            role=action.role,
            kore=action.key,
            casemgr=action.counterpart,
            correlation=action.correlation,
            payload_print=sent_print({c.name: c.after for c in action.changes}),
            department="",
            fields=tuple(change.name for change in action.changes),
            at=canonical_time(at),
            images=() if action.kore_draft else images_of(action.changes),
        )

    def _call(self, sent: Sent) -> Callable[[], Record | None]:
        kore, action, work = self._context.kore, sent.action, sent.work
        draft = action.kore_draft
        if isinstance(draft, CaseDraft):
            return lambda: kore.create_case(draft)
        if isinstance(draft, TaskDraft):
            return lambda: kore.create_task(draft)
        if action.counterpart is None:
            raise InvariantBroken("a request for a record that is not known yet")
        record = work.targets[action.counterpart]
        fields = {
            c.name: c.after
            for c in action.changes
            if c.after is not None and c.name != MARKER
        }
        return lambda: kore.update(record, fields, action.correlation)


def _kind(action: Action) -> WriteKind:
    if action.kore_draft is not None:
        return WriteKind.CREATE
    return WriteKind.EDIT_CASE if action.role is Role.CASE else WriteKind.EDIT_TASK
