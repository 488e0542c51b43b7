"""Lines that `mapping suggest` left to a person: no mapping is used before."""

from collections.abc import Iterator
from typing import Any, Final

from caseferry.errors import Problem
from caseferry.mapping.names import dotted

FILL_IN: Final = "FILL-IN"
"""Stands for a value, or at the beginning of a key, that somebody has to decide."""


def unfilled(data: Any, *place: str | int) -> Iterator[Problem]:  # noqa: ANN401 - TOML
    """Give every place of a parsed file that is still to be filled in."""
    if isinstance(data, dict):
        for name, value in data.items():
            if name.startswith(FILL_IN):
                yield _problem((*place, name))
            else:
                yield from unfilled(value, *place, name)
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from unfilled(value, *place, number)
    elif data == FILL_IN:
        yield _problem(place)


def _problem(place: tuple[str | int, ...]) -> Problem:
    return Problem(path=dotted(*place), message="has to be filled in")
