"""Reading the configuration: the file, the environment over it, every problem."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from caseferry.adapters.casemgr.paths import PATHS
from caseferry.config.overrides import Loc, Overrides, keys_at
from caseferry.config.secrets import SYSTEMS, Secrets, Source, stray_variables
from caseferry.config.shape import Config
from caseferry.errors import ConfigError, Problem
from caseferry.mapping.names import dotted, nearest

Secrecy = Literal["ignored", "named", "read"]
_PATHS: Final = (
    ("state", "path"),
    ("mapping", "path"),
    ("http", "ca_file"),
    ("metrics", "textfile"),
    ("health", "file"),
)
_MONITORS: Final = (
    ("health", "health", "file"),
    ("textfile", "metrics", "textfile"),
)
_WORDS: Final = {
    "missing": "has to be set",
    "string_type": "expected a text in quotes",
    "int_type": "expected a whole number",
    "bool_type": "expected true or false",
    "model_type": "expected a table",
    "dict_type": "expected a table",
    "tuple_type": "expected a list",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A configuration without problems.

    Attributes:
        file: where it was read.
        secrets: None where they were not asked for.
    """

    file: Path
    config: Config
    secrets: Secrets | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitors:
    """The files that monitors look at; None is not wanted."""

    health: str | None = None
    textfile: str | None = None


