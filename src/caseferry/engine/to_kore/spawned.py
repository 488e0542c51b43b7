"""Tasks that a case template makes by itself, seconds after its case.

By policy they are left alone and reported, or joined with the source task of the same
name before that one would be made a second time. What was not joined is left alone too:
it is no news for casemgr.
"""

from collections.abc import Iterable, Sequence

from caseferry.engine.context import Context
from caseferry.engine.spawned import WAIT_S
from caseferry.engine.to_kore.work import KoreWork
from caseferry.model.correlation import Role
from caseferry.model.link import Link
from caseferry.model.mapped import MappedField
from caseferry.model.record import Entity, Record, System


def await_spawned(context: Context, works: Sequence[KoreWork]) -> None:
    """Read the tasks of new cases once more, where they are to be joined.

    Effects: waits, reads Kore's tasks once for all of these cases.
    """
    homes = {
        work.case_link.kore: work
        for work in works
        if work.group.spawned == "adopt"
        and work.case_link is not None
        and work.case_link.kore in work.unconfirmed
        and not work.spawned
    }
    if not homes or not any(work.group.tasks for work in homes.values()):
        return
    context.reporter.waiting("tasks that the template makes", WAIT_S)
    context.clock.sleep(WAIT_S)
    found: dict[str, list[Record]] = {}
    since = min(work.targets[key].text("createdAt") for key, work in homes.items())
    for record in _tasks(context, since):
        if record.parent in homes and context.store.link(record.key) is None:
            found.setdefault(record.parent, []).append(record)
    for home, work in homes.items():
        work.spawned = tuple(found.get(home, ()))


def join_spawned(context: Context, works: Sequence[KoreWork]) -> None:
    """Link what the template made with the one new source task of the same name.

    Effects: writes links. Where two have the same name nothing is joined.
    """
    for work in works:
        if work.group.spawned != "adopt" or work.case_link is None:
            continue
        for record in work.spawned:
            name = record.text("name").strip().casefold()
            twins = [
                mapped
                for mapped in work.group.tasks
                if mapped.record.key not in work.links
                and mapped.record.key not in work.in_doubt
                and _name(mapped.fields).strip().casefold() == name
            ]
            alike = [r for r in work.spawned if _alike(r, name)]
            if len(twins) != 1 or len(alike) != 1:
                continue
            key = twins[0].record.key
            link = Link(
                role=Role.TASK,
                kore=record.key,
                casemgr=key,
                generation=work.generations.get((Role.TASK, key), 0),
                made_in=System.KORE,
            )
            work.links[key] = link
            work.targets[record.key] = record
            work.born.add((Role.TASK, key))
            store, run = context.store, context.run
            with store.transaction():
                store.save_link(link, work.case_link.kore)
                store.save_records(run, System.KORE, [record])


def _alike(record: Record, name: str) -> bool:
    return record.text("name").strip().casefold() == name


def _name(fields: Iterable[MappedField]) -> str:
    value = next((field.value for field in fields if field.kore == "name"), "")
    return value if isinstance(value, str) else ""


def _tasks(context: Context, since: str) -> Iterable[Record]:
    newest = context.kore.newest(Entity.TASK, since)
    if newest is not None:
        return newest
    return [r for page in context.kore.pages(Entity.TASK) for r in page.records]
