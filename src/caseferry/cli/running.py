"""A command that holds the state: lock, run number, an end that is always recorded."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from caseferry.adapters.sqlite import SqliteStore
from caseferry.bootstrap import Run, need_whole_scope, read_mapping, writing_run
from caseferry.cli.interrupt import WORDS, stoppable
from caseferry.cli.monitor import CARRYING, add_totals, tell_failure, tell_monitors
from caseferry.cli.operator import operator
from caseferry.cli.options import Invocation
from caseferry.cli.progress import Progress
from caseferry.cli.result import ExitCode, Result
from caseferry.config import Loaded
from caseferry.errors import CaseferryError, Locked, UserError
from caseferry.mapping.compile import Mapper
from caseferry.model.direction import NAMES, Direction, direction_from
from caseferry.model.record import Key, System, system_of
from caseferry.model.times import canonical_time

_WHOLE: Final = ("apply", "migrate", "plan", "verify")
_log = logging.getLogger("caseferry.run")


@dataclass(slots=True, kw_only=True)
class Begun:
    """A run that was begun; tell it what it came to before it ends.

    Attributes:
        is_told: its end is recorded, and the monitors were told.
    """

    run: Run
    loaded: Loaded
    mapper: Mapper
    progress: Progress
    exit_code: int = ExitCode.ERROR
    summary: Mapping[str, Any] = field(default_factory=dict)
    is_told: bool = False

    @property
    def number(self) -> int:
        """The run's number in the state."""
        return self.run.context.run

    def came_to(self, result: Result) -> None:
        """Take what the history is to tell: the exit code, the data, what ended it."""
        self.exit_code = result.exit_code
        error = {} if result.ended_by is None else {"error": result.ended_by}
        self.summary = error | dict(result.data)


@contextmanager
def begun(
    invocation: Invocation,
    inputs: Mapping[str, str],
    direction: Direction = Direction.TO_CASEMGR,
) -> Iterator[Begun]:
    """Lock the state, begin a run, and record its end whatever happens.

    Args:
        invocation: whose command it is.
        inputs: what the operator asked for, for `history`.
        direction: which way it carries.
    """
    this: Begun | None = None
    try:
        with _begun(invocation, inputs, direction) as this:
            yield this
    except Locked:  # the run that goes on tells the monitors
        raise
    except CaseferryError as error:
        is_told = this is not None and this.is_told
        if _is_watched(invocation, inputs) and not is_told:
            tell_failure(invocation, error)
        raise


@contextmanager
def _begun(
    invocation: Invocation, inputs: Mapping[str, str], direction: Direction
) -> Iterator[Begun]:
    loaded = invocation.load(secrets="read")
    if direction is not Direction.TWO_WAY and invocation.command in _WHOLE:
        need_whole_scope(loaded.config)
    mapper = read_mapping(loaded.config)
    with (
        Progress(invocation.env, quiet=invocation.verbosity < 0) as progress,
        stoppable(invocation.stop, invocation.env, invocation.stop_words(WORDS)),
        writing_run(
            loaded,
            mapper,
            invocation.command,
            reporter=progress,
            stop=invocation.stop.event,
            direction=None if direction is Direction.TWO_WAY else direction,
        ) as run,
    ):
        invocation.stop.watch(run.context)
        given = operator(loaded.config) | {"mapping": mapper.digest} | dict(inputs)
        run.context.run = run.store.begin_run(invocation.command, run.now(), given)
        invocation.log.run = run.context.run
        _log.info("run.began", extra={"command": invocation.command})
        this = Begun(run=run, loaded=loaded, mapper=mapper, progress=progress)
        try:
            yield this
        except CaseferryError as error:
            this.exit_code = error.exit_code
            this.summary = {"error": error.code} | dict(this.summary)
            raise
        finally:
            run.store.end_run(
                this.number,
                run.now(),
                exit_code=int(this.exit_code),
                summary=this.summary,
            )
            _log.info("run.ended", extra={"exit_code": int(this.exit_code)})
            add_totals(run.store, run.systems.counters)
            if _is_watched(invocation, inputs):
                tell_monitors(loaded.config, run.store)
            this.is_told = True
            invocation.log.run = None
        _tidy(this)


def _is_watched(invocation: Invocation, inputs: Mapping[str, str]) -> bool:
    """Tell whether the monitors are told of this run here: a schedule tells itself."""
    is_carrying = invocation.command in CARRYING and "dry_run" not in inputs
    return is_carrying and not invocation.is_scheduled


def _tidy(this: Begun) -> None:
    """Let contents go that are older than configured, and runs that did nothing."""
    age = timedelta(seconds=this.loaded.config.state.retention)
    this.run.store.purge(canonical_time(this.run.clock.now() - age))
    this.run.store.prune()


def find_key(store: SqliteStore, text: str) -> Key:
    """Give the one record that a person means.

    Raises:
        UserError: none, or several.
    """
    found = store.resolve_key(text)
    if len(found) == 1:
        return found[0]
    if not found:
        raise UserError(
            f"no record is known as {text!r}",
            code="key-unknown",
            hint="a key, the number people see, or a unique end of either; what was "
            "never read is not known",
        )
    raise UserError(
        f"{text!r} may mean several records: {', '.join(found)}",
        code="key-ambiguous",
        hint="type more of its end",
    )


def case_of(store: SqliteStore, key: Key, system: System = System.KORE) -> Key:
    """Give the case of one system that a record of either side belongs to.

    Raises:
        UserError: nothing of that system belongs to it.
    """
    own = key
    link = store.link(key)
    if link is not None:
        own = link.kore if system is System.KORE else link.casemgr
    if system_of(own) is not system:
        text = f"{key} is linked to no {NAMES[system]} record"
        raise UserError(text, code="key-unlinked")
    record = store.record(own)
    return record.parent if record is not None and record.parent else own


def last_direction(store: SqliteStore) -> Direction:
    """Give the direction of the last migration in this state."""
    for run in store.runs(1000):
        if run.command == "migrate":
            return direction_from(run.inputs.get("from", System.KORE))
    return Direction.TO_CASEMGR


def carried_direction(store: SqliteStore) -> Direction:
    """Give which way the last run looked that carried something."""
    run = store.last_of(CARRYING, succeeded=False)
    source = System.KORE.value if run is None else run.inputs.get("from")
    return direction_from(source)


def next_command(store: SqliteStore) -> str:
    """Give what carries the next changes, as the last run that carried something."""
    direction = carried_direction(store)
    if direction is Direction.TWO_WAY:
        return "caseferry sync"
    return f"caseferry migrate --from {direction.source}"


def name_of(store: SqliteStore, key: Key) -> str:
    """Give the number that people see, or ""."""
    record = store.record(key)
    return record.text("refId") if record is not None else ""
