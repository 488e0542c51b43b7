"""The bodies of casemgr's writes: strict about field names, exact about shapes."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from caseferry.adapters.casemgr.customers import EMAIL, body_of
from caseferry.errors import InvariantBroken
from caseferry.model.action import ActivityDraft
from caseferry.model.record import Key, Value, local_id

ContentShape = Literal["v3", "v12", "text"]
"""How a task's content is spelled: documented, as the older generation does, or as one
plain text."""

_CUSTOM = "custom."
_CREATE = frozenset({"subject", "content.text", "content.html", "priority", "dueDate"})
_EDIT_ACTIVITY = frozenset({"priority", "dueDate"})
_EDIT_CASE = frozenset(
    {"subject", "description", "solution", "severity", "dueDate", "owner"}
)


def create_query(draft: ActivityDraft) -> list[tuple[str, str]]:
    """Give the query of a create: how the server finds the customer, or makes one.

    Without `createCustomer` the documents disagree about what happens, so it is sent
    whenever it is meant. `activityContact` takes fewer attributes than the look-up.
    """
    pairs = [("searchContactOnAttribute", draft.customer.attribute)]
    if draft.customer.create:
        pairs.append(("createCustomer", "yes"))
    if draft.customer.attribute == EMAIL:
        pairs.append(("activityContact", EMAIL))
    return pairs


def create_body(
    draft: ActivityDraft, key_attribute: str, shape: ContentShape
) -> dict[str, Any]:
    """Spell a new task activity; the correlation key is one of its attributes."""
    fields = _checked("create", draft.fields, _CREATE)
    user = "id" if draft.assignee.isdecimal() else "loginId"
    body: dict[str, Any] = {
        "department": {"name": draft.department},
        "type": {"value": "task", "subtype": {"value": draft.subtype}},
        "status": {"assigned": {"user": {user: draft.assignee}}},
        "customer": body_of(draft.customer),
    }
    for name in ("subject", "priority", "dueDate"):
        if name in fields:
            body[name] = _one(fields[name])
    if draft.case is not None:
        body["case"] = {"id": local_id(draft.case)}
    if content := _content(fields, shape):
        body["payload"] = {"task": content}
    custom = dict(_custom(fields)) | {key_attribute: draft.correlation}
    body["customAttributes"] = _attributes(custom.items())
    return body


def edit_activity_body(
    key: Key, version: str, fields: Mapping[str, Value]
) -> dict[str, Any]:
    """Spell an edit of one activity; an array all the same."""
    _checked("edit_activity", fields, _EDIT_ACTIVITY)
    entry: dict[str, Any] = {"id": local_id(key), "lastModified": version}
    for name in _EDIT_ACTIVITY & fields.keys():
        entry[name] = _one(fields[name])
    if custom := dict(_custom(fields)):
        entry["customAttributes"] = _attributes(custom.items())
    return {"activity": [entry]}


def edit_case_body(
    key: Key, version: str, fields: Mapping[str, Value]
) -> dict[str, Any]:
    """Spell an edit of a case, without a wrapper; nothing is added to what is given."""
    _checked("edit_case", fields, _EDIT_CASE)
    body: dict[str, Any] = {"id": local_id(key), "lastModified": version}
    for name in ("subject", "description", "solution", "dueDate"):
        if name in fields:
            body[name] = _one(fields[name])
    if "severity" in fields:
        body["severity"] = {"value": _one(fields["severity"])}
    if "owner" in fields:
        body["owner"] = {"user": {"id": _one(fields["owner"])}}
    if custom := dict(_custom(fields)):
        body["customAttributes"] = _attributes(custom.items())
    return body


def complete_body(versions: Mapping[Key, str]) -> dict[str, Any]:
    """Spell a completion of up to 75 activities."""
    return {
        "activity": [
            {"id": local_id(key), "lastModified": version}
            for key, version in versions.items()
        ]
    }


def _checked(
    operation: str, fields: Mapping[str, Value], allowed: frozenset[str]
) -> Mapping[str, Value]:
    for name in fields:
        if name not in allowed and not name.startswith(_CUSTOM):
            raise InvariantBroken(f"{operation} was given {name}, which it cannot set")
    if not fields:
        raise InvariantBroken(f"{operation} was given nothing to set")
    return fields


def _content(fields: Mapping[str, Value], shape: ContentShape) -> dict[str, Any]:
    kinds = {
        kind: _one(fields[f"content.{kind}"])
        for kind in ("text", "html")
        if f"content.{kind}" in fields
    }
    if not kinds:
        return {}
    if shape == "v3":
        return {"content": kinds}
    if shape == "text":
        return {"content": kinds.get("text") or kinds["html"]}
    entries = [{"type": kind, "value": v} for kind, v in kinds.items()]
    return {"contents": {"content": entries}}


def _custom(fields: Mapping[str, Value]) -> Iterable[tuple[str, Value]]:
    for name in sorted(fields):
        if name.startswith(_CUSTOM):
            yield name.removeprefix(_CUSTOM), fields[name]


def _attributes(custom: Iterable[tuple[str, Value]]) -> dict[str, Any]:
    return {
        "customAttribute": [
            {
                "attribName": name,
                "attribValues": {
                    "attribValue": [
                        {"value": part}
                        for part in ((value,) if isinstance(value, str) else value)
                    ]
                },
            }
            for name, value in custom
        ]
    }


def _one(value: Value) -> str:
    return value if isinstance(value, str) else ", ".join(value)
