"""What waits for a decision, as a person is told: values, since when, what to type."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from caseferry.adapters.sqlite import SqliteStore
from caseferry.cli.running import carried_direction, name_of
from caseferry.codes import CODES, Kind
from caseferry.engine.conflicts import Desk, Disputed
from caseferry.mapping.compile import Mapper
from caseferry.model.correlation import Role
from caseferry.model.direction import NAMES
from caseferry.model.link import HoldKind
from caseferry.model.record import System
from caseferry.reconcile.conflicts import Conflict, hindrance
from caseferry.report.text import local_time, shown, visible, wrapped

WHY: Final = {c.name: c.meaning for c in CODES if Kind.CONFLICT in c.kinds}
_UNREAD: Final = "both sides have to be read first: `caseferry plan`"
_SETTLED: Final = "both sides were read since: the next sync decides it anew"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One conflict with everything that is told of it.

    Attributes:
        conflict: None where a run listed one that the state cannot show (any more).
        number: what people see of the record in Kore, or "".
        since: canonical time; "" where no run listed it yet.
        typed: the command to type for each side that can be taken.
        cannot: why a side cannot be taken.
    """

    pair: Disputed
    conflict: Conflict | None
    number: str
    since: str
    typed: Mapping[System, str]
    cannot: Mapping[System, str]

    @property
    def entity(self) -> str:
        """Tell whether it is a case or a task."""
        return "case" if self.pair.link.role is Role.CASE else "task"


def desk_of(store: SqliteStore, mapper: Mapper, now: datetime) -> Desk:
    """Give the desk as the last run left it."""
    return Desk(store, mapper, carried_direction(store), now)


def asked(store: SqliteStore, pairs: Iterable[Disputed]) -> Iterator[Asked]:
    """Give what is asked about pairs; each field is one question."""
    for pair in pairs:
        number, since = name_of(store, pair.link.kore), _since(store, pair)
        for conflict in pair.conflicts or ((None,) if pair.is_listed else ()):
            cannot = _hindrances(pair, conflict)
            typed = _typed(store, pair, conflict, number)
            yield Asked(
                pair=pair,
                conflict=conflict,
                number=number,
                since=since,
                typed={s: text for s, text in typed.items() if s not in cannot},
                cannot=cannot,
            )


def asked_data(one: Asked) -> dict[str, Any]:
    """Give it as JSON data; values are null where a side holds nothing."""
    link, conflict = one.pair.link, one.conflict
    code = next((hold.code for hold in one.pair.holds), "")
    return {
        "key": link.kore,
        "counterpart": link.casemgr,
        "number": one.number,
        "entity": one.entity,
        "field": conflict.kore_field if conflict else "*",
        "casemgr_field": conflict.casemgr_field if conflict else "*",
        "kore": conflict.kore if conflict else None,
        "casemgr": conflict.casemgr if conflict else None,
        "code": conflict.code if conflict else code,
        "since": one.since or None,
        "resolve": {str(system): text for system, text in one.typed.items()},
        "cannot": {str(system): text for system, text in one.cannot.items()},
    }


def heading(one: Asked) -> str:
    """Name the pair."""
    link = one.pair.link
    words = [one.entity.capitalize(), one.number, link.kore, "and", link.casemgr]
    return visible(" ".join(word for word in words if word))


def asked_lines(one: Asked) -> list[str]:
    """Give one conflict for a person."""
    conflict = one.conflict
    if conflict is None:
        reasons = [h.reason for h in one.pair.holds if h.kind is HoldKind.CONFLICT]
        return [*wrapped(reasons[0], "  "), *wrapped(_unclear(one.pair), "    ")]
    names = conflict.kore_field
    if conflict.casemgr_field != names:
        names = f"{names} and {conflict.casemgr_field}"
    lines = wrapped(f"{names}: {WHY[conflict.code]}", "  ", "    ")
    if one.since:
        lines.append(f"    found    {local_time(one.since)}")
    lines.append(f"    Kore     {shown(conflict.kore)}")
    lines.append(f"    casemgr  {shown(conflict.casemgr)}")
    for system in System:
        if system in one.typed:
            lines.append(f"    {visible(one.typed[system])}")
        else:
            text = f"{NAMES[system]}'s cannot be taken: {one.cannot[system]}"
            lines += wrapped(text, "    ", "      ")
    return lines


def _hindrances(pair: Disputed, conflict: Conflict | None) -> dict[System, str]:
    if pair.twins is None or conflict is None:
        return dict.fromkeys(System, _unclear(pair))
    found = {each: hindrance(pair.twins, conflict, each) for each in System}
    return {system: text for system, text in found.items() if text}


def _unclear(pair: Disputed) -> str:
    return _UNREAD if pair.twins is None else _SETTLED


def _typed(
    store: SqliteStore, pair: Disputed, conflict: Conflict | None, number: str
) -> dict[System, str]:
    if conflict is None:
        return {}
    key: str = pair.link.kore
    if number and store.resolve_key(number) == [pair.link.kore]:
        key = number
    field = conflict.kore_field
    if any(c.answers_to(field) for c in pair.conflicts if c is not conflict):
        field = conflict.casemgr_field
    option = f" --field {_quoted(field)}" if len(pair.conflicts) > 1 else ""
    return {
        system: f"caseferry resolve {key}{option} --take {system}" for system in System
    }


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


def _since(store: SqliteStore, pair: Disputed) -> str:
    found = (store.held_as(h.key) for h in pair.holds if h.kind is HoldKind.CONFLICT)
    return min((held.since for held in found if held is not None), default="")
