"""casemgr records: tasks beside e-mails and chats, closed cases, queues, customers."""

from random import Random
from typing import Any, Final

from caseferry.sandbox import tenant
from caseferry.sandbox.casemgr.records import Activity, Case, Contact, Customer, Phone
from caseferry.sandbox.casemgr.store import CasemgrStore
from caseferry.sandbox.seeds.people import Person
from caseferry.sandbox.seeds.texts import (
    description,
    markup,
    plane_title,
    task_title,
)
from caseferry.sandbox.times import iso

_DAY_MS: Final = 86_400_000
_SPAN_MS: Final = 180 * _DAY_MS
_KINDS: Final = ("task", "task", "task", "email", "email", "chat", "calltrack",
                 "social")  # fmt: skip
_COUNTS: Final = (1, 1, 2, 2, 3, 4)
_DEPARTMENTS: Final = ("Service", "Service", "Service", "Billing", "Billing", "Archive")
_SHARED_PHONE: Final = "4085550100"
_SUBJECT: Final = 255
_SEVERITIES: Final = ("urgent", "high", "medium", "medium", "low")


class CasemgrSeeds:
    """Fills one store."""

    def __init__(
        self, store: CasemgrStore, rng: Random, people: list[Person], now_ms: int
    ) -> None:
        self._store = store
        self._rng = rng
        self._people = people
        self._now = now_ms
        self._first = now_ms - _SPAN_MS
        self._last = now_ms - 60_000

    def fill(self, count: int) -> None:
        """Add customers, cases, and activities in order of creation."""
        for shelf in (self._store.case_shelf, self._store.activity_shelf):
            for record in shelf:
                self._first = max(self._first, record.created + 1)
        self._last = max(self._first, self._last)
        customers = [self._customer(n, p) for n, p in enumerate(self._people)]
        times = sorted(self._rng.randint(self._first, self._last) for _ in range(count))
        planned: list[tuple[int, int, int, Case]] = []
        for n, created in enumerate(times):
            case = self._case(n, created, customers[n % len(customers)])
            planned.append((created, n, 0, case))
            planned.extend(
                (self._rng.randint(created, self._last), n, i, case)
                for i in range(1, self._rng.choice(_COUNTS))
            )
        planned.sort(key=lambda entry: entry[:3])
        for created, n, i, case in planned:
            self._activity(n, i, case, created)

    def _customer(self, n: int, person: Person) -> Customer:
        contacts = [self._contact(n, person)]
        if n % 6 == 4:
            own = n % 12 == 4 and person.email
            email = f"assistant.{n}.{person.email}" if own else ""
            second = Person(person.first, "Assistant", email, "")
            contacts.append(self._contact(n + 1, second))
        several = len(contacts) > 1
        return self._store.customer_shelf.add(
            Customer(
                **self._stamps("customer", self._first),
                kind="corporate" if several else "individual",
                name=f"{person.last} & Co" if several else person.name,
                contacts=tuple(contacts),
                department=None,
            )
        )

    def _contact(self, n: int, person: Person) -> Contact:
        phones: list[Phone] = []
        if person.phone:
            phones.append(self._phone("home", person.phone))
        if n % 5 == 2:
            phones.append(self._phone("office", _SHARED_PHONE))
        emails: tuple[tuple[str, str], ...] = ()
        if person.email and not self._store.customers_by.get(
            ("email", person.email.lower())
        ):
            emails = ((self._number("point"), person.email),)
        return Contact(
            id=self._number("contact"),
            first_name=person.first,
            last_name=person.last,
            emails=emails,
            phones=tuple(phones),
        )

    def _phone(self, kind: str, number: str) -> Phone:
        return Phone(self._number("point"), kind, number)

    def _case(self, n: int, created: int, customer: Customer) -> Case:
        rng = self._rng
        closed = n % 4 == 1
        due = self._due(created)
        case = Case(
            **self._stamps("case", created),
            department=rng.choice(_DEPARTMENTS),
            subject=plane_title(rng, n).strip(),
            customer_id=customer.id,
            status="closed" if closed else "open",
            severity=_SEVERITIES[n % len(_SEVERITIES)],
            description=description(rng)[:1000],
            due=due,
            owner=rng.choice(tenant.USERS).id if n % 5 else None,
            last_closed=self._now - 30_000 if closed else None,
            custom=self._case_attributes(n) | self._kept_due(n, created, due),
        )
        return self._store.case_shelf.add(case)

    def _case_attributes(self, n: int) -> dict[str, tuple[str, ...]]:
        custom: dict[str, tuple[str, ...]] = {}
        if n % 2:
            custom["region"] = (self._rng.choice(tenant.CASE_ATTRIBUTES["region"]),)
        if n % 7 == 0:
            custom["refund_amount"] = (str(self._rng.randint(1, 500)),)
        if n % 8 == 3:
            custom["kore_tags"] = ("vip", "größe", "重要")
        return custom

    def _kept_due(
        self, n: int, created: int, due: int | None
    ) -> dict[str, tuple[str, ...]]:
        """Give the due date that had passed when a record came into casemgr."""
        kept = n % 3 == 2 and due is None
        return {"orig_due": (iso(created - 3 * _DAY_MS),)} if kept else {}

    def _activity(self, n: int, i: int, case: Case, created: int) -> Activity:
        rng = self._rng
        kind = "task" if i == 0 and n % 3 else rng.choice(_KINDS)
        is_task = kind == "task"
        text = None if is_task and (n + i) % 4 == 3 else description(rng) or "No text."
        due = self._due(created) if is_task else None
        subtype = rng.choice(tenant.TASK_SUBTYPES) if is_task else "general"
        activity = Activity(
            **self._stamps("activity", created),
            case_id=case.id,
            department=case.department,
            kind=kind,
            subtype=subtype,
            customer_id=case.customer_id or "",
            contact_id=self._contact_of(n, case),
            subject=task_title(rng, n + i)[:_SUBJECT],
            mode="inbound" if kind != "social" else "outbound",
            priority=str((3 * n + i) % 7 + 1),
            due=due,
            text=text,
            html=self._html(n + i, kind, text),
            custom=self._activity_attributes(n, i) | self._kept_due(n, created, due),
            classified=bool(rng.randrange(2)),
            **self._state(case, kind, i),
        )
        return self._store.activity_shelf.add(activity)

    def _html(self, n: int, kind: str, text: str | None) -> str | None:
        """Give the HTML beside a text, or alone where there is none."""
        if text is None or (kind == "task" and n % 5 == 1):
            return markup(n // 4)
        return f"<p>{text}</p>" if kind == "email" else None

    def _contact_of(self, n: int, case: Case) -> str | None:
        """Give whom an activity is for: of several contacts one, or nobody says."""
        customer = self._store.customer_shelf.records[case.customer_id or ""]
        contacts = customer.contacts
        if len(contacts) == 1:
            return contacts[0].id if n % 3 else None
        return contacts[n // 6 % 2].id if n // 6 % 3 else None

    def _activity_attributes(self, n: int, i: int) -> dict[str, tuple[str, ...]]:
        custom: dict[str, tuple[str, ...]] = {}
        if (n + i) % 9 == 5:
            custom["ext_key"] = (f"legacy-{n}-{i}",)
        if (n + i) % 11 == 6:
            custom["kore_tags"] = ("vip", "from mail")
        return custom

    def _state(self, case: Case, kind: str, i: int) -> dict[str, Any]:
        user = self._rng.choice(tenant.USERS).id
        if case.status == "closed" or (i > 0 and self._rng.random() < 0.3):
            return {"status": "completed", "substatus": "done", "assignee": user}
        draw = self._rng.random()
        if draw < 0.15:
            return {
                "status": "awaiting_assignment",
                "substatus": "ready_for_assignment",
                "assignee": None,
                "queue": f"{case.department} queue",
            }
        if draw < 0.2 and kind in ("email", "task"):
            substatus = "ready_for_inbound_workflow"
            return {"status": "in_workflow", "substatus": substatus, "assignee": None}
        return {"status": "assigned", "substatus": "in_progress", "assignee": user}

    def _stamps(self, kind: str, created: int) -> dict[str, Any]:
        user = self._rng.choice(tenant.USERS).id
        values: dict[str, Any] = dict(self._store.stamps(kind, created, user))
        modified = self._rng.randint(created, max(created, self._now - 1000))
        if self._rng.random() < 0.3:
            modified = created
        values |= {"modified": modified, "changed_at": created, "visible_at": created}
        return values

    def _due(self, created: int) -> int | None:
        draw = self._rng.random()
        if draw < 0.4:
            return None
        if draw < 0.6:
            return created + self._rng.randint(1, 20) * _DAY_MS
        return self._now + self._rng.randint(1, 60) * _DAY_MS

    def _number(self, kind: str) -> str:
        return str(self._store.new_number(kind))
