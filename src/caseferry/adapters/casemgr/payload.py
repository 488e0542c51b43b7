"""casemgr's wire format, and how a payload becomes a record.

Samples of two generations differ in almost every shape: ids are texts or numbers, one
object stands for an array, `lastModified` is flat or nested. All of them are read.
"""

import re
from collections.abc import Iterator
from typing import Any

from caseferry.adapters.casemgr.people import contacts_of, person_of
from caseferry.adapters.exchange import Reply, Unusable
from caseferry.adapters.json_text import read_json
from caseferry.adapters.shapes import instant, items, mapping, text
from caseferry.model.record import (
    Entity,
    Record,
    Value,
    activity_key,
    canonical,
    case_key,
)

NO_CONTENT = 204
# fmt: off
_KNOWN_ACTIVITY = frozenset({
    "attachments", "case", "channel", "classifications", "contactPointData",
    "contentPurged", "created", "createdBy", "customAttributes", "customer",
    "department", "dueDate", "id", "isSecure", "issueType", "language",
    "lastDepartment", "lastModified", "lastModifiedBy", "link", "mode", "notes",
    "payload", "pinned", "priority", "queue", "read", "secure", "sentOnBehalf",
    "status", "subject", "type", "userLastWorked", "virtualAssistant",
})
_KNOWN_CASE = frozenset({
    "activities", "created", "createdBy", "customAttributes", "customer", "department",
    "description", "dueDate", "id", "lastClosed", "lastModified", "lastModifiedBy",
    "link", "notes", "originatingChannel", "owner", "relatedCases", "severity",
    "solution", "status", "subject", "userLastWorked",
})
# fmt: on
_LAST_SEGMENT = re.compile(r"/(?P<kind>[a-z]+)/(?P<id>[A-Za-z0-9_-]+)/?(?:\?.*)?$")


def rows_of(reply: Reply, name: str) -> tuple[list[dict[str, Any]], int | None]:
    """Give the rows of a listing, and the page size the server applied if it says.

    Raises:
        Unusable: no object; also an empty body that is not a 204: nothing follows
            from a reply that lost its contents.
    """
    if reply.status == NO_CONTENT:
        return [], None
    value = read_json(reply.body)
    if not isinstance(value, dict):
        raise Unusable("not an object")
    if name not in value and not value.keys() <= {"paginationInfo", "link"}:
        raise Unusable(f"no {name} in it")
    size = text(mapping(value.get("paginationInfo")).get("pagesize"))
    return list(items(value.get(name))), int(size) if size.isdecimal() else None


def activity_of(payload: dict[str, Any]) -> Record:
    """Bring an activity of any type into canonical form.

    Raises:
        Unusable: there is no `id`.
    """
    local_id = id_of(payload)
    fields: dict[str, Value] = {}
    _put(fields, "subject", payload.get("subject"))
    _add_content(fields, mapping(payload.get("payload")))
    _put(fields, "priority", payload.get("priority"))
    kind = payload.get("type")
    _put(fields, "type", value_of(kind))
    _put(fields, "subtype", value_of(mapping(kind).get("subtype")))
    status = mapping(payload.get("status"))
    _put(fields, "substatus", value_of(status.get("substatus")))
    user = mapping(mapping(status.get("assigned")).get("user"))
    _put(fields, "assignee", user.get("loginId") or user.get("id"))
    _add_common(fields, payload)
    _add_contact(fields, mapping(payload.get("customer")))
    parent = reference(payload.get("case"), "case")
    return Record(
        key=activity_key(local_id),
        entity=Entity.TASK,
        parent=case_key(parent) if parent else None,
        version=stamp(payload.get("lastModified")),
        fields=fields,
        unknown=tuple(sorted(payload.keys() - _KNOWN_ACTIVITY)),
    )


def case_of(payload: dict[str, Any]) -> Record:
    """Bring a case into canonical form; the subject loses its ` [#id]`.

    Raises:
        Unusable: there is no `id`.
    """
    local_id = id_of(payload)
    fields: dict[str, Value] = {}
    subject = text(payload.get("subject"))
    _put(fields, "subject", subject.removesuffix(f"[#{local_id}]").removesuffix(" "))
    _put(fields, "description", payload.get("description"))
    _put(fields, "solution", payload.get("solution"))
    _put(fields, "severity", value_of(payload.get("severity")))
    user = mapping(mapping(payload.get("owner")).get("user"))
    _put(fields, "owner", user.get("loginId") or user.get("id"))
    _add_common(fields, payload)
    return Record(
        key=case_key(local_id),
        entity=Entity.CASE,
        parent=None,
        version=stamp(payload.get("lastModified")),
        fields=fields,
        unknown=tuple(sorted(payload.keys() - _KNOWN_CASE)),
    )


