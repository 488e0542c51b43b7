"""The header of a plan: what it is for, what it comes to, who made it."""

import secrets
import socket
from collections.abc import Mapping
from typing import Any, Literal

from caseferry import __version__
from caseferry.adapters.sqlite import SqliteStore
from caseferry.bootstrap import limits_of
from caseferry.cli.operator import user_name
from caseferry.cli.running import Begun
from caseferry.config import config_digest
from caseferry.engine.migrate import Planned
from caseferry.model.record import System, fingerprint
from caseferry.planfile.read import SavedPlan
from caseferry.planfile.redact import Redactor
from caseferry.planfile.shape import GuardFigure, Header, Made, Pair, Scope
from caseferry.report.migration import Rate

_KEY = "plan.key"
Direction = Literal["kore-to-casemgr", "casemgr-to-kore", "two-way"]


def header_of(
    this: Begun,
    data: Mapping[str, Any],
    planned: Planned,
    scope: Scope,
    *,
    inputs: bool,
) -> Header:
    """Give the header of a plan, its digest and maker left open.

    Args:
        this: the run that plans.
        data: what it came to, in the shape of the JSON output.
        planned: with what refuses it.
        scope: what was asked for.
        inputs: hash all records that were read.
    """
    pair = this.run.context.settings.pair
    direction: Direction = data["direction"]
    requests = {
        system: {"reading": counts["sent"], "writing": counts["planned"]}
        for system, counts in data["requests"].items()
    }
    return Header(
        line="header",
        direction=direction,
        pair=Pair(
            kore_account=pair.kore_account,
            kore_stream=pair.kore_stream,
            casemgr_tenant=pair.casemgr_tenant,
        ),
        mapping=this.mapper.digest,
        policy=policy_of(this),
        configuration=config_digest(this.loaded.config),
        inputs=_inputs(this) if inputs else {},
        scope=scope,
        read=data["read"],
        actions=data["actions"],
        losses=data["losses"],
        accepted=dict(this.mapper.spec.losses),
        stays_behind=data["stays_behind"],
        guards=tuple(
            GuardFigure(
                name=guard.name,
                figure=guard.figure,
                limit=guard.limit,
                refuses=guard.refuses,
                allowed=guard.exceeds and guard.allowed,
                words=guard.words,
            )
            for guard in planned.guards
        ),
        requests=requests,
        duration_s=_duration_s(this, requests),
        balances=data["balances"] is not False,
    )


def made_by(this: Begun) -> Made:
    """Say who made the file, when and with what."""
    return Made(
        created=this.run.now(),
        version=__version__,
        host=socket.gethostname(),
        user=user_name(),
    )


def policy_of(this: Begun) -> str:
    """Give the digest of what decides beside the mapping: guards, sync and scope."""
    config = this.loaded.config
    values = config.model_dump(mode="json", include={"guard", "sync", "scope"})
    return fingerprint([str(limits_of(config)), values])


def redactor_of(this: Begun, saved: SavedPlan) -> Redactor | None:
    """Give what a plan's values were hidden with; None where they stand in it."""
    return redactor(this.run.store) if saved.header.redacted else None


def redactor(store: SqliteStore) -> Redactor:
    """Give what hides values; its key is made once and stays in the state."""
    key = store.get_fact(_KEY)
    if key is None:
        key = secrets.token_hex(32)
        store.set_fact(_KEY, key)
    return Redactor(bytes.fromhex(key))


def _inputs(this: Begun) -> dict[str, str]:
    run, store = this.run.context.run, this.run.store
    return {system.value: store.observations_print(system, run) for system in System}


def _duration_s(this: Begun, requests: Mapping[str, Mapping[str, int]]) -> float:
    """Give how long both systems take at the configured rates, one beside the other."""
    config = this.loaded.config
    rates = {
        "kore": Rate(
            per_minute=config.kore.requests_per_minute,
            per_hour=config.kore.requests_per_hour,
        ),
        "casemgr": Rate(per_minute=config.casemgr.requests_per_minute),
    }
    takes = (rates[s].seconds(sum(n.values())) or 0 for s, n in requests.items())
    return round(max(takes), 1)
