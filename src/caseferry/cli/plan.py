"""`plan`: what a run would do, and why, as text, JSON, a file, a page, a table."""

import tempfile
from collections.abc import Iterator

import click

from caseferry.cli.course import GUARDS, Course, Wishes
from caseferry.cli.files import write_private_chunks
from caseferry.cli.options import Command, Invocation
from caseferry.cli.plan_header import redactor
from caseferry.cli.result import ExitCode, Result
from caseferry.cli.running import Begun, begun
from caseferry.model.direction import direction_from
from caseferry.planfile.shape import Header
from caseferry.planfile.write import PlanWriter


@click.command(cls=Command, example="caseferry plan --from kore --out friday.jsonl")
@click.option(
    "--from",
    "source",
    required=True,
    type=click.Choice(["kore", "casemgr"]),
    help="The system that is left behind.",
)
@click.option("--out", metavar="FILE", help="Keep it for `apply`; mode 0600.")
@click.option(
    "--redact",
    is_flag=True,
    help="Hide field values in FILE, for sending it round; `apply` takes it as well.",
)
@click.option(
    "--detailed-exitcode", is_flag=True, help="End with 6 when anything would change."
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help="At most N cases that are not finished yet.",
)
@click.option(
    "--only", multiple=True, metavar="KEY", help="Only this case; repeatable."
)
@click.option(
    "--allow",
    multiple=True,
    metavar="GUARD",
    type=click.Choice(GUARDS),
    help="Pass this guard, by the name it stops with; repeatable.",
)
@click.pass_obj
def plan(  # noqa: PLR0913 - one per option
    invocation: Invocation,
    *,
    source: str,
    out: str | None,
    redact: bool,
    detailed_exitcode: bool,
    limit: int | None,
    only: tuple[str, ...],
    allow: tuple[str, ...],
) -> Result:
    """Show what `migrate` would do, and why; writes to neither system."""
    wishes = Wishes(limit=limit, only=only, allow=allow, dry_run=True)
    direction = direction_from(source)
    with (
        tempfile.TemporaryFile() as spool,
        begun(invocation, {"from": source} | wishes.inputs(), direction) as this,
    ):
        writer = PlanWriter(spool, redactor(this.run.store) if redact else None)
        course = Course(invocation, this, wishes, direction, writer=writer)
        result = course.run()
        kept = _Kept(invocation, this, writer, course.header)
        lines = [*result.lines, *kept.write(out)]
        code = result.exit_code
        if detailed_exitcode and code == ExitCode.DONE and kept.changes:
            code = ExitCode.PENDING
        this.exit_code, this.summary = code, result.data
    return Result(
        data=result.data,
        lines=lines,
        errors=result.errors,
        exit_code=code,
        run=result.run,
    )


class _Kept:
    """A plan that was made, on its way to the files that were asked for."""

    def __init__(
        self,
        invocation: Invocation,
        this: Begun,
        writer: PlanWriter,
        header: Header | None,
    ) -> None:
        self._cwd = invocation.env.cwd
        self._this = this
        self._writer = writer
        self._header = header

    @property
    def changes(self) -> bool:
        """Tell whether anything would be written to a system."""
        header = self._header
        return header is not None and any(
            counts["writing"] for counts in header.requests.values()
        )

    def write(self, out: str | None) -> Iterator[str]:
        """Write the files; give what to tell about them."""
        header = self._header
        if header is None or out is None:
            return
        write_private_chunks(self._cwd / out, self._writer.text(header))
        yield from (
            "",
            f"Wrote {out}, {self._writer.lines:,} actions, digest",
            f"  {header.digest}",
            "Next:",
            f"  caseferry apply {out}   (carries out this plan and nothing else)",
        )
