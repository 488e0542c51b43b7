"""What people may do to a record, and what may strike a request, by name."""

from typing import Any, Final

Change = dict[str, Any]
KORE_TASK: Final[dict[str, Change]] = {
    "low": {"priority": "Low"},
    "high": {"priority": "High"},
    "critical": {"priority": "Critical"},
    "emergency": {"priority": "Emergency"},
    "tags": {"tags": ("vip", "gold")},
    "one tag": {"tags": ("vip",)},
    "no tags": {"tags": ()},
    "renamed": {"name": "Call back on Monday"},
    "renamed again": {"name": "Call back on Tuesday"},
    "due later": {"due_in": 30},
    "due soon": {"due_in": 0.01},
    "on hold": {"status": "Waiting for parts"},
    "resolved": {"status": "Resolved"},
    "open": {"status": "Open"},
    "hidden": {"is_active": False},
    "shown": {"is_active": True},
}
KORE_CASE: Final[dict[str, Change]] = {
    "low": {"priority": "Low"},
    "critical": {"priority": "Critical"},
    "emergency": {"priority": "Emergency"},
    "tags": {"tags": ("vip", "gold")},
    "renamed": {"name": "Router down again"},
    "due later": {"due_in": 40},
    "due soon": {"due_in": 0.01},
    "on hold": {"status": "On Hold"},
    "closed": {"status": "Closed"},
    "resolved": {"status": "Resolved"},
    "open": {"status": "Open"},
    "hidden": {"is_active": False},
    "shown": {"is_active": True},
}
ACTIVITY: Final[dict[str, Change]] = {
    "priority 1": {"priority": "1"},
    "priority 3": {"priority": "3"},
    "priority 5": {"priority": "5"},
    "priority 7": {"priority": "7"},
    "due": {"due_in": 3},
    "tags": {"tags": ("silver",)},
}
CASE: Final[dict[str, Change]] = {
    "urgent": {"severity": "urgent"},
    "low": {"severity": "low"},
    "high": {"severity": "high"},
    "subject": {"subject": "Found by Frank"},
    "due": {"due_in": 5},
    "due soon": {"due_in": 0.01},
    "tags": {"tags": ("silver", "vip")},
}
FAULTS: Final = (
    "lost_reply",
    "late_effect",
    "error_after",
    "error_before",
    "reset_after",
    "connect_refused",
    "rate_limit_429",
    "unauthorized",
    "truncated",
    "gateway_html",
    "empty_body",
)
OPERATIONS: Final = (
    "create_task",
    "create_case",
    "update_case",
    "update_task",
    "get_cases",
    "get_tasks",
    "edit_activity",
    "edit_case",
    "complete_activities",
    "close_case",
    "add_activity_note",
    "search_activities",
    "get_activities",
    "*",
)
