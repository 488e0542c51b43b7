"""`mapping accept`: a named person says yes to a mapping, and to what no API shows."""

import click

from caseferry.adapters.clock import SystemClock
from caseferry.bootstrap import read_mapping
from caseferry.cli.operator import operator
from caseferry.cli.options import Command, Invocation, dry_run_option
from caseferry.cli.recorded import recorded
from caseferry.cli.result import Result
from caseferry.cli.unseen import WHOLE, unseen_data, unseen_lines
from caseferry.config import Config
from caseferry.errors import UserError
from caseferry.model.acceptance import Acceptance
from caseferry.model.times import canonical_time
from caseferry.report.text import local_time, table

_LONGEST = 200


@click.command("accept", cls=Command, example='caseferry mapping accept --by "Jo Roe"')
@click.option("--by", required=True, metavar="NAME", help="Who accepts it.")
@dry_run_option("Show what would be accepted; keep nothing.")
@click.pass_obj
def mapping_accept(invocation: Invocation, *, by: str, dry_run: bool) -> Result:
    """Keep who accepted this mapping, and what no API can see.

    Goes by the mapping's digest: a mapping that is changed has to be accepted again.
    A run under an accepted mapping is not stopped for having changed. Sends nothing.
    """
    config = invocation.load().config
    given = _acceptance(config, by)
    lines = [
        f"The mapping {given.digest}",
        "",
        "No API can see these; accepting the mapping confirms them:",
        *unseen_lines(),
        "",
    ]
    data = given.data | {"confirm_for": unseen_data(), "dry_run": dry_run}
    if dry_run:
        return Result(data=data, lines=[*lines, f"{given.by} would accept both."])
    if invocation.may_ask() and not invocation.yes:
        invocation.explain(lines)
    if not invocation.consent(f"Accept both as {given.by}?"):
        return Result(data=data, lines=["Nothing was kept."])
    inputs = {"by": given.by, "mapping": given.digest}
    with recorded(invocation, inputs) as (store, run):
        store.set_fact(given.fact, given.text())
    rows = [
        ("accepted by", given.by),
        ("at", local_time(given.at)),
        ("user", f"{given.user} on {given.host}"),
        ("version", given.version),
    ]
    return Result(data=data, lines=[*lines, "Accepted", *table(rows)], run=run)


def _acceptance(config: Config, by: str) -> Acceptance:
    name = " ".join(by.split())
    if not name or len(name) > _LONGEST:
        raise UserError(
            "--by needs the name of a person",
            code="name-missing",
            hint='type it in quotes: --by "Jo Roe"',
        )
    who = operator(config)
    return Acceptance(
        digest=read_mapping(config).digest,
        by=name,
        at=canonical_time(SystemClock().now()),
        user=who["user"],
        host=who["host"],
        version=who["version"],
        confirmed=WHOLE,
    )
