"""Plain builders: a value with everything that a test does not care about."""

from dataclasses import replace
from typing import Any

from caseferry.model.correlation import Role, TenantPair
from caseferry.model.link import Base, Hold, HoldKind, Intent, Link, WriteKind
from caseferry.model.record import (
    Entity,
    Key,
    Record,
    Value,
    activity_key,
    case_key,
    kore_key,
)

AT = "2026-01-02T03:04:05.678Z"
PAIR = TenantPair(kore_account="a-1", kore_stream="st-1", casemgr_tenant="care")


def a_case(
    number: int = 1,
    *,
    done: bool = False,
    created: str = AT,
    version: str = "1",
    **fields: Value,
) -> Record:
    shown: dict[str, Value] = {
        "refId": f"CS{number:06d}",
        "createdAt": created,
        "statusCategory": "closed" if done else "open",
    }
    return Record(
        key=kore_key(f"ci-{number:04d}"),
        entity=Entity.CASE,
        parent=None,
        version=version,
        fields=shown | fields,
    )


def a_task(number: int = 1, case: int = 1, *, created: str = AT) -> Record:
    return Record(
        key=kore_key(f"ti-{number:04d}"),
        entity=Entity.TASK,
        parent=kore_key(f"ci-{case:04d}"),
        version="1",
        fields={"name": f"Task {number}", "createdAt": created},
    )


def an_activity(number: int = 1, **fields: Value) -> Record:
    return Record(
        key=activity_key(str(number)),
        entity=Entity.TASK,
        parent=case_key(str(number)),
        version="7",
        fields={"subject": "Broken", "status": "assigned"} | fields,
    )


def a_link(number: int = 1, role: Role = Role.TASK, **changes: Any) -> Link:
    kore = kore_key(f"{'ti' if role is Role.TASK else 'ci'}-{number:04d}")
    known = Link(
        role=role,
        kore=kore,
        casemgr=case_key(str(number))
        if role is Role.CASE
        else activity_key(f"{number}{role}"),
        kore_base=Base(fields={"name": "Ann", "tags": ("a", "b")}),
        casemgr_base=Base(fields={"subject": "Ann"}, absent=frozenset({"dueDate"})),
        source_print="f" * 32,
        mapping="m",
    )
    return replace(known, **changes)


def an_intent(number: int = 1, **changes: Any) -> Intent:
    known = Intent(
        kind=WriteKind.CREATE,
        role=Role.TASK,
        kore=kore_key(f"ti-{number:04d}"),
        casemgr=None,
        correlation=f"cf1.{PAIR.mark}.t.ti-{number:04d}.0",
        payload_print="p" * 32,
        department="Service",
        fields=("subject", "priority"),
        at=AT,
    )
    return replace(known, **changes)


def a_hold(key: Key, **changes: Any) -> Hold:
    known = Hold(key=key, kind=HoldKind.QUARANTINE, code="refused", reason="too long")
    return replace(known, **changes)
