"""updateCase and updateTask: partial, last write wins (K 6)."""

from dataclasses import dataclass
from typing import Any, Final

from caseferry.sandbox.kore.catalog import AGENT_BY_ID, Catalog
from caseferry.sandbox.kore.create import contact_of, reject_unknown
from caseferry.sandbox.kore.errors import invalid, refused
from caseferry.sandbox.kore.fields import changed_fields
from caseferry.sandbox.kore.records import KoreRecord
from caseferry.sandbox.kore.store import KoreStore
from caseferry.sandbox.readings import Readings
from caseferry.sandbox.times import parse_iso

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    **dict.fromkeys(
        ("name", "lname", "desc", "language", "source", "assigneeType", "ETA",
         "caseTmp", "refId", "accountId", "orgId", "lid", "conversationType",
         "createdAt", "updatedAt"),
        (str,),
    ),
    **dict.fromkeys(
        ("tags", "fields", "channel", "participants", "queues", "taskIds", "sessIds",
         "convIds", "activityIds", "commentIds", "attachments", "feedback",
         "resolutionCmts"),
        (list,),
    ),
    **dict.fromkeys(
        ("status", "priority", "userInfo", "currAssignee", "createdBy", "updatedBy"),
        (dict,),
    ),
    **dict.fromkeys(("isBreached", "isActive", "supportCustomTasks"), (bool,)),
    **dict.fromkeys(("dueDate", "timestampValue"), (int, float, type(None))),
}  # fmt: skip
UPDATE_KEYS: Final = frozenset(_TYPES)
_LISTS: Final = ("sessIds", "convIds", "activityIds", "commentIds", "attachments",
                 "feedback", "resolutionCmts", "channel")  # fmt: skip
_READ_ONLY: Final = ("refId", "createdAt", "timestampValue")
_ASSIGNEE_TYPES: Final = ("agent", "queues", "unassigned")


@dataclass(frozen=True, slots=True)
class Updater:
    """Applies an update body to a record: everything is checked, then assigned."""

    store: KoreStore
    catalog: Catalog
    readings: Readings

    def apply(self, record: KoreRecord, body: dict[str, Any], now: int) -> None:
        """Change a record by the keys sent; others stay as they are."""
        if self.readings.is_set("kore.unknown_keys", "rejected"):
            reject_unknown(body, UPDATE_KEYS)
        for key, value in body.items():
            _check_type(key, value)
        changes: dict[str, Any] = {}
        self._content(record, body, changes)
        self._workflow(body, changes)
        self._due(body, changes)
        self._people(record, body, changes)
        self._read_only(record, body, changes)
        for name, value in changes.items():
            setattr(record, name, value)
        self.store.touch(record, now)

    def _content(
        self, record: KoreRecord, body: dict[str, Any], changes: dict[str, Any]
    ) -> None:
        if "name" in body:
            if not body["name"].strip():
                raise invalid("name")
            changes["name"] = body["name"]
        for key in ("desc", "source"):
            if key in body:
                changes[key] = body[key]
        self._lists(record, body, changes)

    def _lists(
        self, record: KoreRecord, body: dict[str, Any], changes: dict[str, Any]
    ) -> None:
        append = self.readings.is_set("kore.array_update", "append")
        if "tags" in body:
            if not all(isinstance(tag, str) for tag in body["tags"]):
                raise invalid("tags")
            kept = record.tags if append else ()
            changes["tags"] = (*kept, *body["tags"])
        way = self.readings.text("kore.field_writes")
        fields = changed_fields(record.fields, body, way=way, keep=append)
        if fields != record.fields:
            changes["fields"] = fields
        lists = {key: body[key] for key in _LISTS if key in body}
        if lists:
            changes["extra"] = {**record.extra, **lists}

    def _workflow(self, body: dict[str, Any], changes: dict[str, Any]) -> None:
        by_name = self.readings.is_set("kore.status_write_by", "id_or_name")
        finders = {
            "status": self.catalog.status_named,
            "priority": self.catalog.priority_named,
        }
        for key, find in finders.items():
            if key in body:
                name = find(body[key], by_name=by_name)
                if name is None:
                    raise refused(400, f"Invalid {key}")
                changes[key] = name
        if "isActive" in body:
            changes["is_active"] = body["isActive"]
        if "isBreached" in body:
            changes["is_breached"] = body["isBreached"]

    def _due(self, body: dict[str, Any], changes: dict[str, Any]) -> None:
        way = self.readings.text("kore.due_date_writes")
        if "dueDate" in body and way != "ETA":
            value = body["dueDate"]
            changes["due"] = None if value is None else int(value)
        if "ETA" in body and way != "dueDate":
            due = parse_iso(body["ETA"])
            if due is None and body["ETA"]:
                raise invalid("ETA")
            changes["due"] = due

    def _people(
        self, record: KoreRecord, body: dict[str, Any], changes: dict[str, Any]
    ) -> None:
        if "userInfo" in body:
            sent = contact_of(body["userInfo"])
            if self.readings.is_set("kore.object_update", "merge"):
                changes["user"] = {**record.user, **sent}
            else:
                changes["user"] = dict(self.store.user(sent))
        if "currAssignee" in body:
            agent_id = body["currAssignee"].get("aId")
            if agent_id is not None and agent_id not in AGENT_BY_ID:
                raise refused(400, "Invalid assignee")
            changes["agent_id"] = agent_id
            changes["assignee_type"] = "agent" if agent_id else "unassigned"
        if "assigneeType" in body:
            if body["assigneeType"] not in _ASSIGNEE_TYPES:
                raise invalid("assigneeType")
            changes["assignee_type"] = body["assigneeType"]

    def _read_only(
        self, record: KoreRecord, body: dict[str, Any], changes: dict[str, Any]
    ) -> None:
        if self.readings.is_set("kore.readonly_updates", "ignored"):
            return
        created = parse_iso(body.get("createdAt"))
        if created is not None:
            changes["created"] = created
        if body.get("refId"):
            changes["ref_id"] = body["refId"]
        if isinstance(body.get("timestampValue"), int):
            changes["received"] = body["timestampValue"]
        if "createdBy" in body:
            changes["created_by"] = {**record.created_by, **body["createdBy"]}


def _check_type(key: str, value: object) -> None:
    types = _TYPES.get(key)
    if types is None:
        return
    wrong_number = isinstance(value, bool) and bool not in types
    if wrong_number or not isinstance(value, types):
        raise invalid(key)
