"""The steps that rows compile to: one small function per row, chosen once."""

import re

from caseferry.mapping.draft import Draft, Step, attribute_value
from caseferry.mapping.names import (
    CUSTOM,
    KORE_CARRIED,
    TEXT_LIMITS,
    dotted,
)
from caseferry.mapping.shape import MappingSpec, Row, keep_target
from caseferry.mapping.tables import ValueTable, compile_values
from caseferry.mapping.texts import clean, cut, fits, one_line, without_case_suffix
from caseferry.model.correlation import parse_correlation
from caseferry.model.mapped import WRITE_ONCE, MappedField, Owner, WriteOnce
from caseferry.model.marker import TAG
from caseferry.model.record import Record, Value, local_id

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class RowPlan:
    """One row with everything that its step needs, looked up once."""

    __slots__ = (
        "_absent",
        "entity",
        "is_copy",
        "limit",
        "name",
        "owner",
        "path",
        "row",
        "table",
        "target",
        "write_once",
    )

    def __init__(self, spec: MappingSpec, entity: str, name: str, row: Row) -> None:
        self.entity = entity
        self.name = name
        self.row = row
        self.path = dotted(entity, "fields", name)
        self.target = row.casemgr
        self.owner: Owner = row.owner or "ask"
        self.is_copy = row.direction == "to-casemgr" and name in KORE_CARRIED
        self.limit = TEXT_LIMITS[entity].get(row.casemgr)
        self.table: ValueTable | None = (
            compile_values(row.values) if row.values else None
        )
        self.write_once: WriteOnce | None = None
        if entity == "task" and row.casemgr in WRITE_ONCE:
            self.write_once = spec.write_once.get(f"task.{name}", "report")

        self._absent = self._field(None, None)

    def add(self, draft: Draft, source: Value | None, value: Value | None) -> None:
        """Add this row's field to a draft."""
        absent = source is None and value is None
        draft.fields.append(self._absent if absent else self._field(source, value))

    def _field(self, source: Value | None, value: Value | None) -> MappedField:
        return MappedField(
            kore=self.name,
            casemgr=self.target,
            source=source,
            value=value,
            owner=self.owner,
            write_once=self.write_once,
            is_copy=self.is_copy,
        )


def compile_row(spec: MappingSpec, entity: str, name: str, row: Row) -> Step:
    """Choose the step for a row, by what it writes."""
    plan = RowPlan(spec, entity, name, row)
    if plan.table is not None:
        return _values(plan, plan.table)
    if plan.target == "dueDate":
        return _due_date(plan)
    if plan.target.startswith(CUSTOM):
        return _attribute(plan)
    return _subject(plan) if plan.target == "subject" else _text(plan)


def _subject(plan: RowPlan) -> Step:
    finish = without_case_suffix if plan.entity == "case" else str
    shorten = _shortener(plan, "subject-cut")

    def step(record: Record, draft: Draft) -> None:
        raw = record.text(plan.name)
        text = finish(one_line(raw))
        if not text.strip():
            text = record.text("refId") or local_id(record.key)
            draft.lose("subject-made", plan.name)
        elif text != raw:
            draft.lose("text-cleaned", plan.name)
        short = shorten(text, draft)
        value = finish(short) if short else None
        plan.add(draft, record.fields.get(plan.name), value)

    return step


def _text(plan: RowPlan) -> Step:
    shorten = _shortener(plan, "description-cut")

    def step(record: Record, draft: Draft) -> None:
        raw = record.text(plan.name)
        text = clean(raw)
        if text != raw:
            draft.lose("text-cleaned", plan.name)
        value = shorten(text, draft) if text and not text.isspace() else None
        plan.add(draft, record.fields.get(plan.name), value)

    return step


class _shortener:  # noqa: N801 - used as a function
    """What happens to a text that is longer than its target."""

    __slots__ = ("_limit", "_plan", "_policy", "_rule", "_target")

    def __init__(self, plan: RowPlan, rule: str) -> None:
        self._plan = plan
        self._rule = rule
        self._limit = plan.limit
        self._policy = plan.row.too_long or "quarantine"
        self._target = keep_target(self._policy)

    def __call__(self, text: str, draft: Draft) -> str | None:
        limit, plan = self._limit, self._plan
        if limit is None or fits(text, limit):
            return text
        if self._policy == "quarantine":
            draft.refuse(f"{plan.path}.too_long", f"longer than {limit} characters")
            return None
        if self._policy == "opener":
            draft.opener_texts[plan.name] = text
        else:
            draft.lose(self._rule, plan.name)
        if self._target:
            draft.keep(plan.name, self._target, text)
        return cut(text, limit)


def _due_date(plan: RowPlan) -> Step:
    policy = plan.row.past or "drop"
    kept = keep_target(policy)

    def step(record: Record, draft: Draft) -> None:
        source = record.fields.get(plan.name)
        value: Value | None = None
        if source is not None:
            if not isinstance(source, str) or not _TIME.fullmatch(source):
                draft.refuse(plan.path, "this is not a time")
            elif source > draft.soonest:
                value = source
            elif policy == "quarantine":
                draft.refuse(f"{plan.path}.past", "the due date has passed")
            else:
                draft.lose("due-date-past", plan.name)
        plan.add(draft, source, value)
        if kept:
            # also while it is still in the future: or time alone would change records
            draft.keep(plan.name, kept, source)

    return step


def _attribute(plan: RowPlan) -> Step:
    quarantine = plan.row.too_long == "quarantine"

    def step(record: Record, draft: Draft) -> None:
        source = record.fields.get(plan.name)
        wanted = without_our_keys(source) if plan.name == "tags" else source
        value = attribute_value(wanted)
        if value != wanted:
            if quarantine:
                text = "a custom attribute cannot hold this text"
                draft.refuse(f"{plan.path}.too_long", text)
            else:
                draft.lose("attribute-cut", plan.name)
        plan.add(draft, source, value)

    return step


def without_our_keys(tags: Value | None) -> Value | None:
    """Leave our own correlation keys out: they name a record, and are nobody's tag."""
    if tags is None:
        return None
    several = (tags,) if isinstance(tags, str) else tags
    kept = tuple(t for t in several if parse_correlation(t.removeprefix(TAG)) is None)
    return kept if len(kept) > 1 else (kept[0] if kept else None)


def _values(plan: RowPlan, table: ValueTable) -> Step:
    policy = plan.row.unmapped or "quarantine"
    kept_in = keep_target(policy)

    def step(record: Record, draft: Draft) -> None:
        source = record.fields.get(plan.name)
        several = (source,) if isinstance(source, str) else source or ()
        mapped: dict[str, None] = {}
        unknown: list[str] = []
        for item in several:
            target = table.targets.get(item)
            if target is None:
                unknown.append(item)
            else:
                mapped[target] = None
        values = tuple(mapped)
        value = values if len(values) > 1 else (values[0] if values else None)
        plan.add(draft, source, value)
        if unknown and policy == "quarantine":
            for item in unknown:
                path = f"{plan.path}.values.{dotted(_short(item))}"
                draft.refuse(path, "no row names this value")
        elif unknown:
            draft.lose("value-unmapped", plan.name)
            if kept_in:
                rest = unknown[0] if len(unknown) == 1 else tuple(unknown)
                draft.keep(plan.name, kept_in, rest)

    return step


def _short(value: str) -> str:
    """Spell a value as part of a path."""
    return cut(one_line(value), 40)
