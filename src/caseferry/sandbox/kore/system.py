"""The Kore side as a whole: routes, door and the six operations."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from caseferry.sandbox import tenant
from caseferry.sandbox.kore.auth import Door, check_account
from caseferry.sandbox.kore.catalog import CATEGORY_OF, Catalog
from caseferry.sandbox.kore.create import Creator
from caseferry.sandbox.kore.errors import refused
from caseferry.sandbox.kore.listing import Lister
from caseferry.sandbox.kore.records import KoreCase, KoreRecord, KoreTask
from caseferry.sandbox.kore.render import CREATE, UPDATE, Renderer
from caseferry.sandbox.kore.store import KoreStore
from caseferry.sandbox.kore.update import Updater
from caseferry.sandbox.readings import Readings
from caseferry.sandbox.route import Route
from caseferry.sandbox.wire import JSON_TYPE, Reply, Request, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX: Final = "/caseManagement/api/public/analytics/"
_OPERATIONS: Final = {
    "createCase": "create_case",
    "getCases": "get_cases",
    "updateCase": "update_case",
    "createTask": "create_task",
    "getTasks": "get_tasks",
    "updateTask": "update_task",
}
_CREATES: Final = ("create_case", "create_task")


@dataclass(frozen=True, slots=True)
class Spawn:
    """Tasks that a template adds to a case later."""

    due_ms: int
    case_id: str
    count: int


class Kore:
    """Kore as a pure function of requests over its records.

    cases and tasks map ids to mutable records.
    """

    name: Final = "kore"

    def __init__(self, seed: int, readings: Readings) -> None:
        self.readings = readings
        self.store = KoreStore(seed)
        self.door = Door()
        self.spawns: list[Spawn] = []
        self.prepare()

    def prepare(self) -> None:
        """Build what depends on readings anew."""
        readings, store = self.readings, self.store
        catalog = Catalog(readings)
        self.renderer = Renderer(readings, catalog)
        self.creator = Creator(store, readings)
        self.updater = Updater(store, catalog, readings)
        self._case_lister = Lister(
            store.case_shelf, store.case_created, store.case_updated,
            catalog, readings, self.renderer,
        )  # fmt: skip
        self._task_lister = Lister(
            store.task_shelf, store.task_created, store.task_updated,
            catalog, readings, self.renderer,
        )  # fmt: skip
        self._runners: dict[str, Callable[[str, dict[str, Any], int], Reply]] = {
            "create_case": self._create_case,
            "create_task": self._create_task,
            "update_case": self._update_case,
            "update_task": self._update_task,
            "get_cases": lambda _, body, now: self._case_lister.reply(body, now),
            "get_tasks": lambda _, body, now: self._task_lister.reply(body, now),
        }
        store.case_shelf.forget_caches()
        store.task_shelf.forget_caches()

    @property
    def cases(self) -> dict[str, KoreCase]:
        return self.store.case_shelf.records

    @property
    def tasks(self) -> dict[str, KoreTask]:
        return self.store.task_shelf.records

    def route(self, request: Request) -> Route:
        """Return the operation a path names, with stream and record id."""
        parts = request.path[len(PREFIX) :].split("/")
        name = _OPERATIONS.get(parts[1]) if len(parts) > 1 else None
        has_id = name is not None and name.startswith("update")
        if name is None or len(parts) != 2 + has_id:
            return Route("unknown", ())
        return Route(name, tuple(parts[:1] + parts[2:]))

    def gate(self, route: Route, request: Request, now: int) -> object:
        """Refuse what may not pass; returns nothing of use."""
        if route.operation == "unknown":
            raise refused(404, "Not Found")
        if request.method != "POST":
            raise refused(405, "Method Not Allowed")
        self.door.check(request, route.ids[0], now, self.readings)
        check_account(request, required=route.operation not in _CREATES)
        return None

    def run(self, route: Route, request: Request, _actor: object, now: int) -> Reply:
        """Carry out one operation."""
        record_id = route.ids[1] if len(route.ids) > 1 else ""
        return self._runners[route.operation](record_id, _parse(request.body), now)

    def settle(self, now: int) -> None:
        """Let due template tasks appear."""
        if not self.spawns:
            return
        due = [spawn for spawn in self.spawns if spawn.due_ms <= now]
        self.spawns = [spawn for spawn in self.spawns if spawn.due_ms > now]
        for spawn in due:
            case = self.cases.get(spawn.case_id)
            for number in range(spawn.count if case else 0):
                template = tenant.TASK_TEMPLATES[number % len(tenant.TASK_TEMPLATES)]
                body = {"name": f"{template.name} (template)", "source": "template"}
                self.creator.add_task(
                    self.cases[spawn.case_id], template, body=body,
                    user=self.cases[spawn.case_id].user, now=spawn.due_ms,
                )  # fmt: skip

    def _create_case(self, _id: str, body: dict[str, Any], now: int) -> Reply:
        case = self.creator.case(body, now)
        count = int(self.readings.number("kore.template_spawns_tasks"))
        if count:
            delay = int(self.readings.number("kore.template_delay_s") * 1000)
            self.spawns.append(Spawn(now + delay, case.id, count))
        return self._written(case, CREATE)

    def _create_task(self, _id: str, body: dict[str, Any], now: int) -> Reply:
        return self._written(self.creator.task(body, now), CREATE)

    def _update_case(self, record_id: str, body: dict[str, Any], now: int) -> Reply:
        case = self.cases.get(record_id)
        if case is None:
            return self._missing("case")
        self.updater.apply(case, body, now)
        return self._written(case, UPDATE)

    def _update_task(self, record_id: str, body: dict[str, Any], now: int) -> Reply:
        task = self.tasks.get(record_id)
        if task is None:
            return self._missing("task")
        case = self.cases.get(task.case_id)
        blocks = self.readings.is_set("kore.closed_case_blocks_tasks", "on")
        if case is not None and blocks and CATEGORY_OF[case.status] == "closed":
            raise refused(400, "Task cannot be edited in a closed case")
        self.updater.apply(task, body, now)
        if case is not None and self.readings.is_set(
            "kore.case_updated_by_task", "yes"
        ):
            self.store.touch(case, now)
        return self._written(task, UPDATE)

    def _written(self, record: KoreRecord, form: str) -> Reply:
        created = form == CREATE
        status = int(self.readings.text("kore.create_status")) if created else 200
        body = self.renderer.json(record, form)
        return Reply(status, body, (JSON_TYPE,), committed=True, record_id=record.id)

    def _missing(self, kind: str) -> Reply:
        way = self.readings.text("kore.missing_id_on_update")
        if way == "200_null":
            return json_reply(200, None)
        raise refused(int(way), f"Invalid {kind} id")


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise refused(400, "Invalid JSON") from error
    except RecursionError as error:
        raise refused(400, "Invalid JSON") from error
    if not isinstance(body, dict):
        raise refused(412, "Validation errors/ Invalid arguments")
    return body
