"""What a mapping leaves behind, counted."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from caseferry.mapping.names import KORE_TECHNICAL
from caseferry.mapping.shape import MappingSpec
from caseferry.model.record import Record

_COUNT = "count."


class Leftovers:
    """Knows which Kore fields a mapping carries, and counts the others.

    [stays_behind] gives the reasons; a field without one is counted all the same, so
    that one which a vendor adds is noticed on the first run.
    """

    __slots__ = ("_carried",)

    def __init__(self, spec: MappingSpec) -> None:
        found = {lookup.kore for lookup in spec.customer.lookup}
        self._carried = {
            "case": KORE_TECHNICAL | found | _mapped(spec.rows("case")),
            "task": KORE_TECHNICAL | _mapped(spec.rows("task")),
        }

    def count(self, case: Record, tasks: Sequence[Record]) -> dict[str, int]:
        """Count what stays behind in a group: `kore.attachments` to 3, sorted."""
        counted: Counter[str] = Counter()
        for record in (case, *tasks):
            for name, many in self._left(record):
                counted[f"kore.{name}"] += many
        return dict(sorted(counted.items()))

    def _left(self, record: Record) -> Iterator[tuple[str, int]]:
        carried = self._carried[record.entity.value]
        for name, value in record.fields.items():
            if name in carried:
                continue
            if not name.startswith(_COUNT):
                yield name, 1
            elif isinstance(value, str) and value.isdecimal() and int(value):
                yield name[len(_COUNT) :], int(value)
        for name in record.unknown:
            yield name, 1


def _mapped(rows: Mapping[str, object]) -> set[str]:
    return set(rows)
