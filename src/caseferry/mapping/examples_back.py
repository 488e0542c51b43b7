"""The way back of the examples: what was written to casemgr, read towards Kore."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from caseferry.errors import Problem
from caseferry.mapping.examples import NOW, MapGroup, example_records
from caseferry.mapping.kore_states import BEGUN
from caseferry.mapping.names import dotted
from caseferry.mapping.shape import MappingSpec
from caseferry.mapping.states import FINISHED
from caseferry.mapping.tables import fold_category
from caseferry.model.customer import Customer
from caseferry.model.mapped import KoreGroup, MappedGroup, MappedRecord
from caseferry.model.record import Key, Record, activity_key, case_key

MapToKore = Callable[[Record, Sequence[Record], Customer | None, datetime], KoreGroup]


def read_back_problems(
    spec: MappingSpec, map_group: MapGroup, map_to_kore: MapToKore
) -> tuple[Problem, ...]:
    """Map each example there and back, and compare what is exact by law."""
    tables = {name for name, row in spec.case.fields.items() if row.values}
    tables |= {name for name, row in spec.task.fields.items() if row.values}
    exact = frozenset({"priority", "dueDate", *tables})
    problems: list[Problem] = []
    for number, example in enumerate(spec.example):
        case, task = example_records(example)
        group = map_group(case, [task], NOW)
        if group.case.problems or group.tasks[0].problems:
            continue  # nothing would be written
        for name, text in _differences(group, map_to_kore, exact):
            path = dotted("example", number, "kore", name)
            problems.append(Problem(path=path, message=text))
    return tuple(problems)


def written_group(group: MappedGroup) -> tuple[Record, list[Record]]:
    """Give the casemgr records that a Kore group becomes when all of it is written."""
    key = case_key("1")
    tasks = [
        _written(task, activity_key(str(number)), key)
        for number, task in enumerate(group.tasks, 2)
    ]
    return _written(group.case, key, None), tasks


def _written(mapped: MappedRecord, key: Key, parent: Key | None) -> Record:
    entity = mapped.record.entity
    status = (FINISHED if mapped.finished else BEGUN)[entity.value]
    fields = {f.casemgr: f.value for f in mapped.fields if f.value is not None}
    own = {"status": status} if parent is None else {"status": status, "type": "task"}
    return Record(
        key=key, entity=entity, parent=parent, version="", fields={**fields, **own}
    )


def _differences(
    group: MappedGroup, map_to_kore: MapToKore, exact: frozenset[str]
) -> Iterator[tuple[str, str]]:
    case, tasks = written_group(group)
    back = map_to_kore(case, tasks, None, NOW)
    pairs = ((group.case, back.case), (group.tasks[0], back.tasks[0]))
    for origin, returned in pairs:
        lost = {loss.rule: loss.field for loss in origin.losses}
        for field in returned.fields:
            source = origin.record.fields.get(field.kore)
            if (
                field.kore in exact
                and field.kore != lost.get("value-unmapped")
                and None not in {field.source, source}
                and not field.is_met_by(source)
            ):
                yield field.kore, f"{source!r} comes back as {field.value!r}"
        category = fold_category(origin.record.text("statusCategory"))
        ended = "task-open-in-closed-case" in lost
        if category not in returned.categories and not ended:
            yield "status", f"{category!r} comes back as {returned.status!r}"
