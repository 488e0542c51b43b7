"""What the creates of a case group name in Kore: templates and source."""

from caseferry.mapping.shape import KoreRoute, ToKore
from caseferry.model.record import Record


class KoreRoutes:
    """The routes towards Kore: the first that fits the case, for all of its group."""

    __slots__ = ("_rest", "_ways")

    def __init__(self, spec: ToKore) -> None:
        self._rest = KoreRoute(
            case_template=spec.case_template,
            task_template=spec.task_template,
            source=spec.source,
        )
        self._ways = tuple(
            (
                tuple((name, frozenset(to)) for name, to in route.when.items()),
                self._filled(route),
            )
            for route in spec.route
        )

    def of(self, case: Record) -> KoreRoute:
        """Give what fits a casemgr case, with everything inherited filled in."""
        for conditions, route in self._ways:
            if not any(to.isdisjoint(_all(case, name)) for name, to in conditions):
                return route
        return self._rest

    def _filled(self, route: KoreRoute) -> KoreRoute:
        rest = self._rest
        return KoreRoute(
            case_template=route.case_template or rest.case_template,
            task_template=route.task_template or rest.task_template,
            source=route.source or rest.source,
        )


def _all(case: Record, name: str) -> tuple[str, ...]:
    value = case.fields.get(name, ())
    return (value,) if isinstance(value, str) else value
