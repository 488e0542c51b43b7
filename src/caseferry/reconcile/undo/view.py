"""Everything a decision about taking one case group back may look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from caseferry.model.action import Action, ActionKind, FieldChange, GroupPlan
from caseferry.model.correlation import Role
from caseferry.model.record import Key, Record

ACTIVE = "isActive"
"""The Kore field that a deactivation sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One record as far as the run wrote to it.

    Attributes:
        key: the record; `source`: what it was written for.
        role: case, task or opener.
        created: the run made it.
        opens: its create brought its case into being; None where that is not known.
        correlation: the key that it carries, or an edit of it carried.
        images: by field, what stood there before the first edit of the run, and what
            the last one sent.
        lost: an edit's images are not kept any more.
        ended: the run completed or closed it by a call.
        notes: how many notes the run wrote on it.
    """

    key: Key
    source: Key
    role: Role
    created: bool = False
    opens: bool | None = None
    correlation: str = ""
    images: Mapping[str, FieldChange] = field(default_factory=dict)
    lost: bool = False
    ended: bool = False
    notes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What earlier undos of the same run did, and this one did so far.

    Attributes:
        taken: fields that were put back, by record; `isActive` is a deactivation.
        tried: Kore records whose deactivation was sent, whatever became of it.
        marked: activities with the note that says so.
        opened: Kore cases that were opened so that their tasks could be deactivated,
            with the status they had.
    """

    taken: frozenset[tuple[Key, str]] = frozenset()
    tried: frozenset[Key] = frozenset()
    marked: frozenset[Key] = frozenset()
    opened: Mapping[Key, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoView:
    """One case of the system that was written to, with what the run wrote in it.

    Attributes:
        case: its key; `source`: the case it belongs to on the other side.
        written: what the run wrote here, the case first.
        records: the case and everything in it, as read now; also written records that
            lie here.
        brought: the run brought the case into being.
        is_late: a record that the listing does not show is surely not there.
        now: canonical time of the decision, with the margin that due dates need.
        run: the number of the run that is taken back.
        refused: what a system refused in this run, by record and what was wanted: code
            and reason.
        key_fields: fields that hold our own keys.
        open_status: the name of the status in which a Kore case takes tasks.
        marks: by activity, the correlation key of the note that marks it.
    """

    case: Key
    source: Key
    written: tuple[Written, ...]
    records: Mapping[Key, Record]
    now: str
    run: int
    brought: bool = False
    is_late: bool = True
    ledger: Ledger = Ledger()
    refused: Mapping[tuple[Key, ActionKind], tuple[str, str]] = field(
        default_factory=dict
    )
    key_fields: frozenset[str] = frozenset()
    open_status: str = ""
    marks: Mapping[Key, str] = field(default_factory=dict)

    def record(self, written: Written) -> Record | None:
        """Give a written record as read now."""
        return self.records.get(written.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cannot:
    """Something that an undo leaves as it is.

    Attributes:
        code: stable, for scripts and for grouping.
        key: the record that stays; None where it is about many.
        field: of the record, else "".
        reason: why, in words without field values.
    """

    code: str
    key: Key | None
    reason: str
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupUndo:
    """What happens to one case group, and what cannot."""

    plan: GroupPlan
    cannot: tuple[Cannot, ...] = ()


class Book:
    """Collects the actions of one group, and what cannot be done."""

    def __init__(self, view: UndoView) -> None:
        self._view = view
        self.actions: list[Action] = []
        self.cannot: list[Cannot] = []

    def same(self, written: Written) -> None:
        """Leave a record that is as it should be."""
        self._leave(written, ActionKind.UNCHANGED, "", "")

    def stays(self, written: Written, code: str, reason: str, name: str = "") -> None:
        """List what no call can take back."""
        own = Cannot(code=code, key=written.key, reason=reason, field=name)
        self.cannot.append(own)

    def aside(self, written: Written, code: str, reason: str, name: str = "") -> None:
        """Leave a record alone that somebody has to look at, and list it."""
        self.stays(written, code, reason, name)
        self._leave(written, ActionKind.SET_ASIDE, code, reason)

    def wait(self, written: Written, code: str, reason: str) -> None:
        """Leave a record for a later undo of the same run."""
        self._leave(written, ActionKind.WAITING, code, reason)

    def is_refused(self, written: Written, kind: ActionKind) -> bool:
        """Leave a record whose system refused this very thing in this run."""
        found = self._view.refused.get((written.key, kind))
        if found is None:
            return False
        held = ActionKind.WAITING if found[0] in _MOVING else ActionKind.QUARANTINE
        self._leave(written, held, *found)
        return True

    def result(self) -> GroupUndo:
        """Give the group's plan, its requests in the order of their stages."""
        actions = sorted(self.actions, key=lambda action: action.stage or _LAST)
        plan = GroupPlan(case=self._view.case, actions=tuple(actions))
        return GroupUndo(plan=plan, cannot=tuple(self.cannot))

    def _leave(
        self, written: Written, kind: ActionKind, code: str, reason: str
    ) -> None:
        left = Action(
            kind=kind,
            role=written.role,
            key=written.source,
            counterpart=written.key,
            code=code,
            reason=reason,
        )
        self.actions.append(left)


_LAST = 9
_MOVING = ("moving", "not-applied")
