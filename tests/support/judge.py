"""A judge apart from the engine: it reads both systems and says what is wrong.

It shares no code with mapping, planner or verification. It knows the default mapping as
an administrator would write it down on paper.
"""

import re
import unicodedata
from collections import defaultdict
from typing import Any

from caseferry.sandbox import Sandbox

PRIORITIES = {
    "Emergency": {"1"},
    "Critical": {"1"},
    "High": {"2", "3"},
    "Medium": {"4", "5"},
    "Low": {"6", "7"},
}
SEVERITIES = {
    "Emergency": "urgent",
    "Critical": "urgent",
    "High": "high",
    "Medium": "medium",
    "Low": "low",
}
ENDED = {"Resolved", "Closed"}
REGIONS = {"EMEA": "emea", "N. America": "na", "APAC": "apac"}


def counterparts(box: Sandbox) -> dict[str, list[Any]]:
    """Give the activities and cases that carry a key, by role and source id."""
    found: dict[str, list[Any]] = defaultdict(list)
    records: list[Any] = [*box.casemgr.activities.values()]
    records += box.casemgr.cases.values()
    for record in records:
        for text in record.custom.get("ext_key", ()):
            role, source = text.split(".")[2:4]
            found[f"{role}.{source}"].append(record)
    return found


def complaints(box: Sandbox, *, whole: bool = True) -> list[str]:
    """List everything that is wrong on the target; empty is right.

    Args:
        box: both systems.
        whole: every source record has to be there; else only doubles and wrong values
            are complained of.
    """
    found = counterparts(box)
    wrong = [
        f"{key} is there {len(records)} times"
        for key, records in found.items()
        if len(records) > 1
    ]
    wrong += _strangers(box)
    for case in box.kore.cases.values():
        if not case.is_active:
            continue
        tasks = [
            box.kore.tasks[task_id]
            for task_id in case.task_ids
            if box.kore.tasks[task_id].is_active
        ]
        wrong += _case(box, found, case, whole=whole)
        for task in tasks:
            wrong += _task(box, found, case, task, whole=whole)
    return wrong


def _strangers(box: Sandbox) -> list[str]:
    """Complain of cases that hold the activities of two sources, or of none."""
    sources: dict[str, set[str]] = defaultdict(set)
    for activity in box.casemgr.activities.values():
        for text in activity.custom.get("ext_key", ()):
            role, source = text.split(".")[2:4]
            case = source if role == "o" else box.kore.tasks[source].case_id
            sources[activity.case_id].add(case)
    homes: dict[str, set[str]] = defaultdict(set)
    for target, cases in sources.items():
        for case in cases:
            homes[case].add(target)
    wrong = [f"case {k} holds {sorted(v)}" for k, v in sources.items() if len(v) > 1]
    wrong += [f"{k} is spread over {sorted(v)}" for k, v in homes.items() if len(v) > 1]
    return wrong + _same_customers(box)


def _same_customers(box: Sandbox) -> list[str]:
    emails: dict[str, list[str]] = defaultdict(list)
    for customer in box.casemgr.customers.values():
        for contact in customer.contacts:
            for _, address in contact.emails:
                emails[address.lower()].append(customer.id)
    return [f"{k} is {len(v)} customers" for k, v in emails.items() if len(v) > 1]


def _case(box: Sandbox, found: Any, case: Any, *, whole: bool) -> list[str]:
    records = found.get(f"c.{case.id}", [])
    if not records:
        return [f"case {case.id} is missing"] if whole else []
    target = records[0]
    wrong = []
    if target.severity != SEVERITIES[case.priority]:
        wrong.append(f"case {case.id}: severity {target.severity} of {case.priority}")
    if _plain(case.name) and len(case.name) <= 1000 and target.subject != case.name:
        wrong.append(f"case {case.id}: subject {target.subject!r} of {case.name!r}")
    if target.custom.get("kore_ref") != (case.ref_id,):
        wrong.append(f"case {case.id}: reference {target.custom.get('kore_ref')}")
    region = REGIONS.get(str(case.fields.get("Region")))
    if region is not None and target.custom.get("region") != (region,):
        wrong.append(f"case {case.id}: region {target.custom.get('region')}")
    return wrong + (_case_end(box, case, target) if whole else [])


def _case_end(box: Sandbox, case: Any, target: Any) -> list[str]:
    wrong = []
    if (target.status == "closed") != _is_ended(case):
        wrong.append(f"case {case.id}: {target.status} of {case.status}")
    now = box.now_ms("casemgr")
    if case.due is not None and case.due > now + 600_000 and target.due != case.due:
        wrong.append(f"case {case.id}: due {target.due} of {case.due}")
    return wrong


def _task(box: Sandbox, found: Any, case: Any, task: Any, *, whole: bool) -> list[str]:
    records = found.get(f"t.{task.id}", [])
    if not records:
        return [f"task {task.id} is missing"] if whole else []
    target = records[0]
    wrong = []
    if target.priority not in PRIORITIES[task.priority]:
        wrong.append(f"task {task.id}: priority {target.priority} of {task.priority}")
    if _plain(task.name) and len(task.name) <= 240 and target.subject != task.name:
        wrong.append(f"task {task.id}: subject {target.subject!r} of {task.name!r}")
    if task.desc and _plain(task.desc) and target.text != task.desc:
        wrong.append(f"task {task.id}: content {target.text!r} of {task.desc!r}")
    ended = _is_ended(task) or _is_ended(case)
    if whole and (target.status == "completed") != ended:
        wrong.append(f"task {task.id}: {target.status} of {task.status}")
    return wrong + _customer(box, case, target)


def _customer(box: Sandbox, case: Any, target: Any) -> list[str]:
    email = case.user.get("emailId")
    customer = box.casemgr.customers[target.customer_id]
    known = {a.lower() for c in customer.contacts for _, a in c.emails}
    if email and email.lower() not in known:
        return [f"activity {target.id}: customer {known} of {email}"]
    return []


def _is_ended(record: Any) -> bool:
    return record.status in ENDED


def _plain(text: str) -> bool:
    """Tell whether a text is carried to the letter: nothing to clean or to cut."""
    if not text.strip() or text != text.strip() or re.search(r" \[#\d+\]$", text):
        return False
    return not any(
        unicodedata.category(c) in ("Cc", "Cs", "Cf") and c != "\n" for c in text
    )
