"""What happened to each field of each record: who set it, when, and what was shown.

The witness of two-way sync. It looks at the sandbox's records after everything that
people do and after every request, and knows nothing of the engine.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from caseferry.sandbox import Sandbox
from caseferry.sandbox.calls import Call

PERSON: Final = "person"
MACHINE: Final = "machine"
LATE: Final = "late"
"""A request of ours that took effect long after its time-out."""
ENDED: Final = ("Resolved", "Closed", "completed", "closed")

_MARK = re.compile(
    r"[ \n]?\[cf1\.[0-9a-f]{8}\.(?P<role>[cton])\.(?P<source>[^\s.\]]+)"
    r"\.\d+(?: due=(?P<due>[^\s\]]+))?\]"
)
_KEY = re.compile(r"cf1\.[0-9a-f]{8}\.(?P<role>[cton])\.(?P<source>[^\s.]+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Moment:
    """A field took a value; `n` counts the moments of the whole story."""

    n: int
    who: str
    value: Any


@dataclass(frozen=True, slots=True)
class Change:
    """A field of a record changed; `field` is "" where the record came into being.

    Attributes:
        seen: the moment at which a reply had last shown the record when the request
            that changed it left.
        look: all that one request did, or a person at once, has the same one.
        at_ms: casemgr's time.
    """

    n: int
    who: str
    key: str
    field: str
    old: Any
    new: Any
    seen: int = 0
    look: int = 0
    at_ms: int = 0


@dataclass(slots=True)
class Chronicle:
    """Everything that happened to the records of a sandbox, in order.

    Attributes:
        changes: all of them.
        shown: by record, the moments when a reply showed it to the machine.
        echoes: of these, replies to a request that set the status itself: they show
            what it asked for, whatever was there before.
        doubts: moments at which a write of ours was struck, so that nobody could tell
            whether it took effect.
    """

    box: Sandbox
    n: int = 0
    changes: list[Change] = field(default_factory=list)
    shown: dict[str, list[int]] = field(default_factory=dict)
    echoes: set[int] = field(default_factory=set)
    doubts: list[int] = field(default_factory=list)
    history: dict[tuple[str, str], list[Moment]] = field(default_factory=dict)
    _known: dict[str, dict[str, Any]] = field(default_factory=dict)
    _versions: tuple[int, ...] = ()
    _calls: int = 0
    _looks: int = 0
    _late: list[tuple[str, int]] = field(default_factory=list)

    def people(self, act: Callable[[], Any]) -> Any:
        """Let a person do something, and write down what came of it."""
        self.look()
        made = act()
        self._look(PERSON)
        return made

    def look(self) -> None:
        """Write down what requests have done since the last look."""
        calls = self.box.log[self._calls :]
        self._calls = len(self.box.log)
        left = [n for call in calls if (n := self._left(call)) is not None]
        self._look(LATE if left else MACHINE, min(left, default=None))

    def _left(self, call: Call) -> int | None:
        """Keep what a late request knew when it left; give it when it takes effect."""
        name = f"{call.operation} {call.path}"
        if call.fault and call.fault != "landed" and _is_write(call):
            self.doubts.append(self.n)
        if call.fault == "late_effect":
            self._late.append((name, self.n))
        elif call.fault == "landed":
            found = next(each for each in self._late if each[0] == name)
            self._late.remove(found)
            return found[1]
        return None

    def forget_log(self) -> None:
        """Empty the sandbox's log."""
        self.look()
        self.box.log.clear()
        self._calls = 0

    def watch(self, inner: httpx.BaseTransport) -> httpx.BaseTransport:
        """Give a transport that looks after each request."""
        return _Watched(inner, self)

    def show(self, keys: list[str]) -> None:
        """Remember that a reply showed some records as they are now."""
        self.n += 1
        for key in keys:
            self.shown.setdefault(key, []).append(self.n)

    def last_shown(self, key: str, n: int) -> int:
        """Give the moment when a reply last showed a record by then; 0 is never."""
        shown = self.shown.get(key, [])
        found = bisect_right(shown, n)
        return shown[found - 1] if found else 0

    def at(self, key: str, name: str, n: int) -> Any:
        """Give what a field held at a moment; None before the record was there."""
        value = None
        for moment in self.history.get((key, name), ()):
            if moment.n > n:
                break
            value = moment.value
        return value

    def since(self, key: str, name: str, n: int) -> list[Moment]:
        """Give what a field held at a moment, and every value that it took since."""
        moments = self.history.get((key, name), [])
        before = [each for each in moments if each.n <= n][-1:]
        return before + [each for each in moments if each.n > n]

    def now(self, key: str) -> dict[str, Any]:
        """Give all fields of a record as last seen."""
        return self._known[key]

    def all_keys(self) -> list[str]:
        """Give every record there is."""
        return sorted(self._known)

    def _look(self, who: str, left: int | None = None) -> None:
        shelves = (
            self.box.kore.store.case_shelf,
            self.box.kore.store.task_shelf,
            self.box.casemgr.store.case_shelf,
            self.box.casemgr.store.activity_shelf,
        )
        versions = tuple(shelf.version for shelf in shelves)
        if versions == self._versions:
            return
        self._versions = versions
        self._looks += 1
        left = self.n if left is None else left
        seen = flat(self.box)
        for key, fields in seen.items():
            known = self._known.get(key)
            if known is None:
                self._note(who, key, "", None, fields, left)
            for name, value in fields.items():
                old = known[name] if known else None
                if known is None or old != value:
                    self._note(who, key, name, old, value, left)
        for key in self._known.keys() - seen.keys():
            self._note(who, key, "gone", "no", "yes", left)
        self._known = seen

    def _note(
        self, who: str, key: str, name: str, old: Any, new: Any, left: int
    ) -> None:
        self.n += 1
        seen, now = self.last_shown(key, left), self.box.now_ms("casemgr")
        while name == "ended" and seen in self.echoes:
            seen = self.last_shown(key, seen - 1)
        self.changes.append(
            Change(self.n, who, key, name, old, new, seen, self._looks, now)
        )
        moment = Moment(self.n, who, new)
        self.history.setdefault((key, name), []).append(moment)


