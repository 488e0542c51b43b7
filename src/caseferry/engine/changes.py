"""What is read of the two systems again and again, and what one pass over it found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from caseferry.model.record import Entity, System

Mode = Literal["complete", "newest", "unresolved", "window"]
"""How a resource was read: whole; the last changed records of Kore; the unresolved
records of Kore; what changed in casemgr since a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One listing: cases or tasks of Kore, or of one department of casemgr."""

    system: System
    entity: Entity
    department: str = ""

    @property
    def name(self) -> str:
        """The name under which the state keeps what it knows of the listing."""
        where = f"@{self.department}" if self.department else ""
        return f"{self.system}.{self.entity}{where}"


def resources(departments: Sequence[str]) -> tuple[Resource, ...]:
    """Give all listings, cases before tasks.

    A task whose case was not seen yet waits; a case some of whose tasks were not seen
    would look as if it had fewer.
    """
    places = ((System.KORE, ""), *((System.CASEMGR, name) for name in departments))
    return tuple(
        Resource(system=system, entity=entity, department=department)
        for system, department in places
        for entity in Entity
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPlan:
    """How a pass over both systems is to be made.

    Attributes:
        full_scan_every_s: a listing is read whole when the last time is so long ago.
        full: systems that are read whole in any case.
    """

    full_scan_every_s: float = 86_400.0
    full: frozenset[System] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRead:
    """How one listing was read.

    Attributes:
        proved: everything that this mode can show was shown, and nothing slipped
            through; else the watermark stays, and the next pass reads it again.
        records, changed: how many came, and how many of them were new or had changed.
        requests: sent for it.
        watermark: from where the next pass reads; "" when it has to read all.
        since_run: the run in which it was last read whole; None when it never was.
    """

    resource: Resource
    mode: Mode
    proved: bool
    records: int
    changed: int
    requests: int
    watermark: str
    since_run: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What one pass over both systems did.

    Attributes:
        since: by system, the run since which everything it holds was seen.
    """

    read: tuple[ResourceRead, ...]
    since: Mapping[System, int]

    @property
    def kore_complete(self) -> bool:
        """Tell whether the state holds all of Kore that its modes can show."""
        return self._complete(System.KORE)

    @property
    def casemgr_complete(self) -> bool:
        """Tell whether the state holds all of casemgr that its modes can show."""
        return self._complete(System.CASEMGR)

    def is_whole(self, system: System) -> bool:
        """Tell whether this very pass listed all of a system, to the end."""
        own = [each for each in self.read if each.resource.system is system]
        return all(each.proved and each.mode == "complete" for each in own)

    def was_whole(self, system: System) -> bool:
        """Tell whether this pass or an earlier one listed all of a system.

        What was last seen before `since` is not shown any more.
        """
        own = [each for each in self.read if each.resource.system is system]
        return all(each.since_run is not None for each in own)

    def _complete(self, system: System) -> bool:
        own = [each for each in self.read if each.resource.system is system]
        return all(each.proved and each.since_run is not None for each in own)

    @property
    def requests(self) -> int:
        """How many requests the pass took."""
        return sum(each.requests for each in self.read)

    def data(self) -> dict[str, dict[str, Any]]:
        """Give it in the shape of the JSON output, by listing."""
        return {
            each.resource.name: {
                "mode": each.mode,
                "proved": each.proved,
                "records": each.records,
                "changed": each.changed,
                "requests": each.requests,
                "watermark": each.watermark or None,
                "since_run": each.since_run,
            }
            for each in self.read
        }
