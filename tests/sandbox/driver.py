"""The smallest clients that can talk to the sandbox, and a clock to turn."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import jwt

from caseferry.sandbox import TENANT, Reply, Request, Sandbox

KORE_BASE = f"/caseManagement/api/public/analytics/{TENANT.STREAM_ID}"
CASEMGR_BASE = "/core/casemgr/v3"
CUSTOMER_BASE = "/core/customermgr/v3"
START = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
FUTURE = "2030-01-01T00:00:00.000Z"


class Tick:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def kore_token(key: str = TENANT.KORE_CLIENT_SECRET, **claims: Any) -> str:
    """Return a signed token; claims given as None are left out."""
    usual = {"appId": TENANT.KORE_CLIENT_ID, "sub": "tester"} | claims
    return jwt.encode(
        {name: value for name, value in usual.items() if value is not None},
        key,
        algorithm="HS256",
    )


class Kore:
    """Calls Kore; answers are (status, decoded body)."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self.headers = {"auth": kore_token(), "accountId": TENANT.ACCOUNT_ID}

    def ask(self, name: str, body: object, **headers: str) -> Reply:
        request = Request.of(
            "POST", f"{KORE_BASE}/{name}", headers=self.headers | headers, body=body
        )
        return self._box.handle(request)

    def call(self, name: str, body: object, **headers: str) -> tuple[int, Any]:
        reply = self.ask(name, body, **headers)
        return reply.status, json.loads(reply.body) if reply.body else None

    def case(self, **changes: Any) -> dict[str, Any]:
        """Create a case; keys given as None are left out."""
        status, made = self.call("createCase", case_body(**changes))
        assert status in (200, 201), made
        return dict(made)

    def task(self, case: dict[str, Any], **changes: Any) -> dict[str, Any]:
        status, made = self.call("createTask", task_body(case, **changes))
        assert status in (200, 201), made
        return dict(made)

    def listed(self, name: str = "getCases", /, **body: Any) -> list[dict[str, Any]]:
        status, page = self.call(name, body)
        assert status == 200, page
        return list(page["results"])


def case_body(**changes: Any) -> dict[str, Any]:
    usual = {
        "caseTmp": TENANT.CASE_TEMPLATES[1].id,
        "name": "Double charge",
        "desc": "Charged twice",
        "userInfo": {"name": "Ada"},
        "emailId": "ada@example.com",
        "source": "rtm",
        "dueDate": FUTURE,
    }
    return {name: value for name, value in (usual | changes).items() if value != ...}


def task_body(case: dict[str, Any], **changes: Any) -> dict[str, Any]:
    usual = {
        "caseId": case["_id"],
        "caseRefId": case["refId"],
        "taskTmp": TENANT.TASK_TEMPLATES[0].id,
        "name": "Call back",
        "userInfo": {"name": "Ada"},
        "source": "rtm",
    }
    return {name: value for name, value in (usual | changes).items() if value != ...}


