"""Scenes of two-way sync: people work on both sides, runs go between them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from caseferry.adapters.memory_store import MemoryStore
from caseferry.engine.changes import ReadPlan
from caseferry.engine.context import Context
from caseferry.engine.sync.policy import TwoWay
from caseferry.engine.sync.run import Sync, SyncOptions
from caseferry.engine.tally import Tally
from caseferry.reconcile.guard import Limits
from caseferry.sandbox import Sandbox
from support.back import IDS
from support.rig import Rig, VirtualClock, default_mapper
from support.scene import Scene

OPEN_LIMITS = Limits(
    max_changes=None, max_reopened=None, max_reprioritised=None, max_not_seen=None
)
WRITES = {
    "kore": {"create_case", "create_task", "update_case", "update_task"},
    "casemgr": {
        "create_task",
        "edit_activity",
        "edit_case",
        "complete_activities",
        "close_case",
        "add_activity_note",
        "create_customer",
    },
}


class Both(Scene):
    """One sandbox with people on both sides, one state, and syncs between edits."""

    def __init__(
        self,
        *,
        cases: int = 0,
        seed: int = 11,
        readings: Mapping[str, str | float] | None = None,
        owner: str = "",
        two_way: TwoWay | None = None,
    ) -> None:
        super().__init__(cases=cases, seed=seed, readings=readings)
        if owner:
            self.rig.mapper = default_mapper(lambda text: with_owner(text, owner))
        self.rig.kore_options["ids"] = IDS
        self.two_way = two_way or TwoWay()
        self.reading = ReadPlan()

    def context(self) -> Context:
        """Begin a two-way run."""
        context = self.rig.context()
        context.two_way = self.two_way
        context.run = self.rig.store.begin_run("sync", "t", {})
        return context

    def sync(self) -> Tally:
        """Run once; the books have to balance."""
        sync = self.begin()
        self.planned = sync.plan()
        assert not self.planned.stops, self.planned.stops
        self.last = sync
        self.tally = sync.carry_out()
        counts = {"case": sync.extracted.cases, "task": sync.extracted.tasks}
        assert self.tally.balances(counts), (counts, dict(self.tally.ends))
        return self.tally

    def begin(self) -> Sync:
        """Read, and go no further."""
        sync = Sync(
            self.context(), SyncOptions(limits=OPEN_LIMITS, reading=self.reading)
        )
        sync.read()
        return sync

    def later(self, seconds: float = 3600.0) -> Tally:
        """Sync after a while."""
        self.clock.sleep(seconds)
        self.box.settle()
        return self.sync()

    def writes(self) -> int:
        """Count the writes asked for on both sides so far."""
        return sum(
            call.operation in WRITES.get(call.system, ()) for call in self.box.log
        )

    def at_rest(self) -> bool:
        """Tell whether one more run, after a while, writes nothing."""
        before = self.writes()
        self.later()
        return self.writes() == before

    def kore(self, key: str) -> Any:
        """Give a Kore record by its id."""
        shelf = self.box.kore.cases if key.startswith("ci-") else self.box.kore.tasks
        return shelf[key]

    def agent_case(self, subject: str, **values: Any) -> str:
        """Let an agent open a case in casemgr; gives its id."""
        number = len(self.box.casemgr.customers)
        customer = self.box.human.create(
            "casemgr",
            "customer",
            contact={
                "firstName": "Liz",
                "email": [{"emailAddress": f"{number}.liz@example.com"}],
            },
        )
        given = {"customer_id": customer, **values}
        return self.box.human.create("casemgr", "case", subject=subject, **given)

    def agent_task(self, case: str, subject: str, **values: Any) -> str:
        """Let an agent add a task activity to a casemgr case; gives its id."""
        given = {"kind": "task", "subtype": "general", "assignee": "1004", **values}
        return self.box.human.create(
            "casemgr", "activity", case_id=case, subject=subject, **given
        )


def with_owner(text: str, owner: str) -> str:
    """Give the default mapping with another owner of every field."""
    kept = [
        f'owner = "{owner}"' if line.startswith("owner") else line
        for line in text.splitlines()
    ]
    return "\n".join(kept)


__all__ = ["IDS", "Both", "MemoryStore", "Rig", "Sandbox", "VirtualClock", "replace"]
