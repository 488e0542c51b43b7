"""Which remembered look-ups may have been made for a record that is to be forgotten."""

from collections.abc import Iterable
from typing import Final
from unicodedata import decimal

from phonenumbers import convert_alpha_characters_in_number

_SAME_END: Final = 6  # digits: of one number they stand in every spelling
_FEWEST: Final = 3


class Contacts:
    """Whatever a record says that a customer may have been looked up by.

    A look-up is remembered as it was asked for: an address in lower case, a number with
    its country, or without, or as it stood. One too many that is forgotten is asked for
    again.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        shown = [*texts]
        self._texts = frozenset(_even(text) for text in shown)
        spelled = {_digits(convert_alpha_characters_in_number(text)) for text in shown}
        numbers = spelled | {_digits(text) for text in shown}
        self._numbers = " ".join(numbers)
        self._ends = {
            number[-_SAME_END:] for number in numbers if len(number) >= _SAME_END
        }

    def have(self, value: str) -> bool:
        """Tell whether a look-up by this value may have been the record's."""
        if _even(value) in self._texts:
            return True
        number = _digits(value)
        if len(number) < _FEWEST:
            return False
        return number[-_SAME_END:] in self._numbers or any(
            end in number for end in self._ends
        )


def _even(text: str) -> str:
    return " ".join(text.split()).casefold()


def _digits(text: str) -> str:
    return "".join(str(decimal(char)) for char in text if char.isdecimal())
