"""Reading a mapping file: TOML, then the shape, then the sense; all at once."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from caseferry.errors import MappingError, Problem
from caseferry.mapping.check import check_spec
from caseferry.mapping.names import dotted, nearest
from caseferry.mapping.shape import MappingSpec
from caseferry.mapping.unfilled import unfilled

__all__ = ["MappingSpec", "mapping_error", "parse_mapping"]

Loc = tuple[str | int, ...]

_WORDS = {
    "string_type": "expected a text in quotes",
    "model_type": "expected a table",
    "dict_type": "expected a table",
    "tuple_type": "expected a list",
}


def parse_mapping(text: str, *, name: str = "mapping") -> MappingSpec:
    """Read and check a whole mapping.

    Args:
        text: TOML, UTF-8 decoded.
        name: of the file, for messages.

    Raises:
        MappingError: with every problem; where a part cannot be read, what follows
            from its absence is left out.
    """
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = Problem(path=name, message=f"this is not TOML: {error}")
        raise mapping_error(name, [problem]) from error
    blank = {problem.path: problem for problem in unfilled(data)}
    spec, broken = _read(data)
    problems = {problem.path: problem for problem in broken} | blank
    found = [*problems.values()]
    found += [p for p in check_spec(spec) if not _hidden(p.path, problems)]
    if found:
        raise mapping_error(name, found)
    return spec


def mapping_error(name: str, problems: Sequence[Problem]) -> MappingError:
    """Make the error that carries all problems of a file."""
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return MappingError(f"{name}: {count}", problems=problems)


def _read(data: dict[str, Any]) -> tuple[MappingSpec, list[Problem]]:
    """Read what can be read; parts with problems are taken out and reported."""
    problems: list[Problem] = []
    while True:
        try:
            return MappingSpec.model_validate(data), problems
        except ValidationError as error:
            details = error.errors(include_url=False)
        places = [_place(data, detail["loc"]) for detail in details]
        problems += map(_problem, details, places)
        for place in sorted(set(places), reverse=True):
            _take_out(data, place)


def _place(data: Any, loc: Loc) -> Loc:  # noqa: ANN401 - whatever TOML holds
    """Give the part of a location that stands in the file itself."""
    place: list[str | int] = []
    for part in loc:
        is_list = isinstance(data, list)
        if is_list and not isinstance(part, int):
            continue  # a short spelling: the list stands for a table
        if not is_list and (not isinstance(data, dict) or part not in data):
            break
        data = data[part]
        place.append(part)
    return tuple(place)


def _take_out(data: Any, place: Loc) -> None:  # noqa: ANN401 - whatever TOML holds
    for part in place[:-1]:
        data = data[part]
    del data[place[-1]]


def _problem(detail: ErrorDetails, place: Loc) -> Problem:
    kind, path = detail["type"], dotted(*place)
    if kind == "extra_forbidden":
        close = nearest(str(place[-1]), _keys_at(place[:-1]))
        return Problem(path=path, message="unknown key", nearest=close)
    if kind == "literal_error":
        expected = str(detail["ctx"]["expected"])
        close = nearest(str(detail["input"]), re.findall(r"'([^']*)'", expected))
        return Problem(path=path, message=f"expected {expected}", nearest=close)
    return Problem(path=path, message=_WORDS.get(kind, detail["msg"]))


def _keys_at(place: Loc) -> tuple[str, ...]:
    """Give the keys that are known at a place of the file."""
    at: Any = MappingSpec
    for part in place:
        if isinstance(at, type) and issubclass(at, BaseModel):
            at = at.model_fields[str(part)].annotation
        elif get_origin(at) is dict:
            at = get_args(at)[1]
        else:
            at = get_args(at)[0]
    return tuple(at.model_fields)


def _hidden(path: str, broken: Mapping[str, Problem]) -> bool:
    """Tell whether a problem may only follow from a part that could not be read."""
    return any(
        path == other or path.startswith(other + ".") or other.startswith(path + ".")
        for other in broken
    )
