"""`migrate`: read, plan, guard, ask, carry out; again at any time."""

import click

from caseferry.cli.course import GUARDS, Course, Wishes
from caseferry.cli.options import (
    Command,
    Invocation,
    allow_option,
    dry_run_option,
    limit_option,
    max_duration_option,
    only_option,
)
from caseferry.cli.result import Result
from caseferry.cli.running import begun
from caseferry.model.direction import direction_from


@click.command(cls=Command, example="caseferry migrate --from kore --dry-run")
@click.option(
    "--from",
    "source",
    required=True,
    type=click.Choice(["kore", "casemgr"]),
    help="The system that is left behind.",
)
@limit_option()
@only_option()
@max_duration_option()
@allow_option(GUARDS)
@dry_run_option("Show the plan; write to neither system.")
@click.pass_obj
def migrate(  # noqa: PLR0913 - one per option
    invocation: Invocation,
    *,
    source: str,
    limit: int | None,
    only: tuple[str, ...],
    max_duration: float | None,
    allow: tuple[str, ...],
    dry_run: bool,
) -> Result:
    """Carry everything to the other side, exactly once.

    May be interrupted and run again at any time: it goes on where it was, does nothing
    twice, and carries what is new or changed since.
    """
    if not dry_run:
        invocation.need_consent()
    wishes = Wishes(
        limit=limit,
        only=only,
        max_duration=max_duration,
        allow=allow,
        dry_run=dry_run,
    )
    direction = direction_from(source)
    inputs = {"from": source} | wishes.inputs()
    with begun(invocation, inputs, direction) as this:
        result = Course(invocation, this, wishes, direction).run()
        this.came_to(result)
    return result
