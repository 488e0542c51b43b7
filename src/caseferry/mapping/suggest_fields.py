"""The rows of a suggested mapping: fields that agree by name, and those that do not."""

import re
from typing import Final

from caseferry.mapping.check_rows import Side
from caseferry.mapping.harvest import Counts
from caseferry.mapping.names import CUSTOM, FIELD
from caseferry.mapping.notes import attribute_text
from caseferry.mapping.shape import Row
from caseferry.mapping.sheet import Sheet, counted, inline, quoted
from caseferry.mapping.suggest_ground import SIDES, Ground, fold
from caseferry.mapping.unfilled import FILL_IN

_FEW: Final = 30
"""A field with more different values than this is no list to choose from."""
_PLAIN: Final = re.compile(r"[-+]?\d+([.,]\d+)*|true|false|\d{4}-\d\d-\d\dT.*")
_ALWAYS: Final = frozenset({"name", "desc", "dueDate"})
_PAST: Final = "a due date that has passed: drop | quarantine | keep:custom.<attribute>"
_HOME: Final = "custom.<attribute>; or no row, and a word in [stays_behind]"


def suggest_fields(sheet: Sheet, ground: Ground) -> None:
    """Write [case.fields], [task.fields] and [write_once]."""
    sheet.title("Fields: Kore field = casemgr field")
    sheet.remark(
        "too_long: cut | quarantine | keep:custom.<attribute> | opener (cases)"
    )
    sheet.remark("direction: both | to-casemgr | to-kore; owner: kore | casemgr | ask")
    for side in SIDES:
        sheet.blank()
        sheet.table(side, "fields")
        for name in ground.default.rows(side):
            if not name.startswith(FIELD):
                _own(sheet, ground, side, name)
        labelled = [n for n in ground.kore(side).named(FIELD) if n != FIELD]
        tables = [_custom(sheet, ground, side, name) for name in labelled]
        free = ground.attributes(side)
        if free:
            named = [(n, ground.casemgr(side).counts(n).records) for n in free]
            sheet.remark(f"Attributes that agree with no field: {counted(named)}")
        for name, attribute in filter(None, tables):
            _values(sheet, ground, side, (name, attribute))
    sheet.blank()
    sheet.table("write_once", note="casemgr cannot change these; when Kore does:")
    for name, policy in ground.default.write_once.items():
        sheet.say(name, policy, "note | report | conflict")


def _own(sheet: Sheet, ground: Ground, side: Side, name: str) -> None:
    """Write a row for a field of Kore's own, as the mapping that ships has it."""
    part = ground.default.case if side == "case" else ground.default.task
    row = part.fields[name]
    counts = ground.kore(side).counts(name)
    if name not in _ALWAYS and not counts.records:
        return
    ground.rows[side].add(name)
    if row.casemgr == "dueDate":
        _due_date(sheet, ground, side, row)
    elif row.casemgr.startswith(CUSTOM):
        _kept(sheet, ground, side, (name, row))
    else:
        ground.carried[side].add(row.casemgr)
        sheet.put(name, inline(_texts(row)), _seen(counts))


def _due_date(sheet: Sheet, ground: Ground, side: Side, row: Row) -> None:
    ground.carried[side].add("dueDate")
    kept = ground.attribute_like(side, "orig_due", "original due date", "kore_due")
    texts = _texts(row) | {"past": f"keep:{kept}" if kept else FILL_IN}
    records = ground.kore(side).counts("dueDate").records
    if kept:
        sheet.put("dueDate", inline(texts), _seen(ground.kore(side).counts("dueDate")))
        return
    value = inline(texts)
    sheet.ask("dueDate", _PAST, value=value, inside="past", records=records)


def _kept(sheet: Sheet, ground: Ground, side: Side, named: tuple[str, Row]) -> None:
    """Write a row for a field that only an attribute can take."""
    name, row = named
    usual = row.casemgr.removeprefix(CUSTOM)
    attribute = ground.attribute_like(side, usual, name, f"kore {name}")
    counts = ground.kore(side).counts(name)
    texts = _texts(row) | {"casemgr": attribute or FILL_IN}
    if attribute:
        sheet.put(name, inline(texts), _seen(counts))
        return
    records = counts.records
    sheet.ask(name, _HOME, value=inline(texts), inside="casemgr", records=records)


def _custom(
    sheet: Sheet, ground: Ground, side: Side, name: str
) -> tuple[str, str] | None:
    """Write a row for a custom field; gives what needs a table of values of its own."""
    ground.rows[side].add(name)
    counts = ground.kore(side).counts(name)
    attribute = ground.attribute_like(side, name.removeprefix(FIELD))
    if not attribute:
        why = f"{_HOME}; values: {counted(counts.ranked())}"
        value = inline({"casemgr": FILL_IN})
        sheet.ask(name, why, value=value, inside="casemgr", records=counts.records)
        return None
    if _needs_table(counts, ground.casemgr(side).counts(attribute)):
        return name, attribute
    sheet.put(name, inline({"casemgr": attribute}), _seen(counts))
    return None


def _needs_table(kore: Counts, casemgr: Counts) -> bool:
    """Tell whether both sides choose from lists, and spell the same differently."""
    ours, theirs = set(kore.values), set(casemgr.values)
    is_list = not (kore.others or casemgr.others) and 0 < len(theirs) <= _FEW
    if not is_list or len(ours) > _FEW or theirs <= ours:
        return False
    if any(attribute_text(value) != (value, False) for value in theirs):
        return False  # no table may name such a value
    repeat = kore.records >= 2 * len(ours) and casemgr.records >= 2 * len(theirs)
    if not repeat and {*map(fold, ours)}.isdisjoint(map(fold, theirs)):
        return False  # texts: every record has its own
    return not all(_PLAIN.fullmatch(value) for value in ours | theirs)


def _values(sheet: Sheet, ground: Ground, side: Side, pair: tuple[str, str]) -> None:
    name, attribute = pair
    kore, casemgr = (
        ground.kore(side).counts(name),
        ground.casemgr(side).counts(attribute),
    )
    sheet.table(side, "fields", name)
    sheet.say("casemgr", attribute, _seen(kore))
    sheet.table(side, "fields", name, "values")
    free = {fold(value): value for value, _ in reversed(casemgr.ranked())}
    left = dict(casemgr.ranked())
    for value, count in kore.ranked():
        target = value if value in left else free.get(fold(value), "")
        if target and left.pop(target, 0):
            sheet.say(value, target, f"{count} in Kore")
        else:
            why = f"the casemgr value that means {quoted(value)}"
            sheet.ask(value, why, records=count)
    for value, count in left.items():
        why = "the Kore value that means it; or take the line out"
        sheet.ask_key(value, why, records=count)


def _texts(row: Row) -> dict[str, str]:
    given = row.model_dump(exclude={"values"}, exclude_none=True)
    return {name: str(value) for name, value in given.items()}


def _seen(counts: Counts) -> str:
    return f"{counts.records} in Kore" if counts.records else "none in Kore yet"
