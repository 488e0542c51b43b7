"""The casemgr side as a whole: routes, gate and operations."""

from functools import partial
from typing import TYPE_CHECKING, Final

from caseferry.sandbox.casemgr.activities import Activities
from caseferry.sandbox.casemgr.actors import Actor, Tokens
from caseferry.sandbox.casemgr.cases import Cases
from caseferry.sandbox.casemgr.customers import Customers
from caseferry.sandbox.casemgr.desk import Ask, Desk, check_headers
from caseferry.sandbox.casemgr.errors import refused
from caseferry.sandbox.casemgr.finder import Finder
from caseferry.sandbox.casemgr.metadata import Metadata
from caseferry.sandbox.casemgr.notes import Notes
from caseferry.sandbox.casemgr.records import Activity, Case, Customer
from caseferry.sandbox.casemgr.render import Renderer
from caseferry.sandbox.casemgr.store import CasemgrStore
from caseferry.sandbox.casemgr.tasks import Tasks
from caseferry.sandbox.readings import Readings
from caseferry.sandbox.route import Route
from caseferry.sandbox.wire import RefusedError, Reply, Request, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN_PATH: Final = "/oauth2/token"  # noqa: S105 - a path
CASE_PREFIX: Final = "/core/casemgr/v3/"
CUSTOMER_PREFIX: Final = "/core/customermgr/v3/"

# path shape (* is a list of ids) -> method -> operation
_ROUTES: Final[dict[tuple[str, ...], dict[str, str]]] = {
    ("activity",): {"GET": "search_activities", "PUT": "edit_activity"},
    ("activity", "task"): {"POST": "create_task"},
    ("activity", "complete"): {"PUT": "complete_activities"},
    ("activity", "attributes"): {"GET": "activity_attributes"},
    ("activity", "*"): {"GET": "get_activities"},
    ("activity", "*", "note"): {
        "GET": "list_activity_notes",
        "POST": "add_activity_note",
    },
    ("case",): {"GET": "search_cases", "PUT": "edit_case"},
    ("case", "lookup"): {"POST": "lookup_cases"},
    ("case", "attributes"): {"GET": "case_attributes"},
    ("case", "*"): {"GET": "get_cases"},
    ("case", "*", "close"): {"PUT": "close_case"},
    ("case", "*", "note"): {"GET": "list_case_notes", "POST": "add_case_note"},
    ("customer",): {"GET": "search_customers", "POST": "create_customer"},
    ("customer", "*"): {"GET": "get_customers"},
}
_WRITES: Final = frozenset(
    ("create_task", "edit_activity", "complete_activities", "add_activity_note",
     "edit_case", "close_case", "add_case_note", "create_customer")
)  # fmt: skip


class Casemgr:
    """casemgr and customermgr as a pure function of requests over their records.

    activities, cases and customers map ids to mutable records.
    """

    name: Final = "casemgr"

    def __init__(self, seed: int, readings: Readings) -> None:
        self.readings = readings
        self.store = CasemgrStore(readings)
        self.tokens = Tokens(seed)
        self.prepare()

    def prepare(self) -> None:
        """Build what depends on readings anew."""
        store = self.store
        self.desk = Desk(store, self.readings, Renderer(self.readings, self.customers))
        self.finder = Finder(self.desk)
        activities, notes = Activities(self.desk), Notes(self.desk)
        cases = Cases(self.desk, self.finder)
        customers = Customers(self.desk, self.finder)
        metadata = Metadata()
        self._runners: dict[str, Callable[[Ask], Reply]] = {
            "create_task": Tasks(self.desk, self.finder).create,
            "search_activities": activities.search,
            "get_activities": activities.get,
            "edit_activity": activities.edit,
            "complete_activities": activities.complete,
            "activity_attributes": metadata.activity,
            "add_activity_note": partial(notes.add, "activity"),
            "list_activity_notes": partial(notes.listed, "activity"),
            "search_cases": cases.search,
            "lookup_cases": cases.lookup,
            "get_cases": cases.get,
            "edit_case": cases.edit,
            "close_case": cases.close,
            "case_attributes": metadata.case,
            "add_case_note": partial(notes.add, "case"),
            "list_case_notes": partial(notes.listed, "case"),
            "search_customers": customers.search,
            "get_customers": customers.get,
            "create_customer": customers.create,
        }
        store.activity_shelf.forget_caches()
        store.case_shelf.forget_caches()
        store.customer_shelf.forget_caches()

    @property
    def activities(self) -> dict[str, Activity]:
        return self.store.activity_shelf.records

    @property
    def cases(self) -> dict[str, Case]:
        return self.store.case_shelf.records

    @property
    def customers(self) -> dict[str, Customer]:
        return self.store.customer_shelf.records

    def route(self, request: Request) -> Route:
        """Return the operation that path and method name, with the ids as sent."""
        if request.path == TOKEN_PATH:
            return Route("token", ())
        prefix: str = CASE_PREFIX
        root: tuple[str, ...] = ("activity", "case")
        if request.path.startswith(CUSTOMER_PREFIX):
            prefix, root = CUSTOMER_PREFIX, ("customer",)
        parts = tuple(request.path[len(prefix) :].split("/"))
        if parts[0] not in root:
            return Route("unknown", ())
        methods, ids = _ROUTES.get(parts), ""
        if methods is None and len(parts) > 1:
            ids = parts[1]
            methods = _ROUTES.get((parts[0], "*", *parts[2:]))
        if methods is None:
            return Route("unknown", ())
        return Route(methods.get(request.method, "wrong_method"), (ids,))

    def gate(self, route: Route, request: Request, now: int) -> Actor | None:
        """Return who asks, or refuse."""
        if route.operation == "token":
            if request.method != "POST":
                raise RefusedError(json_reply(405, {"error": "invalid_request"}))
            return None
        actor = self.tokens.actor(request, now)
        if route.operation == "unknown":
            raise refused("404-100", "Unknown resource.")
        if route.operation == "wrong_method":
            raise refused("405-100", "Method is not allowed.")
        manager = "customermgr" if "customer" in route.operation else "casemgr"
        right = "manage" if route.operation in _WRITES else "read"
        if f"{manager}.{right}" not in actor.may:
            raise refused("403-197", "The token lacks the required scope.")
        check_headers(request.headers)
        return actor

    def run(self, route: Route, request: Request, actor: object, now: int) -> Reply:
        """Carry out one operation."""
        if not isinstance(actor, Actor):
            return self.tokens.issue(request, now, self.readings)
        ask = Ask(actor, route.ids[0], request.query, request.body, now)
        return self._runners[route.operation](ask)

    def settle(self, now: int) -> None:
        """Nothing appears here by itself."""
