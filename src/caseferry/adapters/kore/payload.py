"""Kore's wire format, and how a payload becomes a record.

Every leaf is normalised by a total function: samples show numbers as texts, absent
keys, empty objects, and keys that nobody documented. Only the envelope and `_id` can
make a reply unusable.
"""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter

from caseferry.adapters.exchange import Unusable
from caseferry.adapters.kore.marks import take_marks
from caseferry.adapters.shapes import instant, items, mapping, text
from caseferry.model.record import Entity, Key, Record, Value, canonical, kore_key

CATEGORIES = frozenset({"open", "inprogress", "onhold", "resolved", "closed"})

_TEXTS = ("name", "desc", "refId", "source", "language", "caseRefId")
_USER = tuple((f"userInfo.{n}", n) for n in ("_id", "name", "emailId", "phoneNumber"))
_COUNTED = (
    "attachments",
    "commentIds",
    "activityIds",
    "resolutionCmts",
    "convIds",
    "taskIds",  # a moving listing may miss tasks: this is how that is noticed
)
# What samples show and a person would not miss, besides what a record carries.
# fmt: off
KNOWN_KEYS = frozenset({
    "_id", "ETA", "accountId", "activityIds", "assigneeType", "attachments",
    "caseId", "caseRefId", "caseTmp", "channel", "commentIds", "convIds",
    "conversationType", "createdAt", "createdBy", "currAssignee", "currQueue",
    "desc", "dueDate", "feedback", "fields", "iId", "isActive", "isBreached",
    "isCustTsk", "language", "lid", "lname", "name", "orgId", "participants",
    "priority", "queues", "refId", "resolutionCmts", "sessIds", "source", "status",
    "supportCustomTasks", "tags", "taskIds", "taskTmp", "tasks", "timestampValue",
    "updatedAt", "updatedBy", "userInfo",
})
# fmt: on
_NOT_LETTERS = re.compile(r"[^a-z]+")


def _whole(value: object) -> object:
    """Read a count that may be a text; what is no count is not told."""
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) else None


def _flag(value: object) -> object:
    return {"true": True, "false": False}.get(text(value).lower())


Whole = Annotated[int | None, BeforeValidator(_whole)]


class Listing(BaseModel):
    """The envelope of getCases and getTasks; only `results` has to be there."""

    model_config = ConfigDict(extra="ignore")

    results: list[Any]
    page: Whole = None
    limit: Whole = None
    hasMore: Annotated[bool | None, BeforeValidator(_flag)] = None  # noqa: N815 - theirs
    totalPages: Whole = None  # noqa: N815 - theirs
    totalResults: Whole = None  # noqa: N815 - theirs


LISTING = TypeAdapter(Listing)


def record_of(payload: Any, entity: Entity) -> Record:  # noqa: ANN401 - any JSON value
    """Bring one case or task into canonical form.

    Shape: fields as listed in `caseferry.model.record`; absent and empty are one. Our
    marks are taken out (`caseferry.adapters.kore.marks`).

    Raises:
        Unusable: no object, or one without `_id`.
    """
    local_id = text(payload.get("_id")) if isinstance(payload, dict) else ""
    if not local_id:
        raise Unusable(f"a {entity} without _id")
    fields: dict[str, Value] = {}
    for name in _TEXTS:
        _put(fields, name, payload.get(name))
    _add_state(fields, payload, entity)
    take_marks(fields)
    _add_people(fields, payload)
    for name in _COUNTED:
        if isinstance(entries := payload.get(name), list) and entries:
            fields[f"count.{name}"] = str(len(entries))
    unknown = _add_custom(fields, payload)
    parent = text(payload.get("caseId")) if entity is Entity.TASK else ""
    return Record(
        key=kore_key(local_id),
        entity=entity,
        parent=kore_key(parent) if parent else None,
        version=text(payload.get("updatedAt")),
        fields=fields,
        unknown=unknown,
    )


def key_of(payload: Any) -> Key | None:  # noqa: ANN401 - any JSON value
    """Give a payload's key; None when it has none."""
    local_id = text(payload.get("_id")) if isinstance(payload, dict) else ""
    return kore_key(local_id) if local_id else None


