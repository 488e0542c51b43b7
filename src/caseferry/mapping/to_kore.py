"""Mapping one casemgr case group towards Kore: its case, its tasks, whom it is for."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from caseferry.mapping.draft import Draft, Step
from caseferry.mapping.group import Tables
from caseferry.mapping.kore_contact import Contacts, Person
from caseferry.mapping.kore_due import made_due, parse_span
from caseferry.mapping.kore_leftovers import KoreLeftovers
from caseferry.mapping.kore_routes import KoreRoutes
from caseferry.mapping.kore_states import compile_kore_scale, compile_kore_status
from caseferry.mapping.kore_steps import compile_kore_row
from caseferry.mapping.names import FIELD
from caseferry.mapping.shape import MappingSpec
from caseferry.model.action import Loss
from caseferry.model.correlation import Role, parse_correlation
from caseferry.model.customer import Customer
from caseferry.model.mapped import KoreGroup, MappedRecord
from caseferry.model.record import Record

Side = Literal["case", "task"]
_SIDES: tuple[Side, Side] = ("case", "task")
_TASK = "task"


class KoreMapper:
    """Maps case groups towards Kore; everything is chosen when it is made."""

    def __init__(self, spec: MappingSpec, tables: Tables, digest: str) -> None:
        self._spec = spec
        self._tables = tables
        self._digest = digest
        self._steps = {side: self._compile(side) for side in _SIDES}
        self._states = {
            "case": compile_kore_status(spec.status.case, "case"),
            "task": compile_kore_status(spec.status.task, "task"),
        }
        self._routes = KoreRoutes(spec.to_kore)
        self._span = parse_span(spec.to_kore.due_date)
        self._contacts = Contacts(spec.customer)
        self._leftovers = KoreLeftovers(spec)

    def map_to_kore(
        self,
        case: Record,
        activities: Sequence[Record],
        customer: Customer | None,
        now: datetime,
    ) -> KoreGroup:
        """Map a casemgr case with its activities.

        Of the activities the tasks are carried, the others counted; our openers are
        neither. `now`, which knows its zone, only makes the due date of a case that
        has none.
        """
        ours = [activity for activity in activities if not _is_opener(activity)]
        tasks = [activity for activity in ours if activity.text("type") == _TASK]
        mapped_case = self._map("case", case, Draft(soonest=""))
        mapped_case, due, is_made = self._due(mapped_case, now)
        found = self._contacts.choose(customer, tasks)
        route = self._routes.of(case)
        others = (a for a in ours if a.text("type") != _TASK)
        return KoreGroup(
            case=mapped_case,
            tasks=tuple(self._task(task, found.person) for task in tasks),
            contact=found.contact,
            code=found.code,
            reason=found.reason,
            due=due,
            is_due_synthetic=is_made,
            case_template=route.case_template,
            task_template=route.task_template,
            channel=route.source,
            spawned=self._spec.to_kore.spawned_tasks,
            cascade_close=self._spec.status.policy.cascade_close,
            stays_behind={
                **_by_type(others),
                **self._leftovers.count(case, tasks),
            },
            mapping=self._digest,
        )

    def names(self) -> dict[str, frozenset[str]]:
        """Give every name that could be written to Kore, by `status priority field`."""
        statuses, spec = self._spec.status, self._spec
        rows = (row for side in _SIDES for row in spec.rows(side).items())
        return {
            "status": frozenset(
                row.write for row in (*statuses.case.values(), *statuses.task.values())
            ),
            "priority": frozenset(
                {
                    *self._tables.priority.names.values(),
                    *self._tables.severity.names.values(),
                }
            ),
            "field": frozenset(
                name.removeprefix(FIELD)
                for name, row in rows
                if name.startswith(FIELD) and row.direction != "to-casemgr"
            ),
        }

    def leaves_behind(self, record: Record) -> bool:
        """Tell whether a record holds something that is not carried."""
        return bool(self._leftovers.count(record, ()))

    def _compile(self, side: Side) -> tuple[Step, ...]:
        spec, tables = self._spec, self._tables
        steps = [
            compile_kore_row(spec, side, name, row)
            for name, row in spec.rows(side).items()
            if row.direction != "to-casemgr"
        ]
        if side == "task":
            steps.append(compile_kore_scale(spec, tables.priority, "priority"))
        elif spec.severity.names:
            steps.append(compile_kore_scale(spec, tables.severity, "severity"))
        return tuple(steps)

    def _map(self, side: Side, record: Record, draft: Draft) -> MappedRecord:
        for step in self._steps[side]:
            step(record, draft)
        state = self._states[side](record, draft)
        return MappedRecord(
            record=record,
            fields=tuple(draft.fields),
            finished=state.finished,
            losses=tuple(draft.losses),
            problems=tuple(draft.problems),
            status=state.name,
            categories=state.categories,
        )

    def _task(self, task: Record, person: Person | None) -> MappedRecord:
        draft = Draft(soonest="")
        if person is not None and person.is_other(self._contacts.named_by(task)):
            draft.lose("task-contact-differs", "contact")
        return self._map("task", task, draft)

    def _due(self, case: MappedRecord, now: datetime) -> tuple[MappedRecord, str, bool]:
        """Give the due date that createCase is told, and whether it is made up."""
        for field in case.fields:
            if field.kore == "dueDate" and isinstance(field.value, str):
                return case, field.value, False
        if self._span is None:
            return case, "", True
        lost = Loss(rule="due-date-synthetic", field="dueDate")
        losing = replace(case, losses=(*case.losses, lost))
        return losing, made_due(now, self._span), True


def _is_opener(activity: Record) -> bool:
    """Tell whether we made this activity to carry its case.

    Which attribute holds our keys is configured elsewhere; nothing else looks like one.
    """
    for name, value in activity.fields.items():
        if not name.startswith("custom."):
            continue
        for text in (value,) if isinstance(value, str) else value:
            found = parse_correlation(text)
            if found is not None and found.role is Role.OPENER:
                return True
    return False


def _by_type(activities: Iterator[Record]) -> Mapping[str, int]:
    kinds = Counter(activity.text("type") or "unknown" for activity in activities)
    return {f"casemgr.activity.{kind}": many for kind, many in sorted(kinds.items())}
