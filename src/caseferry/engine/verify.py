"""The proof: both systems read anew and compared record by record."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from caseferry.engine.compare import Compared, Difference, compare_group, opener_key
from caseferry.engine.context import Context
from caseferry.engine.customers import Customers
from caseferry.engine.extract import extract_kore
from caseferry.engine.places import customers_of
from caseferry.engine.plans import Planner, batches
from caseferry.engine.work import Work
from caseferry.model.correlation import Role, parse_correlation
from caseferry.model.record import Entity, Key, Record, System, kore_key

SHOWN = 1000
"""How many differences the JSON output holds; the CSV holds all."""

_VERDICTS = (
    "equal",
    "accepted_loss",
    "different",
    "missing",
    "twice",
    "uncertain",
    "set_aside",
    "out_of_scope",
)
_UNEXPLAINED = ("different", "missing", "twice", "uncertain", "set_aside")
Found = dict[tuple[Role, Key], list[Record]]


@dataclass(slots=True, kw_only=True)
class Verified:
    """What verification found.

    Attributes:
        counts: by (case | task, verdict); `source` and `pairs` count those too.
        differences: all of them, in the order of the source.
        reported: what agents may have moved, by name; among the differences, but no
            reason to call a pair different.
        by_link: pairs that rest on a link alone, not on a correlation key.
    """

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    losses: Counter[str] = field(default_factory=Counter)
    reported: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    by_link: int = 0
    read: dict[str, int] = field(default_factory=dict)
    whole: bool = True

    def add(self, result: Compared) -> None:
        """Count one source record."""
        name = "case" if result.role is Role.CASE else "task"
        self.counts[name, "source"] += 1
        self.counts[name, result.verdict] += 1
        if result.is_pair:
            self.counts[name, "pairs"] += 1
            self.by_link += not result.by_key
        self.losses.update(result.losses)
        self.reported.update(result.reported)
        self.differences.extend(result.differences)

    @property
    def balances(self) -> bool:
        """Tell whether each source record has exactly one verdict."""
        sums = {
            name: sum(self.counts[name, verdict] for verdict in _VERDICTS)
            for name in ("case", "task")
        }
        if any(total != self.counts[name, "source"] for name, total in sums.items()):
            return False
        return not self.whole or sums == self.read

    @property
    def exit_code(self) -> int:
        """0 when everything is explained, else 3."""
        bad = any(
            self.counts[name, verdict]
            for name in ("case", "task")
            for verdict in _UNEXPLAINED
        )
        return 3 if bad or not self.balances else 0

    @property
    def data(self) -> dict[str, Any]:
        """The JSON output."""
        names = ("source", "pairs", *_VERDICTS)
        return {
            name: {verdict: self.counts[name, verdict] for verdict in names}
            for name in ("case", "task")
        } | {
            "balances": self.balances,
            "pairs_by_link": self.by_link,
            "losses": dict(sorted(self.losses.items())),
            "reported": dict(sorted(self.reported.items())),
            "differences": [_shown(d) for d in self.differences[:SHOWN]],
            "differences_total": len(self.differences),
        }


def verify(
    context: Context, *, only: Sequence[Key] = (), sample: int | None = None
) -> Verified:
    """Read both systems anew and compare every pair.

    Args:
        context: of a run that was begun for it.
        only: just these Kore cases.
        sample: just so many cases, chosen by a hash of their key: the same each time.

    Effects: reads both systems; writes observations, nothing else.
    """
    extracted = extract_kore(context)
    planner = Planner(context, Customers(context))
    result = Verified(
        read={"case": extracted.cases, "task": extracted.tasks},
        whole=not only and sample is None,
    )
    chosen = tuple(only) or sampled(context, sample)
    seen: set[Key] = set()
    for department in context.departments if result.whole else ():
        seen |= _read_department(context, department)
    found = _by_key(context) if result.whole else {}
    for batch in batches(
        context.store.case_keys(context.since_run(System.KORE), only=chosen),
        context.settings.batch,
    ):
        works = planner.load(batch)
        if not result.whole:
            found = _look_up(context, works)
        _targets(context, planner, works, seen)
        people = customers_of(context.casemgr, _tasks(works, found))
        for work in works:
            for compared in compare_group(work, found, people):
                result.add(compared)
        context.reporter.progress("compared", result.counts["case", "source"], None)
    if result.whole:
        verdict = "out_of_scope" if extracted.complete else "set_aside"
        for _ in context.store.orphan_tasks(context.since_run(System.KORE)):
            result.add(Compared(role=Role.TASK, verdict=verdict))
    return result


def _read_department(context: Context, department: str) -> set[Key]:
    store = context.store
    seen: set[Key] = set()
    for page in context.casemgr.activities(department):
        store.save_records(context.run, System.CASEMGR, page.records)
        seen |= {record.key for record in page.records}
        context.reporter.progress("read casemgr", len(seen), None)
    for page in context.casemgr.cases(department):
        store.save_records(context.run, System.CASEMGR, page.records)
        seen |= {record.key for record in page.records}
    return seen


def _by_key(context: Context) -> dict[tuple[Role, Key], list[Record]]:
    """Give the target's records that carry a key of this pair, by source record."""
    found: Found = {}
    settings = context.settings
    for entity, name in (
        (Entity.TASK, settings.activity_key_field),
        (Entity.CASE, settings.case_key_field),
    ):
        for record in context.store.records(
            context.since_run(System.CASEMGR), System.CASEMGR, entity
        ):
            _note(found, record, record.text(name), settings.pair.mark)
    return found


