"""`sync`: two-way, once or on a schedule."""

from dataclasses import replace

import click

from caseferry.cli.course import GUARDS, Course, Wishes
from caseferry.cli.every import need_room, run_every
from caseferry.cli.monitor import telling_failures
from caseferry.cli.options import (
    Command,
    Duration,
    Invocation,
    allow_option,
    dry_run_option,
    max_duration_option,
)
from caseferry.cli.pass_length import next_pass_s, pass_length_s
from caseferry.cli.result import Result
from caseferry.cli.running import begun
from caseferry.model.direction import Direction


@click.command(cls=Command, example="caseferry sync --every 5m")
@click.option(
    "--every",
    type=Duration(),
    metavar="D",
    help="Run again every 90s, 5m, 2h … until SIGTERM or Ctrl-C; does not ask.",
)
@max_duration_option()
@allow_option(GUARDS)
@dry_run_option("Show the plan; write to neither system.")
@click.pass_obj
def sync(
    invocation: Invocation,
    *,
    every: float | None,
    max_duration: float | None,
    allow: tuple[str, ...],
    dry_run: bool,
) -> Result:
    """Keep both systems in step while people work in both.

    Reads what changed since the last run, compares it field by field with what both
    sides last agreed on, and carries each change to the other side. What both changed
    is decided by the mapping's owner, or listed for you: `caseferry conflicts`.
    """
    wishes = Wishes(max_duration=max_duration, allow=allow, dry_run=dry_run)
    if every is None:
        if not dry_run:
            invocation.need_consent()
        return _once(invocation, wishes)
    invocation.yes = True  # nobody is there to be asked
    with telling_failures(invocation):
        need_room(every, pass_length_s(invocation))
        return run_every(invocation, every, lambda: _once(invocation, wishes))


def _once(invocation: Invocation, wishes: Wishes) -> Result:
    with begun(invocation, wishes.inputs(), Direction.TWO_WAY) as this:
        result = Course(invocation, this, wishes, Direction.TWO_WAY).run()
        this.came_to(result)
        config, run = this.loaded.config, this.run
        pass_s = next_pass_s(config, this.mapper, run.store, run.systems.kore)
    return replace(result, next_pass_s=pass_s)
