"""`conflicts`: what both sides changed, and waits for somebody's decision."""

from itertools import groupby

import click

from caseferry.adapters.clock import SystemClock
from caseferry.bootstrap import read_mapping, reading_state
from caseferry.cli.disputed import (
    Asked,
    asked,
    asked_data,
    asked_lines,
    desk_of,
    heading,
)
from caseferry.cli.options import Command, Invocation
from caseferry.cli.result import Result
from caseferry.report.text import plural

_SHOWN = 50


@click.command(cls=Command, example="caseferry conflicts")
@click.pass_obj
def conflicts(invocation: Invocation) -> Result:
    """List what both sides changed, and waits for your decision.

    Shows each field with what both sides held when they were read last, and what to
    type. Reads the state only; works while a run is going on.
    """
    config = invocation.load().config
    mapper = read_mapping(config)
    with reading_state(config) as store:
        desk = desk_of(store, mapper, SystemClock().now())
        found = list(asked(store, desk.open()))
    data = {"total": len(found), "conflicts": [asked_data(one) for one in found]}
    if not found:
        return Result(data=data, lines=["No conflict waits for you."])
    return Result(data=data, lines=_lines(found, is_whole=invocation.verbosity > 0))


def _lines(found: list[Asked], *, is_whole: bool) -> list[str]:
    lines: list[str] = []
    told = found if is_whole else found[:_SHOWN]
    for _, pair in groupby(told, key=lambda one: one.pair.link.kore):
        fields = list(pair)
        lines.append(heading(fields[0]))
        for one in fields:
            lines += asked_lines(one)
        lines.append("")
    if len(found) > len(told):
        left = plural(len(found) - len(told), "conflict")
        lines += [f"… and {left} more; -v shows all", ""]
    records = len({one.pair.link.kore for one in found})
    lines.append(f"{plural(len(found), 'conflict')} in {plural(records, 'record')}")
    return [
        *lines,
        "",
        "Next:",
        "  caseferry resolve KEY… --take kore|casemgr   (--all for all of them)",
        "  caseferry sync",
    ]
