"""Records by id with indexes and caches that follow every assignment.

A record is a mutable object; assigning one of its attributes (from a handler or from a
test) drops its cached JSON and updates the indexes. Values inside an attribute are
never changed in place: assign a new one.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Final, Generic, Protocol, TypeVar

_set: Final = object.__setattr__


class Tracked:
    """Base of all records: remembers its JSON and tells its shelf about changes."""

    __slots__ = ("cache", "shelf")

    id: str
    number: int
    cache: dict[str, bytes]
    shelf: "Shelf[Any] | None"

    def __setattr__(self, name: str, value: object) -> None:
        shelf = getattr(self, "shelf", None)
        if shelf is None:
            _set(self, name, value)
        else:
            old = getattr(self, name)
            _set(self, name, value)
            shelf.changed(self, name, old, value)

    def place(self, shelf: "Shelf[Any]") -> None:
        """Attach to a shelf; from now on assignments are followed."""
        _set(self, "cache", {})
        _set(self, "shelf", shelf)


R = TypeVar("R", bound=Tracked)


class Index(Protocol):
    """Follows one attribute of the records of a shelf."""

    attribute: str

    def put(self, record: Any, value: Any) -> None: ...  # noqa: ANN401

    def drop(self, record: Any, value: Any) -> None: ...  # noqa: ANN401


class GroupIndex(Generic[R]):
    """Records by the keys of one attribute, in the order they were put."""

    def __init__(
        self, attribute: str, keys: Callable[[Any], Iterable[Hashable]]
    ) -> None:
        self.attribute = attribute
        self._keys = keys
        self._groups: dict[Hashable, dict[str, R]] = {}

    def put(self, record: R, value: object) -> None:
        for key in self._keys(value):
            self._groups.setdefault(key, {})[record.id] = record

    def drop(self, record: R, value: object) -> None:
        for key in self._keys(value):
            self._groups.get(key, {}).pop(record.id, None)

    def get(self, key: Hashable) -> list[R]:
        """Return the records with this key."""
        group = self._groups.get(key)
        return list(group.values()) if group else []


class TimeIndex(Generic[R]):
    """Records by one instant (epoch ms)."""

    def __init__(self, attribute: str) -> None:
        self.attribute = attribute
        self._entries: list[tuple[int, int, R]] = []

    def put(self, record: R, value: int) -> None:
        entry = (value, record.number, record)
        if not self._entries or self._entries[-1][:2] < entry[:2]:
            self._entries.append(entry)
        else:
            insort(self._entries, entry, key=_stamp)

    def drop(self, record: R, value: int) -> None:
        at = bisect_left(self._entries, (value, record.number), key=_stamp)
        if at < len(self._entries) and self._entries[at][2] is record:
            del self._entries[at]

    def between(self, first: int | None, last: int | None) -> list[R]:
        """Return the records in the closed range, oldest first."""
        low = 0
        high = len(self._entries)
        if first is not None:
            low = bisect_left(self._entries, (first, -1), key=_stamp)
        if last is not None:
            high = bisect_left(self._entries, (last + 1, -1), key=_stamp)
        return [entry[2] for entry in self._entries[low:high]]


def _stamp(entry: tuple[int, int, Any]) -> tuple[int, int]:
    return entry[:2]


class Shelf(Generic[R]):
    """All records of one kind, in order of creation.

    version moves with every change, so that a listing can be kept until then.
    """

    def __init__(self, *indexes: Index) -> None:
        self.records: dict[str, R] = {}
        self.version = 0
        self._indexes: dict[str, list[Index]] = {}
        for index in indexes:
            self._indexes.setdefault(index.attribute, []).append(index)
        self._listings: dict[Hashable, tuple[int, list[R]]] = {}

    def add(self, record: R) -> R:
        """Put a new record on the shelf."""
        self.records[record.id] = record
        for name, indexes in self._indexes.items():
            value = getattr(record, name)
            for index in indexes:
                index.put(record, value)
        record.place(self)
        self.version += 1
        return record

    def remove(self, record_id: str) -> None:
        """Take a record away (no API does this; a person may)."""
        record = self.records.pop(record_id)
        for name, indexes in self._indexes.items():
            for index in indexes:
                index.drop(record, getattr(record, name))
        self.version += 1

    def changed(self, record: R, name: str, old: object, new: object) -> None:
        """Follow one assignment."""
        record.cache.clear()
        self.version += 1
        for index in self._indexes.get(name, ()):
            index.drop(record, old)
            index.put(record, new)

    def forget_caches(self) -> None:
        """Drop every cached JSON and listing (a reading changed)."""
        self._listings.clear()
        self.version += 1
        for record in self.records.values():
            record.cache.clear()

    def listing(self, key: Hashable, compute: Callable[[], list[R]]) -> list[R]:
        """Return a computed listing, kept until any record changes."""
        kept = self._listings.get(key)
        if kept is not None and kept[0] == self.version:
            return kept[1]
        if len(self._listings) > 64:
            self._listings.clear()
        rows = compute()
        self._listings[key] = (self.version, rows)
        return rows

    def __iter__(self) -> Iterator[R]:
        return iter(self.records.values())

    def __len__(self) -> int:
        return len(self.records)
