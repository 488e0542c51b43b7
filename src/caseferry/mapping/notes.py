"""Texts in the alphabet that casemgr documents for notes, used for attributes too.

The alphabet: a-z A-Z 0-9 `@` blank `:` `.` `_` `-` `&` `'` and everything above 128.
"""

import re
from typing import Final

from caseferry.mapping.texts import clean, cut

LONGEST_NOTE: Final = 1500
LONGEST_ATTRIBUTE: Final = 1024
"""No document states it; this is the longest text that a case takes anywhere."""

_OUTSIDE: Final = re.compile(
    "[^a-zA-Z0-9@ :._\\-&'\xa0-\ud7ff\ue000-\U0010ffff]"
)  # the control characters from 128 on and halves of surrogate pairs are outside too
_BLANKS: Final = re.compile(" {2,}")
_CLOSEST: Final = str.maketrans(
    {'"': "'", "`": "'", "/": "-", "\\": "-", "|": "-", "~": "-", "=": ":"}
    | {";": ".", "%": " percent "}
)


def alphabet_text(text: str) -> str:
    """Spell a text in the alphabet; one that is already in it comes back unchanged.

    Quotes become apostrophes, slashes hyphens; all else outside becomes a blank, and
    runs of blanks one. May be empty: of "???" nothing is left.
    """
    if not _OUTSIDE.search(text):
        return text
    spelled = _OUTSIDE.sub(" ", clean(text).translate(_CLOSEST))
    return _BLANKS.sub(" ", spelled).strip()


def note_text(key: str, text: str) -> str:
    """Spell the text of a note, the correlation key in front; at most 1500 characters.

    The key is kept whole: the note is found again by it.
    """
    return cut(f"{key} {alphabet_text(text)}".rstrip(), LONGEST_NOTE)


def attribute_text(value: str) -> tuple[str, bool]:
    """Spell a value for a custom attribute; tells whether that changed it.

    Shape: at most 1024 characters; "" when no character of the value can be written.
    Applying it twice is the same as once.
    """
    text = cut(alphabet_text(value), LONGEST_ATTRIBUTE)
    return text, text != value
