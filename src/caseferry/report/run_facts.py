"""What a monitor is told after a run; counts and times, no contents."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemFacts:
    """What one system has answered since the state was made.

    Attributes:
        requests: by what became of them: `ok` or an error's code.
        limit_wait_s: spent waiting for a limit, summed over workers.
        watermark_age_s: how far behind now the oldest watermark is; None where there
            is none yet.
    """

    requests: Mapping[str, int] = field(default_factory=dict)
    limit_wait_s: float = 0.0
    watermark_age_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """The last run, and where things stand after it. Times are canonical.

    Attributes:
        at: when this was put together.
        status: as in the JSON envelope.
        run: its number; None where it did not come so far.
        error: the code of what ended it early.
        last_success: when the last run ended that went through; None before the first.
        failures: runs that failed in a row, this one included.
        next_run: when the next one is due; None without a schedule, or at its end.
        stretched_s: what one pass takes at the configured limits, where a schedule
            leaves less and is not kept for that; else None.
        systems: by name.
    """

    at: str
    command: str
    status: str
    exit_code: int | None
    run: int | None = None
    error: str | None = None
    started: str | None = None
    ended: str | None = None
    duration_s: float = 0.0
    last_success: str | None = None
    failures: int = 0
    next_run: str | None = None
    stretched_s: float | None = None
    in_doubt: int = 0
    uncertain: int = 0
    quarantined: int = 0
    conflicts: int = 0
    systems: Mapping[str, SystemFacts] = field(default_factory=dict)
