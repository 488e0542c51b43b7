"""Priority, severity and status of a suggested mapping."""

from collections import Counter
from typing import Final

from caseferry.mapping.harvest import Part, ranked
from caseferry.mapping.names import CATEGORIES, PRIORITIES, SEVERITIES
from caseferry.mapping.shape import StatusRow
from caseferry.mapping.sheet import Sheet, counted, listed, quoted
from caseferry.mapping.suggest_ground import SIDES, Ground
from caseferry.mapping.tables import fold_category
from caseferry.mapping.unfilled import FILL_IN
from caseferry.model.record import System

_SLOTS: Final = (
    ("critical", "urgent", "emergency"),
    ("high",),
    ("medium", "normal"),
    ("low",),
)
"""Names whose urgency nobody doubts; of a slot the first that is there is read back."""
_NUMBERS: Final = (("1",), ("2", "3"), ("4", "5"), ("6", "7"))
_WORDS: Final = tuple((word,) for word in SEVERITIES)
_USUAL: Final = ("Critical", "High", "Medium", "Low")
_USUAL_STATUS: Final = {"open": "Open", "resolved": "Resolved", "closed": "Closed"}
_URGENCY: Final = 'what it means, such as ["2", "3"] or { write = "1" }; then its place'
_MOST: Final = 'the most urgent number of this tenant, "1" or "7"'


def suggest_states(sheet: Sheet, ground: Ground) -> None:
    """Write [priority], [severity] and [status]."""
    _scales(sheet, ground)
    _statuses(sheet, ground)


def _scales(sheet: Sheet, ground: Ground) -> None:
    harvest = ground.harvest
    numbers = harvest.values(System.CASEMGR, "priority")
    words = harvest.values(System.CASEMGR, "severity")
    seen = harvest.values(System.KORE, "priority").values
    names = seen or Counter(dict.fromkeys(_USUAL, 0))
    sheet.title("Priority")
    sheet.remark(f"Kore: {counted(ranked(seen))}")
    sheet.remark(f"casemgr priority: {counted(numbers.ranked())}")
    sheet.remark(f"casemgr severity: {counted(words.ranked())}")
    sheet.remark(
        "Kore's names, the most urgent first = the numbers that mean it, of which the "
        'first is written. The numbers below are for a tenant where "1" is the most '
        'urgent; where "7" is, write 7 for 1, 6 for 2, 5 for 3 and so on.'
    )
    sheet.blank()
    sheet.table("priority")
    sheet.ask("most_urgent", _MOST, records=numbers.records)
    _scale(sheet, "priority", names, (_NUMBERS, PRIORITIES))
    sheet.blank()
    _scale(sheet, "severity", names, (_WORDS, SEVERITIES))


def _scale(
    sheet: Sheet,
    section: str,
    names: Counter[str],
    values: tuple[tuple[tuple[str, ...], ...], tuple[str, ...]],
) -> None:
    shares, words = values
    sheet.table(section, "names")
    slots = [_in_slot(slot, names) for slot in _SLOTS]
    lists = _spread(slots, shares)
    for slot, own in zip(slots, lists, strict=True):
        for name in reversed(slot[1:]):
            sheet.put(name, f"{{ write = {quoted(own[0])} }}", "never read")
        if slot:
            sheet.put(slot[0], listed(own), f"{names[slot[0]]} in Kore")
    placed = {name for slot in slots for name in slot}
    folded = {name.strip().lower() for name in placed}
    for name, count in ranked(names):
        if name in placed:
            continue
        if name.strip().lower() in folded:
            sheet.remark(f"{quoted(name)} cannot be told from a name above")
            continue
        folded.add(name.strip().lower())
        why = _URGENCY if words is PRIORITIES else "what it means, such as urgent"
        value = f"{{ write = {quoted(FILL_IN)} }}"
        sheet.ask(name, why, value=value, inside="write", records=count)


