"""How many requests were sent, by operation; one object per system, all threads."""

import threading
from collections.abc import Mapping


class Counter:
    """Counts of one system since it was opened.

    A request that is sent again counts in both `sent` and `retried`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: dict[str, int] = {}
        self._retried: dict[str, int] = {}
        self._outcomes: dict[str, int] = {}
        self._waited_s = 0.0

    def count_sent(self, operation: str, *, again: bool) -> None:
        """Count one request that leaves now."""
        with self._lock:
            self._sent[operation] = self._sent.get(operation, 0) + 1
            if again:
                self._retried[operation] = self._retried.get(operation, 0) + 1

    def count_outcome(self, outcome: str) -> None:
        """Count what became of a request: `ok` or an error's code."""
        with self._lock:
            self._outcomes[outcome] = self._outcomes.get(outcome, 0) + 1

    def count_wait(self, seconds: float) -> None:
        """Add time spent waiting for a limit, summed over threads."""
        with self._lock:
            self._waited_s += seconds

    @property
    def sent(self) -> int:
        """All requests that left, tokens not included."""
        with self._lock:
            return sum(self._sent.values())

    @property
    def retried(self) -> int:
        """Those among them that repeated an earlier one."""
        with self._lock:
            return sum(self._retried.values())

    @property
    def waited_s(self) -> float:
        """Seconds spent waiting for a limit, summed over threads."""
        with self._lock:
            return self._waited_s

    @property
    def outcomes(self) -> Mapping[str, int]:
        """Requests by what became of them: `ok` or an error's code."""
        with self._lock:
            return dict(sorted(self._outcomes.items()))

    def by_operation(self) -> dict[str, dict[str, int]]:
        """Give the counts per operation: `{"getCases": {"sent": 3, "retried": 1}}`."""
        with self._lock:
            return {
                name: {"sent": count, "retried": self._retried.get(name, 0)}
                for name, count in sorted(self._sent.items())
            }
