"""`sandbox`: both systems on this machine, to rehearse with."""

from contextlib import ExitStack
from dataclasses import fields
from typing import Any

import click

from caseferry.cli.interrupt import stoppable
from caseferry.cli.options import Command, Invocation
from caseferry.cli.result import Result
from caseferry.cli.sandbox_config import write_sandbox_config
from caseferry.errors import UserError
from caseferry.sandbox import Fault, Sandbox, running

_NUMBERS = {"after": int, "times": int, "delay_s": float}
_FAULT_NAMES = tuple(each.name for each in fields(Fault) if each.name != "kind")


@click.command(
    cls=Command,
    example="caseferry sandbox --fill kore --cases 200 --write-config rehearsal",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="TCP port on 127.0.0.1; 0 takes a free one.",
)
@click.option(
    "--fill",
    type=click.Choice(["kore", "casemgr", "both"]),
    default="kore",
    show_default=True,
    help="Which system gets records.",
)
@click.option(
    "--cases",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    metavar="N",
    help="How many cases; 0 leaves it empty.",
)
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    metavar="N",
    help="Of the random data.",
)
@click.option(
    "--reading",
    "readings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Answer an open question of the documents; repeatable. The page "
    "/_sandbox/readings lists all.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="KIND[,NAME=VALUE]…",
    help="Let a call fail: lost_reply,operation=create_task,after=3; repeatable.",
)
@click.option(
    "--write-config",
    "folder",
    metavar="DIR",
    help="Write a configuration that talks to it, secrets in files of mode 0600.",
)
@click.pass_obj
def sandbox(  # noqa: PLR0913 - one per option
    invocation: Invocation,
    *,
    port: int,
    fill: str,
    cases: int,
    seed: int,
    readings: tuple[str, ...],
    faults: tuple[str, ...],
    folder: str | None,
) -> None:
    """Run both systems on this machine until Ctrl-C.

    Data lives in memory only. The same seed gives the same data.
    """
    box = _box(seed, readings, faults)
    if cases:
        box.fill(fill, cases=cases)
    stop = invocation.stop.event
    with ExitStack() as stack:
        stack.enter_context(stoppable(invocation.stop, invocation.env, "Stopping."))
        url = _start(stack, box, port)
        files = []
        if folder is not None:
            target = invocation.env.cwd / folder
            is_empty = not box.kore.cases
            written = write_sandbox_config(target, url, kore_ids=is_empty)
            files = [str(path) for path in written]
        invocation.show(_ready(url, box, files))
        stop.wait()


def _start(stack: ExitStack, box: Sandbox, port: int) -> str:
    try:
        return stack.enter_context(running(box, port=port))
    except RuntimeError as error:
        raise UserError(
            f"port {port} cannot be used", code="port-busy", hint="leave --port out"
        ) from error


def _box(seed: int, readings: tuple[str, ...], faults: tuple[str, ...]) -> Sandbox:
    try:
        box = Sandbox(seed=seed, readings=dict(map(_pair, readings)))
        box.faults.add(*map(_fault, faults))
    except ValueError as error:
        raise UserError(str(error), hint="see `caseferry sandbox --help`") from error
    return box


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"expected NAME=VALUE, not {text!r}")
    return name.strip(), value.strip()


def _fault(text: str) -> Fault:
    kind, *rest = text.split(",")
    given: dict[str, Any] = dict(map(_pair, rest))
    if unknown := given.keys() - set(_FAULT_NAMES):
        valid = ", ".join(_FAULT_NAMES)
        raise ValueError(f"{min(unknown)!r} says nothing of a fault (valid: {valid})")
    for name, read in _NUMBERS.items():
        if name in given:
            given[name] = read(given[name])
    return Fault(kind=kind.strip(), **given)


def _ready(url: str, box: Sandbox, files: list[str]) -> Result:
    counts = {
        "kore": {"case": len(box.kore.cases), "task": len(box.kore.tasks)},
        "casemgr": {
            "case": len(box.casemgr.cases),
            "task": len(box.casemgr.activities),
        },
    }
    lines = [
        f"Sandbox at {url}",
        "  {case} cases and {task} tasks in Kore".format(**counts["kore"]),
        "  {case} cases and {task} activities in casemgr".format(**counts["casemgr"]),
        f"  {url}/_sandbox/state shows all records, {url}/_sandbox/log all requests",
    ]
    if files:
        lines += ["", f"Wrote {', '.join(files)}", "Next:"]
        lines.append(f"  caseferry --config {files[0]} check")
    lines += ["", "Ctrl-C ends it."]
    return Result(data={"url": url, "records": counts, "files": files}, lines=lines)
