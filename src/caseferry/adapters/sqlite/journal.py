# ruff: noqa: S608 - only our own lists of columns are put into statements
"""The journal: every write before it leaves, and what became of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from caseferry.adapters.sqlite.codec import (
    IMAGE,
    INTENT,
    image_row,
    names_text,
    plain,
    role_name,
    to_image,
    to_intent,
)
from caseferry.adapters.sqlite.connection import Connection, Row, key_list
from caseferry.errors import InvariantBroken
from caseferry.model.link import Entry, Intent, IntentState
from caseferry.model.record import Key

if TYPE_CHECKING:
    from caseferry.model.action import FieldChange

_SAVE = f"""
    INSERT INTO journal ({INTENT}, run, state)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SAVE_IMAGE = f"INSERT INTO image ({IMAGE}) VALUES (?, ?, ?, ?)"
_OF_RUN = f"SELECT {INTENT}, state FROM journal WHERE run = ? ORDER BY number"
_IMAGES_OF_RUN = f"""
    SELECT {IMAGE} FROM image WHERE intent IN (SELECT number FROM journal WHERE run = ?)
    ORDER BY intent, field
"""
_SETTLE = """
    UPDATE journal SET state = ?, casemgr = coalesce(?, casemgr),
        detail = CASE ? WHEN '' THEN detail ELSE ? END
    WHERE number = ?
"""
_UNSETTLED = f"""
    SELECT {INTENT} FROM journal WHERE state IN ('open', 'in_doubt') ORDER BY number
"""
_COMPLETED = """
    SELECT casemgr FROM journal WHERE casemgr IN (SELECT value FROM json_each(?))
    AND kind = 'complete' AND state NOT IN ('not_executed', 'refused', 'absent')
"""
_ENTRY = (
    "number",
    "run",
    "at",
    "kind",
    "role",
    "kore",
    "casemgr",
    "correlation",
    "department",
    "fields",
    "state",
    "detail",
)
_HISTORY = f"""
    SELECT {", ".join(_ENTRY)} FROM journal
    WHERE (?1 IS NULL OR number IN (
        SELECT number FROM journal WHERE kore = ?1
        UNION SELECT number FROM journal WHERE casemgr = ?1))
    AND (?2 IS NULL OR run = ?2) AND number > ?3 ORDER BY number LIMIT ?4
"""


class Journal(Connection):
    """The tables `journal`, whose rows are never removed, and `image`."""

    def save_intents(self, run: int, intents: Sequence[Intent]) -> list[Intent]:
        """Make intents durable and number them, in the order given.

        Raises:
            InvariantBroken: there is no such run.
        """
        with self._joined():
            ((last,),) = self._all("SELECT coalesce(max(number), 0) FROM journal")
            numbered = [
                replace(intent, number=number)
                for number, intent in enumerate(intents, last + 1)
            ]
            self._write_many(
                _SAVE,
                (
                    (
                        intent.number,
                        intent.kind.value,
                        role_name(intent.role),
                        intent.kore,
                        intent.casemgr,
                        intent.correlation,
                        intent.payload_print,
                        plain(intent.department),
                        names_text(intent.fields),
                        intent.at,
                        intent.opens,
                        run,
                        IntentState.OPEN.value,
                    )
                    for intent in numbered
                ),
            )
            self._write_many(
                _SAVE_IMAGE,
                (
                    image_row(intent.number, image)
                    for intent in numbered
                    for image in intent.images
                ),
            )
        return numbered

    def settle_intent(
        self,
        number: int,
        state: IntentState,
        *,
        casemgr: Key | None = None,
        detail: str = "",
    ) -> None:
        """Record what became of an intent.

        Without `casemgr` or `detail` the one known before stays.

        Raises:
            InvariantBroken: there is no such intent.
        """
        text = plain(detail)
        with self._joined():
            if not self._write(_SETTLE, state.value, casemgr, text, text, number):
                raise InvariantBroken(f"there is no intent {number} to settle")

    def completed(self, keys: Sequence[Key]) -> set[Key]:
        """Give those of some activities that we completed, or may have."""
        return {Key(row[0]) for row in self._all(_COMPLETED, key_list(keys))}

    def entries(self, run: int) -> list[Entry]:
        """Give what a run wrote, oldest first, with the images that are still kept."""
        images: dict[int, list[FieldChange]] = {}
        for row in self._all(_IMAGES_OF_RUN, run):
            images.setdefault(row[0], []).append(to_image(row))
        return [
            Entry(
                intent=replace(to_intent(row), images=tuple(images.get(row[0], ()))),
                state=IntentState(row[-1]),
            )
            for row in self._all(_OF_RUN, run)
        ]

    def open_intents(self) -> list[Intent]:
        """Give the intents in state open or in doubt, oldest first."""
        return [to_intent(row) for row in self._all(_UNSETTLED)]

    def journal(self, key: Key | None, run: int | None) -> Iterator[Mapping[str, str]]:
        """Give journal entries for a person, oldest first; lazy.

        Shape: `number run at kind role kore casemgr correlation department fields
        state detail`, all text; fields joined by a blank, "" where there is nothing.

        Args:
            key: only entries about this record, of either side.
            run: only entries of this run.
        """
        return map(_entry, self._walk(_HISTORY, (key, run), (0,)))


def _entry(row: Row) -> dict[str, str]:
    entry = {
        name: "" if value is None else str(value)
        for name, value in zip(_ENTRY, row, strict=True)
    }
    return entry | {"fields": " ".join(json.loads(entry["fields"]))}
