"""Planning case groups in batches: load, read the target, look customers up, decide."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import TypeVar

from caseferry.engine.choice import Wanted
from caseferry.engine.closing import judge_listing, server_now
from caseferry.engine.context import Context
from caseferry.engine.customers import Customers
from caseferry.engine.gate import hold_back
from caseferry.engine.plain_texts import PlainTexts
from caseferry.engine.retired import next_generations
from caseferry.engine.settle import as_sent
from caseferry.engine.spawned import spawned_in
from caseferry.engine.sync.meaning import keep_leading
from caseferry.engine.sync.rules import lead
from caseferry.engine.work import PENDING, Work
from caseferry.engine.written import know_written
from caseferry.model.correlation import Role
from caseferry.model.link import Hold, HoldKind, Intent, Link, WriteKind
from caseferry.model.mapped import MappedGroup, MappedRecord
from caseferry.model.record import Key, Record, System, record_fingerprint
from caseferry.model.times import canonical_time
from caseferry.ports import BULK
from caseferry.reconcile.made_due import with_made_due
from caseferry.reconcile.planner import plan_group, wants_customer
from caseferry.reconcile.theirs import keep_theirs_open
from caseferry.reconcile.view import CLOSED, GroupView

DUE_MARGIN = timedelta(minutes=5)
"""A due date nearer than this may be past when the write arrives."""


Item = TypeVar("Item")


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Cut what comes into lists of at most `size`."""
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch


def read_by_id(context: Context, keys: Sequence[Key]) -> dict[Key, Record]:
    """Read casemgr records anew, 75 a request; those not visible are left out."""
    casemgr = context.casemgr
    cases = [key for key in keys if key.startswith("casemgr:case:")]
    activities = [key for key in keys if not key.startswith("casemgr:case:")]
    chunks = [(casemgr.get_activities, chunk) for chunk in batches(activities, BULK)]
    chunks += [(casemgr.get_cases, chunk) for chunk in batches(cases, BULK)]
    found: dict[Key, Record] = {}
    for answer in context.workers.map(lambda c: c[0](c[1]), chunks):
        found |= answer
    return found


