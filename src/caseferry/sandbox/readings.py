"""Every open question of the vendors' documents as a switch, and the chosen values."""

import difflib
from collections.abc import Mapping
from typing import Final, TypeAlias

from caseferry.sandbox.reading_table import TABLE, Choice, Number

Value: TypeAlias = str | float

READINGS: Final[Mapping[str, Choice | Number]] = TABLE


class Readings:
    """The readings in force; unknown names and values are refused."""

    def __init__(self, chosen: Mapping[str, Value] | None = None) -> None:
        self._values: dict[str, Value] = {
            name: switch.default for name, switch in READINGS.items()
        }
        self.set(chosen or {})

    def set(self, chosen: Mapping[str, Value]) -> None:
        """Choose readings; all or none.

        Raises:
            ValueError: a name or value is unknown; names the nearest valid one.
        """
        checked = {name: _check(name, value) for name, value in chosen.items()}
        self._values.update(checked)

    def text(self, name: str) -> str:
        """Return the value of a choice."""
        return str(self._values[name])

    def number(self, name: str) -> float:
        """Return the value of a number."""
        return float(self._values[name])

    def is_set(self, name: str, value: str) -> bool:
        """Say whether a choice has this value."""
        return self._values[name] == value

    def all(self) -> dict[str, Value]:
        """Return every reading with its value."""
        return dict(self._values)


def _check(name: str, value: Value) -> Value:
    switch = READINGS.get(name)
    if switch is None:
        raise ValueError(f"unknown reading {name!r}{_nearest(name, READINGS)}")
    if isinstance(switch, Number):
        return _number(name, switch, value)
    text = str(value)
    if text not in switch.values:
        hint = _nearest(text, switch.values)
        valid = ", ".join(switch.values)
        raise ValueError(f"{name}: unknown value {text!r}{hint} (valid: {valid})")
    return text


def _number(name: str, switch: Number, value: Value) -> float:
    if value == switch.word:
        return float("inf")
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not number >= switch.minimum:
        word = f" or {switch.word!r}" if switch.word else ""
        raise ValueError(
            f"{name}: expected a number >= {switch.minimum:g}{word}, got {value!r}"
        )
    return number


def _nearest(word: str, valid: Mapping[str, object] | tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, list(valid), n=1, cutoff=0.3)
    return f"; nearest valid: {close[0]!r}" if close else ""
