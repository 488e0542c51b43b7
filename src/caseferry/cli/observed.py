"""What both systems hold: from the state where a run read it, else read now."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from caseferry.adapters.clock import SystemClock
from caseferry.adapters.sqlite import RunEntry, SqliteStore
from caseferry.bootstrap import build_systems, reading_state, writing_state
from caseferry.cli.interrupt import stoppable
from caseferry.cli.operator import operator
from caseferry.cli.options import Invocation
from caseferry.cli.progress import Progress
from caseferry.cli.result import ExitCode
from caseferry.config import Config, Loaded
from caseferry.engine.survey import Survey
from caseferry.errors import CaseferryError, StateError
from caseferry.model.record import Entity, Record, System
from caseferry.model.times import canonical_time

_LATEST: Final = 1000
_READ_TO_THE_END: Final = (0, 3, 4)
"""Exit codes of runs that had read everything before they ended."""
_WORDS: Final = "Stopping after this page. Once more stops at once."


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One system as a run read it whole, and as it was seen since.

    Attributes:
        run: that read it; what later ones saw counts too.
        at: when that run began.
    """

    system: System
    run: int
    at: str
    cases: int
    tasks: int

    def data(self) -> dict[str, Any]:
        """Give it as JSON data."""
        return {"run": self.run, "at": self.at, "case": self.cases, "task": self.tasks}

    def records(self, store: SqliteStore) -> Iterator[Record]:
        """Give every record, each once, lazily."""
        for entity in Entity:
            yield from store.records(self.run, self.system, entity)


def readings(store: SqliteStore) -> dict[System, Reading]:
    """Find out of each system the last run that read it whole.

    A system that none did is left out, as is one whose records the state let go.
    """
    runs = store.runs(_LATEST)
    found: dict[System, Reading] = {}
    for system in System:
        run = next((run for run in runs if system in _read_by(run)), None)
        if run is not None:
            found[system] = _reading(store, system, run)
    return found


def known(config: Config) -> dict[System, Reading]:
    """Find the same in the state as it is; without one, nothing was read.

    Raises:
        StateError: it is unusable, or another pair's.
    """
    try:
        with reading_state(config) as store:
            return readings(store)
    except StateError as error:
        if error.code in ("state-missing", "state-older"):
            return {}
        raise


def read_now(
    invocation: Invocation,
    loaded: Loaded,
    systems: Sequence[System],
    departments: Sequence[str],
) -> int:
    """Read systems whole into the state; gives the run's number.

    Effects: takes the lock, reads both systems, records a run; writes to neither.

    Raises:
        Locked: another run holds the state.
        Interrupted: asked to stop.
    """
    config = loaded.config
    clock = SystemClock(invocation.stop.event)
    with (
        Progress(invocation.env, quiet=invocation.verbosity < 0) as progress,
        stoppable(invocation.stop, invocation.env, _WORDS),
        writing_state(config, invocation.command) as store,
    ):
        inputs = operator(config) | {"read": " ".join(systems)}
        now = canonical_time(clock.now())
        run = store.begin_run(invocation.command, now, inputs)
        code: int = ExitCode.ERROR
        try:
            with closing(build_systems(loaded, clock, progress.waiting)) as ports:
                Survey(
                    kore=ports.kore,
                    casemgr=ports.casemgr,
                    store=store,
                    reporter=progress,
                    run=run,
                    departments=departments,
                    is_stopping=invocation.stop.event.is_set,
                ).read(systems)
            code = ExitCode.DONE
        except CaseferryError as error:
            code = error.exit_code
            raise
        finally:
            now = canonical_time(clock.now())
            summary = _summary(store, run, systems)
            store.end_run(run, now, exit_code=int(code), summary=summary)
    return run


def _summary(
    store: SqliteStore, run: int, systems: Sequence[System]
) -> Mapping[str, object]:
    return {
        "read": {
            system.value: {
                entity.value: store.count_records(run, system, entity)
                for entity in Entity
            }
            for system in systems
        }
    }


def _read_by(run: RunEntry) -> frozenset[System]:
    """Tell which systems a run read whole."""
    inputs = run.inputs
    if run.command == "migrate":
        source = System(inputs.get("from", System.KORE))
        return frozenset({source}) if _did_read(run, source) else frozenset()
    if run.exit_code not in _READ_TO_THE_END or not run.summary:
        return frozenset()
    if run.command == "verify":
        is_part = "only" in inputs or "sample" in inputs
        return frozenset() if is_part else frozenset(System)
    if run.command in ("mapping suggest", "mapping check"):
        return frozenset(map(System, inputs.get("read", "").split()))
    return frozenset()


def _did_read(run: RunEntry, source: System) -> bool:
    """Tell whether a migration came beyond reading; a guard may stop it before."""
    read = run.summary.get("read")
    counts = read.get(source.value, {}) if isinstance(read, dict) else {}
    is_through = run.exit_code in _READ_TO_THE_END
    stopped = run.exit_code == ExitCode.SAFETY_STOP and any(counts.values())
    return bool(counts) and (is_through or stopped)


def _reading(store: SqliteStore, system: System, run: RunEntry) -> Reading:
    cases, tasks = (
        store.count_records(run.number, system, entity)
        for entity in (Entity.CASE, Entity.TASK)
    )
    return Reading(
        system=system,
        run=run.number,
        at=run.started,
        cases=cases,
        tasks=tasks,
    )
