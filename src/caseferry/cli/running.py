"""A command that holds the state: lock, run number, an end that is always recorded."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from caseferry.adapters.sqlite import SqliteStore
from caseferry.bootstrap import Run, read_mapping, writing_run
from caseferry.cli.interrupt import stoppable
from caseferry.cli.operator import operator
from caseferry.cli.options import Invocation
from caseferry.cli.progress import Progress
from caseferry.cli.result import ExitCode
from caseferry.config import Loaded
from caseferry.errors import CaseferryError, UserError
from caseferry.mapping.compile import Mapper
from caseferry.model.direction import NAMES, Direction, direction_from
from caseferry.model.record import Key, System, system_of
from caseferry.model.times import canonical_time


@dataclass(slots=True, kw_only=True)
class Begun:
    """A run that was begun; set `exit_code` and `summary` before it ends."""

    run: Run
    loaded: Loaded
    mapper: Mapper
    progress: Progress
    exit_code: int = ExitCode.ERROR
    summary: Mapping[str, Any] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """The run's number in the state."""
        return self.run.context.run


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
    loaded = invocation.load(secrets="read")
    mapper = read_mapping(loaded.config)
    with (
        Progress(invocation.env, quiet=invocation.verbosity < 0) as progress,
        stoppable(invocation.stop, invocation.env),
        writing_run(
            loaded,
            mapper,
            invocation.command,
            reporter=progress,
            stop=invocation.stop.event,
            direction=direction,
        ) as run,
    ):
        invocation.stop.watch(run.context)
        given = operator(loaded.config) | {"mapping": mapper.digest} | dict(inputs)
        run.context.run = run.store.begin_run(invocation.command, run.now(), given)
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
        _purge(this)


def _purge(this: Begun) -> None:
    """Let contents go that are older than the configuration allows."""
    age = timedelta(seconds=this.loaded.config.state.retention)
    this.run.store.purge(canonical_time(this.run.clock.now() - age))


def resolve(store: SqliteStore, text: str) -> Key:
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


def name_of(store: SqliteStore, key: Key) -> str:
    """Give the number that people see, or ""."""
    record = store.record(key)
    return record.text("refId") if record is not None else ""
