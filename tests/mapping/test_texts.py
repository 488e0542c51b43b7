import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from caseferry.mapping.texts import (
    clean,
    cut,
    fits,
    length,
    one_line,
    without_case_suffix,
)

FAMILY = "👩‍👩‍👧‍👦"
FLAGS = "🇩🇪🇫🇷"


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 255, "short"),
        ("x" * 300, 255, "x" * 255),
        ("ab" + FAMILY, 12, "ab"),  # the family is eleven units and stays whole
        ("ab" + FAMILY, 13, "ab" + FAMILY),
        (FLAGS, 6, "🇩🇪"),  # four regional letters are two flags
        ("ae\u0301\u0301x", 3, "a"),  # an e with two accents does not fit
        ("שלום עולם", 4, "שלום"),
        ("one two", 4, "one"),  # a blank at the new end goes
        (" " * 9 + "word", 4, "word"),  # blanks alone are no beginning
        ("e" + "\u0301" * 400, 255, "e" + "\u0301" * 254),  # one endless grapheme
    ],
)
def test_a_text_is_cut_between_graphemes(text: str, limit: int, expected: str) -> None:
    """A cut text ends where a person would put the scissors."""
    assert cut(text, limit) == expected


@settings(deadline=None)
@given(st.text(max_size=80), st.integers(1, 40))
def test_a_cut_text_fits_and_is_a_beginning(text: str, limit: int) -> None:
    """A cut text fits, begins as the text does, and is cut only where it must be."""
    short = cut(text, limit + 1)

    assert fits(short, limit + 1)
    assert short in text
    assert short == text or not fits(text, limit + 1)
    assert bool(short.strip()) == bool(text.strip())
    assert cut(short, limit + 1) == short


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("a e\u0301👍🏽‍🇩ש"), min_size=1, max_size=60))
def test_no_grapheme_is_ever_halved(text: str) -> None:
    """What is left of a cut text are whole graphemes of it."""
    graphemes = regex.findall(r"\X", text)

    short = cut(text, 20)

    whole = ["".join(graphemes[:n]).rstrip() for n in range(len(graphemes) + 1)]
    whole += ["".join(graphemes[:n]).strip() for n in range(len(graphemes) + 1)]
    assert short in (*whole, text) or any(length(g) > 20 for g in graphemes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("a\x00b\x07c\x7fd\x85e", "abcde"),
        ("half \ud83d pair", "half  pair"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\u200fשלום\u200e 👍🏽", "\u200fשלום\u200e 👍🏽"),
        ("<b>bold</b>", "<b>bold</b>"),
    ],
)
def test_only_what_nobody_can_read_is_taken_out(text: str, expected: str) -> None:
    """Control characters and half pairs go; marks of direction, emoji, HTML stay."""
    assert clean(text) == expected


def test_a_subject_is_one_line() -> None:
    """Breaks and tabs of a subject become single blanks."""
    assert one_line("one\n\ntwo\tthree\x00") == "one two three"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Charged [#123]", "Charged"),
        ("Charged [#1] [#2]  ", "Charged"),
        ("Charged [#12a]", "Charged [#12a]"),
        ("[#7] Charged", "[#7] Charged"),
        ("Charged #7]", "Charged #7]"),
    ],
)
def test_a_case_subject_never_ends_like_casemgrs_own(text: str, expected: str) -> None:
    """What readers strip from a case's subject is never written."""
    assert without_case_suffix(text) == expected
