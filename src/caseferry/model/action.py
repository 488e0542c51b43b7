"""Actions and plans: what would be done, as values that can be shown and kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from caseferry.model.correlation import Role
from caseferry.model.kore_draft import CaseDraft, TaskDraft
from caseferry.model.record import Key, Value


class ActionKind(StrEnum):
    """What happens to one record; the words are those of the JSON output."""

    CREATE = "create"
    UPDATE = "update"
    COMPLETE = "complete"
    CLOSE = "close"
    REOPEN = "reopen"
    NOTE = "note"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    WAITING = "waiting"
    SET_ASIDE = "set_aside"
    QUARANTINE = "quarantine"
    UNCERTAIN = "uncertain"
    OUT_OF_SCOPE = "out_of_scope"


WRITES = frozenset(
    {
        ActionKind.CREATE,
        ActionKind.UPDATE,
        ActionKind.COMPLETE,
        ActionKind.CLOSE,
        ActionKind.REOPEN,
        ActionKind.NOTE,
    }
)


class Stage(IntEnum):
    """The order inside a case group; a stage starts when the one before is read back.

    Opening first, contents next, closing last.
    """

    OPEN = 1  # the create that brings the case into being, or back
    CREATE = 2  # every other create
    EDIT = 3  # contents and notes
    COMPLETE = 4
    CLOSE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Something a mapping could not carry over.

    Attributes:
        rule: its name, as in `[losses]`: `subject-cut`.
        field: the source's field.
    """

    rule: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field of the target, before and after; None is absent."""

    name: str
    before: Value | None
    after: Value | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerDraft:
    """Which customer a create names, and how the server finds it.

    Attributes:
        attribute: `email.emailAddress`, `mobile.phone` …: what the server looks up on.
        value: in the spelling that was found, or is to be created.
        create: the look-ups were all empty and the mapping says create.
        first_name, last_name, email, phone: of a customer to be created.
        placeholder: the mapping's stand-in for people without a contact.
    """

    attribute: str
    value: str
    create: bool = False
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    placeholder: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityDraft:
    """A task activity to be created; without `case` the server makes a case.

    Attributes:
        fields: casemgr field names to values: `subject content.text content.html
            priority dueDate custom.<attribute>`; the correlation key is not in it.
    """

    department: str
    subtype: str
    assignee: str
    customer: CustomerDraft
    fields: Mapping[str, Value]
    correlation: str
    case: Key | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing that happens to one record.

    Attributes:
        kind: what.
        role: case, task or opener.
        key: the source record; an opener's case.
        counterpart: the target record, when it is known.
        stage: when its request leaves, inside the group; None where it sends none: a
            case comes into being with its first activity, and closes with its last.
        changes: per field of the target.
        reason: why, in words without field values.
        code: stable word for the reason, for grouping.
        losses: what could not be carried.
        draft: of a create in casemgr.
        kore_draft: of a create in Kore; a task's only once its case is there.
        correlation: of a create or a note.
        note: the text of a note, in the note alphabet, key included.
        generation: of an opener.
        department: where the record is or lands.
    """

    kind: ActionKind
    role: Role
    key: Key
    counterpart: Key | None = None
    stage: Stage | None = None
    changes: tuple[FieldChange, ...] = ()
    reason: str = ""
    code: str = ""
    losses: tuple[Loss, ...] = ()
    draft: ActivityDraft | None = None
    kore_draft: CaseDraft | TaskDraft | None = None
    correlation: str = ""
    note: str = ""
    generation: int = 0
    department: str = ""

    @property
    def is_request(self) -> bool:
        """Tell whether this action sends a request of its own."""
        return self.stage is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPlan:
    """What happens to one case with its tasks, in order.

    Attributes:
        stays_behind: of what is created: what is not carried, with how often.
        handed_over: what linked records were given to others, which no call carries.
    """

    case: Key
    actions: tuple[Action, ...]
    losses: tuple[Loss, ...] = ()
    stays_behind: Mapping[str, int] = field(default_factory=dict)
    handed_over: Mapping[str, int] = field(default_factory=dict)
    customer: str = ""  # matched | created | ambiguous | placeholder | ""

    @property
    def requests(self) -> tuple[Action, ...]:
        """The actions that send a request, in order."""
        return tuple(action for action in self.actions if action.is_request)

    @property
    def next_stage(self) -> tuple[Action, ...]:
        """The requests that may leave now; the others wait until these are read."""
        stages = [a.stage for a in self.actions if a.stage is not None]
        first = min(stages, default=None)
        return tuple(a for a in self.requests if a.stage == first)
