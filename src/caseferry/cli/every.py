"""`--every`: one run after another until somebody asks to stop; nobody watches."""

import logging
import math
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import dropwhile
from socket import gethostname
from typing import Final

from caseferry.adapters.clock import SystemClock
from caseferry.bootstrap import pair_of
from caseferry.cli.interrupt import WORDS, stoppable
from caseferry.cli.monitor import after, known_facts, monitors_of, write_files
from caseferry.cli.options import Invocation
from caseferry.cli.render import Unshown
from caseferry.cli.result import FAILED, ExitCode, Result, failure
from caseferry.config import Config
from caseferry.errors import CaseferryError, UserError
from caseferry.model.schedule import Schedule, Slot
from caseferry.model.times import canonical_time
from caseferry.ports import Clock
from caseferry.report.run_facts import RunFacts
from caseferry.report.run_line import run_line
from caseferry.report.text import duration, local_time, wrapped

STOP_PATIENCE_S: Final = 60.0
"""How long a run may take to stop; then the process ends as if it were killed."""
_SHORTEST_S: Final = 1.0
_MINUTE_S: Final = 60
_log = logging.getLogger("caseferry.run")


def need_room(interval_s: float, pass_s: float) -> None:
    """Make sure that a schedule leaves time for what each run has to read.

    Args:
        interval_s: between two runs.
        pass_s: one pass over what is read each time, at the tenant's budget.

    Raises:
        UserError: it does not; says how long a pass takes and what to type.
    """
    if interval_s >= max(pass_s, _SHORTEST_S):
        return
    why = "less than a second"
    hint = f"give --every {_typed(max(pass_s, _SHORTEST_S))} or more"
    if pass_s > max(interval_s, _SHORTEST_S):
        why = f"one pass takes {duration(pass_s)} at the configured limits"
        hint += (
            ", or raise requests_per_minute and requests_per_hour where the tenant "
            "allows it"
        )
    raise UserError(
        f"a run every {duration(interval_s)} cannot be kept: {why}",
        code="schedule-too-short",
        hint=hint,
    )


def _typed(seconds: float) -> str:
    """Spell a duration as `--every` takes it, rounded up."""
    if seconds <= _MINUTE_S:
        return f"{math.ceil(seconds)}s"
    return f"{math.ceil(seconds / _MINUTE_S)}m"


def run_every(
    invocation: Invocation,
    interval_s: float,
    once: Callable[[], Result],
    *,
    clock: Clock | None = None,
    seed: str | None = None,
) -> Result:
    """Do a run now and then one an interval, until a signal asks to stop.

    Effects: shows each result as it ends, and tells the monitors. A run that fails,
    whatever with, is tried again, later each time. Ends by itself only where the first
    run shows that the configuration, the mapping or the state cannot be used, and where
    a promise of caseferry's own broke.

    Args:
        invocation: whose command it is.
        interval_s: between the starts of two runs.
        once: does one run; may raise.
        clock: sleeps until `invocation.stop` is asked.
        seed: of the jitter; else the installation.

    Returns:
        Exit code 0 after SIGTERM, 130 after Ctrl-C, else what ended it.
    """
    clock = clock or SystemClock(invocation.stop.event)
    config = invocation.load().config
    schedule = Schedule(
        interval_s=interval_s,
        began_s=clock.monotonic(),
        seed=_seed(config) if seed is None else seed,
    )
    course = _Course(
        invocation=invocation,
        config=config,
        once=once,
        clock=clock,
    )
    invocation.is_scheduled = True
    words = invocation.stop_words(WORDS)
    with stoppable(invocation.stop, invocation.env, words, patience_s=STOP_PATIENCE_S):
        return course.follow(schedule)


def _seed(config: Config) -> str:
    """Tell installations apart: a process has the same number in each container."""
    return f"{pair_of(config)} {config.state.path} {gethostname()}"


