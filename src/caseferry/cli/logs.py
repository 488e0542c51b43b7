"""Logging to stderr: events with ids, counts and codes, never contents of records."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from caseferry.model.times import canonical_time
from caseferry.report.text import shorten

LOGGER: Final = "caseferry"
_LONGEST: Final = 200
_OWN: Final = frozenset(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {
    "message",
    "asctime",
    "taskName",
}


class LogFormatter(logging.Formatter):
    """Writes an event and its fields on one line; values are made printable.

    JSON has `ts`, `level`, `event` and `run` first, whatever else an event tells.

    Attributes:
        is_json: one JSON object a line, else text.
        run: the number of the run that goes on; None between runs.
    """

    def __init__(self, *, is_json: bool = False) -> None:
        super().__init__()
        self.is_json = is_json
        self.run: int | None = None

    def format(self, record: logging.LogRecord) -> str:
        fields = {k: v for k, v in record.__dict__.items() if k not in _OWN}
        name = shorten(record.getMessage(), _LONGEST)
        moment = datetime.fromtimestamp(record.created, UTC)
        if self.is_json:
            entry = {
                "ts": canonical_time(moment),
                "level": record.levelname.lower(),
                "event": name,
                "run": fields.pop("run", self.run),
            }
            return json.dumps({k: _safe(v) for k, v in (entry | fields).items()})
        tail = "".join(f" {k}={_safe(v)}" for k, v in fields.items())
        return f"{moment.astimezone():%H:%M:%S} {record.levelname.lower()} {name}{tail}"


def _safe(value: Any) -> str | float | None:  # noqa: ANN401 - whatever a caller logs
    if isinstance(value, int | float) or value is None:
        return value
    return shorten(str(value), _LONGEST)


@contextmanager
def logging_to(stream: TextIO, verbosity: int) -> Iterator[LogFormatter]:
    """Log what caseferry says while a command runs; a higher verbosity shows more."""
    logger = logging.getLogger(LOGGER)
    handler = logging.StreamHandler(stream)
    formatter = LogFormatter()
    handler.setFormatter(formatter)
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(_level(verbosity))
    logger.propagate = False
    try:
        yield formatter
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]


def _level(verbosity: int) -> int:
    if verbosity > 1:
        return logging.DEBUG
    return {1: logging.INFO, 0: logging.WARNING}.get(verbosity, logging.ERROR)
