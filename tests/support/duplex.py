"""A history of two-way sync: people on both sides, runs that end well or badly.

People may also act in the middle of a run, between two of its requests. Everything is
written down in a chronicle, and judged by the oracle.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from typing import Any, Final

import httpx

from caseferry.adapters.memory_store import MemoryStore
from caseferry.engine.changes import ReadPlan
from caseferry.engine.spawned import WAIT_S
from caseferry.engine.sync.run import Sync, SyncOptions
from caseferry.errors import CaseferryError
from caseferry.mapping.compile import Mapper
from caseferry.model.link import HoldKind
from caseferry.model.record import System
from caseferry.reconcile.guard import Limits
from support.acts import ACTIVITY, CASE, KORE_CASE, KORE_TASK, Change
from support.both import OPEN_LIMITS, Both
from support.chronicle import Chronicle
from support.crash import Crash
from support.oracle import TOLD_ONCE, Oracle
from support.rig import default_mapper
from support.twins import PRIORITIES

OTHER_MEDIUM: Final = {**PRIORITIES, "Medium": "4", "Low": "567"}
ALLOWED: Final = frozenset(("unlinked", "mapping-changed", "losses"))


class Duplex:
    """One scene, its chronicle and its oracle.

    Attributes:
        during: what people do before the request of this number in the next run.
        meddled: how often they did so.
        is_cut: the run that goes on, or the last one, was told to end early.
    """

    def __init__(self, *, owner: str = "", newest_first: bool = True) -> None:
        sort = "supported" if newest_first else "unsupported"
        self.both = Both(readings={"kore.sort_updated_at": sort})
        self.box = self.both.box
        self.both.rig.allowed = ALLOWED
        self.tale = Chronicle(self.box)
        self.oracle = Oracle(self.tale, owner=owner)
        self.owner = owner
        self.during: dict[int, list[Callable[[], Any]]] = {}
        self.copies: list[Any] = []
        self.count = 0
        self.die: tuple[int, str] | None = None
        self.stopped = 0
        self.meddled = 0
        self.is_cut = False
        self.known: dict[str, Any] = {}
        self.both.rig.wrap = self._wrap
        self.both.rig.mapper = _mapper(owner, remapped=False)

    # people -------------------------------------------------------------------------
    def kore_case(self, tasks: int) -> None:
        name = self._name("Case")
        case = self._do(lambda: self.both.case(name, priority="Medium"))
        for _ in range(tasks):
            self._kore_task(case)

    def kore_task(self, which: int) -> None:
        if case := _pick(self._kore_cases(), which):
            self._kore_task(case)

    def _kore_task(self, case: str) -> None:
        self._let_grow(case)
        name, due = self._name("Task"), self.both.due(20)
        self._do(lambda: self.both.task(case, name, priority="Medium", due=due))

    def _let_grow(self, case: str) -> None:
        """Wait until a case of ours is older than what its template makes in it."""
        made = self.box.kore.cases[case]
        young_s = WAIT_S + 1 - (self.box.now_ms("kore") - made.created) / 1000
        if "cf1." in (made.desc or made.name) and young_s > 0:
            self.both.clock.sleep(young_s)

    def edit_kore_task(self, which: int, change: str) -> None:
        if task := _pick(list(self.box.kore.tasks), which):
            self._edit(task, KORE_TASK[change])

    def edit_kore_case(self, which: int, change: str) -> None:
        if case := _pick(self._kore_cases(), which):
            self._edit(case, KORE_CASE[change])

    def agent_case(self, tasks: int) -> None:
        name = self._name("Agent's case")
        case = self._do(lambda: self.both.agent_case(name))
        for _ in range(tasks):
            self._agent_task(case)

    def agent_task(self, which: int) -> None:
        if case := _pick(list(self.box.casemgr.cases), which):
            self._agent_task(case)

    def _agent_task(self, case: str) -> None:
        name = self._name("Agent's task")
        self._do(lambda: self.both.agent_task(case, name, priority="5"))

    def edit_activity(self, which: int, change: str) -> None:
        if (each := self._activity(which)) and each.is_open:
            self._edit(f"activity:{each.id}", ACTIVITY[change])

    def edit_case(self, which: int, change: str) -> None:
        case = _pick(list(self.box.casemgr.cases.values()), which)
        if case is not None and case.status == "open":
            self._edit(f"case:{case.id}", CASE[change])

    def complete(self, which: int) -> None:
        each = self._activity(which, kind=None)
        if each is not None and each.status == "assigned":
            self._do(lambda: self.box.human.complete(each.id))

    def close(self, which: int) -> None:
        case = _pick(list(self.box.casemgr.cases.values()), which)
        if case is not None and case.status == "open":
            self._do(lambda: self.box.human.close("casemgr", case.id))

    def mail(self, which: int) -> None:
        if case := _pick(list(self.box.casemgr.cases), which):
            create = self.box.human.create
            self._do(lambda: create("casemgr", "activity", case_id=case))

    def move(self, which: int, where: int) -> None:
        each = self._activity(which)
        cases = [c for c in self.box.casemgr.cases.values() if c.status == "open"]
        case = _pick(cases, where)
        if each is not None and case is not None and each.is_open:
            self._edit(f"activity:{each.id}", {"case_id": case.id})

    def queue(self, which: int) -> None:
        if (each := self._activity(which)) and each.is_open:
            change = {"status": "awaiting_assignment", "assignee": None}
            self._edit(f"activity:{each.id}", change)

    def assign(self, which: int) -> None:
        if (each := self._activity(which)) and each.is_open:
            self._edit(
                f"activity:{each.id}", {"status": "assigned", "assignee": "1001"}
            )

    def _activity(self, which: int, kind: str | None = "task") -> Any:
        every = self.box.casemgr.activities.values()
        return _pick([a for a in every if kind in (None, a.kind)], which)

    def _kore_cases(self) -> list[str]:
        return list(self.box.kore.cases)

    # both, or several at once ---------------------------------------------------------
    def clash(self, which: int, mine: str, theirs: str) -> None:
        """Let both sides edit one pair of records."""
        if task := _pick(list(self.box.kore.tasks), which):
            self._clash(task, KORE_TASK[mine], ACTIVITY[theirs])

    def clash_on_case(self, which: int, mine: str, theirs: str) -> None:
        if case := _pick(self._kore_cases(), which):
            self._clash(case, KORE_CASE[mine], CASE[theirs])

    def _clash(self, kore: str, mine: Change, theirs: Change) -> None:
        other = self.oracle.counterpart(f"kore:{kore}")
        self._edit(kore, mine)
        name = (other or "").removeprefix("casemgr:")
        if name and not self.tale.now(f"casemgr:{name}")["ended"]:
            self._edit(name, theirs)

    def resolve_all(self, which: int, *, close: bool) -> None:
        """Let somebody finish all tasks of a Kore case, and perhaps the case."""
        if case := _pick(self._kore_cases(), which):
            for task in self.box.kore.tasks.values():
                if task.case_id == case:
                    self._edit(task.id, {"status": "Resolved"})
            if close:
                self._edit(case, {"status": "Closed"})

    def complete_all(self, which: int) -> None:
        """Let agents complete one activity of a casemgr case after the other."""
        if case := _pick(list(self.box.casemgr.cases), which):
            for each in list(self.box.casemgr.activities.values()):
                if each.case_id == case and each.status == "assigned":
                    self._do(partial(self.box.human.complete, each.id))
                    self.both.clock.sleep(2)

    def _edit(self, record: str, change: Change) -> None:
        change = dict(change)
        if "due_in" in change:
            change["due"] = self.both.due(change.pop("due_in"))
        entity, _, local = record.partition(":")
        if "tags" in change and local:
            casemgr = self.box.casemgr
            shelf: Any = casemgr.cases if entity == "case" else casemgr.activities
            custom = dict(shelf[local].custom)
            change["custom"] = {**custom, "kore_tags": change.pop("tags")}
        self._do(lambda: self.both.edit(record, **_with_ours(self.box, record, change)))

    def _name(self, what: str) -> str:
        self.count += 1
        return f"{what} {self.count}"

    def _do(self, act: Callable[[], Any]) -> Any:
        return self.tale.people(act)

    # runs ---------------------------------------------------------------------------
    def sync(self, limits: Limits = OPEN_LIMITS, wait_s: float = 300.0) -> None:
        """Run as an operator does who looks at the guards and passes them by name."""
        self.wait(wait_s)
        with suppress(CaseferryError):
            self._run(limits)
        self._after()

    def _run(self, limits: Limits) -> None:
        self.oracle.runs.append(self.tale.n)
        self.is_cut = False
        context = self.both.context()
        options = SyncOptions(limits=limits, reading=self.both.reading)
        self.last = sync = Sync(context, options)
        sync.read()
        planned = sync.plan()
        self.planned = planned
        if planned.stops:
            self.stopped += 1
            return
        sync.acknowledge_mapping()
        tally = sync.carry_out()
        counts = {"case": sync.extracted.cases, "task": sync.extracted.tasks}
        assert tally.balances(counts), (counts, dict(tally.ends))
        self.tally = tally
        self._note_told()
        if not self.is_cut:  # it may not have come to what it had read
            self.oracle.ends.append(self.tale.n)

    def _note_told(self) -> None:
        """Remember what was told once: it is not listed for ever."""
        self.tale.look()
        for key, hold in self.both.holds.items():
            is_told = hold.code in TOLD_ONCE and hold.kind is HoldKind.SET_ASIDE
            if is_told and self.known.get(str(key)) != hold:
                self.oracle.told[str(key), hold.code] = self.tale.n
        self.known = {str(key): hold for key, hold in self.both.holds.items()}

    def _after(self) -> None:
        self.flush()
        self.die = None
        self.both.rig.store.on_commit = None
        self.box.faults.clear()
        self._note_told()
        store = self.both.rig.store
        if isinstance(store, MemoryStore):
            self.copies = [*self.copies[-8:], store.snapshot()]

    def flush(self) -> None:
        """Let people do what the run was too short for."""
        for acts in self.during.values():
            for act in acts:
                act()
        self.during = {}

    def die_at_a_request(self, at: int, when: str) -> None:
        self.die = (at, when)
        self._dies()

    def die_at_a_commit(self, at: int, when: str) -> None:
        commits = 0

        def tell(moment: str) -> None:
            nonlocal commits
            commits += moment == "before"
            if commits == at and moment == when:
                raise Crash

        self.both.rig.store.on_commit = tell
        self._dies()

    def _dies(self) -> None:
        self.wait(300)
        try:
            self._run(OPEN_LIMITS)
        except CaseferryError:
            pass
        except Crash:
            self._break()
        finally:
            self._after()

    def faulty(self, kind: str, operation: str, after: int, times: int) -> None:
        self.both.fault(
            kind, operation, system="*", after=after, times=times, delay_s=45.0
        )
        before = len(self.tale.doubts)
        self.sync()
        self.oracle.broken += self.tale.doubts[before:]

    def _break(self) -> None:
        self.oracle.broken.append(self.tale.n)

    def lag(self, seconds: int) -> None:
        readings = {"casemgr.search_lag_s": seconds, "kore.search_lag_s": seconds}
        self.box.readings.set(readings)

    def wait(self, seconds: float) -> None:
        self.both.clock.sleep(seconds)
        self.box.settle()
        self.tale.look()

    def read_whole(self) -> None:
        self.both.reading = ReadPlan(full=frozenset(System))
        self.sync()
        self.both.reading = ReadPlan()

    def restore(self, which: int) -> None:
        self.wait(200)
        if copy := _pick(self.copies, which):
            self.both.rig.store.restore(copy)
            self._break()
            self.oracle.lost.append(self.tale.n)
            self.oracle.restored.append(self.tale.n)

    def lose(self) -> None:
        self.wait(200)
        self.both.rig.store = MemoryStore()
        self._break()
        self.oracle.lost.append(self.tale.n)

    def remap(self) -> None:
        """Let an administrator change the mapping; the next run acknowledges it."""
        other = self.oracle.tables[-1] is PRIORITIES
        self.oracle.tables.append(OTHER_MEDIUM if other else PRIORITIES)
        self.both.rig.mapper = _mapper(self.owner, remapped=other)
        self.tale.n += 1
        self.oracle.remapped.append(self.tale.n)

    def _wrap(self, inner: httpx.BaseTransport) -> httpx.BaseTransport:
        return _Stage(self.tale.watch(inner), self)

    @property
    def unbound(self) -> list[str]:
        """Give what was excused, and nothing that happened can be the reason of it."""
        oracle, found = self.oracle, list[str]()
        if not self.meddled and not self.tale.doubts:
            found += oracle.blind
        if not oracle.broken:
            found += [*oracle.again, *([] if self.meddled else oracle.half_made)]
        return found

    # the end ------------------------------------------------------------------------
    def end(self) -> list[str]:
        """Let all faults end and run twice; give what is wrong after that."""
        self.box.faults.clear()
        self.lag(0)
        self.wait(3600)
        self._run(OPEN_LIMITS)
        half_made = any(not x.finished for x in self.both.rig.store.links())
        if half_made or any(h.code == "stays-open" for h in self.both.holds.values()):
            self.wait(3600)  # what is to be listed first, or to be seen twice
            self._run(OPEN_LIMITS)
        self.wait(3600)
        before = len(self.box.log)
        self._run(OPEN_LIMITS)
        self._note_told()
        wrong = [
            f"not at rest: {call.operation} {call.record_id}"
            for call in self.box.log[before:]
            if call.operation in WRITING and call.method != "GET"
        ]
        listed = {str(key): h.code for key, h in self.both.holds.items()}
        return wrong + self.oracle.differences(listed)


WRITING: Final = {
    "create_case",
    "create_task",
    "update_case",
    "update_task",
    "edit_activity",
    "edit_case",
    "complete_activities",
    "close_case",
    "add_activity_note",
    "create_customer",
}


class _Stage(httpx.BaseTransport):
    """Lets people act, and the run die, at the requests that were chosen."""

    def __init__(self, inner: httpx.BaseTransport, play: Duplex) -> None:
        self.inner, self.play, self.n = inner, play, 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.n += 1
        for act in self.play.during.pop(self.n, ()):
            self.play.meddled += 1
            act()
        if self.play.die == (self.n, "before"):
            raise Crash
        response = self.inner.handle_request(request)
        if self.play.die == (self.n, "after"):
            raise Crash
        return response


@cache
def _mapper(owner: str, *, remapped: bool) -> Mapper:
    """Give the default mapping, with one owner of all fields, with other numbers."""

    def change(text: str) -> str:
        if remapped:
            text = text.replace('Medium = ["4", "5"]', 'Medium = ["4"]')
            text = text.replace('Low = ["6", "7"]', 'Low = ["5", "6", "7"]')
        for name in ("ask", "kore", "casemgr") if owner else ():
            text = text.replace(f'owner = "{name}"', f'owner = "{owner}"')
        return text

    return default_mapper(change)


def _with_ours(box: Any, record: str, change: Change) -> Change:
    """Keep our own tags: people see them, and leave them alone."""
    if "tags" not in change:
        return change
    shelf = box.kore.cases if record.startswith("ci-") else box.kore.tasks
    ours = tuple(tag for tag in shelf[record].tags if tag.startswith("ext:"))
    return {**change, "tags": (*change["tags"], *ours)}


def _pick(of: list[Any], which: int) -> Any:
    """Give one of a list, the newest first."""
    return of[-1 - which % len(of)] if of else None
