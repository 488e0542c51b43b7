"""What a saved plan tells beside the actions of a case group, and checks again."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from caseferry.model.action import WRITES, Action, GroupPlan
from caseferry.model.correlation import Role
from caseferry.model.link import Hold, Link
from caseferry.model.mapped import MappedRecord
from caseferry.model.record import (
    Key,
    Record,
    System,
    Value,
    fingerprint,
    system_of,
)
from caseferry.planfile.lines import QUIET, ROLE_OF, ROLES, Facts, action_line
from caseferry.planfile.redact import Redactor
from caseferry.planfile.shape import ActionLine, Needs, Shown
from caseferry.planfile.signed import Stray, Who, changed_names

STATUS = "status"


class Judged(Protocol):
    """A case group in work, of either direction, as far as a saved plan looks at it.

    Attributes:
        aside: records that a saved plan does not let through, by role and source key.
        crossed: in two-way sync: by source record, the fields of it that the other
            direction changes; they say nothing about what people did.
    """

    @property
    def key(self) -> Key: ...
    @property
    def prints(self) -> Mapping[Key, str]: ...
    @property
    def holds(self) -> dict[Key, Hold]: ...
    @property
    def in_doubt(self) -> Collection[object]: ...
    @property
    def aside(self) -> dict[tuple[Role, Key], Stray]: ...
    @property
    def crossed(self) -> dict[Key, frozenset[str]]: ...
    @property
    def mapping(self) -> str: ...
    @property
    def case_link(self) -> Link | None: ...
    def link(self, role: Role, key: Key, generation: int = 0) -> Link | None: ...
    def name(self, key: Key) -> str:
        """Give the number that people see of a source record, or ""."""

    def target(self, role: Role, key: Key, generation: int = 0) -> Record | None: ...
    def source(self, role: Role, key: Key) -> MappedRecord | None:
        """Find a source record as mapped; None for one that is not carried."""

    def spellings(self, role: Role, key: Key) -> Mapping[str, Value | None]:
        """Give the source's own values by the target's names of the mapped fields."""


class Standing:
    """How a case group stands now: `planfile.signed.Present`."""

    def __init__(self, work: Judged, redactor: Redactor | None) -> None:
        self._work = work
        self._redactor = redactor

    def source_print(self, who: Who) -> str:
        """Give the fingerprint of the source record; "" where it is gone."""
        return self._mark(_source_print(self._work, ROLE_OF[who[0]], Key(who[1])))

    def target_print(self, who: Who, changed: frozenset[str]) -> str:
        """Give the counterpart's fingerprint, the fields in `changed` left out."""
        return self._mark(_target_print(self._work, who, changed))

    def value(self, who: Who, name: str) -> Shown | None:
        """Give a field of the counterpart, shown as the file shows it."""
        target = _target(self._work, who)
        value = target.fields.get(name) if target else None
        if self._redactor is None or value is None:
            return value
        return self._redactor.value(name, value)

    def is_linked(self, who: Who) -> bool:
        """Tell whether a counterpart is known."""
        return _target(self._work, who) is not None

    @property
    def is_settled(self) -> bool:
        """No create of the group is in doubt: what is due is planned."""
        return not self._work.in_doubt

    def _mark(self, text: str) -> str:
        return self._redactor.mark(text) if self._redactor else text


def lines_of(work: Judged, plan: GroupPlan, *, order: int = 0) -> Iterator[ActionLine]:
    """Give the lines of a group's plan; what is left as it is has none.

    Args:
        work: the group as it stands.
        plan: what was decided on it.
        order: of the line before.
    """
    actions = list(_told(plan))
    by_record: dict[_Whose, list[Action]] = {}
    for action in actions:
        by_record.setdefault(_whose(action), []).append(action)
    facts = {whose: _facts(work, whose, own) for whose, own in by_record.items()}
    for number, action in enumerate(actions, 1):
        known = facts[_whose(action)]
        yield action_line(action, case=work.key, order=order + number, facts=known)


_Whose = tuple[Role, Key, int]
"""One record of a plan: role, source key, generation of an opener."""


def _whose(action: Action) -> _Whose:
    return action.role, action.key, action.generation


def _facts(work: Judged, whose: _Whose, actions: Sequence[Action]) -> Facts:
    """Give what the lines of one record share."""
    role, key, generation = whose
    changed = frozenset(
        change.name
        for action in actions
        for change in action.changes
        if change.before != change.after
    )
    who = (ROLES[role], key, generation)
    return Facts(
        needs=Needs(
            source=_source_print(work, role, key),
            target=_target_print(work, who, changed),
        ),
        name=work.name(key),
        spellings=work.spellings(role, key),
    )


def crossed_by(plan: GroupPlan) -> dict[Key, frozenset[str]]:
    """Give what a plan changes of each counterpart that is there: key, field names."""
    found: dict[Key, frozenset[str]] = {}
    for action in plan.actions:
        if action.counterpart is not None and action.kind in WRITES:
            names = {c.name for c in action.changes if c.before != c.after}
            known = found.get(action.counterpart, frozenset())
            found[action.counterpart] = known | names
    return found


def crossed_by_lines(lines: Iterable[ActionLine]) -> dict[Key, frozenset[str]]:
    """Give the same of a saved plan's lines."""
    by_key: dict[Key, list[ActionLine]] = {}
    for line in lines:
        if line.counterpart is not None and line.kind in WRITES:
            by_key.setdefault(Key(line.counterpart), []).append(line)
    return {key: changed_names(found) for key, found in by_key.items()}


def _told(plan: GroupPlan) -> Iterator[Action]:
    return (action for action in plan.actions if action.kind not in QUIET)


def _source_print(work: Judged, role: Role, key: Key) -> str:
    """Hash what the mapping reads of a source record; the rest of it is no matter."""
    mapped = work.source(role, key)
    if mapped is None:
        return ""
    crossed, is_kore = work.crossed.get(key, ()), system_of(key) is System.KORE
    fields = [
        [f.kore, f.casemgr, f.source]
        for f in mapped.fields
        if (f.kore if is_kore else f.casemgr) not in crossed
    ]
    home = mapped.record.parent if role is Role.TASK else None
    end = None if STATUS in crossed else [mapped.finished, mapped.status]
    return fingerprint([home, end, fields])


def _target(work: Judged, who: Who) -> Record | None:
    role, key, generation = who
    return work.target(ROLE_OF[role], Key(key), generation)


def _target_print(work: Judged, who: Who, changed: frozenset[str]) -> str:
    """Hash what the mapping reads or writes of a counterpart, and where it stands."""
    target = _target(work, who)
    if target is None:
        return ""
    names = {STATUS, *work.spellings(ROLE_OF[who[0]], Key(who[1]))} - changed
    fields = {name: target.fields.get(name) for name in sorted(names)}
    return fingerprint([target.parent, fields])
