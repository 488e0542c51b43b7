"""Values to columns and back; what is read equals what was saved."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache

from caseferry.adapters.sqlite.connection import Row
from caseferry.model.action import FieldChange
from caseferry.model.correlation import Role
from caseferry.model.link import Base, Hold, HoldKind, Intent, Link, WriteKind
from caseferry.model.record import CANONICAL, Entity, Key, Record, System, Value

_DONE = {
    System.KORE: ("statusCategory", frozenset({"resolved", "closed"})),
    System.CASEMGR: ("status", frozenset({"closed", "completed"})),
}
_ROLE_NAMES = {role: role.name.lower() for role in Role}
_CREATED = {System.KORE: "createdAt", System.CASEMGR: "created"}


def to_json(value: object) -> str:
    """Write canonical JSON: keys sorted, tuples as lists, no blanks."""
    return _storable(CANONICAL.encode(value))


def plain(text: str) -> str:
    """Make a text storable: half a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def _storable(text: str) -> str:
    """Escape JSON text that holds half a surrogate pair, which SQLite cannot store."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    return text


def _values(fields: Mapping[str, str | list[str]]) -> dict[str, Value]:
    """Give canonical values: lists become tuples."""
    return {
        name: value if value.__class__ is str else tuple(value)
        for name, value in fields.items()
    }


def is_open(system: System, record: Record) -> bool:
    """Tell whether a record is unfinished; one without a status is."""
    name, done = _DONE[system]
    return record.text(name).lower() not in done


def created(system: System, record: Record) -> str:
    """Give the time of creation, "" when the system did not say."""
    return record.text(_CREATED[system])


def record_rows(run: int, system: System, record: Record) -> tuple[Row, Row]:
    """Give the columns of the tables `record` and `content`, in their order.

    The fingerprint is that of `record_fingerprint`, from the text that is made anyway.
    """
    text = CANONICAL.encode(record.fields)
    whole = f"[{to_json(record.parent) if record.parent else 'null'},{text}]"
    try:
        encoded = whole.encode()
    except UnicodeEncodeError:
        encoded = whole.encode("utf-8", "surrogatepass")
        text = _storable(text)
    return (
        (
            record.key,
            system.value,
            record.entity.value,
            record.parent,
            record.version,
            to_json(record.unknown) if record.unknown else "[]",
            hashlib.blake2b(encoded, digest_size=16).hexdigest(),
            is_open(system, record),
            plain(created(system, record)),
            plain(record.text("refId")),
            run,
        ),
        (record.key, text),
    )


@cache
def names_text(names: tuple[str, ...]) -> str:
    """Write names of fields as JSON; there are few different lists of them."""
    return to_json(names)


RECORD = "record.key, entity, parent, version, unknown, fields"


def to_record(row: Row) -> Record:
    """Read a record from the columns `RECORD`."""
    key, entity, parent, version, unknown, fields = row
    return Record(
        key=Key(key),
        entity=Entity(entity),
        parent=None if parent is None else Key(parent),
        version=version,
        fields=_values(json.loads(fields)),
        unknown=tuple(json.loads(unknown)),
    )


def role_name(role: Role) -> str:
    """Give the word that stands for a role in the tables: case, task, opener, note."""
    return _ROLE_NAMES[role]


def to_role(name: str) -> Role:
    """Read a role back."""
    return Role[name.upper()]


LINK = (
    "kore, role, generation, casemgr, finished, kore_base, casemgr_base, source_print,"
    " mapping, tombstone, made_in"
)


def link_row(link: Link) -> Row:
    """Give the columns `LINK`."""
    return (
        link.kore,
        role_name(link.role),
        link.generation,
        link.casemgr,
        link.finished,
        _base_text(link.kore_base),
        _base_text(link.casemgr_base),
        link.source_print,
        link.mapping,
        link.tombstone,
        link.made_in,
    )


def to_link(row: Row) -> Link:
    """Read a link from the columns `LINK`."""
    return Link(
        kore=Key(row[0]),
        role=to_role(row[1]),
        generation=row[2],
        casemgr=Key(row[3]),
        finished=bool(row[4]),
        kore_base=_to_base(row[5]),
        casemgr_base=_to_base(row[6]),
        source_print=row[7],
        mapping=row[8],
        tombstone=bool(row[9]),
        made_in=System(row[10]) if row[10] else None,
    )


def _base_text(base: Base) -> str:
    return to_json({"fields": base.fields, "absent": sorted(base.absent)})


def _to_base(text: str) -> Base:
    whole = json.loads(text)
    return Base(fields=_values(whole["fields"]), absent=frozenset(whole["absent"]))


INTENT = (
    "number, kind, role, kore, casemgr, correlation, payload_print, department,"
    " fields, at, opens"
)


def to_intent(row: Row) -> Intent:
    """Read an intent from the columns `INTENT`."""
    return Intent(
        number=row[0],
        kind=WriteKind(row[1]),
        role=to_role(row[2]),
        kore=Key(row[3]),
        casemgr=None if row[4] is None else Key(row[4]),
        correlation=row[5],
        payload_print=row[6],
        department=row[7],
        fields=tuple(json.loads(row[8])),
        at=row[9],
        opens=None if row[10] is None else bool(row[10]),
    )


IMAGE = "intent, field, before, after"


def image_row(number: int, image: FieldChange) -> Row:
    """Give the columns `IMAGE`."""
    return (number, image.name, _side_text(image.before), _side_text(image.after))


def to_image(row: Row) -> FieldChange:
    """Read an image from the columns `IMAGE`."""
    return FieldChange(name=row[1], before=_to_side(row[2]), after=_to_side(row[3]))


def _side_text(value: Value | None) -> str | None:
    return None if value is None else to_json(value)


def _to_side(text: str | None) -> Value | None:
    if text is None:
        return None
    value = json.loads(text)
    return tuple(value) if isinstance(value, list) else str(value)


HOLD = "key, kind, code, reason, source_print, mapping, correlation"


def to_hold(row: Row) -> Hold:
    """Read a hold from the columns `HOLD`."""
    key, kind, code, reason, source_print, mapping, correlation = row
    return Hold(
        key=Key(key),
        kind=HoldKind(kind),
        code=code,
        reason=reason,
        source_print=source_print,
        mapping=mapping,
        correlation=correlation,
    )
