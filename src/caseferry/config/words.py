"""How a person spells durations, rates, limits and addresses."""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from caseferry.adapters.http import normalise_base_url
from caseferry.errors import ConfigError
from caseferry.model.times import canonical_time

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION: Final = re.compile(r"([0-9]{1,6})([smhd])")
_SHARE: Final = re.compile(r"([0-9]{1,2}(?:\.[0-9]+)?)\s*%")
OFF: Final = "off"


def parse_duration(text: str) -> float:
    """Read `120s`, `5m`, `24h` or `365d`; gives seconds.

    Raises:
        ValueError: it is none of these; says what was expected.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError('expected a duration such as "120s", "5m", "24h" or "365d"')
    return float(int(match[1]) * _UNITS[match[2]])


def _duration(value: object) -> float:
    try:
        return parse_duration(value if isinstance(value, str) else "")
    except ValueError as error:
        raise PydanticCustomError("word", "{text}", {"text": str(error)}) from None


def _rate(value: object) -> int | None:
    if value == OFF:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise PydanticCustomError("word", 'expected a number from 1, or "off"')


def _limit(value: object) -> float | None:
    """Read a guard's limit: a number, a share below 100 %, or None for off."""
    if value == OFF:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return float(value)
    match = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        text = 'expected a number, a share from "1%" to "99%", or "off"'
        raise PydanticCustomError("word", text)
    return float(match[1]) / 100


def _moment(value: object) -> str:
    """Read a day, its begin by UTC, or a time with its offset."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            value = None
        else:
            is_day = value == datetime.combine(value.date(), time())
            value = value.replace(tzinfo=UTC) if is_day else value
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(), UTC)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return canonical_time(value)
    text = 'expected a day such as "2024-01-31", or a time with its offset'
    raise PydanticCustomError("word", text)


def _letters(value: object) -> object:
    """Let `In Progress` be `inprogress`: tenants spell categories as they like."""
    if not isinstance(value, str):
        return value
    return "".join(letter for letter in value.lower() if letter.isalpha())


def _filled(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("word", "has to be filled in")
    return value.strip()


def _address(value: str) -> str:
    try:
        return normalise_base_url(value, "")
    except ConfigError as error:
        text = error.message.strip()
        raise PydanticCustomError("word", "{text}", {"text": text}) from None


def _as_tuple(value: object) -> object:
    """Let a list stand for a tuple, which alone is frozen."""
    return tuple(value) if isinstance(value, list) else value


def _all_filled(value: tuple[str, ...]) -> tuple[str, ...]:
    if not all(name.strip() for name in value):
        raise PydanticCustomError("word", "holds an empty name")
    return value


def _named(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value or not all(name.strip() for name in value):
        raise PydanticCustomError("word", "has to name at least one")
    return value


Duration = Annotated[float, BeforeValidator(_duration)]
"""Seconds."""
Rate = Annotated[int | None, BeforeValidator(_rate)]
"""Requests; None is no limit, said on purpose."""
Moment = Annotated[str, BeforeValidator(_moment)]
"""A canonical time."""
Limit = Annotated[float | None, BeforeValidator(_limit)]
"""A number, or a share of the linked records as 0 < share < 1; None is off."""
Text = Annotated[str, AfterValidator(_filled)]
Address = Annotated[Text, AfterValidator(_address)]
"""A URL without a trailing slash; plain HTTP to this machine only."""
Texts = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
Names = Annotated[Texts, AfterValidator(_named)]
FilledNames = Annotated[Texts, AfterValidator(_all_filled)]
"""Any number of names, none of them empty."""
Category = Annotated[
    Literal["open", "inprogress", "onhold", "resolved", "closed"],
    BeforeValidator(_letters),
]
"""A category of statuses on Kore; casemgr knows `open` and `closed` alone."""
Categories = Annotated[tuple[Category, ...], BeforeValidator(_as_tuple)]