def id_of(payload: dict[str, Any]) -> str:
    """Give an object's id, from its self link if it has no other.

    Raises:
        Unusable: there is none.
    """
    found = text(payload.get("id")) or _linked(payload.get("link"), "self")
    if not found:
        raise Unusable("an object without id")
    return found


def reference(value: object, kind: str) -> str:
    """Give the id of an object that is referred to: by id, or by its link only."""
    other = mapping(value)
    return text(other.get("id")) or _linked(other.get("link"), kind)


def stamp(value: object) -> str:
    """Give `lastModified` as it was sent: it is echoed, and never formatted anew."""
    if isinstance(value, dict):
        return text(value.get("date"))
    return text(value)


def value_of(value: object) -> str:
    """Give the `value` of an enumeration; `displayValue` is localised and useless."""
    if isinstance(value, dict):
        return text(value.get("value"))
    return text(value)


def attributes_of(value: object) -> Iterator[tuple[str, Value]]:
    """Yield custom attributes; each may have several values."""
    for entry in items(mapping(value).get("customAttribute", value)):
        name = text(entry.get("attribName"))
        holder = entry.get("attribValues", entry.get("attribValue"))
        if isinstance(holder, dict):
            holder = holder.get("attribValue", holder)
        listed = holder if isinstance(holder, list) else [holder]
        found = canonical([value_of(item) for item in listed])
        if name and found is not None:
            yield name, found


def note_of(payload: dict[str, Any]) -> str:
    """Give a note's text."""
    content = payload.get("content")
    if isinstance(content, dict):
        content = content.get("text", content.get("value"))
    return text(content)


def created_id(reply: Reply, kind: str) -> str | None:
    """Find the id of what a write created: `Location`, else the body, else nothing.

    Raises:
        Unusable: the body is there and is not JSON.
    """
    match = _LAST_SEGMENT.search(reply.headers.get("location", ""))
    if match is not None and match["kind"] == kind:
        return match["id"]
    if not reply.body.strip():
        return None
    body = mapping(read_json(reply.body))
    for place in (body, mapping(body.get(kind))):
        found = text(place.get("id")) or _linked(place.get("link"), "self")
        if found:
            return found
    return None


def _add_common(fields: dict[str, Value], payload: dict[str, Any]) -> None:
    _put(fields, "status", value_of(payload.get("status")))
    department = payload.get("department")
    named = mapping(department).get("name") if department else None
    _put(fields, "department", department if isinstance(department, str) else named)
    _put(fields, "customer", reference(payload.get("customer"), "customer"))
    if due := payload.get("dueDate"):
        fields["dueDate"] = instant(due)
    if created := stamp(payload.get("created")):
        fields["created"] = instant(created)
    for name, value in attributes_of(payload.get("customAttributes")):
        fields[f"custom.{name}"] = value


def _add_content(fields: dict[str, Value], payload: dict[str, Any]) -> None:
    """Add a task's text; five shapes occur, the first is the documented one."""
    task = mapping(payload.get("task"))
    content = task.get("content", task.get("contents"))
    if isinstance(content, dict) and "content" in content:
        content = content["content"]
    if isinstance(content, str):
        _put(fields, "content.text", content)
        return
    if isinstance(content, dict) and "type" not in content:
        _put(fields, "content.text", value_of(content.get("text")))
        _put(fields, "content.html", value_of(content.get("html")))
        return
    for entry in items(content):
        kind = "html" if "html" in value_of(entry.get("type")) else "text"
        _put(fields, f"content.{kind}", entry.get("value"))


def _add_contact(fields: dict[str, Value], customer: dict[str, object]) -> None:
    """Add whom an activity names; of several contacts nobody knows which one it is."""
    contacts = list(contacts_of(customer))
    if len(contacts) != 1:
        return
    person = person_of(contacts[0])
    _put(fields, "contact.name", person.name)
    _put(fields, "contact.email", next(iter(person.emails), None))
    _put(fields, "contact.phone", next(iter(person.phones), None))


def _linked(links: object, rel: str) -> str:
    """Take an id out of a link; one object or an array of them."""
    for link in items(links):
        match = _LAST_SEGMENT.search(text(link.get("href")))
        if match is not None and link.get("rel") in {rel, "self"}:
            return match["id"]
    return ""


def _put(fields: dict[str, Value], name: str, value: object) -> None:
    if value is not None and (found := canonical(text(value))) is not None:
        fields[name] = found
