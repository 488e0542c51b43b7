"""What is there in the end: missing, different, or listed with the reason for it."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from support.pairs import Pairs
from support.twins import ENDED, Twin, twins_of

if TYPE_CHECKING:
    from support.chronicle import Chronicle
    from support.oracle import Oracle

SOON_MS: Final = 600_000
"""A due date nearer than this cannot be written to casemgr."""
EMPTY: Final[tuple[Any, ...]] = (None, (), "")
OF_THE_END: Final = (
    "activity-held",
    "cascade-close",
    "emptied-close",
    "case-reopened",
    "foreign-open",
    "stays-open",
    "task-reopened",
    "would-close-case",
)
"""Reasons that are about a record's end alone: its other fields still flow."""
OF_THE_RECORD: Final = (
    *OF_THE_END,
    "both-changed",
    "case-closed",
    "case-overdue",
    "emptied",
    "frozen-field",
    "not-agreed",
    "write-once",
)
"""Reasons that hold nothing back but the record itself, not what is in the case."""


class Remains:
    """Compares what both systems hold.

    Args:
        listed: what is held back or in conflict, by key.
    """

    def __init__(
        self, oracle: "Oracle", pairs: Pairs, listed: Mapping[str, str]
    ) -> None:
        self._oracle, self._pairs, self._listed = oracle, pairs, listed
        self._tale: Chronicle = oracle.tale

    def differences(self) -> list[str]:
        """Give what is missing or different, and nobody listed."""
        found: list[str] = []
        for key in self._tale.all_keys():
            other = self._pairs.of(key)
            if other is None:
                if self._is_to_be_carried(key) and not self._is_listed(key):
                    found.append(f"{key} has no counterpart")
            elif self._oracle.lost and not self._tale.now(key).get("active", True):
                continue  # hidden: a new state cannot know that it differs
            elif key.startswith("kore:"):
                found += self._compare(key, other)
        return found

    def _compare(self, key: str, other: str) -> Iterator[str]:
        try:
            kore, casemgr = self._tale.now(key), self._tale.now(other)
        except KeyError:
            yield f"the counterpart of {key} is gone"
            return
        tables = self._oracle.tables
        if not casemgr["ended"]:  # else it cannot follow a changed mapping
            tables = tables[-1:]
        for twin in twins_of(key):
            mine, theirs = kore[twin.kore], casemgr[twin.casemgr]
            if twin.same(mine, theirs, tables) or self._is_overdue(twin, mine):
                continue
            if self._is_said(key, other, twin, mine, theirs):
                continue
            yield f"{key} {twin.kore}={mine!r}, {other} {twin.casemgr}={theirs!r}"
        if key.startswith("kore:ti-"):
            yield from self._compare_name(key, other)

    def _compare_name(self, key: str, other: str) -> Iterator[str]:
        name, casemgr = self._tale.now(key)["name"], self._tale.now(other)
        is_told = name == casemgr["subject"] or name in casemgr["notes"]
        is_told |= self._oracle.is_forgotten(key, "name")
        if not is_told and not self._is_listed(key) and not self._is_listed(other):
            yield f"{key} is called {name!r}, and {other} does not say so"

    def _is_said(
        self, key: str, other: str, twin: Twin, mine: Any, theirs: Any
    ) -> bool:
        if twin is ENDED and theirs and self._is_in_ended_case(self._tale.now(key)):
            return True
        is_listed = self._is_listed_of(key, other, twin, mine, theirs)
        return is_listed or self._oracle.is_told(key, twin, other)

    def _is_listed_of(
        self, key: str, other: str, twin: Twin, mine: Any, theirs: Any
    ) -> bool:
        """Tell whether a reason is listed why one field differs."""
        for code in filter(None, map(self._reason, (key, other))):
            if code == "emptied":
                if mine in EMPTY or theirs in EMPTY:
                    return True
            elif code in OF_THE_END:
                if twin is ENDED:
                    return True
            else:  # of several reasons only the first is listed: that of its contents
                return True
        return False

    def _is_listed(self, key: str) -> bool:
        return bool(self._reason(key))

    def _reason(self, key: str) -> str:
        """Give why a record is held back: of its own, or with its case."""
        code = self._listed.get(key, "")
        if code or key not in self._tale.all_keys():
            return code
        home = self._tale.now(key).get("case", "")
        for each in (home, self._pairs.of(home) or ""):
            code = self._listed.get(each, "")
            if code and code not in OF_THE_RECORD:
                return code
        return ""

    def _is_in_ended_case(self, task: Mapping[str, Any]) -> bool:
        home = task["case"]
        return bool(home and self._tale.now(home)["ended"])

    def _is_overdue(self, twin: Twin, due: int | None) -> bool:
        now = self._tale.box.now_ms("casemgr")
        return twin.kore == "due" and due is not None and due < now + SOON_MS

    def _is_to_be_carried(self, key: str) -> bool:
        fields = self._tale.now(key)
        if key.startswith("kore:"):
            home = fields["case"]
            return bool(
                fields["active"] and (not home or self._tale.now(home)["active"])
            )
        if fields.get("kind", "task") != "task":
            return False
        return not any(name.startswith("o.") for name in fields["keys"])
