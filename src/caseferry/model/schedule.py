"""When the next run of a schedule is due: slots, jitter, back-off; values only.

A schedule is a row of slots, one interval apart, counted from its begin. At most one
run starts in a slot. Slots that passed while a run went on are left out, never made up
for.
"""

from dataclasses import dataclass
from hashlib import blake2b
from math import ceil
from typing import Final

JITTER_SHARE: Final = 0.1
JITTER_MOST_S: Final = 30.0
BACK_OFF_MOST_S: Final = 900.0
"""The longest wait after failures, unless the interval itself is longer."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One place in a schedule.

    Attributes:
        number: from 0.
        due_s: when its run starts, on the clock that the schedule began by.
    """

    number: int
    due_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One run an interval.

    Attributes:
        interval_s: above 0.
        began_s: where slot 0 begins, on a clock that only ever grows.
        seed: schedules with different seeds do not all start at the same moment.
    """

    interval_s: float
    began_s: float
    seed: str = ""

    def first(self) -> Slot:
        """Give slot 0: at once, without jitter."""
        return Slot(0, self.began_s)

    def after(
        self, last: Slot, now_s: float, failures: int = 0, pass_s: float = 0.0
    ) -> Slot:
        """Give the next slot that is not over and whose jitter has not passed.

        Args:
            last: in which the last run started.
            now_s: on the clock that the schedule began by.
            failures: runs that failed in a row, the last one included: from the second
                on the wait doubles each time, up to `BACK_OFF_MOST_S`.
            pass_s: what one run takes at least; sooner the next one is not due.
        """
        passed = int((now_s - self.began_s) // self.interval_s)
        step = max(self._step(failures), ceil(pass_s / self.interval_s))
        number = max(last.number + step, passed)
        while self._due_s(number) < now_s:
            number += 1
        return Slot(number, self._due_s(number))

    def _step(self, failures: int) -> int:
        """Give how many slots further the next run is."""
        most = max(1, int(BACK_OFF_MOST_S // self.interval_s))
        return min(most, 1 << min(max(failures - 1, 0), most.bit_length()))

    def _due_s(self, number: int) -> float:
        begin = self.began_s + number * self.interval_s
        most = min(JITTER_MOST_S, self.interval_s * JITTER_SHARE)
        digest = blake2b(f"{self.seed}/{number}".encode(), digest_size=4).digest()
        return begin + most * int.from_bytes(digest) / 2**32
