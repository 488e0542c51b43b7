"""What surrounds a command: streams, terminal, directory, variables; replaceable."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The world as one command sees it."""

    stdin: TextIO = field(default_factory=lambda: sys.stdin)
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path = field(default_factory=Path.cwd)

    @property
    def is_interactive(self) -> bool:
        """Tell whether a person can be asked."""
        return self.stdin.isatty() and self.stderr.isatty()

    def has_colour(self, stream: TextIO) -> bool:
        """Tell whether a stream takes colour."""
        return self.is_capable(stream) and not self.variables.get("NO_COLOR")

    def is_capable(self, stream: TextIO) -> bool:
        """Tell whether a stream is a terminal that can redraw a line."""
        return stream.isatty() and self.variables.get("TERM") != "dumb"

    def say(self, text: str) -> None:
        """Write a line for the person who waits, to stderr."""
        self.tell(f"{text}\n")

    def tell(self, text: str) -> None:
        """Write to stderr, where it takes anything: a full disk stops no command.

        Raises:
            BrokenPipeError: nobody reads any more.
        """
        try:
            self.stderr.write(text)
            self.stderr.flush()
        except BrokenPipeError:
            raise
        except OSError:
            return  # there is nowhere left to tell it

    def ask(self, question: str) -> bool:
        """Ask a person; anything but yes is no, and so is the end of the input."""
        self.stderr.write(f"{question} [y/N] ")
        self.stderr.flush()
        answer = self.stdin.readline().strip().lower()
        return answer in ("y", "yes")
