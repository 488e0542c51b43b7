# ruff: noqa: S608 - only our own lists of columns are put into statements
"""The journal: every write before it leaves, and what became of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from caseferry.adapters.sqlite.codec import (
    INTENT,
    names_text,
    plain,
    role_name,
    to_intent,
)
from caseferry.adapters.sqlite.connection import Connection, Row
from caseferry.errors import InvariantBroken
from caseferry.model.link import Intent, IntentState
from caseferry.model.record import Key

_SAVE = f"""
    INSERT INTO journal ({INTENT}, run, state)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SETTLE = """
    UPDATE journal SET state = ?, casemgr = coalesce(?, casemgr),
        detail = CASE ? WHEN '' THEN detail ELSE ? END
    WHERE number = ?
"""
_UNSETTLED = f"""
    SELECT {INTENT} FROM journal WHERE state IN ('open', 'in_doubt') ORDER BY number
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
    """The table `journal`; its rows are never removed."""

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
                        run,
                        IntentState.OPEN.value,
                    )
                    for intent in numbered
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
