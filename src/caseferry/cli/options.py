"""Options that every command takes, before and after its name; commands with help."""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import click

from caseferry import __version__
from caseferry.cli.env import Environment
from caseferry.cli.logs import LogFormatter, logging_to
from caseferry.cli.render import render
from caseferry.cli.result import Result, internal_error
from caseferry.cli.stop import Stop
from caseferry.errors import UserError

if TYPE_CHECKING:
    from caseferry.config import Loaded, Monitors, Secrecy

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True, kw_only=True)
class Invocation:
    """One command as it was typed.

    Attributes:
        verbosity: -v counts up, -q down.
        command: its name: `mapping check`.
        stop: asks the run to stop.
        log: how events are written.
        is_scheduled: it is one of many runs; who sees to them tells the monitors.
    """

    env: Environment
    config: str | None = None
    json: bool = False
    verbosity: int = 0
    no_input: bool = False
    yes: bool = False
    command: str = ""
    stop: Stop = field(default_factory=Stop)
    log: LogFormatter = field(default_factory=LogFormatter)
    is_scheduled: bool = False

    def load(self, *, secrets: "Secrecy" = "ignored") -> "Loaded":
        """Read the configuration; commands that ask no system need no secrets.

        Raises:
            ConfigError: with every problem.
        """
        from caseferry.config import find_config, load_config  # noqa: PLC0415 - start-up

        file = find_config(self.config, self.env.variables, self.env.cwd)
        loaded = load_config(file, self.env.variables, secrets=secrets)
        self.log.is_json = loaded.config.log.format == "json"
        return loaded

    def monitors(self) -> "Monitors":
        """Give the files for monitors, also where the rest cannot be used."""
        from caseferry.config import find_config, find_monitors  # noqa: PLC0415 - as above

        file = find_config(self.config, self.env.variables, self.env.cwd)
        return find_monitors(file, self.env.variables)

    def stop_words(self, words: str) -> str:
        """Give what a person is told at a signal; "" where machines read stderr."""
        return "" if self.log.is_json else words

    def show(self, result: Result) -> None:
        """Write a result at once, where the command goes on afterwards."""
        render(result, command=self.command, as_json=self.json, env=self.env)

    def unforeseen(self, error: Exception) -> Result:
        """Give the result of a fault of our own; -v shows where it happened."""
        if self.verbosity > 0:
            self.env.say("".join(traceback.format_exception(error)))
        return internal_error(type(error).__name__)

    def explain(self, lines: Sequence[str]) -> None:
        """Show what is about to be asked for; to stderr, since it is no result."""
        for line in lines:
            self.env.say(line)

    def may_ask(self) -> bool:
        """Tell whether a question would reach a person."""
        return self.env.is_interactive and not self.no_input

    def need_consent(self) -> None:
        """Make sure that a question could be asked, before anything is read.

        Raises:
            UserError: nobody can be asked, and --yes was not given.
        """
        if not self.yes and not self.may_ask():
            raise UserError(
                "this writes, and nobody can be asked",
                code="consent-needed",
                hint="look with --dry-run first, then add --yes",
            )

    def consent(self, question: str) -> bool:
        """Ask, unless --yes was given.

        Raises:
            UserError: nobody can be asked.
        """
        self.need_consent()
        return self.yes or self.env.ask(question)


