"""`plan`: what a run would do, and why, as text, JSON, a file, a page, a table."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote

import click

from caseferry.cli.course import GUARDS, Course, Wishes
from caseferry.cli.files import write_page, write_private_chunks
from caseferry.cli.options import (
    Command,
    Invocation,
    allow_option,
    limit_option,
    only_option,
)
from caseferry.cli.plan_header import redactor
from caseferry.cli.result import ExitCode, Result
from caseferry.cli.running import Begun, begun
from caseferry.errors import UserError
from caseferry.model.direction import direction_from
from caseferry.planfile.shape import Header
from caseferry.planfile.write import PlanWriter
from caseferry.report.pages.plan_page import plan_page
from caseferry.report.plan_sheet import plan_csv
from caseferry.report.text import plural


@click.command(cls=Command, example="caseferry plan --from kore --out friday.jsonl")
@click.option(
    "--from",
    "source",
    type=click.Choice(["kore", "casemgr"]),
    help="The system that is left behind; without it a two-way sync is planned.",
)
@click.option("--out", metavar="FILE", help="Keep it for `apply`; mode 0600.")
@click.option("--html", metavar="FILE", help="Write it as a page; mode 0600.")
@click.option("--csv", metavar="FILE", help="Write it as a table; mode 0600.")
@click.option(
    "--redact",
    is_flag=True,
    help="Hide field values in all files, for sending round; `apply` takes them too.",
)
@click.option(
    "--detailed-exitcode", is_flag=True, help="End with 6 when anything would change."
)
@limit_option()
@only_option()
@allow_option(GUARDS)
@click.pass_obj
def plan(  # noqa: PLR0913 - one per option
    invocation: Invocation,
    *,
    source: str | None,
    out: str | None,
    html: str | None,
    csv: str | None,
    redact: bool,
    detailed_exitcode: bool,
    limit: int | None,
    only: tuple[str, ...],
    allow: tuple[str, ...],
) -> Result:
    """Show what `migrate` (with --from) or `sync` would do, and why.

    Writes to neither system.
    """
    if source is None and (only or limit is not None):
        raise UserError(
            "--only and --limit are for a migration",
            hint="add --from kore or --from casemgr",
        )
    wishes = Wishes(
        limit=limit, only=only, allow=allow, dry_run=True, is_kept=out is not None
    )
    direction = direction_from(source)
    with (
        tempfile.TemporaryFile() as spool,
        begun(invocation, _inputs(source, wishes), direction) as this,
    ):
        writer = PlanWriter(spool, redactor(this.run.store) if redact else None)
        course = Course(invocation, this, wishes, direction, writer=writer)
        result = course.run()
        kept = _Kept(invocation, this, writer, course.header, allowed=allow)
        lines = [*result.lines, *kept.write(out=out, html=html, csv=csv)]
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


def _inputs(source: str | None, wishes: Wishes) -> dict[str, str]:
    return ({"from": source} if source else {}) | wishes.inputs()


class _Kept:
    """A plan that was made, on its way to the files that were asked for."""

    def __init__(
        self,
        invocation: Invocation,
        this: Begun,
        writer: PlanWriter,
        header: Header | None,
        *,
        allowed: Sequence[str],
    ) -> None:
        self._cwd = invocation.env.cwd
        self._this = this
        self._writer = writer
        self._header = header
        self._allowed = allowed

    @property
    def changes(self) -> bool:
        """Tell whether anything would be written to a system."""
        header = self._header
        return header is not None and any(
            counts["writing"] for counts in header.requests.values()
        )

    def write(
        self, *, out: str | None, html: str | None, csv: str | None
    ) -> Iterator[str]:
        """Write the files that were asked for; give what to tell about them."""
        header, writer = self._header, self._writer
        if header is None or not (out or html or csv):
            return
        yield ""
        if html is not None:
            name = Path(out).name if out else ""
            page = plan_page(header, writer.kept(), file_name=name)
            write_page(self._cwd / html, page)
            yield f"Wrote {html}"
        if csv is not None:
            table = (line.encode(errors="replace") for line in plan_csv(writer.kept()))
            write_private_chunks(self._cwd / csv, table)
            yield f"Wrote {csv}"
        if out is not None:
            write_private_chunks(self._cwd / out, writer.text(header))
            yield f"Wrote {out}, {plural(writer.lines, 'action')}, digest"
            yield f"  {header.digest}"
            allowed = "".join(f" --allow {name}" for name in self._allowed)
            yield "Next:"
            yield f"  caseferry apply {quote(out)}{allowed}"
