"""How long one pass of a sync takes at the tenants' budgets, before it is made."""

from contextlib import closing
from pathlib import Path

from caseferry.adapters.clock import SystemClock
from caseferry.bootstrap import (
    build_systems,
    kore_ids_of,
    read_mapping,
    reading_state,
)
from caseferry.cli.options import Invocation
from caseferry.config import Config
from caseferry.engine.pass_cost import pass_requests, pass_seconds
from caseferry.mapping.compile import Mapper
from caseferry.model.capability import answers_in
from caseferry.model.record import System
from caseferry.ports import KoreSystem, Store


def pass_length_s(invocation: Invocation) -> float:
    """Give the seconds of a pass in which little changed; 0 where no state tells yet.

    Sends nothing.
    """
    loaded = invocation.load(secrets="read")
    config, mapper = loaded.config, read_mapping(loaded.config)
    if not Path(config.state.path).exists():
        return 0.0
    with reading_state(config) as store:
        answers = answers_in(store.facts)
        systems = build_systems(
            loaded, SystemClock(), kore_ids=kore_ids_of(mapper), answers=answers
        )
        with closing(systems):
            return next_pass_s(config, mapper, store, systems.kore)


def next_pass_s(
    config: Config, mapper: Mapper, store: Store, kore_system: KoreSystem
) -> float:
    """Give the same from a state that is open, as it is now; sends nothing."""
    departments = sorted({*config.casemgr.departments, *mapper.departments})
    requests = pass_requests(store, kore_system, departments)
    kore, casemgr = config.kore, config.casemgr
    return max(
        pass_seconds(
            requests[System.KORE], kore.requests_per_minute, kore.requests_per_hour
        ),
        pass_seconds(requests[System.CASEMGR], casemgr.requests_per_minute),
    )
