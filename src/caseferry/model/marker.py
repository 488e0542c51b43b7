"""The marker: our correlation key inside a Kore text, beside what a person wrote.

Kore has no field of its own for it on create. It stands at the end of `desc` or of
`name`, in brackets, and is taken out again wherever a record is read: it is never
content, whichever tenant pair it belongs to.
"""

import re
from dataclasses import dataclass

from caseferry.model.correlation import (
    Correlation,
    Role,
    parse_correlation,
    parse_retired,
)
from caseferry.model.record import Key, Record, local_id

TAG = "ext:"
"""Begins the tag that carries the key from the first update on."""

_BEGIN = "[cf1."
_SHAPE = re.compile(
    r"[ \n]?\[(?P<key>cf1\.[A-Za-z0-9._:-]{1,60})"
    r"(?: due=(?P<due>[0-9T:.-]{16,30}Z))?\]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """What caseferry wrote into a Kore record to know it again.

    Attributes:
        correlation: the key.
        due: a due date that Kore demanded and the source does not have, in canonical
            form; "" where there is none.
    """

    correlation: str
    due: str = ""

    def __str__(self) -> str:
        """Spell the marker: `[cf1.… due=…]`."""
        return f"[{self.correlation}{f' due={self.due}' if self.due else ''}]"

    @property
    def parsed(self) -> Correlation | None:
        """The key, read."""
        return parse_correlation(self.correlation)


def with_marker(text: str, marker: Marker, *, line: bool) -> str:
    """Put a marker at the end of a text: on a line of its own, or after a blank."""
    if not text:
        return str(marker)
    return f"{text}{chr(10) if line else ' '}{marker}"


def without_marker(text: str) -> tuple[str, Marker | None]:
    """Take the markers out of a text; give the text as a person wrote it.

    Of several markers the last one counts: ours is put at the end.
    """
    clean, found = without_markers(text)
    return clean, found[-1] if found else None


def without_markers(text: str) -> tuple[str, tuple[Marker, ...]]:
    """Take the markers out of a text, in their order; see `without_marker`.

    Exactly what `with_marker` put before each goes with it, so blanks and empty lines
    that a person wrote stay.
    """
    if _BEGIN not in text:
        return text, ()
    found: list[Marker] = []

    def take(match: re.Match[str]) -> str:
        if parse_correlation(match["key"]) is None:
            return match[0]
        found.append(Marker(correlation=match["key"], due=match["due"] or ""))
        return ""

    clean = _SHAPE.sub(take, text)
    return (clean, tuple(found)) if found else (text, ())


def marks_of(record: Record) -> tuple[str, ...]:
    """Give the correlation keys that a Kore record carries, of whatever pair."""
    return _parts(record, "marker")


def _parts(record: Record, name: str) -> tuple[str, ...]:
    value = record.fields.get(name, ())
    return (value,) if isinstance(value, str) else value


def own_mark(record: Record, pair: str, role: Role) -> Correlation | None:
    """Give the one key of this tenant pair and role that a record carries."""
    found = [
        own
        for text in marks_of(record)
        if (own := parse_correlation(text)) is not None
        and (own.pair, own.role) == (pair, role)
        and own.source.isdecimal()
    ]
    return found[0] if len(found) == 1 else None


def is_made_for(record: Record, source: Key, pair: str) -> bool:
    """Tell whether a Kore record was made for a casemgr record.

    Then its name or description carries that one's key; a tag does too where the two
    were made the other way round, and casemgr's was edited since.
    """
    return any(
        own is not None and (own.pair, own.source) == (pair, local_id(source))
        for name in ("marker.name", "marker.desc")
        for marker in without_markers(" ".join(_parts(record, name)))[1]
        for own in (marker.parsed,)
    )


def is_taken_back(record: Record, own: Correlation) -> bool:
    """Tell whether an undo deactivated a record that carries this key.

    Its last update said so in a tag. One that somebody made active again is none.
    """
    if not is_ended_mark(record):
        return False
    return any(parse_retired(text) == own for text in marks_of(record))


def is_ended_mark(record: Record) -> bool:
    """Tell whether an undo deactivated a Kore record, whatever it was made for."""
    if record.text("isActive") != "false":
        return False
    return any(parse_retired(text) is not None for text in marks_of(record))
