"""Result -> text or the JSON envelope; the only module that writes to stdout."""

import json
from typing import Any, Final, TextIO

from caseferry.cli.env import Environment
from caseferry.cli.result import ExitCode, Result
from caseferry.report.text import visible

SCHEMA: Final = "caseferry/1"
_BOLD, _RED, _YELLOW, _RESET = "\x1b[1m", "\x1b[31m", "\x1b[33m", "\x1b[0m"
_LOUD: Final = {"Error:": _RED, "fail": _RED, "warn": _YELLOW, "! ": _YELLOW}


class Unshown(Exception):
    """stdout takes nothing more, and somebody may still read it: a full disk, say."""


def render(result: Result, *, command: str, as_json: bool, env: Environment) -> None:
    """Write a result: stdout is the result, stderr what went wrong.

    With `as_json` there is one document on stdout, whatever happened.

    Raises:
        BrokenPipeError: nobody reads any more.
        Unshown: stdout cannot be written; what went wrong was told all the same.
    """
    if as_json:
        _write_result(env.stdout, json.dumps(envelope(result, command)) + "\n")
        return
    out, err = _split(result)
    try:
        _write_result(env.stdout, _text(out, colour=env.has_colour(env.stdout)))
    finally:
        env.tell(_encodable(env.stderr, _text(err, colour=env.has_colour(env.stderr))))


def envelope(result: Result, command: str) -> dict[str, Any]:
    """Give the JSON document of a command."""
    return {
        "schema": SCHEMA,
        "command": command,
        "status": result.status,
        "exit_code": int(result.exit_code),
        "run": result.run,
        "data": dict(result.data),
        "errors": [dict(error) for error in result.errors],
    }


def _split(result: Result) -> tuple[list[str], list[str]]:
    """Part the result from what went wrong; a run that failed still has a result."""
    lines = list(result.lines)
    if result.exit_code in (ExitCode.DONE, ExitCode.PARTIAL, ExitCode.CONFLICTS):
        return lines, []
    start = next((i for i, line in enumerate(lines) if line.startswith("Error:")), None)
    return (lines, []) if start is None else (lines[:start], lines[start:])


def _text(lines: list[str], *, colour: bool) -> str:
    shown = (visible(line) for line in lines)
    return "".join(f"{_coloured(line) if colour else line}\n" for line in shown)


def _coloured(line: str) -> str:
    for start, code in _LOUD.items():
        if line.startswith(start):
            return f"{code}{line}{_RESET}"
    is_title = bool(line) and not line[0].isspace() and line[0].isalpha()
    return f"{_BOLD}{line}{_RESET}" if is_title else line


def _write_result(stream: TextIO, text: str) -> None:
    try:
        _write(stream, text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Unshown(error.strerror or type(error).__name__) from error


def _write(stream: TextIO, text: str) -> None:
    if not text:
        return
    stream.write(_encodable(stream, text))
    stream.flush()


def _encodable(stream: TextIO, text: str) -> str:
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
