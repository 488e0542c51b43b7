"""Commands that change the state alone: locked, and kept in the history."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from caseferry.adapters.clock import SystemClock
from caseferry.adapters.sqlite import SqliteStore
from caseferry.bootstrap import writing_state
from caseferry.cli.operator import operator
from caseferry.cli.options import Invocation
from caseferry.cli.result import ExitCode
from caseferry.errors import CaseferryError
from caseferry.model.times import canonical_time


@contextmanager
def recorded(
    invocation: Invocation, inputs: Mapping[str, str]
) -> Iterator[tuple[SqliteStore, int]]:
    """Lock the state, begin a run that sends nothing, and record its end.

    Raises:
        Locked: another run holds the state.
    """
    clock = SystemClock()
    config = invocation.load().config
    with writing_state(config, invocation.command) as store:
        now = canonical_time(clock.now())
        given = operator(config) | dict(inputs)
        run = store.begin_run(invocation.command, now, given)
        code: int = ExitCode.ERROR
        summary: dict[str, str] = {}
        try:
            yield store, run
            code = ExitCode.DONE
        except CaseferryError as error:
            code, summary = error.exit_code, {"error": error.code}
            raise
        finally:
            now = canonical_time(clock.now())
            store.end_run(run, now, exit_code=int(code), summary=summary)
