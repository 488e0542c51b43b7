"""A run that ended early: what its receipts tell."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from caseferry.cli.migrate_report import AnyMigration, Figures, Story
from caseferry.cli.result import ExitCode, Result, error_entries, error_lines
from caseferry.cli.running import Begun
from caseferry.engine.tally import Tally
from caseferry.errors import CaseferryError
from caseferry.model.correlation import Role
from caseferry.model.link import IntentState
from caseferry.reconcile.guard import GuardFigure
from caseferry.report.text import plural, wrapped

_KINDS: Final = {
    ("create", "task"): ("task", "create"),
    ("create", "opener"): ("opener", "create"),
    ("edit_task", "task"): ("task", "update"),
    ("edit_case", "case"): ("case", "update"),
    ("complete", "task"): ("task", "complete"),
    ("complete", "opener"): ("opener", "complete"),
    ("close", "case"): ("case", "close"),
    ("note", "task"): ("task", "note"),
    ("note", "case"): ("case", "note"),
}


class CutShort:
    """Tells what was done, what is pending, and what the next run does by itself."""

    def __init__(self, this: Begun, story: Story) -> None:
        """Take the run at its beginning, to see later what came into being."""
        self._this = this
        self._story = story
        self._links_before = self._case_links()
        self.planned("", ())

    def planned(self, digest: str, guards: Sequence[GuardFigure]) -> None:
        """Take what there is of a plan, to be kept with the run."""
        self._digest, self._guards = digest, guards

    def result(self, migration: AnyMigration, error: CaseferryError) -> Result:
        """Give the result of a run that ended with this error."""
        writes = Counter(
            (entry["kind"], entry["role"], entry["state"])
            for entry in self._this.run.store.journal(None, self._this.number)
        )
        return Result(
            data=self._data(migration, writes),
            lines=[*self._lines(writes), *error_lines(error)],
            errors=error_entries(error),
            exit_code=ExitCode(error.exit_code),
            run=self._this.number,
        )

    def _data(
        self, migration: AnyMigration, writes: Counter[tuple[str, str, str]]
    ) -> dict[str, Any]:
        tally = Tally()
        for (kind, role, state), count in writes.items():
            if state == IntentState.DONE:
                tally.actions[_KINDS.get((kind, role), (role, kind))] += count
        links = self._case_links()
        tally.actions["case", "create"] = max(0, links - self._links_before)
        figures = Figures(
            tally=tally,
            migration=migration,
            direction=self._story.direction,
            digest=self._digest,
            guards=self._guards,
            is_partial=True,
        )
        left = {"case": max(0, migration.extracted.cases - links), "task": 0}
        return self._story.data(figures) | {"balances": None, "left": left}

    def _lines(self, writes: Counter[tuple[str, str, str]]) -> list[str]:
        states: Counter[str] = Counter()
        for (_, _, state), count in writes.items():
            states[state] += count
        done = plural(states[IntentState.DONE], "write")
        doubt = states[IntentState.IN_DOUBT] + states[IntentState.OPEN]
        text = f"Run {self._this.number} ended early. {done} carried out and recorded"
        text += f"; {plural(doubt, 'write')} in doubt. " if doubt else ". "
        text += "The next run "
        text += "settles what is in doubt first, " if doubt else ""
        text += "goes on where this one was, and does nothing twice."
        return wrapped(text)

    def _case_links(self) -> int:
        counts = self._this.run.store.link_counts()
        return counts.get((Role.CASE, True), 0) + counts.get((Role.CASE, False), 0)
