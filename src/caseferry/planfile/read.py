"""Reading a plan back: every byte is checked before anything in it is believed."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from pydantic import ValidationError

from caseferry.errors import UserError
from caseferry.planfile.shape import SCHEMA, ActionLine, Header, Seal
from caseferry.planfile.write import digest_of


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the lines of one case group begin in the file, and how many they are."""

    offset: int
    count: int


class SavedPlan:
    """A plan file that was found whole.

    Attributes:
        header: its first line.
    """

    def __init__(
        self, file: IO[bytes], header: Header, places: dict[str, _Place]
    ) -> None:
        self._file = file
        self._places = places
        self.header = header

    @property
    def cases(self) -> tuple[str, ...]:
        """The source cases that the plan has lines for, in its order."""
        return tuple(self._places)

    def names(self, case: str) -> bool:
        """Tell whether the plan has lines for a source case."""
        return case in self._places

    def lines_of(self, case: str) -> tuple[ActionLine, ...]:
        """Give the lines of one case group; none where the plan does not name it."""
        place = self._places.get(case)
        if place is None:
            return ()
        self._file.seek(place.offset)
        return tuple(_action(self._file.readline()) for _ in range(place.count))

    def lines(self) -> Iterator[ActionLine]:
        """Give all lines in their order."""
        for case in self._places:
            yield from self.lines_of(case)


def read_plan(file: IO[bytes], name: str) -> SavedPlan:
    """Check a plan file whole and index it by case group.

    Args:
        file: binary, can be sought; stays in use as long as the result.
        name: what to call it in errors.

    Raises:
        UserError: it is no plan, was cut short, or a byte of it was changed.
    """
    first = file.readline()
    header = _header(first, name)
    sealed, lines = hashlib.sha256(first), hashlib.sha256()
    places: dict[str, _Place] = {}
    offset, last, count = len(first), b"", 0
    for text in file:
        if last:
            sealed.update(last)
            lines.update(last)
            _index(places, _action_or_refuse(last, name), offset - len(last), name)
            count += 1
        last = text
        offset += len(text)
    if not _is_seal(last, sealed.hexdigest()) or count != header.lines:
        raise _broken(name, "it is not whole, or something in it was changed")
    if digest_of(header, lines.hexdigest()) != header.digest:
        raise _broken(name, "its digest does not fit its contents")
    return SavedPlan(file, header, places)


def _index(places: dict[str, _Place], line: ActionLine, offset: int, name: str) -> None:
    known = places.get(line.case)
    if known is None:
        places[line.case] = _Place(offset, 1)
        return
    if next(reversed(places)) != line.case:
        raise _broken(name, f"the lines of {line.case} do not stand together")
    places[line.case] = _Place(known.offset, known.count + 1)


def _header(text: bytes, name: str) -> Header:
    try:
        return Header.model_validate_json(text)
    except ValidationError as error:
        hint = f'schema "{SCHEMA}" is what this version reads; make the plan anew'
        found = f"{name} is not a plan that this version can read"
        raise UserError(found, code="plan-unreadable", hint=hint, path=name) from error


def _action(text: bytes) -> ActionLine:
    return ActionLine.model_validate_json(text)


def _action_or_refuse(text: bytes, name: str) -> ActionLine:
    try:
        return _action(text)
    except ValidationError as error:
        raise _broken(name, "one of its lines makes no sense") from error


def _is_seal(text: bytes, expected: str) -> bool:
    try:
        return Seal.model_validate_json(text).sha256 == expected
    except ValidationError:
        return False


def _broken(name: str, why: str) -> UserError:
    return UserError(
        f"{name} is not carried out: {why}",
        code="plan-broken",
        hint="get the file anew from whoever made it, or make a new plan",
        path=name,
    )
