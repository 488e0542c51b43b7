"""Which way records are carried."""

from enum import StrEnum

from caseferry.model.record import System

NAMES = {System.KORE: "Kore", System.CASEMGR: "casemgr"}
"""The systems as people spell them."""


class Direction(StrEnum):
    """One of the two ways, or both; the words are those of the JSON output."""

    TO_CASEMGR = "kore-to-casemgr"
    TO_KORE = "casemgr-to-kore"
    TWO_WAY = "two-way"

    @property
    def sources(self) -> tuple[System, ...]:
        """The systems whose records are carried."""
        if self is Direction.TWO_WAY:
            return (System.KORE, System.CASEMGR)
        return (System.KORE if self is Direction.TO_CASEMGR else System.CASEMGR,)

    @property
    def targets(self) -> tuple[System, ...]:
        """The systems that are written to."""
        if self is Direction.TWO_WAY:
            return (System.KORE, System.CASEMGR)
        return (System.CASEMGR if self is Direction.TO_CASEMGR else System.KORE,)

    @property
    def source(self) -> System:
        """The one system that is read as the truth; two-way sync has none."""
        (system,) = self.sources
        return system

    @property
    def target(self) -> System:
        """The one system that is written to; two-way sync has none."""
        (system,) = self.targets
        return system

    @property
    def words(self) -> str:
        """Say it to a person: `Kore to casemgr`, `Kore and casemgr`."""
        if self is Direction.TWO_WAY:
            return "Kore and casemgr"
        return f"{NAMES[self.source]} to {NAMES[self.target]}"


def direction_from(source: str | None) -> Direction:
    """Give the direction that leaves a system behind, `kore` or `casemgr`; or both."""
    if source is None:
        return Direction.TWO_WAY
    return Direction.TO_CASEMGR if source == System.KORE else Direction.TO_KORE