class Casemgr:
    """Calls casemgr as the client application, or as a user."""

    def __init__(self, box: Sandbox, user: str = "") -> None:
        self._box = box
        self.headers = {
            "Accept": "application/json",
            "Accept-Language": "en-us",
            "Authorization": f"Bearer {self.token(user)}",
        }

    def token(self, user: str = "", **changes: str) -> str:
        form = {
            "grant_type": "password" if user else "client_credentials",
            "client_id": TENANT.CASEMGR_CLIENT_ID,
            "client_secret": TENANT.CASEMGR_CLIENT_SECRET,
            "scope": TENANT.CASEMGR_SCOPE,
            "subject_username": user,
        } | changes
        body = urlencode(form).encode()
        reply = self._box.handle(Request.of("POST", "/oauth2/token", body=body))
        return str(json.loads(reply.body).get("access_token", ""))

    def ask(self, method: str, path: str, body: object = b"", **params: str) -> Reply:
        base = CUSTOMER_BASE if path.startswith("/customer") else CASEMGR_BASE
        query = urlencode(params)
        return self._box.handle(
            Request.of(method, f"{base}{path}?{query}", headers=self.headers, body=body)
        )

    def call(
        self, method: str, path: str, body: object = b"", **params: str
    ) -> tuple[int, Any]:
        reply = self.ask(method, path, body, **params)
        return reply.status, json.loads(reply.body) if reply.body else None

    def task(self, *, customer: Any = "ada@example.com", **changes: Any) -> str:
        """Create a task; return the activity's id."""
        reply = self.create(customer=customer, **changes)
        assert reply.status == 201, reply.body
        return reply.record_id

    def create(
        self,
        *,
        customer: Any = "ada@example.com",
        params: dict[str, str] | None = None,
        **changes: Any,
    ) -> Reply:
        usual = {"searchContactOnAttribute": "email.emailAddress",
                 "createCustomer": "yes"}  # fmt: skip
        wanted = {n: v for n, v in (usual | (params or {})).items() if v}
        body = activity_body(customer, **changes)
        return self.ask("POST", "/activity/task", body, **wanted)

    def activity(self, activity_id: str) -> dict[str, Any]:
        params = {"$attribute": "all"}
        status, page = self.call("GET", f"/activity/{activity_id}", **params)
        assert status == 200, page
        return dict(page["activity"][0])

    def case(self, case_id: str) -> dict[str, Any]:
        status, page = self.call("GET", f"/case/{case_id}", **{"$attribute": "all"})
        assert status == 200, page
        return dict(page["case"][0])

    def edit(self, activity: dict[str, Any], **changes: Any) -> tuple[int, Any]:
        body = {"id": activity["id"], "lastModified": activity["lastModified"]}
        return self.call("PUT", "/activity", {"activity": [body | changes]})

    def complete(self, *ids: str) -> tuple[int, Any]:
        """Complete activities at the version they have now."""
        items = [self.activity(item) for item in ids]
        entries = [{n: a[n] for n in ("id", "lastModified")} for a in items]
        return self.call("PUT", "/activity/complete", {"activity": entries})

    def edit_case(self, case: dict[str, Any], **changes: Any) -> tuple[int, Any]:
        body = {"id": case["id"], "lastModified": case["lastModified"]}
        return self.call("PUT", "/case", body | changes)


def custom(**values: str) -> dict[str, Any]:
    """Return customAttributes as they travel."""
    return {
        "customAttribute": [
            {"attribName": n, "attribValues": {"attribValue": [{"value": v}]}}
            for n, v in values.items()
        ]
    }


def contact(email: str = "", **more: Any) -> dict[str, Any]:
    """Return a customer element with one contact."""
    values: dict[str, Any] = {"firstName": "Ada"} | more
    if email:
        values["email"] = [{"emailAddress": email}]
    return {"contacts": {"contact": [values]}}


def phone(number: str, kind: str = "home") -> dict[str, Any]:
    return {"type": {"value": kind}, "phoneNo": number}


def activity_body(customer: Any, **changes: Any) -> dict[str, Any]:
    usual = {
        "department": {"name": "Service"},
        "type": {"value": "task", "subtype": {"value": "general"}},
        "subject": "Follow up",
        "status": {"assigned": {"user": {"loginId": "jdoe"}}},
        "customer": contact(customer) if isinstance(customer, str) else customer,
    }
    return {name: value for name, value in (usual | changes).items() if value != ...}


@dataclass
class World:
    """A sandbox with its clock and a client for each system."""

    box: Sandbox
    clock: Tick
    kore: Kore
    casemgr: Casemgr


def world(**readings: str | float) -> World:
    """Return a fresh world; readings as ``kore__jti="enforced"``."""
    clock = Tick()
    chosen = {name.replace("__", "."): value for name, value in readings.items()}
    box = Sandbox(seed=1, readings=chosen, clock=clock)
    return World(box, clock, Kore(box), Casemgr(box))
