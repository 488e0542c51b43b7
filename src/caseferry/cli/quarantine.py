"""`quarantine`: what is skipped for now, grouped by cause."""

from typing import Any, Final

import click

from caseferry.adapters.sqlite import HeldRecord, HoldGroup, SqliteStore
from caseferry.bootstrap import reading_state
from caseferry.cli.options import Command, Invocation
from caseferry.cli.result import Result
from caseferry.cli.running import next_command
from caseferry.report.text import plural, visible, wrapped

_MEANING: Final = {
    "quarantine": "until the record or the mapping changes, or `retry`",
    "set_aside": "decided anew by the next plan and the next run",
    "uncertain": "until you say what it is: `link` or `retry KEY`",
    "waiting": "tried again by the next run",
    "conflict": "until you decide: `caseferry conflicts`",
}
_LISTED: Final = 100
"""How many records of each cause the JSON output names."""
_SHOWN: Final = 3


@click.command(cls=Command, example="caseferry quarantine")
@click.pass_obj
def quarantine(invocation: Invocation) -> Result:
    """List what is skipped for now, grouped by cause.

    A pair counts once, under whichever of its keys it is held. `caseferry help errors
    CODE` says what a cause means. Reads the state only; works while a run is going on.
    """
    with reading_state(invocation.load().config) as store:
        groups = [(group, _members(store, group)) for group in store.hold_groups()]
        command = next_command(store)
    data = {
        "total": sum(group.count for group, _ in groups),
        "groups": [_data(group, records) for group, records in groups],
    }
    most = _LISTED if invocation.verbosity > 0 else _SHOWN
    lines = [line for group, own in groups for line in _lines(group, own[:most])]
    kinds = {str(group.kind) for group, _ in groups}
    if not lines:
        lines = ["Nothing waits for you."]
    elif kinds & {"quarantine", "set_aside", "conflict"}:
        lines += ["", "Next:", "  caseferry explain KEY   (one record's whole story)"]
    if kinds & {"quarantine", "set_aside"}:
        words = "(once it is mended), then"
        lines += [f"  caseferry retry --reason CODE   {words}", f"  {command}"]
    return Result(data=data, lines=lines)


def _members(store: SqliteStore, group: HoldGroup) -> list[HeldRecord]:
    """Give the first records of a group, each pair once."""
    found: dict[frozenset[str | None], HeldRecord] = {}
    for record in store.held_in(group, 2 * _LISTED):
        found.setdefault(frozenset((record.key, record.counterpart)), record)
    return list(found.values())[:_LISTED]


def _data(group: HoldGroup, records: list[HeldRecord]) -> dict[str, Any]:
    return {
        "kind": str(group.kind),
        "code": group.code,
        "reason": group.reason,
        "count": group.count,
        "example": group.example,
        "records": [
            {
                "key": record.key,
                "counterpart": record.counterpart,
                "number": record.number,
                "since": record.since,
            }
            for record in records
        ],
    }


def _lines(group: HoldGroup, records: list[HeldRecord]) -> list[str]:
    kind = str(group.kind)
    head = f"{plural(group.count, 'record')}: {kind.replace('_', ' ')}, {group.code}"
    lines = [head, *wrapped(group.reason, "  "), f"  {_MEANING[kind]}"]
    lines += [f"  {visible(f'{each.number} {each.key}'.strip())}" for each in records]
    if group.count > len(records):
        lines.append(f"  … and {group.count - len(records)} more")
    return lines
