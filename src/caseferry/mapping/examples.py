"""The examples of a mapping: values run through it and compared."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from caseferry.errors import Problem
from caseferry.mapping.names import dotted
from caseferry.mapping.shape import Example
from caseferry.mapping.tables import StatusTable
from caseferry.model.mapped import MappedGroup, MappedRecord
from caseferry.model.record import Entity, Record, Value, canonical, kore_key

NOW = datetime(2025, 1, 1, tzinfo=UTC)
"""When examples happen: a due date before this has passed."""

MapGroup = Callable[[Record, Sequence[Record], datetime], MappedGroup]


def example_problems(
    examples: Sequence[Example],
    map_group: MapGroup,
    statuses: Mapping[str, StatusTable],
) -> tuple[Problem, ...]:
    """Map each example as a case and as its task, and compare.

    A bare casemgr name is met by either of the two; `case.subject` and `task.subject`
    ask one. A status stands for its category where `statusCategory` is not given.
    """
    return tuple(
        problem
        for number, example in enumerate(examples)
        for problem in _compare(number, example, map_group, statuses)
    )


def _compare(
    number: int,
    example: Example,
    map_group: MapGroup,
    statuses: Mapping[str, StatusTable],
) -> Iterator[Problem]:
    case, task = example_records(example)
    group = map_group(case, [task], NOW)
    given = {
        "case": _given(group.case, statuses["case"]),
        "task": _given(group.tasks[0], statuses["task"]),
    }
    for name, expected in example.casemgr.items():
        side, _, bare = name.partition(".")
        asked = [side] if side in given else list(given)
        field = bare if side in given else name
        found = [given[entity].get(field) for entity in asked]
        if canonical(expected) in found:
            continue
        shown = " or ".join(repr(v) for v in dict.fromkeys(found) if v is not None)
        text = f"expected {expected!r}, the mapping gives {shown or 'nothing'}"
        yield Problem(path=dotted("example", number, "casemgr", name), message=text)


def example_records(example: Example) -> tuple[Record, Record]:
    """Make the Kore case and task that an example speaks of."""
    fields: dict[str, Value] = {
        name: value
        for name, given in example.kore.items()
        if (value := canonical(given)) is not None
    }
    task_template = fields.pop("task_template", None)
    fields.setdefault("status", "Open")
    fields.setdefault("statusCategory", fields["status"])
    own = {**fields, "template": task_template} if task_template else fields
    case = Record(
        key=kore_key("ci-example"),
        entity=Entity.CASE,
        parent=None,
        version="",
        fields=fields,
    )
    task = Record(
        key=kore_key("ti-example"),
        entity=Entity.TASK,
        parent=case.key,
        version="",
        fields=own,
    )
    return case, task


def _given(mapped: MappedRecord, table: StatusTable) -> dict[str, Value | None]:
    return {
        **{field.casemgr: field.value for field in mapped.fields},
        "status": table.status(mapped.record.text("statusCategory")),
        "department": mapped.department,
        "subtype": mapped.subtype,
        "assignee": mapped.assignee,
    }
