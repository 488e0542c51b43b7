"""`explain KEY`: one record's whole story, from the state."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from caseferry.adapters.sqlite import SqliteStore
from caseferry.bootstrap import read_mapping, reading_state
from caseferry.cli.as_mapped import as_mapped
from caseferry.cli.explain_pair import explain_pair
from caseferry.cli.options import Command, Invocation
from caseferry.cli.result import Result
from caseferry.cli.running import carried_direction, find_key, last_direction
from caseferry.errors import MappingError
from caseferry.mapping.compile import Mapper
from caseferry.model.correlation import Role
from caseferry.model.direction import NAMES, Direction
from caseferry.model.link import Hold, Link
from caseferry.model.mapped import MappedField, MappedRecord
from caseferry.model.record import (
    Entity,
    Key,
    Record,
    Value,
    record_fingerprint,
)
from caseferry.report.text import local_time, shown, table, wrapped


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the state knows about one record of the side that was carried last."""

    direction: Direction
    key: Key
    record: Record | None
    link: Link | None
    hold: Hold | None
    mapped: MappedRecord | None
    relatives: tuple[Link, ...]
    journal: tuple[Mapping[str, str], ...]
    digest: str

    def counterpart(self, link: Link) -> Key:
        """Give the other side's record."""
        return link.casemgr if self.direction is Direction.TO_CASEMGR else link.kore

    def read_back(self, link: Link, field: MappedField) -> Value | None:
        """Give what the other side held when both last agreed."""
        to_casemgr = self.direction is Direction.TO_CASEMGR
        return (link.casemgr_base if to_casemgr else link.kore_base).get(field.casemgr)


@click.command(cls=Command, example="caseferry explain CS004711")
@click.argument("key", metavar="KEY")
@click.pass_obj
def explain(invocation: Invocation, *, key: str) -> Result:
    """Tell one record's whole story.

    Both sides, its link, what both agreed on, what was done, and what the next run
    makes of it, and why. Reads the state only; works while a run is going on.
    """
    config = invocation.load().config
    try:
        mapper = read_mapping(config)
    except MappingError:
        mapper = None  # what was done can be told without it
    with reading_state(config) as store:
        found = find_key(store, key)
        if carried_direction(store) is Direction.TWO_WAY and mapper is not None:
            return explain_pair(store, config, mapper, found)
        known = _gather(store, found, mapper)
    return Result(data=_data(known), lines=_lines(known))


def _gather(store: SqliteStore, key: Key, mapper: Mapper | None) -> _Known:
    direction = last_direction(store)
    link = store.link(key)
    own = key
    if link is not None:
        own = link.kore if direction is Direction.TO_CASEMGR else link.casemgr
    record = store.record(own)
    is_case = record is None or record.entity is Entity.CASE
    link = store.link(own) or link
    home = link.kore if link is not None else own
    relatives = store.links_of([home]).get(home, []) if is_case else []
    return _Known(
        direction=direction,
        key=own,
        record=record,
        link=link,
        hold=store.holds([own]).get(own),
        mapped=as_mapped(store, record, mapper),
        relatives=tuple(other for other in relatives if other.role is not Role.CASE),
        journal=tuple(store.journal(own, None)),
        digest=mapper.digest if mapper is not None else "",
    )


def _data(known: _Known) -> dict[str, Any]:
    record, link, hold = known.record, known.link, known.hold
    return {
        "key": known.key,
        "entity": str(record.entity) if record else None,
        "number": record.text("refId") if record else "",
        "case": record.parent if record else None,
        str(known.direction.source): dict(record.fields) if record else {},
        "link": None
        if link is None
        else {
            "counterpart": known.counterpart(link),
            "role": link.role.name.lower(),
            "finished": link.finished,
            "parted": link.tombstone,
            str(known.direction.target): dict(
                link.casemgr_base.fields
                if known.direction is Direction.TO_CASEMGR
                else link.kore_base.fields
            ),
        },
        "hold": None
        if hold is None
        else {"kind": str(hold.kind), "code": hold.code, "reason": hold.reason},
        "fields": [
            {
                "kore": field.kore,
                "casemgr": field.casemgr,
                "source": field.source,
                "wanted": field.value,
                "read_back": known.read_back(link, field) if link else None,
            }
            for field in _fields(known)
        ],
        "activities": [
            {"kore": other.kore, "casemgr": other.casemgr, "role": _role(other)}
            for other in known.relatives
        ],
        "journal": [dict(entry) for entry in known.journal],
        "next": _next(known),
    }


