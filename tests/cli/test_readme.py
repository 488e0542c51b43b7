"""The README names only what exists, and every command."""

import re
from pathlib import Path

import click

from caseferry.cli.root import COMMANDS, root
from caseferry.cli.topics import EXIT_CODES

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
TYPED = re.compile(r"\bcaseferry ([a-z][^`\n|#]*)")
ROW = re.compile(r"^\| `([^|]*(?:\\\|[^|]*)*)` \|(.*)\|$", re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def meant(words: list[str]) -> click.Command:
    """Find the command that these words begin with; options may stand before it."""
    command: click.Command = root
    for word in words:
        if not isinstance(command, click.Group):
            break
        found = command.get_command(click.Context(command), word)
        command = found or command
    return command


def options(command: click.Command) -> set[str]:
    return {name for each in command.params for name in each.opts}


def test_what_the_readme_types_exists() -> None:
    """Each command that stands there has the options that stand behind it."""
    wrong = []
    for typed in TYPED.findall(README):
        command = meant(typed.split())
        given = set(OPTION.findall(typed))
        if command is not root and not given <= options(command):
            wrong.append(typed)

    assert wrong == []


def test_the_table_of_commands_is_whole() -> None:
    """It has every command, and no option that its command does not take."""
    table = README.partition("## Commands")[2].partition("## Figures")[0]
    rows = [(names, text) for names, text in ROW.findall(table)]
    named = {name.split()[0] for names, _ in rows for name in re.split(r"`, `", names)}

    assert named >= set(COMMANDS)
    for names, text in rows:
        commands = [meant(name.split()) for name in re.split(r"`, `", names)]
        known = {name for command in commands for name in options(command)}
        assert set(OPTION.findall(names + text)) <= known, names


def test_exit_codes_are_those_that_help_tells() -> None:
    """One table of exit codes stands in both."""
    table = README.partition("## Commands")[2].partition("## Figures")[0]

    for code, meaning in EXIT_CODES:
        assert f"| {code} | {meaning} |" in table
