"""How fresh the state is: the last sync, the watermarks, the next full scan."""

from datetime import datetime, timedelta
from typing import Any, Final

from caseferry.adapters.sqlite import SqliteStore
from caseferry.config import Config
from caseferry.model.direction import NAMES
from caseferry.model.record import System
from caseferry.model.times import canonical_time, parse_time
from caseferry.report.text import duration, local_time

_WATERMARK: Final = "watermark."
_FULL: Final = "full."


def watermark(store: SqliteStore, system: System) -> str | None:
    """Give the oldest watermark of a system; None before it was read for a sync."""
    return min(store.facts(f"{_WATERMARK}{system.value}.").values(), default=None)


def freshness(store: SqliteStore, config: Config, now: datetime) -> dict[str, Any]:
    """Give it as JSON data; what is not known yet is null."""
    last = store.last_of(("sync",), succeeded=False)
    success = store.last_of(("sync",), succeeded=True)
    return {
        "last": None
        if last is None
        else {"run": last.number, "at": last.started, "exit_code": last.exit_code},
        "last_success": None if success is None else success.ended,
        "watermarks": {
            system.value: _watermark(store, system, now) for system in System
        },
        "next_full_scan": _next_full_scan(store, config),
    }


def freshness_rows(data: dict[str, Any], now: datetime) -> list[tuple[str, str]]:
    """Give it for a person; nothing before the first sync."""
    last = data["last"]
    if last is None:
        return []
    code = last["exit_code"]
    end = "has not ended" if code is None else f"exit code {code}"
    rows = [("last sync", f"{last['run']}: {local_time(last['at'])}, {end}")]
    for system in System:
        known = data["watermarks"][system.value]
        if known is not None:
            age = duration(known["age_s"])
            text = f"goes on from changes of {local_time(known['at'])}, {age} ago"
            rows.append((f"{NAMES[system]} read", text))
    due = data["next_full_scan"]
    if due is not None:
        is_due = parse_time(due) <= now
        text = "with the next sync" if is_due else f"after {local_time(due)}"
        rows.append(("next full scan", text))
    return rows


def _watermark(
    store: SqliteStore, system: System, now: datetime
) -> dict[str, Any] | None:
    at = watermark(store, system)
    if at is None:
        return None
    age_s = max(0.0, (now - parse_time(at)).total_seconds())
    return {"at": at, "age_s": round(age_s, 1)}


def _next_full_scan(store: SqliteStore, config: Config) -> str | None:
    """Give when the first listing is due to be read whole again."""
    begun = [text.partition(" ")[2] for text in store.facts(_FULL).values()]
    if not begun:
        return None
    every = timedelta(seconds=config.sync.full_scan_every)
    return canonical_time(parse_time(min(begun)) + every)
