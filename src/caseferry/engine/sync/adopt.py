"""Records that carry a key of this tenant pair and have no link are never new."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice

from caseferry.engine.adopt import Adopter
from caseferry.engine.adopted import Adopted
from caseferry.engine.context import Context
from caseferry.engine.plans import Planner
from caseferry.engine.sync.pairs import changed_since
from caseferry.engine.sync.rules import STRANGER
from caseferry.engine.to_kore.adopt import KoreAdopter
from caseferry.engine.to_kore.plans import KorePlanner
from caseferry.model.record import Entity, Key, Record, System, system_of
from caseferry.reconcile.view import CLOSED

_BATCH = 200


class SyncAdopter:
    """Links what carries a key, among all that changed and was not looked at yet."""

    def __init__(self, context: Context, lead: Planner, follow: KorePlanner) -> None:
        self._context = context
        self._to_casemgr = Adopter(context, lead)
        self._to_kore = KoreAdopter(context, follow)

    @property
    def correlations(self) -> frozenset[str]:
        """The keys that Kore's records showed."""
        return frozenset(self._to_kore.correlations)

    def scan(self) -> Adopted:
        """Restore links from the keys on both sides.

        Effects: writes links; reads casemgr's cases of what is found.
        """
        since = changed_since(self._context)
        total = Adopted()
        self._adopt_cases(since, total, closed=False)
        self._to_casemgr.know_closed(self._cases(since, closed=True))
        made = self._context.store.changed_records(System.CASEMGR, Entity.TASK, since)
        for page in _pages(chain(made, self._strangers())):
            total.records += len(page)
            self._to_casemgr.adopt_page(page, total)
        self._adopt_cases(since, total, closed=True)
        # an edit of a Kore record names its counterpart too, also one taken back
        marked = self._to_kore.scan_marked(since, self._held())
        for name in ("records", "links", "twice", "strangers"):
            setattr(total, name, getattr(total, name) + getattr(marked, name))
        return total

    def _adopt_cases(self, since: int, total: Adopted, *, closed: bool) -> None:
        """Link cases by their own key: what was in them may have been moved since.

        Open ones before what is in them is looked at, for that may lie elsewhere; of a
        closed one only that tells whether an undo ended it.
        """
        for page in _pages(self._cases(since, closed=closed)):
            self._to_casemgr.adopt_cases(page, total)

    def _cases(self, since: int, *, closed: bool) -> Iterator[Record]:
        cases = self._context.store.changed_records(System.CASEMGR, Entity.CASE, since)
        return (case for case in cases if (case.text("status") == CLOSED) is closed)

    def _held(self) -> dict[Key, Record]:
        """Give the Kore records held for their key; lift the hold of one that is gone.

        What one of them holds back waits as long as it is there.
        """
        store, since = self._context.store, self._context.since_run(System.KORE)
        keys = [
            key
            for key, hold in store.holds().items()
            if hold.code == STRANGER and system_of(key) is System.KORE
        ]
        shown = store.records_of(since, keys)
        for key in keys:
            if key not in shown:
                store.delete_hold(key)
        return shown

    def _strangers(self) -> Iterator[Record]:
        """Give what carries a key of a record that was not shown: it may be now."""
        store, since = self._context.store, self._context.since_run(System.CASEMGR)
        holds = [hold for hold in store.holds().values() if hold.code == STRANGER]
        found = {key: store.record(key) for key in (hold.key for hold in holds)}
        cases = {r.parent or r.key for r in found.values() if r is not None}
        for _, inside in store.groups(since, sorted(cases)):
            yield from inside


def _pages(records: Iterator[Record]) -> Iterator[Sequence[Record]]:
    while page := list(islice(records, _BATCH)):
        yield page
