"""The steps towards Kore that rows compile to: each row, read from its other end.

A text that was cut, cleaned or respelled on its way to casemgr comes back so. It does
not overwrite the whole one: the base that a link keeps says that casemgr's has not
changed since, and what has not changed is not written.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from caseferry.mapping.draft import Draft, Step
from caseferry.mapping.html_text import html_text
from caseferry.mapping.names import dotted
from caseferry.mapping.shape import MappingSpec, Row, keep_target
from caseferry.mapping.steps import without_our_keys
from caseferry.mapping.tables import ValueTable, compile_values
from caseferry.mapping.texts import clean, cut, one_line
from caseferry.model.mapped import MappedField, Owner
from caseferry.model.marker import without_marker
from caseferry.model.record import Record, Value, canonical, local_id
from caseferry.model.times import canonical_time

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_CONTENT = {"content.text": ("content.text", "content.html"),
            "content.html": ("content.html",)}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class BackRow:
    """One row with what its step towards Kore needs."""

    name: str
    source: str
    path: str
    owner: Owner
    row: Row

    def add(
        self,
        draft: Draft,
        source: Value | None,
        value: Value | None,
        also: tuple[Value, ...] = (),
    ) -> None:
        """Add this row's field to a draft."""
        draft.fields.append(
            MappedField(
                kore=self.name,
                casemgr=self.source,
                source=source,
                value=value,
                also=also,
                owner=self.owner,
            )
        )

    def read(self, record: Record, draft: Draft) -> Value | None:
        """Give the source's value; HTML stands in for a text that is not there."""
        for name in _CONTENT.get(self.source, (self.source,)):
            found = record.fields.get(name)
            if found is not None and name == "content.html":
                draft.lose("html-flattened", self.name)
                return html_text(record.text(name)) or None
            if found is not None:
                return found
        return None


def compile_kore_row(spec: MappingSpec, entity: str, name: str, row: Row) -> Step:
    """Choose the step for a row, by the Kore field that it writes."""
    plan = BackRow(
        name=name,
        source=row.casemgr,
        path=dotted(entity, "fields", name),
        owner=row.owner or spec.defaults.owner,
        row=row,
    )
    if row.values:
        return _values(plan, compile_values(row.values))
    chosen: dict[str, Callable[[BackRow], Step]] = {
        "name": _name,
        "desc": _desc,
        "dueDate": _due_date,
    }
    return chosen.get(name, _copy)(plan)


def _name(plan: BackRow) -> Step:
    def step(record: Record, draft: Draft) -> None:
        source = plan.read(record, draft)
        raw = _joined(source)
        text = _unmarked(one_line(raw))
        if not text.strip():
            text = local_id(record.key)
            draft.lose("name-made", plan.name)
        elif text != raw:
            draft.lose("text-cleaned", plan.name)
        plan.add(draft, source, text)

    return step


def _desc(plan: BackRow) -> Step:
    def step(record: Record, draft: Draft) -> None:
        source = plan.read(record, draft)
        raw = _joined(source)
        text = _unmarked(clean(raw))
        if text != raw:
            draft.lose("text-cleaned", plan.name)
        plan.add(draft, source, text or None)

    return step


def _unmarked(text: str) -> str:
    """Take markers out, which are no content, and blanks at the end.

    Kore shows a text with our marker behind it, and nobody could tell whose blanks
    those before it are.
    """
    return without_marker(text)[0].rstrip()


def _due_date(plan: BackRow) -> Step:
    kept = keep_target(plan.row.past or "")

    def step(record: Record, draft: Draft) -> None:
        # A date that had passed could not be written to casemgr: the attribute has it.
        source = record.fields.get(plan.source)
        path = plan.path
        if source is None and kept:
            source, path = record.fields.get(kept), f"{plan.path}.past"
        value = _time(source)
        if source is not None and value is None:
            draft.refuse(path, "this is not a time")
        plan.add(draft, value or source, value)

    return step


def _time(value: Value | None) -> str | None:
    """Read a time; a text without a zone is none: it could be any of many."""
    if not isinstance(value, str):
        return None
    if _TIME.fullmatch(value):
        return value
    try:
        moment = datetime.fromisoformat(value)
        return canonical_time(moment) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _copy(plan: BackRow) -> Step:
    spell = one_line if plan.name == "tags" else clean

    def step(record: Record, draft: Draft) -> None:
        source = plan.read(record, draft)
        wanted = without_our_keys(source)
        value = _spelled(wanted, spell)
        if value != wanted:
            draft.lose("text-cleaned", plan.name)
        plan.add(draft, source, value)

    return step


def _spelled(value: Value | None, spell: Callable[[str], str]) -> Value | None:
    if value is None:
        return None
    several = (value,) if isinstance(value, str) else value
    kept = dict.fromkeys(spell(part) for part in several)
    return canonical([part for part in kept if part.strip()])


def _values(plan: BackRow, table: ValueTable) -> Step:
    quarantine = plan.row.unmapped == "quarantine"
    same = {
        target: tuple(s for s, to in table.targets.items() if to == target and s != own)
        for target, own in table.sources.items()
    }

    def step(record: Record, draft: Draft) -> None:
        source = plan.read(record, draft)
        several = (source,) if isinstance(source, str) else source or ()
        names = [table.sources[item] for item in several if item in table.sources]
        also = same.get(source, ()) if isinstance(source, str) else ()
        plan.add(draft, source, canonical([*dict.fromkeys(names)]), also)
        unknown = [item for item in several if item not in table.sources]
        if unknown and not quarantine:
            draft.lose("value-unmapped", plan.name)
        for item in unknown if quarantine else ():
            path = f"{plan.path}.values.{dotted(cut(one_line(item), 40))}"
            draft.refuse(path, "no row names this casemgr value")

    return step


def _joined(value: Value | None) -> str:
    return value if isinstance(value, str) else ", ".join(value or ())
