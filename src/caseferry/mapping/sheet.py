"""A mapping as TOML text that a person goes on with: escaped, with lines to fill in.

Whatever a tenant calls things, the text parses, and shows no character that a terminal
or an editor would obey.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from caseferry.mapping.names import dotted
from caseferry.mapping.unfilled import FILL_IN

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_SHORT: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_WIDTH: Final = 88
_NOTES: Final = 40
_NAMED: Final = 12
_BEGINNING: Final = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class FillIn:
    """A place that a person has to decide.

    Attributes:
        path: as `mapping check` names it.
        why: what it is about.
        records: how many records it concerns; 0 where they cannot be counted.
    """

    path: str
    why: str
    records: int = 0


def quoted(text: str) -> str:
    """Spell a text as a TOML string of one line, all of it visible."""
    return f'"{"".join(map(_escaped, text))}"'


def key(name: str) -> str:
    """Spell a name as a TOML key."""
    return name if _BARE.fullmatch(name) else quoted(name)


def inline(values: dict[str, str]) -> str:
    """Spell texts as an inline table; empty ones are left out."""
    pairs = (
        f"{key(name)} = {quoted(value)}" for name, value in values.items() if value
    )
    return f"{{ {', '.join(pairs)} }}"


def listed(names: Iterable[str]) -> str:
    """Spell texts as a TOML list."""
    return f"[{', '.join(map(quoted, names))}]"


def counted(ranked: Iterable[tuple[str, int]]) -> str:
    """Name a dozen values with how often they occur, for a remark."""
    every = list(ranked)
    first = ((quoted(name[:_BEGINNING]), count) for name, count in every[:_NAMED])
    named = [f"{name} {count}" for name, count in first]
    if len(every) > _NAMED:
        named.append(f"and {len(every) - _NAMED} more")
    return ", ".join(named) or "none"


class Sheet:
    """The lines of a mapping as they are written.

    Attributes:
        asked: every place that is left to be filled in.
    """

    def __init__(self) -> None:
        self.asked: list[FillIn] = []
        self._lines: list[str] = []
        self._table: tuple[str | int, ...] = ()
        self._keys: set[str] = set()

    def text(self) -> str:
        """Give the whole file."""
        return "\n".join([*self._lines, ""])

    def remark(self, text: str) -> None:
        """Write a comment; names in it are `quoted` by the caller."""
        words = text.split(" ")
        line = "#"
        for word in words:
            if len(line) + 1 + len(word) > _WIDTH and line != "#":
                self._lines.append(line)
                line = "#"
            line += f" {word}"
        self._lines.append(line)

    def blank(self) -> None:
        """Leave a line free."""
        self._lines.append("")

    def title(self, text: str) -> None:
        """Begin a part that a person looks for."""
        self._lines += ["", f"# --- {text} ".ljust(_WIDTH, "-"), ""]

    def table(self, *place: str | int, note: str = "") -> None:
        """Begin a table; a number at the end of its place says which of several."""
        names = [key(part) for part in place if isinstance(part, str)]
        head = ".".join(names)
        line = f"[[{head}]]" if isinstance(place[-1], int) else f"[{head}]"
        self._note(line, note)
        self._table, self._keys = place, set()

    def put(self, name: str, value: str, note: str = "") -> bool:
        """Write one key with its value as TOML; a key stands once in a table."""
        spelled = key(name)
        if spelled in self._keys:
            return False
        self._keys.add(spelled)
        self._note(f"{spelled} = {value}", note)
        return True

    def _note(self, line: str, note: str) -> None:
        """Write a line with a note beside it, or above where it has no room."""
        beside = f"{line:<{_NOTES}}  # {note}" if note else line
        if note and len(beside) > _WIDTH:
            self.remark(note)
            beside = line
        self._lines.append(beside)

    def say(self, name: str, value: str, note: str = "") -> bool:
        """Write one key with a text."""
        return self.put(name, quoted(value), note)

    def ask(
        self,
        name: str,
        why: str,
        *,
        value: str = "",
        inside: str = "",
        records: int = 0,
    ) -> None:
        """Write one key that has to be filled in.

        Args:
            name: the key.
            why: what it is about; also the remark beside it.
            value: as TOML, where the place to be filled in is only a part of it.
            inside: the path of that part, under the key.
            records: how many records it concerns.
        """
        seen = f" ({records} records)" if records else ""
        if not self.put(name, value or quoted(FILL_IN), f"{why}{seen}"):
            return
        path = dotted(*self._table, name)
        if inside:
            path = f"{path}.{inside}"
        self.asked.append(FillIn(path=path, why=why, records=records))

    def ask_key(self, value: str, why: str, *, records: int = 0) -> None:
        """Write a value whose key has to be filled in."""
        self.ask(f"{FILL_IN} {value}", why, value=quoted(value), records=records)


def _escaped(char: str) -> str:
    short = _SHORT.get(char)
    if short is not None or char.isprintable():
        return short or char
    if "\ud800" <= char <= "\udfff":
        return "\ufffd"  # half of a pair: no TOML file can hold it
    code = ord(char)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004
