"""Texts in plain spelling: what is written where casemgr refused the full one.

No document says which characters a subject or a content may hold. Where a tenant is
strict, the alphabet that is documented for notes is what surely passes.
"""

from collections.abc import Container, Mapping
from dataclasses import replace
from typing import Final

from caseferry.mapping.names import TEXT_LIMITS
from caseferry.mapping.notes import alphabet_text
from caseferry.mapping.texts import cut
from caseferry.model.action import Loss
from caseferry.model.mapped import MappedField, MappedGroup, MappedRecord
from caseferry.model.record import Key, local_id

SANITISED: Final = "text-sanitised"
_TEXTS: Final = frozenset(
    {"subject", "description", "solution", "content.text", "content.html"}
)


def plain_group(group: MappedGroup, keys: Container[Key]) -> MappedGroup:
    """Give the group with the texts of these records in the alphabet of notes."""
    task_limits = TEXT_LIMITS["task"]
    case, opener = group.case, group.opener
    if group.key in keys:
        case = plain_record(case, TEXT_LIMITS["case"])
        opener = plain_record(opener, task_limits)
    tasks = tuple(
        plain_record(task, task_limits) if task.record.key in keys else task
        for task in group.tasks
    )
    return replace(group, case=case, opener=opener, tasks=tasks)


def plain_record(mapped: MappedRecord, limits: Mapping[str, int]) -> MappedRecord:
    """Give a record with its texts in the alphabet of notes, and what that loses.

    The full text still counts as met where the target holds it.
    """
    fields = tuple(_plain(mapped, field, limits) for field in mapped.fields)
    changed = [
        now.kore
        for now, was in zip(fields, mapped.fields, strict=True)
        if now.value != was.value
    ]
    losses = (Loss(rule=SANITISED, field=name) for name in dict.fromkeys(changed))
    return replace(mapped, fields=fields, losses=(*mapped.losses, *losses))


def _plain(
    mapped: MappedRecord, field: MappedField, limits: Mapping[str, int]
) -> MappedField:
    if field.casemgr not in _TEXTS or not isinstance(field.value, str):
        return field
    text = alphabet_text(field.value)
    limit = limits.get(field.casemgr)
    text = text if limit is None else cut(text, limit)
    if text == field.value:
        return field
    if not text and field.casemgr == "subject":  # of "???" nothing is left
        record = mapped.record
        text = alphabet_text(record.text("refId")) or local_id(record.key)
    return replace(field, value=text or None, also=(*field.also, field.value))
