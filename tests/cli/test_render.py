"""What reaches a terminal: plain, visible, and only in colour where it is wanted."""

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from caseferry.cli import main
from caseferry.cli.env import Environment
from caseferry.cli.render import render
from caseferry.cli.result import Result
from caseferry.model.action import Action, ActionKind, FieldChange
from caseferry.model.correlation import Role
from caseferry.model.record import kore_key
from caseferry.report.plan import action_lines
from caseferry.report.text import duration, shorten, table, visible
from cli.conftest import Rehearsal
from cli.driver import Screen

NASTY = "a\x1b[31mred\x07\nb\u202ec [bold]d[/bold] <b>"


def screen(result: Result, *, tty: bool = False, **variables: str) -> tuple[str, str]:
    out, err = Screen(tty=tty), Screen(tty=tty)
    env = Environment(
        stdin=Screen(), stdout=out, stderr=err, variables=variables, cwd=Path()
    )
    render(result, command="x", as_json=False, env=env)
    return out.getvalue(), err.getvalue()


def test_contents_are_never_terminal_control_nor_markup() -> None:
    """Control characters are spelt, markup stays as it is, one line stays one."""
    out, _ = screen(Result(lines=[NASTY]), tty=True, TERM="xterm", NO_COLOR="1")

    assert out == "a\\x1b[31mred\\x07\\x0ab\\u202ec [bold]d[/bold] <b>\n"


@pytest.mark.parametrize(
    ("tty", "variables", "coloured"),
    [
        (True, {"TERM": "xterm"}, True),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (False, {"TERM": "xterm"}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(
    *, tty: bool, variables: dict[str, str], coloured: bool
) -> None:
    """Piped, NO_COLOR and TERM=dumb give plain text."""
    out, _ = screen(Result(lines=["Title", "  text"]), tty=tty, **variables)

    assert ("\x1b" in out) is coloured


def test_what_went_wrong_goes_to_stderr() -> None:
    """Stdout is the result; the error and its hint are not."""
    out, err = screen(Result(lines=["done", "Error: no", "Hint: yes"], exit_code=7))

    assert (out, err) == ("done\n", "Error: no\nHint: yes\n")


def test_a_narrow_encoding_loses_nothing() -> None:
    """A terminal that knows ASCII only gets escapes, not an error."""
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    env = Environment(stdin=Screen(), stdout=out, stderr=Screen(), variables={})
    render(Result(lines=["größe 🔥"]), command="x", as_json=False, env=env)

    assert raw.getvalue() == b"gr\\xf6\\xdfe \\U0001f525\n"


def test_an_update_shows_old_and_new() -> None:
    """Each changed field is `name: old -> new`, shortened and visible."""
    action = Action(
        kind=ActionKind.UPDATE,
        role=Role.CASE,
        key=kore_key("ci-1"),
        changes=(
            FieldChange(name="subject", before="old\x1b", after="n" * 60),
            FieldChange(name="custom.tags", before=("a", "b"), after=None),
        ),
    )

    assert action_lines(action, "CS1") == [
        "~ update case CS1 kore:ci-1",
        f'    subject: "old\\x1b" -> "{"n" * 39}…"',
        "    custom.tags: a, b -> (none)",
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (12.4, "12 s"),
        (130, "2 min"),
        (3599, "1 h"),
        (12345, "3 h 26 min"),
        (115200, "32 h"),
        (200000, "2 d 7 h"),
    ],
)
def test_durations_read_at_a_glance(seconds: float, words: str) -> None:
    """Two units at most."""
    assert duration(seconds) == words


def test_tables_fit_eighty_columns() -> None:
    """The last column is wrapped; keys and paths stay whole, to be copied."""
    lines = table([("a", "word " * 30), ("bb", "/a-b/" * 20)], ("x", "y"))

    assert max(map(len, lines[:-1])) <= 80
    assert lines[-1].strip() == "bb  " + "/a-b/" * 20


def test_shorten_and_visible_agree() -> None:
    """A shortened text is visible and no longer than asked for."""
    assert 15 < len(shorten(NASTY * 10, 20)) <= 20
    assert visible(shorten(NASTY)) == shorten(NASTY)


@pytest.mark.parametrize("width", range(2, 40))
@pytest.mark.parametrize("hidden", ["\u200d", "\x1b", "\U000e0041"])
def test_a_text_is_cut_between_characters(width: int, hidden: str) -> None:
    """What spells one is whole or gone, also where the text was spelled before."""
    text = f"\U0001f469{hidden}" * 20
    whole = {visible(text[:end]) for end in range(len(text))}

    assert shorten(text, width).removesuffix("…") in whole
    assert shorten(visible(text), width) == shorten(text, width)


def test_a_pipe_that_closes_is_no_traceback(carried: Rehearsal) -> None:
    """`| head` ends the command quietly."""

    class Closed(Screen):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    env = Environment(
        stdin=Screen(),
        stdout=Closed(),
        stderr=(err := Screen()),
        variables={},
        cwd=carried.home.folder,
    )

    assert main(["status"], env) == 1
    assert err.getvalue() == ""


class Full(Screen):
    """A stream on a disk that is full."""

    def write(self, _text: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("status",), 1),
        (("status", "--json"), 1),
        (("demo", "--keep", "demo"), 1),
        (("explain", "nothing", "--json"), 2),
    ],
    ids=lambda given: given if isinstance(given, int) else " ".join(given),
)
def test_a_full_disk_under_stdout_is_said_in_words(
    carried: Rehearsal, tmp_path: Path, argv: tuple[str, ...], code: int
) -> None:
    """No fault of our own; what failed anyhow keeps its exit code."""
    home = carried.home.folder if argv[0] != "demo" else tmp_path
    env = Environment(
        stdin=Screen(), stdout=Full(), stderr=(err := Screen()), variables={}, cwd=home
    )

    assert main(argv, env) == code
    assert "Error: stdout cannot be written: No space left on device" in err.getvalue()
    assert "internal error" not in err.getvalue()


def test_a_full_disk_under_stderr_stops_nothing(carried: Rehearsal) -> None:
    """What cannot be told there is left out; the exit code is the command's."""
    env = Environment(
        stdin=Screen(),
        stdout=(out := Screen()),
        stderr=Full(),
        variables={},
        cwd=carried.home.folder,
    )

    assert main(["status"], env) == 0
    assert main(["explain", "nothing"], env) == 2
    assert main(["status", "-vv", "--no-input"], env) == 0
    assert out.getvalue()


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_process_says_that_stdout_is_full(unbuffered: str) -> None:
    """Also at its end, when Python writes what is left."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "caseferry", "--version"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )

    assert done.returncode == 1
    assert done.stderr.startswith("Error: stdout cannot be written")
    assert "Traceback" not in done.stderr
