# ruff: noqa: S608 - only our own words are put into statements
"""Forgetting: contents go, identity stays, so that nothing is ever created again."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from caseferry.adapters.sqlite.connection import Connection, key_list
from caseferry.adapters.sqlite.contacts import Contacts
from caseferry.errors import Locked
from caseferry.model.record import Key
from caseferry.reconcile.made_due import MADE_DUE
from caseferry.reconcile.merge import FINISHED

_SAME = """
    WITH own AS (SELECT coalesce((SELECT kore FROM link WHERE casemgr = ?1), ?1) AS key)
    SELECT ?1 UNION SELECT key FROM own
    UNION SELECT casemgr FROM link WHERE kore IN own
"""
_AMONG = "IN (SELECT value FROM json_each(?))"
_HELD = f"SELECT fields FROM content WHERE key {_AMONG}"
_LOOK_UPS = "SELECT attribute, value, customers FROM customer"
_FORGET_LOOK_UP = "DELETE FROM customer WHERE attribute = ? AND value = ?"


def _base(fields: str) -> str:
    return f"json_object('absent', json_array(), 'fields', {fields})"


def _only(side: str, *names: str) -> str:
    """Give a base's fields without its contents; a patch with null leaves one out."""
    values = [
        f"'{name}', json_extract({side}, '$.fields.\"{name}\"')" for name in names
    ]
    return f"json_patch('{{}}', json_object({', '.join(values)}))"


# Of what both agreed on only this stays: that it was something, and nobody knows what.
# Then what differs is for a person, but for what an activity takes only once: Kore's
# change of it was perhaps told, and nothing is told twice. Whether a record had ended
# is kept: what somebody ends afterwards would be opened again. So is the due date that
# only we made up: it would be carried as somebody's.
_UNKNOWN = """(
    SELECT json_group_object(name, '') FROM (
        SELECT key AS name FROM json_each(casemgr_base, '$.fields')
        UNION SELECT value FROM json_each(casemgr_base, '$.absent')
    ) WHERE name <> 'status' AND name NOT LIKE '~%'
    AND NOT (role = 'task' AND name IN ('subject', 'content.text')))
"""
_FORGOTTEN = f"json_patch({_UNKNOWN}, {_only('casemgr_base', 'status')})"
_FORGET_BASES = f"""
    UPDATE link SET kore_base = {_base(_only("kore_base", FINISHED, MADE_DUE))},
        casemgr_base = {_base(_FORGOTTEN)}, source_print = ''
    WHERE casemgr {_AMONG}
"""
_SAME_KEYS = "IN (SELECT value FROM json_each(?1))"
_FORGET_IMAGES = f"""
    DELETE FROM image WHERE intent IN (
        SELECT number FROM journal WHERE kore {_SAME_KEYS}
        UNION SELECT number FROM journal WHERE casemgr {_SAME_KEYS})
"""
_FORGET = (
    _FORGET_BASES,
    f"DELETE FROM content WHERE key {_AMONG}",
    f"DELETE FROM record WHERE key {_AMONG}",
    f"UPDATE journal SET detail = '' WHERE kore {_AMONG}",
    f"UPDATE journal SET detail = '' WHERE casemgr {_AMONG}",
    f"UPDATE hold SET reason = '' WHERE key {_AMONG}",
    _FORGET_IMAGES,
)
_OLD = """
    SELECT number FROM run WHERE started < ?1 AND ended IS NOT NULL
    AND number < (SELECT max(number) FROM run)
"""
_PURGE_JOURNAL = """
    UPDATE journal SET detail = ''
    WHERE at < ?1 AND detail <> '' AND state NOT IN ('open', 'in_doubt')
"""
_PURGE_RUNS = f"""
    UPDATE run SET inputs = '{{}}', summary = '{{}}'
    WHERE number IN ({_OLD}) AND (inputs <> '{{}}' OR summary <> '{{}}')
"""
_PURGE_IMAGES = f"""
    DELETE FROM image WHERE intent IN (
        SELECT number FROM journal
        WHERE run IN ({_OLD}) AND state NOT IN ('open', 'in_doubt'))
"""
_LATEST_OLD = f"SELECT max(run) FROM record WHERE run IN ({_OLD})"
# Read whole in that run or an earlier one: what goes is still held by a system.
_DOUBT_WHAT_WAS_READ = """
    DELETE FROM fact WHERE name >= 'full.' AND name < 'full/' AND EXISTS (
        SELECT 1 FROM fact WHERE name >= 'full.' AND name < 'full/'
        AND CAST(value AS INTEGER) <= ?)
"""
_ANY_RUN: Final = 2**62
_PURGE_CONTENT = f"""
    DELETE FROM content WHERE key IN (SELECT key FROM record WHERE run IN ({_OLD}))
"""
_PURGE_RECORDS = f"DELETE FROM record WHERE run IN ({_OLD})"

