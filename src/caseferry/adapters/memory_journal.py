"""The journal in memory: every write before it leaves, and what became of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from caseferry.adapters.memory_rows import (
    HAD_NO_EFFECT,
    UNSETTLED,
    Line,
    as_text,
    by_field,
)
from caseferry.adapters.memory_tables import MemoryTables
from caseferry.errors import InvariantBroken
from caseferry.model.link import Entry, Intent, IntentState, WriteKind
from caseferry.model.record import Key


class MemoryJournal(MemoryTables):
    """The table `journal`, whose rows are never removed."""

    def save_intents(self, run: int, intents: Sequence[Intent]) -> list[Intent]:
        """Make intents durable and number them. No such run: `InvariantBroken`."""
        first = max(self._table("journal"), default=0) + 1
        numbered = [
            replace(intent, number=number)
            for number, intent in enumerate(intents, first)
        ]
        with self.transaction():
            self._check_run(run)
            for intent in numbered:
                self._put("journal", intent.number, Line(run=run, intent=intent))
        return numbered

    def settle_intent(
        self,
        number: int,
        state: IntentState,
        *,
        casemgr: Key | None = None,
        detail: str = "",
    ) -> None:
        """Record what became of an intent. No such intent: `InvariantBroken`."""
        entry = self._table("journal").get(number)
        if entry is None:
            raise InvariantBroken(f"there is no intent {number} to settle")
        self._put(
            "journal",
            number,
            replace(
                entry,
                state=state,
                detail=detail or entry.detail,
                intent=replace(entry.intent, casemgr=casemgr or entry.intent.casemgr),
            ),
        )

    def completed(self, keys: Sequence[Key]) -> set[Key]:
        asked = set(keys)
        return {
            line.intent.casemgr
            for line in self._table("journal").values()
            if line.intent.kind is WriteKind.COMPLETE
            and line.intent.casemgr in asked
            and line.state not in HAD_NO_EFFECT
        }

    def entries(self, run: int) -> list[Entry]:
        rows = sorted(self._table("journal").items())
        return [
            Entry(intent=by_field(line.intent), state=line.state)
            for _, line in rows
            if line.run == run
        ]

    def open_intents(self) -> list[Intent]:
        rows = sorted(self._table("journal").items())
        return [
            replace(entry.intent, images=())
            for _, entry in rows
            if entry.state in UNSETTLED
        ]

    def journal(self, key: Key | None, run: int | None) -> Iterator[Mapping[str, str]]:
        """Give journal entries for a person, oldest first."""
        for _, entry in sorted(self._table("journal").items()):
            sides = (entry.intent.kore, entry.intent.casemgr)
            if (key is None or key in sides) and run in (None, entry.run):
                yield as_text(entry)
