"""CSV that a spreadsheet shows as it is: nothing in it is ever calculated or obeyed."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from caseferry.report.text import visible

_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\n")
_OBEYED: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
"""Controls of terminals and of the direction of writing; tabs and line ends are not."""


def cell(value: str | Sequence[str] | None) -> str:
    """Give a value as a cell: absent is empty, several are joined by commas.

    What a spreadsheet would take for a formula gets an apostrophe before it, blanks
    and quotes at its beginning notwithstanding; control characters are spelt.
    """
    text = _OBEYED.sub(lambda found: visible(found[0]), plain(value))
    begins = text.lstrip(" \xa0\u3000\"'")
    return f"'{text}" if begins.startswith(_FORMULA) else text


def plain(value: str | Sequence[str] | None) -> str:
    """Give a value as one text, whatever it holds."""
    if value is None:
        return ""
    return value if isinstance(value, str) else ", ".join(value)


def csv_lines(
    header: Sequence[str], rows: Iterable[Sequence[str | Sequence[str] | None]]
) -> Iterator[str]:
    """Give a table as CSV, line by line with its line end; every cell is safe."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(header)
    yield target.getvalue()
    for row in rows:
        target.seek(0)
        target.truncate()
        writer.writerow([cell(value) for value in row])
        yield target.getvalue()
