"""What occurs on either side, and what a mapping says of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from caseferry.mapping.check_rows import Side
from caseferry.mapping.coverage_looks import Look, Outcome, casemgr_looks, kore_looks
from caseferry.mapping.harvest import MOST_FIELDS, TASK, Counts
from caseferry.mapping.kore_leftovers import KoreLeftovers
from caseferry.mapping.leftovers import Leftovers
from caseferry.mapping.names import dotted
from caseferry.mapping.shape import MappingSpec
from caseferry.model.record import Entity, Record, System, system_of

FURTHER: Final = "(further values)"
"""Stands for the values beyond those that are told apart."""
_SIDES: Final[tuple[Side, Side]] = ("case", "task")
_LOOKS: Final = {System.KORE: kore_looks, System.CASEMGR: casemgr_looks}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that occurs and that no row names.

    Attributes:
        system: where it occurs; it is on its way to the other one.
        entity: case or task.
        field: in that system's words: `priority`, `custom.region`, `field.Region` …;
            of activities that are no tasks `activity.email`.
        value: None where it is the whole field.
        records: how many hold it.
        path: where in the mapping a row would stand.
        rule: of a loss, its name.
    """

    system: System
    entity: Side
    field: str
    value: str | None
    records: int
    path: str
    outcome: Outcome
    rule: str = ""


class Coverage:
    """Looks at the records of both systems as they go by, under one mapping."""

    def __init__(self, spec: MappingSpec) -> None:
        """Take a mapping that was checked."""
        self._spec = spec
        self._found: dict[tuple[System, Side], dict[Look, Counts]] = {
            (system, side): {look: Counts() for look in looks(spec, side)}
            for system, looks in _LOOKS.items()
            for side in _SIDES
        }
        self._left: dict[tuple[System, Side, str], int] = {}
        self._kore_left = Leftovers(spec)
        self._casemgr_left = KoreLeftovers(spec)

    def add(self, record: Record) -> None:
        """Look at one record; each is given once."""
        system, side = system_of(record.key), _side(record)
        kind = record.text("type") or "unknown"
        if system is System.CASEMGR and side == "task" and kind != TASK:
            self._leave(system, side, f"casemgr.activity.{kind}")
            return
        for look, counts in self._found[system, side].items():
            if unnamed := look.unnamed(record):
                counts.add(unnamed)
        of = self._kore_left if system is System.KORE else self._casemgr_left
        for name in of.count(record, ()):
            self._leave(system, side, name)

    def gaps(self) -> tuple[Gap, ...]:
        """Give everything that no row names, the most frequent of each field first."""
        return (*self._values(), *self._fields())

    def uncovered(self) -> tuple[Gap, ...]:
        """Give the gaps that a run would stumble over, or say nothing about."""
        gaps, limits = self.gaps(), self._spec.losses
        lost: dict[str, int] = {}
        for gap in gaps:
            if gap.outcome == "lost":
                lost[gap.rule] = lost.get(gap.rule, 0) + gap.records
        beyond = {r for r, n in lost.items() if _is_beyond(limits.get(r, 0), n)}
        return tuple(
            gap
            for gap in gaps
            if gap.outcome in ("quarantined", "left") or gap.rule in beyond
        )

    def _leave(self, system: System, side: Side, name: str) -> None:
        if name not in self._spec.stays_behind:
            place = system, side, name
            if place not in self._left and len(self._left) >= MOST_FIELDS:
                place = system, side, f"{system}.(further fields)"
            self._left[place] = self._left.get(place, 0) + 1

    def _values(self) -> Iterator[Gap]:
        for (system, side), looks in self._found.items():
            for look, counts in looks.items():
                ranked = counts.ranked()
                if counts.others:
                    ranked.append((FURTHER, counts.others))
                for value, records in ranked:
                    yield Gap(
                        system=system,
                        entity=side,
                        field=look.field,
                        value=value,
                        records=records,
                        path=look.path,
                        outcome=look.outcome,
                        rule=look.rule,
                    )

    def _fields(self) -> Iterator[Gap]:
        ranked = sorted(self._left.items(), key=lambda item: (item[0][:2], -item[1]))
        for (system, side, name), records in ranked:
            yield Gap(
                system=system,
                entity=side,
                field=name.removeprefix(f"{system}."),
                value=None,
                records=records,
                path=dotted("stays_behind", name),
                outcome="left",
            )


def _is_beyond(limit: int | Literal["any"], count: int) -> bool:
    return limit != "any" and count > limit


def _side(record: Record) -> Side:
    return "case" if record.entity is Entity.CASE else "task"