class Planner:
    """Loads case groups from the state and plans them."""

    def __init__(self, context: Context, customers: Customers) -> None:
        self._context = context
        self._customers = customers
        self._mark = context.settings.pair.mark
        self.plain_texts = PlainTexts(context)

    def load(self, cases: Sequence[Key]) -> list[Work]:
        """Load case groups with their links, holds and writes in doubt."""
        store = self._context.store
        groups = store.groups(self._context.since_run(System.KORE), cases)
        links = store.links_of(cases)
        keys = [record.key for case, tasks in groups for record in (case, *tasks)]
        holds = store.holds(keys)
        doubts = _doubts(store.open_intents())
        works = [
            self._work((case, *tasks), links.get(case.key, []), holds, doubts)
            for case, tasks in groups
        ]
        rows = store.retired(keys)
        generations = next_generations(rows)
        retired = frozenset(row.target for row in rows)
        for work in works:
            work.generations, work.retired = generations, retired
        lead(self._context, works)
        return works

    def _work(
        self,
        records: tuple[Record, ...],
        links: list[Link],
        holds: dict[Key, Hold],
        doubts: dict[Key, set[tuple[Role, Key]]],
    ) -> Work:
        home = next((link for link in links if link.role is Role.CASE), None)
        case = records[0] if home is None else with_made_due(records[0], home)
        records = (case, *records[1:])
        group = self._map(case, records[1:])
        prints = {r.key: record_fingerprint(r) for r in records}
        known = {key: holds[key] for key in prints if key in holds}
        ghosts = tuple(link for link in links if link.kore not in prints)
        shown = [link for link in links if link.kore in prints]
        links = [as_sent(link, _mapped(group, link)) for link in shown]
        group = keep_theirs_open(group, links)
        in_doubt = {doubt for key in prints for doubt in doubts.get(key, ())}
        linked = {link.kore for link in links}
        return Work(
            group=group,
            prints=prints,
            links=links,
            ghosts=ghosts,
            holds=_standing(known, prints, group)
            | _unseen(group, complete=self._context.listing_complete)
            | {k: h for k, h in self._context.strangers.items() if k in prints},
            known=known,
            in_doubt=in_doubt,
            spawned=spawned_in(case, records[1:], home) - linked,
        )

    def is_settled(self, work: Work) -> bool:
        """Tell whether nothing about a group changed since it was finished.

        Then no target record needs to be read: every record is linked to its last
        step, or held, and looks as it did. What a saved plan names is looked at all the
        same: it may say what is not due any more.
        """
        gate = self._context.gate
        if gate is not None and gate.names(work.key):
            return False
        if work.in_doubt or any(not link.finished for link in work.links):
            return False
        for key, mapped in work.sources().items():
            role = Role.CASE if key == work.key else Role.TASK
            link = work.link(role, key)
            if key in work.holds or key in work.spawned:
                continue
            if link is None:
                if role is Role.TASK and mapped.record.text("isActive") == "false":
                    continue
                return False
            if not link.tombstone and (
                link.source_print != work.prints[key]
                or link.mapping != work.group.mapping
            ):
                return False
        return True

    def read_targets(self, works: Sequence[Work]) -> None:
        """Read the dirty target records of many groups, 75 a request."""
        dirty = sorted({key for work in works for key in work.dirty})
        found = read_by_id(self._context, dirty)
        if self._context.two_way is not None:  # our own writes are no news later
            run, store = self._context.run, self._context.store
            store.save_records(run, System.CASEMGR, found.values())
        for work in works:
            for key in work.dirty:
                work.targets.pop(key, None)
                if key in found:
                    work.targets[key] = found[key]
            work.dirty.clear()

    def decide(self, works: Sequence[Work]) -> None:
        """Plan each group on what is known of it; customers are looked up on demand."""
        pending = [work for work in works if work.customer is PENDING]
        views = [(work, self._view(work)) for work in pending]
        wanting = [(work, view) for work, view in views if wants_customer(view)]
        choices = self._customers.choose([_wanted(view) for _, view in wanting])
        for (work, _), choice in zip(wanting, choices, strict=True):
            work.customer = choice
        for work in works:
            self._plan(work)
        self._list_before_close(works)

    def _plan(self, work: Work) -> None:
        gate = self._context.gate
        work.plan = hold_back(gate, work, lambda: plan_group(self._view(work)))

    def _view(self, work: Work) -> GroupView:
        now = canonical_time(self._context.clock.now() + DUE_MARGIN)
        if any(due <= now for due in _due_dates(work.group)):
            # a due date passed while its group waited: it can't be written any more
            tasks = [mapped.record for mapped in work.group.tasks]
            group = self._map(work.group.case.record, tasks)
            work.group = keep_theirs_open(group, work.links)
            if self._context.two_way is not None:
                keep_leading(self._context, work)
        settings = self._context.settings
        know_written(work, settings.case_key_field)
        return work.view(
            now=now,
            pair=self._mark,
            case_key_field=settings.case_key_field,
            activity_key_field=settings.activity_key_field,
        )

    def _map(self, case: Record, tasks: Sequence[Record]) -> MappedGroup:
        now = self._context.clock.now()
        return self.plain_texts.of(self._context.mapper.map_group(case, tasks, now))

    def list_again(self, works: Sequence[Work]) -> None:
        """List the activities of cases about to be closed anew: time has passed."""
        for work in works:
            work.listed = False
        self._list_before_close(works)

    def _list_before_close(self, works: Sequence[Work]) -> None:
        """Read all activities of a case before a call closes it, whosever they are."""
        closing = [work for work in works if not work.listed and _closes(work)]
        asked_at = server_now(self._context)
        answers = self._context.workers.map(self._activities_of, closing)
        for work, records in zip(closing, answers, strict=True):
            work.targets |= {record.key: record for record in records}
            work.listed = True
            judge_listing(self._context, work, records, asked_at)
            self._plan(work)

    def _activities_of(self, work: Work) -> tuple[Record, ...]:
        """Read them in every department: an activity may have been transferred."""
        link = work.case_link
        if link is None:
            return ()
        home = work.targets[link.casemgr].text("department")
        departments = {home or work.group.case.department, *self._context.departments}
        casemgr = self._context.casemgr
        return tuple(
            record
            for department in sorted(departments)
            for record in casemgr.activities_of(link.casemgr, department)
        )


