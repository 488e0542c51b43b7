# ruff: noqa: S608 - only our own words are put into statements
"""What reading commands ask for beyond the port: runs, counts, keys as people type."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from caseferry.adapters.sqlite.codec import to_role
from caseferry.adapters.sqlite.connection import Connection, Row
from caseferry.model.correlation import Role
from caseferry.model.link import IntentState
from caseferry.model.record import Key, System

MOST_CANDIDATES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEntry:
    """One run as it was recorded.

    Attributes:
        number: from 1.
        started, ended: UTC; `ended` and `exit_code` are None while it goes on, and
            for ever when it was killed.
    """

    number: int
    command: str
    started: str
    ended: str | None
    exit_code: int | None
    inputs: Mapping[str, str]
    summary: Mapping[str, object]


_RUN = "SELECT number, command, started, ended, exit_code, inputs, summary FROM run"
_PRINTS = """
    SELECT key, fingerprint FROM record WHERE system = ? AND run >= ? ORDER BY key
"""
_LAST_OF = f"""
    {_RUN} WHERE command IN (SELECT value FROM json_each(?1))
    AND json_extract(inputs, '$.dry_run') IS NULL
    AND (NOT ?2 OR exit_code IN (0, 3, 4)) ORDER BY number DESC LIMIT 1
"""
_EXACT = """
    SELECT key FROM record WHERE key = ?1
    UNION SELECT key FROM record WHERE ref_id = ?1 AND ref_id <> ''
    UNION SELECT kore FROM link WHERE kore = ?1
    UNION SELECT casemgr FROM link WHERE casemgr = ?1
    ORDER BY 1 LIMIT ?2
"""
_ENDING = """
    SELECT key FROM record WHERE lower(substr(key, ?2)) = ?1
    UNION SELECT key FROM record WHERE ref_id <> '' AND lower(substr(ref_id, ?2)) = ?1
    UNION SELECT kore FROM link WHERE lower(substr(kore, ?2)) = ?1
    UNION SELECT casemgr FROM link WHERE lower(substr(casemgr, ?2)) = ?1
    ORDER BY 1 LIMIT ?3
"""


class Queries(Connection):
    """Reading only."""

    def runs(self, limit: int = 20) -> list[RunEntry]:
        """Give the latest runs, newest first."""
        rows = self._all(f"{_RUN} ORDER BY number DESC LIMIT ?", limit)
        return [_to_run(row) for row in rows]

    def run(self, number: int) -> RunEntry | None:
        """Give one run; None when there is none of this number."""
        row = self._one(f"{_RUN} WHERE number = ?", number)
        return None if row is None else _to_run(row)

    def last_run(self) -> RunEntry | None:
        """Give the run that started last; None before the first."""
        return next(iter(self.runs(1)), None)

    def observations_print(self, system: System, since_run: int) -> str:
        """Hash every record of a system seen in this run or later; "" when none was."""
        rows = self._stream(_PRINTS, system.value, since_run)
        total = blake2b(digest_size=16)
        count = 0
        for key, print_ in rows:
            total.update(f"{key} {print_}\n".encode())
            count += 1
        return total.hexdigest() if count else ""

    def last_of(self, commands: Sequence[str], *, succeeded: bool) -> RunEntry | None:
        """Give the last run of one of these commands that was no dry run.

        Args:
            commands: as in `RunEntry`.
            succeeded: only one that went through: exit code 0, 3 or 4.
        """
        row = self._one(_LAST_OF, json.dumps(list(commands)), succeeded)
        return None if row is None else _to_run(row)

    def link_counts(self) -> dict[tuple[Role, bool], int]:
        """Count links by role and whether creation was finished; no tombstones."""
        rows = self._all(
            "SELECT role, finished, count(*) FROM link WHERE NOT tombstone"
            " GROUP BY role, finished ORDER BY role, finished"
        )
        return {(to_role(role), bool(done)): count for role, done, count in rows}

    def tombstone_counts(self) -> dict[Role, int]:
        """Count tombstones by role."""
        rows = self._all(
            "SELECT role, count(*) FROM link WHERE tombstone GROUP BY role"
        )
        return {to_role(role): count for role, count in rows}

    def intent_counts(self) -> dict[IntentState, int]:
        """Count the intents that are open and in doubt; a state without any is 0."""
        found: dict[str, int] = dict(
            self._all(
                "SELECT state, count(*) FROM journal"
                " WHERE state IN ('open', 'in_doubt') GROUP BY state"
            )
        )
        return {
            state: found.get(state.value, 0)
            for state in (IntentState.OPEN, IntentState.IN_DOUBT)
        }

    def resolve_key(self, text: str) -> list[Key]:
        """Give the records that a person may mean, without regard to case.

        An exact key or number (`CS004711`) wins; else any end of either counts.

        Returns:
            None, one, or several candidates; at most `MOST_CANDIDATES`, by key.
        """
        wanted = text.strip()
        if not wanted:
            return []
        rows = self._all(_EXACT, wanted, MOST_CANDIDATES) or self._all(
            _ENDING, wanted.lower(), -len(wanted), MOST_CANDIDATES
        )
        return [Key(key) for (key,) in rows]


def _to_run(row: Row) -> RunEntry:
    number, command, started, ended, exit_code, inputs, summary = row
    return RunEntry(
        number=number,
        command=command,
        started=started,
        ended=ended,
        exit_code=exit_code,
        inputs=json.loads(inputs),
        summary=json.loads(summary),
    )
