"""A run against the sandbox over HTTP, put together as `bootstrap` does."""

from pathlib import Path

from caseferry.adapters.casemgr.settings import CasemgrSettings
from caseferry.adapters.casemgr.system import CasemgrHttp
from caseferry.adapters.clock import SystemClock
from caseferry.adapters.kore import KoreHttp
from caseferry.adapters.kore.settings import KoreSettings
from caseferry.adapters.sqlite import SqliteStore
from caseferry.engine.context import Context, Settings
from caseferry.engine.workers import Workers
from caseferry.mapping.compile import compile_mapping
from caseferry.mapping.spec import parse_mapping
from caseferry.model.correlation import TenantPair
from caseferry.sandbox import TENANT

MAPPING = Path(__file__).parents[2] / "mappings" / "kore-casemgr.toml"
PAIR = TenantPair(
    kore_account=TENANT.ACCOUNT_ID,
    kore_stream=TENANT.STREAM_ID,
    casemgr_tenant="sandbox",
)


class Silent:
    """A reporter for nobody."""

    def progress(self, phase: str, done: int, total: int | None) -> None: ...

    def waiting(self, reason: str, seconds: float) -> None: ...

    def event(self, name: str, **fields: str | float) -> None: ...


def kore_system(url: str, page_size: int = 100) -> KoreHttp:
    """Give the Kore adapter without its request budget."""
    settings = KoreSettings(
        base_url=url,
        stream_id=TENANT.STREAM_ID,
        account_id=TENANT.ACCOUNT_ID,
        client_id=TENANT.KORE_CLIENT_ID,
        client_secret=TENANT.KORE_CLIENT_SECRET,
        requests_per_minute=None,
        requests_per_hour=None,
        page_size=page_size,
        ids={  # an empty Kore shows none
            "status": {each.name: each.id for each in TENANT.STATUSES},
            "priority": {each.name: each.id for each in TENANT.PRIORITIES},
            "field": {each.name: each.id for each in TENANT.CUSTOM_FIELDS},
        },
    )
    return KoreHttp.build(settings, clock=SystemClock())


def casemgr_system(url: str) -> CasemgrHttp:
    """Give the casemgr adapter."""
    settings = CasemgrSettings(
        base_url=url,
        tenant="sandbox",
        token_url=f"{url}/oauth2/token",
        client_id=TENANT.CASEMGR_CLIENT_ID,
        client_secret=TENANT.CASEMGR_CLIENT_SECRET,
        scope=TENANT.CASEMGR_SCOPE,
    )
    return CasemgrHttp.build(settings, clock=SystemClock())


def context_of(
    url: str, store: SqliteStore, workers: Workers, page_size: int = 100
) -> Context:
    """Put a run together; the journal is as durable as it always is."""
    clock = SystemClock()
    store.bind(PAIR)
    return Context(
        kore=kore_system(url, page_size),
        casemgr=casemgr_system(url),
        store=store,
        clock=clock,
        reporter=Silent(),
        mapper=compile_mapping(parse_mapping(MAPPING.read_text("utf-8"))),
        settings=Settings(pair=PAIR, visibility_lag_s=0.0, late_effect_s=5.0),
        workers=workers,
        run=store.begin_run("migrate", "2026-01-01T00:00:00.000Z", {}),
        locked_at=clock.monotonic(),
    )