def _wanted(view: GroupView) -> Wanted:
    wish = view.group.customer
    return Wanted(wish=wish, department=view.department, owner=view.owner)


def _mapped(group: MappedGroup, link: Link) -> MappedRecord:
    if link.role is Role.OPENER:
        return group.opener
    tasks = (m for m in group.tasks if m.record.key == link.kore)
    return next(tasks, group.case)


def _due_dates(group: MappedGroup) -> Iterator[str]:
    for mapped in (group.case, *group.tasks):
        for field in mapped.fields:
            if field.casemgr == "dueDate" and isinstance(field.value, str):
                yield field.value


def _doubts(intents: Iterable[Intent]) -> dict[Key, set[tuple[Role, Key]]]:
    """Give the writes that may still take effect, by source record."""
    found: dict[Key, set[tuple[Role, Key]]] = {}
    for intent in intents:
        if intent.kind in (WriteKind.CREATE, WriteKind.NOTE):
            found.setdefault(intent.kore, set()).add((intent.role, intent.kore))
    return found


def _unseen(group: MappedGroup, *, complete: bool) -> dict[Key, Hold]:
    """Hold a case some of whose tasks a moving listing did not show.

    Without them it would look as if it had none, and get an opener.
    """
    record = group.case.record
    if complete or int(record.text("count.taskIds") or 0) <= len(group.tasks):
        return {}
    reason = "the listing moved and did not show all of its tasks; tried again next run"
    hold = Hold(
        key=record.key, kind=HoldKind.WAITING, code="tasks-unseen", reason=reason
    )
    return {record.key: hold}


def stands(hold: Hold, source_print: str, mapping: str) -> bool:
    """Tell whether a hold still stands: the record, the mapping or `retry` lifts it.

    What is uncertain stands until it is settled or a person says what it is. What
    waits, was set aside or is in conflict is listed, and decided anew in every run; so
    is what is held only because its case is.
    """
    if hold.kind is HoldKind.UNCERTAIN:
        return True
    if hold.code.startswith("case-"):
        return False
    same = hold.source_print == source_print and hold.mapping == mapping
    return hold.kind is HoldKind.QUARANTINE and same


def _standing(
    holds: dict[Key, Hold], prints: dict[Key, str], group: MappedGroup
) -> dict[Key, Hold]:
    """Give the holds that still stand.

    A task is made for its case's customer: with no hold on the case, whom it names was
    put right, and nothing stands between.
    """
    found = {k: h for k, h in holds.items() if stands(h, prints[k], group.mapping)}
    if group.case.record.key in found:
        return found
    return {key: hold for key, hold in found.items() if not _is_of_customer(hold)}


def _is_of_customer(hold: Hold) -> bool:
    return hold.code.startswith("customer-") or hold.code == "no-contact"


def _closes(work: Work) -> bool:
    link = work.case_link
    if work.plan is None or link is None or link.casemgr not in work.targets:
        return False
    if work.targets[link.casemgr].text("status") == CLOSED:
        return False
    stage = work.plan.next_stage
    return any(
        action.role is Role.CASE and not action.draft for action in stage
    ) and any(action.kind == "close" for action in stage)
