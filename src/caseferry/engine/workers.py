"""A bounded pool for requests; with one worker everything runs in the caller's thread.

Requests run in the workers; the state is only ever touched by the thread of the run.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar

A = TypeVar("A")
T = TypeVar("T")


class Workers:
    """Runs calls, at most `size` at a time."""

    def __init__(self, size: int) -> None:
        self.size = max(1, size)
        self._pool = ThreadPoolExecutor(self.size) if self.size > 1 else None
        self._done: SimpleQueue[Future[Any]] = SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Start a call; with one worker it is done when this returns.

        With one worker an exception that is no `Exception` passes through at once, as
        it would at a crash.
        """
        future = self._start(call)
        future.add_done_callback(self._done.put)
        return future

    def first_done(self) -> list[Future[Any]]:
        """Wait until a submitted call is done; give all that are, each once."""
        found = [self._done.get()]
        try:
            while True:
                found.append(self._done.get_nowait())
        except Empty:
            return found

    def map(self, call: Callable[[A], T], items: Sequence[A]) -> list[T]:
        """Run a read for each item; give the answers in the items' order.

        The first error is raised after all calls ended.
        """
        futures = [self._start(partial(call, item)) for item in items]
        wait(futures)
        return [future.result() for future in futures]

    def _start(self, call: Callable[[], T]) -> Future[T]:
        if self._pool is not None:
            return self._pool.submit(call)
        future: Future[T] = Future()
        try:
            future.set_result(call())
        except Exception as error:  # noqa: BLE001 - it is handed on by result()
            future.set_exception(error)
        return future

    def close(self) -> None:
        """End the pool; calls in flight are finished first."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
