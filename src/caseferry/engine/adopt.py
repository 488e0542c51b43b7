"""Our own records on the target that the state does not know: they are never new.

A state may be lost, restored from last week or used from a second machine. Before the
first create of a run, what was created on the target since the state last looked is
read, and every record that carries a key of this tenant pair gets its link back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from caseferry.engine.adopted import Adopted, Keyed, made
from caseferry.engine.context import Context
from caseferry.engine.homes import HomeAdopter
from caseferry.engine.keeper import Keeper
from caseferry.engine.plans import Planner
from caseferry.engine.retired import (
    Found,
    is_left,
    judge,
    retired_among,
    supersede,
    taken_back,
)
from caseferry.engine.work import Work
from caseferry.model.correlation import Correlation, Role, parse_correlation
from caseferry.model.link import Hold, HoldKind, Link, Retired
from caseferry.model.marker import is_made_for
from caseferry.model.record import Key, Record, System, kore_key
from caseferry.model.times import canonical_time, earlier, parse_time

_WATERMARK = "watermark.casemgr."
_FIRST_READ = "first-read.casemgr."


class Adopter:
    """Restores links from the keys on the target."""

    def __init__(self, context: Context, planner: Planner) -> None:
        self._context = context
        self._planner = planner
        self._keeper = Keeper(context, planner)
        self._cases = HomeAdopter(context, self._keeper)

    def scan(self, *, everything: bool = False) -> Adopted:
        """Read what was created on the target since the last scan; restore links.

        Args:
            everything: read all, whatever was read before.

        Effects: reads both systems, writes links; moves the watermark of a department
        only when its listing was read to its end.
        """
        total = Adopted()
        for department in self._context.departments:
            self._scan_department(department, total, everything=everything)
        if total.links:
            total.wait_s = self._context.settings.visibility_lag_s
        return total

    def _scan_department(
        self, department: str, total: Adopted, *, everything: bool
    ) -> None:
        store, casemgr = self._context.store, self._context.casemgr
        fact = f"{_WATERMARK}{department}"
        since = None if everything else store.get_fact(fact)
        started_at = None
        complete = False
        strangers = total.strangers
        for page in casemgr.activities(department, since):
            started_at = started_at or casemgr.server_time()
            total.records += len(page.records)
            self.adopt_page(page.records, total)
            self._context.reporter.progress("read casemgr", total.records, None)
            complete = page.last
        started_at = started_at or casemgr.server_time()
        if started_at is not None:
            total.wait_s = max(total.wait_s, self._wait(department, started_at))
        if total.strangers > strangers:
            return  # what Kore hides now may be shown again: its keys are read again
        if complete and started_at is not None:
            overlap = self._context.settings.overlap_s
            overlap += self._context.settings.absence_bound_s
            store.set_fact(fact, earlier(canonical_time(started_at), overlap))

    def _wait(self, department: str, at: datetime) -> float:
        """Give the rest of the visibility lag since this state first read here."""
        store, fact = self._context.store, f"{_FIRST_READ}{department}"
        first = store.get_fact(fact)
        if first is None:
            first = canonical_time(at)
            store.set_fact(fact, first)
        known_for_s = (at - parse_time(first)).total_seconds()
        return self._context.settings.visibility_lag_s - known_for_s

    def adopt_page(self, records: Sequence[Record], total: Adopted) -> None:
        """Link those of some activities that carry a key and have no link.

        What was taken back gets a tombstone; nothing, where there is a later one.
        """
        found: dict[Key, list[Keyed]] = {}
        homeless: list[Keyed] = []
        for keyed in self._unlinked(records):
            case = self._case_of(keyed.correlation)
            if case is None:
                total.strangers += 1
                homeless.append(keyed)
            else:
                found.setdefault(case, []).append(keyed)
        if found:
            self._adopt(found, total)
        if homeless:
            self._adopt_by_own_key(homeless, total)

    def _unlinked(self, records: Sequence[Record]) -> list[Keyed]:
        """Give what carries a key of ours, and neither a link nor an undo explains."""
        store = self._context.store
        ours = [
            (correlation, record)
            for record in records
            if (correlation := self._ours(record)) is not None
            and store.link(record.key) is None
        ]
        gone = retired_among(store, [record.key for _, record in ours])
        new = [
            (own, record)
            for own, record in ours
            if record.key not in gone and not is_left(store, kore_key(own.source))
        ]
        ended = taken_back(self._context, [r for own, r in new if self._asks(own, r)])
        return [
            Keyed(correlation=own, record=record, ended=record.key in ended)
            for own, record in new
        ]

    def _asks(self, correlation: Correlation, record: Record) -> bool:
        """Tell whether it matters what became of an activity: each costs a request.

        One whose task Kore hides says something of its case, as long as that has no
        link.
        """
        home = record.parent
        is_shown = self._case_of(correlation) is not None
        return is_shown or home is None or self._context.store.link(home) is None

    def _adopt_by_own_key(self, found: Sequence[Keyed], total: Adopted) -> None:
        """Link cases that carry their own key, though Kore hides the tasks in them."""
        parents = sorted({k.record.parent for k in found if k.record.parent})
        live = {k.record.parent for k in found if not k.ended}
        cases = self._context.casemgr.get_cases(parents).values()
        for work, case in self._owned(cases):
            if case.key not in live:
                self._cases.bury(work, case, 0, total)
            else:
                self._link_case(work, case, total)

    def know_closed(self, cases: Iterable[Record]) -> None:
        """Remember which closed cases carry a key and have no link.

        What is ours in a case without a key was moved there, where there is such a one.
        """
        store, settings = self._context.store, self._context.settings
        found: dict[Key, int] = {}
        for case in cases:
            own = parse_correlation(case.text(settings.case_key_field))
            if own is None or own.pair != settings.pair.mark:
                continue
            if store.link(case.key) is None:
                key = kore_key(own.source)
                found[key] = max(own.generation, found.get(key, 0))
        self._cases.closed = found

    def adopt_cases(self, cases: Iterable[Record], total: Adopted) -> None:
        """Link those of some cases that carry the key of a Kore case without link.

        What is in them was looked at before: it may have been moved, or taken back.
        """
        for work, case in self._owned(cases):
            if self._context.store.link(case.key) is None:
                self._link_case(work, case, total)

    def _owned(self, cases: Iterable[Record]) -> list[tuple[Work, Record]]:
        """Give the cases that carry a Kore case's key, with that case's group."""
        settings, store = self._context.settings, self._context.store
        owners: dict[Key, Record] = {}
        for case in cases:
            own = parse_correlation(case.text(settings.case_key_field))
            if own is None or own.pair != settings.pair.mark:
                continue
            if not is_left(store, kore_key(own.source)):
                owners[kore_key(own.source)] = case
        works = self._planner.load(sorted(owners))
        return [(work, owners[work.key]) for work in works]

    def _link_case(self, work: Work, case: Record, total: Adopted) -> None:
        is_retired = retired_among(self._context.store, [case.key])
        if work.case_link is None and not is_retired:
            self._cases.link(work, case, total)

    def _ours(self, record: Record) -> Correlation | None:
        text = record.text(self._context.settings.activity_key_field)
        correlation = parse_correlation(text)
        if correlation is None or correlation.pair != self._context.settings.pair.mark:
            return None
        return correlation if correlation.role in (Role.TASK, Role.OPENER) else None

    def _case_of(self, correlation: Correlation) -> Key | None:
        record = self._context.store.record(kore_key(correlation.source))
        if record is None:
            return None
        return record.key if correlation.role is Role.OPENER else record.parent

    def _adopt(self, found: dict[Key, list[Keyed]], total: Adopted) -> None:
        store = self._context.store
        works = {work.key: work for work in self._planner.load(list(found))}
        every = [keyed for group in found.values() for keyed in group]
        parents = sorted({k.record.parent for k in every if k.record.parent})
        cases = self._context.casemgr.get_cases(parents)
        with store.transaction():
            for key, group in found.items():
                if (work := works.get(key)) is None:
                    total.strangers += len(group)
                    continue
                for keyed in sorted(group, key=lambda k: k.correlation.generation):
                    self._adopt_one(work, keyed, total)
                self._cases.adopt(work, group, cases, total)

    def _adopt_one(self, work: Work, keyed: Keyed, total: Adopted) -> None:
        correlation, record = keyed.correlation, keyed.record
        key, role = kore_key(correlation.source), correlation.role
        if key not in work.prints:
            total.strangers += 1
            return
        generation, store = correlation.generation, self._context.store
        known = work.link(role, key, generation)
        own = Retired(target=record.key, source=key, role=role, generation=generation)
        found = judge(known, own, ended=keyed.ended)
        if found is Found.TWICE:
            total.twice += 1
            self._report_twice(work, key, record, str(correlation))
            return
        if found is not Found.COUNTERPART:
            store.save_retired(own)
        if found is Found.PAST or (found is Found.ENDED and role is Role.OPENER):
            return
        supersede(store, known, System.CASEMGR)
        work.links = [link for link in work.links if link is not known]
        link = self._link(work, keyed)
        total.links += 1
        if found is Found.ENDED:
            self._keeper.keep(work, replace(link, tombstone=True))
            return
        self._keeper.keep_as_it_is(work, link, record)
        work.targets[record.key] = record

    def _link(self, work: Work, keyed: Keyed) -> Link:
        """Give the link of a pair; an agent's activity took our key later on."""
        own, activity = keyed.correlation, keyed.record.key
        key, pair = kore_key(own.source), self._context.settings.pair.mark
        link = made(own.role, key, activity, own.generation)
        if own.role is not Role.TASK:
            return link
        is_theirs = is_made_for(work.mapped(own.role, key).record, activity, pair)
        return replace(link, made_in=System.KORE) if is_theirs else link

    def _report_twice(self, work: Work, key: Key, record: Record, text: str) -> None:
        hold = Hold(
            key=key,
            kind=HoldKind.SET_ASIDE,
            code="twice",
            reason=f"{record.key} carries its key too ({text}); "
            "complete or unlink one of them",
            source_print=work.prints[key],
            mapping=work.group.mapping,
        )
        self._context.store.save_hold(self._context.run, hold)
