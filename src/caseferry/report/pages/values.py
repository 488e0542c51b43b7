"""Values of fields as a page's script takes them.

A text is a string, several texts are a list, a hidden value is `{"hidden": …}`, and one
that was cut is `{"cut": …, "from": …, "of": …}` with the characters before it and of
the whole. Absent is null.
"""

from collections.abc import Sequence
from typing import Any, Final

from caseferry.planfile.shape import Redacted, Shown

WHOLE: Final = 8_000
"""Longer values are cut even where there is room."""
_BEFORE: Final = 0.25
"""What stays before the first difference, as a share of what stays."""


class Cutter:
    """Cuts long texts; the first difference of two stays in what is left.

    Attributes:
        has_cut: it did so at least once.
    """

    def __init__(self, most: int) -> None:
        """Take how many characters stay."""
        self._most = most
        self.has_cut = False

    def pair(self, before: Shown | None, after: Shown | None) -> tuple[Any, Any]:
        """Give two values of one field."""
        start = 0
        if isinstance(before, str) and isinstance(after, str):
            if max(len(before), len(after)) <= self._most:
                return before, after
            same = _alike(before, after)
            start = max(0, same - int(self._most * _BEFORE))
        return self._one(before, start), self._one(after, start)

    def one(self, value: Shown | None) -> Any:  # noqa: ANN401 - JSON
        """Give one value."""
        return self._one(value, 0)

    def _one(self, value: Shown | None, start: int) -> Any:  # noqa: ANN401 - JSON
        if isinstance(value, Redacted):
            return {"hidden": value.redacted}
        if isinstance(value, str):
            return self._text(value, start)
        if isinstance(value, Sequence):
            return [self._text(part, 0) for part in value]
        return None

    def _text(self, value: str, start: int) -> Any:  # noqa: ANN401 - JSON
        if len(value) <= self._most:
            return value
        self.has_cut = True
        kept = value[start : start + self._most]
        return {"cut": kept, "from": start, "of": len(value)}


def _alike(one: str, other: str) -> int:
    """Give how many characters two texts begin with alike."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
