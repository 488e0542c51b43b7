"""Reading again and again: people edit both systems, and the state is judged.

The judge looks into the sandbox itself: every record that a system lists has to be in
the state, with the stamp and the name that it has there now.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx

from caseferry.adapters.memory_store import MemoryStore
from caseferry.engine.changes import Changes, ReadPlan
from caseferry.engine.context import Context
from caseferry.engine.incremental import read_changes
from caseferry.model.record import (
    Entity,
    Key,
    System,
    activity_key,
    case_key,
    kore_key,
)
from caseferry.model.times import canonical_time, instant_of
from caseferry.sandbox import Sandbox
from support.rig import Rig, VirtualClock
from support.scene import Tap

BY_CHANGE = {entity: {"updatedAt": "desc"} for entity in Entity}
DEPARTMENTS = ("Billing", "Service")
LAG_S = 30.0
Shown = dict[Key, tuple[str, str]]
"""Stamp and name of each record, by key."""


@dataclass
class Sight:
    """Both systems, a state, and the passes over them.

    Attributes:
        seen: is shown every request before it is answered; may edit meanwhile.
        context: of the last pass.
    """

    box: Sandbox
    clock: VirtualClock
    rig: Rig
    plan: ReadPlan
    seen: Callable[[httpx.Request], None] | None = None
    context: Context | None = None

    def read(self, *, full: bool = False) -> Changes:
        """Make one pass, in a run of its own."""
        self.context = self.rig.context()
        self.context.run = self.rig.store.begin_run("sync", "t", {})
        plan = replace(self.plan, full=frozenset(System)) if full else self.plan
        return read_changes(self.context, plan)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.sleep(seconds)

    def edit(self, system: str, entity: str, record: str, **changes: Any) -> None:
        """Let somebody edit a record."""
        self.box.human.edit(system, entity, record, **changes)

    def held(self) -> Shown:
        """Give what the state holds of what it takes the systems to hold."""
        assert self.context is not None
        store, since = self.rig.store, self.context.since_run
        return {
            record.key: (instant_of(record.version), record.text(_NAME[system]))
            for system in System
            for entity in Entity
            for record in store.records(since(system), system, entity)
        }

    def there(self) -> Shown:
        """Give what the systems show."""
        kore, casemgr = self.box.kore, self.box.casemgr
        found: Shown = {}
        for record in (*kore.cases.values(), *kore.tasks.values()):
            if record.is_active:
                found[kore_key(record.id)] = _stamp(record.updated), _text(record.name)
        for name, shelf in (
            (case_key, casemgr.cases),
            (activity_key, casemgr.activities),
        ):
            for each in shelf.values():
                if each.department in DEPARTMENTS:
                    found[name(each.id)] = _stamp(each.modified), _text(each.subject)
        return found

    def is_right(self) -> bool:
        """Tell whether the state holds just what the systems show."""
        return self.held() == self.there()

    def missed(self) -> Shown:
        """Give what the systems show and the state does not hold so."""
        held = self.held()
        return {key: is_ for key, is_ in self.there().items() if held.get(key) != is_}


def a_sight(
    readings: Mapping[str, str | float] | None = None,
    *,
    cases: int = 30,
    changed: bool = True,
    unresolved: bool = False,
    seed: int = 5,
    page_size: int = 100,
) -> Sight:
    """Fill both systems; Kore sorts by change where `changed` says so."""
    clock = VirtualClock()
    sorts = {"kore.sort_updated_at": "supported"} if changed else {}
    box = Sandbox(
        seed=seed, readings={**sorts, **(readings or {})}, clock=clock.sandbox_now
    )
    if cases:
        box.fill("both", cases=cases)
    rig = Rig(box=box, clock=clock, store=MemoryStore())
    rig.settings = replace(
        rig.settings, departments=DEPARTMENTS, visibility_lag_s=LAG_S, overlap_s=LAG_S
    )
    rig.kore_options["page_size"] = page_size
    if changed:
        rig.kore_options["changed_sorts"] = BY_CHANGE
    if unresolved:
        rig.kore_options["unresolved"] = frozenset(Entity)
    sight = Sight(box=box, clock=clock, rig=rig, plan=ReadPlan())

    def see(request: httpx.Request) -> None:
        if sight.seen is not None:
            sight.seen(request)

    rig.wrap = lambda inner: Tap(inner, see)
    return sight


_NAME = {System.KORE: "name", System.CASEMGR: "subject"}


def _text(name: str) -> str:
    return name.replace("\r\n", "\n").replace("\r", "\n")


def _stamp(epoch_ms: int) -> str:
    return canonical_time(datetime.fromtimestamp(epoch_ms / 1000, UTC))
