"""What a suggested mapping is made from, and when two names agree."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from caseferry.mapping.check_rows import Side
from caseferry.mapping.harvest import Harvest, Part
from caseferry.mapping.names import CUSTOM
from caseferry.mapping.shape import MappingSpec, StatusRow
from caseferry.model.record import Entity

SIDES: Final[tuple[Side, Side]] = ("case", "task")


def fold(name: str) -> str:
    """Spell a name as names are compared: letters and digits, in lower case."""
    return "".join(char for char in name.casefold() if char.isalnum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a suggestion starts from.

    Attributes:
        harvest: what both systems hold.
        default: the mapping that ships; policies are its, facts are the tenants'.
        departments: that are configured to be read.
        keys: by side the attribute that holds our correlation keys; never suggested.
        carried: by side every casemgr field that a line so far reads or writes.
        rows: by side every Kore field that has a row so far.
        status_home: by side the attribute that keeps the names of statuses, or "".
    """

    harvest: Harvest
    default: MappingSpec
    departments: tuple[str, ...] = ()
    keys: Mapping[Side, str] = field(default_factory=dict)
    carried: Mapping[Side, set[str]] = field(
        default_factory=lambda: {"case": set(), "task": set()}
    )
    rows: Mapping[Side, set[str]] = field(
        default_factory=lambda: {"case": set(), "task": set()}
    )

    status_home: dict[Side, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for side in SIDES:  # before any field may take it
            usual = getattr(self.default.status.policy.name_kept_in, side)
            names = usual.removeprefix(CUSTOM), "kore status", "status name"
            self.status_home[side] = self.attribute_like(side, *names)

    def kore(self, side: Side) -> Part:
        """Give what Kore holds of an entity."""
        return self.harvest.kore(Entity(side))

    def casemgr(self, side: Side) -> Part:
        """Give what casemgr holds of an entity; of activities only tasks."""
        return self.harvest.casemgr(Entity(side))

    def default_statuses(self, side: Side) -> Mapping[str, StatusRow]:
        """Give the casemgr statuses that a mapping has to name."""
        status = self.default.status
        return status.case if side == "case" else status.task

    def attributes(self, side: Side) -> list[str]:
        """Give the attributes that no line names yet, such as `custom.region`."""
        taken = self.carried[side] | {CUSTOM, f"{CUSTOM}{self.keys.get(side, '')}"}
        return [n for n in self.casemgr(side).named(CUSTOM) if n not in taken]

    def attribute_like(self, side: Side, *names: str) -> str:
        """Take the attribute whose name agrees with one of these; "" for none."""
        wanted = {fold(name) for name in names} - {""}
        for name in self.attributes(side):
            if fold(name.removeprefix(CUSTOM)) in wanted:
                self.carried[side].add(name)
                return name
        return ""