KEPT_RUNS: Final = 1000
_PRUNE_EVERY: Final = 100  # runs: looking at all records and runs costs time
_PRUNED_AT: Final = "runs.pruned_at"
_IS_DUE = """
    SELECT number FROM run WHERE number >= ?1 + coalesce(
        (SELECT CAST(value AS INTEGER) FROM fact WHERE name = ?2), 0)
    ORDER BY number DESC LIMIT 1
"""
_NOTE_PRUNED = "INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)"
# Runs that anything refers to stay, and the last of each command that went through.
_PRUNE = """
    DELETE FROM run WHERE number <= ?1
    AND NOT EXISTS (SELECT 1 FROM journal WHERE journal.run = run.number)
    AND number NOT IN (SELECT run FROM record)
    AND number NOT IN (SELECT run FROM hold)
    AND number NOT IN (
        SELECT max(number) FROM run WHERE exit_code IN (0, 3, 4) GROUP BY command)
"""
_NOT_WIPED: Final = "state.not_wiped"
_NOTE_NOT_WIPED = "INSERT OR REPLACE INTO fact (name, value) VALUES (?, '')"
_IS_NOT_WIPED = "SELECT 1 FROM fact WHERE name = ?"
_NOTE_WIPED = "DELETE FROM fact WHERE name = ?"
_log = logging.getLogger("caseferry.state")


class Retention(Connection):
    """Removes contents from every table."""

    def forget(self, key: Key) -> bool:
        """Remove what is kept of one record and of its counterparts.

        Gone are its fields, what writes found and left in them, the bases of its links,
        journal details, a hold's reason, and remembered look-ups of its customer,
        however they were spelled; they are also overwritten in the file. Links, whether
        both sides had ended, correlation keys and the order of events stay. `record`
        gives None until the next run, which reads everything whole, reads it again;
        what differs by then is a conflict.

        Returns:
            Whether anything was known about this key.

        Raises:
            Locked: `state-read`, forgotten it is, but until somebody has read to the
                end what is forgotten stands in the file.
        """
        keys = key_list(row[0] for row in self._all(_SAME, key))
        with self._wiping():
            self._forget_look_ups(keys)
            counts = [self._write(sql, keys) for sql in _FORGET]
            if any(counts):
                self._write(_DOUBT_WHAT_WAS_READ, _ANY_RUN)
        if not self._empty_log():
            raise Locked(
                f"it is forgotten, but something else reads the state {self.path} just"
                " now, and its contents stand in the file until that has ended",
                code="state-read",
                hint="close what else has the file open, then run"
                f" `caseferry forget {key}`; the next run removes them as well",
                path=str(self.path),
            )
        return any(counts)

    def _forget_look_ups(self, keys: str) -> None:
        """Forget by what, and as whom, the customers of records were looked up."""
        held = [json.loads(fields) for (fields,) in self._all(_HELD, keys)]
        values = [value for fields in held for value in fields.values()]
        contacts = Contacts(v if isinstance(v, str) else ", ".join(v) for v in values)
        known = [
            (attribute, value, frozenset(json.loads(customers)))
            for attribute, value, customers in self._stream(_LOOK_UPS)
        ]
        people = {fields["customer"] for fields in held if "customer" in fields}
        for _, value, customers in known:
            if contacts.have(value):
                people |= customers
        self._write_many(
            _FORGET_LOOK_UP,
            [
                (attribute, value)
                for attribute, value, customers in known
                if customers & people or contacts.have(value)
            ],
        )

    def purge(self, before: str) -> int:
        """Remove contents of finished runs: journal details, images, records, inputs.

        The last run, links with their bases, and what is unsettled stay. Where a
        record goes that a system still holds, the next sync reads everything whole.

        Args:
            before: UTC; what began earlier goes.

        Returns:
            How many journal entries, runs and records lost their contents.
        """
        count = 0
        # all records would be looked at
        if self._one(f"SELECT 1 WHERE EXISTS ({_OLD})", before) is not None:
            with self._wiping():
                count += self._write(_PURGE_JOURNAL, before)
                count += self._write(_PURGE_RUNS, before)
                self._write(_PURGE_IMAGES, before)
                count += self._purge_records(before)
        if not self._empty_log():
            _log.warning(_NOT_WIPED, extra={"path": str(self.path)})
        return count

    def _purge_records(self, before: str) -> int:
        ((latest,),) = self._all(_LATEST_OLD, before)
        if latest is None:
            return 0
        self._write(_DOUBT_WHAT_WAS_READ, latest)
        self._write(_PURGE_CONTENT, before)
        return self._write(_PURGE_RECORDS, before)

    def prune(self, keep: int = KEPT_RUNS) -> int:
        """Remove runs that wrote nothing, so that a schedule does not fill the state.

        Looks only once every hundred runs.

        Args:
            keep: so many of the latest runs stay, whatever they did.

        Returns:
            How many runs were removed.
        """
        row = self._one(_IS_DUE, _PRUNE_EVERY, _PRUNED_AT)
        if row is None:
            return 0
        with self.transaction():
            self._write(_NOTE_PRUNED, _PRUNED_AT, str(row[0]))
            return self._write(_PRUNE, row[0] - keep)

    @contextmanager
    def _wiping(self) -> Iterator[None]:
        """Group writes, after which the log is to be emptied.

        What they remove is overwritten in the file only then, and stands in the log.
        """
        before = self._conn.total_changes
        with self.transaction():
            yield
            if self._conn.total_changes > before:
                self._write(_NOTE_NOT_WIPED, _NOT_WIPED)

    def _empty_log(self) -> bool:
        """Empty the log where something was removed, now or in an earlier run.

        Returns:
            False where somebody still reads what was there before.
        """
        if self._one(_IS_NOT_WIPED, _NOT_WIPED) is None:
            return True
        ((busy, *_),) = self._all("PRAGMA wal_checkpoint(TRUNCATE)")
        if busy:
            return False
        self._write(_NOTE_WIPED, _NOT_WIPED)
        return True
