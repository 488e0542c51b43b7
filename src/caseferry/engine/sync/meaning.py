"""What a changed mapping leaves as it is: pairs that still mean the same one way.

Texts lose something on their way (they are cut, cleaned, flattened), so what came of a
record does not lead back to it. While nobody changes anything the bases keep such a
pair at rest. Under another mapping they do not tell; then it is enough that either
side's value still comes to the other's: a difference that lies in the way alone is no
reason to overwrite the richer side with the poorer one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from caseferry.engine.context import Context
from caseferry.engine.to_kore.work import KoreWork
from caseferry.engine.work import Work
from caseferry.model.correlation import Role
from caseferry.model.link import Link
from caseferry.model.mapped import KoreGroup, MappedField, MappedGroup, MappedRecord
from caseferry.model.record import Key, Record, System, system_of

_Group = TypeVar("_Group", MappedGroup, KoreGroup)
_Remapped = Mapping[Key, tuple[Link, MappedRecord]]
"""By the counterpart's key."""


def keep_leading(context: Context, work: Work) -> None:
    """Let what casemgr holds stand where it still comes to what Kore holds."""
    pairs = {
        link.casemgr: (link, work.mapped(link.role, link.kore))
        for link in work.links
        if link.role is not Role.OPENER and _is_remapped(link, work.mapping)
    }
    home = work.case_link
    case = work.targets.get(home.casemgr) if home else None
    if pairs and case is not None:
        tasks = _tasks(pairs, work.targets)
        now = context.clock.now()
        back = context.mapper.map_to_kore(case, tasks, None, now)
        work.group = _with_kept(work.group, (back.case, *back.tasks), pairs)


def keep_following(context: Context, work: KoreWork) -> None:
    """Let what Kore holds stand where it still comes to what casemgr holds."""
    pairs = {
        link.kore: (link, work.mapped(key))
        for key, link in work.links.items()
        if key not in work.others and _is_remapped(link, work.mapping)
    }
    home = work.case_link
    case = work.targets.get(home.kore) if home else None
    if pairs and case is not None:
        tasks = _tasks(pairs, work.targets)
        back = context.mapper.map_group(case, tasks, context.clock.now())
        work.group = _with_kept(work.group, (back.case, *back.tasks), pairs)


def _is_remapped(link: Link, digest: str) -> bool:
    return link.finished and bool(link.mapping) and link.mapping != digest


def _tasks(pairs: _Remapped, shown: Mapping[Key, Record]) -> list[Record]:
    return [
        shown[key]
        for key, (link, _) in pairs.items()
        if key in shown and link.role is Role.TASK
    ]


def _with_kept(
    group: _Group, backs: Iterable[MappedRecord], pairs: _Remapped
) -> _Group:
    kept: dict[Key, MappedRecord] = {}
    for back in backs:
        if back.record.key in pairs:
            link, mapped = pairs[back.record.key]
            kept[mapped.record.key] = _kept(mapped, link, back)
    tasks = tuple(kept.get(each.record.key, each) for each in group.tasks)
    return replace(group, case=kept.get(group.key, group.case), tasks=tasks)


def _kept(mapped: MappedRecord, link: Link, back: MappedRecord) -> MappedRecord:
    """Give a record with what may stand of its counterpart, mapped in `back`."""
    others = {(field.kore, field.casemgr): field for field in back.fields}
    fields = []
    for field in mapped.fields:
        other = others.get((field.kore, field.casemgr))
        is_same = other is not None and _is_same(field, other, mapped.record, link)
        stands = other.source if is_same and other else None
        also = field.also if stands is None else (*field.also, stands)
        fields.append(replace(field, also=also))
    return replace(mapped, fields=tuple(fields))


def _is_same(
    field: MappedField, other: MappedField, record: Record, link: Link
) -> bool:
    """Tell whether nobody changed a field, and its counterpart comes to it."""
    name, on_kore = field.casemgr, system_of(record.key) is System.KORE
    own, theirs = link.kore_base, link.casemgr_base
    if not on_kore:
        own, theirs = theirs, own
    unchanged = field.source == own.get(name) and other.source == theirs.get(name)
    here = record.fields.get(field.kore if on_kore else name)
    return unchanged and other.is_met_by(here)
