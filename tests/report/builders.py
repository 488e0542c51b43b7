"""Plans for pages: seeded, with every kind, long texts and hostile records."""

import base64
import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from caseferry.model.action import ActionKind
from caseferry.planfile.shape import (
    ActionLine,
    Change,
    Cost,
    GuardFigure,
    Header,
    Lost,
    Made,
    Needs,
    Pair,
    Redacted,
)

HOSTILE = (
    "<script>window.hacked=1</script>",
    "</script><script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    "<svg onload=window.hacked=1>",
    "<a href='javascript:window.hacked=1'>x</a>",
    "javascript:window.hacked=1",
    '"><iframe srcdoc="<script>parent.hacked=1</script>">',
    "' onmouseover='window.hacked=1",
    "{{constructor.constructor('window.hacked=1')()}}",
    "${window.hacked=1}",
    "<%= window.hacked=1 %>",
    "$policy $title ${style}",
    "]]>--><!--",
    "&lt;script&gt;",
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
    "nul\x00byte",
    "abc\u202egpj.exe",
    "\u2066\u2069 isolates",
    "\u2028line\u2029paragraph",
    "\ufeffmark",
    "lone \ud800 half",
    "=HYPERLINK('https://evil.example')",
    "@SUM(1+1)",
    "-2+3",
    "\r\n\tspaces",
    "<style>body{display:none}</style>",
    "<base href='https://evil.example'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<form action=https://evil.example><input autofocus onfocus=window.hacked=1>",
)
PRIORITIES = {"Critical": "1", "High": "2", "Medium": "3", "Low": "5"}
_EACH = 120
_KINDS = {
    ActionKind.CREATE: 50,
    ActionKind.UPDATE: 30,
    ActionKind.COMPLETE: 8,
    ActionKind.NOTE: 3,
    ActionKind.UNCHANGED: 5,
    ActionKind.CONFLICT: 1,
    ActionKind.WAITING: 1,
    ActionKind.QUARANTINE: 2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A plan that was drawn by lot."""

    header: Header
    lines: Sequence[ActionLine]


def action(order: int, kind: ActionKind = ActionKind.UPDATE, **more: Any) -> ActionLine:
    """Give an action line with everything that a test does not care about."""
    given: dict[str, Any] = {
        "line": "action",
        "order": order,
        "case": f"kore:ci-{order // 3:06x}",
        "kind": kind,
        "role": "task",
        "key": f"kore:ti-{order:06x}",
        "name": f"TK{order:06}",
        "needs": Needs(source="0"),
    }
    return ActionLine(**given | more)


def drawn(count: int, seed: int, size: int = 1500) -> Drawn:
    """Draw a plan; its first actions are hostile, its texts about `size` long."""
    lot = random.Random(seed)  # noqa: S311
    words = ["".join(lot.choices("abcdefghiklmnoprstuvw", k=lot.randint(3, 10)))]
    words += [
        "".join(lot.choices("aeinorstu", k=lot.randint(2, 9))) for _ in range(3000)
    ]
    lines = [_hostile(at, text) for at, text in enumerate(HOSTILE, 1)][:count]
    for order in range(len(lines) + 1, count + 1):
        kinds = list(_KINDS)
        # Some of each first, so that no test waits for what was not drawn.
        each = kinds[order % len(kinds)] if order <= _EACH else None
        kind = each or lot.choices(kinds, list(_KINDS.values()))[0]
        lines.append(_line(order, kind, lot, words, size))
    return Drawn(header=header_of(lines), lines=lines)


def _hostile(order: int, text: str) -> ActionLine:
    return action(
        order,
        name=text,
        counterpart=text,
        changes=(
            Change(name="subject", before=text, after=f"{text} {text}"),
            Change(name=f"custom.{text}", after=(text, text), source=text),
            Change(name="priority", before="4", after=text, source=text),
        ),
        lands={text: text},
        note=text,
        code=text,
        reason=text,
        losses=(Lost(rule=text, field=text),),
        department=text,
    )


def _line(
    order: int, kind: ActionKind, lot: random.Random, words: Sequence[str], size: int
) -> ActionLine:
    role = "task" if order <= _EACH else lot.choice(["case", "task", "task"])
    more: dict[str, Any] = {"role": role, "cost": Cost(casemgr=1)}
    if kind in (ActionKind.CREATE, ActionKind.UPDATE):
        more["changes"] = _changes(kind, lot, words, size)
        if lot.random() < 0.1:
            more["losses"] = (Lost(rule="subject-cut", field="title"),)
    if kind is ActionKind.CREATE:
        more["lands"] = {"department": "Service", "assignee": "First line"}
    if kind is ActionKind.NOTE:
        more["note"] = "Changed after this task was completed."
    if kind is ActionKind.QUARANTINE:
        more |= {"code": "customer-ambiguous", "reason": "3 customers have this e-mail"}
    if kind is ActionKind.CONFLICT:
        more |= {"code": "both-changed", "reason": "changed on both sides"}
        more["changes"] = (Change(name="subject", before="Lamp off", after="Lamp on"),)
    return action(order, kind, **more)


def _changes(
    kind: ActionKind, lot: random.Random, words: Sequence[str], size: int
) -> tuple[Change, ...]:
    body = lot.choices(words, k=max(1, size // 6))
    name, number = lot.choice(list(PRIORITIES.items()))
    is_new = kind is ActionKind.CREATE
    after = list(body)
    for _ in range(3):
        after[lot.randrange(len(after))] = lot.choice(words)
    before = None if is_new else " ".join(body)
    return (
        Change(name="content.text", before=before, after=" ".join(after)),
        Change(
            name="priority", before=None if is_new else "4", after=number, source=name
        ),
    )


def header_of(lines: Sequence[ActionLine], **more: Any) -> Header:
    """Give the header that belongs to some lines."""
    actions: dict[str, dict[str, int]] = {}
    losses: dict[str, int] = {}
    for line in lines:
        own = actions.setdefault(line.role, {})
        own[line.kind] = own.get(line.kind, 0) + 1
        for loss in line.losses:
            losses[loss.rule] = losses.get(loss.rule, 0) + 1
    given: dict[str, Any] = {
        "line": "header",
        "direction": "kore-to-casemgr",
        "pair": Pair(kore_account="a-1", kore_stream="st-1", casemgr_tenant="care"),
        "mapping": "a" * 32,
        "policy": "b" * 32,
        "configuration": "c" * 32,
        "read": {"kore": {"case": 20, "task": 40}, "casemgr": {"case": 3, "task": 4}},
        "actions": actions,
        "losses": losses,
        "accepted": {"subject-cut": 5, "due-date-past": "any"},
        "stays_behind": {"attachments": 7},
        "guards": (
            GuardFigure(name="max_changes", figure=9, limit="20%", refuses=False),
            GuardFigure(name="max_creates", figure=30, limit=None, refuses=False),
        ),
        "requests": {
            "kore": {"reading": 12, "writing": 0},
            "casemgr": {"reading": 4, "writing": 250},
        },
        "duration_s": 4000.0,
        "lines": len(lines),
        "digest": "4f1c" * 8,
        "made": Made(created="2026-01-02T03:04:05Z", version="0.1.0", user="anna"),
    }
    return Header(**given | more)


def hidden(line: ActionLine) -> ActionLine:
    """Give the same action with its values hidden."""
    changes = tuple(
        Change(
            name=change.name,
            before=Redacted(redacted="abc123def4567890"),
            after=Redacted(redacted="fed321abc0987654"),
        )
        for change in line.changes
    )
    return line.model_copy(update={"changes": changes})


def records_in(page: str) -> list[dict[str, Any]]:
    """Give the records that a page holds."""
    return [row for chunk in chunks_in(page) for row in chunk]


def chunks_in(page: str) -> Iterator[list[dict[str, Any]]]:
    """Give the records of each packed element."""
    for packed in re.findall(r'<script type="text/plain" class="chunk">(.*?)<', page):
        yield json.loads(
            gzip.decompress(base64.b64decode(packed)).decode("utf-8", "surrogatepass")
        )