def _lines(known: _Known) -> list[str]:
    record, link = known.record, known.link
    what = str(record.entity) if record else "record"
    number = record.text("refId") if record else ""
    rows = [("key", str(known.key))]
    if record is not None and record.parent is not None:
        rows.append(("case", str(record.parent)))
    if link is not None:
        end = "parted" if link.tombstone else _finish(link)
        rows.append(("counterpart", f"{known.counterpart(link)}, {end}"))
    if known.hold is not None:
        hold = known.hold
        rows.append(("held", f"{hold.kind}, {hold.code}: {hold.reason}"))
    rows.append(("next run", _next(known)))
    lines = [f"{what.capitalize()} {number}".rstrip(), *table(rows)]
    lines += _field_lines(known)
    if known.relatives:
        lines += ["", "Activities"]
        for other in known.relatives:
            lines.append(f"  {_role(other)} {_pair(known, other)}")
    if known.journal:
        lines += ["", "Written"]
        for entry in known.journal:
            lines += _entry_lines(entry)
    return lines


def _field_lines(known: _Known) -> list[str]:
    fields = _fields(known)
    if not fields:
        return []
    here, there = NAMES[known.direction.source], NAMES[known.direction.target]
    lines = ["", f"Fields: in {here} as last read; in {there} as last read back"]
    link, to_casemgr = known.link, known.direction is Direction.TO_CASEMGR
    width = max(len(here), len(there), len("wanted"))
    for field in fields:
        names = (
            (field.casemgr, field.kore) if to_casemgr else (field.kore, field.casemgr)
        )
        lines.append(f"  {names[0]} from {names[1]}")
        back = known.read_back(link, field) if link else None
        lines.append(f"    {here:{width}} {shown(field.source)}")
        lines.append(f"    {there:{width}} {shown(back)}")
        if link is not None and not field.is_met_by(back):
            lines.append(f"    {'wanted':{width}} {shown(field.value)}")
    return lines


def _entry_lines(entry: Mapping[str, str]) -> list[str]:
    state = entry["state"].replace("_", " ")
    head = f"{local_time(entry['at'])} run {entry['run']}: {entry['kind']} "
    head += f"{entry['role']}, {state}"
    lines = wrapped(f"{head} {entry['casemgr']}".rstrip(), "  ", "    ")
    if entry["detail"]:
        lines += wrapped(entry["detail"], "    ")
    return lines


def _fields(known: _Known) -> tuple[MappedField, ...]:
    fields = known.mapped.fields if known.mapped is not None else ()
    return tuple(
        field for field in fields if field.source is not None or field.value is not None
    )


def _next(known: _Known) -> str:
    """Say what the next run makes of the record, as far as the state can tell."""
    link, record = known.link, known.record
    if known.hold is not None:
        return "left alone while it is held"
    if link is None:
        return "planned: it has no counterpart yet"
    if link.tombstone:
        return "left alone: it was parted, or taken back"
    if not link.finished:
        return "goes on: its creation is not finished"
    if known.digest and link.mapping != known.digest:
        return "planned anew: the mapping is another one"
    if record is not None and record_fingerprint(record) != link.source_print:
        return f"planned anew: it changed in {NAMES[known.direction.source]} since"
    return "as is, unless it changes"


def _pair(known: _Known, link: Link) -> str:
    there = known.counterpart(link)
    return f"{link.kore if there == link.casemgr else link.casemgr} -> {there}"


def _finish(link: Link) -> str:
    return "finished" if link.finished else "not finished"


def _role(link: Link) -> str:
    return link.role.name.lower()
