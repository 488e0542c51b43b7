"""The due date that createCase demands of a case that has none."""

import re
from datetime import datetime, timedelta
from typing import Final

from caseferry.model.times import canonical_time

_SPAN: Final = re.compile(r"\+([1-9][0-9]{0,3})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days",
                 "w": "weeks"}  # fmt: skip


def parse_span(text: str) -> timedelta | None:
    """Read a span such as `+30d`; None for any text that is not one."""
    match = _SPAN.fullmatch(text)
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None


def made_due(now: datetime, span: timedelta) -> str:
    """Give the due date that is made up, in whole seconds: one run makes one."""
    return canonical_time(now.replace(microsecond=0) + span)
