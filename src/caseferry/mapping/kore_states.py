"""Priority, severity and status towards Kore."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from caseferry.mapping.draft import Draft, Step
from caseferry.mapping.names import dotted
from caseferry.mapping.shape import MappingSpec, StatusRow
from caseferry.mapping.states import FINISHED
from caseferry.mapping.tables import Scale, fold_category
from caseferry.mapping.texts import cut, one_line
from caseferry.model.mapped import MappedField
from caseferry.model.record import Record

BEGUN = {"case": "open", "task": "assigned"}
"""The casemgr status that our own creates lead to, by entity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KoreState:
    """What a casemgr status asks of Kore.

    Attributes:
        finished: the counterpart should be closed or resolved; None: nobody can tell.
        name: of the status that is written.
        categories: folded; a Kore status of one of them says so already.
    """

    finished: bool | None
    name: str = ""
    categories: frozenset[str] = frozenset()


def compile_kore_scale(spec: MappingSpec, scale: Scale, source: str) -> Step:
    """Make the step that reads `priority` or `severity` as a Kore priority."""
    part = spec.priority if source == "priority" else spec.severity
    quarantine = spec.unmapped(part.unmapped) == "quarantine"
    rule = f"{source}-merged"
    known = {value: _priority(spec, scale, source, value) for value in scale.names}
    absent = _priority(spec, scale, source, "")

    def step(record: Record, draft: Draft) -> None:
        value = record.text(source)
        field = known.get(value)
        if field is not None:
            draft.fields.append(field)
            if scale.written[scale.names[value]] != value:
                draft.lose(rule, source)
            return
        draft.fields.append(_priority(spec, scale, source, value) if value else absent)
        if value and quarantine:
            path = dotted(source, "names", cut(one_line(value), 40))
            draft.refuse(path, f"no row names this {source}")
        elif value:
            draft.lose("priority-unmapped", source)

    return step


def _priority(spec: MappingSpec, scale: Scale, source: str, value: str) -> MappedField:
    name = scale.names.get(value)
    also = (n for n in scale.written if n != name and scale.means(value, n))
    return MappedField(
        kore="priority",
        casemgr=source,
        source=value or None,
        value=name,
        also=tuple(also),
        owner=spec.defaults.owner,
    )


def compile_kore_status(
    rows: Mapping[str, StatusRow], entity: str
) -> Callable[[Record, Draft], KoreState]:
    """Make the function that tells what a record's status asks of Kore.

    A case has one of the statuses that are rows. An activity has any number of states
    before it is completed: each of them is open, and open is what Kore is told, unless
    a row of its own says more. Every open Kore category may be what our creates came
    from, so a record in the status that they lead to moves none of them.
    """
    finished = FINISHED[entity]
    states = {status: _state(status, rows, entity) for status in rows}
    begun = states.get(BEGUN[entity])

    def state(record: Record, draft: Draft) -> KoreState:
        status = record.text("status")
        found = states.get(status)
        if found is None and entity == "task" and status != finished:
            found = begun
        if found is not None:
            return found
        path = dotted("status", entity, *filter(None, (cut(one_line(status), 40),)))
        draft.refuse(path, "no row names this casemgr status")
        return KoreState(finished=None)

    return state


def _state(status: str, rows: Mapping[str, StatusRow], entity: str) -> KoreState:
    row, done = rows[status], status == FINISHED[entity]
    own = frozenset(map(fold_category, row.categories))
    if not done and (status == BEGUN[entity] or not own):
        own = frozenset(
            fold_category(category)
            for name, other in rows.items()
            for category in other.categories
            if name != FINISHED[entity]
        )
    return KoreState(finished=done, name=row.write, categories=own)
