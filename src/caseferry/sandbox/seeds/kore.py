"""Kore records: about twenty tasks per ten cases, every state that occurs."""

from random import Random
from typing import Any, Final

from caseferry.sandbox import tenant
from caseferry.sandbox.kore.records import KoreCase, KoreTask
from caseferry.sandbox.kore.store import KoreStore
from caseferry.sandbox.seeds.people import Person
from caseferry.sandbox.seeds.texts import description, task_title, title

_DAY_MS: Final = 86_400_000
_SPAN_MS: Final = 180 * _DAY_MS
_STATUSES: Final = ("Open", "Open", "Open", "In Progress", "In Progress", "On Hold",
                    "Resolved", "Closed", "Waiting for parts", "Escalated")  # fmt: skip
_PRIORITIES: Final = ("Low", "Medium", "Medium", "Medium", "High", "High", "Critical",
                      "Emergency")  # fmt: skip
_TAGS: Final = ("vip", "billing", "refund 2024", "a,b;c", "größe", "重要", "🔥")
_TASK_COUNTS: Final = (0, 0, 1, 2, 2, 2, 3, 3, 4, 5)
_SOURCES: Final = ("rtm", "rtm", "emailInst-5a4db0c5-1111-5222-8333-0000000000ee")
_DONE: Final = ("Resolved", "Closed")


class KoreSeeds:
    """Fills one store."""

    def __init__(
        self, store: KoreStore, rng: Random, people: list[Person], now_ms: int
    ) -> None:
        self._store = store
        self._rng = rng
        self._people = people
        self._now = now_ms

    def fill(self, count: int) -> None:
        """Add cases, then their tasks, both in order of creation."""
        first = self._now - _SPAN_MS
        for case in self._store.case_shelf:
            first = max(first, case.created + 1)
        last = max(first, self._now - 60_000)
        times = sorted(self._rng.randint(first, last) for _ in range(count))
        cases = [self._case(n, created) for n, created in enumerate(times)]
        planned = [
            (self._rng.randint(case.created, max(case.created, last)), n, i, case)
            for n, case in enumerate(cases)
            for i in range(self._rng.choice(_TASK_COUNTS))
        ]
        planned.sort(key=lambda entry: entry[:3])
        children: dict[str, list[str]] = {}
        for created, n, i, case in planned:
            task = self._task(n, i, case, created)
            children.setdefault(case.id, []).append(task.id)
        for case_id, ids in children.items():
            self._store.case_shelf.records[case_id].task_ids = tuple(ids)

    def _case(self, n: int, created: int) -> KoreCase:
        rng = self._rng
        person = self._people[n % len(self._people)]
        number = self._store.new_number("CS")
        due = self._due(created)
        status = rng.choice(_STATUSES)
        if n % 10 == 3:
            status = "Closed"  # with open tasks
        elif n % 10 == 4:
            status = "Open"  # with all tasks completed
        case = KoreCase(
            id=self._store.new_id("ci"),
            number=number,
            ref_id=f"CS{number:06d}",
            template=rng.choice(tenant.CASE_TEMPLATES).name,
            name=title(rng, n),
            desc=description(rng) if n % 7 else None,
            user=dict(self._store.user(_sent(person))),
            source=rng.choice(_SOURCES),
            due=due,
            status=status,
            priority=rng.choice(_PRIORITIES),
            tags=tuple(rng.sample(_TAGS, rng.choice((0, 0, 1, 2)))),
            fields=self._fields(),
            is_active=n % 25 != 17,
            is_breached=due is not None and due < self._now and status not in _DONE,
            **self._stamps(created),
            **self._assignment(),
        )
        return self._store.case_shelf.add(case)

    def _task(self, n: int, i: int, case: KoreCase, created: int) -> KoreTask:
        rng = self._rng
        number = self._store.new_number("TS")
        status = rng.choice(_STATUSES)
        if n % 10 == 3 and i == 0:
            status = "Open"
        elif n % 10 == 4:
            status = "Closed"
        user = case.user
        if i % 3 == 2:  # somebody else asks
            other = self._people[(n + 1) % len(self._people)]
            user = self._store.user(_sent(other))
        task = KoreTask(
            id=self._store.new_id("ti"),
            number=number,
            ref_id=f"TS{number:06d}",
            case_id=case.id,
            case_ref_id=case.ref_id,
            template=rng.choice(tenant.TASK_TEMPLATES).name,
            name=task_title(rng, number),
            desc=description(rng) if number % 4 else None,
            user={"_id": user["_id"], "name": user["name"]},
            source="rtm",
            due=self._due(created),
            status=status,
            priority=rng.choice(_PRIORITIES),
            tags=tuple(rng.sample(_TAGS, rng.choice((0, 0, 0, 1)))),
            is_active=number % 40 != 19,
            **self._stamps(created),
            **self._assignment(),
        )
        return self._store.task_shelf.add(task)

    def _stamps(self, created: int) -> dict[str, Any]:
        updated = created
        if self._rng.random() < 0.7:
            updated = self._rng.randint(created, max(created, self._now - 1000))
        return {
            "created": created,
            "updated": updated,
            "received": created - self._rng.randint(12, 104),
            "visible_at": created,
            "created_by": dict(tenant.KORE_API_USER),
            "updated_by": dict(tenant.KORE_API_USER),
        }

    def _assignment(self) -> dict[str, Any]:
        kind = self._rng.choice(("unassigned", "agent", "agent", "queues"))
        agent = self._rng.choice(tenant.AGENTS)
        return {
            "assignee_type": kind,
            "agent_id": agent.id if kind == "agent" else None,
        }

    def _due(self, created: int) -> int | None:
        draw = self._rng.random()
        if draw < 0.25:
            return None
        if draw < 0.6:
            return created + self._rng.randint(1, 20) * _DAY_MS
        return self._now + self._rng.randint(1, 60) * _DAY_MS + 123

    def _fields(self) -> dict[str, Any]:
        region, amount = tenant.CUSTOM_FIELDS
        values: dict[str, Any] = {}
        if self._rng.random() < 0.6:
            values[region.name] = self._rng.choice(region.options)
        if self._rng.random() < 0.3:
            values[amount.name] = self._rng.choice((0, 12.5, 199.99, 1000, 0.1))
        return values


def _sent(person: Person) -> dict[str, str]:
    sent = {"name": person.name}
    if person.email:
        sent["emailId"] = person.email
    if person.phone:
        sent["phoneNumber"] = person.phone
    return sent
