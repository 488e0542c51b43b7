"""The command line: what a user types, and the single error boundary.

Stands left of everything but `__main__`. A command is one file: it parses, calls, and
returns a `Result`; it never prints. `render` alone writes to stdout.
"""

from collections.abc import Sequence

import click

from caseferry.cli.env import Environment
from caseferry.cli.options import Invocation, Shown
from caseferry.cli.render import Unshown
from caseferry.cli.result import ExitCode, Result, failure, usage
from caseferry.cli.root import root
from caseferry.errors import CaseferryError, Interrupted

__all__ = ["main"]


def main(argv: Sequence[str], env: Environment | None = None) -> int:
    """Run one command; every outcome, foreseen or not, becomes output and a code."""
    env = env or Environment()
    invocation = Invocation(env=env, json="--json" in argv)
    try:
        return _shown(argv, invocation)
    except BrokenPipeError:
        return ExitCode.ERROR  # nobody reads any more; there is nobody to tell


def _shown(argv: Sequence[str], invocation: Invocation) -> int:
    """Run one command and show what it came to; gives the exit code."""
    code: int = ExitCode.ERROR
    try:
        result = _run(argv, invocation)
        if result is None:
            return ExitCode.DONE
        code = result.exit_code if result.status == "error" else code
        if not result.is_shown:
            invocation.show(result)
    except Unshown as why:
        invocation.env.say(f"Error: stdout cannot be written: {why}")
        invocation.env.say("Hint: a run is recorded all the same: `caseferry history`")
        return int(code)
    return int(result.exit_code)


def _run(argv: Sequence[str], invocation: Invocation) -> Result | None:
    try:
        value = root.main(
            list(argv), prog_name="caseferry", standalone_mode=False, obj=invocation
        )
    except Shown as shown:
        return Result(data={"text": shown.text}, lines=shown.text.splitlines())
    except click.UsageError as error:
        return _usage(error, invocation)
    except (click.Abort, KeyboardInterrupt):
        return failure(Interrupted("interrupted"))
    except CaseferryError as error:
        return failure(error)
    except (BrokenPipeError, Unshown):
        raise
    except Exception as error:  # noqa: BLE001 - the boundary: nothing may get past it
        return invocation.unforeseen(error)
    return value if isinstance(value, Result) else None


def _usage(error: click.UsageError, invocation: Invocation) -> Result:
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and error.ctx:
        text = error.ctx.get_help()
        if not invocation.json:
            return Result(lines=text.splitlines(), exit_code=ExitCode.USAGE)
        return usage("no command was given")
    path = error.ctx.command_path.split()[1:] if error.ctx else []
    invocation.command = " ".join(path)
    hint = f"see `caseferry {' '.join([*path, '--help'])}`"
    return usage(error.format_message(), hint)
