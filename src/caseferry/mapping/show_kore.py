"""The tables that show how a mapping reads towards Kore."""

from collections.abc import Callable, Iterator

from caseferry.mapping.compile import Mapper
from caseferry.mapping.kore_states import BEGUN
from caseferry.mapping.names import PRIORITIES, SEVERITIES
from caseferry.mapping.shape import KoreRoute, Step
from caseferry.model.record import Entity

Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]
"""Title, header, rows; each row as long as the header."""


def towards_kore(mapper: Mapper) -> Iterator[Table]:
    """Give what becomes of casemgr's values in Kore, and what its creates name."""
    spec = mapper.spec
    names = ("number", "when", "case template", "task template", "source")
    routes = enumerate(spec.to_kore.route, 1)
    yield "Routes towards Kore", names, [_route(i, route) for i, route in routes]
    rows = [
        *_fields(mapper),
        *_scale("priority", PRIORITIES, mapper.priority_name, spec.priority.names),
        *_scale("severity", SEVERITIES, mapper.severity_name, spec.severity.names),
        *(
            (f"{entity} status {status}", f"status {row.write}", "")
            for entity, named in (
                ("case", spec.status.case),
                ("task", spec.status.task),
            )
            for status, row in named.items()
        ),
        ("task status, any other", f"status {_begun(mapper)}", ""),
    ]
    yield "Read towards Kore", ("casemgr", "Kore", "counted as"), rows


def _route(number: int, route: KoreRoute) -> tuple[str, ...]:
    when = " and ".join(f"{k} = {' or '.join(v)}" for k, v in route.when.items())
    named = (route.case_template, route.task_template, route.source)
    shown = (name or "as [to_kore]" for name in named)
    return (str(number), when or "everything else", *shown)


def _fields(mapper: Mapper) -> Iterator[tuple[str, ...]]:
    spec = mapper.spec
    for entity, rows in (("case", spec.rows("case")), ("task", spec.rows("task"))):
        for name, row in rows.items():
            if row.direction != "to-casemgr":
                kept = (row.past or "").removeprefix("keep:")
                also = f", else {kept}" if kept.startswith("custom.") else ""
                yield f"{entity} {row.casemgr}{also}", name, ""


def _scale(
    section: str,
    values: tuple[str, ...],
    name_of: Callable[[str], str | None],
    steps: dict[str, Step],
) -> Iterator[tuple[str, ...]]:
    for value in values:
        if name := name_of(value):
            merged = steps[name].written != value
            lost = f"{section}-merged" if merged else ""
            yield f"{section} {value}", f"priority {name}", lost


def _begun(mapper: Mapper) -> str:
    return mapper.status_name(Entity.TASK, BEGUN["task"]) or ""
