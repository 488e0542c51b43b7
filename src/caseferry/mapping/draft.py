"""What is gathered while one record is mapped."""

from collections.abc import Callable
from dataclasses import dataclass, field

from caseferry.errors import Problem
from caseferry.mapping.notes import attribute_text
from caseferry.model.action import Loss
from caseferry.model.mapped import MappedField
from caseferry.model.record import Record, Value


@dataclass(slots=True, kw_only=True)
class Draft:
    """Fields, losses and problems of one record so far.

    Attributes:
        soonest: the first moment that counts as future, as a canonical time.
        opener_texts: whole texts that only an opener can carry, by Kore field.
    """

    soonest: str
    fields: list[MappedField] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    opener_texts: dict[str, str] = field(default_factory=dict)

    def lose(self, rule: str, name: str) -> None:
        """Count a loss."""
        self.losses.append(Loss(rule=rule, field=name))

    def refuse(self, path: str, message: str) -> None:
        """Say why the record cannot be carried."""
        self.problems.append(Problem(path=path, message=message))

    def keep(self, name: str, target: str, value: Value | None) -> None:
        """Keep a source value in a custom attribute, in its alphabet."""
        spelled = attribute_value(value)
        if spelled != value:
            self.lose("attribute-cut", name)
        self.fields.append(
            MappedField(
                kore=name,
                casemgr=target,
                source=value,
                value=spelled,
                owner="kore",
                is_copy=True,
            )
        )


Step = Callable[[Record, Draft], None]
"""Maps one aspect of a record into a draft."""


def attribute_value(value: Value | None) -> Value | None:
    """Spell a value, or each of several, for a custom attribute; doubles become one."""
    if value is None:
        return None
    if isinstance(value, str):
        return attribute_text(value)[0] or None
    spelled = dict.fromkeys(attribute_text(part)[0] for part in value)
    kept = tuple(filter(None, spelled))
    return kept if len(kept) > 1 else (kept[0] if kept else None)