def find_config(option: str | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """Give the file: the option, else CASEFERRY_CONFIG, else ./caseferry.toml."""
    return cwd / (option or environ.get("CASEFERRY_CONFIG") or "caseferry.toml")


def find_mapping(file: Path, environ: Mapping[str, str]) -> Path:
    """Give the mapping's path; the rest of the configuration is not looked at.

    Raises:
        ConfigError: there is no configuration, or it is not TOML.
    """
    data = _read(file)
    Overrides(environ).apply(data)
    _make_absolute(data, "mapping", "path", file.parent)
    part = data["mapping"]
    path = part.get("path") if isinstance(part, dict) else None
    if not isinstance(path, str) or not path.strip():
        problem = Problem(path="mapping.path", message="has to be filled in")
        raise _config_error(file, [problem])
    return Path(path)


def find_monitors(file: Path, environ: Mapping[str, str]) -> Monitors:
    """Give the files for monitors, as far as they are known.

    They have to be told of a configuration that cannot be used as well.
    """
    try:
        data = _read(file)
    except ConfigError:
        data = {}
    Overrides(environ).apply(data)
    found = {}
    for name, section, key in _MONITORS:
        _make_absolute(data, section, key, file.parent)
        part = data[section]
        value = part.get(key) if isinstance(part, dict) else None
        found[name] = value if isinstance(value, str) and value.strip() else None
    return Monitors(**found)


def load_config(
    file: Path, environ: Mapping[str, str], *, secrets: Secrecy = "ignored"
) -> Loaded:
    """Read and check the whole configuration.

    Args:
        file: TOML.
        environ: `CASEFERRY__KORE__STREAM_ID` and the like go over the file.
        secrets: `read` them too, which may run a command; look only whether they are
            `named` somewhere; or leave them `ignored`.

    Raises:
        ConfigError: with every problem.
    """
    overrides = Overrides(environ)
    data = _read(file)
    overrides.apply(data)
    problems = _misplaced_secrets(data)
    for system in SYSTEMS:
        data.setdefault(system, {})
    for section, key in _PATHS:
        _make_absolute(data, section, key, file.parent)
    config: Config | None = None
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems += [_problem(detail, overrides) for detail in details]
    else:
        problems += _senseless(config)
    found = _secrets(data, file.parent, environ, secrets)
    problems += [problem for problem in found.values() if isinstance(problem, Problem)]
    problems += stray_variables(environ)
    if problems or config is None:
        raise _config_error(file, problems)
    texts = {k: v for k, v in found.items() if isinstance(v, str)}
    read = Secrets(**texts) if secrets == "read" else None
    return Loaded(file=file, config=config, secrets=read)


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"there is no configuration at {file}",
            code="config-missing",
            hint="`caseferry init` writes one; --config PATH names another",
            path=str(file),
        ) from None
    except OSError as error:
        problem = Problem(path=str(file), message=f"cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        problem = Problem(path=str(file), message="is not UTF-8 text")
    except tomllib.TOMLDecodeError as error:
        problem = Problem(path=str(file), message=f"is not TOML: {error}")
    raise _config_error(file, [problem])


def _config_error(file: Path, problems: list[Problem]) -> ConfigError:
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return ConfigError(f"{file.name}: {count}", problems=problems, path=str(file))


def _misplaced_secrets(data: dict[str, Any]) -> list[Problem]:
    """Find secrets in the file, and take them out: they must not get any further."""
    problems = []
    for system in SYSTEMS:
        section = data.get(system)
        if isinstance(section, dict) and "client_secret" in section:
            del section["client_secret"]
            variable = f"CASEFERRY_{system.upper()}_CLIENT_SECRET"
            text = (
                f"secrets do not belong here: set the variable {variable} or "
                f"{variable}_FILE, or use client_secret_command; and change this secret"
            )
            problems.append(Problem(path=f"{system}.client_secret", message=text))
    return problems


def _make_absolute(data: dict[str, Any], section: str, key: str, folder: Path) -> None:
    part = data.setdefault(section, {})
    if not isinstance(part, dict):
        return
    default = {"state": "caseferry.db", "mapping": "mappings/kore-casemgr.toml"}
    value = part.get(key, default.get(section))
    if isinstance(value, str) and value.strip():
        part[key] = str(folder / value.strip())


def _problem(detail: ErrorDetails, overrides: Overrides) -> Problem:
    kind, loc = detail["type"], _without_index(detail["loc"])
    path = overrides.name_of(loc) or dotted(*loc)
    if kind == "extra_forbidden":
        close = nearest(str(loc[-1]), keys_at(loc[:-1]))
        return Problem(path=path, message="unknown key", nearest=close)
    if kind == "literal_error":
        expected = str(detail["ctx"]["expected"])
        close = nearest(str(detail["input"]), re.findall(r"'([^']*)'", expected))
        return Problem(path=path, message=f"expected {expected}", nearest=close)
    message = _WORDS.get(kind, detail["msg"])
    return Problem(path=path, message=message[:1].lower() + message[1:])


def _without_index(loc: tuple[str | int, ...]) -> Loc:
    return tuple(part for part in loc if isinstance(part, str))


def _senseless(config: Config) -> list[Problem]:
    """Find what is well spelt and cannot work."""
    problems = []
    if not Path(config.mapping.path).is_file():
        text = f"there is no file {config.mapping.path}"
        problems.append(Problem(path="mapping.path", message=text))
    if config.http.ca_file and not Path(config.http.ca_file).is_file():
        text = f"there is no file {config.http.ca_file}"
        problems.append(Problem(path="http.ca_file", message=text))
    for name in config.casemgr.paths:
        if name not in PATHS:
            path = dotted("casemgr", "paths", name)
            close = nearest(name, PATHS)
            problem = Problem(path=path, message="no such operation", nearest=close)
            problems.append(problem)
    problems += _unwritable(config)
    return problems


def _unwritable(config: Config) -> list[Problem]:
    """Find files for monitors that nobody could write or would read."""
    problems = []
    for path, name in (
        ("metrics.textfile", config.metrics.textfile),
        ("health.file", config.health.file),
    ):
        if name is not None and not Path(name).parent.is_dir():
            text = f"there is no folder {Path(name).parent}"
            problems.append(Problem(path=path, message=text))
    textfile = config.metrics.textfile
    if textfile is not None and Path(textfile).suffix != ".prom":
        text = "a node exporter reads only files whose names end in .prom"
        problems.append(Problem(path="metrics.textfile", message=text))
    return problems


def _secrets(
    data: Mapping[str, Any],
    folder: Path,
    environ: Mapping[str, str],
    wanted: Secrecy,
) -> dict[str, str | Problem]:
    found: dict[str, str | Problem] = {}
    for system in SYSTEMS:
        section = data[system] if isinstance(data[system], dict) else {}
        command = section.get("client_secret_command", ())
        is_usable = isinstance(command, list | tuple) and all(
            isinstance(part, str) for part in command
        )
        source = Source(
            system=system, command=command if is_usable else (), folder=folder
        )
        if wanted == "read":
            found[system] = source.read(environ)
        elif wanted == "named" and is_usable and not source.is_named(environ):
            found[system] = source.missing()
    return found
