"""Our own records on the target that the state does not know: they are never new.

A state may be lost, restored from last week or used from a second machine. Before the
first create of a run, what was created on the target since the state last looked is
read, and every record that carries a key of this tenant pair gets its link back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from caseferry.engine.context import Context
from caseferry.engine.plans import Planner
from caseferry.engine.work import Work
from caseferry.model.correlation import Correlation, Role, parse_correlation
from caseferry.model.link import Hold, HoldKind, Link
from caseferry.model.record import Key, Record, System, kore_key
from caseferry.model.times import canonical_time, earlier, parse_time
from caseferry.reconcile.merge import (
    FINISHED,
    agree,
    differ,
    never_agreed,
    one_sided,
)
from caseferry.reconcile.view import ASSIGNED, COMPLETED

_WATERMARK = "watermark.casemgr."
_FIRST_READ = "first-read.casemgr."


@dataclass(slots=True, kw_only=True)
class Adopted:
    """What a scan found.

    Attributes:
        records: activities that were read.
        wait_s: until what was created before this state knew anything is surely listed;
            0 where the state is older than that, and nothing new to it was found.
        links: how many links were restored.
        twice: second counterparts of records that have one: reported, never guessed.
        strangers: keys of records that Kore does not show.
    """

    records: int = 0
    wait_s: float = 0.0
    links: int = 0
    twice: int = 0
    strangers: int = 0


class Adopter:
    """Restores links from the keys on the target."""

    def __init__(self, context: Context, planner: Planner) -> None:
        self._context = context
        self._planner = planner

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
        """Link those of some activities that carry a key and have no link."""
        found: dict[Key, list[tuple[Correlation, Record]]] = {}
        homeless: list[Record] = []
        for record in records:
            correlation = self._ours(record)
            if correlation is None or self._context.store.link(record.key):
                continue
            case = self._case_of(correlation)
            if case is None:
                total.strangers += 1
                homeless.append(record)
            else:
                found.setdefault(case, []).append((correlation, record))
        if found:
            self._adopt(found, total)
        if homeless:
            self._adopt_by_own_key(homeless, total)

    def _adopt_by_own_key(self, records: Sequence[Record], total: Adopted) -> None:
        """Link cases that carry their own key, though Kore hides the tasks in them."""
        parents = sorted({record.parent for record in records if record.parent})
        self.adopt_cases(self._context.casemgr.get_cases(parents).values(), total)

    def adopt_cases(self, cases: Iterable[Record], total: Adopted) -> None:
        """Link those of some cases that carry the key of a Kore case without link."""
        settings, store = self._context.settings, self._context.store
        owners: dict[Key, Record] = {}
        for case in cases:
            own = parse_correlation(case.text(settings.case_key_field))
            if own is not None and own.pair == settings.pair.mark:
                owners[kore_key(own.source)] = case
        for work in self._planner.load(sorted(owners)):
            case = owners[work.key]
            if work.case_link is None and store.link(case.key) is None:
                link = _made(Role.CASE, work.key, case.key)
                self._keep(work, self._as_it_is(work, link, case))
                total.links += 1

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

    def _adopt(
        self, found: dict[Key, list[tuple[Correlation, Record]]], total: Adopted
    ) -> None:
        store = self._context.store
        works = {work.key: work for work in self._planner.load(list(found))}
        parents = sorted(
            {r.parent for pairs in found.values() for _, r in pairs if r.parent}
        )
        cases = self._context.casemgr.get_cases(parents)
        with store.transaction():
            for key, pairs in found.items():
                if (work := works.get(key)) is None:
                    total.strangers += len(pairs)
                    continue
                for correlation, record in pairs:
                    self._adopt_one(work, correlation, record, total)
                self._adopt_case(work, cases, total)

    def _adopt_one(
        self, work: Work, correlation: Correlation, record: Record, total: Adopted
    ) -> None:
        key = kore_key(correlation.source)
        if key not in work.prints:
            total.strangers += 1
            return
        generation = correlation.generation
        known = work.link(correlation.role, key, generation)
        if known is not None:
            total.twice += 1
            self._report_twice(work, key, record, str(correlation))
            return
        link = _made(correlation.role, key, record.key, generation)
        self._keep(work, self._as_it_is(work, link, record))
        work.targets[record.key] = record
        total.links += 1

    def _adopt_case(self, work: Work, cases: dict[Key, Record], total: Adopted) -> None:
        """Link the case that our activities are in.

        With its own key it was finished once; without, its creation goes on.
        """
        if work.case_link is not None:
            return
        parents = {
            record.parent for record in work.targets.values() if record.parent in cases
        }
        if len(parents) != 1:
            return
        record = cases[parents.pop() or Key("")]
        if self._context.store.link(record.key) is not None:
            return
        link = _made(Role.CASE, work.key, record.key)
        own = record.text(self._context.settings.case_key_field)
        parsed = parse_correlation(own)
        if parsed is not None and kore_key(parsed.source) != work.key:
            return  # somebody merged our activities into another record's case
        if parsed is not None:
            link = self._as_it_is(work, link, record)
        self._keep(work, link)
        total.links += 1

    def _as_it_is(self, work: Work, link: Link, record: Record) -> Link:
        """Take what both sides hold now for agreed: nobody's later edit is overwritten.

        Where they differ nobody knows who changed it: that is a conflict, for a person.
        Only an end that is due in casemgr stays due; one that came there first is an
        agent's, and kept.
        """
        self._planner.plain_texts.recognise(work, link, record)
        mapped = work.mapped(link.role, link.kore)
        agreed = agree(
            mapped,
            link,
            record,
            digest=work.group.mapping,
            source_print=work.prints[link.kore],
        )
        differing = {
            f.casemgr
            for f in mapped.fields
            if f.value is not None
            and f.write_once is None
            and not f.is_met_by(record.fields.get(f.casemgr))
        }
        lacking = set()
        if self._context.two_way is not None:  # each direction fills in what it can
            lacking = one_sided(mapped, record)
        agreed = never_agreed(differ(agreed, differing - lacking), lacking)
        ended = record.text("status") in (COMPLETED, "closed")
        if ended == bool(mapped.finished):
            return agreed
        if not ended:
            return replace(agreed, source_print="")
        was_open = "open" if link.role is Role.CASE else ASSIGNED
        kore = {**agreed.kore_base.fields, FINISHED: "false"}
        casemgr = {**agreed.casemgr_base.fields, "status": was_open}
        return replace(
            agreed,
            kore_base=replace(agreed.kore_base, fields=kore),
            casemgr_base=replace(agreed.casemgr_base, fields=casemgr),
        )

    def _keep(self, work: Work, link: Link) -> None:
        work.put_link(link)
        self._context.store.save_link(link, work.key)

    def keep_as_it_is(self, work: Work, link: Link, record: Record) -> None:
        """Link a pair; what both sides hold now is taken for agreed."""
        self._keep(work, self._as_it_is(work, link, record))

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


def _made(role: Role, kore: Key, casemgr: Key, generation: int = 0) -> Link:
    return Link(
        role=role,
        kore=kore,
        casemgr=casemgr,
        generation=generation,
        made_in=System.CASEMGR,
    )
