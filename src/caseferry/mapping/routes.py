"""Where records land: the first route that fits, and who gets them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from caseferry.mapping.names import FIELD
from caseferry.mapping.shape import MappingSpec, Route
from caseferry.model.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """Where one record lands."""

    department: str
    subtype: str
    assignee: str
    assignee_lost: bool = False


@dataclass(frozen=True, slots=True)
class _Way:
    conditions: tuple[tuple[str, frozenset[str]], ...]
    landing: Route


class Routes:
    """The routes of a mapping, ready to be asked.

    A case decides the department of everything in it: a casemgr case lies in one. A
    task takes subtype and assignee from the first route that fits it in that
    department, and from its case's route when none does.
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

    def case(self, case: Record) -> tuple[Route, Landing]:
        """Give a case's route, and where the case and its openers land."""
        route = next(self._fitting(case, None))
        return route, self._landing(route, case)

    def task(self, case: Record, task: Record, case_route: Route) -> Landing:
        """Give where a task lands, in the department of its case."""
        for route in self._fitting(case, task):
            if route.department == case_route.department:
                return self._landing(route, task)
        return self._landing(case_route, task)

    def _fitting(self, case: Record, task: Record | None) -> Iterator[Route]:
        for way in self._ways:
            for name, wanted in way.conditions:
                if wanted.isdisjoint(_values(name, case, task)):
                    break
            else:
                yield way.landing

    def _landing(self, route: Route, record: Record) -> Landing:
        agent = record.text("assignee")
        login = self._logins.get(agent)
        return Landing(
            department=route.department,
            subtype=route.subtype,
            assignee=login or route.assignee,
            assignee_lost=bool(agent) and login is None,
        )


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
