"""Reading the source into the state, a page a transaction."""

from dataclasses import dataclass

from caseferry.engine.context import Context
from caseferry.errors import Interrupted
from caseferry.model.record import Entity, System


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """How many records were read, and whether the listings are proved complete."""

    cases: int
    tasks: int
    complete: bool


def extract_kore(context: Context) -> Extracted:
    """Read all Kore cases and tasks into the state.

    Effects: reads Kore, writes observations; may be repeated at any time.
    """
    counts = {}
    complete = True
    for entity in (Entity.CASE, Entity.TASK):
        complete &= _extract(context, entity)
        counts[entity] = context.store.count_records(
            context.since_run(System.KORE), System.KORE, entity
        )
    context.listing_complete = complete
    return Extracted(
        cases=counts[Entity.CASE], tasks=counts[Entity.TASK], complete=complete
    )


def _extract(context: Context, entity: Entity) -> bool:
    seen, last = 0, False
    for page in context.kore.pages(entity):
        context.store.save_records(context.run, System.KORE, page.records)
        seen += len(page.records)
        last = page.last
        context.reporter.progress(f"read Kore {entity}s", seen, page.total)
        if context.stopping:
            raise Interrupted("stopped while reading Kore; nothing was written")
    return last
