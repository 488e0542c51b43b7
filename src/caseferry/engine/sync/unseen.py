"""What was made without this state's knowing, and when it is known that all was seen.

A state that is new, or was put back from a copy, lacks what was made before it was
first read; one that finds a record of ours without a link was behind all the same. Two
things hide such a record: it is listed only after the visibility lag, and an edit takes
it out of what changed until the listing follows. By its time of creation it is listed
whatever is done to it since. So nothing is hidden any more from a look at what was
created, after the lag: from then on the state is whole, for it knows what it makes.
"""

from collections.abc import Iterable

from caseferry.engine.changes import Resource, resources
from caseferry.engine.context import Context
from caseferry.engine.scan import Scan
from caseferry.engine.watermark import known_of
from caseferry.model.record import Entity, System
from caseferry.model.times import canonical_time, parse_time
from caseferry.ports import Page

# The store takes all of them from a copy that is put back: it is new again.
_SINCE_WHEN = "first-read.sync"
_DOUBT = "first-read.sync.doubt"
_CREATED_FROM = "first-read.sync.created."
_NEW, _BEHIND = "new", "behind"


class Unseen:
    """Knows whether this state may lack records of ours, and looks for them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._marks: dict[str, str] = {}

    @property
    def is_possible(self) -> bool:
        """Tell whether there may be records of ours that were never seen."""
        return bool(self._context.store.get_fact(_DOUBT))

    @property
    def wait_s(self) -> float:
        """Give the seconds until all of them are surely listed; 0 or less is now."""
        context = self._context
        at, first = context.kore.server_time(), context.store.get_fact(_SINCE_WHEN)
        if at is None or first is None:
            return 0.0
        known_for_s = (at - parse_time(first)).total_seconds()
        return context.settings.visibility_lag_s - known_for_s

    def before_reading(self) -> None:
        """Remember how far the state goes: what it lacks was created after that."""
        self._marks = self._watermarks()

    def after_reading(self, *, restored: bool, whole: bool) -> None:
        """Begin to doubt a state that is new or behind, or end that.

        Args:
            restored: a record of ours was found that had no link.
            whole: both systems were listed to the end, whatever had changed.
        """
        store = self._context.store
        if store.get_fact(_SINCE_WHEN) is None or restored:
            self._begin()
        elif whole and self.wait_s <= 0:
            store.set_fact(_DOUBT, "")

    def look(self) -> None:
        """Read what was created since the state began to lack anything.

        Cases of casemgr are left out: an activity of ours comes with each of them.
        """
        is_whole = True
        for resource in resources(self._context.departments):
            pages = self._created(resource)
            if pages is not None:
                scan = Scan(self._context, resource)
                scan.take(pages)
                is_whole &= scan.is_whole
        if is_whole:
            self._context.store.set_fact(_DOUBT, "")

    def _begin(self) -> None:
        store, at = self._context.store, self._context.kore.server_time()
        if at is None:
            return
        is_new = store.get_fact(_SINCE_WHEN) is None or self._is_new
        with store.transaction():
            for name, now in self._watermarks().items():
                since = self._marks.get(name) or now  # a new one had none before
                if self.is_possible:
                    since = min(since, self._created_from(name))
                store.set_fact(f"{_CREATED_FROM}{name}", since)
            store.set_fact(_SINCE_WHEN, canonical_time(at))
            store.set_fact(_DOUBT, _NEW if is_new else _BEHIND)

    def _created(self, resource: Resource) -> Iterable[Page] | None:
        """Give what was created in one listing; None where nothing tells cheaply.

        Where Kore is not proved to sort, only a new state is worth a whole listing.
        """
        kore, casemgr = self._context.kore, self._context.casemgr
        since = self._created_from(resource.name)
        if resource.system is System.CASEMGR:
            if resource.entity is Entity.CASE:
                return None
            return casemgr.activities(resource.department, since or None)
        newest = kore.newest(resource.entity, since) if since else None
        if newest is not None:
            return (Page(records=newest, last=True, at=kore.server_time()),)
        return kore.pages(resource.entity) if self._is_new else None

    @property
    def _is_new(self) -> bool:
        return self._context.store.get_fact(_DOUBT) == _NEW

    def _created_from(self, name: str) -> str:
        return self._context.store.get_fact(f"{_CREATED_FROM}{name}") or ""

    def _watermarks(self) -> dict[str, str]:
        names = resources(self._context.departments)
        return {each.name: known_of(self._context.store, each).since for each in names}
