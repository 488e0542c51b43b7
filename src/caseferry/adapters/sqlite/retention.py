"""Forgetting: contents go, identity stays, so that nothing is ever created again."""

from caseferry.adapters.sqlite.connection import Connection, key_list
from caseferry.model.record import Key

_NO_BASE = '{"absent":[],"fields":{}}'
_SAME = """
    SELECT ?1 UNION SELECT kore FROM link WHERE casemgr = ?1
    UNION SELECT casemgr FROM link WHERE kore = ?1
"""
_CUSTOMERS = """
    DELETE FROM customer WHERE EXISTS (
        SELECT 1 FROM record, json_each(record.fields) AS field
        WHERE record.key IN (SELECT value FROM json_each(?)) AND (
            field.key LIKE 'userInfo.%' AND lower(field.value) = lower(customer.value)
            OR field.key = 'customer' AND field.value IN (
                SELECT value FROM json_each(customer.customers))))
"""
_AMONG = "IN (SELECT value FROM json_each(?))"
_FORGET = (
    _CUSTOMERS,
    f"DELETE FROM record WHERE key {_AMONG}",
    f"UPDATE link SET kore_base = '{_NO_BASE}', casemgr_base = '{_NO_BASE}',"
    f" source_print = '' WHERE casemgr {_AMONG}",
    f"UPDATE journal SET detail = '' WHERE kore {_AMONG}",
    f"UPDATE journal SET detail = '' WHERE casemgr {_AMONG}",
    f"UPDATE hold SET reason = '' WHERE key {_AMONG}",
)
_PURGE = (
    "UPDATE journal SET detail = '' WHERE at < ?1 AND detail <> ''"
    " AND state NOT IN ('open', 'in_doubt')",
    "DELETE FROM record WHERE run IN (SELECT number FROM run WHERE started < ?1"
    " AND ended IS NOT NULL AND number < (SELECT max(number) FROM run))",
    "UPDATE run SET inputs = '{}', summary = '{}' WHERE started < ?1"
    " AND ended IS NOT NULL AND (inputs <> '{}' OR summary <> '{}')",
)


class Retention(Connection):
    """Removes contents from every table."""

    def forget(self, key: Key) -> bool:
        """Remove what is kept of one record and of its counterparts.

        Gone are its fields, the bases of its links, journal details, a hold's reason,
        and remembered look-ups of its customer; also from the free pages of the file.
        Links, correlation keys and the order of events stay. `record` gives None until
        the next run reads it again; its fields then count as never agreed on.

        Returns:
            Whether anything is known about this key.
        """
        keys = [row[0] for row in self._all(_SAME, key)]
        packed = key_list(keys)
        self._wipe(True)
        try:
            with self.transaction():
                known = any([self._write(sql, packed) for sql in _FORGET])
        finally:
            self._wipe(False)
        self._all("PRAGMA wal_checkpoint(TRUNCATE)")
        return known

    def purge(self, before: str) -> int:
        """Remove contents of finished runs: journal details, records last seen, inputs.

        The last run, links with their bases, and unsettled intents stay.

        Args:
            before: UTC; what began or happened earlier goes.

        Returns:
            How many rows lost their contents.
        """
        self._wipe(True)
        try:
            with self.transaction():
                count = sum(self._write(sql, before) for sql in _PURGE)
        finally:
            self._wipe(False)
        self._all("PRAGMA wal_checkpoint(TRUNCATE)")
        return count

    def _wipe(self, on: bool) -> None:  # noqa: FBT001 - a switch
        """Overwrite deleted contents with zeros, or not: it costs writes."""
        self._all(f"PRAGMA secure_delete = {'ON' if on else 'OFF'}")
