"""What a run wrote, read as it is now, by case, and decided about."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from caseferry.engine.context import Context
from caseferry.engine.extract import extract_kore
from caseferry.engine.plans import DUE_MARGIN, read_by_id
from caseferry.engine.undo.ledger import Past, mark_of
from caseferry.engine.undo.work import UndoWork
from caseferry.model.correlation import Role
from caseferry.model.link import Link
from caseferry.model.record import Entity, Key, Record, System, system_of
from caseferry.model.times import canonical_time, parse_time
from caseferry.reconcile.to_kore.planner import MARKER
from caseferry.reconcile.undo.casemgr import undo_in_casemgr
from caseferry.reconcile.undo.kore import undo_in_kore
from caseferry.reconcile.undo.view import UndoView, Written
from caseferry.reconcile.view import COMPLETED

_ONE_REQUEST = timedelta(seconds=60)
"""A case and the activity that brought it into being are made by one request."""


class UndoPlanner:
    """Reads and decides; writes to neither system."""

    def __init__(self, context: Context, run: int, past: Past) -> None:
        self._context = context
        self._run = run
        self._past = past
        self._is_late = False
        self._listed_at: float | None = None

    # casemgr --------------------------------------------------------------------------

    def in_casemgr(self) -> list[UndoWork]:
        """Read what the run wrote to casemgr; give it by the case it lies in now."""
        written = self._written(System.CASEMGR)
        activities = [w.key for w in written if w.role is not Role.CASE]
        found = read_by_id(self._context, activities)
        homes = {w.key: _home(w, found.get(w.key)) for w in written}
        found |= read_by_id(self._context, sorted(set(homes.values())))
        works = [
            self._work(System.CASEMGR, home, group, found)
            for home, group in _grouped(written, homes)
        ]
        self.list_again([work for work in works if _has_open(work)])
        for work in works:
            work.brought = self._is_brought(work)
        return works

    def refresh(self, works: Sequence[UndoWork]) -> None:
        """Read the records of casemgr groups anew, 75 a request."""
        wanted = [w.key for work in works for w in work.written]
        found = read_by_id(
            self._context, sorted({*wanted, *(work.key for work in works)})
        )
        for work in works:
            for key in (work.key, *(w.key for w in work.written)):
                work.records.pop(key, None)
                if key in found:
                    work.records[key] = found[key]

    def list_again(self, works: Sequence[UndoWork]) -> None:
        """List everything in casemgr cases anew, whosever it is."""
        answers = self._context.workers.map(self._listed, works)
        for work, records in zip(works, answers, strict=True):
            ours = {work.key, *(written.key for written in work.written)}
            kept = {key: r for key, r in work.records.items() if key in ours}
            listed = {r.key: r for r in records if r.key not in kept}
            work.records = kept | listed

    def _listed(self, work: UndoWork) -> tuple[Record, ...]:
        case = work.records.get(work.key)
        if case is None:
            return ()
        department = case.text("department")
        return self._context.casemgr.activities_of(work.key, department)

    def _is_brought(self, work: UndoWork) -> bool:
        """Tell whether the run brought this case into being.

        An activity of the run that did may have been moved to another case since. The
        link of its case tells; where the run ended before there was one, the case is
        nobody's counterpart, and both were made at once.
        """
        store = self._context.store
        known = store.links_to([work.key]).get(work.key)
        for written in work.written:
            record = work.records.get(written.key)
            if not (written.created and written.opens) or record is None:
                continue
            case = self._case_of(written)
            link = store.link(case) if case is not None else known
            if link is not None and link.casemgr == work.key:
                return True
            at_once = _made_at_once(record, work.records.get(work.key))
            if link is None and known is None and at_once:
                return True
        return False

    def _case_of(self, written: Written) -> Key | None:
        if written.role is not Role.TASK:
            return written.source
        record = self._context.store.record(written.source)
        return record.parent if record else None

    # Kore -----------------------------------------------------------------------------

    def list_kore(self) -> None:
        """Read all of Kore into the state: it has no call that reads one record."""
        clock, settings = self._context.clock, self._context.settings
        self._listed_at = clock.monotonic()
        since_lock = self._listed_at - self._context.locked_at
        extracted = extract_kore(self._context)
        self._is_late = extracted.complete and since_lock >= settings.visibility_lag_s

    @property
    def is_stale(self) -> bool:
        """Tell whether Kore was listed longer ago than edits may stay unseen."""
        if self._listed_at is None:
            return False
        age = self._context.clock.monotonic() - self._listed_at
        return age > self._context.settings.overlap_s

    @property
    def is_complete(self) -> bool:
        """Tell whether the listing of Kore was read to its end and did not move."""
        return self._context.listing_complete

    def marked(self, entity: Entity) -> Iterator[Record]:
        """Give the Kore records of the listing that may carry a key."""
        store, run = self._context.store, self._context.run
        for record in store.records(run, System.KORE, entity):
            if MARKER in record.fields:
                yield record

    def in_kore(self) -> list[UndoWork]:
        """Give what the run wrote to Kore as listed, by its case."""
        written = self._written(System.KORE)
        store, run = self._context.store, self._context.run
        found = store.records_of(run, [w.key for w in written])
        homes = {
            w.key: _home(w, found.get(w.key) or store.record(w.key)) for w in written
        }
        for case, tasks in store.groups(run, sorted(set(homes.values()))):
            found |= {record.key: record for record in (case, *tasks)}
        by_parent: dict[Key, dict[Key, Record]] = {}
        for record in found.values():
            home = record.parent or record.key
            by_parent.setdefault(home, {})[record.key] = record
        return [
            self._work(System.KORE, home, group, by_parent.get(home, {}))
            for home, group in _grouped(written, homes)
        ]

    # both -----------------------------------------------------------------------------

    def decide(self, works: Iterable[UndoWork]) -> None:
        """Plan each group on what is known of it."""
        for work in works:
            to_kore = work.system is System.KORE
            undo = (undo_in_kore if to_kore else undo_in_casemgr)(self._view(work))
            work.plan, work.cannot = undo.plan, undo.cannot

    def _view(self, work: UndoWork) -> UndoView:
        context, settings = self._context, self._context.settings
        pair = settings.pair.mark
        keys = {settings.case_key_field, settings.activity_key_field, MARKER}
        return UndoView(
            case=work.key,
            source=work.source,
            written=work.written,
            records=work.records,
            now=canonical_time(context.clock.now() + DUE_MARGIN),
            run=self._run,
            brought=work.brought,
            is_late=self._is_late,
            ledger=self._past.ledger,
            refused=work.refused,
            key_fields=frozenset(keys),
            open_status=context.mapper.status_name(Entity.CASE, "open") or "",
            marks={w.key: mark_of(pair, w.key, self._run) for w in work.written},
        )

    def _written(self, system: System) -> list[Written]:
        every = sorted(self._past.written.items())
        return [written for key, written in every if system_of(key) is system]

    def _work(
        self,
        system: System,
        home: Key,
        group: Sequence[Written],
        found: dict[Key, Record],
    ) -> UndoWork:
        wanted = {home, *(w.key for w in group)} if system is System.CASEMGR else found
        return UndoWork(
            key=home,
            system=system,
            source=_source(self._context.store.link(home), group, system),
            written=tuple(group),
            records={key: found[key] for key in sorted(wanted) if key in found},
        )


def _source(link: Link | None, group: Sequence[Written], system: System) -> Key:
    """Give the case on the other side; without a link, what was written first."""
    if link is not None:
        return link.casemgr if system is System.KORE else link.kore
    return next((w.source for w in group if w.role is not Role.TASK), group[0].source)


def _home(written: Written, record: Record | None) -> Key:
    """Give the case a record lies in; one that is not shown stands for itself."""
    if written.role is Role.CASE or record is None:
        return written.key
    return record.parent or written.key


def _grouped(
    written: Iterable[Written], homes: dict[Key, Key]
) -> Iterator[tuple[Key, list[Written]]]:
    groups: dict[Key, list[Written]] = {}
    for each in written:
        groups.setdefault(homes[each.key], []).append(each)
    for home, group in sorted(groups.items()):
        yield home, sorted(group, key=lambda w: (w.key != home, w.key))


def _has_open(work: UndoWork) -> bool:
    """Tell whether the run made an activity here that is open."""
    return any(
        written.created
        and written.key in work.records
        and work.records[written.key].text("status") != COMPLETED
        for written in work.written
    )


def _made_at_once(activity: Record, case: Record | None) -> bool:
    try:
        times = [parse_time(r.text("created")) for r in (activity, case) if r]
    except ValueError:
        return False
    return len(times) > 1 and abs(times[0] - times[1]) <= _ONE_REQUEST
