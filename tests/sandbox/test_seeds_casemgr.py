"""What `--fill casemgr` gives: a tenant to be carried to an empty Kore."""

from typing import Any

import pytest

from caseferry.sandbox import TENANT, Sandbox
from sandbox.driver import World, world


@pytest.fixture(scope="module")
def filled() -> World:
    """Return a world with 120 casemgr cases and an empty Kore."""
    w = world()
    w.box.fill("casemgr", cases=120)
    return w


def tasks_of(w: World) -> list[Any]:
    return [a for a in w.box.casemgr.activities.values() if a.kind == "task"]


def test_kore_is_empty_and_configured(filled: World) -> None:
    """Kore holds nothing, and takes a case of each template at once."""
    kore = filled.box.kore
    assert not kore.cases
    assert not kore.tasks

    for template in TENANT.CASE_TEMPLATES:
        w = world()
        made = w.kore.case(caseTmp=template.id)
        assert made["caseTmp"] == template.name


def test_every_priority_and_severity(filled: World) -> None:
    """All values of both scales occur, on few cases already."""
    few = Sandbox()
    few.fill("casemgr", cases=20)
    for box in (few, filled.box):
        activities, cases = box.casemgr.activities, box.casemgr.cases
        assert {a.priority for a in activities.values()} == set("1234567")
        assert {c.severity for c in cases.values()} == {
            "urgent",
            "high",
            "medium",
            "low",
        }


def test_every_kind_of_end(filled: World) -> None:
    """Open and closed cases; tasks at work, done, in a queue and in a workflow."""
    assert {c.status for c in filled.box.casemgr.cases.values()} == {"open", "closed"}
    assert {task.status for task in tasks_of(filled)} == {
        "assigned",
        "awaiting_assignment",
        "completed",
        "in_workflow",
    }


def test_due_dates(filled: World) -> None:
    """None, passed, to come, and passed ones that an attribute keeps: on both."""
    for records in (list(filled.box.casemgr.cases.values()), tasks_of(filled)):
        dues = [record.due for record in records]
        now = filled.box.now_ms("casemgr")
        assert None in dues
        assert any(due is not None and due < now for due in dues)
        assert any(due is not None and due > now for due in dues)
        kept = [r for r in records if "orig_due" in r.custom]
        assert kept
        assert all(record.due is None for record in kept)


def test_contents(filled: World) -> None:
    """Plain text, HTML, and both; the HTML holds what must never be read."""
    kinds = {(t.text is not None, t.html is not None) for t in tasks_of(filled)}
    markup = "".join(task.html or "" for task in tasks_of(filled))

    assert kinds == {(True, False), (False, True), (True, True)}
    for part in ("<script>", "<style>", "&amp;", "<br", "<li>", "<td>"):
        assert part in markup


def test_subjects_of_every_plane(filled: World) -> None:
    """Characters of all planes that are in use, right-to-left, a case's own suffix."""
    cases = filled.box.casemgr.cases.values()
    text = "".join(case.subject for case in cases)

    planes = {ord(char) >> 16 for char in text}
    assert planes == {0, 1, 2, 3, 14, 15, 16}
    for part in ("ف", "ב", "\u2067", "\u202e", "[#1000]", "<script>", "\n"):
        assert part in text


def test_customers(filled: World) -> None:
    """Companies with several contacts, shared names, people whom nobody can reach."""
    customers = list(filled.box.casemgr.customers.values())
    used = {case.customer_id for case in filled.box.casemgr.cases.values()}
    names = [customer.name for customer in customers]

    companies = [c for c in customers if len(c.contacts) > 1]
    assert companies
    assert all(customer.kind == "corporate" for customer in companies)
    assert any(company.contacts[1].emails for company in companies)
    assert any(not company.contacts[1].emails for company in companies)
    assert len(names) > len(set(names))
    unreachable = [
        c for c in customers if not any(k.emails or k.phones for k in c.contacts)
    ]
    assert {customer.id for customer in unreachable} & used
    assert all("@" in m for c in customers for k in c.contacts for _, m in k.emails)


def test_whom_a_task_is_for(filled: World) -> None:
    """A company's task names either contact, or none; then none is shown."""
    casemgr = filled.box.casemgr
    companies = {c.id: c for c in casemgr.customers.values() if len(c.contacts) > 1}
    tasks = [task for task in tasks_of(filled) if task.customer_id in companies]
    ranks = {_rank(companies[task.customer_id], task.contact_id) for task in tasks}

    assert ranks == {None, 0, 1}
    for task in tasks:
        named = filled.casemgr.activity(task.id)["customer"]
        shown = named.get("contacts", {}).get("contact", [])
        assert [contact["id"] for contact in shown] == [
            name for name in (task.contact_id,) if name
        ]


def _rank(customer: Any, contact_id: str | None) -> int | None:
    ids = [contact.id for contact in customer.contacts]
    return None if contact_id is None else ids.index(contact_id)


def test_attributes_of_the_default_mapping(filled: World) -> None:
    """What the default mapping reads is there, and a key that somebody else wrote."""
    cases = filled.box.casemgr.cases.values()
    names = {name for case in cases for name in case.custom}
    on_tasks = {name for task in tasks_of(filled) for name in task.custom}

    assert names == {"region", "refund_amount", "kore_tags", "orig_due"}
    assert on_tasks == {"ext_key", "kore_tags", "orig_due"}
    assert {v for c in cases for v in c.custom.get("region", ())} == {
        "emea",
        "na",
        "apac",
    }


@pytest.mark.parametrize("count", [0, 3])
def test_tasks_of_a_template_come_later_by_themselves(count: int) -> None:
    """They appear after the delay, whoever looks, listed in their case."""
    w = world(kore__template_spawns_tasks=count, kore__template_delay_s=5)
    made = w.kore.case()
    assert made["taskIds"] == []
    w.clock.forward(4)
    assert w.kore.listed("getTasks") == []

    w.clock.forward(2)
    (case,) = w.kore.listed()
    rows = w.kore.listed("getTasks")

    assert len(rows) == count
    assert case["taskIds"] == [row["_id"] for row in rows]
    for row in rows:
        assert row["isCustTsk"] is False
        assert row["caseId"] == made["_id"]
        assert row["createdAt"] > made["createdAt"]
        assert row["status"]["name"] == "Open"
