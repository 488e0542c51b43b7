"""Intent, request, receipt: the only way a write leaves.

An intent is durable before its request leaves. No transaction is open while a request
is under way. Receipts and the intents that follow share a commit, so the cost of the
journal is one commit for about as many writes as are in flight.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from caseferry.engine.context import Context
from caseferry.errors import (
    AuthFailed,
    CaseSystemError,
    Forbidden,
    InDoubt,
    Interrupted,
    RateLimited,
    Scope,
    Unexpected,
    Unreachable,
)
from caseferry.model.link import Intent, IntentState, WriteKind
from caseferry.model.record import Key

_NOT_EXECUTED = (Unreachable, RateLimited, AuthFailed, Forbidden)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One request: its intents and the call that sends it.

    Attributes:
        intents: one, or one per activity of a bulk completion.
        call: sends the request; gives the new record's key where there is one.
        tag: handed back with the outcome.
    """

    intents: tuple[Intent, ...]
    call: Callable[[], Key | None]
    tag: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one request."""

    job: Job
    state: IntentState
    created: Key | None = None
    error: CaseSystemError | None = None
    ended_at: float = 0.0


class Dispatcher:
    """Sends jobs through the journal."""

    def __init__(self, context: Context, on_receipt: Callable[[Outcome], None]) -> None:
        """Take the run, and what to keep in the receipt's own transaction."""
        self._context = context
        self._on_receipt = on_receipt

    def send(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Carry out jobs in any order; give the outcome of each that left.

        When the run must stop, or a system refuses everybody, what has not left stays
        unsent and without an intent; what is in flight is finished and recorded.

        Raises:
            Unreachable, RateLimited, AuthFailed, Forbidden: after all receipts.
        """
        size = self._context.workers.size
        window, refill = (1, 0) if size == 1 else (size * 4, size * 2)
        queue = deque(jobs)
        flying: dict[Future[Key | None], Job] = {}
        landed: list[Outcome] = []
        every: list[Outcome] = []
        fatal: CaseSystemError | None = None
        while queue or flying or landed:
            if fatal is not None or self._context.stopping:
                queue.clear()
            room = window - len(flying)
            batch = [queue.popleft() for _ in range(min(room, len(queue)))]
            saved = self._commit(landed, batch)
            landed = []
            flying |= {self._context.workers.submit(job.call): job for job in saved}
            while flying:
                for future in self._context.workers.first_done():
                    landed.append(self._outcome(flying.pop(future), future))
                if queue and len(flying) <= refill:
                    break
            every += landed
            fatal = fatal or _fatal(landed)
        if fatal is not None:
            raise fatal
        return every

    def _commit(self, landed: list[Outcome], jobs: list[Job]) -> list[Job]:
        if not landed and not jobs:
            return []
        store = self._context.store
        with store.transaction():
            for outcome in landed:
                detail = outcome.error.message if outcome.error else ""
                for intent in outcome.job.intents:
                    store.settle_intent(
                        intent.number,
                        outcome.state,
                        casemgr=outcome.created,
                        detail=detail,
                    )
                self._on_receipt(outcome)
            flat = [intent for job in jobs for intent in job.intents]
            numbered = deque(store.save_intents(self._context.run, flat))
            return [
                replace(job, intents=tuple(numbered.popleft() for _ in job.intents))
                for job in jobs
            ]

    def _outcome(self, job: Job, future: Future[Key | None]) -> Outcome:
        error: CaseSystemError | None = None
        created: Key | None = None
        state = IntentState.DONE
        try:
            created = future.result()
        except (InDoubt, Unexpected) as caught:
            state, error = IntentState.IN_DOUBT, caught
        except Interrupted:
            state = IntentState.NOT_EXECUTED  # it waited for a limit and was not sent
        except CaseSystemError as caught:
            everybody = isinstance(caught, _NOT_EXECUTED) and caught.scope is Scope.RUN
            state = IntentState.NOT_EXECUTED if everybody else IntentState.REFUSED
            error = caught
        if state is IntentState.DONE and created is None and _is_create(job):
            # made, but the reply does not say which it is: the look-up will
            state = IntentState.IN_DOUBT
        ended = self._context.clock.monotonic()
        return Outcome(
            job=job, state=state, created=created, error=error, ended_at=ended
        )


def _is_create(job: Job) -> bool:
    return any(intent.kind is WriteKind.CREATE for intent in job.intents)


def _fatal(landed: list[Outcome]) -> CaseSystemError | None:
    for outcome in landed:
        if outcome.state is IntentState.NOT_EXECUTED and outcome.error is not None:
            return outcome.error
    return None
