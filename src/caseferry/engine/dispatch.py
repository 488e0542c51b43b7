"""Intent, request, receipt: the only way a write leaves.

An intent is durable before its request leaves. No transaction is open while a request
is under way. Receipts and the intents that follow share a commit, so the cost of the
journal is one commit for about as many writes as are in flight.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

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


Stages = Generator[Sequence[Job], list[Outcome], None]
"""Gives the jobs of one stage after the other; is sent what became of them.

One that gives no jobs has to wait for others: it is asked again after the next outcome.
"""


class _Lane:
    """Work that goes through its stages on its own."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages
        self._outcomes: list[Outcome] | None = None
        self._left = 0
        self.ended = False
        self.idle = False

    @property
    def is_due(self) -> bool:
        """Tell whether all jobs of the stage landed, and the next may be decided."""
        return self._left == 0 and not self.ended and not self.idle

    def land(self, outcome: Outcome) -> None:
        """Keep what became of one of its jobs."""
        self._left -= 1
        if self._outcomes is not None:
            self._outcomes.append(outcome)

    def drop(self) -> None:
        """Take note that one of its jobs will not leave."""
        self._left -= 1

    def resume(self) -> Sequence[Job]:
        """Go on to the next stage; none when there is none."""
        outcomes, self._outcomes = self._outcomes, []
        jobs: Sequence[Job] = ()
        try:
            jobs = (
                next(self._stages) if outcomes is None else self._stages.send(outcomes)
            )
        except StopIteration:
            self.ended = True
        self.idle = not jobs
        self._left = len(jobs)
        return jobs


class _Drive:
    """Lanes on their way, and the requests that are under way for them."""

    def __init__(
        self,
        context: Context,
        commit: Callable[[list[Outcome], list[Job]], list[Job]],
        lanes: list[_Lane],
    ) -> None:
        size = context.workers.size
        self._context = context
        self._commit = commit
        self._window, self._refill = (1, 0) if size == 1 else (size * 8, size * 4)
        self._lanes = deque(lanes)
        self._queue: deque[tuple[_Lane, Job]] = deque()
        self._flying: dict[Future[Key | None], tuple[_Lane, Job]] = {}
        self._landed: list[Outcome] = []
        self.failure: Exception | None = None

    @property
    def goes_on(self) -> bool:
        """Tell whether anything is left to send, to receive or to decide."""
        if self._queue or self._flying or self._landed:
            return True
        return self.failure is None and not all(lane.ended for lane in self._lanes)

    def send(self) -> None:
        """Record what landed and what leaves next, in one commit; let that leave."""
        if self.failure is not None or self._context.stopping:
            for lane, _ in self._queue:
                lane.drop()
            self._queue.clear()
        room = min(self._window - len(self._flying), len(self._queue))
        batch = [self._queue.popleft() for _ in range(room)]
        saved = self._commit(self._landed, [job for _, job in batch])
        self._landed = []
        for (lane, _), job in zip(batch, saved, strict=True):
            self._flying[self._context.workers.submit(job.call)] = lane, job

    def decide(self) -> None:
        """Let one lane whose jobs all landed go on to its next stage."""
        if not (self._queue or self._flying or self._landed):
            self._wake()  # nobody is left to wait for
        due = next((lane for lane in self._lanes if lane.is_due), None)
        if due is None or self.failure is not None:
            return
        self._lanes.remove(due)
        self._lanes.append(due)  # the others have their turn first
        try:
            self._queue.extend((due, job) for job in due.resume())
        except Exception as error:  # noqa: BLE001 - raised once all is recorded
            self.failure = error

    def receive(self) -> None:
        """Take what landed; wait for more unless there is something else to do."""
        while self._flying:
            waits = self.failure is not None or not any(x.is_due for x in self._lanes)
            for future in self._context.workers.landed(wait=waits):
                lane, job = self._flying.pop(future)
                outcome = _outcome(job, future, self._context.clock.monotonic())
                self._landed.append(outcome)
                lane.land(outcome)
                self._wake()
                self.failure = self.failure or _fatal(outcome)
            if not waits or (self._queue and len(self._flying) <= self._refill):
                return

    def _wake(self) -> None:
        for lane in self._lanes:
            lane.idle = False


class Dispatcher:
    """Sends jobs through the journal."""

    def __init__(self, context: Context, on_receipt: Callable[[Outcome], None]) -> None:
        """Take the run, and what to keep in the receipt's own transaction."""
        self._context = context
        self._on_receipt = on_receipt

    def drive(self, lanes: Iterable[Stages]) -> None:
        """Carry out the stages of several lanes of work, each in its own order.

        While one lane reads back and decides, the requests of the others are under way.
        When the run must stop, a lane fails, or a system refuses everybody, what has
        not left stays unsent and without an intent; what is in flight is finished and
        recorded.

        Raises:
            Unreachable, RateLimited, AuthFailed, Forbidden: after all receipts.
            Exception: what a lane raised, after all receipts.
        """
        drive = _Drive(self._context, self._commit, [_Lane(each) for each in lanes])
        while drive.goes_on:
            drive.send()
            drive.decide()
            drive.receive()
        if drive.failure is not None:
            raise drive.failure

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
                Job(
                    intents=tuple(numbered.popleft() for _ in job.intents),
                    call=job.call,
                    tag=job.tag,
                )
                for job in jobs
            ]


def _is_create(job: Job) -> bool:
    return any(intent.kind is WriteKind.CREATE for intent in job.intents)


def _fatal(outcome: Outcome) -> CaseSystemError | None:
    return outcome.error if outcome.state is IntentState.NOT_EXECUTED else None


def _outcome(job: Job, future: Future[Key | None], ended_at: float) -> Outcome:
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
    return Outcome(
        job=job, state=state, created=created, error=error, ended_at=ended_at
    )