def _note(found: Found, record: Record, text: str, mark: str) -> None:
    correlation = parse_correlation(text)
    if correlation is not None and correlation.pair == mark:
        key = kore_key(correlation.source)
        if correlation.role is Role.OPENER:
            key = opener_key(key, correlation.generation)
        source = (correlation.role, key)
        found.setdefault(source, []).append(record)


def _look_up(context: Context, works: Sequence[Work]) -> Found:
    """Find the counterparts of a few groups by their keys, one look-up a task."""
    found: Found = {}
    mark = context.settings.pair.mark
    for work in works:
        for mapped in work.group.tasks:
            key = mapped.record.key
            view = work.view(now="", pair=mark, case_key_field="")
            correlation = view.correlation(Role.TASK, key)
            for record in context.casemgr.find_activities(
                correlation, mapped.department
            ):
                _note(found, record, correlation, mark)
    return found


def _tasks(works: Sequence[Work], found: Found) -> Iterator[Record]:
    """Give the counterparts of the tasks of these groups."""
    for work in works:
        yield from work.targets.values()
        for mapped in work.group.tasks:
            yield from found.get((Role.TASK, mapped.record.key), ())


def _targets(
    context: Context, planner: Planner, works: Sequence[Work], seen: set[Key]
) -> None:
    """Give each group its linked records: those just listed, the others by id."""
    for work in works:
        for link in work.links:
            record = context.store.record(link.casemgr)
            if link.casemgr in seen and record is not None:
                work.targets[link.casemgr] = record
            elif not link.tombstone:
                work.dirty.add(link.casemgr)
    planner.read_targets(works)


def sampled(
    context: Context, sample: int | None, system: System = System.KORE
) -> tuple[Key, ...]:
    """Choose cases by a hash of their key: the same each time; none is all."""
    if sample is None:
        return ()
    keys = context.store.case_keys(context.since_run(system), system=system)
    ranked = sorted(keys, key=lambda key: blake2b(key.encode()).digest())
    return tuple(ranked[:sample])


def _shown(difference: Difference) -> dict[str, Any]:
    return {
        "key": difference.key,
        "counterpart": difference.counterpart,
        "field": difference.field,
        "kore": difference.kore,
        "casemgr": difference.casemgr,
        "reason": difference.reason,
    }