class Shown(Exception):
    """Help or version was asked for: the text is the result."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Duration(click.ParamType[float]):
    """`90s`, `5m`, `24h`, `2d`; gives seconds."""

    name = "duration"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:  # noqa: ANN401
        from caseferry.config import parse_duration  # noqa: PLC0415 - start-up

        try:
            return value if isinstance(value, float) else parse_duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """Note a common option in the invocation, wherever it was typed."""

    def note(ctx: click.Context, _param: click.Parameter, value: Any) -> None:  # noqa: ANN401
        invocation = ctx.find_object(Invocation)
        if invocation is not None and value:
            setattr(invocation, name, value)

    return note


def _louder(step: int) -> Callable[[click.Context, click.Parameter, int], None]:
    def note(ctx: click.Context, _param: click.Parameter, value: int) -> None:
        invocation = ctx.find_object(Invocation)
        if invocation is not None:
            invocation.verbosity += step * value

    return note


def common_options() -> list[click.Parameter]:
    """Give the options that stand before and after every command."""

    def flag(*names: str, text: str, **more: Any) -> click.Option:  # noqa: ANN401
        return click.Option(names, expose_value=False, help=text, **more)

    return [
        flag(
            "--config",
            metavar="PATH",
            callback=_keep("config"),
            text="The configuration; else CASEFERRY_CONFIG, else ./caseferry.toml.",
        ),
        flag(
            "--json",
            is_flag=True,
            callback=_keep("json"),
            text="Print one JSON document.",
        ),
        flag("-v", count=True, callback=_louder(1), text="Tell more; twice: all."),
        flag("-q", count=True, callback=_louder(-1), text="Tell less."),
        flag(
            "--no-input",
            is_flag=True,
            callback=_keep("no_input"),
            text="Never ask; a question is an error.",
        ),
        flag(
            "--yes",
            is_flag=True,
            callback=_keep("yes"),
            text="Answer yes; passes no guard.",
        ),
    ]


def _show_help(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001
    if value and not ctx.resilient_parsing:
        raise Shown(ctx.get_help())


def show_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001
    """Give the version as the result."""
    if value and not ctx.resilient_parsing:
        raise Shown(f"caseferry {__version__}")


def help_option() -> click.Option:
    """Give `-h`, whose text is a result like any other."""
    return click.Option(
        ["-h", "--help"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_show_help,
        help="Show this.",
    )


class Command(click.Command):
    """A command with the common options and an example in its help."""

    def __init__(self, *args: Any, example: str = "", **more: Any) -> None:  # noqa: ANN401
        more["add_help_option"] = False
        super().__init__(*args, **more)
        self.example = example
        self.params += [*common_options(), help_option()]

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - what the command gives
        invocation: Invocation = ctx.obj
        invocation.command = " ".join(ctx.command_path.split()[1:])
        with logging_to(invocation.env.stderr, invocation.verbosity) as invocation.log:
            return super().invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example."""
        if self.example:
            with formatter.section("Example"):
                formatter.write_text(self.example)
        super().format_epilog(ctx, formatter)


class Group(Command, click.Group):
    """Commands under one word."""

    command_class = Command

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - what the command gives
        return click.Group.invoke(self, ctx)


def dry_run_option(
    text: str = "Show what would be done; write nothing.",
) -> Callable[[F], F]:
    """Give the `--dry-run` of every writing command."""
    return click.option("-n", "--dry-run", is_flag=True, help=text)


def allow_option(guards: Sequence[str]) -> Callable[[F], F]:
    """Give the `--allow` of every command that these guards may stop."""
    return click.option(
        "--allow",
        multiple=True,
        metavar="GUARD",
        type=click.Choice(guards),
        help="Pass this guard, by the name it stops with; repeatable.",
    )


def limit_option() -> Callable[[F], F]:
    """Give the `--limit` of a migration and of its plan."""
    return click.option(
        "--limit",
        type=click.IntRange(min=1),
        metavar="N",
        help="At most N cases that are not finished yet.",
    )


def only_option() -> Callable[[F], F]:
    """Give the `--only` of every command that can look at a part."""
    return click.option(
        "--only", multiple=True, metavar="KEY", help="Only this case; repeatable."
    )


def max_duration_option() -> Callable[[F], F]:
    """Give the `--max-duration` of every command that may take hours."""
    return click.option(
        "--max-duration",
        type=Duration(),
        metavar="D",
        help="Begin nothing new in a run after 90s, 45m, 8h …",
    )
