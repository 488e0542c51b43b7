"""Seeded records: the same every time, and of every kind."""

import json

import pytest

from caseferry.sandbox import Request, Sandbox
from sandbox.driver import Tick, World, world


def state(seed: int = 1, system: str = "both", cases: int = 30) -> str:
    """Fill a sandbox and return everything in it."""
    box = Sandbox(seed=seed, clock=Tick())
    box.fill(system, cases=cases)
    return box.handle(Request.of("GET", "/_sandbox/state")).body.decode()


@pytest.fixture(scope="module")
def filled() -> World:
    """Return a world with 200 cases on both sides."""
    w = world()
    w.box.fill("both", cases=200)
    return w


def test_a_seed_fills_the_same_every_time() -> None:
    """Equal seeds and clocks give equal records, other seeds others."""
    assert state() == state()
    assert state() != state(seed=2)


def test_a_second_fill_adds_other_records() -> None:
    """Filling twice gives twice as many, ids and order continuing."""
    box = Sandbox(clock=Tick())
    box.fill("both", cases=20)
    box.fill("both", cases=20)
    created = [case.created for case in box.kore.cases.values()]

    assert len(box.kore.cases) == len(box.casemgr.cases) == 40
    assert created == sorted(created)
    mails = [
        m
        for c in box.casemgr.customers.values()
        for k in c.contacts
        for _, m in k.emails
    ]
    assert len(mails) == len({mail.lower() for mail in mails})


@pytest.mark.parametrize(("system", "sizes"), [("kore", (7, 0)), ("casemgr", (0, 7))])
def test_either_side_is_filled_alone(system: str, sizes: tuple[int, int]) -> None:
    """Fill names one system or both."""
    box = Sandbox()
    box.fill(system, cases=7)

    assert (len(box.kore.cases), len(box.casemgr.cases)) == sizes


def test_unknown_systems_are_refused() -> None:
    """Fill refuses a third system."""
    with pytest.raises(ValueError, match="valid: kore, casemgr, both"):
        Sandbox().fill("egain")


def test_kore_has_every_kind_of_case(filled: World) -> None:
    """The states that break clients all occur on the Kore side."""
    cases = list(filled.box.kore.cases.values())
    tasks = list(filled.box.kore.tasks.values())
    by_case = {case.id: [t for t in tasks if t.case_id == case.id] for case in cases}

    assert 1.5 < len(tasks) / len(cases) < 2.5
    assert any(not items for items in by_case.values())
    assert max(len(items) for items in by_case.values()) == 5
    assert any(
        c.status == "Closed" and any(t.status == "Open" for t in by_case[c.id])
        for c in cases
    )
    assert any(
        c.status == "Open"
        and by_case[c.id]
        and all(t.status == "Closed" for t in by_case[c.id])
        for c in cases
    )
    assert {c.status for c in cases} >= {"On Hold", "Waiting for parts", "Escalated"}
    assert {c.priority for c in cases} >= {"Low", "Critical", "Emergency"}
    assert any(not c.is_active for c in cases)
    assert any(c.due is None for c in cases)
    assert any(c.due is not None and c.due < 1768478400000 for c in cases)
    assert any(c.tags for c in cases)
    assert any(c.fields for c in cases)
    assert any(
        t.user["_id"] != filled.box.kore.cases[t.case_id].user["_id"] for t in tasks
    )
    assert all(set(c.task_ids) == {t.id for t in by_case[c.id]} for c in cases)


def test_kore_has_every_kind_of_person(filled: World) -> None:
    """Shared names, letter case, phone only, no contact: all occur."""
    users = {c.user["_id"]: c.user for c in filled.box.kore.cases.values()}.values()
    names = [user["name"] for user in users]
    mails = [user["emailId"] for user in users if "emailId" in user]

    assert len(names) > len(set(names))
    assert len(mails) == len(set(mails))
    assert any("phoneNumber" in u and "emailId" not in u for u in users)
    assert any("phoneNumber" not in u and "emailId" not in u for u in users)


def test_texts_are_of_every_plane(filled: World) -> None:
    """Astral characters, joiners, right-to-left, markup, controls, long titles."""
    cases = filled.box.kore.cases.values()
    text = "".join(f"{c.name} {c.desc} {c.user['name']}" for c in cases)

    assert any(ord(char) > 0xFFFF for char in text)
    for part in ("\u200d", "\u0301", "\u202e", "\u0001", "<script>", "\n", '"', "ב"):
        assert part in text
    assert max(len(c.name) for c in cases) >= 400


def test_casemgr_has_every_kind_of_record(filled: World) -> None:
    """Tasks beside e-mails and chats, queues, closed cases, odd customers."""
    casemgr = filled.box.casemgr
    activities = list(casemgr.activities.values())
    customers = list(casemgr.customers.values())

    assert {a.kind for a in activities} == {
        "task",
        "email",
        "chat",
        "calltrack",
        "social",
    }
    assert {a.status for a in activities} >= {
        "assigned",
        "awaiting_assignment",
        "completed",
    }
    assert {c.department for c in casemgr.cases.values()} == {
        "Service",
        "Billing",
        "Archive",
    }
    assert {c.status for c in casemgr.cases.values()} == {"open", "closed"}
    assert any(len(c.contacts) > 1 for c in customers)
    phones = [p.number for c in customers for k in c.contacts for p in k.phones]
    assert len(phones) > len(set(phones))
    assert any(not any(k.emails for k in c.contacts) for c in customers)
    assert any(a.custom for a in activities)
    closed = {c.id for c in casemgr.cases.values() if c.status == "closed"}
    assert not any(a.is_open for a in activities if a.case_id in closed)


def test_customers_overlap_partly(filled: World) -> None:
    """About 60 % of the addresses on the casemgr side are known to Kore."""
    users = [c.user for c in filled.box.kore.cases.values()]
    kore = {user["emailId"].lower() for user in users if "emailId" in user}
    casemgr = [
        mail.lower()
        for customer in filled.box.casemgr.customers.values()
        for contact in customer.contacts
        for _, mail in contact.emails
    ]
    known = sum(mail in kore for mail in casemgr)

    assert 0.4 < known / len(casemgr) < 0.8


def test_everything_can_be_read_by_api(filled: World) -> None:
    """Every seeded record renders as JSON and is reached by paging."""
    rows = filled.kore.listed(limit=100) + filled.kore.listed(limit=100, skip=100)
    hidden = sum(not c.is_active for c in filled.box.kore.cases.values())
    assert len(rows) == 200 - hidden
    json.dumps(rows)

    seen: set[str] = set()
    for department in ("Service", "Billing", "Archive"):
        for page in range(1, 20):
            params = {"$pagesize": "75", "$pagenum": str(page), "$attribute": "all"}
            status, body = filled.casemgr.call(
                "GET", "/activity", department=department, **params
            )
            if status == 204:
                break
            seen |= {row["id"] for row in body["activity"]}
    assert seen == set(filled.box.casemgr.activities)
