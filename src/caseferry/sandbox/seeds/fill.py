"""Fills either system, or both with customers that partly overlap."""

from random import Random
from typing import Final

from caseferry.sandbox.casemgr.system import Casemgr
from caseferry.sandbox.kore.system import Kore
from caseferry.sandbox.seeds.casemgr import CasemgrSeeds
from caseferry.sandbox.seeds.kore import KoreSeeds
from caseferry.sandbox.seeds.people import Person, make_people

SYSTEMS: Final = ("kore", "casemgr", "both")
_SHARED: Final = 0.6


def fill(
    kore: Kore, casemgr: Casemgr, system: str, *, cases: int, seed: int, now_ms: int
) -> None:
    """Add realistic records; the same seed, clock and earlier records give the same.

    Raises:
        ValueError: system is none of "kore", "casemgr", "both".
    """
    if system not in SYSTEMS:
        raise ValueError(f"unknown system {system!r} (valid: {', '.join(SYSTEMS)})")
    before = len(kore.cases) + len(casemgr.cases)
    count = cases * 6 // 10
    domain = "example.com" if not before else f"batch{before}.example.com"
    rng = Random(f"{seed}:people:{before}")
    people = make_people(rng, count, domain)
    if system in ("kore", "both"):
        kore_rng = Random(f"{seed}:kore:{before}")
        KoreSeeds(kore.store, kore_rng, people, now_ms).fill(cases)
    if system in ("casemgr", "both"):
        own = make_people(rng, count, f"own.{domain}")
        merged = _overlap(rng, people, own) if system == "both" else own
        casemgr_rng = Random(f"{seed}:casemgr:{before}")
        CasemgrSeeds(casemgr.store, casemgr_rng, merged, now_ms).fill(cases)


def _overlap(rng: Random, people: list[Person], own: list[Person]) -> list[Person]:
    """Return as many people, about 60 % of those with an address known to Kore."""
    return [
        known if known.email and rng.random() < _SHARED else stranger
        for known, stranger in zip(people, own, strict=True)
    ]
