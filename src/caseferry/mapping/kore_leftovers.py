"""What a mapping leaves behind in casemgr, counted."""

from collections import Counter
from collections.abc import Iterator, Sequence

from caseferry.mapping.check_rows import Side, targets
from caseferry.mapping.names import CASEMGR_TECHNICAL, CUSTOM
from caseferry.mapping.shape import MappingSpec
from caseferry.model.correlation import parse_correlation
from caseferry.model.record import Record, Value


class KoreLeftovers:
    """Knows which casemgr fields a mapping carries, and counts the others.

    An attribute in which a mapping keeps what Kore said is Kore's own already, and our
    correlation keys are nobody's content.
    """

    __slots__ = ("_carried",)

    def __init__(self, spec: MappingSpec) -> None:
        self._carried = {"case": _carried(spec, "case"), "task": _carried(spec, "task")}

    def count(self, case: Record, tasks: Sequence[Record]) -> dict[str, int]:
        """Count what stays behind in a group: `casemgr.solution` to 1, sorted."""
        counted: Counter[str] = Counter()
        for record in (case, *tasks):
            counted.update(f"casemgr.{name}" for name in self._left(record))
        return dict(sorted(counted.items()))

    def _left(self, record: Record) -> Iterator[str]:
        carried = self._carried[record.entity.value]
        has_text = "content.text" in record.fields
        for name, value in record.fields.items():
            if name in carried or _is_key(name, value):
                continue
            if name == "content.html" and not has_text and "content.text" in carried:
                continue
            yield name
        yield from record.unknown


def _carried(spec: MappingSpec, side: Side) -> frozenset[str]:
    rows = spec.rows(side).values()
    read = {row.casemgr for row in rows if row.direction != "to-casemgr"}
    kept = {name for _, name in targets(spec, side) if name.startswith(CUSTOM)}
    return CASEMGR_TECHNICAL | read | kept


def _is_key(name: str, value: Value) -> bool:
    several = (value,) if isinstance(value, str) else value
    return name.startswith(CUSTOM) and all(map(parse_correlation, several))
