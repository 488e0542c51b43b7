"""Compiling a mapping: every choice is made once, and the records only run through."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from caseferry.errors import Problem
from caseferry.mapping.check import check_spec
from caseferry.mapping.check_rows import Side, targets
from caseferry.mapping.check_to_kore import lacking_to_kore
from caseferry.mapping.digest import digest_of
from caseferry.mapping.examples import example_problems
from caseferry.mapping.examples_back import read_back_problems
from caseferry.mapping.group import GroupMapper, Tables
from caseferry.mapping.names import CUSTOM, dotted
from caseferry.mapping.shape import MappingSpec
from caseferry.mapping.spec import mapping_error
from caseferry.mapping.tables import compile_scale, compile_statuses
from caseferry.mapping.to_kore import KoreMapper
from caseferry.model.customer import Customer
from caseferry.model.mapped import KoreGroup, MappedGroup
from caseferry.model.record import Entity, Record, System, system_of


def compile_mapping(spec: MappingSpec) -> "Mapper":
    """Compile a mapping.

    Raises:
        MappingError: with every problem; never for a spec that `parse_mapping` gave.
    """
    problems = check_spec(spec)
    if problems:
        raise mapping_error(spec.title or "mapping", problems)
    return Mapper(spec)


class Mapper:
    """A compiled mapping: pure, immutable, to be shared between threads.

    Attributes:
        spec: what it was compiled from.
        digest: of the meaning; comments, order where it means nothing, the title and
            the examples do not count.
        departments: every department a route can reach, sorted.
        custom_attributes: names it writes, sorted, by `case` and `activity`; the
            correlation key is not among them.
    """

    def __init__(self, spec: MappingSpec) -> None:
        """Compile a spec that was checked; use `compile_mapping`."""
        self.spec = spec
        self.digest = digest_of(spec)
        self._tables = Tables(
            priority=compile_scale(spec.priority.names),
            severity=compile_scale(spec.severity.names),
            statuses={
                "case": compile_statuses(spec.status.case),
                "task": compile_statuses(spec.status.task),
            },
        )
        self._group = GroupMapper(spec, self._tables, self.digest)
        self._kore = KoreMapper(spec, self._tables, self.digest)
        self.departments = self._group.departments
        self.custom_attributes: Mapping[str, tuple[str, ...]] = {
            "case": _attributes(spec, "case"),
            "activity": _attributes(spec, "task"),
        }

    def map_group(
        self, case: Record, tasks: Sequence[Record], now: datetime
    ) -> MappedGroup:
        """Map a Kore case with its tasks.

        The case's route decides the department of all of them, unless the case lies in
        another one already; `now`, which knows its zone, only decides which due dates
        have passed. An opener is always given; whether there has to be one is not
        decided here.
        """
        return self._group.map_group(case, tasks, now)

    def map_to_kore(
        self,
        case: Record,
        activities: Sequence[Record],
        customer: Customer | None,
        now: datetime,
    ) -> KoreGroup:
        """Map a casemgr case with its activities, of which the tasks are carried.

        `now`, which knows its zone, only makes the due date of a case that has none.
        A due date that casemgr could not take is read from the attribute that keeps
        it. Without a due date and without [to_kore] due_date `due` is "".
        """
        return self._kore.map_to_kore(case, activities, customer, now)

    def leaves_behind(self, record: Record) -> bool:
        """Tell whether a source record holds something that is not carried."""
        if system_of(record.key) is System.KORE:
            return self._group.leaves_behind(record)
        return self._kore.leaves_behind(record)

    def problems_to_kore(self) -> tuple[Problem, ...]:
        """Give what the mapping lacks before anything can be created in Kore."""
        return tuple(lacking_to_kore(self.spec.to_kore))

    def kore_names(self) -> Mapping[str, frozenset[str]]:
        """Give every name that could be written to Kore, and so needs its id.

        Shape: by `status priority field`; a field's label, without `field.`.
        """
        return self._kore.names()

    def accepted(self, losses: Mapping[str, int]) -> list[Problem]:
        """Give the losses beyond what [losses] accepts; a rule not listed accepts 0."""
        limits = self.spec.losses
        problems: list[Problem] = []
        for rule, count in sorted(losses.items()):
            limit = limits.get(rule, 0)
            if limit != "any" and count > limit:
                text = f"{count} found, {limit} accepted"
                problems.append(Problem(path=dotted("losses", rule), message=text))
        return problems

    def check_examples(self) -> tuple[Problem, ...]:
        """Run every [[example]] there and back; gives where one comes out differently.

        Back only what has to be the same by law: priority, status, due date and the
        fields with a table of values. A text may have been cut or respelled.
        """
        return (
            *example_problems(self.spec.example, self.map_group, self._tables.statuses),
            *read_back_problems(self.spec, self.map_group, self.map_to_kore),
        )

    def priority_name(self, number: str, current: str = "") -> str | None:
        """Read an activity's priority as a Kore name.

        Kore's `current` name stays if the number already means it; None for a number
        that is none.
        """
        return self._tables.priority.name(number, current)

    def severity_name(self, word: str, current: str = "") -> str | None:
        """Read a case's severity as a Kore priority name, as `priority_name` does."""
        return self._tables.severity.name(word, current)

    def status_name(
        self, entity: Entity, status: str, current: tuple[str, str] | None = None
    ) -> str | None:
        """Give the Kore status name that a casemgr status writes.

        Kore's `current` name, given with its category, stays if it means the same;
        None for a status that no row names: it is left alone.
        """
        return self._tables.statuses[entity.value].name(status, current)


def _attributes(spec: MappingSpec, side: Side) -> tuple[str, ...]:
    names = (target for _, target in targets(spec, side))
    return tuple(sorted({n[len(CUSTOM) :] for n in names if n.startswith(CUSTOM)}))
