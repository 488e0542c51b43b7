"""`explain KEY` in two-way sync: a pair from both sides."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from caseferry.adapters.clock import SystemClock
from caseferry.adapters.sqlite import SqliteStore
from caseferry.bootstrap import settings_of, two_way_of
from caseferry.cli.as_mapped import as_mapped
from caseferry.cli.disputed import (
    Asked,
    asked,
    asked_data,
    asked_lines,
    desk_of,
)
from caseferry.cli.freshness import freshness, freshness_rows
from caseferry.cli.result import Result
from caseferry.config import Config
from caseferry.engine.sync.outlook import Outlook, outlooks
from caseferry.mapping.compile import Mapper
from caseferry.model.action import Action
from caseferry.model.correlation import Role
from caseferry.model.direction import NAMES
from caseferry.model.link import Base, Hold, Link
from caseferry.model.record import Entity, Key, Record, System, Value, system_of
from caseferry.reconcile.made_due import with_made_due
from caseferry.reconcile.merge import FINISHED, UNKNOWN
from caseferry.report.text import local_time, shown, table, wrapped

_STATUS: Final = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One field of a pair: as read last, and as both last agreed."""

    kore: str
    casemgr: str
    values: Mapping[System, Value | None]
    agreed: Mapping[System, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    """Everything the state knows of a pair; a side that is not known is left out."""

    key: Key
    records: Mapping[System, Record]
    keys: Mapping[System, Key]
    link: Link | None
    holds: Mapping[Key, Hold]
    rows: tuple[_Row, ...]
    asked: tuple[Asked, ...]
    outlook: Outlook
    relatives: tuple[Link, ...]
    journal: tuple[Mapping[str, str], ...]
    fresh: Mapping[str, Any]


def explain_pair(
    store: SqliteStore, config: Config, mapper: Mapper, key: Key
) -> Result:
    """Tell the whole story of a pair, or of a record that has no counterpart yet."""
    clock = SystemClock()
    link = store.link(key)
    keys = {system_of(key): key}
    if link is not None and link.role is not Role.OPENER:
        keys = {System.KORE: link.kore, System.CASEMGR: link.casemgr}
    found = {system: store.record(each) for system, each in keys.items()}
    records = {system: each for system, each in found.items() if each is not None}
    if link is not None and System.KORE in records:
        records[System.KORE] = with_made_due(records[System.KORE], link)
    cases = {s: r.parent or r.key for s, r in records.items()}
    desk = desk_of(store, mapper, clock.now())
    plans = outlooks(
        store,
        mapper,
        settings=settings_of(config),
        two_way=two_way_of(config),
        clock=clock,
    )
    story = _Story(
        key=key,
        records=records,
        keys=keys,
        link=link,
        holds=store.holds(tuple(keys.values())),
        rows=tuple(_rows(store, mapper, records, link)),
        asked=() if link is None else tuple(asked(store, [desk.look(link)])),
        outlook=plans.of(
            (keys.get(System.KORE), keys.get(System.CASEMGR)),
            (cases.get(System.KORE), cases.get(System.CASEMGR)),
        ),
        relatives=_relatives(store, records.get(System.KORE)),
        journal=tuple(_journal(store, keys)),
        fresh=freshness(store, config, clock.now()),
    )
    return Result(data=_data(story), lines=_lines(story, clock))


def _journal(
    store: SqliteStore, keys: Mapping[System, Key]
) -> Iterator[Mapping[str, str]]:
    """Give what was written to either side, once, oldest first."""
    found = {
        tuple(sorted(entry.items())): entry
        for key in keys.values()
        for entry in store.journal(key, None)
    }
    yield from sorted(found.values(), key=lambda entry: (entry["at"], entry["run"]))


def _relatives(store: SqliteStore, kore: Record | None) -> tuple[Link, ...]:
    if kore is None or kore.entity is not Entity.CASE:
        return ()
    links = store.links_of([kore.key]).get(kore.key, [])
    return tuple(link for link in links if link.role is not Role.CASE)


def _rows(
    store: SqliteStore,
    mapper: Mapper,
    records: Mapping[System, Record],
    link: Link | None,
) -> Iterator[_Row]:
    """Give every mapped field of which anything is known, and the status."""
    names: dict[tuple[str, str], None] = {}
    for record in records.values():
        mapped = as_mapped(store, record, mapper)
        for field in mapped.fields if mapped is not None else ():
            if field.kore != _STATUS or field.casemgr.startswith("custom."):
                names[field.kore, field.casemgr] = None
    for kore, casemgr in names:
        values = _values(records, kore, casemgr)
        if any(value is not None for value in values.values()):
            yield _Row(
                kore=kore,
                casemgr=casemgr,
                values=values,
                agreed=_agreed(link, casemgr),
            )
    yield _Row(
        kore=_STATUS,
        casemgr=_STATUS,
        values=_values(records, _STATUS, _STATUS),
        agreed=_agreed_end(link),
    )


def _values(
    records: Mapping[System, Record], kore: str, casemgr: str
) -> dict[System, Value | None]:
    names = {System.KORE: kore, System.CASEMGR: casemgr}
    return {s: record.fields.get(names[s]) for s, record in records.items()}


def _bases(link: Link) -> dict[System, Base]:
    return {System.KORE: link.kore_base, System.CASEMGR: link.casemgr_base}


def _agreed(link: Link | None, name: str) -> dict[System, str]:
    """Say what each side held when both last agreed on a field."""
    if link is None:
        return {}
    found = {}
    for system, known in _bases(link).items():
        if not known.has(name):
            found[system] = "never agreed on"
        elif known.get(name) == UNKNOWN:
            found[system] = "agreed on, nobody knows what"
        else:
            found[system] = f"agreed on {shown(known.get(name))}"
    return found


def _agreed_end(link: Link | None) -> dict[System, str]:
    found = _agreed(link, _STATUS)
    ended = link.kore_base.get(FINISHED) if link is not None else None
    words = {"true": "agreed on finished", "false": "agreed on unfinished"}
    if found:
        found[System.KORE] = words.get(str(ended), "never agreed on")
    return found


def _data(story: _Story) -> dict[str, Any]:
    link = story.link
    entity = next((str(r.entity) for r in story.records.values()), None)
    kore = story.records.get(System.KORE)
    return {
        "key": story.key,
        "entity": entity,
        "number": kore.text("refId") if kore else "",
        "cases": {str(s): r.parent or r.key for s, r in story.records.items()},
        **{str(s): dict(r.fields) for s, r in story.records.items()},
        "link": None
        if link is None
        else {
            "kore": link.kore,
            "casemgr": link.casemgr,
            "role": link.role.name.lower(),
            "finished": link.finished,
            "parted": link.tombstone,
        },
        "holds": [
            {"key": key, "kind": str(h.kind), "code": h.code, "reason": h.reason}
            for key, h in sorted(story.holds.items())
        ],
        "fields": [_row_data(row, link) for row in story.rows],
        "conflicts": [asked_data(one) for one in story.asked],
        "activities": [
            {"kore": x.kore, "casemgr": x.casemgr, "role": x.role.name.lower()}
            for x in story.relatives
        ],
        "journal": [dict(entry) for entry in story.journal],
        "next": {
            "to_casemgr": [_action_data(each) for each in story.outlook.to_casemgr],
            "to_kore": [_action_data(each) for each in story.outlook.to_kore],
        },
        "sync": dict(story.fresh),
    }


def _row_data(row: _Row, link: Link | None) -> dict[str, Any]:
    name = row.casemgr
    found: dict[str, Any] = {
        "field": row.kore,
        "casemgr_field": name,
        "kore": row.values.get(System.KORE),
        "casemgr": row.values.get(System.CASEMGR),
    }
    if link is not None:
        own = FINISHED if row.kore == name == _STATUS else name
        found["agreed"] = {
            "known": link.kore_base.has(own) and link.casemgr_base.has(name),
            "kore": link.kore_base.get(own),
            "casemgr": link.casemgr_base.get(name),
        }
    return found


def _action_data(action: Action) -> dict[str, Any]:
    return {
        "kind": str(action.kind),
        "role": action.role.name.lower(),
        "code": action.code,
        "reason": action.reason,
        "fields": [change.name for change in action.changes],
    }


def _lines(story: _Story, clock: SystemClock) -> list[str]:
    lines = _head_lines(story, freshness_rows(dict(story.fresh), clock.now()))
    lines += ["", "Fields, as read last and as both sides last agreed"]
    lines += [line for row in story.rows for line in _row_lines(row)]
    if any(one.conflict for one in story.asked):
        lines += ["", "Conflicts"]
        lines += [line for one in story.asked for line in asked_lines(one)]
    lines += ["", "The next sync, as far as the state can tell", *_next(story.outlook)]
    if story.relatives:
        lines += ["", "Activities"]
    for other in story.relatives:
        name = other.role.name.lower()
        lines.append(f"  {name} {other.kore} and {other.casemgr}")
    if story.journal:
        lines += ["", "Written"]
    for entry in story.journal:
        lines += _entry_lines(entry)
    return lines


def _head_lines(story: _Story, fresh: list[tuple[str, str]]) -> list[str]:
    kore = story.records.get(System.KORE)
    entity = next((str(r.entity) for r in story.records.values()), "record")
    number = kore.text("refId") if kore else ""
    rows = [(NAMES[s], str(key)) for s, key in story.keys.items()]
    if entity == str(Entity.TASK):
        cases = " and ".join(str(r.parent) for r in story.records.values())
        rows.append(("cases", cases))
    rows.append(("link", _link_words(story.link)))
    for key, hold in sorted(story.holds.items()):
        where = NAMES[system_of(key)]
        rows.append((f"held ({where})", f"{hold.kind}, {hold.code}: {hold.reason}"))
    return [f"{entity.capitalize()} {number}".rstrip(), *table([*rows, *fresh])]


def _link_words(link: Link | None) -> str:
    if link is None:
        return "none: it has no counterpart yet"
    if link.tombstone:
        return "parted, or taken back; `caseferry retry KEY` takes it up again"
    return "finished" if link.finished else "its creation is not finished"


def _row_lines(row: _Row) -> list[str]:
    name = row.kore if row.kore == row.casemgr else f"{row.kore} and {row.casemgr}"
    lines = wrapped(name, "  ")
    for system, value in row.values.items():
        text = f"{NAMES[system]:7} {shown(value)}"
        if system in row.agreed:
            text = f"{text}, {row.agreed[system]}"
        lines += wrapped(text, "    ", "            ")
    return lines


def _next(outlook: Outlook) -> list[str]:
    lines = []
    for name, actions in (
        ("to casemgr", outlook.to_casemgr),
        ("to Kore", outlook.to_kore),
    ):
        words = [_action_words(action) for action in actions] or ["nothing"]
        for number, text in enumerate(words):
            head = name if not number else ""
            lines += wrapped(f"{head:10}  {text}", "  ", "              ")
    return lines


def _action_words(action: Action) -> str:
    words = str(action.kind).replace("_", " ")
    if action.role is Role.OPENER:
        words = f"{words} opener"
    why = action.reason or action.code
    names = sorted(c.name for c in action.changes if c.before != c.after)
    fields = f" ({', '.join(names)})" if names and action.is_request else ""
    return f"{words}{fields}: {why}" if why else f"{words}{fields}"


def _entry_lines(entry: Mapping[str, str]) -> list[str]:
    state = entry["state"].replace("_", " ")
    head = f"{local_time(entry['at'])} run {entry['run']}: {entry['kind']} "
    head += f"{entry['role']}, {state} {entry['casemgr']}"
    lines = wrapped(head.rstrip(), "  ", "    ")
    return lines + (wrapped(entry["detail"], "    ") if entry["detail"] else [])
