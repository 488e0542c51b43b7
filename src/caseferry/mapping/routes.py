"""Where records land: the first route that fits, and who gets them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from caseferry.mapping.names import FIELD
from caseferry.mapping.shape import MappingSpec, Route
from caseferry.model.mapped import Landing
from caseferry.model.record import Record

Ways = Mapping[str, Route]
"""By department: the route that leads a record there; where it lands anew first."""


@dataclass(frozen=True, slots=True)
class _Way:
    conditions: tuple[tuple[str, frozenset[str]], ...]
    route: Route


class Routes:
    """The routes of a mapping, ready to be asked.

    A case decides the department of everything in it: a casemgr case lies in one, and
    agents may have put it into another than the routes would. A task takes subtype and
    assignee from the first route that fits it in that department, and from its case's
    route when none does.
    """

    __slots__ = ("_logins", "_ways", "departments")

    departments: tuple[str, ...]

    def __init__(self, spec: MappingSpec) -> None:
        self._ways = tuple(
            _Way(tuple((k, frozenset(v)) for k, v in route.when.items()), route)
            for route in spec.route
        )
        self._logins: Mapping[str, str] = dict(spec.assignees)
        self.departments = tuple(sorted({route.department for route in spec.route}))

    def case(self, case: Record) -> Ways:
        """Give the routes of a case: the one it takes, then those elsewhere."""
        return self._ways_of(case, None)

    def task(self, case: Record, task: Record, ways: Ways) -> Ways:
        """Give the routes of a task, its case's where none fits it."""
        return {**ways, **self._ways_of(case, task)}

    def landings(self, ways: Ways, record: Record) -> tuple[Landing, ...]:
        """Give where a record lands, and where in a case that lies elsewhere."""
        login = self._logins.get(record.text("assignee"))
        return tuple(
            Landing(
                department=route.department,
                subtype=route.subtype,
                assignee=login or route.assignee,
            )
            for route in ways.values()
        )

    def loses_assignee(self, record: Record) -> bool:
        """Tell whether Kore names somebody for a record whom casemgr does not know."""
        agent = record.text("assignee")
        return bool(agent) and agent not in self._logins

    def _ways_of(self, case: Record, task: Record | None) -> dict[str, Route]:
        found: dict[str, Route] = {}
        for route in self._fitting(case, task):
            found.setdefault(route.department, route)
        return found

    def _fitting(self, case: Record, task: Record | None) -> Iterator[Route]:
        for way in self._ways:
            for name, wanted in way.conditions:
                if wanted.isdisjoint(_values(name, case, task)):
                    break
            else:
                yield way.route


def _values(name: str, case: Record, task: Record | None) -> tuple[str, ...]:
    """Give what a condition looks at.

    `template` is always the case's and `task_template` the task's; a custom field that
    a task lacks is its case's; all else is the record's own.
    """
    if name == "template":
        value = case.fields.get("template")
    elif name == "task_template":
        value = task.fields.get("template") if task is not None else None
    else:
        value = (task or case).fields.get(name)
        if value is None and name.startswith(FIELD):
            value = case.fields.get(name)
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value
