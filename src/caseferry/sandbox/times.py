"""Instants as whole milliseconds since the epoch, and their wire spellings (UTC)."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    """Return an aware moment as epoch milliseconds."""
    return (moment - EPOCH) // _MS


def iso(ms: int) -> str:
    """Return epoch milliseconds as ``2016-04-01T01:52:54.000Z``."""
    return (EPOCH + ms * _MS).isoformat(timespec="milliseconds")[:-6] + "Z"


def parse_iso(text: object) -> int | None:
    """Return an ISO-8601 text as epoch milliseconds; None when it is not one.

    Units: a text without an offset is taken as UTC; a bare date is midnight.
    """
    if not isinstance(text, str) or len(text) < len("2016-04-01"):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return to_ms(moment)
    except OverflowError:
        return None


@lru_cache(maxsize=64)
def http_date(second: int) -> str:
    """Return whole epoch seconds as an HTTP Date header."""
    return format_datetime(EPOCH + timedelta(seconds=second), usegmt=True)
