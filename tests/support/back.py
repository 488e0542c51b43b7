"""Scenes of the way back: casemgr filled, Kore empty, and runs that are judged."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from caseferry.adapters.memory_store import MemoryStore
from caseferry.engine.migrate import Options
from caseferry.engine.tally import Tally
from caseferry.engine.to_kore.migrate import MigrationToKore
from caseferry.engine.to_kore.verify import verify_to_kore
from caseferry.engine.verdicts import Verified
from caseferry.sandbox import TENANT, Fault, Sandbox
from support.rig import Rig, VirtualClock

MARKER = re.compile(r"\[(cf1\.[0-9a-f]{8}\.([ct])\.(\d+)\.0)(?: due=[^\]]+)?\]")
SEVERITIES = {"urgent": "Critical", "high": "High", "medium": "Medium", "low": "Low"}
PRIORITIES = {
    "1": "Critical",
    "2": "High",
    "3": "High",
    "4": "Medium",
    "5": "Medium",
    "6": "Low",
    "7": "Low",
}
READ = frozenset({"Service", "Billing"})
IDS = {
    "status": {each.name: each.id for each in TENANT.STATUSES},
    "priority": {each.name: each.id for each in TENANT.PRIORITIES},
    "field": {each.name: each.id for each in TENANT.CUSTOM_FIELDS},
}
FAR_APART_S = 3600.0
WRITES = frozenset({"create_case", "create_task", "update_case", "update_task"})


class Back:
    """One sandbox filled on the casemgr side, one state, and the runs between them."""

    def __init__(
        self,
        *,
        cases: int = 6,
        seed: int = 11,
        readings: Mapping[str, str | float] | None = None,
    ) -> None:
        self.clock = VirtualClock()
        self.box = Sandbox(
            seed=seed, readings=readings or {}, clock=self.clock.sandbox_now
        )
        self.box.fill("casemgr", cases=cases)
        self.rig = Rig(box=self.box, clock=self.clock)
        self.rig.kore_options["ids"] = IDS
        self.rig.store = MemoryStore()

    def case(self, subject: str, **values: Any) -> str:
        """Let somebody open a case in casemgr; gives its id."""
        customers = self.box.casemgr.customers
        customer = self.box.human.create(
            "casemgr",
            "customer",
            contact={
                "firstName": "Liz",
                "email": [{"emailAddress": f"{len(customers)}.liz@example.com"}],
            },
        )
        given = {"customer_id": customer, **values}
        return self.box.human.create("casemgr", "case", subject=subject, **given)

    def task(self, case: str, subject: str, **values: Any) -> str:
        """Let somebody add a task activity to a casemgr case; gives its id."""
        given = {"kind": "task", "subtype": "general", "assignee": "1004", **values}
        return self.box.human.create(
            "casemgr", "activity", case_id=case, subject=subject, **given
        )

    def use_marker(self, marker: Literal["desc", "name"]) -> None:
        """Write the correlation key into descriptions, or into names."""
        self.rig.kore_options["marker"] = marker
        self.rig.settings = replace(self.rig.settings, marker=marker)

    def fault(self, kind: str, operation: str = "*", **more: Any) -> None:
        """Arm a fault of Kore."""
        system = more.pop("system", "kore")
        self.box.faults.add(
            Fault(system=system, operation=operation, kind=kind, **more)
        )

    def run(self, options: Options | None = None) -> Tally:
        """Migrate; the books of a whole run have to balance."""
        context = self.rig.context()
        context.run = self.rig.store.begin_run("migrate", "t", {"from": "casemgr"})
        migration = MigrationToKore(context, options or Options())
        migration.read()
        self.planned = migration.plan()
        tally = migration.carry_out()
        read = {"case": migration.extracted.cases, "task": migration.extracted.tasks}
        if options is None:
            assert tally.balances(read), (read, dict(tally.ends))
            assert self.planned.tally.balances(read), dict(self.planned.tally.ends)
        return tally

    def again(self) -> Tally:
        """Migrate after a while, when nothing is in the air any more."""
        self.clock.sleep(FAR_APART_S)
        return self.run()

    def verify(self) -> Verified:
        """Compare both sides anew."""
        context = self.rig.context()
        context.run = self.rig.store.begin_run("verify", "t", {})
        return verify_to_kore(context)

    def calls(self, *operations: str) -> int:
        """Count the calls of Kore's operations so far."""
        return sum(
            call.system == "kore" and call.operation in operations
            for call in self.box.log
        )

    def rests(self) -> bool:
        """Tell whether one more run writes nothing."""
        before = self.calls(*WRITES)
        self.again()
        return self.calls(*WRITES) == before

    def counterparts(self) -> dict[str, list[Any]]:
        """Give the Kore records that carry a marker, by role and casemgr id."""
        found: dict[str, list[Any]] = defaultdict(list)
        for record in (*self.box.kore.cases.values(), *self.box.kore.tasks.values()):
            tags = " ".join(f"[{tag[4:]}]" for tag in record.tags if tag[:4] == "ext:")
            texts = (record.desc or "", record.name, tags)
            matches = [m for text in texts for m in MARKER.finditer(text)]
            for name in {f"{match[2]}.{match[3]}" for match in matches}:
                found[name].append(record)
        return found

    def of(self, role: str, source: str) -> Any:
        """Give the one counterpart of a casemgr record: role `c` or `t`."""
        found = self.counterparts().get(f"{role}.{source}", [])
        assert len(found) == 1, f"{role}.{source} has {len(found)} counterparts"
        return found[0]

    def complaints(self, *, whole: bool = True) -> list[str]:
        """List everything that is wrong in Kore; empty is right.

        Args:
            whole: every source record has to be there; else only doubles and wrong
                values are complained of.
        """
        found = self.counterparts()
        wrong = [
            f"{key} is there {len(records)} times"
            for key, records in found.items()
            if len(records) > 1
        ]
        for case in self.box.casemgr.cases.values():
            if case.department in READ and not self.is_nobodys(case):
                wrong += self._case(found, case, whole=whole)
        return wrong

    def is_nobodys(self, case: Any) -> bool:
        """Tell whether nobody can be named: several contacts, none of them told."""
        customer = self.box.casemgr.customers.get(case.customer_id)
        return customer is not None and len(customer.contacts) > 1

    def _case(self, found: Any, case: Any, *, whole: bool) -> list[str]:
        records = found.get(f"c.{case.id}", [])
        tasks = [
            activity
            for activity in self.box.casemgr.activities.values()
            if activity.case_id == case.id and activity.kind == "task"
        ]
        if not records:
            return [f"case {case.id} is missing"] if whole else []
        target = records[0]
        wrong = []
        if target.priority != SEVERITIES[case.severity]:
            wrong.append(f"case {case.id}: {target.priority} of {case.severity}")
        name = MARKER.sub("", target.name).strip()
        if name != (case.subject or "").strip() and case.subject:
            wrong.append(f"case {case.id}: name {target.name!r} of {case.subject!r}")
        ended = target.status in ("Closed", "Resolved")
        if whole and ended != (case.status == "closed"):
            wrong.append(f"case {case.id}: {target.status} of {case.status}")
        if case.due is not None and target.due != case.due:
            wrong.append(f"case {case.id}: due {target.due} of {case.due}")
        for task in tasks:
            wrong += self._task(found, task, target, whole=whole)
        return wrong

    def _task(self, found: Any, task: Any, home: Any, *, whole: bool) -> list[str]:
        records = found.get(f"t.{task.id}", [])
        if not records:
            return [f"task {task.id} is missing"] if whole else []
        target = records[0]
        wrong = []
        if target.case_id != home.id:
            wrong.append(f"task {task.id} is in {target.case_id}")
        if target.priority != PRIORITIES[task.priority] and whole:
            wrong.append(f"task {task.id}: {target.priority} of {task.priority}")
        ended = target.status in ("Closed", "Resolved")
        if whole and ended != (task.status == "completed"):
            wrong.append(f"task {task.id}: {target.status} of {task.status}")
        return wrong