def _in_slot(slot: tuple[str, ...], names: Counter[str]) -> list[str]:
    """Give the names of one urgency; of two spellings of a name the more frequent."""
    found: dict[str, str] = {}
    for name, _ in ranked(names):
        word = name.strip().lower()
        if word in slot:
            found.setdefault(word, name)
    return sorted(found.values(), key=lambda name: slot.index(name.strip().lower()))


def _spread(
    slots: list[list[str]], shares: tuple[tuple[str, ...], ...]
) -> list[list[str]]:
    """Give each slot its values, and those of an empty slot to the next that is not."""
    lists: list[list[str]] = [[] for _ in slots]
    filled = [at for at, slot in enumerate(slots) if slot]
    for at, share in enumerate(shares):
        if filled:
            home = next((i for i in filled if i >= at), filled[-1])
            lists[home] += share
    return lists


def _statuses(sheet: Sheet, ground: Ground) -> None:
    sheet.title("Status")
    sheet.remark(
        "casemgr status = the Kore categories that mean it; `write` goes to Kore."
    )
    for side in SIDES:
        part = ground.kore(side)
        named = [(f"{n} ({c})", count) for (n, c), count in ranked(part.statuses)]
        theirs = ground.casemgr(side).counts("status").ranked()
        sheet.blank()
        sheet.remark(f"Kore {side}s: {counted(named)}")
        sheet.remark(f"casemgr {side}s: {counted(theirs)}")
        sheet.table("status", side)
        for status, row in ground.default_statuses(side).items():
            _status(sheet, part, status, row)
        _strange(sheet, part)
    _policy(sheet, ground)


def _status(sheet: Sheet, part: Part, status: str, row: StatusRow) -> None:
    """Write a casemgr status; what it writes is a name that was seen, or nobody's."""
    written = _written(part, row)
    categories = f"categories = {listed(row.categories)}"
    value = f"{{ {categories}, write = {quoted(written or FILL_IN)} }}"
    if written:
        sheet.put(status, value)
        return
    wanted = fold_category(row.write)
    own = [pair for pair in ranked(part.statuses) if pair[0][1] == wanted]
    found = counted([(name, count) for (name, _), count in own])
    why = f"the Kore status of category {wanted} that is written; seen: {found}"
    sheet.ask(status, why, value=value, inside="write")


def _written(part: Part, row: StatusRow) -> str:
    """Give the Kore status to write: the usual one, or the only one of its category."""
    if not part.records:
        return row.write
    wanted = fold_category(row.write)
    own = [name for name, category in part.statuses if category == wanted and name]
    if row.write in own:
        return row.write
    return own[0] if len(own) == 1 else ""


def _strange(sheet: Sheet, part: Part) -> None:
    """Write the categories that no document names: a person says what they mean."""
    found: Counter[str] = Counter()
    for (_, category), count in part.statuses.items():
        if category not in CATEGORIES:
            found[category] += count
    for category, count in ranked(found):
        value = f"{{ categories = {listed([category])}, write = {quoted(FILL_IN)} }}"
        why = "put this category into a row above, and take the line out"
        sheet.ask(f"{FILL_IN} {category}", why, value=value, records=count)


def _policy(sheet: Sheet, ground: Ground) -> None:
    """Write what happens where the two ideas of a status differ."""
    usual = ground.default.status.policy
    sheet.table("status", "policy")
    sheet.say("reopened", usual.reopened, "opener | report | conflict")
    sheet.say("cascade_close", usual.cascade_close, "propagate | reopen | report")
    sheet.table(
        "status", "policy", "name_kept_in", note='names of statuses; "" is nowhere'
    )
    for side in SIDES:
        part, kept = ground.kore(side), ground.status_home[side]
        written = {_written(part, r) for r in ground.default_statuses(side).values()}
        own = sum(n for (name, _), n in part.statuses.items() if name not in written)
        if own and not kept:
            why = f'custom.<attribute> of {side}s, or "": these names are lost then'
            sheet.ask(side, why, records=own)
        else:
            sheet.say(side, kept, f"{own} in Kore with a name of their own")