def category(code: str) -> str:
    """Bring a status category to one of five words, or `unknown:` and what was sent."""
    word = _NOT_LETTERS.sub("", code.lower())
    return word if word in CATEGORIES else f"unknown:{code}"


def _add_state(
    fields: dict[str, Value], payload: dict[str, Any], entity: Entity
) -> None:
    """Add what the record is, was due and stands at."""
    if tags := payload.get("tags"):
        listed = tags if isinstance(tags, list) else [tags]
        # A tenant that appends to arrays keeps what a write sends twice.
        once = list(dict.fromkeys(text(tag) for tag in listed))
        if (several := canonical(once)) is not None:
            fields["tags"] = several
    template = "taskTmp" if entity is Entity.TASK else "caseTmp"
    _put(fields, "template", payload.get(template))
    _put(fields, "isActive", payload.get("isActive"))
    # ETA carries the due date on every read; dueDate is missing right after a create.
    if due := payload.get("ETA") or payload.get("dueDate"):
        fields["dueDate"] = instant(due)
    if created := payload.get("createdAt"):
        fields["createdAt"] = instant(created)
    status = payload.get("status")
    if isinstance(status, dict):
        _put(fields, "status", status.get("name"))
        fields["statusCategory"] = category(text(status.get("statusCategory")))
    else:
        _put(fields, "status", status)
        fields["statusCategory"] = category("")
    priority = payload.get("priority")
    named = priority.get("name") if isinstance(priority, dict) else priority
    _put(fields, "priority", named)


def _add_people(fields: dict[str, Value], payload: dict[str, Any]) -> None:
    if user := mapping(payload.get("userInfo")):
        for field, name in _USER:
            _put(fields, field, user.get(name))
    if assignee := mapping(payload.get("currAssignee")):
        _put(fields, "assignee", assignee.get("aId"))
    if queue := mapping(payload.get("currQueue")):
        _put(fields, "queue", queue.get("name"))


def _add_custom(fields: dict[str, Value], payload: dict[str, Any]) -> tuple[str, ...]:
    """Add custom fields; give the names of top-level keys that are none.

    A custom field is an entry of `fields`, and after an update a top-level key named by
    its label as well; the entry goes first, the key stands in where it has no value.
    """
    strange = payload.keys() - KNOWN_KEYS
    for entry in items(payload.get("fields")):
        if entry.get("type") != "custom":
            continue
        label = text(entry.get("displayName")) or text(entry.get("lname"))
        value = _selected(entry.get("selectedValue"))
        for name in (label, text(entry.get("lname"))):
            if name in strange:
                strange.discard(name)
                value = value or _top_level(payload[name])
        _merge(fields, f"field.{label}", value)
    if not strange:
        return ()
    for name in sorted(strange):
        entry = payload[name]
        if isinstance(entry, dict) and "selectedValue" in entry:
            strange.discard(name)
            label = text(entry.get("displayName")) or name
            _merge(fields, f"field.{label}", _selected(entry["selectedValue"]))
    return tuple(sorted(strange))


def _top_level(entry: object) -> Value | None:
    if isinstance(entry, dict) and "selectedValue" in entry:
        return _selected(entry["selectedValue"])
    return _selected(entry)


def _selected(value: object) -> Value | None:
    """Give what was chosen: a scalar, an option object's value, or several of them."""
    if value is None:
        return None
    if isinstance(value, list):
        return canonical([_option(item) for item in value])
    return canonical(_option(value))


def _option(value: object) -> str:
    if isinstance(value, dict):
        names = ("value", "name", "displayName", "label", "_id", "id")
        return next((text(value[n]) for n in names if value.get(n) is not None), "")
    return text(value)


def _merge(fields: dict[str, Value], name: str, value: Value | None) -> None:
    """Add a value; two fields with one label both keep theirs."""
    if value is None:
        return
    before = fields.get(name)
    if before is not None and before != value:
        parts = [before, value]
        flat = [
            p for part in parts for p in ([part] if isinstance(part, str) else part)
        ]
        value = canonical(list(dict.fromkeys(flat))) or value
    fields[name] = value


def _put(fields: dict[str, Value], name: str, value: object) -> None:
    if value is None:
        return
    word = value if isinstance(value, str) else text(value)
    if "\r" in word:
        word = word.replace("\r\n", "\n").replace("\r", "\n")
    if word:
        fields[name] = word
