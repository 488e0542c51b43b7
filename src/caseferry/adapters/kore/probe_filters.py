"""Which stamp Kore's date filter tests, and how its other filters compare."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

from caseferry.adapters.asking import Answers
from caseferry.adapters.kore.payload import Listing, key_of
from caseferry.model.record import Record
from caseferry.model.times import canonical_time, parse_time

_DAY_S: Final = 86_400
_LONG: Final = 8
_FEW_ROWS: Final = 20
Ask = Callable[[dict[str, Any]], Listing]


class FilterProbe:
    """Asks for records of the first page in ways that only they answer to."""

    def __init__(
        self, ask: Ask, records: Sequence[Record], first: Listing, answers: Answers
    ) -> None:
        self._ask = ask
        self._records = records
        self._first = first
        self._answers = answers

    def run(self) -> None:
        """Ask everything."""
        self._answers.ask("date_filter_field", self._date_filter_field)
        self._answers.ask("filter_case", self._filter_case)
        self._answers.ask("search_scope", self._search_scope)

    def _date_filter_field(self) -> tuple[object, str] | str:
        """Ask for a minute around each stamp of a record whose stamps lie apart."""
        for record in self._records:
            stamps = {
                "createdAt": record.text("createdAt"),
                "updatedAt": record.version,
                "dueDate": record.text("dueDate"),
            }
            if all(stamps.values()) and _apart(list(stamps.values())):
                break
        else:
            return "no record whose three dates lie days apart was seen"
        hits = [
            name for name, stamp in stamps.items() if self._in_window(record, stamp)
        ]
        if len(hits) == len(stamps):
            return "ignored", "every window gives the record"
        if len(hits) == 1:
            return hits[0], f"only a window around {hits[0]} gives the record"
        return f"windows around {', '.join(hits) or 'nothing'} give the record"

    def _in_window(self, record: Record, stamp: str) -> bool:
        moment, minute = parse_time(stamp), timedelta(minutes=1)
        body = {
            "startDate": canonical_time(moment - minute),
            "endDate": canonical_time(moment + minute),
        }
        return record.key in self._found(body)

    def _filter_case(self) -> tuple[object, str] | str:
        names = Counter(record.text("status") for record in self._records)
        for name, _ in names.most_common():
            if name and name != name.lower():
                if not self._found({"status": [name]}):
                    return "the filter by status finds nothing"
                found = self._found({"status": [name.lower()]})
                how = "insensitive" if found else "sensitive"
                return how, "a status name in lower case"
        return "no status name with a capital was seen"

    def _search_scope(self) -> tuple[object, str] | str:
        record = self._distinct()
        if record is None:
            return "no record with a name of its own was seen"
        name = record.text("name")
        everything = self._found({"searchText": "no such words \u2603 anywhere"})
        if everything:
            return "ignored", "a text that nothing holds finds records"
        if record.key not in self._found({"searchText": name[:-1]}):
            return "the beginning of a name is not found"
        if record.key not in self._found({"searchText": name[2:]}):
            return "name_prefix", "the end of a name is not found"
        reference, desc = record.text("refId"), record.text("desc")
        if reference and record.key in self._found({"searchText": reference}):
            return "name_and_ref", "the number people see is found"
        if desc and record.key in self._found({"searchText": desc[:_LONG]}):
            return "name_and_desc", "the beginning of a description is found"
        return "name_substring", "the middle of a name is found"

    def _distinct(self) -> Record | None:
        """Give a record whose name and description tell it from the others."""
        every = " ".join(record.text("name").lower() for record in self._records)
        for record in self._records:
            name, desc = record.text("name"), record.text("desc")
            is_plain = name.isascii() and name.isprintable() and len(name) > _LONG
            if not is_plain or every.count(name[2:].lower()) != 1:
                continue
            if len(desc) > _LONG and desc[:_LONG].lower() not in every:
                return record
        return None

    def _found(self, body: dict[str, Any]) -> frozenset[object]:
        listing = self._ask({**body, "skip": 0, "limit": _FEW_ROWS})
        return frozenset(key_of(row) for row in listing.results)


def _apart(stamps: list[str]) -> bool:
    times = sorted(parse_time(stamp) for stamp in stamps)
    gaps = [b - a for a, b in pairwise(times)]
    return all(gap.total_seconds() > _DAY_S for gap in gaps)
