"""When both sides of a pair agreed, and what a run could know of it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from support.chronicle import PERSON, Change, Moment
from support.twins import Twin, other_name, own_name

if TYPE_CHECKING:
    from support.chronicle import Chronicle
    from support.oracle import Oracle


class Agreed:
    """Looks back from a change into the chronicle, and at the runs there were."""

    def __init__(self, oracle: "Oracle") -> None:
        self._oracle = oracle
        self._tale: Chronicle = oracle.tale

    def run_before(self, n: int) -> int:
        """Give when the run began that was under way at a moment, or was the last."""
        return max((run for run in self._oracle.runs if run < n), default=0)

    def meant(self, key: str, twin: Twin, other: str, n: int) -> bool:
        """Tell whether both meant the same of a field then, and were not parted."""
        mine = self._tale.at(key, own_name(key, twin), n)
        theirs = self._tale.at(other, other_name(key, twin), n)
        return self.same(key, twin, mine, theirs) and not self._is_apart(key, other, n)

    def same(self, key: str, twin: Twin, mine: Any, theirs: Any) -> bool:
        """Tell whether two values mean the same, the first one of the record `key`."""
        if key.startswith("kore:"):
            return twin.same(mine, theirs, self._oracle.tables)
        return twin.same(theirs, mine, self._oracle.tables)

    def last(self, change: Change, twin: Twin, other: str) -> int:
        """Give when both sides last meant the same, and it was known; 0 is never."""
        key, name = change.key, other_name(change.key, twin)
        moments = [
            *self._tale.history[key, change.field],
            *self._tale.history.get((other, name), ()),
        ]
        found = 0
        for m in sorted(moments, key=lambda m: m.n):
            if m.n < change.n and self.meant(key, twin, other, m.n):
                is_known = m.who != PERSON or self._was_seen(change, twin, other, m.n)
                found = m.n if is_known else found
        return found

    def _was_seen(self, change: Change, twin: Twin, other: str, n: int) -> bool:
        """Tell whether a run compared both sides while they agreed since a moment."""
        return any(
            self._agree_at(end, change, twin, other) is not None
            for end in self._oracle.ends
            if n < end < change.n
        )

    def _is_apart(self, key: str, other: str, n: int) -> bool:
        """Tell whether a person had parted the two then, or their cases."""
        homes = {self._tale.at(each, "case", n) for each in (key, other)}
        keys = {key, other, *homes}
        acts = [a for a in self._oracle.parted if a[0] in keys and a[1] <= n]
        return bool(acts) and acts[-1][2]

    def lately(self, change: Change, other: str, name: str) -> list[Moment]:
        """Give what people set since the last run ended, whatever it means."""
        end = max((end for end in self._oracle.ends if end < change.n), default=0)
        end = max((run for run in self._oracle.runs if run < end), default=0)
        moments = self._tale.history.get((other, name), ())
        return [m for m in moments if m.who == PERSON and end < m.n < change.n]

    def is_unchanged(self, change: Change, twin: Twin, other: str, value: Any) -> bool:
        """Tell whether a value is what both agreed on when a run last saw that."""
        seen = self._seen(change, twin, other)
        return seen is not None and bool(
            self._tale.at(change.key, change.field, seen[0]) == value
        )

    def opened_since(self, change: Change, twin: Twin, other: str) -> bool:
        """Tell whether the other one was opened since a run saw both ended.

        And no run ever saw this one open since.
        """
        seen = self._seen(change, twin, other)
        if seen is None or not self._tale.at(change.key, "ended", seen[0]):
            return False
        shown = [self._tale.last_shown(change.key, end) for end in self._oracle.ends]
        since = [n for n in (*shown, change.seen) if seen[0] < n < change.n]
        if not all(self._tale.at(change.key, "ended", n) for n in since):
            return False
        moments = self._tale.history[other, "ended"]
        return any(not m.value for m in moments if seen[1] < m.n < change.n)

    def is_unknown(
        self, moments: Sequence[int], until: int, agreed: Callable[[int], bool]
    ) -> bool:
        """Tell whether the state did not know what both sides held.

        It learns that at the end of a run in which they agree; not, when it was lost,
        or a run was broken off, since then.
        """
        ends = [end for end in self._oracle.ends if end < until and agreed(end)]
        return any(max(ends, default=0) <= n < until for n in moments)

    def _seen(self, change: Change, twin: Twin, other: str) -> tuple[int, int] | None:
        """Give when each was shown last, where a run last saw that both agreed."""
        ends = [end for end in self._oracle.ends if end < change.n]
        found = (self._agree_at(end, change, twin, other) for end in reversed(ends))
        return next((shown for shown in found if shown is not None), None)

    def _agree_at(
        self, end: int, change: Change, twin: Twin, other: str
    ) -> tuple[int, int] | None:
        """Give when each was shown last to a run; None where they differed then."""
        key, tale = change.key, self._tale
        if self._is_apart(key, other, end):
            return None
        mine, theirs = tale.last_shown(key, end), tale.last_shown(other, end)
        here = tale.at(key, change.field, mine)
        there = tale.at(other, other_name(key, twin), theirs)
        return (mine, theirs) if self.same(key, twin, here, there) else None
