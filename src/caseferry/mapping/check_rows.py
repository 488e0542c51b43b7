"""The sense of the field rows: names, directions, and one writer per target."""

from collections.abc import Iterable, Iterator
from typing import Literal

from caseferry.errors import Problem
from caseferry.mapping.names import (
    ACTIVITY_READABLE,
    ACTIVITY_WRITABLE,
    CASE_READABLE,
    CASE_WRITABLE,
    CUSTOM,
    FIELD,
    KORE_BOTH,
    KORE_WRITABLE,
    TEXT_LIMITS,
    dotted,
    nearest,
)
from caseferry.mapping.notes import attribute_text
from caseferry.mapping.shape import MappingSpec, Row, keep_target
from caseferry.model.mapped import WRITE_ONCE

Side = Literal["case", "task"]
_SIDES: tuple[Side, Side] = ("case", "task")
_BY_TABLE = frozenset({"status", "priority"})
_NOT_BY_A_ROW = {
    "priority": "[priority] writes this field",
    "severity": "[severity] writes this field",
    "status": "[status] decides this field",
    "department": "[[route]] decides this field",
    "subtype": "[[route]] decides this field",
    "assignee": "[[route]] and [assignees] decide this field",
    "customer": "[customer] decides this field",
    "content.html": "texts stay plain: expected content.text",
}


def check_rows(spec: MappingSpec) -> Iterator[Problem]:
    """Give what is wrong with the rows of both entities and with [write_once]."""
    for entity in _SIDES:
        for name, row in spec.rows(entity).items():
            path = dotted(entity, "fields", name)
            yield from _source(entity, name, row, path)
            yield from _target(entity, row, f"{path}.casemgr")
            yield from _policies(entity, row, path)
            yield from _values(row, path)
        yield from _written_twice(spec, entity)
        yield from _read_twice(spec, entity)
    if not any(row.casemgr == "subject" for row in _forward(spec, "task")):
        text = "no row writes the subject, and casemgr demands one"
        yield Problem(path="task.fields", message=text, nearest=None)
    yield from _write_once(spec)


def _forward(spec: MappingSpec, entity: Side) -> list[Row]:
    rows = spec.rows(entity).values()
    return [row for row in rows if row.direction != "to-kore"]


def _source(entity: Side, name: str, row: Row, path: str) -> Iterator[Problem]:
    known = (*KORE_BOTH, "caseRefId") if entity == "task" else KORE_BOTH
    if name.startswith(FIELD) and len(name) > len(FIELD):
        return
    if name not in known:
        yield Problem(
            path=path, message="unknown Kore field", nearest=nearest(name, known)
        )
    elif name not in KORE_WRITABLE and row.direction != "to-casemgr":
        text = f"direction is {row.direction}, but no row can give Kore this field"
        yield Problem(path=f"{path}.direction", message=text, nearest="to-casemgr")
    elif name in _BY_TABLE and row.casemgr in CASE_WRITABLE | ACTIVITY_WRITABLE:
        text = f"[{name}] decides; a row may only keep the name in custom.<attribute>"
        yield Problem(path=f"{path}.casemgr", message=text)


def _target(entity: Side, row: Row, path: str) -> Iterator[Problem]:
    readable = CASE_READABLE if entity == "case" else ACTIVITY_READABLE
    writable = CASE_WRITABLE if entity == "case" else ACTIVITY_WRITABLE
    name, noun = row.casemgr, "case" if entity == "case" else "activity"
    if not name:
        yield Problem(path=path, message=f"missing: expected a casemgr {noun} field")
    elif name.startswith(CUSTOM):
        if not name[len(CUSTOM) :].strip():
            text = "a custom attribute needs its name: custom.<attribute>"
            yield Problem(path=path, message=text)
    elif name not in readable:
        text = f"unknown casemgr {noun} field"
        yield Problem(path=path, message=text, nearest=nearest(name, readable))
    elif name not in writable and row.direction != "to-kore":
        text = _NOT_BY_A_ROW.get(name, "casemgr lets nobody write this field")
        yield Problem(path=path, message=text)


def _policies(entity: Side, row: Row, path: str) -> Iterator[Problem]:
    if row.past and row.casemgr != "dueDate":
        text = "only a row that writes dueDate can meet a past one"
        yield Problem(path=f"{path}.past", message=text)
    yield from _too_long(entity, row, f"{path}.too_long")
    if row.direction == "to-casemgr" and row.owner == "casemgr":
        text = "nothing flows back, so casemgr cannot win"
        yield Problem(path=f"{path}.owner", message=text, nearest="kore")
    if row.direction == "to-kore" and row.owner == "kore":
        text = "nothing flows from Kore, so Kore cannot win"
        yield Problem(path=f"{path}.owner", message=text, nearest="casemgr")


