"""Environment variables over the file: `CASEFERRY__KORE__STREAM_ID`."""

import tomllib
from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel

from caseferry.config.shape import Config

Loc = tuple[str, ...]
_PREFIX: Final = "CASEFERRY__"


class Overrides:
    """The variables that set keys."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._values = {
            tuple(name[len(_PREFIX) :].lower().split("__")): (name, text)
            for name, text in sorted(environ.items())
            if name.startswith(_PREFIX)
        }

    def apply(self, data: dict[str, Any]) -> None:
        """Write the values over what a file holds; typed as their key wants them."""
        for loc, (_, text) in self._values.items():
            place = data
            for part in loc[:-1]:
                inner = place.get(part)
                if not isinstance(inner, dict):
                    inner = place[part] = {}
                place = inner
            place[loc[-1]] = _typed(text, annotation_of(loc))

    def name_of(self, loc: Loc) -> str | None:
        """Give the variable that set a key; None when it came from the file."""
        for length in range(len(loc), 0, -1):
            if loc[:length] in self._values:
                return self._values[loc[:length]][0]
        return None


def keys_at(loc: Loc) -> tuple[str, ...]:
    """Give the keys that are known in a table."""
    model = annotation_of(loc)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return tuple(model.model_fields)
    return ()


def annotation_of(loc: Loc) -> Any:  # noqa: ANN401 - any type a key may have
    """Give the type of a key or table; None when there is none."""
    at: Any = Config
    for part in loc:
        if not (isinstance(at, type) and issubclass(at, BaseModel)):
            return str  # a table with free names
        field = at.model_fields.get(part)
        if field is None:
            return None
        at = field.annotation
    return at


def _typed(text: str, wanted: Any) -> Any:  # noqa: ANN401 - any type a key may have
    """Give a text as the value that TOML would hold; texts need no quotes here."""
    is_list = str(wanted).startswith("tuple")
    if wanted is str or (str in get_args(wanted) and not is_list):
        return text
    if is_list and not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
