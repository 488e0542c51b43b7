"""`quarantine`: what is skipped for now, grouped by cause."""

from typing import Any, Final

import click

from caseferry.adapters.sqlite import HoldGroup
from caseferry.bootstrap import reading_state
from caseferry.cli.options import Command, Invocation
from caseferry.cli.result import Result
from caseferry.report.text import plural, wrapped

_MEANING: Final = {
    "quarantine": "until the record or the mapping changes, or `retry`",
    "set_aside": "until the record or the mapping changes, or `retry`",
    "uncertain": "until you say what it is: `link` or `retry KEY`",
    "waiting": "tried again by the next run",
    "conflict": "until one side is changed to what the other holds",
}


@click.command(cls=Command, example="caseferry quarantine")
@click.pass_obj
def quarantine(invocation: Invocation) -> Result:
    """List what is skipped for now, grouped by cause.

    Reads the state only; works while a run is going on.
    """
    with reading_state(invocation.load().config) as store:
        groups = store.hold_groups()
    data = {
        "total": sum(group.count for group in groups),
        "groups": [_data(group) for group in groups],
    }
    lines = [line for group in groups for line in _lines(group)]
    if not lines:
        lines = ["Nothing waits for you."]
    elif any(str(group.kind) in ("quarantine", "set_aside") for group in groups):
        lines += [
            "",
            "Next:",
            "  caseferry explain KEY   (one record's whole story)",
            "  caseferry retry --reason CODE   (once it is mended), then migrate",
        ]
    return Result(data=data, lines=lines)


def _data(group: HoldGroup) -> dict[str, Any]:
    return {
        "kind": str(group.kind),
        "code": group.code,
        "reason": group.reason,
        "count": group.count,
        "example": group.example,
    }


def _lines(group: HoldGroup) -> list[str]:
    kind = str(group.kind)
    head = f"{plural(group.count, 'record')}: {kind.replace('_', ' ')}, {group.code}"
    return [
        head,
        *wrapped(group.reason, "  "),
        f"  {_MEANING[kind]}",
        f"  such as {group.example}",
    ]