def _too_long(entity: Side, row: Row, path: str) -> Iterator[Problem]:
    limited = row.casemgr in TEXT_LIMITS[entity]
    if not row.too_long:
        return
    if row.casemgr.startswith(CUSTOM):
        if row.too_long not in ("cut", "quarantine"):
            text = "expected cut or quarantine: this is a custom attribute already"
            yield Problem(path=path, message=text)
    elif not limited:
        text = "the target of this row has no limit"
        yield Problem(path=path, message=text)
    elif row.too_long == "opener" and entity == "task":
        text = "an opener carries what a case cannot hold, not what a task cannot"
        yield Problem(path=path, message=text)


def _values(row: Row, path: str) -> Iterator[Problem]:
    path = f"{path}.values"
    if row.values and not row.casemgr.startswith(CUSTOM):
        text = "a value table needs a custom attribute as its target"
        yield Problem(path=path, message=text)
    seen: dict[str, str] = {}
    for source, target in row.values.items():
        if not target or attribute_text(target) != (target, False):
            text = "a custom attribute cannot hold this text"
            yield Problem(path=f"{path}.{dotted(source)}", message=text)
        if row.direction == "both" and target in seen:
            text = (
                f"{seen[target]!r} already means {target!r}; a way back needs one name"
            )
            yield Problem(path=f"{path}.{dotted(source)}", message=text)
        seen.setdefault(target, source)


def _written_twice(spec: MappingSpec, entity: Side) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for path, target in targets(spec, entity):
        if target in seen:
            text = f"{target} is already written by {seen[target]}"
            yield Problem(path=path, message=text)
        seen.setdefault(target, path)


def _read_twice(spec: MappingSpec, entity: Side) -> Iterator[Problem]:
    """Check that each casemgr field goes to one Kore field: links know it by its name.

    A status is told by its table alone.
    """
    scale = "severity" if entity == "case" else "priority"
    seen = {scale: f"[{scale}]", "status": "[status]"}
    rows = spec.rows(entity).items()
    # two rows that also write the field are told so already: one-way rows go last
    for name, row in sorted(rows, key=lambda named: named[1].direction == "to-kore"):
        path = dotted(entity, "fields", name)
        if row.direction == "to-kore" and row.casemgr in seen:
            text = f"{row.casemgr} is already read by {seen[row.casemgr]}"
            yield Problem(path=f"{path}.casemgr", message=text)
        if row.direction != "to-casemgr" and row.casemgr:
            seen.setdefault(row.casemgr, path)


def targets(spec: MappingSpec, entity: Side) -> Iterator[tuple[str, str]]:
    """Give each field that is written on casemgr, with the path of what writes it."""
    for name, row in spec.rows(entity).items():
        path = dotted(entity, "fields", name)
        if row.direction == "to-kore" or not row.casemgr:
            continue
        yield path, row.casemgr
        unmapped = (row.unmapped or "") if row.values else ""
        for key, policy in (
            ("past", row.past or ""),
            ("too_long", row.too_long or ""),
            ("unmapped", unmapped),
        ):
            yield from _kept(f"{path}.{key}", policy)
    kept_in = spec.status.policy.name_kept_in
    name = kept_in.case if entity == "case" else kept_in.task
    if name:
        yield "status.policy.name_kept_in", name
    scale = spec.severity if entity == "case" else spec.priority
    if scale.names:
        path = "severity" if entity == "case" else "priority"
        yield path, path
        yield from _kept(f"{path}.unmapped", spec.unmapped(scale.unmapped))


def _kept(path: str, policy: str) -> Iterable[tuple[str, str]]:
    target = keep_target(policy)
    return ((path, target),) if target else ()


def _write_once(spec: MappingSpec) -> Iterator[Problem]:
    rows = spec.rows("task")
    bound = {
        f"task.{name}"
        for name, row in rows.items()
        if row.casemgr in WRITE_ONCE and row.direction != "to-kore"
    }
    for name in (name for name in spec.write_once if name not in bound):
        text = "no task row writes a subject or content from this field"
        path = dotted("write_once", name)
        yield Problem(path=path, message=text, nearest=nearest(name, bound))
    for name in sorted(bound - spec.write_once.keys()):
        text = (
            "missing: expected note, report or conflict, for when Kore changes it later"
        )
        yield Problem(path=dotted("write_once", name), message=text)
