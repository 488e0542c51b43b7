"""Open conflicts of a pair, and the bases by which a person settles them."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from caseferry.model.correlation import Role
from caseferry.model.link import Link
from caseferry.model.mapped import MappedField, MappedRecord
from caseferry.model.record import (
    Entity,
    Key,
    Record,
    System,
    Value,
    activity_key,
    kore_key,
)
from caseferry.reconcile.conflicts import (
    Conflict,
    Twins,
    hindrance,
    open_conflicts,
    settled,
)
from caseferry.reconcile.merge import FINISHED, UNKNOWN, base
from caseferry.reconcile.to_kore.mirror import wants_status

KORE, CASEMGR = kore_key("ti-1"), activity_key("2001")
VALUES = ("a", "b", "c")
NAMES = ("priority", "custom.region", "subject")
Known = dict[str, Value | None]


def a_side(
    key: Key, fields: dict[str, Value], status: str, *, finished: bool
) -> MappedRecord:
    """Map a record towards the other side, where each value means itself."""
    shown: dict[str, Value] = {**fields, "status": status}
    if key == KORE:
        shown["statusCategory"] = "closed" if finished else "open"
    record = Record(key=key, entity=Entity.TASK, parent=None, version="1", fields=shown)
    mapped = tuple(
        MappedField(
            kore=name, casemgr=name, source=fields.get(name), value=fields.get(name)
        )
        for name in NAMES
    )
    return MappedRecord(
        record=record,
        fields=mapped,
        finished=finished,
        status="Closed" if finished else "Open",
        categories=frozenset({"closed"} if finished else {"open"}),
    )


def a_pair(
    kore: dict[str, Value],
    casemgr: dict[str, Value],
    kore_base: Known,
    casemgr_base: Known,
) -> Twins:
    link = Link(
        role=Role.TASK,
        kore=KORE,
        casemgr=CASEMGR,
        finished=True,
        kore_base=base({**kore_base, FINISHED: "false"}.items()),
        casemgr_base=base({**casemgr_base, "status": "assigned"}.items()),
        mapping="m",
    )
    return Twins(
        link=link,
        to_casemgr=a_side(KORE, kore, "Open", finished=False),
        to_kore=a_side(CASEMGR, casemgr, "assigned", finished=False),
        digest="m",
    )


def shows() -> st.SearchStrategy[dict[str, Value]]:
    return st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES))


def bases() -> st.SearchStrategy[Known]:
    known = st.sampled_from((*VALUES, UNKNOWN, None))
    return st.dictionaries(st.sampled_from(NAMES), known)


PAIRS = st.builds(a_pair, shows(), shows(), bases(), bases())


def written(twins: Twins) -> tuple[set[str], set[str]]:
    """Give the fields that the next run writes to casemgr, and to Kore."""
    there, back = twins.merged().edits, twins.compared().edits
    return {change.name for change in there}, {change.name for change in back}


@given(PAIRS, st.sampled_from(list(System)))
def test_a_settled_field_is_written_one_way_and_nothing_else_moves(
    twins: Twins, take: System
) -> None:
    """Only the side that is taken counts as changed; other fields are as before."""
    for conflict in open_conflicts(twins):
        if hindrance(twins, conflict, take):
            continue
        after = replace(twins, link=settled(twins, conflict, take))

        name = conflict.casemgr_field
        others = [c for c in open_conflicts(twins) if c != conflict]
        there, back = written(after)
        assert list(open_conflicts(after)) == others
        assert (name in there, name in back) == (
            take is System.KORE,
            take is System.CASEMGR,
        )
        before = written(twins)
        assert (there - {name}, back - {name}) == (
            before[0] - {name},
            before[1] - {name},
        )


@given(PAIRS, st.sampled_from(list(System)), st.sampled_from(VALUES))
def test_a_later_change_of_the_other_side_asks_again(
    twins: Twins, take: System, value: str
) -> None:
    """A decision is about the values that were seen, not about the field for ever."""
    for conflict in open_conflicts(twins):
        seen = conflict.casemgr if take is System.KORE else conflict.kore
        taken = conflict.kore if take is System.KORE else conflict.casemgr
        if hindrance(twins, conflict, take) or value in (seen, taken):
            continue
        after = replace(twins, link=settled(twins, conflict, take))
        name = conflict.casemgr_field
        if take is System.KORE:
            fields = {**_contents(after.casemgr), name: value}
            side = a_side(CASEMGR, fields, "assigned", finished=False)
            after = replace(after, to_kore=side)
        else:
            fields = {**_contents(after.kore), name: value}
            side = a_side(KORE, fields, "Open", finished=False)
            after = replace(after, to_casemgr=side)

        assert name in {c.casemgr_field for c in open_conflicts(after)}


def _contents(record: Record) -> dict[str, Value]:
    return {name: v for name, v in record.fields.items() if name in NAMES}


def test_a_field_is_meant_by_either_name() -> None:
    conflict = Conflict(
        kore_field="priority",
        casemgr_field="severity",
        kore="High",
        casemgr="low",
        code="both-changed",
    )

    assert conflict.answers_to("Priority")
    assert conflict.answers_to("severity")
    assert not conflict.answers_to("status")


def test_an_end_that_both_sides_moved_is_decided() -> None:
    """Kore finished it; casemgr moved it elsewhere: a person says what counts."""
    twins = a_pair({}, {}, {}, {})
    twins = replace(
        twins,
        to_casemgr=a_side(KORE, {}, "Closed", finished=True),
        to_kore=a_side(CASEMGR, {}, "workflow", finished=False),
    )
    (conflict,) = open_conflicts(twins)
    assert (conflict.is_status, conflict.kore, conflict.casemgr) == (
        True,
        "Closed",
        "workflow",
    )

    wants = {
        take: wants_status(twins.to_kore, settled(twins, conflict, take), twins.kore)
        for take in System
    }

    assert wants == {System.KORE: False, System.CASEMGR: True}