@dataclass(slots=True, kw_only=True)
class _Course:
    """The runs of one process.

    Attributes:
        config: as it could be read last.
        last: what the last run came to.
        failures: runs that failed in a row.
        stretched_s: what a pass takes, where that is longer than the interval; else 0.
    """

    invocation: Invocation
    config: Config
    once: Callable[[], Result]
    clock: Clock
    last: Result = field(default_factory=Result)
    failures: int = 0
    stretched_s: float = 0.0

    def follow(self, schedule: Schedule) -> Result:
        """Run until somebody asks to stop, or it makes no sense to go on."""
        slot = schedule.first()
        while self._is_due(slot):
            self.last = self._run()
            self.failures = self.failures + 1 if self.last.exit_code in FAILED else 0
            if _is_final(self.last, is_first=slot.number == 0):
                self._tell_monitors("")
                return self.last
            self._compare(schedule.interval_s)
            now_s = self.clock.monotonic()
            slot = schedule.after(slot, now_s, self.failures, self.stretched_s)
            self._report(slot)
        if slot.number > 0:
            self._tell_monitors("")
        is_typed = self.invocation.stop.signal == signal.SIGINT
        code = ExitCode.INTERRUPTED if is_typed else ExitCode.DONE
        return Result(exit_code=code, is_shown=True)

    def _compare(self, interval_s: float) -> None:
        """Look whether the schedule still leaves time for a pass; say when not."""
        if self.last.next_pass_s is None:
            return
        pass_s, is_known = self.last.next_pass_s, self.stretched_s > 0
        self.stretched_s = pass_s if pass_s > interval_s else 0.0
        if self.stretched_s and not is_known:
            fields = {"interval_s": interval_s, "pass_s": round(pass_s, 1)}
            _log.warning("schedule.too_short", extra=fields)

    def _is_due(self, slot: Slot) -> bool:
        """Wait for a slot; False where a stop was asked for meanwhile."""
        stop = self.invocation.stop.event
        while not stop.is_set():
            rest = slot.due_s - self.clock.monotonic()
            if rest <= 0:
                return True
            self.clock.sleep(rest)
        return False

    def _run(self) -> Result:
        try:
            return self.once()
        except CaseferryError as error:
            return failure(error)
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 - a run may fail, the schedule not
            return self.invocation.unforeseen(error)

    def _report(self, slot: Slot) -> None:
        """Show what a run came to and when the next one is due."""
        wait_s = max(0.0, slot.due_s - self.clock.monotonic())
        is_over = self.invocation.stop.event.is_set()
        now = self.clock.now()
        due = "" if is_over else canonical_time(now + timedelta(seconds=wait_s))
        self._log(wait_s)
        self._tell_monitors(due)
        try:
            self.invocation.show(self._shown(wait_s, is_over=is_over))
        except Unshown as why:  # the next one may be shown again
            _log.warning("output.unwritable", extra={"reason": str(why)})

    def _shown(self, wait_s: float, *, is_over: bool) -> Result:
        """Give what is shown of a run: all of it to machines, a line to a person."""
        if self.invocation.json:
            return self.last
        now = canonical_time(self.clock.now())
        code = self.last.ended_by if self.last.exit_code in FAILED else None
        run = "" if self.last.run is None else f"run {self.last.run}: "
        line = f"{local_time(now)}  {run}"
        line += run_line(self.last.data, code)
        line += "; stopping" if is_over else f"; next in {duration(wait_s)}"
        return replace(self.last, lines=[line, *self._stretched(), *self._more()])

    def _stretched(self) -> list[str]:
        if not self.stretched_s:
            return []
        takes = f"one pass takes {duration(self.stretched_s)} at the configured limits"
        return wrapped(
            f"! runs are further apart than --every asks: {takes}", hanging="  "
        )

    def _more(self) -> Iterator[str]:
        """Give what a person is told beyond the line: all with -v, else errors."""
        is_all = self.invocation.verbosity > 0
        return dropwhile(
            lambda line: not is_all and not line.startswith("Error:"), self.last.lines
        )

    def _log(self, wait_s: float) -> None:
        has_failed = self.last.exit_code in FAILED
        _log.log(
            logging.WARNING if has_failed else logging.INFO,
            "schedule.failed" if has_failed else "schedule.waiting",
            extra={
                "run": self.last.run,
                "exit_code": int(self.last.exit_code),
                "code": self.last.ended_by,
                "failures": self.failures,
                "next_in_s": round(wait_s, 1),
            },
        )

    def _tell_monitors(self, due: str) -> None:
        with suppress(CaseferryError):  # the run told; the files are where they were
            self.config = self.invocation.load().config

        def facts() -> RunFacts:
            at = canonical_time(self.clock.now())
            known = known_facts(self.config, self.invocation.command, at)
            facts = after(known, self.last, self.failures, due)
            return replace(facts, stretched_s=self.stretched_s or None)

        write_files(monitors_of(self.config), facts)


def _is_final(result: Result, *, is_first: bool) -> bool:
    """Tell whether to go on makes no sense."""
    code = result.ended_by or ""
    if code == "invariant-broken":
        return True
    is_state = code.startswith("state-") and result.exit_code == ExitCode.ERROR
    return is_first and (result.exit_code == ExitCode.USAGE or is_state)
