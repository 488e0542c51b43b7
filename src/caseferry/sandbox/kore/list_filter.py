"""Which records getCases and getTasks name: the twelve documented filters (K 5)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from caseferry.sandbox.kore.catalog import CATEGORY_OF, Catalog, squash
from caseferry.sandbox.kore.create import reject_unknown
from caseferry.sandbox.kore.errors import invalid
from caseferry.sandbox.kore.records import KoreRecord
from caseferry.sandbox.readings import Readings
from caseferry.sandbox.tenant import QUEUE
from caseferry.sandbox.times import parse_iso

Test: TypeAlias = Callable[[KoreRecord], bool]

FAR: Final = 1 << 62
_FLAGS: Final = ("unresolved", "unassigned", "mycase", "mytask")
_ARRAYS: Final = ("priority", "status", "channel", "queues")
_DATES: Final = ("startDate", "endDate", "dueDate")
_WINDOW: Final = ("skip", "limit", "page")
_SAMPLED: Final = ("selectedColumns", "agents", "customFields", "ETAlist", "name")
_KEYS: Final = frozenset(
    (*_FLAGS, *_ARRAYS, *_DATES, *_WINDOW, *_SAMPLED, "searchText", "sortBy")
)
_UNRESOLVED: Final[dict[str, Test]] = {
    "finished": lambda r: CATEGORY_OF[r.status] not in ("resolved", "closed"),
    "all_but_open": lambda r: CATEGORY_OF[r.status] == "open",
    "ignored": lambda _: True,
}
_FLAG_TESTS: Final[dict[str, Test]] = {
    "unassigned": lambda r: r.assignee_type == "unassigned",
    "mycase": lambda _: False,  # an app token is nobody's agent
    "mytask": lambda _: False,
}


def check_body(body: dict[str, Any], readings: Readings) -> None:
    """Refuse wrong types, and unknown keys where the reading says so (412)."""
    if readings.is_set("kore.unknown_keys", "rejected"):
        reject_unknown(body, _KEYS)
    checks: dict[str, Callable[[Any], bool]] = {
        **dict.fromkeys(_WINDOW, _is_count),
        **dict.fromkeys(_FLAGS, lambda v: isinstance(v, bool)),
        **dict.fromkeys(_ARRAYS, _is_texts),
        **dict.fromkeys(_DATES, lambda v: v == "" or parse_iso(v) is not None),
        "searchText": lambda v: isinstance(v, str),
        "sortBy": lambda v: isinstance(v, str | dict),
    }
    for name, value in body.items():
        if name in checks and not checks[name](value):
            raise invalid(name)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


@dataclass(frozen=True, slots=True)
class ListFilter:
    """Builds the tests a record must pass."""

    catalog: Catalog
    readings: Readings

    def tests(self, body: dict[str, Any]) -> list[Test]:
        """Return one test for each filter in a checked body."""
        tests = [test for name, test in _FLAG_TESTS.items() if body.get(name)]
        if body.get("unresolved"):
            tests.append(_UNRESOLVED[self.readings.text("kore.unresolved_filter")])
        if body.get("status"):
            tests.append(self._named(body["status"], lambda r: r.status))
        if body.get("priority"):
            tests.append(self._named(body["priority"], lambda r: r.priority))
        if body.get("channel"):
            channels = frozenset(body["channel"])
            tests.append(lambda r: r.source in channels)
        if body.get("queues"):
            hit = QUEUE.name in body["queues"] or QUEUE.id in body["queues"]
            tests.append(lambda r: hit and r.assignee_type == "queues")
        due = parse_iso(body.get("dueDate"))
        if due is not None:
            tests.append(lambda r: r.due == due)
        return [*tests, *self._due_window(body), *self._search(body)]

    def _due_window(self, body: dict[str, Any]) -> list[Test]:
        if not self.readings.is_set("kore.date_filter_field", "dueDate"):
            return []
        first = parse_iso(body.get("startDate"))
        last = parse_iso(body.get("endDate"))
        if first is None and last is None:
            return []
        low = -FAR if first is None else first
        high = FAR if last is None else last
        return [lambda r: r.due is not None and low <= r.due <= high]

    def _named(self, wanted: list[str], name_of: Callable[[KoreRecord], str]) -> Test:
        label = self.catalog.label
        if self.readings.is_set("kore.filter_case", "sensitive"):
            exact = frozenset(wanted)
            return lambda r: label(name_of(r)) in exact
        loose = frozenset(squash(name) for name in wanted)
        return lambda r: squash(label(name_of(r))) in loose

    def _search(self, body: dict[str, Any]) -> list[Test]:
        text = str(body.get("searchText") or "").lower()
        scopes: dict[str, Test] = {
            "name_substring": lambda r: text in r.name.lower(),
            "name_prefix": lambda r: r.name.lower().startswith(text),
            "name_and_ref": lambda r: (
                text in r.name.lower() or text in r.ref_id.lower()
            ),
            "name_and_desc": lambda r: (
                text in r.name.lower() or text in (r.desc or "").lower()
            ),
        }
        test = scopes.get(self.readings.text("kore.search_scope"))
        return [test] if text and test is not None else []
