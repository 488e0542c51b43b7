"""Links, holds and intents: what the state remembers about a record."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from caseferry.model.action import FieldChange
from caseferry.model.correlation import Role
from caseferry.model.record import Key, System, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """One side's fields when both sides last agreed, as read back.

    A field that is not in `fields` and not in `absent` has never been agreed on.
    """

    fields: Mapping[str, Value]
    absent: frozenset[str] = frozenset()

    def has(self, name: str) -> bool:
        """Tell whether this field was ever agreed on."""
        return name in self.fields or name in self.absent

    def get(self, name: str) -> Value | None:
        """Give the agreed value; None is "agreed to be absent"."""
        return self.fields.get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Proven identity: this Kore record is that casemgr record.

    Attributes:
        role: case or task; an opener belongs to its case and is nobody's counterpart.
        kore: the Kore record; an opener's case.
        casemgr: its counterpart.
        generation: as of its key: 0, but for openers made again, and for what was made
            again after an undo.
        finished: creation went to its last step; before that nothing is merged.
        kore_base, casemgr_base: each side as both last agreed, per field.
        source_print: fingerprint of the source record when last finished.
        mapping: digest of the mapping it was last carried under; no digest at all while
            one direction has yet to look under a changed one.
        tombstone: parted or undone; nothing is created from it until `retry`.
        made_in: the system in which we made one of the two; None where both were
            there. Until its creation is finished only that direction goes on with it.
    """

    role: Role
    kore: Key
    casemgr: Key
    generation: int = 0
    finished: bool = False
    kore_base: Base = Base(fields={})
    casemgr_base: Base = Base(fields={})
    source_print: str = ""
    mapping: str = ""
    tombstone: bool = False
    made_in: System | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """A record of ours that an undo ended: nobody's counterpart any more.

    The row outlives the link that `retry` takes away.

    Attributes:
        target: the record that was taken back.
        source: what it was made for; an opener's case.
        generation: of the key that it carries; what is made next for this source and
            role is of a later one.
    """

    target: Key
    source: Key
    role: Role
    generation: int


class HoldKind(StrEnum):
    """Why a record is skipped for now."""

    QUARANTINE = "quarantine"
    UNCERTAIN = "uncertain"
    WAITING = "waiting"
    SET_ASIDE = "set_aside"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A record that is left alone until it, the mapping or `retry` changes.

    Attributes:
        key: the source record.
        kind: why.
        code: stable, for scripts and for grouping.
        reason: for a person; a server's own words, never a field's value.
        source_print: the record when it was held; another one lifts the hold.
        mapping: the mapping when it was held; another one lifts the hold.
        correlation: of the create that is uncertain or was refused.
    """

    key: Key
    kind: HoldKind
    code: str
    reason: str
    source_print: str = ""
    mapping: str = ""
    correlation: str = ""

    @property
    def refused(self) -> bool:
        """Tell whether it was the target that refused the record."""
        return self.code.startswith(("refused", "not-found", "forbidden"))


SINCE_PLANNED = frozenset({"moved-since", "not-in-plan", "plan-differs"})
"""Codes of holds on records that are not as a saved plan says."""


class WriteKind(StrEnum):
    """The kinds of write request; also what a tenant is proved for."""

    CREATE = "create"
    EDIT_TASK = "edit_task"
    EDIT_CASE = "edit_case"
    COMPLETE = "complete"
    CLOSE = "close"
    NOTE = "note"


class IntentState(StrEnum):
    """Where one write request stands."""

    OPEN = "open"  # about to leave, or left and nothing is known
    DONE = "done"
    NOT_EXECUTED = "not_executed"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    ABSENT = "absent"  # settled: it had no effect
    REREAD = "reread"  # settled: the record is read anew, and tells by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A write that is about to leave, durable before it does.

    Attributes:
        number: given by the state; 0 before it is saved.
        kind: what is written.
        role: of the record that is written.
        kore: the source record.
        casemgr: the record that is written; None for a create.
        correlation: the key that a create or note carries, else "".
        payload_print: fingerprint of what is sent.
        department: where a create lands; its look-up needs it.
        fields: names of the fields written.
        at: server-side time before the request, UTC: the lower bound of a listing.
        opens: a create that brings its case into being; None where that is not known,
            and for all else.
        images: of an edit, what stood in each field before, and what is sent; the state
            gives them back only with `entries`.
    """

    number: int = 0
    kind: WriteKind
    role: Role
    kore: Key
    casemgr: Key | None
    correlation: str
    payload_print: str
    department: str
    fields: tuple[str, ...]
    at: str
    opens: bool | None = None
    images: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the journal: a write with its images, and what became of it.

    The images are empty once the contents were let go.
    """

    intent: Intent
    state: IntentState


def images_of(changes: Iterable[FieldChange]) -> tuple[FieldChange, ...]:
    """Keep what a request changes: not what is sent along so that it stays."""
    return tuple(
        change
        for change in changes
        if change.after is not None and change.before != change.after
    )
