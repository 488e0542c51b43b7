"""Faults on demand: which call fails, and how."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from caseferry.sandbox.wire import Request

BEFORE: Final = frozenset(
    ("connect_refused", "reset_before", "error_before", "gateway_html",
     "rate_limit_429", "rate_limit_400", "unauthorized")
)  # fmt: skip
AFTER: Final = frozenset(
    ("lost_reply", "reset_after", "error_after", "gateway_html_after", "truncated",
     "slow", "wrong_types", "huge_page", "deep_nesting", "repeated_page", "empty_body")
)  # fmt: skip
KINDS: Final = BEFORE | AFTER | {"late_effect"}
OPERATIONS: Final = {
    "kore": frozenset(
        ("create_case", "get_cases", "update_case", "create_task", "get_tasks",
         "update_task")
    ),
    "casemgr": frozenset(
        ("token", "create_task", "search_activities", "get_activities",
         "edit_activity", "complete_activities", "close_case", "search_cases",
         "lookup_cases", "get_cases", "edit_case", "add_activity_note",
         "list_activity_notes", "add_case_note", "list_case_notes", "case_attributes",
         "activity_attributes", "search_customers", "get_customers",
         "create_customer")
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault: of the matching calls, after lets the first pass, then times fail.

    system and operation may be "*". match, when given, must occur in the path, query
    or body. delay_s is the wait of slow and the lateness of late_effect.
    """

    kind: str
    system: str = "*"
    operation: str = "*"
    after: int = 0
    times: int = 1
    delay_s: float = 5.0
    match: str = ""

    def __post_init__(self) -> None:
        _known("kind", self.kind, KINDS)
        _known("system", self.system, {"*", *OPERATIONS})
        names = {"*"}
        for system, operations in OPERATIONS.items():
            if self.system in ("*", system):
                names |= operations
        _known("operation", self.operation, names)


class FaultBook:
    """The faults still to come; every matching fault counts every call."""

    def __init__(self) -> None:
        self._entries: list[tuple[Fault, list[int]]] = []

    def add(self, *faults: Fault) -> None:
        """Arm faults."""
        self._entries.extend((fault, [0]) for fault in faults)

    def clear(self) -> None:
        """Disarm all."""
        self._entries.clear()

    def __iter__(self) -> Iterator[Fault]:
        return (fault for fault, _ in self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def pick(self, system: str, operation: str, request: Request) -> Fault | None:
        """Count a call; return the fault that hits it, spent ones are dropped."""
        if not self._entries:
            return None
        hit: Fault | None = None
        for entry in list(self._entries):
            fault, seen = entry
            if not _matches(fault, system, operation, request):
                continue
            if seen[0] >= fault.after and hit is not None:
                continue  # its turn has come, but another one hits this call
            seen[0] += 1
            if seen[0] > fault.after:
                hit = fault
            if seen[0] >= fault.after + fault.times:
                self._entries.remove(entry)
        return hit


def _matches(fault: Fault, system: str, operation: str, request: Request) -> bool:
    return (
        fault.system in ("*", system)
        and fault.operation in ("*", operation)
        and (
            not fault.match
            or fault.match in request.path
            or fault.match in request.query
            or fault.match.encode() in request.body
        )
    )


def _known(what: str, value: str, known: frozenset[str] | set[str]) -> None:
    if value in known:
        return
    close = difflib.get_close_matches(value, sorted(known), n=1, cutoff=0.3)
    hint = f"; nearest valid: {close[0]!r}" if close else ""
    raise ValueError(f"unknown fault {what} {value!r}{hint}")
