"""One run of a schedule on one line."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from caseferry.report.text import duration, number, plural

_WORDS: Final = {
    "create": "created",
    "update": "updated",
    "close": "closed",
    "reopen": "reopened",
    "complete": "completed",
    "note": "noted",
    "conflict": "in conflict",
    "quarantine": "in quarantine",
    "uncertain": "uncertain",
    "set_aside": "set aside",
    "waiting": "waiting",
}


def run_line(data: Mapping[str, Any], error: str | None = None) -> str:
    """Say what a run did: `2 created, 1 in conflict; 14 requests, 3.1 s`.

    Args:
        data: as in the JSON envelope of `sync`; what is missing is left out.
        error: the code of what ended it early.
    """
    parts = [] if error is None else [f"failed ({error})"]
    did = _did(data.get("actions", {}))
    if did or error is None:
        parts.append(did or "nothing to do")
    sent = sum(each["sent"] for each in data.get("requests", {}).values())
    cost = [plural(sent, "request")] if "requests" in data else []
    cost += [duration(data["duration_s"])] if "duration_s" in data else []
    return "; ".join([*parts, ", ".join(cost)] if cost else parts)


def _did(actions: Mapping[str, Mapping[str, int]]) -> str:
    counts: Counter[str] = Counter()
    for by_kind in actions.values():
        counts.update(by_kind)
    shown = [f"{number(counts[kind])} {word}" for kind, word in _WORDS.items()]
    return ", ".join(text for text in shown if not text.startswith("0 "))
