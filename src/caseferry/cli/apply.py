"""`apply`: carries out a saved plan and nothing else."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import click

from caseferry.bootstrap import pair_of
from caseferry.cli.course import GUARDS, Course, Saved, Wishes
from caseferry.cli.options import Command, Invocation, allow_option, dry_run_option
from caseferry.cli.plan_header import policy_of, redactor
from caseferry.cli.result import Result
from caseferry.cli.running import Begun, begun
from caseferry.errors import UserError
from caseferry.model.direction import Direction
from caseferry.model.times import parse_time
from caseferry.planfile.read import SavedPlan, read_plan
from caseferry.planfile.shape import Header

_APPLIED = "applied."
"""Facts: the run that carried a plan out, by the plan's digest."""
_CLOCKS: Final = timedelta(minutes=5)
"""How far the clock of the machine that made a plan may be ahead of this one's."""


@click.command(cls=Command, example="caseferry apply friday.jsonl --digest 4f1c…")
@click.argument("file", metavar="FILE")
@click.option(
    "--digest", metavar="HEX", help="The digest that was signed; no other plan passes."
)
@allow_option(GUARDS)
@dry_run_option("Show what of it would be done now; write to neither system.")
@click.pass_obj
def apply(
    invocation: Invocation,
    *,
    file: str,
    digest: str | None,
    allow: tuple[str, ...],
    dry_run: bool,
) -> Result:
    """Carry out a saved plan.

    Reads both systems anew. What moved since the plan was made is set aside, with the
    reason. May be interrupted and run again; does nothing twice.
    """
    if not dry_run:
        invocation.need_consent()
    with _opened(invocation, file) as plan:
        _need_digest(plan.header, digest, file)
        saved = Saved(plan=plan, file=file)
        return _carried_out(invocation, saved, Wishes(allow=allow, dry_run=dry_run))


@contextmanager
def _opened(invocation: Invocation, file: str) -> Iterator[SavedPlan]:
    """Read a plan file; what is checked is a copy, which nobody changes meanwhile.

    Raises:
        UserError: it cannot be read, or a byte of it was changed.
    """
    with tempfile.TemporaryFile() as copy:
        try:
            with (invocation.env.cwd / file).open("rb") as given:
                shutil.copyfileobj(given, copy)
        except OSError as error:
            text = f"{file} cannot be read: {error.strerror}"
            hint = "`caseferry plan --from … --out FILE` makes one"
            code = "plan-unreadable"
            raise UserError(text, code=code, hint=hint, path=file) from error
        copy.seek(0)
        yield read_plan(copy, Path(file).name)


def _carried_out(invocation: Invocation, saved: Saved, wishes: Wishes) -> Result:
    header = saved.plan.header
    direction = Direction(header.direction)
    way = {} if direction is Direction.TWO_WAY else {"from": str(direction.source)}
    inputs = way | {"plan": header.digest} | wishes.inputs()
    with begun(invocation, inputs, direction) as this:
        store = this.run.store
        _need_same_ground(this, header, saved.file)
        earlier = _carried_out_in(this, header)
        if earlier is not None:
            this.exit_code = 0
            return _was_done(header, earlier, this.number)
        if not header.lines:
            this.exit_code = 0
            return _nothing(header, this.number)
        course = Course(invocation, this, wishes, direction, saved=saved)
        result = course.run()
        this.came_to(result)
        if course.is_carried_out and not wishes.dry_run:
            store.set_fact(f"{_APPLIED}{header.digest}", str(this.number))
    return result


def _carried_out_in(this: Begun, header: Header) -> int | None:
    """Give the run that carried a plan out; None where none did.

    Systems that came back to where they were give the same digest again: a plan that
    was made after that run is another one.
    """
    known = this.run.store.get_fact(f"{_APPLIED}{header.digest}")
    if known is None:
        return None
    run, made = this.run.store.run(int(known)), header.made
    if run is None or made is None:
        return int(known)
    is_later = parse_time(made.created) > parse_time(run.started)
    return None if is_later else int(known)


def _nothing(header: Header, run: int) -> Result:
    return Result(
        data={"digest": header.digest},
        lines=["This plan holds no action; nothing was done."],
        run=run,
    )


def _was_done(header: Header, earlier: int, run: int) -> Result:
    return Result(
        data={"digest": header.digest, "carried_out_in": earlier},
        lines=[
            f"This plan was carried out in run {earlier}; nothing was done.",
            "",
            "Next:",
            f"  caseferry history {earlier}",
        ],
        run=run,
    )


def _need_digest(header: Header, digest: str | None, file: str) -> None:
    if digest is not None and digest.strip().lower() != header.digest:
        raise UserError(
            f"{file} is another plan than the one that was signed",
            code="plan-other-digest",
            hint=f"its digest is {header.digest}; compare it with the signed one",
            path=file,
        )


def _need_same_ground(this: Begun, header: Header, file: str) -> None:
    """Refuse a plan as a whole that was made for something else.

    Raises:
        UserError: another tenant pair, mapping, policy or state, or its age.
    """
    pair, config = pair_of(this.loaded.config), this.loaded.config
    theirs = (
        header.pair.kore_account,
        header.pair.kore_stream,
        header.pair.casemgr_tenant,
    )
    ours = (pair.kore_account, pair.kore_stream, pair.casemgr_tenant)
    if theirs != ours:
        raise _refused(file, f"it is for {', '.join(theirs)}", "plan-other-pair")
    if header.mapping != this.mapper.digest:
        raise _refused(file, "the mapping changed since", "plan-other-mapping")
    if header.policy != policy_of(this):
        why = "guards, sync or scope of the configuration changed since"
        raise _refused(file, why, "plan-other-policy")
    if header.redacted and header.redacted_by != redactor(this.run.store).name:
        why = "its values were hidden with the key of another state"
        raise _refused(file, why, "plan-other-state")
    made = header.made
    age = this.run.clock.now() - parse_time(made.created) if made else timedelta.max
    if age < -_CLOCKS:
        why = "it was made later than this machine's clock says it is now"
        raise _refused(file, why, "plan-too-new")
    if age > timedelta(seconds=config.plan.max_age):
        why = "it is older than plan.max_age of the configuration allows"
        raise _refused(file, why, "plan-too-old")


def _refused(file: str, why: str, code: str) -> UserError:
    way = "`caseferry plan --from … --out FILE` makes a new one"
    text = f"{file} is not carried out: {why}"
    return UserError(text, code=code, hint=way, path=file)
