"""What readings and faults have in common, whichever way records go."""

from typing import Any

from caseferry.engine.relink import retry
from caseferry.errors import CaseSystemError
from caseferry.model.link import HoldKind
from caseferry.sandbox import READINGS

Reading = tuple[str, str | float]
UNSETTLED = (HoldKind.UNCERTAIN, HoldKind.WAITING)
NUMBERS: list[Reading] = [
    ("kore.default_limit", 3),
    ("kore.default_limit", 1),
    ("kore.max_limit", 4),
    ("kore.max_limit", "none"),
    ("kore.clock_offset_s", -7200),
    ("kore.clock_offset_s", 7200),
    ("kore.search_lag_s", 5),
    ("kore.search_lag_s", 25),
    ("kore.template_spawns_tasks", 2),
    ("kore.rate_limit_per_minute", 5),
    ("casemgr.clock_offset_s", 5400),
    ("casemgr.clock_offset_s", -5400),
    ("casemgr.search_lag_s", 4),
    ("casemgr.customer_search_lag_s", 20),
    ("casemgr.path_limit", 30),
    ("casemgr.token_life_s", 1),
]
EVERY_READING: list[Reading] = [
    (name, value)
    for name, switch in READINGS.items()
    for value in getattr(switch, "values", ())[1:]
] + NUMBERS


def readings_with(name: str, value: str | float) -> dict[str, str | float]:
    """Give the switches that make a reading show."""
    readings: dict[str, str | float] = {name: value}
    if name == "casemgr.content_shape":
        readings["casemgr.unknown_content"] = "rejected"
    if name == "casemgr.customer_lookup_lag":
        readings["casemgr.customer_search_lag_s"] = 20
    if name == "kore.rate_limit_per_minute":
        readings["kore.rate_limit"] = "429"
    return readings


def runs_to_the_end(scene: Any) -> bool:
    """Run as an operator does: again after an error, and `retry` what is uncertain."""
    for _ in range(5):
        try:
            scene.again()
        except CaseSystemError:
            continue
        holds = scene.rig.store.holds().values()
        retry(scene.rig.store, 1, [h for h in holds if h.kind is HoldKind.UNCERTAIN])
        if not any(hold.kind in UNSETTLED for hold in holds):
            return True
    return False
