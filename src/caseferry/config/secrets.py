"""Secrets: from the environment, a file or a command; never from the configuration."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from caseferry.errors import Problem
from caseferry.mapping.names import nearest

PATIENCE_S: Final = 30
SYSTEMS: Final = ("kore", "casemgr")
_KNOWN: Final = (
    "CASEFERRY_CONFIG",
    *(f"CASEFERRY_{name.upper()}_CLIENT_SECRET" for name in SYSTEMS),
    *(f"CASEFERRY_{name.upper()}_CLIENT_SECRET_FILE" for name in SYSTEMS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What the two systems are asked for; never shown."""

    kore: str = field(repr=False)
    casemgr: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where one system's secret may come from.

    Attributes:
        command: with its arguments; empty is none.
        folder: of the configuration: the command runs there.
    """

    system: str
    command: Sequence[str]
    folder: Path

    @property
    def variable(self) -> str:
        """The environment variable that holds it."""
        return f"CASEFERRY_{self.system.upper()}_CLIENT_SECRET"

    def read(self, environ: Mapping[str, str]) -> str | Problem:
        """Read the secret: the variable, else the file, else the command.

        Effects: may run the command, for at most 30 s; its output is never shown.
        """
        if text := environ.get(self.variable, "").strip():
            return text
        if name := environ.get(f"{self.variable}_FILE", "").strip():
            return self._from_file(Path(name))
        if self.command:
            return self._from_command()
        return self.missing()

    def missing(self) -> Problem:
        """Say that there is none, and where it goes."""
        return Problem(
            path=self.variable,
            message="no secret: set this variable, or name a file in "
            f"{self.variable}_FILE, or set {self.system}.client_secret_command",
        )

    def is_named(self, environ: Mapping[str, str]) -> bool:
        """Tell whether a source is named, without reading it."""
        names = (self.variable, f"{self.variable}_FILE")
        return bool(self.command) or any(
            environ.get(name, "").strip() for name in names
        )

    def _from_file(self, path: Path) -> str | Problem:
        place = f"{self.variable}_FILE"
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not text"
            return Problem(path=place, message=f"{path} cannot be read: {why}")
        return text or Problem(path=place, message=f"{path} is empty")

    def _from_command(self) -> str | Problem:
        place = f"{self.system}.client_secret_command"
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own command, no shell
                list(self.command),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PATIENCE_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Problem(path=place, message=f"gave nothing within {PATIENCE_S} s")
        except OSError as error:
            return Problem(path=place, message=f"cannot be run: {error.strerror}")
        text = done.stdout.decode("utf-8", "replace").strip()
        if done.returncode:
            message = f"ended with exit code {done.returncode}"
            return Problem(path=place, message=message)
        return text or Problem(path=place, message="gave an empty secret")


def stray_variables(environ: Mapping[str, str]) -> list[Problem]:
    """Find variables that are one slip of the pen from one that would be read."""
    problems = []
    for name in sorted(environ):
        if not name.startswith("CASEFERRY_") or name.startswith("CASEFERRY__"):
            continue
        if name not in _KNOWN and (close := nearest(name, _KNOWN)):
            text = "unknown variable"
            problems.append(Problem(path=name, message=text, nearest=close))
    return problems
