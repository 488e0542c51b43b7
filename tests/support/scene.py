"""Scenes: one tenant pair, the people in it, and runs that are judged afterwards."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from caseferry.adapters.memory_store import MemoryStore
from caseferry.engine.migrate import Options
from caseferry.engine.tally import Tally
from caseferry.model.action import WRITES
from caseferry.model.link import Hold
from caseferry.model.record import Key
from caseferry.sandbox import Fault, Sandbox
from support.judge import complaints, counterparts
from support.rig import Rig, VirtualClock, default_mapper

DAY_MS = 86_400_000
LIZ = {"name": "Liz Ash", "emailId": "liz.ash@example.com"}
FAR_APART_S = 3600.0
WRITTEN = frozenset(
    (
        "create_task",
        "edit_activity",
        "complete_activities",
        "close_case",
        "edit_case",
        "add_activity_note",
        "add_case_note",
        "create_customer",
    )
)


See = Callable[[httpx.Request], httpx.Response | None]
"""Is shown a request; a response given is the answer."""


class Tap(httpx.BaseTransport):
    """Shows every request to a test before it leaves; may answer in its place."""

    def __init__(
        self,
        inner: httpx.BaseTransport,
        see: See,
    ) -> None:
        self.inner, self.see = inner, see

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self.see(request) or self.inner.handle_request(request)


class Scene:
    """One sandbox, one state and the runs between them.

    Attributes:
        rig: to be changed before a run.
        tally: of the last run; planned: its plan.
    """

    def __init__(
        self,
        *,
        cases: int = 0,
        seed: int = 11,
        readings: Mapping[str, str | float] | None = None,
        mapping: Callable[[str], str] | None = None,
    ) -> None:
        self.clock = VirtualClock()
        self.box = Sandbox(
            seed=seed, readings=readings or {}, clock=self.clock.sandbox_now
        )
        if cases:
            self.box.fill("kore", cases=cases)
        self.rig = Rig(box=self.box, clock=self.clock)
        if mapping is not None:
            self.rig.mapper = default_mapper(mapping)
        self.rig.store = MemoryStore()

    # people ---------------------------------------------------------------------
    def case(self, name: str = "Router down", **values: Any) -> str:
        """Let somebody open a case in Kore; gives its id."""
        given = {"template": "Service", "user": dict(LIZ), **values}
        return self.box.human.create("kore", "case", name=name, **given)

    def task(self, case: str, name: str = "Call back", **values: Any) -> str:
        """Let somebody add a task to a Kore case; gives its id."""
        values = {"template": "Follow-up", **values}
        return self.box.human.create("kore", "task", case_id=case, name=name, **values)

    def edit(self, record: str, **changes: Any) -> None:
        """Let somebody edit a Kore record, or an agent a casemgr one."""
        if record.startswith("ci-"):
            self.box.human.edit("kore", "case", record, **changes)
        elif record.startswith("ti-"):
            self.box.human.edit("kore", "task", record, **changes)
        else:
            entity, _, local = record.partition(":")
            self.box.human.edit("casemgr", entity, local, **changes)

    def due(self, days: float) -> int:
        """Give a time so many days from now, in epoch milliseconds."""
        return self.box.now_ms("kore") + int(days * DAY_MS)

    # what is there ----------------------------------------------------------------
    def all_of(self, source: str) -> list[Any]:
        """Give everything on the target that carries this source's key."""
        role = "c" if source.startswith("ci-") else "t"
        return counterparts(self.box).get(f"{role}.{source}", [])

    def of(self, source: str) -> Any:
        """Give the one counterpart of a Kore record."""
        found = self.all_of(source)
        assert len(found) == 1, f"{source} has {len(found)} counterparts"
        return found[0]

    def openers(self, case: str) -> list[Any]:
        """Give the openers of a Kore case, oldest first."""
        return counterparts(self.box).get(f"o.{case}", [])

    @property
    def written(self) -> int:
        """How many requests changed something on the target so far."""
        calls = self.box.log
        return sum(
            call.committed and call.system == "casemgr" and call.operation in WRITTEN
            for call in calls
        )

    @property
    def asked(self) -> int:
        """How many writes were asked for so far, refused ones included."""
        return sum(
            call.system == "casemgr" and call.operation in WRITTEN
            for call in self.box.log
        )

    @property
    def holds(self) -> dict[Key, Hold]:
        """What the state holds back."""
        return dict(self.rig.store.holds())

    def complaints(self, *, whole: bool = True) -> list[str]:
        """Ask the judge."""
        return complaints(self.box, whole=whole)

    # runs -------------------------------------------------------------------------
    def fault(self, kind: str, operation: str = "*", **more: Any) -> None:
        """Arm a fault of casemgr."""
        system = more.pop("system", "casemgr")
        self.box.faults.add(
            Fault(system=system, operation=operation, kind=kind, **more)
        )

    def tap(self, see: See) -> None:
        """Show every request of the next runs to a function."""
        self.rig.wrap = lambda inner: Tap(inner, see)

    def run(self, options: Options | None = None) -> Tally:
        """Migrate; the books of a whole run have to balance."""
        tally = self.rig.migrate(options)
        self.tally = tally
        if options is None:
            read = self.rig.migration.extracted
            counts = {"case": read.cases, "task": read.tasks}
            assert tally.balances(counts), (counts, dict(tally.ends))
            assert self.rig.planned.tally.balances(counts), (
                counts,
                dict(self.rig.planned.tally.ends),
            )
        return tally

    def again(self, *, wait: float = FAR_APART_S) -> Tally:
        """Migrate after a while, when nothing is in the air any more."""
        self.clock.sleep(wait)
        self.box.settle()
        return self.run()

    def rests(self) -> bool:
        """Tell whether one more run plans and sends nothing."""
        before = self.asked
        self.again()
        kinds = [str(kind) for kind in WRITES]
        planned = self.rig.planned.tally.total(*kinds)
        return planned == 0 and self.asked == before

    def lose_state(self) -> None:
        """Delete the state file."""
        self.rig.store = MemoryStore()
