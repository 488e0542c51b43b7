"""Help: everywhere, with an example, within 80 columns."""

import click
import pytest

from caseferry import __version__
from caseferry.cli.options import Command
from caseferry.cli.root import COMMANDS, root
from cli.driver import Home

TOPICS = ("mapping", "errors", "exit-codes", "state")


def words(
    command: click.Command, path: tuple[str, ...] = ()
) -> list[tuple[tuple[str, ...], click.Command]]:
    """Give every command with the words that lead to it."""
    found = [(path, command)]
    if isinstance(command, click.Group):
        ctx = click.Context(command)
        for name in command.list_commands(ctx):
            inner = command.get_command(ctx, name)
            assert inner is not None
            found += words(inner, (*path, name))
    return found


EVERY = words(root)
NAMES = [" ".join(path) for path, _ in EVERY]


@pytest.mark.parametrize(
    ("path", "command"), EVERY, ids=[" ".join(p) for p, _ in EVERY]
)
def test_every_command_has_help_with_an_example(
    empty: Home, path: tuple[str, ...], command: click.Command
) -> None:
    """-h works everywhere, fits 80 columns, and shows one thing to type."""
    done = empty.run(*path, "-h")

    assert done.code == 0
    assert done.err == ""
    assert "Example:\n  caseferry " in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    assert "..." not in done.out.replace("]...", "")  # no first sentence is cut off
    assert isinstance(command, Command)
    assert command.example.startswith(" ".join(["caseferry", *path[:1]]))
    assert command.help


@pytest.mark.parametrize(
    ("path", "command"), EVERY, ids=[" ".join(p) for p, _ in EVERY]
)
def test_every_example_names_options_that_exist(
    path: tuple[str, ...], command: click.Command
) -> None:
    """What an example shows can be typed."""
    assert isinstance(command, Command)
    given = {word for word in command.example.split() if word.startswith("-")}
    inner = [c for p, c in EVERY if p[: len(path)] == path]
    known = {
        name for each in inner for parameter in each.params for name in parameter.opts
    }

    assert given <= known


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_is_explained(empty: Home, topic: str) -> None:
    """`help TOPIC` gives text that fits a terminal."""
    done = empty.run("help", topic)

    assert done.code == 0
    assert len(done.out.splitlines()) > 5
    assert max(map(len, done.out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("topic", "words"),
    [("mapping", "One TOML file"), ("state", "one SQLite file")],
)
def test_a_topic_comes_before_the_command_of_its_name(
    empty: Home, topic: str, words: str
) -> None:
    """`help mapping` explains the mapping; `mapping -h` the command."""
    assert words in empty.run("help", topic).out
    assert words not in empty.run(topic, "-h").out


def test_help_of_a_command_by_name(empty: Home) -> None:
    """`help migrate` is `migrate -h`."""
    assert empty.run("help", "migrate").out == empty.run("migrate", "-h").out


def test_the_help_lists_every_command(empty: Home) -> None:
    """All commands are listed, in the order of their use."""
    out = empty.run("--help").out

    places = [out.index(f"\n  {name} ") for name in COMMANDS]
    assert places == sorted(places)


def test_without_a_command_the_help_is_shown(empty: Home) -> None:
    """Nothing typed is a usage error that explains itself."""
    done = empty.run()

    assert done.code == 2
    assert "Commands:" in done.out


def test_the_version(empty: Home) -> None:
    """--version gives name and number."""
    assert empty.run("--version").out == f"caseferry {__version__}\n"


@pytest.mark.parametrize(
    ("typed", "meant"), [("statis", "status"), ("migrat", "migrate"), ("chek", "check")]
)
def test_a_slip_of_the_pen_is_understood(empty: Home, typed: str, meant: str) -> None:
    """An unknown command names the nearest one and ends with 2."""
    done = empty.run(typed)

    assert done.code == 2
    assert f"Did you mean '{meant}'?" in done.err
    assert done.out == ""
