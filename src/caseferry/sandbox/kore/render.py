"""Kore records as JSON: the form of a create reply, an update echo, a list row."""

from typing import Any, Final

from caseferry.sandbox import tenant
from caseferry.sandbox.kore.catalog import AGENT_BY_ID, FIELD_BY_NAME, Catalog
from caseferry.sandbox.kore.records import KoreCase, KoreRecord, KoreTask
from caseferry.sandbox.readings import Readings
from caseferry.sandbox.times import iso
from caseferry.sandbox.wire import dumps, encode

CREATE: Final = "create"
UPDATE: Final = "update"
LIST: Final = "list"

_EMPTY_LISTS: Final = (
    "sessIds",
    "convIds",
    "attachments",
    "feedback",
    "activityIds",
    "commentIds",
    "resolutionCmts",
    "channel",
)


class Renderer:
    """Renders under the readings in force; keeps the JSON with the record."""

    def __init__(self, readings: Readings, catalog: Catalog) -> None:
        self._catalog = catalog
        self._desc_on_create = readings.is_set(
            "kore.desc_in_create_response", "present"
        )
        self._due_on_create = readings.is_set(
            "kore.due_date_in_create_response", "present"
        )
        keys = readings.text("kore.custom_field_keys")
        self._keyed_forms = {"on_update": (UPDATE,), "all_reads": (UPDATE, LIST)}.get(
            keys, ()
        )

    def json(self, record: KoreRecord, form: str) -> bytes:
        """Return the record's JSON in one form."""
        kept = record.cache.get(form)
        if kept is None:
            kept = record.cache[form] = encode(self._render(record, form))
        return kept

    def _render(self, record: KoreRecord, form: str) -> str:
        short = form == CREATE
        catalog = self._catalog
        statuses = catalog.status_short if short else catalog.status_long
        priorities = catalog.priority_short if short else catalog.priority_long
        head = dumps(self._plain(record, form))[:-1]
        fields = ",".join(self._fields(record, form))
        return (
            f'{head},"status":{statuses[record.status]}'
            f',"priority":{priorities[record.priority]},"fields":[{fields}]}}'
        )

    def _plain(self, record: KoreRecord, form: str) -> dict[str, Any]:
        value: dict[str, Any] = {
            "_id": record.id,
            "name": record.name,
            "lname": record.name.lower(),
            "tags": list(record.tags),
            "userInfo": record.user,
            "accountId": tenant.ACCOUNT_ID,
            "iId": tenant.STREAM_ID,
            "orgId": tenant.ORG_ID,
            "source": record.source,
            "refId": record.ref_id,
            "isActive": record.is_active,
            "createdBy": record.created_by,
            "updatedBy": record.updated_by,
            "timestampValue": record.received,
            "isBreached": record.is_breached,
            "createdAt": iso(record.created),
            "updatedAt": iso(record.updated),
            "ETA": "" if record.due is None else iso(record.due),
            **{name: [] for name in _EMPTY_LISTS},
            **_assignment(record),
            **_kind_keys(record),
        }
        if record.desc is not None and (form != CREATE or self._desc_on_create):
            value["desc"] = record.desc
        if record.due is not None and (form != CREATE or self._due_on_create):
            value["dueDate"] = record.due
        if isinstance(record, KoreCase) and form != LIST:
            value["tasks"] = []
        if form in self._keyed_forms:
            value |= _top_level(record)
        return value | record.extra

    def _fields(self, record: KoreRecord, form: str) -> list[str]:
        heads = self._catalog.field_heads
        values: dict[str, Any] = {}
        if form == CREATE and isinstance(record, KoreCase):
            values = {"Description": ""}  # as sampled: nothing is filled in yet
        elif form != CREATE:
            due = None if record.due is None else iso(record.due)
            values = {
                "Title": record.name,
                "Description": record.desc,
                "Due Date": due,
                **record.fields,
            }
        texts = []
        for name, head in heads.items():
            value = values.get(name)
            tail = "" if value is None else f',"selectedValue":{dumps(value)}'
            texts.append(f"{head}{tail}}}")
        return texts


def _top_level(record: KoreRecord) -> dict[str, Any]:
    return {
        name: {
            "id": item.id,
            "displayName": name,
            "lname": name.lower(),
            "selectedValue": record.fields.get(name),
        }
        for name, item in FIELD_BY_NAME.items()
    }


def _kind_keys(record: KoreRecord) -> dict[str, Any]:
    if isinstance(record, KoreTask):
        return {
            "taskTmp": record.template,
            "caseId": record.case_id,
            "caseRefId": record.case_ref_id,
            "conversationType": "TASK",
            "isCustTsk": False,
        }
    task_ids = record.task_ids if isinstance(record, KoreCase) else ()
    return {
        "caseTmp": record.template,
        "conversationType": "CASE",
        "language": "en",
        "supportCustomTasks": True,
        "taskIds": list(task_ids),
    }


def _assignment(record: KoreRecord) -> dict[str, Any]:
    value: dict[str, Any] = {
        "assigneeType": record.assignee_type,
        "participants": [],
        "currAssignee": {},
        "queues": [],
    }
    since = iso(record.assigned_at or record.created)
    agent = AGENT_BY_ID.get(record.agent_id or "")
    if agent is not None:
        who = {"aId": agent.id, "name": agent.name, "agentId": agent.user_id}
        value["currAssignee"] = who
        value["participants"] = [{**who, "pStatus": "ACTIVE", "assignedAt": since}]
    if record.assignee_type == "queues":
        queue = {"_id": tenant.QUEUE.id, "name": tenant.QUEUE.name}
        value["currQueue"] = queue
        value["queues"] = [
            {**queue, "type": "ASSIGNED", "status": "ACTIVE", "startTime": since}
        ]
    return value
