"""One case group of the system that was written to, on its way back."""

from dataclasses import dataclass, field

from caseferry.model.action import Action, ActionKind, GroupPlan
from caseferry.model.record import Key, Record, System
from caseferry.reconcile.undo.view import Cannot, Written


@dataclass(slots=True, kw_only=True)
class UndoWork:
    """A case, what the run wrote in it, and what has been done about that.

    Attributes:
        key: the case; a record that is not shown any more stands for its own.
        source: the case it belongs to on the other side.
        records: the case and what lies in it, as read last.
        brought: the run brought the case into being.
        refused: by record and what was wanted, code and reason.
        single: completions are sent one by one: one of many was refused.
        done: requests that were carried out, in order.
        repeats: how often each request was refused as stale, or its reply lost.
    """

    key: Key
    system: System
    source: Key
    written: tuple[Written, ...]
    records: dict[Key, Record] = field(default_factory=dict)
    brought: bool = False
    refused: dict[tuple[Key, ActionKind], tuple[str, str]] = field(default_factory=dict)
    single: bool = False
    plan: GroupPlan | None = None
    cannot: tuple[Cannot, ...] = ()
    done: list[Action] = field(default_factory=list)
    repeats: dict[tuple[str, ...], int] = field(default_factory=dict)

    @property
    def next_stage(self) -> tuple[Action, ...]:
        """The requests that may leave now."""
        return self.plan.next_stage if self.plan else ()

    @property
    def requests(self) -> tuple[Action, ...]:
        """All requests that are still due."""
        return self.plan.requests if self.plan else ()

    @property
    def left(self) -> tuple[Action, ...]:
        """What the last plan says beside requests."""
        actions = self.plan.actions if self.plan else ()
        return tuple(action for action in actions if not action.is_request)


@dataclass(slots=True, kw_only=True)
class Sent:
    """The actions that one request carries out, and what its reply showed."""

    pairs: tuple[tuple[UndoWork, Action], ...]
    replies: list[Record] = field(default_factory=list)
