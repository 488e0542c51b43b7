"""Total functions that make one thing of the many spellings the two systems send."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pydantic_core import to_json

from caseferry.model.times import canonical_time

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CANONICAL_LENGTH = 24  # 2025-05-27T04:03:42.617Z
_SHORTEST_MILLISECONDS = (
    11  # a shorter run of digits is a year or a day, not an instant
)


def text(value: object) -> str:
    """Give a scalar as text; null is "", anything nested its JSON spelling."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return to_json(value).decode()


def mapping(value: object) -> dict[str, object]:
    """Give an object; anything else is an empty one, and of a list its first."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value:
        return mapping(value[0])
    return {}


def items(value: object) -> Iterator[dict[str, object]]:
    """Give the objects of an array; a single object stands for an array of one."""
    if isinstance(value, dict):
        yield value
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                yield item


def instant(value: object) -> str:
    """Give a time as `YYYY-MM-DDTHH:MM:SS.mmmZ`; what is no time stays as it is.

    Units: numbers are milliseconds since 1970 in UTC; a text without an offset is UTC.
    """
    if isinstance(value, str):
        if len(value) == _CANONICAL_LENGTH and value[-1] == "Z" and value[10] == "T":
            return value
        return _parsed(value.strip())
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_milliseconds(value)
    return text(value)


def _parsed(value: str) -> str:
    if value.isdecimal() and len(value) >= _SHORTEST_MILLISECONDS:
        return _from_milliseconds(int(value))
    try:
        moment = datetime.fromisoformat(value)
        return canonical_time(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return value


def _from_milliseconds(value: float) -> str:
    try:
        return canonical_time(_EPOCH + timedelta(milliseconds=value))
    except (OverflowError, ValueError):
        return text(value)
