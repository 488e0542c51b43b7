"""The sandbox: both systems, their faults and their log, behind one entry."""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import RLock
from typing import Final

from caseferry.sandbox.asgi import App, make_app
from caseferry.sandbox.calls import Call
from caseferry.sandbox.casemgr.system import (
    CASE_PREFIX,
    CUSTOMER_PREFIX,
    TOKEN_PATH,
    Casemgr,
)
from caseferry.sandbox.control import Control
from caseferry.sandbox.faults import AFTER, BEFORE, Fault, FaultBook
from caseferry.sandbox.human import Human
from caseferry.sandbox.kore.system import PREFIX as KORE_PREFIX
from caseferry.sandbox.kore.system import Kore
from caseferry.sandbox.limits import Limiter
from caseferry.sandbox.mangle import reply_after, reply_before
from caseferry.sandbox.readings import Readings, Value
from caseferry.sandbox.route import Route
from caseferry.sandbox.seeds.fill import fill
from caseferry.sandbox.times import http_date, to_ms
from caseferry.sandbox.wire import (
    Delivery,
    RefusedError,
    Reply,
    Request,
    json_reply,
)

_CONTROL_PREFIX: Final = "/_sandbox/"


@dataclass(frozen=True, slots=True)
class _Visit:
    """A routed request and the system's time."""

    system: str
    route: Route
    request: Request
    now: int


@dataclass(frozen=True, slots=True, order=True)
class _Late:
    due_ms: int
    n: int
    visit: _Visit = field(compare=False)
    actor: object = field(compare=False)


def _real_clock() -> datetime:
    return datetime.now(UTC)


class Sandbox:
    """Kore and casemgr in one process; thread-safe.

    kore and casemgr hold the records; faults, log, human and readings are for tests.
    The same seed and clock give the same ids and the same filled data.
    """

    def __init__(
        self,
        seed: int = 1,
        readings: Mapping[str, Value] | None = None,
        clock: Callable[[], datetime] = _real_clock,
    ) -> None:
        self.seed = seed
        self.clock = clock
        self.readings = Readings(readings)
        self.kore = Kore(seed, self.readings)
        self.casemgr = Casemgr(seed, self.readings)
        self.faults = FaultBook()
        self.log: list[Call] = []
        self.human = Human(self.kore, self.casemgr, self.now_ms)
        self._control = Control(self)
        self._systems: dict[str, Kore | Casemgr] = {
            "kore": self.kore,
            "casemgr": self.casemgr,
        }
        self._limiters = {name: Limiter(name) for name in self._systems}
        self._late: list[_Late] = []
        self._last: dict[tuple[str, str], Reply] = {}
        self._lock = RLock()

    def now_ms(self, system: str) -> int:
        """Return a system's own time in epoch milliseconds."""
        offset = self.readings.number(f"{system}.clock_offset_s")
        return to_ms(self.clock()) + int(offset * 1000)

    def set_readings(self, chosen: Mapping[str, Value]) -> None:
        """Change readings while running; all or none."""
        with self._lock:
            self.readings.set(chosen)
            self.kore.prepare()
            self.casemgr.prepare()

    def fill(self, system: str = "both", cases: int = 50) -> None:
        """Add realistic records to "kore", "casemgr" or "both"."""
        with self._lock:
            fill(self.kore, self.casemgr, system, cases=cases,
                 seed=self.seed, now_ms=to_ms(self.clock()))  # fmt: skip

    def asgi_app(self, *, latency_s: float = 0.0) -> App:
        """Return the HTTP shell as an ASGI application."""
        return make_app(self, latency_s=latency_s)

    def settle(self) -> None:
        """Let everything that is due by now take effect."""
        with self._lock:
            while self._late and self._is_due(self._late[0]):
                self._land(heapq.heappop(self._late))
            for name, system in self._systems.items():
                system.settle(self.now_ms(name))

    def handle(self, request: Request) -> Reply:
        """Answer one request."""
        with self._lock:
            self.settle()
            if request.path.startswith(_CONTROL_PREFIX):
                return self._control.answer(request)
            name = _system_of(request.path)
            if name is None:
                return json_reply(404, {"message": "Not Found"})
            route = self._systems[name].route(request)
            visit = _Visit(name, route, request, self.now_ms(name))
            fault = self.faults.pick(name, route.operation, request)
            reply = self._spoiled(visit, self._answer(visit, fault), fault)
            self._note(visit, reply, fault.kind if fault else "")
            date = ("Date", http_date(visit.now // 1000))
            return replace(reply, headers=(*reply.headers, date))

    def _answer(self, visit: _Visit, fault: Fault | None) -> Reply:
        if fault is not None and fault.kind in BEFORE:
            return reply_before(fault, visit.system, visit.now)
        system = self._systems[visit.system]
        try:
            actor = system.gate(visit.route, visit.request, visit.now)
            headers: tuple[tuple[str, str], ...] = ()
            if visit.route.operation != "token":
                headers = self._limiters[visit.system].check(visit.now, self.readings)
            if fault is not None and fault.kind == "late_effect":
                due = visit.now + int(fault.delay_s * 1000)
                late = _Late(due, len(self.log), replace(visit, now=due), actor)
                heapq.heappush(self._late, late)
                return Reply(504, delivery=Delivery.TIMEOUT)
            reply = system.run(visit.route, visit.request, actor, visit.now)
        except RefusedError as error:
            return error.reply
        return replace(reply, headers=(*reply.headers, *headers)) if headers else reply

    def _spoiled(self, visit: _Visit, reply: Reply, fault: Fault | None) -> Reply:
        key = (visit.system, visit.route.operation)
        last, self._last[key] = self._last.get(key), reply
        if fault is None or fault.kind not in AFTER:
            return reply
        return reply_after(fault, visit.system, reply, last)

    def _is_due(self, late: _Late) -> bool:
        return late.due_ms <= self.now_ms(late.visit.system)

    def _land(self, late: _Late) -> None:
        visit = late.visit
        system = self._systems[visit.system]
        try:
            reply = system.run(visit.route, visit.request, late.actor, visit.now)
        except RefusedError as error:
            reply = error.reply
        self._note(visit, reply, "landed")

    def _note(self, visit: _Visit, reply: Reply, fault: str) -> None:
        self.log.append(
            Call(
                n=len(self.log) + 1,
                system=visit.system,
                operation=visit.route.operation,
                method=visit.request.method,
                path=visit.request.path,
                query=visit.request.query,
                status=reply.status,
                committed=reply.committed,
                record_id=reply.record_id,
                at=self.clock(),
                fault=fault,
            )
        )


def _system_of(path: str) -> str | None:
    if path.startswith(KORE_PREFIX):
        return "kore"
    if path.startswith((CASE_PREFIX, CUSTOMER_PREFIX)) or path == TOKEN_PATH:
        return "casemgr"
    return None
