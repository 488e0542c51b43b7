"""What monitors are told after each run: the health file and the metrics."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Final

from caseferry.adapters.clock import SystemClock
from caseferry.adapters.counter import Counter
from caseferry.adapters.sqlite import SqliteStore
from caseferry.adapters.whole_file import write_whole
from caseferry.bootstrap import reading_state
from caseferry.cli.freshness import watermark
from caseferry.cli.options import Invocation
from caseferry.cli.result import FAILED, ExitCode, Result, failure
from caseferry.config import Config, Monitors
from caseferry.errors import CaseferryError, StateError
from caseferry.model.link import HoldKind
from caseferry.model.record import System
from caseferry.model.times import canonical_time, parse_time
from caseferry.ports import Store
from caseferry.report.health import health_text
from caseferry.report.metrics import metrics_text
from caseferry.report.run_facts import RunFacts, SystemFacts

CARRYING: Final = ("migrate", "apply", "sync")
"""The commands whose runs are watched: those that keep two systems in step."""
_WENT_THROUGH: Final = (ExitCode.DONE, ExitCode.PARTIAL, ExitCode.CONFLICTS)
_MOST_FAILURES: Final = 1000
_TOTAL: Final = "total."
_WAITED: Final = "limit_wait_s"
_log = logging.getLogger("caseferry.monitor")


def add_totals(store: Store, counters: Mapping[str, Counter]) -> None:
    """Add what a run sent to what earlier runs did; counters outlive a process."""
    known = store.facts(_TOTAL)
    with store.transaction():
        for system, counter in counters.items():
            counts = {_WAITED: counter.waited_s, **counter.outcomes}
            for name, count in counts.items():
                fact = f"{_TOTAL}{system}.{name}"
                if count or fact not in known:
                    total = float(known.get(fact, "0")) + count
                    store.set_fact(fact, str(round(total, 3)))


def tell_monitors(config: Config, store: SqliteStore) -> None:
    """Write both files about the run that ended last; see `write_files`."""
    files = monitors_of(config)

    def facts() -> RunFacts:
        found = run_facts(store)
        if found.exit_code in FAILED:
            found = replace(found, failures=max(found.failures, _told(files) + 1))
        return found

    write_files(files, facts)


@contextmanager
def telling_failures(invocation: Invocation) -> Iterator[None]:
    """Tell the monitors where what has to come before a run fails, and raise it."""
    try:
        yield
    except CaseferryError as error:
        tell_failure(invocation, error)
        raise


def tell_failure(invocation: Invocation, error: CaseferryError) -> None:
    """Write both files about a run that failed before it began, or could not be ended.

    The old ones must not stay: they may speak of a success.
    """
    files = invocation.monitors()

    def facts() -> RunFacts:
        config = None
        with suppress(CaseferryError):
            config = invocation.load().config
        at = canonical_time(SystemClock().now())
        found = known_facts(config, invocation.command, at)
        return after(found, failure(error), _told(files) + 1, "")

    write_files(files, facts)


def monitors_of(config: Config) -> Monitors:
    """Give the files that monitors look at."""
    return Monitors(health=config.health.file, textfile=config.metrics.textfile)


def _told(files: Monitors) -> int:
    """Give the failures in a row that the health file tells of; the state may not."""
    try:
        known = json.loads(Path(files.health or "").read_text("utf-8"))
        return int(known["failures"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def write_files(files: Monitors, give: Callable[[], RunFacts]) -> None:
    """Write the health file and the metrics, those that are configured.

    A file that cannot be written is a warning in the log: a run is worth more.
    """
    targets = [(files.health, health_text), (files.textfile, metrics_text)]
    wanted = [(Path(name), text) for name, text in targets if name is not None]
    facts = give() if wanted else None
    for path, text in wanted:
        if facts is not None:
            _write(path, text(facts))


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text)
    except OSError as error:
        fields = {"path": str(path), "reason": error.strerror or "unknown"}
        _log.warning("file.unwritable", extra=fields)


def known_facts(config: Config | None, command: str, at: str) -> RunFacts:
    """Give what the state tells, and of a state that cannot be read just that.

    Args:
        config: None where it cannot be used.
        command: whose run it is about where the state tells of none.
        at: the time now, canonical.
    """
    if config is not None:
        with suppress(StateError), reading_state(config) as store:
            return run_facts(store)
    return RunFacts(at=at, command=command, status="error", exit_code=None)


def run_facts(store: SqliteStore) -> RunFacts:
    """Put together what the state tells about its last watched run."""
    run = store.last_of(CARRYING, succeeded=False)
    success = store.last_of(CARRYING, succeeded=True)
    code = None if run is None else run.exit_code
    standing = store.hold_counts()
    started, ended = (None, None) if run is None else (run.started, run.ended)
    return RunFacts(
        at=canonical_time(SystemClock().now()),
        command="" if run is None else run.command,
        status="error" if code is None else Result(exit_code=code).status,
        exit_code=code,
        run=None if run is None else run.number,
        error=None if run is None else _text(run.summary.get("error")),
        started=started,
        ended=ended,
        duration_s=_between(started, ended),
        last_success=None if success is None else success.ended,
        failures=0 if code in _WENT_THROUGH else _failures(store),
        in_doubt=sum(store.intent_counts().values()),
        uncertain=standing.get(HoldKind.UNCERTAIN, 0),
        quarantined=standing.get(HoldKind.QUARANTINE, 0),
        conflicts=standing.get(HoldKind.CONFLICT, 0),
        systems={system.value: _system_facts(store, system) for system in System},
    )


def _failures(store: SqliteStore) -> int:
    """Count the watched runs that failed in a row; one that was killed did as well."""
    watched = (
        run
        for run in store.runs(_MOST_FAILURES)
        if run.command in CARRYING and "dry_run" not in run.inputs
    )
    failed = takewhile(lambda r: r.exit_code is None or r.exit_code in FAILED, watched)
    return sum(1 for _ in failed)


def after(facts: RunFacts, result: Result, failures: int, next_run: str) -> RunFacts:
    """Give the facts of a run on a schedule, also of one that did not come far.

    Args:
        facts: as the state tells them.
        result: what the run came to.
        failures: in a row, this run included, as far as the caller knows.
        next_run: when the next one is due, canonical; "" is never.
    """
    is_its_own = result.run is not None and result.run == facts.run
    if result.exit_code in FAILED:
        failures = max(failures, facts.failures + (not is_its_own))
    return replace(
        facts,
        run=result.run,
        status=result.status,
        exit_code=int(result.exit_code),
        error=result.ended_by,
        started=facts.started if is_its_own else None,
        ended=facts.ended if is_its_own else None,
        duration_s=facts.duration_s if is_its_own else 0.0,
        failures=failures,
        next_run=next_run or None,
    )


def _system_facts(store: SqliteStore, system: System) -> SystemFacts:
    prefix = f"{_TOTAL}{system.value}."
    totals = {
        name.removeprefix(prefix): float(text)
        for name, text in store.facts(prefix).items()
    }
    waited = totals.pop(_WAITED, 0.0)
    return SystemFacts(
        requests={name: int(count) for name, count in totals.items()},
        limit_wait_s=waited,
        watermark_age_s=_watermark_age(store, system),
    )


def _watermark_age(store: SqliteStore, system: System) -> float | None:
    """Give the age of the oldest watermark, by this machine's clock: for people."""
    at = watermark(store, system)
    return None if at is None else _between(at, canonical_time(SystemClock().now()))


def _between(started: str | None, ended: str | None) -> float:
    if started is None or ended is None:
        return 0.0
    return max(0.0, (parse_time(ended) - parse_time(started)).total_seconds())


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
