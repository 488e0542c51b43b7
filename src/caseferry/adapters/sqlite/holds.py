# ruff: noqa: S608 - only our own lists of columns are put into statements
"""Holds, facts and remembered customers: what is known besides the records."""

import json
from collections.abc import Sequence

from caseferry.adapters.sqlite.codec import HOLD, plain, to_hold, to_json
from caseferry.adapters.sqlite.connection import Connection, key_list
from caseferry.model.link import Hold
from caseferry.model.record import Key
from caseferry.ports import CustomerFound

_SAVE_HOLD = f"""
    INSERT INTO hold ({HOLD}, run) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET
    run = iif(kind = excluded.kind AND code = excluded.code, run, excluded.run),
    kind = excluded.kind, code = excluded.code, reason = excluded.reason,
    source_print = excluded.source_print, mapping = excluded.mapping,
    correlation = excluded.correlation
"""
_SAVE_FACT = "INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)"
_SAVE_CUSTOMER = """
    INSERT OR REPLACE INTO customer (attribute, value, customers) VALUES (?, ?, ?)
"""
_CUSTOMERS = """
    SELECT attribute, customer.value, customers FROM json_each(?) AS pair
    JOIN customer ON attribute = json_extract(pair.value, '$[0]')
    AND customer.value = json_extract(pair.value, '$[1]')
"""


class Holds(Connection):
    """The table `hold`."""

    def save_hold(self, run: int, hold: Hold) -> None:
        """Insert or replace the hold on a record.

        The run is kept that found the same cause first.

        Raises:
            InvariantBroken: there is no such run.
        """
        self._write(
            _SAVE_HOLD,
            hold.key,
            hold.kind.value,
            hold.code,
            plain(hold.reason),
            hold.source_print,
            hold.mapping,
            hold.correlation,
            run,
        )

    def delete_hold(self, key: Key) -> None:
        """Lift a hold; fine when there is none."""
        self._write("DELETE FROM hold WHERE key = ?", key)

    def holds(self, keys: Sequence[Key] | None = None) -> dict[Key, Hold]:
        """Give the holds on these records, or all, by key, in its order."""
        if keys is None:
            rows = self._all(f"SELECT {HOLD} FROM hold ORDER BY key")
        else:
            rows = self._all(
                f"SELECT {HOLD} FROM hold"
                " WHERE key IN (SELECT value FROM json_each(?)) ORDER BY key",
                key_list(keys),
            )
        return {Key(row[0]): to_hold(row) for row in rows}


class Facts(Connection):
    """The tables `fact` and `customer`."""

    def get_fact(self, name: str) -> str | None:
        """Give a remembered fact about the tenant or this state."""
        row = self._one("SELECT value FROM fact WHERE name = ?", name)
        return None if row is None else str(row[0])

    def set_fact(self, name: str, value: str) -> None:
        """Remember a fact, such as `proof.create@Service`."""
        self._write(_SAVE_FACT, name, plain(value))

    def facts(self, prefix: str) -> dict[str, str]:
        """Give all facts whose name begins so, by name."""
        rows = self._all(
            "SELECT name, value FROM fact WHERE name >= ? ORDER BY name", prefix
        )
        return {name: value for name, value in rows if name.startswith(prefix)}

    def customers(self, wanted: Sequence[tuple[str, str]]) -> list[CustomerFound]:
        """Give remembered look-ups for (attribute, value) pairs, any number.

        Shape: in the order asked for, each once; what is not known is left out.
        """
        known = {
            (attribute, value): customers
            for attribute, value, customers in self._all(_CUSTOMERS, json.dumps(wanted))
        }
        return [
            CustomerFound(
                attribute=pair[0],
                value=pair[1],
                customers=tuple(json.loads(known[pair])),
            )
            for pair in dict.fromkeys(wanted)
            if pair in known
        ]

    def save_customers(self, found: Sequence[CustomerFound]) -> None:
        """Remember look-ups that found somebody; empty answers are not kept."""
        self._write_many(
            _SAVE_CUSTOMER,
            (
                (plain(each.attribute), plain(each.value), to_json(each.customers))
                for each in found
                if each.customers
            ),
        )
