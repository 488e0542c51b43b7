"""A bounded pool for requests; with one worker everything runs in the caller's thread.

Requests run in the workers; the state is only ever touched by the thread of the run.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from functools import partial
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar

A = TypeVar("A")
T = TypeVar("T")
Task = tuple[Future[Any], Callable[[], Any]]


class Workers:
    """Runs calls, at most `size` at a time; reads go before writes that wait."""

    def __init__(self, size: int) -> None:
        self.size = max(1, size)
        self._done: SimpleQueue[Future[Any]] = SimpleQueue()
        self._reads: deque[Task] = deque()
        self._writes: deque[Task] = deque()
        self._waiting = threading.Semaphore(0)
        self._threads: list[threading.Thread] = []

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
        future = self._start(self._writes, call)
        future.add_done_callback(self._done.put)
        return future

    def landed(self, *, wait: bool) -> list[Future[Any]]:
        """Give the submitted calls that are done, each once.

        Args:
            wait: until there is one.
        """
        found = [self._done.get()] if wait else []
        try:
            while True:
                found.append(self._done.get_nowait())
        except Empty:
            return found

    def map(self, call: Callable[[A], T], items: Sequence[A]) -> list[T]:
        """Run a read for each item; give the answers in the items' order.

        The first error is raised after all calls ended.
        """
        futures = [self._start(self._reads, partial(call, item)) for item in items]
        wait_for(futures)
        return [future.result() for future in futures]

    def close(self) -> None:
        """End the pool; calls in flight are finished first."""
        for future, _ in (*self._reads, *self._writes):
            future.cancel()
        self._reads.clear()
        self._writes.clear()
        self._waiting.release(len(self._threads) or 1)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _start(self, tasks: deque[Task], call: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        if self.size == 1:
            _carry_out(future, call, Exception)
            return future
        tasks.append((future, call))
        self._waiting.release()
        if len(self._threads) < self.size:
            thread = threading.Thread(target=self._work, daemon=True)
            self._threads.append(thread)
            thread.start()
        return future

    def _work(self) -> None:
        while True:
            self._waiting.acquire()
            try:
                future, call = self._next()
            except IndexError:
                return  # closed
            if future.set_running_or_notify_cancel():
                _carry_out(future, call, BaseException)

    def _next(self) -> Task:
        try:
            return self._reads.popleft()
        except IndexError:
            return self._writes.popleft()


def _carry_out(
    future: Future[T], call: Callable[[], T], caught: type[BaseException]
) -> None:
    try:
        future.set_result(call())
    except caught as error:
        future.set_exception(error)
