"""createCase and createTask (K 3, 4)."""

from dataclasses import dataclass
from typing import Any, Final

from caseferry.sandbox import tenant
from caseferry.sandbox.kore.catalog import CATEGORY_OF
from caseferry.sandbox.kore.errors import invalid, refused
from caseferry.sandbox.kore.records import KoreCase, KoreTask
from caseferry.sandbox.kore.store import KoreStore
from caseferry.sandbox.readings import Readings
from caseferry.sandbox.times import parse_iso

_CASE_KEYS: Final = frozenset(
    ("caseTmp", "name", "desc", "userInfo", "emailId", "phoneNumber", "source",
     "dueDate")
)  # fmt: skip
_TASK_KEYS: Final = frozenset(
    ("caseId", "caseRefId", "taskTmp", "name", "desc", "userInfo", "source")
)
_CASE_TEMPLATES: Final = {item.id: item for item in tenant.CASE_TEMPLATES}
_TASK_TEMPLATES: Final = {item.id: item for item in tenant.TASK_TEMPLATES}
_CONTACT: Final = ("_id", "name", "emailId", "phoneNumber")


@dataclass(frozen=True, slots=True)
class Creator:
    """Makes records in a store under the readings in force."""

    store: KoreStore
    readings: Readings

    def case(self, body: dict[str, Any], now: int) -> KoreCase:
        """Check the body and make the case."""
        self._known_keys(body, _CASE_KEYS)
        texts = ["caseTmp", "name", "source"]
        if self.readings.is_set("kore.enforce_desc_case", "on"):
            texts.append("desc")
        require_texts(body, texts)
        template = _CASE_TEMPLATES.get(body["caseTmp"])
        if template is None:
            raise refused(400, "Invalid case template")
        user = self.store.user(self._case_user(body))
        due = self._due(body)
        stored = self.readings.is_set("kore.desc_on_create", "stored")
        return self.add_case(
            template, name=body["name"], desc=body.get("desc") if stored else None,
            user=user, source=body["source"], due=due, now=now,
        )  # fmt: skip

    def add_case(  # noqa: PLR0913 - the parts of a case
        self,
        template: tenant.Template,
        *,
        name: str,
        desc: str | None,
        user: dict[str, str],
        source: str,
        due: int | None,
        now: int,
    ) -> KoreCase:
        """Put a new open case on the shelf."""
        number = self.store.new_number("CS")
        agent = template.default_assignee == "agent"
        kinds = {"agent": "agent", "queue": "queues"}
        case = KoreCase(
            id=self.store.new_id("ci"),
            number=number,
            ref_id=f"CS{number:06d}",
            template=template.name,
            name=name,
            desc=desc,
            user=dict(user),
            source=source,
            due=due,
            created=now,
            updated=now + 15,  # the assignment is a second write
            received=now - 80,
            visible_at=now + self._lag_ms(),
            assignee_type=kinds.get(template.default_assignee, "unassigned"),
            agent_id=tenant.AGENTS[0].id if agent else None,
            created_by=dict(tenant.KORE_API_USER),
            updated_by=dict(tenant.KORE_API_USER),
        )
        return self.store.case_shelf.add(case)

    def task(self, body: dict[str, Any], now: int) -> KoreTask:
        """Check the body and make the task."""
        self._known_keys(body, _TASK_KEYS)
        texts = ["caseId", "caseRefId", "taskTmp", "name", "source"]
        if self.readings.is_set("kore.enforce_desc_task", "on"):
            texts.append("desc")
        require_texts(body, texts)
        template = _TASK_TEMPLATES.get(body["taskTmp"])
        if template is None:
            raise refused(400, "Invalid task template")
        case = self._parent(body)
        user = self.store.user(self._task_user(body))
        return self.add_task(case, template, body=body, user=user, now=now)

    def add_task(
        self,
        case: KoreCase,
        template: tenant.Template,
        *,
        body: dict[str, Any],
        user: dict[str, str],
        now: int,
    ) -> KoreTask:
        """Put a new open task on the shelf and list it in its case."""
        number = self.store.new_number("TS")
        if self.readings.is_set("kore.task_contact", "hidden"):
            user = {"_id": user["_id"], "name": user["name"]}
        task = KoreTask(
            id=self.store.new_id("ti"),
            number=number,
            ref_id=f"TS{number:06d}",
            template=template.name,
            name=body["name"],
            desc=body.get("desc"),
            user=dict(user),
            source=body["source"],
            created=now,
            updated=now,
            received=now - 40,
            visible_at=now + self._lag_ms(),
            case_id=case.id,
            case_ref_id=case.ref_id,
            created_by=dict(tenant.KORE_API_USER),
            updated_by=dict(tenant.KORE_API_USER),
        )
        self.store.task_shelf.add(task)
        case.task_ids = (*case.task_ids, task.id)
        if self.readings.is_set("kore.case_updated_by_task", "yes"):
            self.store.touch(case, now)
        return task

    def _parent(self, body: dict[str, Any]) -> KoreCase:
        case = self.store.case_shelf.records.get(body["caseId"])
        if case is None:
            raise refused(400, "Invalid case id")
        strict = self.readings.is_set("kore.case_ref_mismatch", "400")
        if strict and body["caseRefId"] != case.ref_id:
            raise refused(400, "Case reference does not match the case")
        blocks = self.readings.is_set("kore.closed_case_blocks_tasks", "on")
        if blocks and CATEGORY_OF[case.status] == "closed":
            raise refused(400, "Task cannot be created for a closed case")
        return case

    def _case_user(self, body: dict[str, Any]) -> dict[str, str]:
        sent = contact_of(body.get("userInfo"))
        place = self.readings.text("kore.create_case_contact")
        for name in ("emailId", "phoneNumber"):
            if place == "top_level":
                sent.pop(name, None)
            top = body.get(name)
            if place != "nested" and top is not None:
                if not isinstance(top, str):
                    raise invalid(name)
                sent[name] = top
        self._require_contact(sent)
        return sent

    def _task_user(self, body: dict[str, Any]) -> dict[str, str]:
        sent = contact_of(body.get("userInfo"))
        if not sent.get("name"):
            raise invalid("userInfo.name")
        self._require_contact(sent)
        return sent

    def _require_contact(self, sent: dict[str, str]) -> None:
        enforced = self.readings.is_set("kore.enforce_user_contact", "on")
        if enforced and not any(sent.get(n) for n in ("_id", *_CONTACT[2:])):
            raise invalid("userInfo: one of _id, emailId, phoneNumber")

    def _due(self, body: dict[str, Any]) -> int | None:
        value = body.get("dueDate")
        if value is None and self.readings.is_set("kore.enforce_due_date", "off"):
            return None
        due = parse_iso(value)
        if due is None:
            raise invalid("dueDate")
        return due

    def _known_keys(self, body: dict[str, Any], known: frozenset[str]) -> None:
        if self.readings.is_set("kore.unknown_keys", "rejected"):
            reject_unknown(body, known)

    def _lag_ms(self) -> int:
        return int(self.readings.number("kore.search_lag_s") * 1000)


def contact_of(value: object) -> dict[str, str]:
    """Return the four keys of a userInfo object; refuse any other type."""
    if not isinstance(value, dict):
        raise invalid("userInfo")
    sent = {name: value[name] for name in _CONTACT if value.get(name) is not None}
    for name, text in sent.items():
        if not isinstance(text, str):
            raise invalid(f"userInfo.{name}")
    return sent


def require_texts(body: dict[str, Any], names: list[str]) -> None:
    """Refuse a body in which one of these texts is missing, blank or no text."""
    for name in names:
        value = body.get(name)
        blank = name != "desc" and not str(value or "").strip()
        if not isinstance(value, str) or blank:
            raise invalid(name)
    if body.get("desc") is not None and not isinstance(body["desc"], str):
        raise invalid("desc")


def reject_unknown(body: dict[str, Any], known: frozenset[str]) -> None:
    """Refuse keys that are in no table."""
    unknown = sorted(set(body) - known)
    if unknown:
        raise invalid(f"unknown key {unknown[0]}")
