"""Plain values for decisions: mapped records, links, target records, views, plans.

A world is built from what both sides agreed on (`carried`), then one side is changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

from caseferry.errors import Problem
from caseferry.model.action import Action, CustomerDraft, GroupPlan, Loss
from caseferry.model.correlation import Role
from caseferry.model.link import Hold, HoldKind, Link
from caseferry.model.mapped import (
    CustomerWish,
    MappedField,
    MappedGroup,
    MappedRecord,
    Owner,
    WriteOnce,
)
from caseferry.model.record import (
    Entity,
    Key,
    Record,
    Value,
    activity_key,
    case_key,
    kore_key,
    record_fingerprint,
)
from caseferry.reconcile.merge import agree
from caseferry.reconcile.view import CustomerChoice, GroupView

CASE = kore_key("ci-1")
HOME = case_key("1001")
DIGEST = "mapping-1"
NOW = "2026-05-01T12:00:00.000Z"
FUTURE = "2026-06-01T09:30:00.000Z"
PAST = "2026-04-01T09:30:00.000Z"
KEY_FIELD = "custom.ext_key"
LIZ = CustomerChoice(
    draft=CustomerDraft(attribute="email.emailAddress", value="liz@example.com"),
    outcome="matched",
)
NOBODY = CustomerChoice(code="no-contact", reason="names no contact")
EVERY_OPENER = frozenset({"no-tasks", "all-tasks-completed", "reopened"})
WISH = CustomerWish(
    attempts=(), none_found="create", no_contact="quarantine", placeholder=""
)
REOPENED = Literal["opener", "report", "conflict"]

Pair = tuple[Link, Record | None]
"""A link, and its target record as read now; None where casemgr does not show it."""


def a_field(
    name: str = "priority",
    value: Value | None = "4",
    *,
    source: Value | None = None,
    owner: Owner = "ask",
    write_once: WriteOnce | None = None,
    also: tuple[Value, ...] = (),
) -> MappedField:
    """Make a field whose source says what it should hold, unless told otherwise."""
    return MappedField(
        kore=name.removeprefix("custom."),
        casemgr=name,
        source=value if source is None else source,
        value=value,
        also=also,
        owner=owner,
        write_once=write_once,
    )


def a_case(
    *fields: MappedField,
    finished: bool | None = False,
    active: bool = True,
    problems: tuple[Problem, ...] = (),
    losses: tuple[Loss, ...] = (),
) -> MappedRecord:
    """Make the case; without fields it has a severity."""
    return _mapped(
        CASE,
        None,
        fields or (a_field("severity", "high"),),
        finished=finished,
        active=active,
        problems=problems,
        losses=losses,
    )


def a_task(
    number: int = 1,
    *fields: MappedField,
    finished: bool | None = False,
    active: bool = True,
    problems: tuple[Problem, ...] = (),
    losses: tuple[Loss, ...] = (),
) -> MappedRecord:
    """Make a task of the case; without fields it has a priority."""
    return _mapped(
        task_key(number),
        CASE,
        fields or (a_field("priority", "4"),),
        finished=finished,
        active=active,
        problems=problems,
        losses=losses,
    )


def task_key(number: int) -> Key:
    """Name a task."""
    return kore_key(f"ti-{number}")


def an_opener() -> MappedRecord:
    """Make the opener that the case may get."""
    return replace(a_case(a_field("subject", "CS000100")), subtype="general")


def _mapped(
    key: Key,
    parent: Key | None,
    fields: tuple[MappedField, ...],
    *,
    finished: bool | None,
    active: bool,
    problems: tuple[Problem, ...],
    losses: tuple[Loss, ...],
) -> MappedRecord:
    raw: dict[str, Value] = {f.kore: f.source for f in fields if f.source is not None}
    raw |= {"status": str(finished)} | ({} if active else {"isActive": "false"})
    entity = Entity.CASE if parent is None else Entity.TASK
    return MappedRecord(
        record=Record(key=key, entity=entity, parent=parent, version="1", fields=raw),
        fields=fields,
        finished=finished,
        problems=problems,
        losses=losses,
        department="Service",
        subtype="general",
        assignee="svc_care",
    )


def a_group(
    case: MappedRecord,
    *tasks: MappedRecord,
    opener_when: frozenset[str] = EVERY_OPENER,
    reopened: REOPENED = "opener",
    mapping: str = DIGEST,
) -> MappedGroup:
    """Make a mapped group."""
    return MappedGroup(
        case=case,
        tasks=tasks,
        opener=replace(an_opener(), finished=case.finished),
        opener_when=opener_when,
        reopened=reopened,
        customer=WISH,
        stays_behind={"kore.attachments": 1},
        mapping=mapping,
    )


def a_view(
    case: MappedRecord,
    *tasks: MappedRecord,
    pairs: Iterable[Pair] = (),
    strangers: Iterable[Record] = (),
    customer: CustomerChoice = LIZ,
    holds: Iterable[Hold] = (),
    in_doubt: Iterable[tuple[Role, Key]] = (),
    listed: bool = False,
    proved_empty: bool = False,
    ghosts: tuple[Link, ...] = (),
    **group: Any,
) -> GroupView:
    """Make a view: sources, links with their targets, and what stands in the way."""
    known = list(pairs)
    targets = {target.key: target for _, target in known if target is not None}
    targets |= {record.key: record for record in strangers}
    return GroupView(
        group=a_group(case, *tasks, **group),
        now=NOW,
        pair="0123abcd",
        case_key_field=KEY_FIELD,
        customer=customer,
        links=tuple(link for link, _ in known),
        targets=targets,
        listed=listed,
        proved_empty=proved_empty,
        ghosts=ghosts,
        holds={hold.key: hold for hold in holds},
        in_doubt=frozenset(in_doubt),
        prints={m.record.key: record_fingerprint(m.record) for m in (case, *tasks)},
    )


def a_hold(key: Key, kind: HoldKind, code: str = "held") -> Hold:
    """Make a hold that still stands."""
    return Hold(key=key, kind=kind, code=code, reason="for a reason")


def a_link(
    role: Role = Role.TASK,
    kore: Key | None = None,
    casemgr: Key | None = None,
    **values: Any,
) -> Link:
    """Make a bare link whose creation is not finished."""
    key = kore or (task_key(1) if role is Role.TASK else CASE)
    here = casemgr or (HOME if role is Role.CASE else activity_key("2001"))
    return Link(role=role, kore=key, casemgr=here, **values)


def home(
    agreed: MappedRecord | None = None, *, status: str = "open", **changed: Any
) -> Pair:
    """Give the carried case: what both agreed on, then what casemgr changed since.

    `__` in a name is a dot; None empties a field; `now` is the status it has now.
    """
    case = agreed or a_case()
    key = a_field(KEY_FIELD, f"cf1.0123abcd.c.{CASE[5:]}.0", owner="kore")
    keyed = replace(case, fields=(*case.fields, key))
    return carried(keyed, a_link(Role.CASE), status=status, **changed)


def carried(
    agreed: MappedRecord,
    link: Link | None = None,
    *,
    status: str = "assigned",
    digest: str = DIGEST,
    **changed: Value | None,
) -> Pair:
    """Give a carried record: what both agreed on, then what casemgr changed since."""
    number = agreed.record.key.rpartition("-")[2]
    link = link or a_link(
        Role.TASK, agreed.record.key, activity_key(f"200{number}"), mapping=digest
    )
    parent = None if link.role is Role.CASE else HOME
    fields: dict[str, Value] = {
        f.casemgr: f.value for f in agreed.fields if f.value is not None
    }
    fields["status"] = status
    target = a_target(link.casemgr, parent, fields)
    link = agree(agreed, link, target, digest=digest, source_print="print")
    return link, edited(target, **changed)


def a_target(key: Key, parent: Key | None, fields: Mapping[str, Value]) -> Record:
    """Make a target record."""
    entity = Entity.CASE if parent is None else Entity.TASK
    return Record(key=key, entity=entity, parent=parent, version="9", fields=fields)


def edited(target: Record, **changed: Value | None) -> Record:
    """Change a target record; `now` is its status."""
    fields: dict[str, Value] = dict(target.fields)
    for name, value in changed.items():
        spelled = "status" if name == "now" else name.replace("__", ".")
        fields.pop(spelled, None)
        if value is not None:
            fields[spelled] = value
    return replace(target, fields=fields)


def an_opener_pair(*, status: str = "assigned", generation: int = 0) -> Pair:
    """Give an opener that was carried."""
    link = a_link(
        Role.OPENER, CASE, activity_key(f"300{generation}"), generation=generation
    )
    return carried(an_opener(), link, status=status)


def a_mail(*, status: str = "assigned") -> Record:
    """Make an activity in the case that is not ours."""
    return a_target(activity_key("4001"), HOME, {"status": status, "type": "email"})


# reading plans ------------------------------------------------------------------------

_NAMES = {Role.CASE: "case", Role.TASK: "task", Role.OPENER: "opener", Role.NOTE: "?"}


def told(plan: GroupPlan) -> list[str]:
    """Spell a plan for comparison: `task create new @1`; @ only where it is sent."""
    return [_told(action) for action in plan.actions]


def _told(action: Action) -> str:
    stage = f"@{int(action.stage)}" if action.stage is not None else ""
    number = action.key.rpartition("-")[2] if action.role is Role.TASK else ""
    words = (f"{_NAMES[action.role]}{number}", str(action.kind), action.code, stage)
    return " ".join(word for word in words if word)
