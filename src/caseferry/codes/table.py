"""The whole table, and how a code is found in it."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Final

from caseferry import errors
from caseferry.codes.code import Code, Kind
from caseferry.errors import CaseferryError
from caseferry.mapping.names import LOSSES

_ABSTRACT: Final = (CaseferryError, errors.CaseSystemError, errors.SafetyStop)
"""Never raised with a code of their own."""
_ALSO: Final[Mapping[type[CaseferryError], tuple[Kind, ...]]] = {
    errors.Refused: (Kind.QUARANTINE,),
    errors.Forbidden: (Kind.QUARANTINE,),
    errors.NotFound: (Kind.QUARANTINE,),
    errors.InDoubt: (Kind.WAITING, Kind.UNCERTAIN, Kind.UNDO),
}
"""What errors of one record are met as, too."""
_LOST: Final = (
    "see which ones with `caseferry plan -v`; mend them or the mapping, or accept a "
    "number: {rule} in [losses] of the mapping"
)
_PAST: Final = "due-date-past"
"""An undo cannot put such a date back either."""


def _all() -> Iterator[Code]:
    for kind in _tree(CaseferryError):
        if kind not in _ABSTRACT:
            yield _of_class(kind)
    text = files("caseferry.codes").joinpath("codes.toml").read_text("utf-8")
    for name, entry in tomllib.loads(text).items():
        kinds = tuple(map(Kind, entry.pop("kinds")))
        yield Code(name=name, kinds=kinds, **entry)
    for rule, meaning in LOSSES.items():
        also = (Kind.UNDO,) if rule == _PAST else ()
        after = _LOST.format(rule=rule)
        yield Code(name=rule, kinds=(Kind.LOSS, *also), meaning=meaning, next=after)


def _of_class(kind: type[CaseferryError]) -> Code:
    text = (kind.__doc__ or "").split("\n")[0].rstrip(".")
    return Code(
        name=kind.code,
        kinds=(Kind.ERROR, *_ALSO.get(kind, ())),
        meaning=text[:1].lower() + text[1:],
        next=kind.hint,
        exit_code=kind.exit_code,
    )


def _tree(kind: type[CaseferryError]) -> Iterator[type[CaseferryError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _tree(child)


CODES: Final = tuple(_all())
"""Every code."""
_BY_NAME: Final = {code.name: code for code in CODES}
_OPEN: Final = tuple(code for code in CODES if code.varies)


def code_named(text: str) -> Code | None:
    """Find a code as it stands in output; None where there is none.

    `refused-400-152` is `refused-STATUS`, and `case-unmapped` is `case-CODE`: what
    varies is filled in.
    """
    found = _BY_NAME.get(text)
    if found is not None:
        return found
    for code in _OPEN:
        rest = text.removeprefix(code.name.removesuffix(code.varies))
        if rest not in (text, "") and _fits(code.varies, rest):
            return code.filled(rest)
    return None


def _fits(place: str, rest: str) -> bool:
    if place == "CODE":
        return code_named(rest) is not None
    return place != "STATUS" or rest[:1].isdigit()


def names_like(text: str) -> list[str]:
    """Give the codes that a person may have meant, the nearest first."""
    return difflib.get_close_matches(text.lower(), _BY_NAME, n=3, cutoff=0.6)
