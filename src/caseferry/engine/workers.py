"""A bounded pool for requests; with one worker everything runs in the caller's thread.

Requests run in the workers; the state is only ever touched by the thread of the run.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

A = TypeVar("A")
T = TypeVar("T")


class Workers:
    """Runs calls, at most `size` at a time."""

    def __init__(self, size: int) -> None:
        self.size = max(1, size)
        self._pool = ThreadPoolExecutor(self.size) if self.size > 1 else None

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
        if self._pool is not None:
            return self._pool.submit(call)
        future: Future[T] = Future()
        try:
            future.set_result(call())
        except Exception as error:  # noqa: BLE001 - it is handed on by result()
            future.set_exception(error)
        return future

    def first_done(self, futures: Iterable[Future[T]]) -> set[Future[T]]:
        """Wait until at least one of the calls is done; give all that are."""
        return wait(futures, return_when=FIRST_COMPLETED).done

    def map(self, call: Callable[[A], T], items: Sequence[A]) -> list[T]:
        """Run a read for each item; give the answers in the items' order.

        The first error is raised after all calls ended.
        """
        futures = [self.submit(partial(call, item)) for item in items]
        wait(futures)
        return [future.result() for future in futures]

    def close(self) -> None:
        """End the pool; calls in flight are finished first."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
