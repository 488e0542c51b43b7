"""Texts for casemgr: cleaned, measured, and cut between graphemes."""

import re
from bisect import bisect_right
from itertools import accumulate
from typing import Final

import regex  # type: ignore[import-untyped]

_UNWANTED: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_BREAKS: Final = re.compile("[\n\t]+")
_SUFFIXES: Final = re.compile(r"(?:\s*\[#\d+\])+\s*\Z")
_GRAPHEME: Final = regex.compile(r"\X")


def length(text: str) -> int:
    """Measure a text in UTF-16 code units.

    casemgr's documents say "characters" without saying which; this is the strictest
    count that a server of its kind uses: an emoji is two. What fits by it fits by any.
    """
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def fits(text: str, limit: int) -> bool:
    """Tell whether a text is within a limit; cheap for short texts."""
    return 2 * len(text) <= limit or length(text) <= limit


def cut(text: str, limit: int) -> str:
    """Give the longest beginning that fits and ends between two graphemes.

    Blanks at the new end go, since a server may trim them. Blanks at the front stay,
    unless nothing else would be left. A single grapheme that is longer than the limit
    is cut between code points, so that the result is never empty.
    """
    if fits(text, limit):
        return text
    kept = _beginning(text, limit).rstrip()
    return kept or cut(text.lstrip(), limit)


def _beginning(text: str, limit: int) -> str:
    if text[: limit + 1].isascii():
        return text[:limit]
    end = used = 0
    for match in _GRAPHEME.finditer(text):
        used += length(match.group())
        if used > limit:
            break
        end = match.end()
    return text[:end] if end else _code_points(text, limit)


def _code_points(text: str, limit: int) -> str:
    used = list(accumulate(map(length, text[: limit + 1])))
    return text[: bisect_right(used, limit) or 1]


def clean(text: str) -> str:
    """Take out control characters and halves of surrogate pairs; breaks and tabs stay.

    Marks of direction and joiners stay too: they belong to how the text is read.
    """
    return _UNWANTED.sub("", text) if not text.isprintable() else text


def one_line(text: str) -> str:
    """Clean a text and turn breaks and tabs into single blanks."""
    return _BREAKS.sub(" ", clean(text)) if not text.isprintable() else text


def without_case_suffix(text: str) -> str:
    """Take ` [#1003]` off the end: casemgr shows it, and readers strip it again."""
    return _SUFFIXES.sub("", text) if text.rstrip().endswith("]") else text
