"""Plain builders: records, mappings and what is asked of them."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from caseferry.errors import MappingError, Problem
from caseferry.mapping.compile import Mapper, compile_mapping
from caseferry.mapping.spec import parse_mapping
from caseferry.model.mapped import MappedField, MappedGroup, MappedRecord
from caseferry.model.record import Entity, Key, Record, Value

DEFAULT = (Path(__file__).parents[2] / "mappings/kore-casemgr.toml").read_text("utf-8")
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
FUTURE = "2026-06-01T09:30:00.123Z"
PAST = "2026-04-30T09:30:00.123Z"

CASE = {
    "name": "Charged twice",
    "status": "Open",
    "statusCategory": "open",
    "priority": "Medium",
    "refId": "CS000100",
    "createdAt": "2026-04-01T08:00:00.001Z",
    "template": "Service",
    "userInfo._id": "u-1",
    "userInfo.name": "Ada King",
    "userInfo.emailId": "Ada@Example.com",
}
TASK = {**CASE, "name": "Call Ada", "refId": "TS000101", "template": "Follow-up"}


def a_case(**fields: Value | None) -> Record:
    """Make a case; a field given as None is absent, `__` in a name is a dot."""
    return _record("kore:ci-1", Entity.CASE, None, {**CASE, **_dotted(fields)})


def a_task(**fields: Value | None) -> Record:
    """Make a task of that case."""
    return _record(
        "kore:ti-1", Entity.TASK, Key("kore:ci-1"), {**TASK, **_dotted(fields)}
    )


def _dotted(fields: dict[str, Value | None]) -> dict[str, Value | None]:
    return {name.replace("__", "."): value for name, value in fields.items()}


def _record(
    key: str, entity: Entity, parent: Key | None, fields: dict[str, Value | None]
) -> Record:
    kept = {name: value for name, value in fields.items() if value is not None}
    return Record(key=Key(key), entity=entity, parent=parent, version="1", fields=kept)


@cache
def mapper(*edits: tuple[str, str]) -> Mapper:
    """Compile the default mapping with texts replaced."""
    return compile_mapping(parse_mapping(mapping_text(*edits)))


def mapping_text(*edits: tuple[str, str]) -> str:
    """Give the default mapping with texts replaced; each must occur."""
    text = DEFAULT
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return text


def problems_of(text: str) -> dict[str, Problem]:
    """Give the problems of a mapping, by path."""
    try:
        parse_mapping(text)
    except MappingError as error:
        return {problem.path: problem for problem in error.problems}
    return {}


def mapped(
    case: Record, *tasks: Record, by: Mapper | None = None, now: datetime = NOW
) -> MappedGroup:
    """Map a group, with the default mapping unless told otherwise."""
    return (by or mapper()).map_group(case, tasks, now)


def field(record: MappedRecord, name: str) -> MappedField:
    """Give one target field; it must be there exactly once."""
    (found,) = [field for field in record.fields if field.casemgr == name]
    return found


def value(record: MappedRecord, name: str) -> Value | None:
    """Give what one target field should hold."""
    return field(record, name).value


def rules(record: MappedRecord) -> list[str]:
    """Give the names of a record's losses."""
    return [loss.rule for loss in record.losses]
