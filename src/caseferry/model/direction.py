"""Which way records are carried."""

from enum import StrEnum

from caseferry.model.record import System


class Direction(StrEnum):
    """The two ways; the words are those of the JSON output."""

    TO_CASEMGR = "kore-to-casemgr"
    TO_KORE = "casemgr-to-kore"

    @property
    def source(self) -> System:
        """The system that is read as the truth."""
        return System.KORE if self is Direction.TO_CASEMGR else System.CASEMGR

    @property
    def target(self) -> System:
        """The system that is written to."""
        return System.CASEMGR if self is Direction.TO_CASEMGR else System.KORE


def direction_from(source: str) -> Direction:
    """Give the direction that leaves a system behind: `kore` or `casemgr`."""
    return Direction.TO_CASEMGR if source == System.KORE else Direction.TO_KORE


NAMES = {System.KORE: "Kore", System.CASEMGR: "casemgr"}
"""The systems as people spell them."""
