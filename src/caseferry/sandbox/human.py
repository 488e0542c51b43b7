"""What people do in either system behind the API's back: no API rule applies."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final

from caseferry.sandbox import tenant
from caseferry.sandbox.casemgr.finder import Finder
from caseferry.sandbox.casemgr.people import read_contact
from caseferry.sandbox.casemgr.records import Activity, Case, Customer
from caseferry.sandbox.casemgr.system import Casemgr
from caseferry.sandbox.kore.system import Kore
from caseferry.sandbox.shelf import Shelf

ACTIONS: Final = ("edit", "create", "close", "complete", "reopen", "delete")
_AGENT: Final = "1004"
_TUPLES: Final = ("tags", "task_ids", "related", "attachments")


class Human:
    """An agent with both systems open; every action stamps like the system does."""

    def __init__(
        self, kore: Kore, casemgr: Casemgr, now_ms: Callable[[str], int]
    ) -> None:
        self._kore = kore
        self._casemgr = casemgr
        self._now_ms = now_ms

    def act(self, command: dict[str, Any]) -> str:
        """Carry out {action, system, entity, id, changes}; return the record's id.

        Raises:
            ValueError, KeyError: the command names something that does not exist.
        """
        action = command.get("action", "edit")
        if action not in ACTIONS:
            raise ValueError(f"unknown action {action!r}")
        system, entity = str(command["system"]), str(command["entity"])
        changes = dict(command.get("changes") or {})
        if action == "create":
            return self.create(system, entity, **changes)
        record_id = str(command["id"])
        if action == "edit":
            self.edit(system, entity, record_id, **changes)
        elif action == "delete":
            self._shelf(system, entity).remove(record_id)
        else:
            self._move(action, system, entity, record_id)
        return record_id

    def edit(self, system: str, entity: str, record_id: str, **changes: object) -> None:
        """Assign attributes of a record (names as in its dataclass) and stamp it."""
        record = self._shelf(system, entity).records[record_id]
        known = {item.name for item in fields(record)}
        unknown = sorted(set(changes) - known)
        if unknown:
            raise ValueError(f"{entity} has no attribute {unknown[0]!r}")
        if system == "kore":
            _check_named(changes)
        for name, value in changes.items():
            setattr(record, name, _shaped(name, value))
        self._touch(system, record)

    def create(self, system: str, entity: str, **values: Any) -> str:  # noqa: ANN401
        """Make a record; see the methods below for the values of each kind."""
        makers: dict[tuple[str, str], Callable[..., str]] = {
            ("kore", "case"): self._kore_case,
            ("kore", "task"): self._kore_task,
            ("casemgr", "case"): self._case,
            ("casemgr", "activity"): self._activity,
            ("casemgr", "customer"): self._customer,
        }
        return makers[system, entity](**values)

    def close(self, system: str, record_id: str) -> None:
        """Close a case; in casemgr what is open in it gets completed."""
        self._move("close", system, "case", record_id)

    def complete(self, record_id: str) -> None:
        """Complete a casemgr activity; the last one closes its case."""
        self._move("complete", "casemgr", "activity", record_id)

    def _move(self, action: str, system: str, entity: str, record_id: str) -> None:
        record = self._shelf(system, entity).records[record_id]
        now = self._now_ms(system)
        if system == "kore":
            record.status = "Open" if action == "reopen" else "Closed"
            self._kore.store.touch(record, now)
            return
        store = self._casemgr.store
        if isinstance(record, Activity):
            store.complete(record, now, _AGENT)
            store.cascade(record.case_id, now, _AGENT)
        elif action == "reopen":
            store.reopen_case(record, now, _AGENT)
        else:
            for activity in store.open_activities(record.id):
                store.complete(activity, now, _AGENT)
            store.close_case(record, now, _AGENT)

    def _shelf(self, system: str, entity: str) -> Shelf[Any]:
        kore, casemgr = self._kore.store, self._casemgr.store
        shelves: dict[tuple[str, str], Shelf[Any]] = {
            ("kore", "case"): kore.case_shelf,
            ("kore", "task"): kore.task_shelf,
            ("casemgr", "case"): casemgr.case_shelf,
            ("casemgr", "activity"): casemgr.activity_shelf,
            ("casemgr", "customer"): casemgr.customer_shelf,
        }
        if (system, entity) not in shelves:
            raise ValueError(f"no {entity!r} in {system!r}")
        return shelves[system, entity]

    def _touch(self, system: str, record: Any) -> None:  # noqa: ANN401
        now = self._now_ms(system)
        if system == "kore":
            self._kore.store.touch(record, now)
        else:
            self._casemgr.store.touch(record, now, _AGENT)

    def _kore_case(self, *, name: str, template: str = "Billing", **rest: Any) -> str:  # noqa: ANN401
        known = {item.name: item for item in tenant.CASE_TEMPLATES}
        sent = rest.pop("user", {"name": "Walk-in"})
        case = self._kore.creator.add_case(
            known[template], name=name, desc=rest.pop("desc", None),
            user=self._kore.store.user(sent), source=rest.pop("source", "rtm"),
            due=rest.pop("due", None), now=self._now_ms("kore"),
        )  # fmt: skip
        self.edit("kore", "case", case.id, **rest)
        return case.id

    def _kore_task(self, *, case_id: str, name: str, **rest: Any) -> str:  # noqa: ANN401
        case = self._kore.cases[case_id]
        known = {item.name: item for item in tenant.TASK_TEMPLATES}
        body = {"name": name, "desc": rest.pop("desc", None),
                "source": rest.pop("source", "rtm")}  # fmt: skip
        task = self._kore.creator.add_task(
            case, known[rest.pop("template", "Follow-up")], body=body,
            user=self._kore.store.user(rest.pop("user", case.user)),
            now=self._now_ms("kore"),
        )  # fmt: skip
        self.edit("kore", "task", task.id, **rest)
        return task.id

    def _case(self, *, subject: str, department: str = "Service", **rest: Any) -> str:  # noqa: ANN401
        store, now = self._casemgr.store, self._now_ms("casemgr")
        case = Case(
            **store.stamps("case", now, _AGENT),  # type: ignore[arg-type]
            subject=subject,
            department=department,
            customer_id=rest.pop("customer_id", None),
        )
        store.case_shelf.add(case)
        self.edit("casemgr", "case", case.id, **rest)
        return case.id

    def _activity(self, *, case_id: str, kind: str = "email", **rest: Any) -> str:  # noqa: ANN401
        store, now = self._casemgr.store, self._now_ms("casemgr")
        case = self._casemgr.cases[case_id]
        if case.status == "closed":
            store.reopen_case(case, now, _AGENT)
        activity = Activity(
            **store.stamps("activity", now, _AGENT),  # type: ignore[arg-type]
            case_id=case_id,
            department=case.department,
            kind=kind,
            subtype=rest.pop("subtype", "general"),
            customer_id=rest.pop("customer_id", case.customer_id or ""),
            subject=rest.pop("subject", f"{kind} from the customer"),
            assignee=rest.pop("assignee", _AGENT),
        )
        store.activity_shelf.add(activity)
        self.edit("casemgr", "activity", activity.id, **rest)
        return activity.id

    def _customer(
        self, *, contact: dict[str, Any], department: str | None = None
    ) -> str:
        finder = Finder(self._casemgr.desk)
        read = read_contact(contact, self._casemgr.store, single=False)
        now = self._now_ms("casemgr")
        made: Customer = finder.add(read, department=department, now=now)
        return made.id


def _check_named(changes: dict[str, object]) -> None:
    known = {
        "status": {item.name for item in tenant.STATUSES},
        "priority": {item.name for item in tenant.PRIORITIES},
    }
    for name, names in known.items():
        if changes.get(name, next(iter(names))) not in names:
            raise ValueError(f"unknown {name} {changes[name]!r}")


def _shaped(name: str, value: object) -> object:
    """Return JSON values as the records hold them."""
    if name in _TUPLES and isinstance(value, list):
        return tuple(value)
    if name == "custom" and isinstance(value, dict):
        return {
            key: tuple(item) if isinstance(item, list | tuple) else (str(item),)
            for key, item in value.items()
        }
    return value
