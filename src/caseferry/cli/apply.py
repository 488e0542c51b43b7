"""`apply`: carries out a saved plan and nothing else."""

from datetime import timedelta
from pathlib import Path

import click

from caseferry.bootstrap import pair_of
from caseferry.cli.course import GUARDS, Course, Wishes
from caseferry.cli.options import Command, Invocation, dry_run_option
from caseferry.cli.plan_header import policy_of
from caseferry.cli.result import Result
from caseferry.cli.running import Begun, begun
from caseferry.errors import UserError
from caseferry.model.direction import Direction
from caseferry.model.times import parse_time
from caseferry.planfile.read import SavedPlan, read_plan
from caseferry.planfile.shape import Header

_APPLIED = "applied."
"""Facts: the run that carried a plan out, by the plan's digest."""


@click.command(cls=Command, example="caseferry apply friday.jsonl --digest 4f1c…")
@click.argument("file", metavar="FILE")
@click.option(
    "--digest", metavar="HEX", help="The digest that was signed; no other plan passes."
)
@click.option(
    "--allow",
    multiple=True,
    metavar="GUARD",
    type=click.Choice(GUARDS),
    help="Pass this guard, by the name it stops with; repeatable.",
)
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
    reason. May be interrupted and called again; does nothing twice.
    """
    if not dry_run:
        invocation.need_consent()
    path = invocation.env.cwd / file
    try:
        opened = path.open("rb")
    except OSError as error:
        text = f"{file} cannot be read: {error.strerror}"
        hint = "`caseferry plan --from … --out FILE` makes one"
        raise UserError(text, code="plan-unreadable", hint=hint, path=file) from error
    with opened:
        saved = read_plan(opened, Path(file).name)
        _need_digest(saved.header, digest, file)
        return _carried_out(
            invocation, saved, file, Wishes(allow=allow, dry_run=dry_run)
        )


def _carried_out(
    invocation: Invocation, saved: SavedPlan, file: str, wishes: Wishes
) -> Result:
    header = saved.header
    direction = Direction(header.direction)
    way = {} if direction is Direction.TWO_WAY else {"from": str(direction.source)}
    inputs = way | {"plan": header.digest} | wishes.inputs()
    with begun(invocation, inputs, direction) as this:
        store = this.run.store
        _need_same_ground(this, header, file)
        earlier = store.get_fact(f"{_APPLIED}{header.digest}")
        if earlier is not None:
            this.exit_code = 0
            return _was_done(header, earlier, this.number)
        course = Course(invocation, this, wishes, direction, saved=saved)
        result = course.run()
        this.came_to(result)
        if course.is_carried_out and not wishes.dry_run:
            store.set_fact(f"{_APPLIED}{header.digest}", str(this.number))
    return result


def _was_done(header: Header, earlier: str, run: int) -> Result:
    return Result(
        data={"digest": header.digest, "carried_out_in": int(earlier)},
        lines=[
            f"This plan was carried out in run {earlier}; nothing was done.",
            "",
            "Next:",
            f"  caseferry history {earlier}",
        ],
        run=run,
    )


def _need_digest(header: Header, digest: str | None, file: str) -> None:
    wanted = (digest or header.digest).strip().lower()
    if wanted != header.digest:
        raise UserError(
            f"{file} is another plan than the one that was signed",
            code="plan-other-digest",
            hint=f"its digest is {header.digest}; compare it with the signed one",
            path=file,
        )


def _need_same_ground(this: Begun, header: Header, file: str) -> None:
    """Refuse a plan as a whole that was made for something else.

    Raises:
        UserError: another tenant pair, mapping or policy, or it is too old.
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
    made = header.made
    age = this.run.clock.now() - parse_time(made.created) if made else timedelta.max
    if age > timedelta(seconds=config.plan.max_age):
        why = "it is older than plan.max_age of the configuration allows"
        raise _refused(file, why, "plan-too-old")


def _refused(file: str, why: str, code: str) -> UserError:
    way = "`caseferry plan --from … --out FILE` makes a new one"
    text = f"{file} is not carried out: {why}"
    return UserError(text, code=code, hint=way, path=file)
