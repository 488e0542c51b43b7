import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseferry.mapping.notes import attribute_text, note_text
from caseferry.mapping.texts import length
from caseferry.model.correlation import Correlation, Role

KEY = str(Correlation(pair="0a1b2c3d", role=Role.NOTE, source="ti-1"))
ALPHABET = re.compile("[a-zA-Z0-9@ :._&'\\-\x80-\U0010ffff]*")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vip", "vip"),
        ("N. America", "N. America"),
        ("2026-04-01T08:00:00.001Z", "2026-04-01T08:00:00.001Z"),
        ("gold/silver", "gold-silver"),
        ('he said "no", (twice)!', "he said 'no' twice"),
        ("50% off; a=b", "50 percent off. a:b"),
        ("line one\nline two", "line one line two"),
        ("Größe שלום 👍", "Größe שלום 👍"),
        ("a  b ", "a  b "),  # already in the alphabet: not touched
        ("???", ""),
        ("a\x00b\x9fc", "abc"),
    ],
)
def test_attributes_are_spelled_in_the_note_alphabet(text: str, expected: str) -> None:
    """Every text has one spelling in the alphabet, and a change is told."""
    assert attribute_text(text) == (expected, expected != text)


@settings(deadline=None)
@given(st.text(alphabet=st.characters(), max_size=1200))
def test_every_attribute_is_in_the_alphabet(text: str) -> None:
    """Whatever Kore holds, what is written is allowed, short enough and at rest."""
    spelled, changed = attribute_text(text)

    assert ALPHABET.fullmatch(spelled)
    assert length(spelled) <= 1024
    assert changed == (spelled != text)
    assert attribute_text(spelled) == (spelled, False)


@settings(deadline=None)
@given(st.text(max_size=2000))
def test_every_note_begins_with_its_key(text: str) -> None:
    """A note can be sent, and is found again by its whole key."""
    note = note_text(KEY, text)

    assert ALPHABET.fullmatch(note)
    assert note == KEY or note.startswith(f"{KEY} ")
    assert length(note) <= 1500


def test_a_long_note_is_cut_at_its_end() -> None:
    """A note of 1500 characters is full."""
    assert len(note_text(KEY, "x" * 3000)) == 1500
