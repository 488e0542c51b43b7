# ruff: noqa: S608 - only our own words are put into statements
"""What is held, for people: grouped by cause, each pair once, with its numbers."""

from dataclasses import dataclass

from caseferry.adapters.sqlite.connection import Connection
from caseferry.model.link import HoldKind
from caseferry.model.record import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldGroup:
    """Holds that share their cause; `example` is the first of their keys.

    Two-way sync may hold a pair under either of its keys, or both: it counts once.
    """

    kind: HoldKind
    code: str
    reason: str
    count: int
    example: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRecord:
    """One held record as people know it.

    Attributes:
        key: under which it is held.
        counterpart: None where it has none.
        number: what people see of it in Kore, or "".
        since: when the run began that found this cause first, UTC.
    """

    key: Key
    counterpart: Key | None
    number: str
    since: str


_PAIR = """
    hold LEFT JOIN link ON link.role <> 'opener'
    AND (link.casemgr = hold.key OR link.kore = hold.key)
"""
_OF_PAIR = "DISTINCT COALESCE(link.kore, hold.key)"
_RECORDS = f"""
    SELECT hold.key, iif(link.kore = hold.key, link.casemgr, link.kore),
    COALESCE(record.ref_id, ''), run.started FROM {_PAIR}
    JOIN run ON run.number = hold.run
    LEFT JOIN record ON record.key = COALESCE(link.kore, hold.key)
"""


class Held(Connection):
    """Reading only."""

    def hold_groups(self) -> list[HoldGroup]:
        """Group the holds by cause, the most frequent first."""
        rows = self._all(
            f"SELECT kind, code, reason, count({_OF_PAIR}), min(hold.key) FROM {_PAIR}"
            " GROUP BY kind, code, reason ORDER BY 4 DESC, 1, 2, 3"
        )
        return [
            HoldGroup(
                kind=HoldKind(kind),
                code=code,
                reason=reason,
                count=count,
                example=Key(example),
            )
            for kind, code, reason, count, example in rows
        ]

    def hold_counts(self) -> dict[HoldKind, int]:
        """Count what is held by kind, each pair once."""
        rows = self._all(
            f"SELECT kind, count({_OF_PAIR}) FROM {_PAIR} GROUP BY kind ORDER BY kind"
        )
        return {HoldKind(kind): count for kind, count in rows}

    def held_in(self, group: HoldGroup, limit: int) -> list[HeldRecord]:
        """Give the first records of a group, by key."""
        rows = self._all(
            f"{_RECORDS} WHERE hold.kind = ? AND hold.code = ? AND hold.reason = ?"
            " ORDER BY hold.key LIMIT ?",
            group.kind.value,
            group.code,
            group.reason,
            limit,
        )
        return [_to_record(*row) for row in rows]

    def held_as(self, key: Key) -> HeldRecord | None:
        """Give one held record; None where it is not held."""
        row = self._one(f"{_RECORDS} WHERE hold.key = ?", key)
        return None if row is None else _to_record(*row)


def _to_record(key: str, other: str | None, number: str, since: str) -> HeldRecord:
    return HeldRecord(
        key=Key(key),
        counterpart=None if other is None else Key(other),
        number=number,
        since=since,
    )
