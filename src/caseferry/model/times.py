"""Canonical times: `2026-11-22T18:30:00.000Z`, UTC, milliseconds.

As texts they order like the instants they name.
"""

from datetime import UTC, datetime, timedelta


def canonical_time(instant: datetime) -> str:
    """Spell an aware time; finer parts than milliseconds are cut."""
    utc = instant.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="milliseconds") + "Z"


def parse_time(text: str) -> datetime:
    """Read a canonical time back.

    Raises:
        ValueError: the text is not a time.
    """
    return datetime.fromisoformat(text).astimezone(UTC)


def instant_of(stamp: str) -> str:
    """Spell a system's own stamp as a canonical time; "" where it is no time.

    A stamp without a zone is taken as UTC.
    """
    try:
        instant = datetime.fromisoformat(stamp)
    except ValueError:
        return ""
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return canonical_time(instant)


def earlier(text: str, seconds: float) -> str:
    """Give the canonical time so many seconds before another."""
    return canonical_time(parse_time(text) - timedelta(seconds=seconds))
