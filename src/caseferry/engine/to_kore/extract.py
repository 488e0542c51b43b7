"""Reading casemgr, the source, into the state, a page a transaction."""

from collections.abc import Iterator

from caseferry.engine.context import Context
from caseferry.engine.extract import Extracted
from caseferry.errors import Interrupted
from caseferry.model.record import Entity, System
from caseferry.ports import Page


def extract_casemgr(context: Context) -> Extracted:
    """Read all cases and activities of the departments into the state.

    Effects: reads casemgr, writes observations; may be repeated at any time.
    """
    complete = True
    for department in context.departments:
        complete &= _read(context, "cases", context.casemgr.cases(department))
        activities = context.casemgr.activities(department)
        complete &= _read(context, "activities", activities)
    context.listing_complete = complete
    store, run = context.store, context.since_run(System.CASEMGR)
    return Extracted(
        cases=store.count_records(run, System.CASEMGR, Entity.CASE),
        tasks=store.count_records(run, System.CASEMGR, Entity.TASK),
        complete=complete,
    )


def _read(context: Context, what: str, pages: Iterator[Page]) -> bool:
    seen, last = 0, False
    for page in pages:
        context.store.save_records(context.run, System.CASEMGR, page.records)
        seen += len(page.records)
        last = page.last
        context.reporter.progress(f"read casemgr {what}", seen, page.total)
        if context.stopping:
            raise Interrupted("stopped while reading casemgr; nothing was written")
    return last