class _Watched(httpx.BaseTransport):
    """Looks at the records after each request, and at what its reply shows."""

    def __init__(self, inner: httpx.BaseTransport, chronicle: Chronicle) -> None:
        self.inner, self.chronicle = inner, chronicle

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self.inner.handle_request(request)
        finally:
            self.chronicle.look()
        if response.status_code < 300:
            response.read()
            self.chronicle.show(shown_keys(request.url.path, response.content))
            if "/update" in request.url.path and b'"status"' in request.read():
                self.chronicle.echoes.add(self.chronicle.n)
        return response


def _is_write(call: Call) -> bool:
    reads = ("get_", "search_", "lookup_", "find_", "token")
    return call.method != "GET" and not call.operation.startswith(reads)


def shown_keys(path: str, content: bytes) -> list[str]:
    """Give the records that a reply shows."""
    try:
        body = json.loads(content)
    except ValueError:
        return []
    found: list[str] = []
    _walk(body, found)
    if "casemgr" not in path:
        return [f"kore:{x}" for x in found if x[:3] in ("ci-", "ti-")]
    kind = "case" if "/case" in path.rsplit("casemgr/v3", 1)[-1] else "activity"
    return [f"casemgr:{kind}:{x}" for x in found if x.isdigit()]


def _walk(body: Any, found: list[str]) -> None:
    if isinstance(body, dict):
        is_record = "subject" in body or "refId" in body  # else a user, a customer …
        ids = (body.get("_id"), body.get("id")) if is_record else ()
        found += [str(each) for each in ids if isinstance(each, str | int)]
        for value in body.values():
            _walk(value, found)
    elif isinstance(body, list):
        for each in body:
            _walk(each, found)


def flat(box: Sandbox) -> dict[str, dict[str, Any]]:
    """Give every record's fields as people read them, without our marks."""
    found: dict[str, dict[str, Any]] = {}
    for kore in (*box.kore.cases.values(), *box.kore.tasks.values()):
        found[f"kore:{kore.id}"] = _kore(kore)
    for case in box.casemgr.cases.values():
        found[f"casemgr:case:{case.id}"] = _casemgr(case) | {
            "subject": case.subject,
            "severity": case.severity,
            "description": case.description,
        }
    for each in box.casemgr.activities.values():
        found[f"casemgr:activity:{each.id}"] = _casemgr(each) | {
            "subject": each.subject,
            "priority": each.priority,
            "case": f"casemgr:case:{each.case_id}",
            "kind": each.kind,
        }
    return found


def _kore(record: Any) -> dict[str, Any]:
    texts = f"{record.name}\n{record.desc or ''}"
    marks = list(_MARK.finditer(texts))
    made_up = {mark["due"] for mark in marks if mark["due"]}
    tags = [tag for tag in record.tags if tag.startswith("ext:")]
    keys = {f"{m['role']}.{m['source']}" for m in marks}
    keys |= {
        f"{m['role']}.{m['source']}"
        for tag in tags
        if (m := _KEY.fullmatch(tag.removeprefix("ext:")))
    }
    return {
        "name": _MARK.sub("", record.name).strip(),
        "desc": _MARK.sub("", record.desc or "").strip(),
        "priority": record.priority,
        "due": None if made_up and _is_made_up(record.due, made_up) else record.due,
        "tags": tuple(tag for tag in record.tags if tag not in tags),
        "status": record.status,
        "ended": record.status in ENDED,
        "active": record.is_active,
        "case": f"kore:{record.case_id}" if hasattr(record, "case_id") else "",
        "keys": tuple(sorted(keys)),
    }


def _is_made_up(due: int | None, made_up: set[str]) -> bool:
    if due is None:
        return True
    stamp = datetime.fromtimestamp(due / 1000, UTC)
    return stamp.strftime("%Y-%m-%dT%H:%M:%S.") + f"{due % 1000:03d}Z" in made_up


def _casemgr(record: Any) -> dict[str, Any]:
    keys = [_KEY.fullmatch(text) for text in record.custom.get("ext_key", ())]
    return {
        "due": record.due,
        "tags": tuple(record.custom.get("kore_tags", ())),
        "status": record.status,
        "ended": record.status in ENDED,
        "keys": tuple(f"{m['role']}.{m['source']}.{m[3]}" for m in keys if m),
        "notes": " / ".join(note.content for note in record.notes),
    }
