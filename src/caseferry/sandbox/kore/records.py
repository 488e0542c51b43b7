"""Kore cases and tasks as stored; their wire shape is in render.py."""

from dataclasses import dataclass, field
from typing import Any

from caseferry.sandbox.shelf import Tracked


@dataclass(slots=True, kw_only=True, eq=False)
class KoreRecord(Tracked):
    """What cases and tasks share.

    Shape: status and priority are names; user is {_id, name, emailId?, phoneNumber?};
    fields maps custom field names to values; extra holds other top-level keys.
    Units: due, created, updated and received are epoch milliseconds, UTC.
    """

    id: str
    number: int
    ref_id: str
    template: str
    name: str
    desc: str | None
    user: dict[str, str]
    source: str
    created: int
    updated: int
    received: int
    visible_at: int
    due: int | None = None
    status: str = "Open"
    priority: str = "Medium"
    tags: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)
    assignee_type: str = "unassigned"
    agent_id: str | None = None
    assigned_at: int | None = None
    is_active: bool = True
    is_breached: bool = False
    created_by: dict[str, str] = field(default_factory=dict)
    updated_by: dict[str, str] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True, eq=False)
class KoreCase(KoreRecord):
    """A case."""

    task_ids: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True, eq=False)
class KoreTask(KoreRecord):
    """A task of a case."""

    case_id: str
    case_ref_id: str
