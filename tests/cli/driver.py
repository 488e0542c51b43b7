"""Running commands in this process, as a terminal or a pipe would see them."""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from caseferry.cli import main
from caseferry.cli.env import Environment


class Screen(io.StringIO):
    """A stream that may be a terminal."""

    def __init__(self, text: str = "", *, tty: bool = False) -> None:
        super().__init__(text)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = self.json["data"]
        return found

    @property
    def plain(self) -> str:
        """The output with what differs from run to run replaced."""
        return normal(self.out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A directory to run commands in."""

    folder: Path
    variables: Mapping[str, str]

    def having(self, **variables: str) -> "Home":
        """Give the same directory with more environment variables."""
        return replace(self, variables={**self.variables, **variables})

    def run(self, *argv: str, answer: str = "", tty: bool = False) -> Done:
        """Run one command; `answer` is what a person types."""
        out, err = Screen(tty=tty), Screen(tty=tty)
        env = Environment(
            stdin=Screen(answer, tty=tty),
            stdout=out,
            stderr=err,
            variables=self.variables,
            cwd=self.folder,
        )
        code = main(argv, env)
        return Done(code=code, out=out.getvalue(), err=err.getvalue())


def normal(text: str) -> str:
    """Replace times, durations, digests, ports and paths."""
    for pattern, word in (
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| [+-]\d{4})", "TIME"),
        (r"\b\d+(\.\d)? s\b", "N s"),
        (r"\b[0-9a-f]{32}\b", "DIGEST"),
        (r"127\.0\.0\.1:\d+", "HOST"),
        (r"/\S*/(?=caseferry|mappings|secrets)", "DIR/"),
        (r"process \d+", "process N"),
    ):
        text = re.sub(pattern, word, text)
    return text
