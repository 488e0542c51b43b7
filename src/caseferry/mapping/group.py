"""Mapping one case group: its case, its tasks, an opener and the customer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from caseferry.mapping.customer import compile_customer
from caseferry.mapping.draft import Draft, Step
from caseferry.mapping.leftovers import Leftovers
from caseferry.mapping.names import TEXT_LIMITS
from caseferry.mapping.opener import compile_template
from caseferry.mapping.routes import Routes, Ways
from caseferry.mapping.shape import MappingSpec
from caseferry.mapping.states import (
    compile_scale_step,
    compile_status_step,
    is_finished,
)
from caseferry.mapping.steps import compile_row
from caseferry.mapping.tables import Scale, StatusTable
from caseferry.mapping.texts import cut
from caseferry.model.action import Loss
from caseferry.model.mapped import (
    ENDS_WITH_CASE,
    MappedField,
    MappedGroup,
    MappedRecord,
)
from caseferry.model.record import Record, local_id

MARGIN: Final = timedelta(minutes=5)
"""A due date nearer than this is past: the write has still to be made."""

Side = Literal["case", "task"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The compiled tables of a mapping."""

    priority: Scale
    severity: Scale
    statuses: Mapping[str, StatusTable]


class GroupMapper:
    """Maps case groups; everything is looked up and chosen when it is made."""

    def __init__(self, spec: MappingSpec, tables: Tables, digest: str) -> None:
        self._spec = spec
        self._tables = tables
        self._digest = digest
        self._routes = Routes(spec)
        self._steps = {"case": self._compile("case"), "task": self._compile("task")}
        self._opener_priority = compile_scale_step(spec, tables.priority, "priority")
        self._opener_subject = compile_template(spec.opener.subject)
        self._opener_when = frozenset[str](spec.opener.when)
        self._wish = compile_customer(spec.customer)
        self._leftovers = Leftovers(spec)

    @property
    def departments(self) -> tuple[str, ...]:
        """Every department a route can reach, sorted."""
        return self._routes.departments

    def map_group(
        self, case: Record, tasks: Sequence[Record], now: datetime
    ) -> MappedGroup:
        """Map a Kore case with its tasks.

        The case's route decides the department of all of them, unless the case lies in
        another one already; `now`, which knows its zone, only decides which due dates
        have passed. An opener is always given; whether there has to be one is not
        decided here.
        """
        soonest = _canonical(now.astimezone(UTC) + MARGIN)
        ways = self._routes.case(case)
        draft = Draft(soonest=soonest)
        mapped_case = self._map("case", case, draft, ways)
        mapped_tasks: list[MappedRecord] = []
        for task in tasks:
            task_draft = Draft(soonest=soonest)
            if _other_person(case, task):
                task_draft.lose("task-contact-differs", "userInfo")
            task_ways = self._routes.task(case, task, ways)
            mapped = self._map("task", task, task_draft, task_ways)
            mapped_tasks.append(_end_with(mapped_case, mapped))
        if draft.opener_texts and not self._has_opener(mapped_case, mapped_tasks):
            cuts = (Loss(rule="description-cut", field=f) for f in draft.opener_texts)
            mapped_case = _losing(mapped_case, *cuts)
        return MappedGroup(
            case=mapped_case,
            tasks=tuple(mapped_tasks),
            opener=self._opener(mapped_case, draft),
            opener_when=self._opener_when,
            reopened=self._spec.status.policy.reopened,
            cascade_close=self._spec.status.policy.cascade_close,
            customer=self._wish(case),
            stays_behind=self._leftovers.count(case, tasks),
            mapping=self._digest,
        )

    def leaves_behind(self, record: Record) -> bool:
        """Tell whether a record holds something that is not carried."""
        return bool(self._leftovers.count(record, ()))

    def _compile(self, side: Side) -> tuple[Step, ...]:
        spec, tables = self._spec, self._tables
        steps = [
            compile_row(spec, side, name, row)
            for name, row in spec.rows(side).items()
            if row.direction != "to-kore"
        ]
        if side == "task":
            steps.append(compile_scale_step(spec, tables.priority, "priority"))
        elif spec.severity.names:
            steps.append(compile_scale_step(spec, tables.severity, "severity"))
        steps.append(compile_status_step(spec, tables.statuses[side], side))
        return tuple(steps)

    def _map(
        self, side: Side, record: Record, draft: Draft, ways: Ways
    ) -> MappedRecord:
        for step in self._steps[side]:
            step(record, draft)
        finished = is_finished(self._tables.statuses[side], side, record, draft)
        if self._routes.loses_assignee(record):
            draft.lose("assignee-unmapped", "assignee")
        landing, *others = self._routes.landings(ways, record)
        return MappedRecord(
            record=record,
            fields=tuple(draft.fields),
            finished=finished,
            losses=tuple(draft.losses),
            problems=tuple(draft.problems),
            department=landing.department,
            subtype=landing.subtype,
            assignee=landing.assignee,
            elsewhere=tuple(others),
        )

    def _has_opener(self, case: MappedRecord, tasks: Sequence[MappedRecord]) -> bool:
        """Tell whether a new group of this shape gets an opener."""
        if not tasks:
            return "no-tasks" in self._opener_when
        all_done = all(task.finished for task in tasks) and not case.finished
        return all_done and "all-tasks-completed" in self._opener_when

    def _opener(self, case: MappedRecord, case_draft: Draft) -> MappedRecord:
        record = case.record
        draft = Draft(soonest=case_draft.soonest)
        subject = (
            self._opener_subject(record) or record.text("refId") or local_id(record.key)
        )
        subject = cut(subject, TEXT_LIMITS["task"]["subject"])
        draft.fields.append(_frozen("name", "subject", record, subject))
        if case_draft.opener_texts:
            text = "\n\n".join(case_draft.opener_texts.values())
            name = next(iter(case_draft.opener_texts))
            draft.fields.append(_frozen(name, "content.text", record, text))
        self._opener_priority(record, draft)
        return MappedRecord(
            record=record,
            fields=tuple(draft.fields),
            finished=case.finished,
            problems=tuple(draft.problems),
            department=case.department,
            subtype=self._spec.opener.subtype,
            assignee=case.assignee,
            elsewhere=tuple(
                replace(landing, subtype=self._spec.opener.subtype)
                for landing in case.elsewhere
            ),
        )


def _frozen(name: str, target: str, record: Record, value: str) -> MappedField:
    return MappedField(
        kore=name,
        casemgr=target,
        source=record.fields.get(name),
        value=value,
        owner="kore",
        write_once="report",
    )


def _canonical(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"


def _other_person(case: Record, task: Record) -> bool:
    """Compare by the best thing that both name; without one it is the case's person."""
    for name in ("userInfo._id", "userInfo.emailId", "userInfo.phoneNumber"):
        own, case_own = task.text(name).lower(), case.text(name).lower()
        if own and case_own:
            return own != case_own
    return False


def _end_with(case: MappedRecord, task: MappedRecord) -> MappedRecord:
    """Let an open task end with its closed case: casemgr completes it with the case."""
    if not case.finished or task.finished is not False:
        return task
    ended = _losing(task, Loss(rule=ENDS_WITH_CASE, field="status"))
    return replace(ended, finished=True, ends_with_case=True)


def _losing(mapped: MappedRecord, *losses: Loss) -> MappedRecord:
    return replace(mapped, losses=(*mapped.losses, *losses))
