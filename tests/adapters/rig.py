"""Both systems on a virtual clock, in front of the sandbox or of a scripted server."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from caseferry.adapters.casemgr import CasemgrHttp, CasemgrSettings
from caseferry.adapters.kore import KoreHttp, KoreSettings
from caseferry.model.action import ActivityDraft, CustomerDraft
from caseferry.model.kore_draft import CaseDraft, Contact, TaskDraft
from caseferry.model.record import Record
from caseferry.ports import CasemgrSystem, KoreSystem, Page
from caseferry.sandbox import TENANT, Fault, Sandbox, SandboxTransport

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FUTURE = "2031-01-01T00:00:00.000Z"

KORE = KoreSettings(
    base_url="https://kore.test/",
    stream_id=TENANT.STREAM_ID,
    account_id=TENANT.ACCOUNT_ID,
    client_id=TENANT.KORE_CLIENT_ID,
    client_secret=TENANT.KORE_CLIENT_SECRET,
    requests_per_minute=None,
    requests_per_hour=None,
)
CASEMGR = CasemgrSettings(
    base_url="https://casemgr.test",
    tenant="tests",
    token_url="https://casemgr.test/oauth2/token",
    client_id=TENANT.CASEMGR_CLIENT_ID,
    client_secret=TENANT.CASEMGR_CLIENT_SECRET,
    scope=TENANT.CASEMGR_SCOPE,
)


class FakeClock:
    """Time that passes only when somebody waits.

    Attributes:
        wakes_early: a stop was asked for: sleeps end at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.elapsed = 0.0
        self.slept: list[float] = []
        self.wakes_early = False

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return 1000.0 + self.elapsed

    def sleep(self, seconds: float) -> None:
        with self._lock:
            if not self.wakes_early:
                self.slept.append(seconds)
                self.elapsed += max(seconds, 0.0)

    def pass_by(self, seconds: float) -> None:
        with self._lock:
            self.elapsed += seconds

    def tick(self) -> datetime:
        """Tell the sandbox the time, a millisecond later each: stamps differ."""
        self.pass_by(0.001)
        return self.now()


@dataclass
class Bench:
    """One sandbox and both systems in front of it."""

    box: Sandbox
    clock: FakeClock
    kore: KoreHttp
    casemgr: CasemgrHttp
    waits: list[tuple[str, float]] = field(default_factory=list)

    def break_down(self, kind: str, operation: str, **more: Any) -> None:
        """Arm one fault."""
        self.box.faults.add(Fault(kind=kind, operation=operation, **more))


def bench(
    readings: dict[str, str | float] | None = None,
    *,
    cases: int = 0,
    kore: dict[str, Any] | None = None,
    casemgr: dict[str, Any] | None = None,
) -> Bench:
    """Build both systems on a sandbox; keyword arguments change the settings."""
    clock = FakeClock()
    box = Sandbox(readings=readings or {}, clock=clock.tick)
    if cases:
        box.fill("both", cases)
    transport = SandboxTransport(box, on_wait=clock.pass_by)
    waits: list[tuple[str, float]] = []

    def waiting(reason: str, seconds: float) -> None:
        waits.append((reason, seconds))

    return Bench(
        box=box,
        clock=clock,
        kore=KoreHttp.build(
            replace(KORE, **(kore or {})),
            clock=clock,
            transport=transport,
            waiting=waiting,
        ),
        casemgr=CasemgrHttp.build(
            replace(CASEMGR, **(casemgr or {})),
            clock=clock,
            transport=transport,
            waiting=waiting,
        ),
        waits=waits,
    )


def are_ports(bench_: Bench) -> tuple[KoreSystem, CasemgrSystem]:
    """Check by type that both systems are what the engine asks for."""
    return bench_.kore, bench_.casemgr


Handler = Callable[[httpx.Request], httpx.Response]


def scripted_kore(
    handler: Handler, clock: FakeClock | None = None, **more: Any
) -> KoreHttp:
    """Build Kore on a function that answers requests."""
    return KoreHttp.build(
        replace(KORE, **more),
        clock=clock or FakeClock(),
        transport=httpx.MockTransport(handler),
    )


def scripted_casemgr(
    handler: Handler, clock: FakeClock | None = None, **more: Any
) -> CasemgrHttp:
    """Build casemgr on a function that answers all but the token requests."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t", "expires_in": "3600"})
        return handler(request)

    return CasemgrHttp.build(
        replace(CASEMGR, **more),
        clock=clock or FakeClock(),
        transport=httpx.MockTransport(answer),
    )


def a_draft(**changes: Any) -> ActivityDraft:
    """Build a task activity that the sandbox takes."""
    draft = ActivityDraft(
        department="Service",
        subtype="general",
        assignee="svc_care",
        customer=CustomerDraft(
            attribute="email.emailAddress",
            value="ada@example.com",
            create=True,
            first_name="Ada",
            last_name="Lovelace",
        ),
        fields={"subject": "Call back", "content.text": "Please", "priority": "3"},
        correlation="cf1.0a1b2c3d.t.ti-1.0",
    )
    return replace(draft, **changes)


def a_case_draft(**changes: Any) -> CaseDraft:
    """Build a Kore case that the sandbox takes."""
    draft = CaseDraft(
        template=TENANT.CASE_TEMPLATES[1].id,
        name="Call back",
        desc="Please",
        contact=Contact(name="Ada Lovelace", email="ada@example.com"),
        source="rtm",
        due=FUTURE,
        is_due_synthetic=True,
        correlation="cf1.0a1b2c3d.c.1001.0",
    )
    return replace(draft, **changes)


def a_task_draft(case: Record, **changes: Any) -> TaskDraft:
    """Build a task of a Kore case that the sandbox takes."""
    draft = TaskDraft(
        case=case.key,
        case_ref=case.text("refId"),
        template=TENANT.TASK_TEMPLATES[0].id,
        name="Order a part",
        desc="Model 9",
        contact=Contact(name="Ada Lovelace", email="ada@example.com"),
        source="rtm",
        correlation="cf1.0a1b2c3d.t.1001.0",
    )
    return replace(draft, **changes)


def records_of(pages: list[Page]) -> list[Record]:
    """Give the records of all pages."""
    return [record for page in pages for record in page.records]
