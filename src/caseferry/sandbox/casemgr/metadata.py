"""Attribute metadata of activities and cases (C 3.13, 5.8)."""

from dataclasses import dataclass
from typing import Any, Final

from caseferry.sandbox import tenant
from caseferry.sandbox.casemgr.desk import Ask
from caseferry.sandbox.casemgr.errors import refused
from caseferry.sandbox.casemgr.query import parse_query
from caseferry.sandbox.wire import Reply, json_reply

_PARAMS: Final = frozenset(("$attribute",))


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the tenant has configured."""

    def activity(self, ask: Ask) -> Reply:
        """GET /activity/attributes?$attribute=type|language|custom|all."""
        wanted = _wanted(ask, ("type", "language", "custom", "all"))
        attributes: list[dict[str, Any]] = []
        if wanted & {"type", "all"}:
            subtypes = [{"value": name} for name in tenant.TASK_SUBTYPES]
            types = [{"value": "task", "subtype": subtypes}]
            attributes.append({"name": "type", "value": types})
        if wanted & {"language", "all"}:
            languages = [{"value": name} for name in tenant.LANGUAGES]
            attributes.append({"name": "language", "value": languages})
        if wanted & {"custom", "all"}:
            attributes.extend(_custom(tenant.ACTIVITY_ATTRIBUTES))
        return json_reply(200, {"attribute": attributes, "resource": "activity"})

    def case(self, ask: Ask) -> Reply:
        """GET /case/attributes?$attribute=custom|all."""
        _wanted(ask, ("custom", "all"))
        attributes = _custom(tenant.CASE_ATTRIBUTES)
        return json_reply(200, {"attribute": attributes, "resource": "case"})


def _wanted(ask: Ask, allowed: tuple[str, ...]) -> set[str]:
    text = parse_query(ask.query, _PARAMS).get("$attribute")
    if not text:
        raise refused("400-112", "$attribute is required.")
    wanted = set(text.split(","))
    if wanted - set(allowed):
        raise refused("400-102", "Invalid value of query parameter '$attribute'.")
    return wanted


def _custom(known: dict[str, tuple[str, ...]]) -> list[dict[str, Any]]:
    return [
        {
            "name": f"custom.{name}",
            "attribName": name,
            "dataType": "enumeration" if values else "string",
            "value": [{"value": value} for value in values],
        }
        for name, values in known.items()
    ]
