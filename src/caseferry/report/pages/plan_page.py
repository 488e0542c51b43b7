"""A saved plan as a page that somebody reads before saying yes."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from caseferry.model.action import WRITES, ActionKind
from caseferry.planfile.shape import ActionLine, Change, Header
from caseferry.report.pages.chunks import Chunks, settings, viewer
from caseferry.report.pages.figures import HELD, ROLES, SYSTEMS
from caseferry.report.pages.flow import flow_figure
from caseferry.report.pages.flow_counts import Flows
from caseferry.report.pages.markup import join, section, tag, text
from caseferry.report.pages.plan_summary import (
    plan_summary,
    plan_title,
    sides,
    sign_off,
)
from caseferry.report.pages.skeleton import closing, opening
from caseferry.report.pages.values import Cutter
from caseferry.report.text import number, plural

MOST: Final = 20_000
"""Actions up to which a page shows every one."""
SAMPLE: Final = 50
"""Actions of each kind that a page of a larger plan shows."""
FACETS: Final = (
    ("kind", "Kind"),
    ("role", "Record"),
    ("field", "Field"),
    ("loss", "Loss"),
    ("cause", "Cause"),
)


def plan_page(
    header: Header, lines: Iterable[ActionLine], *, file_name: str
) -> Iterator[str]:
    """Give the page in pieces; reads `lines` once, and keeps none of them.

    Args:
        header: of the plan.
        lines: its actions; not more than `header.lines`.
        file_name: of the plan file, for pointing to what the page does not hold; ""
            where none was written.
    """
    title = plan_title(header)
    yield opening("Plan", title)
    yield plan_summary(header)
    flows = Flows()
    chosen = _Chosen(header)
    chunks = Chunks(chosen.expected)
    for line in lines:
        flows.add(line)
        if chosen.takes(line):
            cutter = chunks.cutter()
            row = _row(line, cutter)
            yield from chunks.add(row, is_cut=cutter.has_cut)
    yield from chunks.rest()
    figures = [flow_figure(flow, sides(header)) for flow in flows.figures()]
    if figures:
        yield section("scales", "Where names and numbers go", *figures)
    yield sign_off(header, file_name)
    yield _records(header, chunks, file_name)
    yield closing(has_records=True)


class _Chosen:
    """Which actions a page holds: all, or every exception and a sample per kind."""

    def __init__(self, header: Header) -> None:
        self._all = header.lines <= MOST
        counts = {
            (role, kind): count
            for role in ROLES
            for kind, count in header.actions.get(role, {}).items()
        }
        self._steps = {key: max(1, -(-n // SAMPLE)) for key, n in counts.items()}
        self._seen: dict[tuple[str, str], int] = {}
        held = sum(n for (_, kind), n in counts.items() if kind in HELD)
        losses = sum(header.losses.values())
        sampled = sum(min(n, SAMPLE) for n in counts.values())
        few = min(held + losses + sampled, header.lines)
        self.expected = header.lines if self._all else few

    def takes(self, line: ActionLine) -> bool:
        """Tell whether the page holds this one; a sample is spread evenly."""
        key = (line.role, str(line.kind))
        seen = self._seen.get(key, 0)
        self._seen[key] = seen + 1
        if self._all or line.kind in HELD or line.losses:
            return True
        step = self._steps.get(key, 1)
        return seen % step == 0 and seen // step < SAMPLE


def _row(line: ActionLine, cutter: Cutter) -> dict[str, Any]:
    """Give an action as the script takes it; what is empty is left out."""
    row: dict[str, Any] = {
        "order": line.order,
        "kind": str(line.kind),
        "role": line.role,
        "key": line.key,
        "name": line.name,
        "to": line.counterpart or "",
        "case": line.case if line.case != line.key else "",
        "changes": [_change(change, cutter) for change in line.changes],
        "facts": [[name, cutter.one(value)] for name, value in line.lands.items()],
        "note": cutter.one(line.note),
        "cause": line.code,
        "reason": line.reason,
        "losses": [[loss.rule, loss.field] for loss in line.losses],
        "cost": _cost(line),
    }
    if line.department and "department" not in line.lands:
        row["facts"].append(["department", line.department])
    return {name: value for name, value in row.items() if value}


def _change(change: Change, cutter: Cutter) -> list[Any]:
    before, after = cutter.pair(change.before, change.after)
    given = [change.name, before, after]
    return given if change.source is None else [*given, cutter.one(change.source)]


def _cost(line: ActionLine) -> str:
    parts = [
        f"{SYSTEMS[name]} {count:.2f}".rstrip("0").rstrip(".")
        for name, count in (("kore", line.cost.kore), ("casemgr", line.cost.casemgr))
        if count
    ]
    return ", ".join(parts)


def _records(header: Header, chunks: Chunks, file_name: str) -> str:
    file = file_name or "the plan file (caseferry plan --out FILE)"
    said = (
        f"Every action of the plan, field by field: {plural(chunks.rows, 'action')}. "
        "A record can take more than one: a new case takes one for its contents."
    )
    if chunks.rows < header.lines:
        said = (
            f"{number(chunks.rows)} of {plural(header.lines, 'action')}: every one "
            f"that is held or loses something, and up to {SAMPLE} of each other kind. "
            f"All of them are in {file}."
        )
    if chunks.cut:
        said += (
            f" Long texts of {plural(chunks.cut, 'action')} are cut; "
            f"they are whole in {file}."
        )
    hint = (
        "The summary above is complete. Showing the records needs a browser with "
        f"scripts allowed; every action is also a line of {file}."
    )
    values: Mapping[str, Any] = {
        "noun": "actions",
        "rows": chunks.rows,
        "sides": ["now", "would be"],
        "file": file_name,
        "held": sorted(HELD),
        "writes": sorted(WRITES),
        "quiet": [ActionKind.UNCHANGED, ActionKind.OUT_OF_SCOPE],
    }
    body = join((tag("p", text(said)), viewer("actions", hint, FACETS)), "\n")
    return settings(values) + section("records", "Records", body)
