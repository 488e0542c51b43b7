"""Comparing what is planned now with what a saved plan says; pure.

A plan is followed one stage at a time, and what was done already is planned no more. So
each write that is planned now has to stand in the file, and each write in the file has
to be planned now, or to be done.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from caseferry.model.action import WRITES, ActionKind
from caseferry.planfile.lines import DUE, DUE_MADE_UP, NEW_CUSTOMER
from caseferry.planfile.shape import ActionLine, Change, Shown

Who = tuple[str, str, int]
"""One record as a plan names it: role, source key, generation of an opener."""

NOT_IN_PLAN = "not-in-plan"
_HELD = (ActionKind.QUARANTINE, ActionKind.UNCERTAIN, ActionKind.WAITING)
_OWN = frozenset({"marker"})
"""Our key itself, where a tenant did not store it on create: never content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A record that is not carried as the plan says.

    Attributes:
        code: `moved-since`, `not-in-plan` or `plan-differs`.
        reason: in words, for the report.
        contents_only: only fields of a linked record are at stake, so that the rest of
            its group can go on without it.
    """

    code: str
    reason: str
    contents_only: bool = False


class Present(Protocol):
    """How a case group stands now; values are shown as the file shows them."""

    def source_print(self, who: Who) -> str:
        """Give the fingerprint of the source record; "" where it is gone."""

    def target_print(self, who: Who, changed: frozenset[str]) -> str:
        """Give the counterpart's fingerprint, the fields in `changed` left out."""

    def value(self, who: Who, name: str) -> Shown | None:
        """Give a field of the counterpart."""

    def is_linked(self, who: Who) -> bool:
        """Tell whether a counterpart is known."""

    @property
    def is_settled(self) -> bool:
        """No create of the group is in doubt: what is due is planned."""


def strays(
    signed: Sequence[ActionLine], fresh: Sequence[ActionLine], now: Present
) -> dict[Who, Stray]:
    """Give the records of one group that must not be carried as planned now.

    Args:
        signed: the group's lines in the file.
        fresh: those of the plan made now, shown in the same way.
        now: the group as it stands.
    """
    said, planned = _by_record(signed), _by_record(fresh)
    held = {who_of(line) for line in fresh if line.kind in _HELD}
    found: dict[Who, Stray] = {}
    for who in [*said, *(who for who in planned if who not in said)]:
        if who in held and who not in planned:
            continue  # it is left alone, and the report says why
        stray = _judge(who, said.get(who, []), planned.get(who, []), now)
        if stray is not None:
            found[who] = stray
    return found


def _by_record(lines: Sequence[ActionLine]) -> dict[Who, list[ActionLine]]:
    found: dict[Who, list[ActionLine]] = {}
    for line in lines:
        if line.kind in WRITES:
            found.setdefault(who_of(line), []).append(line)
    return found


def who_of(line: ActionLine) -> Who:
    """Name the record of a line."""
    return line.role, line.key, line.generation


def _judge(
    who: Who, said: list[ActionLine], planned: list[ActionLine], now: Present
) -> Stray | None:
    contents = _is_contents(said, planned)
    if not said:
        kinds = ", ".join(sorted({line.kind for line in planned}))
        return Stray(
            code=NOT_IN_PLAN,
            reason=f"changed since the plan was made, which does not name it: {kinds}",
            contents_only=contents,
        )
    undone = [line for line in said if not _is_done(line, planned, now)]
    undone = undone if now.is_settled else []  # it is decided anew afterwards
    if not planned and not undone:
        return None
    if said[0].needs.source != now.source_print(who):
        reason = "its source record changed since the plan was made"
        return Stray(code="moved-since", reason=reason, contents_only=contents)
    if _target_moved(who, said, now):
        reason = "its counterpart changed since the plan was made"
        return Stray(code="moved-since", reason=reason, contents_only=contents)
    if undone or not all(_is_said(line, said) for line in planned):
        reason = "it would be written otherwise now than the plan says"
        return Stray(code="plan-differs", reason=reason, contents_only=contents)
    return None


def _is_contents(said: list[ActionLine], planned: list[ActionLine]) -> bool:
    """Tell whether all that is at stake is fields of a record that is linked."""
    kinds = {ActionKind.UPDATE, ActionKind.NOTE}
    return all(
        line.kind in kinds and line.counterpart is not None
        for line in (*said, *planned)
    )


def _is_new(said: Sequence[ActionLine]) -> bool:
    """Tell whether the plan itself makes the counterpart."""
    return all(line.counterpart is None for line in said)


def _is_done(line: ActionLine, planned: Sequence[ActionLine], now: Present) -> bool:
    """Tell whether a line needs no write any more, or is planned still."""
    who = who_of(line)
    if any(each.kind is line.kind for each in planned):
        return True
    if not now.is_linked(who):
        return False
    if line.kind in (ActionKind.CREATE, ActionKind.NOTE):
        return True  # a note is planned as long as it is due
    if planned and _is_new([line]):
        return True  # what is left of it is planned under another kind
    return all(
        now.value(who, change.name) == change.after
        for change in _real(line)
        if change.name not in _OWN
    )


def _target_moved(who: Who, said: list[ActionLine], now: Present) -> bool:
    if _is_new(said):
        return False
    changed = changed_names(said)
    if said[0].needs.target != now.target_print(who, changed):
        return True
    return any(
        now.value(who, change.name) not in (change.before, change.after)
        for line in said
        for change in _real(line)
        if change.name not in _OWN and line.kind is not ActionKind.NOTE
    )


def changed_names(lines: Sequence[ActionLine]) -> frozenset[str]:
    """Give the target's fields that a record's lines change."""
    return frozenset(change.name for line in lines for change in _real(line))


def _is_said(line: ActionLine, said: list[ActionLine]) -> bool:
    """Tell whether the file says what this line would write."""
    same = [each for each in said if each.kind is line.kind]
    if line.kind is ActionKind.CREATE:
        return any(_same_create(line, each) for each in same)
    if line.kind is ActionKind.NOTE:
        return any(line.note == each.note for each in same)
    if not same and line.kind is not ActionKind.UPDATE:
        return False
    after = {c.name: c.after for each in said for c in _real(each)}
    return all(
        change.name in _OWN or after.get(change.name) == change.after
        for change in _real(line)
    )


def _same_create(line: ActionLine, said: ActionLine) -> bool:
    """Compare two creates, what a plan cannot know left out.

    Whether the customer is there by now, when a due date that is made up falls, and of
    a task of a case that is yet to be made, where it lands.
    """
    if line.losses != said.losses or _fields(line) != _fields(said):
        return False
    if not line.lands or not said.lands:
        return True
    if NEW_CUSTOMER in line.lands and NEW_CUSTOMER not in said.lands:
        return False
    return _place(line) == _place(said)


def _place(line: ActionLine) -> dict[str, Shown]:
    open_ = {NEW_CUSTOMER, DUE} if DUE_MADE_UP in line.lands else {NEW_CUSTOMER}
    return {name: value for name, value in line.lands.items() if name not in open_}


def _fields(line: ActionLine) -> Mapping[str, Shown | None]:
    return {change.name: change.after for change in line.changes}


def _real(line: ActionLine) -> Iterator[Change]:
    """Give what a line changes; what is only sent along stays as it is."""
    return (change for change in line.changes if change.before != change.after)
