"""JSON bytes in and out, whatever they hold: bounded depth, no lone surrogates."""

import re
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, from_json, to_json

from caseferry.adapters.exchange import Unusable

T = TypeVar("T")

# An escaped backslash, a proper pair, or half of a pair: only the last is mended.
_ESCAPES = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


def read_json(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Parse a body; half a surrogate pair becomes U+FFFD.

    JavaScript servers cut texts inside an emoji and send the halves as escapes.

    Raises:
        Unusable: not JSON, cut off, or nested too deeply to be meant.
    """
    try:
        return from_json(body)
    except ValueError:
        pass
    try:
        return from_json(_mended(body))
    except ValueError as error:
        raise Unusable(f"not JSON: {_place(str(error))}") from None


def read_shape(adapter: TypeAdapter[T], body: bytes) -> T:
    """Parse a body and validate its shape.

    Parsing first and validating the result is a third faster than both in one for
    objects whose leaves are left as they are.

    Raises:
        Unusable: not JSON, or of another shape; names the place, never a value.
    """
    try:
        return adapter.validate_python(read_json(body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the reply"
        raise Unusable(f"{where}: {first['type']}") from None


def write_json(value: object) -> bytes:
    """Spell a value as JSON; half a surrogate pair becomes U+FFFD."""
    try:
        return to_json(value)
    except PydanticSerializationError:
        return to_json(_scrubbed(value))


def _mended(body: bytes) -> bytes:
    return _ESCAPES.sub(lambda m: b"\\ufffd" if m[1] else m[0], body)


def _scrubbed(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {name: _scrubbed(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_scrubbed(item) for item in value]
    return value


def _place(message: str) -> str:
    return re.sub(r"[^\x20-\x7e]", "?", message)[:80]
