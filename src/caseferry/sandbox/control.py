"""The control pages under /_sandbox/: state, log, faults, readings, fill, edit."""

import json
from dataclasses import asdict, fields, is_dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from caseferry.sandbox.faults import Fault
from caseferry.sandbox.wire import Reply, Request, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from caseferry.sandbox.box import Sandbox

PREFIX: Final = "/_sandbox/"


class Control:
    """Answers control requests; errors are 400 with a message."""

    def __init__(self, box: "Sandbox") -> None:
        self._box = box
        self._pages: dict[tuple[str, str], Callable[[Request], object]] = {
            ("GET", "health"): lambda _: {"ok": True},
            ("GET", "state"): lambda _: state(box),
            ("GET", "log"): self._log,
            ("GET", "readings"): lambda _: _finite(box.readings.all()),
            ("GET", "faults"): lambda _: [asdict(fault) for fault in box.faults],
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "readings"): self._set_readings,
            ("POST", "fill"): self._fill,
            ("POST", "edit"): self._edit,
        }

    def answer(self, request: Request) -> Reply:
        """Answer one control request."""
        name = request.path.removeprefix(PREFIX)
        page = self._pages.get((request.method, name))
        if page is None:
            return json_reply(404, {"message": f"no control page {name!r}"})
        try:
            return json_reply(200, page(request))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return json_reply(400, {"message": f"{type(error).__name__}: {error}"})

    def _log(self, request: Request) -> object:
        since = int(parse_qs(request.query).get("since", ["0"])[0])
        return [
            {name: _plain(value) for name, value in asdict(call).items()}
            for call in self._box.log[since:]
        ]

    def _add_faults(self, request: Request) -> object:
        body = json.loads(request.body)
        faults = [
            Fault(**item) for item in (body if isinstance(body, list) else [body])
        ]
        self._box.faults.add(*faults)
        return {"armed": len(self._box.faults)}

    def _clear_faults(self, _request: Request) -> object:
        self._box.faults.clear()
        return {"armed": 0}

    def _set_readings(self, request: Request) -> object:
        self._box.set_readings(json.loads(request.body))
        return _finite(self._box.readings.all())

    def _fill(self, request: Request) -> object:
        body = json.loads(request.body or b"{}")
        self._box.fill(body.get("system", "both"), cases=int(body.get("cases", 50)))
        return {
            "kore": len(self._box.kore.cases),
            "casemgr": len(self._box.casemgr.cases),
        }

    def _edit(self, request: Request) -> object:
        body = json.loads(request.body)
        commands = body if isinstance(body, list) else [body]
        return {"ids": [self._box.human.act(command) for command in commands]}


def state(box: "Sandbox") -> dict[str, Any]:
    """Return every record of both systems, by system, kind and id."""
    kinds: dict[str, dict[str, dict[str, Any]]] = {
        "kore": {"cases": box.kore.cases, "tasks": box.kore.tasks},
        "casemgr": {
            "activities": box.casemgr.activities,
            "cases": box.casemgr.cases,
            "customers": box.casemgr.customers,
        },
    }
    return {
        system: {
            kind: {key: _plain(record) for key, record in records.items()}
            for kind, records in shelves.items()
        }
        for system, shelves in kinds.items()
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - any record value
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    return {k: "none" if v == float("inf") else v for k, v in values.items()}
