"""One pass over both systems: of each listing what changed, or all of it.

A listing is read whole the first time, when that was too long ago, and where the system
cannot tell what changed. Else only what changed since its watermark is read: of casemgr
by a window of times, of Kore from the last change back. Where Kore is not proved to
sort so, its unresolved records are read; one that left them has changed, and is looked
at by itself. What was read whole, and when, is kept in the state: what was seen since
then is what a system holds.
"""

from collections.abc import Iterator

from caseferry.engine.changes import (
    Changes,
    Mode,
    ReadPlan,
    Resource,
    ResourceRead,
    resources,
)
from caseferry.engine.context import Context
from caseferry.engine.leavers import look_at_leavers
from caseferry.engine.scan import Scan
from caseferry.engine.watermark import Known, keep_full, keep_pass, known_of
from caseferry.model.record import Entity, System
from caseferry.ports import Page


def read_changes(context: Context, plan: ReadPlan) -> Changes:
    """Bring the state up to date with both systems.

    Effects: reads both systems; writes observations and watermarks; sets
    `context.since`. May be repeated at any time.

    Raises:
        Interrupted: asked to stop; what was read is kept, and counts for nothing.
    """
    reader = _Reader(context, plan)
    read = tuple(map(reader.read, resources(context.departments)))
    for system in System:
        runs = [each.since_run for each in read if each.resource.system is system]
        context.since[system] = min(
            (context.run if run is None else run for run in runs), default=context.run
        )
    return Changes(read=read, since=dict(context.since))


class _Reader:
    """Reads one listing after the other."""

    def __init__(self, context: Context, plan: ReadPlan) -> None:
        self._context = context
        self._plan = plan
        self._scan = Scan(context, Resource(system=System.KORE, entity=Entity.CASE))

    def read(self, resource: Resource) -> ResourceRead:
        """Read a listing in the cheapest way that misses nothing."""
        context = self._context
        before = self._requests()
        known = known_of(context.store, resource)
        is_full = resource.system in self._plan.full or known.is_due(
            context.clock.now(), self._plan.full_scan_every_s
        )
        self._scan = Scan(context, resource)
        mode: Mode | None = None
        if not is_full:
            mode = self._changed(resource, known) or self._unresolved(resource, known)
        proved, is_ordinary = self._scan.is_whole, not is_full
        if mode is None:
            is_ordinary &= not self._scan.records  # else another way failed first
            mode, proved = "complete", self._complete(resource)
        requests = self._requests() - before
        if is_ordinary:
            keep_pass(context.store, resource, mode, requests)
        after = known_of(context.store, resource)
        return ResourceRead(
            resource=resource,
            mode=mode,
            proved=proved,
            records=self._scan.records,
            changed=self._scan.changed,
            requests=requests,
            watermark=after.since,
            since_run=after.full_run,
        )

    def _changed(self, resource: Resource, known: Known) -> Mode | None:
        """Read what changed since the watermark; None where nothing can tell."""
        if not known.since:
            return None
        pages = self._window(resource, known.since)
        if pages is None:
            return None
        self._scan.take(pages, Scan.move_watermark)
        if resource.system is System.CASEMGR:
            return "window"
        if self._scan.is_whole or self._window(resource, known.since) is not None:
            return "newest"
        return None  # it turned out not to sort

    def _window(self, resource: Resource, since: str) -> Iterator[Page] | None:
        context, department = self._context, resource.department
        if resource.system is System.KORE:
            return context.kore.changed(resource.entity, since)
        if resource.entity is Entity.CASE:
            return context.casemgr.cases_changed(department, since)
        return context.casemgr.activities_changed(department, since)

    def _unresolved(self, resource: Resource, known: Known) -> Mode | None:
        """Read what is unresolved, and look at what left; None where that fails."""
        if resource.system is not System.KORE or known.full_run is None:
            return None
        pages = self._context.kore.unresolved(resource.entity)
        if pages is None:
            return None
        self._scan.keys = set()
        self._scan.take(pages)
        if not self._scan.is_whole:
            return "unresolved"
        is_told = look_at_leavers(
            self._context, resource.entity, self._scan, known.full_run
        )
        return "unresolved" if is_told else None

    def _complete(self, resource: Resource) -> bool:
        """Read everything; tells whether that is proved."""
        context, began = self._context, self._context.clock.now()

        def finish(scan: Scan) -> None:
            scan.move_watermark()
            keep_full(context.store, resource, context.run, began)

        scan = Scan(context, resource)
        scan.records, scan.changed = self._scan.records, self._scan.changed
        self._scan = scan
        scan.take(self._listing(resource), finish)
        return scan.is_whole

    def _listing(self, resource: Resource) -> Iterator[Page]:
        context, department = self._context, resource.department
        if resource.system is System.KORE:
            return context.kore.pages(resource.entity)
        if resource.entity is Entity.CASE:
            return context.casemgr.cases(department)
        return context.casemgr.activities(department)

    def _requests(self) -> int:
        return self._context.kore.requests() + self._context.casemgr.requests()
