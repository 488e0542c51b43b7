"""The steps for priority, severity and status."""

from caseferry.mapping.draft import Draft, Step
from caseferry.mapping.names import dotted
from caseferry.mapping.shape import MappingSpec, keep_target
from caseferry.mapping.tables import Scale, StatusTable
from caseferry.mapping.texts import cut, one_line
from caseferry.model.mapped import MappedField
from caseferry.model.record import Record

FINISHED = {"case": "closed", "task": "completed"}
"""The casemgr status that ends a record, by entity."""


def compile_scale_step(spec: MappingSpec, scale: Scale, target: str) -> Step:
    """Make the step that writes `priority` or `severity` from the Kore priority."""
    part = spec.priority if target == "priority" else spec.severity
    policy = spec.unmapped(part.unmapped)
    kept_in = keep_target(policy)
    owner = spec.defaults.owner

    def field_of(name: str) -> MappedField:
        return MappedField(
            kore="priority",
            casemgr=target,
            source=name or None,
            value=scale.written.get(name),
            also=scale.also.get(name, ()),
            owner=owner,
        )

    known = {name: field_of(name) for name in ("", *scale.written)}

    def step(record: Record, draft: Draft) -> None:
        name = record.text("priority")
        if name in known:
            draft.fields.append(known[name])
            return
        draft.fields.append(field_of(name))
        if policy == "quarantine":
            path = dotted(target, "names", cut(one_line(name), 40))
            draft.refuse(path, "no row names this priority")
            return
        draft.lose("priority-unmapped", "priority")
        if kept_in:
            draft.keep("priority", kept_in, name)

    return step


def compile_status_step(spec: MappingSpec, table: StatusTable, entity: str) -> Step:
    """Make the step that keeps the status name, or counts that it is lost."""
    kept_in = spec.status.policy.name_kept_in
    target = kept_in.case if entity == "case" else kept_in.task

    def keep(record: Record, draft: Draft) -> None:
        draft.keep("status", target, record.fields.get("status"))

    def count(record: Record, draft: Draft) -> None:
        name = record.text("status")
        status = table.status(record.text("statusCategory"))
        if name and status is not None and table.written.get(status) != name:
            draft.lose("status-name", "status")

    return keep if target else count


def is_finished(
    table: StatusTable, entity: str, record: Record, draft: Draft
) -> bool | None:
    """Tell whether a record is finished; None, and a problem, if nobody can tell."""
    category = record.text("statusCategory")
    status = table.status(category)
    if status is None:
        path = dotted("status", entity, *filter(None, (cut(category, 40),)))
        draft.refuse(path, "no row names this status category")
        return None
    return status == FINISHED[entity]
