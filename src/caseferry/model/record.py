"""Records in canonical form, their keys and fingerprints.

A record speaks the field names of its own system; what becomes what is the
mapping's business.

Kore case and task fields: `name desc tags status statusCategory priority dueDate refId
createdAt template source language isActive userInfo._id userInfo.name userInfo.emailId
userInfo.phoneNumber assignee queue field.<display name> count.<list> marker`; a task
also has `caseRefId`, its case is `parent`. `marker` is the correlation key that we
wrote into the name, the description or a tag, none of which shows it; a due date that
only we made up is not shown either, but as `marker.due`. Where the key stands is kept
in `marker.name marker.desc marker.tags`; several keys in one record are several values.

casemgr case fields: `subject description solution severity dueDate status department
owner customer created custom.<attribute>`. casemgr activity fields: `subject
content.text content.html priority dueDate status substatus type subtype department
assignee customer created custom.<attribute>`, and of the contact it names
`contact.name contact.email contact.phone`; its case is `parent`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NewType

from caseferry.model.times import instant_of

CANONICAL: Final = json.JSONEncoder(
    sort_keys=True,
    ensure_ascii=False,
    separators=(",", ":"),
    check_circular=False,
    default=dict,
)
"""Writes equal values as equal texts: keys sorted, tuples as lists, no blanks."""

Key = NewType("Key", str)
"""A record's name anywhere: `kore:ci-…`, `kore:ti-…`, `casemgr:case:1003`,
`casemgr:activity:1004`."""

Value = str | tuple[str, ...]
"""A field's canonical value. Times are `YYYY-MM-DDTHH:MM:SS.mmmZ`, numbers and booleans
their JSON spelling, several values a tuple of at least two; absent means not in
`fields`."""


class System(StrEnum):
    """The two systems."""

    KORE = "kore"
    CASEMGR = "casemgr"


class Entity(StrEnum):
    """The kinds of record that are carried; a casemgr activity is a task."""

    CASE = "case"
    TASK = "task"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One case or task as one system shows it, in canonical form.

    Attributes:
        key: its name.
        entity: case or task; every kind of casemgr activity counts as a task here.
        parent: a task's case.
        version: the system's own stamp, verbatim: Kore `updatedAt`, casemgr
            `lastModified`.
        fields: by the system's field names; never empty strings nor empty tuples.
        unknown: names of fields the system sent that caseferry does not know.
    """

    key: Key
    entity: Entity
    parent: Key | None
    version: str
    fields: Mapping[str, Value]
    unknown: tuple[str, ...] = ()

    def text(self, name: str) -> str:
        """Give a field as one text; absent is "", several values are joined by ", "."""
        value = self.fields.get(name, "")
        return value if isinstance(value, str) else ", ".join(value)


def kore_key(local_id: str) -> Key:
    """Name a Kore record by its `_id`."""
    return Key(f"kore:{local_id}")


def case_key(local_id: str) -> Key:
    """Name a casemgr case by its id."""
    return Key(f"casemgr:case:{local_id}")


def activity_key(local_id: str) -> Key:
    """Name a casemgr activity by its id."""
    return Key(f"casemgr:activity:{local_id}")


def local_id(key: Key) -> str:
    """Give the id by which the record's own system knows it."""
    return key.rpartition(":")[2] if key.startswith("casemgr:") else key[5:]


def system_of(key: Key) -> System:
    """Tell which system a key belongs to."""
    return System(key.partition(":")[0])


def canonical(value: str | tuple[str, ...] | list[str] | None) -> Value | None:
    """Bring a value into canonical form: empty is absent, one of several is itself.

    Line ends become line feeds; nothing else of a text is changed.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n") or None
    parts = tuple(part for item in value if (part := canonical(item)) is not None)
    flat = tuple(part for part in parts if isinstance(part, str))
    return flat if len(flat) > 1 else (flat[0] if flat else None)


def is_touched(record: Record) -> bool:
    """Tell whether a record was changed since it was made, as far as its stamps say."""
    created = record.text("createdAt") or record.text("created")
    return bool(created) and instant_of(record.version) != created


def is_outdated(version: str, known: str, settled_before: str) -> bool:
    """Tell whether a listing may still show a record as it was before what is known.

    Args:
        version: that it shows.
        known: that was seen before.
        settled_before: canonical time; what a record became later may not be listed
            yet. "" is never.
    """
    if not settled_before:
        return False
    shown, newest = instant_of(version), instant_of(known)
    return "" < shown < newest and newest >= settled_before


def fingerprint(value: object) -> str:
    """Hash a JSON-shaped value: the same content gives the same 32 hex digits.

    Mappings may have their keys in any order; tuples and lists are the same.
    """
    text = CANONICAL.encode(value).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def record_fingerprint(record: Record) -> str:
    """Hash what a record holds; its version is left out: a stamp is not a change."""
    return fingerprint([record.parent, dict(record.fields)])
