"""`help TOPIC`: what a command's own help has no room for."""

from typing import Final

import click

from caseferry.cli.code_help import code_data, code_lines, find_code, list_lines
from caseferry.cli.options import Command, Invocation
from caseferry.cli.result import Result
from caseferry.cli.root import root
from caseferry.codes import CODES
from caseferry.errors import UserError
from caseferry.report.text import table, wrapped

EXIT_CODES: Final = (
    ("0", "done, or nothing to do"),
    ("1", "error"),
    ("2", "usage, configuration or mapping"),
    ("3", "partial: quarantined, set aside, uncertain, or verify found differences"),
    ("4", "conflicts wait for a decision"),
    ("5", "safety stop: a guard refused"),
    ("6", "changes pending (`plan --detailed-exitcode` only)"),
    ("7", "try again later: locked, unreachable, rate-limited beyond patience"),
    ("130", "interrupted; what was in flight is finished and recorded"),
)
_MAPPING: Final = """\
One TOML file says what becomes what, and where it lands; an administrator owns it,
reads it and signs its digest. `caseferry init` writes one that explains itself.

`caseferry mapping check` checks it as a whole: every problem with its place, what was
expected, and the nearest valid name; then what occurs on both sides and no row names.
`caseferry mapping show` prints it as tables. `caseferry mapping suggest` writes one
from what both systems hold: what it cannot know is marked FILL-IN, for you to decide.

What cannot be carried whole is a loss, and has a name such as subject-cut. A plan and a
report count losses by name; [losses] accepts up to a number, and more stops a run
before its first write.

When the mapping changes after records were carried, the guard mapping-changed stops the
next run. Look at the same command with `--dry-run`; then let a named person accept it
with `caseferry mapping accept --by NAME`, or add `--allow mapping-changed` once.
Reports say who accepted the mapping, or that nobody did."""
_STATE: Final = """\
The state is one SQLite file, named in [state] path. It holds what was read, which
record is which, and every write before it leaves. It belongs to one pair of tenants,
and to one run at a time. It holds contents of cases: its mode is 0600.

It has to be on a local disk: locks on network file systems are not to be trusted.

`caseferry state backup FILE` makes a consistent copy, during a run too. A copy put back
reads both systems whole once, waits before its first create until what was written by
then is listed, and so finds what was done since.

Where the state is lost, `caseferry links rebuild` restores it from the correlation keys
that every record of ours carries; until then nothing is made twice, for such a record
is never taken for new.

`caseferry forget KEY` removes one record's contents; [state] retention lets contents of
finished runs go. Of runs that wrote nothing the latest 1,000 are kept."""
TOPICS: Final = ("mapping", "errors", "exit-codes", "state")


@click.command("help", cls=Command, example="caseferry help exit-codes")
@click.argument("topic", required=False, metavar="[TOPIC]")
@click.argument("code", required=False, metavar="[CODE]")
@click.pass_context
def help_topic(ctx: click.Context, *, topic: str | None, code: str | None) -> Result:
    """Explain mapping, errors, exit-codes or state.

    `errors` lists every code that stands in output: of errors, guards and losses, and
    of what is held back. `errors CODE` says what one means, and what to do next.
    """
    invocation: Invocation = ctx.obj
    if topic == "errors":
        return _errors(code)
    if code is not None:
        raise UserError(
            f"{topic} takes no CODE", hint="`caseferry help errors CODE` explains one"
        )
    if topic in TOPICS:  # first: `mapping` and `state` name commands as well
        lines = _topic(topic)
    elif topic is None or topic in root.list_commands(ctx):
        parent = ctx.parent or ctx
        found = root.get_command(parent, topic) if topic else root
        command = found or root
        path = f"caseferry {topic}" if topic else "caseferry"
        own = click.Context(command, info_name=path, obj=invocation)
        lines = command.get_help(own).splitlines()
    else:
        raise UserError(
            f"there is no topic {topic!r}", hint=f"topics: {', '.join(TOPICS)}"
        )
    return Result(data={"text": "\n".join(lines)}, lines=lines)


def _errors(name: str | None) -> Result:
    found = CODES if name is None else (find_code(name),)
    lines = list_lines() if name is None else code_lines(found[0])
    data = {"text": "\n".join(lines), "codes": [code_data(code) for code in found]}
    return Result(data=data, lines=lines)


def _topic(topic: str) -> list[str]:
    if topic == "exit-codes":
        lines = table(EXIT_CODES, ("code", "meaning"), right=frozenset({0}))
        return [*lines, "", "Of several the first of 1, 5, 3, 4 wins."]
    text = _MAPPING if topic == "mapping" else _STATE
    lines = []
    for paragraph in text.split("\n\n"):
        lines += [*wrapped(" ".join(paragraph.split())), ""]
    return lines[:-1]
