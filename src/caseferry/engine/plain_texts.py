"""Records whose texts casemgr refused for their characters: written plainly, once.

A refusal of a body does not say which field was at fault. Where the texts have another
spelling in the alphabet of notes, the record is planned again with that, and the state
remembers it: every later comparison takes the plain text for what was meant.
"""

from caseferry.engine.context import Context
from caseferry.engine.work import Work
from caseferry.errors import CaseSystemError
from caseferry.mapping.plain import plain_group
from caseferry.model.action import Action, ActionKind
from caseferry.model.correlation import Role
from caseferry.model.link import Link
from caseferry.model.mapped import MappedField, MappedGroup
from caseferry.model.record import Key, Record

_BODY_REFUSED = "refused-400-152"
_FACT = "plain."


class PlainTexts:
    """Knows which records are written plainly."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._keys: set[Key] | None = None

    def of(self, group: MappedGroup) -> MappedGroup:
        """Give a group as it is to be written."""
        return plain_group(group, self._known) if self._known else group

    def answer(self, work: Work, action: Action, error: CaseSystemError) -> bool:
        """Tell whether a refused request is to be planned again, plainly.

        Effects: then the state remembers the record, and the group is spelled so. A
        create that is refused again is forgotten: its texts were not at fault.
        """
        if error.code != _BODY_REFUSED:
            return False
        if action.kind not in (ActionKind.CREATE, ActionKind.UPDATE):
            return False
        key = action.key
        if key in self._known:
            if action.draft is not None:
                self._known.discard(key)
                self._context.store.set_fact(f"{_FACT}{key}", "")
            return False
        plain = plain_group(work.group, {key})
        sent = {change.name for change in action.changes}
        if not sent & _respelled(work, plain, action.role, key).keys():
            return False
        self._remember(key)
        work.group = plain
        return True

    def recognise(self, work: Work, link: Link, target: Record) -> None:
        """Learn from a record that is adopted that it was written plainly once."""
        if link.role is Role.OPENER or link.kore in self._known:
            return
        plain = plain_group(work.group, {link.kore})
        respelled = _respelled(work, plain, link.role, link.kore)
        if any(_holds(target, field) for field in respelled.values()):
            self._remember(link.kore)
            work.group = plain

    @property
    def _known(self) -> set[Key]:
        if self._keys is None:
            facts = self._context.store.facts(_FACT)
            self._keys = {Key(name[len(_FACT) :]) for name in facts if facts[name]}
        return self._keys

    def _remember(self, key: Key) -> None:
        self._known.add(key)
        self._context.store.set_fact(f"{_FACT}{key}", "1")


def _respelled(
    work: Work, plain: MappedGroup, role: Role, key: Key
) -> dict[str, MappedField]:
    """Give the fields of a record that have another spelling, by the target's name."""
    was = {field.casemgr: field.value for field in work.mapped(role, key).fields}
    record = {Role.CASE: plain.case, Role.OPENER: plain.opener}.get(role)
    if record is None:
        record = next(task for task in plain.tasks if task.record.key == key)
    return {f.casemgr: f for f in record.fields if f.value != was.get(f.casemgr)}


def _holds(target: Record, field: MappedField) -> bool:
    return field.value is not None and target.fields.get(field.casemgr) == field.value
