"""The first word: finds a command, and loads only that one."""

from importlib import import_module
from typing import Any, Final

import click

from caseferry.cli.options import Group, show_version
from caseferry.mapping.names import nearest

COMMANDS: Final = {
    "init": "init.init",
    "check": "check.check",
    "mapping": "mapping.mapping",
    "migrate": "migrate.migrate",
    "sync": "sync.sync",
    "plan": "plan.plan",
    "apply": "apply.apply",
    "verify": "verify.verify",
    "status": "status.status",
    "history": "history.history",
    "explain": "explain.explain",
    "undo": "undo.undo",
    "conflicts": "conflicts.conflicts",
    "resolve": "resolve.resolve",
    "quarantine": "quarantine.quarantine",
    "retry": "retry.retry",
    "link": "link.link",
    "unlink": "link.unlink",
    "links": "link.links",
    "state": "state.state",
    "forget": "state.forget",
    "sandbox": "sandbox.sandbox",
    "demo": "demo.demo",
    "help": "topics.help_topic",
}
"""Where each command is, in the order in which people need them."""


class Root(Group):
    """All commands."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(".")
        found: Any = getattr(import_module(f"caseferry.cli.{module}"), attribute)
        return found if isinstance(found, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            close = nearest(args[0], COMMANDS)
            tail = f" Did you mean {close!r}?" if close else ""
            ctx.fail(f"No such command {args[0]!r}.{tail}")
        return super().resolve_command(ctx, args)


root = Root(
    "caseferry",
    help="Keep cases and tasks of Kore.ai and eGain casemgr in step, or move them to "
    "the other side, exactly once.",
    example="caseferry demo",
    no_args_is_help=True,
    epilog="`caseferry help TOPIC` explains mapping, errors, exit-codes and state. "
    'Shell completion: eval "$(_CASEFERRY_COMPLETE=bash_source caseferry)".',
)
root.params.insert(
    0,
    click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show_version,
        help="Show the version.",
    ),
)
