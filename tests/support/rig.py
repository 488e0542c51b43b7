"""A whole tenant pair on virtual time: the sandbox, the real adapters, a real state."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from caseferry.adapters.casemgr.settings import CasemgrSettings
from caseferry.adapters.casemgr.system import CasemgrHttp
from caseferry.adapters.kore import KoreHttp
from caseferry.adapters.kore.settings import KoreSettings
from caseferry.engine.context import Context, Settings
from caseferry.engine.migrate import Migration, Options
from caseferry.engine.tally import Tally
from caseferry.engine.workers import Workers
from caseferry.mapping.compile import Mapper, compile_mapping
from caseferry.mapping.spec import parse_mapping
from caseferry.model.correlation import TenantPair
from caseferry.sandbox import TENANT, Sandbox, SandboxTransport

MAPPING = Path(__file__).parents[2] / "mappings" / "kore-casemgr.toml"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PAIR = TenantPair(
    kore_account=TENANT.ACCOUNT_ID,
    kore_stream=TENANT.STREAM_ID,
    casemgr_tenant="sandbox",
)


class VirtualClock:
    """Time that passes only when somebody waits, and a little with every look."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self.elapsed += max(seconds, 0.0)

    def sandbox_now(self) -> datetime:
        """Tick a millisecond per request, so that stamps differ."""
        self.elapsed += 0.001
        return self.now()


class Quiet:
    """A reporter for nobody; keeps what was waited for."""

    def __init__(self) -> None:
        self.waits: list[tuple[str, float]] = []

    def progress(self, phase: str, done: int, total: int | None) -> None:
        pass

    def waiting(self, reason: str, seconds: float) -> None:
        self.waits.append((reason, seconds))

    def event(self, name: str, **fields: str | float) -> None:
        pass


def default_mapper(change: Callable[[str], str] = lambda text: text) -> Mapper:
    return compile_mapping(parse_mapping(change(MAPPING.read_text("utf-8"))))


MAPPER = default_mapper()


@dataclass
class Rig:
    """One sandbox and everything that is needed to run against it."""

    box: Sandbox
    clock: VirtualClock
    store: Any = None  # a Store; a test may open it anew for each run
    mapper: Mapper = MAPPER
    wrap: Callable[[httpx.BaseTransport], httpx.BaseTransport] = lambda inner: inner
    settings: Settings = field(
        default_factory=lambda: Settings(
            pair=PAIR, visibility_lag_s=30.0, late_effect_s=60.0, batch=20
        )
    )
    reporter: Quiet = field(default_factory=Quiet)
    workers: int = 1
    allowed: frozenset[str] = frozenset()
    kore_options: dict[str, Any] = field(default_factory=dict)
    casemgr_options: dict[str, Any] = field(default_factory=dict)

    def context(self) -> Context:
        transport = self.wrap(SandboxTransport(self.box, on_wait=self.clock.sleep))
        kore = KoreHttp.build(
            KoreSettings(
                base_url="http://127.0.0.1",
                stream_id=TENANT.STREAM_ID,
                account_id=TENANT.ACCOUNT_ID,
                client_id=TENANT.KORE_CLIENT_ID,
                client_secret=TENANT.KORE_CLIENT_SECRET,
                requests_per_minute=None,
                requests_per_hour=None,
                **self.kore_options,
            ),
            clock=self.clock,
            transport=transport,
        )
        casemgr = CasemgrHttp.build(
            CasemgrSettings(
                base_url="http://127.0.0.1",
                tenant="sandbox",
                token_url="http://127.0.0.1/oauth2/token",
                client_id=TENANT.CASEMGR_CLIENT_ID,
                client_secret=TENANT.CASEMGR_CLIENT_SECRET,
                scope="https://api.egain.cloud/auth/.default",
                **self.casemgr_options,
            ),
            clock=self.clock,
            transport=transport,
        )
        self.store.bind(self.settings.pair)
        return Context(
            kore=kore,
            casemgr=casemgr,
            store=self.store,
            clock=self.clock,
            reporter=self.reporter,
            mapper=self.mapper,
            settings=self.settings,
            workers=Workers(self.workers),
            locked_at=self.clock.monotonic(),
            allowed=self.allowed,
        )

    def migrate(self, options: Options | None = None) -> Tally:
        """Run one whole migration, guards left out."""
        context = self.context()
        context.run = self.store.begin_run("migrate", "t", {})
        migration = Migration(context, options or Options())
        migration.read()
        planned = migration.plan()
        self.planned = planned
        self.migration = migration
        return migration.carry_out()
