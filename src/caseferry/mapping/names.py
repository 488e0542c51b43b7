"""The names a mapping may use, and what each of them stands for.

Facts about the two systems' fields; nothing that a tenant can configure.
"""

import difflib
from collections.abc import Iterable
from typing import Final

CUSTOM: Final = "custom."
FIELD: Final = "field."

KORE_BOTH: Final = (
    "name",
    "desc",
    "tags",
    "status",
    "priority",
    "dueDate",
    "refId",
    "createdAt",
    "template",
    "source",
    "language",
    "userInfo._id",
    "userInfo.name",
    "userInfo.emailId",
    "userInfo.phoneNumber",
    "assignee",
    "queue",
)
"""Kore fields a row may name, beside `field.<display name>`; tasks add `caseRefId`."""

KORE_WRITABLE: Final = frozenset({"name", "desc", "tags", "dueDate"})
"""Kore takes these in an update, and every `field.<display name>`."""

KORE_CARRIED: Final = frozenset({"priority", "status", "refId", "createdAt"})
"""Tables of their own carry these, or they never change: a row of one is a copy."""

KORE_TECHNICAL: Final = frozenset(
    {
        "count.taskIds",
        "statusCategory",
        "template",
        "source",
        "language",
        "isActive",
        "caseRefId",
        "userInfo._id",
        "userInfo.name",
        "userInfo.emailId",
        "userInfo.phoneNumber",
        "assignee",
        "status",
        "priority",
        "marker",
        "marker.due",
        "marker.name",
        "marker.desc",
        "marker.tags",
    }
)
"""Nobody misses these: other sections use them, or they mean nothing elsewhere."""

CASE_WRITABLE: Final = frozenset({"subject", "description", "solution", "dueDate"})
CASE_READABLE: Final = CASE_WRITABLE | {
    "severity",
    "status",
    "department",
    "owner",
    "customer",
    "created",
}
ACTIVITY_WRITABLE: Final = frozenset({"subject", "content.text", "dueDate"})
ACTIVITY_READABLE: Final = ACTIVITY_WRITABLE | {
    "content.html",
    "priority",
    "status",
    "substatus",
    "type",
    "subtype",
    "department",
    "assignee",
    "customer",
    "created",
}

TEXT_LIMITS: Final = {
    "case": {"subject": 1024, "description": 1024, "solution": 1024},
    "task": {"subject": 255},
}
"""Longest text per casemgr field, by the entity that a record is mapped from."""

CATEGORIES: Final = ("open", "inprogress", "onhold", "resolved", "closed")
CASE_STATUSES: Final = ("open", "closed")
ACTIVITY_STATUSES: Final = (
    "assigned",
    "completed",
    "awaiting_assignment",
    "in_workflow",
)
SEVERITIES: Final = ("urgent", "high", "medium", "low")
PRIORITIES: Final = ("1", "2", "3", "4", "5", "6", "7")

LOOKUPS: Final = (
    "email.emailAddress",
    "home.phone",
    "mobile.phone",
    "office.phone",
    "social.facebookId",
    "social.twitterId",
    "social.instagramId",
)
"""Contact attributes casemgr finds a customer by, beside `custom.<attribute>`."""

ROUTE_KEYS: Final = (
    "template",
    "task_template",
    "priority",
    "status",
    "source",
    "language",
    "queue",
)
"""What a route may ask for, beside `field.<display name>`."""

LOSSES: Final = {
    "subject-cut": "the name is longer than a subject may be",
    "subject-made": "there is no name: the number people see became the subject",
    "description-cut": "the text is longer than the field, and no opener carries it",
    "attribute-cut": "a custom attribute cannot hold all characters of the text",
    "text-cleaned": "characters that no system should show were taken out",
    "text-sanitised": "casemgr refused the text: it got the alphabet of notes",
    "due-date-past": "casemgr refuses a due date that has passed",
    "due-date-synthetic": "createCase demands a due date, and there was none",
    "name-made": "there is no subject: Kore demands a name, and gets the id",
    "html-flattened": "of an HTML content only the text is carried",
    "priority-merged": "the number means the same name as the one that is written",
    "severity-merged": "the word means the same name as the one that is written",
    "priority-unmapped": "no row names the priority",
    "value-unmapped": "no row names the value",
    "status-name": "the status has a name of its own, and nothing keeps it",
    "assignee-unmapped": "the agent has no login: the route's assignee gets the record",
    "task-open-in-closed-case": "an open task ends with its closed case",
    "copy-frozen": "a copy of Kore's value went stale in a record that has ended",
    "task-contact-differs": "a task names another person than its case",
}
"""Every rule that can lose something, with what it means."""


KORE_ROUTE_KEYS: Final = ("department", "severity", "owner")
"""What a route towards Kore may ask a case for, beside `custom.<attribute>`."""

CASEMGR_TECHNICAL: Final = frozenset(
    {
        "status",
        "substatus",
        "type",
        "subtype",
        "department",
        "customer",
        "severity",
        "priority",
        "contact.name",
        "contact.email",
        "contact.phone",
    }
)
"""Nobody misses these in Kore: other sections use them, or they mean nothing there."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Give the known name that a person most likely meant; None when none is close."""
    names = sorted(known)
    folded = {name.lower(): name for name in reversed(names)}
    found = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def dotted(*parts: str | int) -> str:
    """Spell a path as dotted keys, quoted as TOML would; list items count from 1."""
    shown: list[str] = []
    for part in parts:
        if isinstance(part, int):
            shown.append(str(part + 1))
        elif part and all(char.isalnum() or char in "_-" for char in part):
            shown.append(part)
        else:
            shown.append(f'"{part}"')
    return ".".join(shown)
