"""A history of one tenant pair: what people, agents, faults and runs do, and who knows.

It keeps what a fair witness would: which fields agents set, which mails wait, who
closed what. `doubles`, `overwritten`, `closed_by_us` and `wrong` are its testimony.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import httpx

from caseferry.engine.relink import retry, unlink
from caseferry.errors import CaseferryError
from caseferry.model.link import HoldKind
from caseferry.model.record import activity_key, case_key, kore_key
from support.judge import PRIORITIES, SEVERITIES, counterparts
from support.scene import Scene

Change = dict[str, Any]
ENDED: Final = ("Resolved", "Closed")

TASK_CHANGES: Final[dict[str, Change]] = {
    "low": {"priority": "Low"},
    "high": {"priority": "High"},
    "critical": {"priority": "Critical"},
    "tags": {"tags": ("vip", "gold")},
    "one tag": {"tags": ("vip",)},
    "no tags": {"tags": ()},
    "renamed": {"name": "Call back on Monday"},
    "renamed again": {"name": "Call back on Tuesday"},
    "due later": {"due_in": 30},
    "due at once": {"due_in": 0.01},
    "onhold": {"status": "Waiting for parts"},
    "resolved": {"status": "Resolved"},
    "open": {"status": "Open"},
    "hidden": {"is_active": False},
    "shown": {"is_active": True},
}
CASE_CHANGES: Final[dict[str, Change]] = {
    "low": {"priority": "Low"},
    "critical": {"priority": "Critical"},
    "tags": {"tags": ("vip", "gold")},
    "renamed": {"name": "Router down again"},
    "due later": {"due_in": 40},
    "due at once": {"due_in": 0.01},
    "closed": {"status": "Closed"},
    "resolved": {"status": "Resolved"},
    "open": {"status": "Open"},
    "hidden": {"is_active": False},
    "shown": {"is_active": True},
}
AGENT_CHANGES: Final[dict[str, Change]] = {
    "priority 3": {"priority": "3"},
    "priority 7": {"priority": "7"},
    "due": {"due_in": 3},
    "case urgent": {"severity": "urgent"},
    "case low": {"severity": "low"},
    "case subject": {"subject": "Found by Frank"},
}
FAULTS: Final = (
    "lost_reply",
    "late_effect",
    "error_after",
    "error_before",
    "reset_after",
    "connect_refused",
    "rate_limit_429",
    "unauthorized",
    "truncated",
    "gateway_html",
    "empty_body",
)
OPERATIONS: Final = (
    "create_task",
    "edit_activity",
    "edit_case",
    "complete_activities",
    "close_case",
    "add_activity_note",
    "search_activities",
    "get_activities",
    "get_cases",
    "search_customers",
    "*",
)
_SOURCE: Final = {"priority": "priority", "severity": "priority", "due": "due",
                  "subject": "name"}  # fmt: skip
PEOPLE: Final = (
    {"name": "Liz Ash", "emailId": "liz.ash@example.com"},
    {"name": "Bo Oak", "emailId": "bo@example.com", "phoneNumber": "+4930123456"},
    {"name": "Nobody"},
)


class Crash(BaseException):
    """The process dies here."""


@dataclass(slots=True)
class Edit:
    """What an agent set; `until` is the source's value after which Kore may change it.

    A state that was lost knows no base: then what both hold counts as agreed, and a
    later change in Kore flows.
    """

    value: Any
    before: Any
    until: Any = None


class History:
    """One scene, and a witness to everything that happens in it."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.box = self.scene.box
        self.cases: list[str] = []
        self.tasks: list[str] = []
        self.mails: dict[str, str] = {}
        self.edits: dict[tuple[str, str, str], Edit] = {}
        self.touched: set[str] = set()  # source ids that an agent had a hand in
        self.ended: set[str] = set()  # cases that Kore or an agent ended once
        self.kept_closed: set[str] = set()  # closed by an agent, open in Kore
        self.pending: set[str] = set()  # changed in Kore since the last whole run
        self.excused: set[str] = set()  # a lost state takes what is there for agreed
        self.renamed: set[str] = set()
        self.copies: list[Any] = []
        self.parted: set[str] = set()
        self.is_known = True  # the state knows what is there

    # people in Kore -------------------------------------------------------------------
    def open_case(self, tasks: int, person: int) -> None:
        number = len(self.cases)
        case = self.scene.case(f"Case {number}", user=dict(PEOPLE[person]))
        self.cases.append(case)
        for _ in range(tasks):
            self._task(case)

    def add_task(self, which: int, *, finished: bool) -> None:
        if case := _pick(self.cases, which):
            task = self._task(case)
            self.kept_closed.discard(case)
            if finished:
                self.scene.edit(task, status="Resolved")

    def _task(self, case: str) -> str:
        name = f"Task {len(self.tasks)}"
        task = self.scene.task(case, name, priority="Medium", due=self.scene.due(20))
        self.tasks.append(task)
        return task

    def edit_task(self, which: int, change: str) -> None:
        if task := _pick(self.tasks, which):
            self._edit(task, TASK_CHANGES[change])
            if "renamed" in change:
                self.renamed.add(task)

    def edit_case(self, which: int, change: str) -> None:
        if not (case := _pick(self.cases, which)):
            return
        was = self._is_ended(case)
        self._edit(case, CASE_CHANGES[change])
        if self._is_ended(case):
            self.ended.add(case)
        if was != self._is_ended(case):
            self.kept_closed.discard(case)

    def _edit(self, source: str, change: Change) -> None:
        change = dict(change)
        if "due_in" in change:
            change["due"] = self.scene.due(change.pop("due_in"))
        self.scene.edit(source, **change)
        self.pending.add(source)
        if not self.is_known:
            self.excused.add(source)

    def _source(self, source: str) -> Any:
        shelf = self.box.kore.cases if source[0] == "c" else self.box.kore.tasks
        return shelf[source]

    def _is_ended(self, case: str) -> bool:
        return self._source(case).status in ENDED

    # agents in casemgr ----------------------------------------------------------------
    def agent_edits(self, which: int, change: str) -> None:
        values = dict(AGENT_CHANGES[change])
        of_case = "case" in change
        source = _pick(self.cases if of_case else self.tasks, which)
        target = self._target(source)
        if target is None or target.status in ("completed", "closed"):
            return
        if of_case and not self._is_finished(source, target):
            return  # a case is half made until its first edit
        if "due_in" in values:
            values["due"] = self.scene.due(values.pop("due_in"))
        for name, value in values.items():
            known = self.edits.get((source, target.id, name))
            before = known.before if known else getattr(target, name)
            if value == before:
                self.edits.pop((source, target.id, name), None)
            else:
                self.edits[source, target.id, name] = Edit(value, before)
        kind = "case" if of_case else "activity"
        self.scene.edit(f"{kind}:{target.id}", **values)
        self.touched.add(source)

    def _is_finished(self, source: str, target: Any) -> bool:
        if target is None:
            return False
        link = self.scene.rig.store.link(case_key(target.id))
        return link is not None and link.finished and link.kore == kore_key(source)

    def agent_completes(self, which: int) -> None:
        task = _pick(self.tasks, which)
        target = self._target(task)
        if target is not None and target.status == "assigned":
            case = self._source(task).case_id
            was = self.box.casemgr.cases[target.case_id].status
            self.box.human.complete(target.id)
            self.touched |= {task, case}
            if was == "open" != self.box.casemgr.cases[target.case_id].status:
                self._closed_by_agent(case)

    def agent_closes(self, which: int) -> None:
        case = _pick(self.cases, which)
        target = self._target(case)
        if target is None or target.status == "closed":
            return
        if not self._is_finished(case, target):
            return
        self.box.human.close("casemgr", target.id)
        self.touched |= {case, *self._source(case).task_ids}
        self._closed_by_agent(case)
        for mail, home in list(self.mails.items()):
            if home == target.id:
                del self.mails[mail]

    def _closed_by_agent(self, case: str) -> None:
        self.ended.add(case)
        target = self._target(case)
        is_known = case not in self.pending and self._is_finished(case, target)
        if is_known and not self._is_ended(case) and not self._has_new_tasks(case):
            self.kept_closed.add(case)

    def _has_new_tasks(self, case: str) -> bool:
        found = counterparts(self.box)
        return any(f"t.{task}" not in found for task in self._source(case).task_ids)

    def mail_arrives(self, which: int) -> None:
        case = _pick(self.cases, which)
        target = self._target(case)
        if target is not None:
            mail = self.box.human.create("casemgr", "activity", case_id=target.id)
            self.mails[mail] = target.id
            self.touched.add(case)
            self.kept_closed.discard(case)

    def mail_is_answered(self, which: int) -> None:
        if mail := _pick(list(self.mails), which):
            home = self.mails.pop(mail)
            self.box.human.complete(mail)
            if self.box.casemgr.cases[home].status == "closed":
                for case in self.cases:
                    target = self._target(case)
                    if target is not None and target.id == home:
                        self.touched |= {case, *self._source(case).task_ids}
                        self._closed_by_agent(case)

    def move(self, which: int, status: str, assignee: str | None) -> None:
        task = _pick(self.tasks, which)
        target = self._target(task)
        if target is not None and target.status != "completed":
            activity = f"activity:{target.id}"
            self.scene.edit(activity, status=status, assignee=assignee)

    def _target(self, source: str | None) -> Any:
        """Give a record's counterpart; a case by its key, else by its activities."""
        if source is None:
            return None
        found = counterparts(self.box)
        role = "c" if source[0] == "c" else "t"
        records = found.get(f"{role}.{source}", [])
        return records[0] if len(records) == 1 else None

    # runs -----------------------------------------------------------------------------
    def migrate(self) -> None:
        self._before_run()
        with suppress(CaseferryError):
            self.scene.run()
            if not self.scene.rig.store.open_intents():
                self.pending = {s for s in self.pending if self._is_held(s)}
            self.is_known = True
        self._keep_copy()

    def die_at_a_request(self, at: int, when: str) -> None:
        calls = 0

        class Dying(httpx.BaseTransport):
            def __init__(self, inner: httpx.BaseTransport) -> None:
                self.inner = inner

            def handle_request(self, request: httpx.Request) -> httpx.Response:
                nonlocal calls
                calls += 1
                if calls == at and when == "before":
                    raise Crash
                response = self.inner.handle_request(request)
                if calls == at:
                    raise Crash
                return response

        self.scene.rig.wrap = Dying
        self._die()
        self.scene.rig.wrap = lambda inner: inner

    def die_at_a_commit(self, at: int, when: str) -> None:
        commits = 0

        def die(moment: str) -> None:
            nonlocal commits
            commits += moment == "before"
            if commits == at and moment == when:
                raise Crash

        self.scene.rig.store.on_commit = die
        self._die()
        self.scene.rig.store.on_commit = None

    def _die(self) -> None:
        self._before_run()
        with suppress(Crash, CaseferryError):
            self.scene.rig.migrate()
        self._keep_copy()

    def migrate_with_a_fault(
        self, kind: str, operation: str, *, after: int, times: int
    ) -> None:
        self.scene.fault(kind, operation, after=after, times=times, delay_s=45.0)
        self._before_run()
        with suppress(CaseferryError):
            self.scene.run()
        self.box.faults.clear()
        self._keep_copy()

    def lag(self, seconds: int) -> None:
        self.box.readings.set({"casemgr.search_lag_s": seconds})

    def wait(self, seconds: float) -> None:
        self.scene.clock.sleep(seconds)
        self.box.settle()

    def _before_run(self) -> None:
        """Forget edits that a run will take for agreement: both sides say the same."""
        for (source, _, name), edit in list(self.edits.items()):
            if self._means(source, name, edit.value):
                self.edits = {k: v for k, v in self.edits.items() if v is not edit}

    def _means(self, source: str, name: str, value: Any) -> bool:
        record = self._source(source)
        if name == "priority":
            return value in PRIORITIES[record.priority]
        if name == "severity":
            return bool(value == SEVERITIES[record.priority])
        return bool(value == getattr(record, _SOURCE[name]))

    def _keep_copy(self) -> None:
        self.copies.append(self.scene.rig.store.snapshot())

    # the state ------------------------------------------------------------------------
    def restore(self, which: int) -> None:
        self.wait(200)
        self._forget()
        self.kept_closed.clear()
        store = self.scene.rig.store
        store.restore(_pick(self.copies, which) or self.copies[-1])
        self.parted = {str(link.kore)[5:] for link in store.links() if link.tombstone}

    def lose_state(self) -> None:
        self.wait(200)
        self._forget()
        self.parted.clear()
        self.scene.lose_state()

    def _forget(self) -> None:
        self.excused |= self.pending
        self.is_known = False
        for (source, _, name), edit in self.edits.items():
            edit.until = getattr(self._source(source), _SOURCE[name])

    def part(self, which: int) -> None:
        source = _pick(self.tasks + self.cases, which)
        target = self._target(source)
        if source is None or target is None:
            return
        key = case_key(target.id) if source[0] == "c" else activity_key(target.id)
        if self.scene.rig.store.link(key) is not None:
            unlink(self.scene.rig.store, kore_key(source))
            self.parted.add(source)

    def retry_all(self) -> None:
        """Take up what is held and parted, as a person does who looked first."""
        self.wait(200)
        store = self.scene.rig.store
        there = counterparts(self.box)
        holds = [
            hold
            for hold in store.holds().values()
            if hold.kind is not HoldKind.UNCERTAIN
            or not any(f"{role}.{hold.key[5:]}" in there for role in "cto")
        ]
        parted = [link.kore for link in store.links() if link.tombstone]
        retry(store, 1, holds, parted)
        self.parted.clear()

    def _is_held(self, source: str) -> bool:
        """Tell whether a run leaves a record alone: held, or parted, or its case is."""
        case = source if source[0] == "c" else self._source(source).case_id
        is_parted = not self.parted.isdisjoint((source, case))
        return is_parted or kore_key(source) in self.scene.rig.store.holds()

    # testimony ------------------------------------------------------------------------
    def doubles(self) -> list[str]:
        """Say what is there twice, mixed up or spread; openers have generations."""
        keys = Counter(
            text
            for shelf in (self.box.casemgr.activities, self.box.casemgr.cases)
            for record in shelf.values()
            for text in record.custom.get("ext_key", ())
        )
        words = (" holds ", "spread over", " customers")
        return [f"{key} is there {n} times" for key, n in keys.items() if n > 1] + [
            text
            for text in self.scene.complaints(whole=False)
            if any(word in text for word in words)
        ]

    def overwritten(self) -> list[str]:
        """Say which agents' edits are gone."""
        wrong = []
        for (source, target_id, name), edit in self.edits.items():
            now = getattr(self._source(source), _SOURCE[name])
            if edit.until is not None and edit.until != now:
                continue  # adopted without a base, and Kore moved on
            shelves = self.box.casemgr
            shelf = shelves.cases if source[0] == "c" else shelves.activities
            if getattr(shelf[target_id], name) != edit.value:
                found = getattr(shelf[target_id], name)
                wrong.append(f"{source}: {name} {edit.value!r} became {found!r}")
        return wrong

    def closed_by_us(self) -> list[str]:
        """Say which mails we completed, and which cases we closed or opened again."""
        shelves = self.box.casemgr
        wrong = [
            f"mail {mail} was completed"
            for mail in self.mails
            if shelves.activities[mail].status == "completed"
        ]
        for case in self.cases:
            target = self._target(case)
            if target is None:
                continue
            if target.status == "closed" and case not in self.ended:
                wrong.append(f"{case} is open in Kore, and was closed")
            if target.status == "open" and case in self.kept_closed:
                wrong.append(f"{case} was closed by an agent, and is open again")
        return wrong

    def wrong(self) -> list[str]:
        """Say what is missing or different, and nobody listed and no agent did."""
        excused = self.touched | self.excused | self.renamed | self.parted
        excused |= {str(key)[5:] for key in self.scene.holds}
        for case in self.cases:
            tasks = set(self._source(case).task_ids)
            if case in excused:
                excused |= tasks
        return [
            text
            for text in self.scene.complaints()
            if not any(source in text for source in excused)
            and not text.startswith("o.")  # `doubles` knows their generations
        ]

    def end(self) -> None:
        """Wait for what is in the air; run twice; the second run has nothing to do."""
        self.box.faults.clear()
        self.lag(0)
        self.wait(3600)
        self._before_run()
        self.scene.run()
        self._before_run()
        assert self.scene.rests(), self.scene.rig.planned.tally.actions


def _pick(of: list[Any], which: int) -> Any:
    """Give one of a list, the newest first."""
    return of[-1 - which % len(of)] if of else None
