# ruff: noqa: S608 - only our own lists of columns are put into statements
"""Links: which Kore record is which casemgr record."""

from collections.abc import Iterator, Sequence

from caseferry.adapters.sqlite.codec import LINK, link_row, role_name, to_link, to_role
from caseferry.adapters.sqlite.connection import Connection, key_list
from caseferry.errors import InvariantBroken
from caseferry.model.link import Link, Retired
from caseferry.model.record import Key

_SAVE = f"""
    INSERT OR REPLACE INTO link ({LINK}, kore_case)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# A task belongs to the case it was last seen in, else to the one it was linked under.
_OWNED = f"""
    WITH wanted AS (SELECT value AS kore_case FROM json_each(?)),
    candidate AS (
        SELECT casemgr FROM link WHERE kore_case IN wanted
        UNION SELECT link.casemgr FROM record JOIN link ON link.kore = record.key
        WHERE record.parent IN wanted AND link.role = 'task'
    )
    SELECT {LINK}, CASE role WHEN 'task' THEN coalesce(
        (SELECT parent FROM record WHERE key = link.kore), kore_case
    ) ELSE kore_case END AS owner
    FROM link WHERE casemgr IN candidate AND owner IN wanted
    ORDER BY kore, role, generation
"""
_BY_EITHER = f"""
    SELECT {LINK} FROM link WHERE casemgr = ?
    UNION ALL SELECT * FROM (
        SELECT {LINK} FROM link WHERE kore = ? AND role IN ('case', 'task')
        ORDER BY generation DESC LIMIT 1)
    LIMIT 1
"""
# CROSS JOIN keeps the order: few records changed, and every link would be looked at.
_TOUCHED = """
    SELECT DISTINCT link.kore_case
    FROM record CROSS JOIN link ON link.casemgr = record.key
    WHERE record.changed >= ? ORDER BY 1
"""
_ALL = f"""
    SELECT {LINK} FROM link WHERE (kore, role, generation) > (?, ?, ?)
    ORDER BY kore, role, generation LIMIT ?
"""


# Whatever stands in the way changes nothing, and is named by `_check_free`.
_SAVE_FREE = f"""
    INSERT INTO link ({LINK}, kore_case) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (casemgr) DO UPDATE SET
        generation = excluded.generation, kore_case = excluded.kore_case,
        finished = excluded.finished, kore_base = excluded.kore_base,
        casemgr_base = excluded.casemgr_base, source_print = excluded.source_print,
        mapping = excluded.mapping, tombstone = excluded.tombstone,
        made_in = excluded.made_in
    WHERE link.kore = excluded.kore AND link.role = excluded.role
        AND link.generation = excluded.generation
    ON CONFLICT DO NOTHING
"""


_RETIRED = """
    WITH wanted AS (SELECT value AS key FROM json_each(?))
    SELECT target, source, role, generation FROM retired
    WHERE target IN wanted OR source IN wanted ORDER BY target
"""


class Links(Connection):
    """The tables `link` and `retired`."""

    def links_of(self, cases: Sequence[Key]) -> dict[Key, list[Link]]:
        """Give the links of Kore cases, of their tasks as last seen, and openers.

        Shape: by the case's key; a case without links is left out; links by Kore key,
        role and generation.
        """
        found: dict[Key, list[Link]] = {}
        for *row, owner in self._all(_OWNED, key_list(cases)):
            found.setdefault(Key(owner), []).append(to_link(tuple(row)))
        return found

    def link(self, key: Key) -> Link | None:
        """Find a link by either side's key; an opener only by its casemgr key."""
        row = self._one(_BY_EITHER, key, key)
        return None if row is None else to_link(row)

    def links(self) -> Iterator[Link]:
        """Give all links, by Kore key, role and generation; lazy."""
        return map(to_link, self._walk(_ALL, (), ("", "", -1)))

    def touched_cases(self, since_run: int) -> list[Key]:
        """Give the Kore cases with a counterpart that changed since this run."""
        return [Key(key) for (key,) in self._all(_TOUCHED, since_run)]

    def count_links(self) -> int:
        """Count the links of cases and tasks; no tombstones."""
        ((count,),) = self._all(
            "SELECT count(*) FROM link WHERE NOT tombstone AND role <> 'opener'"
        )
        return int(count)

    def links_to(self, keys: Sequence[Key]) -> dict[Key, Link]:
        """Give links by their casemgr key, of any role."""
        sql = (
            f"SELECT {LINK} FROM link WHERE casemgr IN (SELECT value FROM json_each(?))"
        )
        links = map(to_link, self._all(sql, key_list(keys)))
        return {link.casemgr: link for link in links}

    def unfinished_cases(self) -> list[Key]:
        """Give the Kore cases that have a link whose creation is not finished."""
        rows = self._all(
            "SELECT DISTINCT kore_case FROM link WHERE NOT finished AND NOT tombstone"
            " ORDER BY kore_case"
        )
        return [Key(row[0]) for row in rows]

    def save_link(self, link: Link, case: Key) -> None:
        """Insert or replace a link of this Kore case.

        A tombstone of the same Kore record, role and generation makes room.

        Raises:
            InvariantBroken: the casemgr record is linked to another Kore record, or
                this role of the Kore record to another casemgr record; nothing is
                changed.
        """
        row = (*link_row(link), case)
        with self._joined():
            if not self._write(_SAVE_FREE, *row):  # a tombstone, or somebody else's
                self._check_free(link)
                self._write(_SAVE, *row)

    def _check_free(self, link: Link) -> None:
        taken = self._one("SELECT kore FROM link WHERE casemgr = ?", link.casemgr)
        if taken is not None and taken[0] != link.kore:
            raise InvariantBroken(
                f"{link.casemgr} is linked to {taken[0]}, so not to {link.kore}",
                key=link.casemgr,
            )
        twin = self._one(
            "SELECT casemgr FROM link WHERE kore = ? AND role = ? AND generation = ?"
            " AND NOT tombstone",
            link.kore,
            role_name(link.role),
            link.generation,
        )
        if twin is not None and twin[0] != link.casemgr:
            raise InvariantBroken(
                f"{link.kore} is linked to {twin[0]}, so not to {link.casemgr}",
                key=link.kore,
            )

    def delete_link(self, casemgr: Key) -> None:
        """Forget a link; fine when there is none."""
        self._write("DELETE FROM link WHERE casemgr = ?", casemgr)

    def retired(self, keys: Sequence[Key]) -> list[Retired]:
        """Give what was taken back of these targets or sources, by target."""
        return [
            Retired(
                target=Key(target),
                source=Key(source),
                role=to_role(role),
                generation=generation,
            )
            for target, source, role, generation in self._all(_RETIRED, key_list(keys))
        ]

    def save_retired(self, retired: Retired) -> None:
        """Remember that a record was taken back; a second time changes nothing."""
        self._write(
            "INSERT OR IGNORE INTO retired (target, source, role, generation)"
            " VALUES (?, ?, ?, ?)",
            retired.target,
            retired.source,
            role_name(retired.role),
            retired.generation,
        )

    def delete_retired(self, target: Key) -> None:
        """Take it for a counterpart again; fine when it was never taken back."""
        self._write("DELETE FROM retired WHERE target = ?", target)
