"""casemgr to Kore, and from there into a second, empty casemgr: what comes out."""

from dataclasses import replace
from typing import Any

import httpx

from caseferry.adapters.memory_store import MemoryStore
from caseferry.sandbox import Sandbox, SandboxTransport
from support.back import PRIORITIES, READ, Back
from support.rig import PAIR, Rig

MERGED = {"3": "2", "5": "4", "7": "6"}
"""Numbers that Kore has one name for: the rule `priority-merged`."""


class TwoTenants(httpx.BaseTransport):
    """Kore of one sandbox, casemgr of another."""

    def __init__(self, kore: Sandbox, casemgr: Sandbox, on_wait: Any) -> None:
        self._kore = SandboxTransport(kore, on_wait=on_wait)
        self._casemgr = SandboxTransport(casemgr, on_wait=on_wait)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        to_kore = request.url.path.startswith("/caseManagement")
        return (self._kore if to_kore else self._casemgr).handle_request(request)


def carried_on(first: Back) -> Sandbox:
    """Migrate the first sandbox's Kore into the casemgr of a second one."""
    second = Sandbox(seed=5, clock=first.clock.sandbox_now)
    rig = Rig(box=second, clock=first.clock)
    rig.store = MemoryStore()
    pair = replace(PAIR, casemgr_tenant="second")
    rig.settings = replace(rig.settings, pair=pair)
    rig.wrap = lambda _: TwoTenants(first.box, second, first.clock.sleep)
    tally = rig.migrate()
    assert tally.total("quarantine", "uncertain", "conflict") == 0
    return second


def by_kore_id(box: Sandbox, role: str) -> dict[str, Any]:
    """Give the second casemgr's records by the Kore record in their key."""
    shelf = box.casemgr.cases if role == "c" else box.casemgr.activities
    found = {}
    for record in shelf.values():
        for text in record.custom.get("ext_key", ()):
            name, source = text.split(".")[2:4]
            if name == role:
                assert source not in found
                found[source] = record
    return found


def test_the_second_casemgr_equals_the_first_but_for_named_losses() -> None:
    """Every carried field is what it was; what is not is named by a rule."""
    first = Back(cases=30)
    first.run()
    second = carried_on(first)
    cases, tasks = by_kore_id(second, "c"), by_kore_id(second, "t")
    now = second.now_ms("casemgr")
    compared = 0
    for case in first.box.casemgr.cases.values():
        if case.department not in READ or first.is_nobodys(case):
            continue
        twin = cases[first.of("c", case.id).id]
        compared += 1
        assert (twin.subject, twin.severity) == (case.subject, case.severity)
        assert twin.description == case.description
        assert twin.status == case.status
        assert_due(case, twin, now)
    for task in first.box.casemgr.activities.values():
        home = first.box.casemgr.cases[task.case_id]
        if task.kind != "task" or home.department not in READ:
            continue
        if first.is_nobodys(home):
            continue
        twin = tasks[first.of("t", task.id).id]
        assert twin.case_id == cases[first.of("c", task.case_id).id].id
        assert twin.subject == task.subject or not task.subject
        assert twin.priority == MERGED.get(task.priority, task.priority)
        assert PRIORITIES[twin.priority] == PRIORITIES[task.priority]
        assert (twin.status == "completed") == (task.status == "completed")
        assert_due(task, twin, now)
    assert compared > 10
    assert "cf1." not in "".join(c.description + c.subject for c in cases.values())


def assert_due(record: Any, twin: Any, now: int) -> None:
    """Compare due dates: one that passed stays as `orig_due`, none stays none."""
    if record.due is None:
        kept = record.custom.get("orig_due")
        assert (twin.due, twin.custom.get("orig_due")) == (None, kept)
    elif record.due > now + 600_000:
        assert twin.due == record.due
    else:
        assert twin.due is None
        assert twin.custom["orig_due"]
