"""What every part of a run is given."""

from dataclasses import dataclass, field
from typing import Literal

from caseferry.engine.gate import Gate
from caseferry.engine.sync.policy import TwoWay
from caseferry.engine.workers import Workers
from caseferry.mapping.compile import Mapper
from caseferry.model.correlation import TenantPair
from caseferry.model.link import Hold
from caseferry.model.record import Key, System
from caseferry.ports import CasemgrSystem, Clock, KoreSystem, Reporter, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a run treats the two systems.

    Attributes:
        case_key_field, activity_key_field: `custom.<attribute>` that holds our keys.
        visibility_lag_s: until a new record is surely found.
        late_effect_s: until a lost request surely has no effect any more.
        departments: read beside those that the mapping's routes reach.
        overlap_s: how far below a watermark is read again.
        batch: case groups that go through their stages together.
        marker: the text of a Kore record that carries our key on create.
    """

    pair: TenantPair
    case_key_field: str = "custom.ext_key"
    activity_key_field: str = "custom.ext_key"
    visibility_lag_s: float = 120.0
    late_effect_s: float = 600.0
    overlap_s: float = 120.0
    departments: tuple[str, ...] = ()
    batch: int = 150
    marker: Literal["desc", "name"] = "desc"

    @property
    def absence_bound_s(self) -> float:
        """Seconds after which an empty look-up means that a create had no effect."""
        return self.visibility_lag_s + self.late_effect_s


@dataclass(slots=True, kw_only=True)
class Context:
    """One run: its ports, its settings, and what it has learnt so far.

    Attributes:
        run: its number in the state.
        since: by system, the run in which the last complete listing of it began: what
            was seen since then is what the system holds.
        locked_at: monotonic time since which this run holds the lock.
        deadline: monotonic time after which no new group is begun; None is never.
        listing_complete: the source's listings of this run are proved complete.
        allowed: guards that the operator overrode by name.
        strangers: source records whose key says that they have a counterpart already,
            which is not shown or not theirs: they are never created in this run.
        told: records that this run lists with what is told once: it stays listed, also
            where the run looks again and finds nothing more to tell.
        gate: of a saved plan that is carried out; None lets everything through.
        two_way: the policy of a two-way run; None is a migration.
    """

    kore: KoreSystem
    casemgr: CasemgrSystem
    store: Store
    clock: Clock
    reporter: Reporter
    mapper: Mapper
    settings: Settings
    workers: Workers
    run: int = 0
    since: dict[System, int] = field(default_factory=dict)
    locked_at: float = 0.0
    deadline: float | None = None
    allowed: frozenset[str] = frozenset()
    listing_complete: bool = True
    stopping: bool = field(default=False)
    strangers: dict[Key, Hold] = field(default_factory=dict)
    told: set[Key] = field(default_factory=set)
    gate: Gate | None = None
    two_way: TwoWay | None = None

    @property
    def departments(self) -> tuple[str, ...]:
        """Every department that is read: configured, or reached by a route."""
        both = {*self.settings.departments, *self.mapper.departments}
        return tuple(sorted(both))

    def since_run(self, system: System) -> int:
        """Give the run since which records of a system count as seen."""
        return self.since.get(system, self.run)

    def must_stop(self) -> bool:
        """Tell whether no new work may be begun: asked to stop, or out of time."""
        if self.deadline is not None and self.clock.monotonic() >= self.deadline:
            return True
        return self.stopping
