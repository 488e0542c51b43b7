"""Words, numbers, times and tables at 80 columns."""

import re
import textwrap
import unicodedata
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final

WIDTH: Final = 80
_NARROWEST: Final = 16
_WIDE: Final = "WF"
_CHARACTER: Final = re.compile(
    r"\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8}|.", re.DOTALL
)
"""One of a visible text: what spells an invisible one is not cut."""


def visible(text: str) -> str:
    r"""Spell what a terminal would obey as `\x1b`; every character can be seen."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(ord(c)) for c in text)


def _escaped(code: int) -> str:
    if code <= 0xFF:  # noqa: PLR2004 - two hex digits
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004


def shorten(text: str, width: int = 40) -> str:
    """Bring a text to one visible line of at most so many columns."""
    text = visible(text[: width * 4])
    if columns(text) <= width:
        return text
    kept, room = "", width - 1
    for char in _CHARACTER.findall(text):
        room -= columns(char)
        if room < 0:
            break
        kept += char
    return f"{kept}…"


def columns(text: str) -> int:
    """Give how many columns a visible text takes: wide characters take two."""
    if text.isascii():
        return len(text)
    return sum(
        1 + (unicodedata.east_asian_width(char) in _WIDE)
        for char in text
        if not unicodedata.combining(char)
    )


def shown(value: str | Sequence[str] | None) -> str:
    """Give a field's value for a person; absent is `(none)`."""
    if value is None:
        return "(none)"
    if isinstance(value, str):
        return f'"{shorten(value)}"'
    return shorten(", ".join(value))


def number(count: float) -> str:
    """Group thousands: `12,345`."""
    return f"{count:,.0f}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Give `1 case`, `12,345 cases`."""
    word = one if count == 1 else many or f"{one}s"
    return f"{number(count)} {word}"


def duration(seconds: float) -> str:
    """Give `45 s`, `12 min`, `3 h 26 min` or `2 d 4 h`."""
    if seconds < 10:  # noqa: PLR2004 - only here a tenth says something
        return f"{seconds:.1f} s"
    if seconds < 100:  # noqa: PLR2004
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:  # noqa: PLR2004 - two days read better in days
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def local_time(text: str, zone: tzinfo | None = None) -> str:
    """Give a canonical time in this machine's zone, with its offset."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return visible(text)
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S %z}"


def wrapped(text: str, indent: str = "", hanging: str | None = None) -> list[str]:
    """Fill a text into lines of 80 columns; long words stay whole."""
    return textwrap.wrap(
        visible(text),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def table(
    rows: Sequence[Sequence[str]],
    header: Sequence[str] = (),
    *,
    right: frozenset[int] = frozenset(),
    indent: str = "  ",
) -> list[str]:
    """Lay out columns; the last one is wrapped where 80 columns do not hold it.

    Args:
        rows: all of one length.
        header: of the same length, or none.
        right: columns that are aligned to the right.
        indent: before each line.
    """
    cells = [[visible(cell) for cell in row] for row in (header, *rows) if row]
    if not cells:
        return []
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    room = max(_NARROWEST, WIDTH - len(indent) - sum(widths[:-1]) - 2 * len(widths[1:]))
    lines = []
    for row in cells:
        last = row[-1].rjust(widths[-1]) if len(row) - 1 in right else row[-1]
        # Paths and keys stay whole, to be copied, even where they are too long.
        parts = textwrap.wrap(
            last,
            room,
            drop_whitespace=False,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
        fixed = "".join(
            _cell(text, widths[at], at in right) for at, text in enumerate(row[:-1])
        )
        lines.append(f"{indent}{fixed}{parts[0]}".rstrip())
        blank = " " * (len(indent) + len(fixed))
        lines += [f"{blank}{part.lstrip()}".rstrip() for part in parts[1:]]
    return lines


def _cell(text: str, width: int, is_right: bool) -> str:  # noqa: FBT001 - a switch
    return f"{text.rjust(width) if is_right else text.ljust(width)}  "
