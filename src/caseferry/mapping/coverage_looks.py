"""What coverage looks at: the fields whose values a mapping names, one by one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from caseferry.mapping.check_rows import Side
from caseferry.mapping.harvest import LONGEST
from caseferry.mapping.names import dotted
from caseferry.mapping.shape import MappingSpec
from caseferry.mapping.tables import compile_scale, compile_statuses
from caseferry.mapping.texts import one_line
from caseferry.model.record import Record, Value

Outcome = Literal["quarantined", "lost", "left", "routed"]
"""What happens to what no row names.

- `quarantined`: its record waits until a row does.
- `lost`: it is dropped, or kept elsewhere, and counted; [losses] accepts it or not.
- `left`: the field is not carried, and [stays_behind] has no word about it.
- `routed`: the last route, or the route's assignee, gets the record: nothing to mend.
"""
_ROUTED = "routed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One field whose values a mapping names."""

    field: str
    is_named: Callable[[str], bool]
    path: str
    policy: str = "quarantine"
    loss: str = ""
    shows_status: bool = False

    @property
    def outcome(self) -> Outcome:
        """What happens to a value that no row names."""
        if self.policy == _ROUTED:
            return "routed"
        return "quarantined" if self.policy == "quarantine" else "lost"

    @property
    def rule(self) -> str:
        """The name of the loss; "" where nothing is lost."""
        return self.loss if self.outcome == "lost" else ""

    def unnamed(self, record: Record) -> tuple[str, ...]:
        """Give the values of a record that no row names, to be shown."""
        value = record.fields.get(self.field)
        if value is None and not self.is_named(""):
            value = ""
        unknown = [item for item in _parts(value) if not self.is_named(item)]
        name = record.text("status")
        if unknown and self.shows_status and name:
            unknown = [f"{name} ({item})" for item in unknown]
        return tuple(one_line(item)[:LONGEST] for item in unknown)


def kore_looks(spec: MappingSpec, side: Side) -> Iterator[Look]:
    """Give what is looked at of Kore records, on their way to casemgr."""
    section = "severity" if side == "case" and spec.severity.names else "priority"
    part = spec.severity if section == "severity" else spec.priority
    scale = compile_scale(part.names)
    yield Look(
        field="priority",
        is_named=lambda name: not name or name in scale.written,
        path=f"{section}.names",
        policy=spec.unmapped(part.unmapped),
        loss="priority-unmapped",
    )
    rows = spec.status.case if side == "case" else spec.status.task
    statuses = compile_statuses(rows)
    yield Look(
        field="statusCategory",
        is_named=lambda category: statuses.status(category) is not None,
        path=f"status.{side}",
        shows_status=True,
    )
    for name, row in spec.rows(side).items():
        if row.values and row.direction != "to-kore":
            yield Look(
                field=name,
                is_named=_among({"", *row.values}),
                path=dotted(side, "fields", name, "values"),
                policy=row.unmapped or "",
                loss="value-unmapped",
            )
    yield from _routed(spec, side)


def _routed(spec: MappingSpec, side: Side) -> Iterator[Look]:
    name = "template" if side == "case" else "task_template"
    named = {value for route in spec.route for value in route.when.get(name, ())}
    yield Look(
        field="template",
        is_named=_among({"", *named}),
        path="route",
        policy=_ROUTED,
    )
    yield Look(
        field="assignee",
        is_named=_among({"", *spec.assignees}),
        path="assignees",
        policy=_ROUTED,
    )


def casemgr_looks(spec: MappingSpec, side: Side) -> Iterator[Look]:
    """Give what is looked at of casemgr records, on their way to Kore."""
    section = "severity" if side == "case" else "priority"
    part = spec.severity if side == "case" else spec.priority
    if part.names:
        scale = compile_scale(part.names)
        yield Look(
            field=section,
            is_named=_among({"", *scale.names}),
            path=f"{section}.names",
            policy=spec.unmapped(part.unmapped),
            loss="priority-unmapped",
        )
    if side == "case":  # an activity may have any number of states, all of them open
        yield Look(
            field="status",
            is_named=_among({*spec.status.case}),
            path="status.case",
        )
    for name, row in spec.rows(side).items():
        if row.values and row.direction != "to-casemgr":
            yield Look(
                field=row.casemgr,
                is_named=_among({"", *row.values.values()}),
                path=dotted(side, "fields", name, "values"),
                policy=row.unmapped or "",
                loss="value-unmapped",
            )


def _among(named: set[str]) -> Callable[[str], bool]:
    return named.__contains__


def _parts(value: Value | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value
