"""Three-way merge of one record's fields, and what both sides agree on afterwards."""

from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseferry.model.link import Base, Link
from caseferry.model.mapped import MappedField, Owner, WriteOnce
from caseferry.model.record import Record, Value, activity_key
from caseferry.reconcile.merge import FINISHED, Merged, Way, agree, base, merge, values
from reconcile.builders import (
    DIGEST,
    HOME,
    a_field,
    a_link,
    a_target,
    a_task,
    carried,
    edited,
)

OWNERS: tuple[Owner, ...] = ("kore", "casemgr", "ask")
Fate = Literal["edit", "conflict", "frozen", "kept", ""]


def fates(merged: Merged) -> dict[str, Fate]:
    """Give what becomes of each field; one that nothing happens to is not in it."""
    found: dict[str, Fate] = {change.name: "edit" for change in merged.edits}
    found |= {change.name: "conflict" for change in merged.conflicts}
    found |= {change.name: "frozen" for _, change in merged.frozen}
    return found | dict.fromkeys(merged.kept, "kept")


def fate(
    field: MappedField,
    before: MappedField,
    current: Value | None,
    *,
    can_edit: bool = True,
    agreed_under: str = DIGEST,
) -> Fate:
    """Merge one field whose base and present target value are given."""
    link, target = carried(a_task(1, before), digest=agreed_under)
    assert target is not None
    seen = edited(target, **{field.casemgr: current})
    merged = merge(a_task(1, field), link, seen, digest=DIGEST, can_edit=can_edit)
    return fates(merged).get(field.casemgr, "")


THREE_WAY: dict[str, tuple[Value | None, Value | None, dict[Owner, Fate]]] = {
    # source, target; both agreed on "old"
    "nobody changed it": ("old", "old", dict.fromkeys(OWNERS, "")),
    "only the source": ("new", "old", dict.fromkeys(OWNERS, "edit")),
    "only the target": ("old", "other", dict.fromkeys(OWNERS, "")),
    "both to the same": ("new", "new", dict.fromkeys(OWNERS, "")),
    "both differently": (
        "new",
        "other",
        {"kore": "conflict", "ask": "conflict", "casemgr": "kept"},
    ),
    "the source, and the target emptied it": (
        "new",
        None,
        {"kore": "conflict", "ask": "conflict", "casemgr": "kept"},
    ),
    "the target emptied it": ("old", None, dict.fromkeys(OWNERS, "")),
    "the source emptied it": (None, "old", dict.fromkeys(OWNERS, "kept")),
    "the source emptied it, the target changed it": (
        None,
        "other",
        dict.fromkeys(OWNERS, "kept"),
    ),
    "both emptied it": (None, None, dict.fromkeys(OWNERS, "")),
}


@pytest.mark.parametrize("owner", OWNERS)
@pytest.mark.parametrize("name", THREE_WAY)
def test_who_changed_a_field_decides(name: str, owner: Owner) -> None:
    """Only the source's own change is written; nothing is emptied or overwritten."""
    source, target, expected = THREE_WAY[name]

    found = fate(
        a_field("subject", source, owner=owner),
        a_field("subject", "old", owner=owner),
        target,
    )

    assert found == expected[owner]


@pytest.mark.parametrize("owner", OWNERS)
def test_a_field_that_was_empty_on_both_sides_is_filled(owner: Owner) -> None:
    """What Kore adds flows; what an agent added meanwhile is a conflict, or kept."""
    new, empty = a_field("subject", "new", owner=owner), a_field("subject", None)

    assert fate(new, empty, None) == "edit"
    assert fate(new, empty, "other") == ("kept" if owner == "casemgr" else "conflict")
    assert fate(empty, empty, "other") == ""


@pytest.mark.parametrize("current", ["2", "3"])
def test_a_value_that_means_the_same_is_left_alone(current: str) -> None:
    """A "3" that an agent set is still High, whatever happened since."""
    high = a_field("priority", "2", source="High", also=("3",))
    low = a_field("priority", "6", source="Low", also=("7",))

    assert fate(high, low, current) == ""


@pytest.mark.parametrize("policy", ["note", "report", "conflict"])
def test_a_field_written_once_freezes_every_change(
    policy: Literal["note", "report", "conflict"],
) -> None:
    """Whoever changed the target, the source's change goes by the field's policy."""
    new = a_field("subject", "new", write_once=policy)
    old = a_field("subject", "old", write_once=policy)

    assert fate(new, old, "old") == fate(new, old, "other") == "frozen"
    assert fate(old, old, "other") == ""


def test_a_record_that_takes_no_edits_freezes_every_change() -> None:
    """A completed activity or closed case shows what it cannot take, and no edit."""
    new, old = a_field("priority", "1"), a_field("priority", "4")

    assert fate(new, old, "4", can_edit=False) == "frozen"
    assert fate(old, old, "4", can_edit=False) == ""


def test_another_mapping_writes_what_it_means_otherwise() -> None:
    """The source is as it was, but means another value: only that is carried."""
    before = a_field("priority", "4", source="Medium")
    means_other = a_field("priority", "5", source="Medium")
    means_also = a_field("priority", "5", source="Medium", also=("4",))

    assert fate(means_other, before, "4") == ""
    assert fate(means_other, before, "4", agreed_under="other") == "edit"
    assert fate(means_also, before, "4", agreed_under="other") == ""
    assert fate(before, before, "4", agreed_under="other") == ""


def test_another_mapping_overwrites_no_agent() -> None:
    """An agent's edit stays under a new mapping, and is no conflict with the old."""
    before = a_field("priority", "4", source="Medium")

    assert fate(before, before, "1", agreed_under="other") == ""
    means_other = a_field("priority", "5", source="Medium")
    assert fate(means_other, before, "1", agreed_under="other") == "conflict"


def test_a_field_that_was_never_agreed_on_is_written() -> None:
    """A row that is new in the mapping flows, even over what the target holds."""
    link, target = carried(a_task(1, a_field("priority", "4")))
    assert target is not None
    task = a_task(1, a_field("priority", "4"), a_field("custom.region", "emea"))

    merged = merge(task, link, target, digest=DIGEST, can_edit=True)

    assert fates(merged) == {"custom.region": "edit"}


# agreeing ---------------------------------------------------------------------------


def test_agreeing_keeps_what_the_link_is() -> None:
    """Only bases, prints and the mapping move; identity and tombstone stay."""
    link = a_link(generation=3, tombstone=True)
    task = a_task(1, a_field("priority", "4"))
    target = a_target(link.casemgr, HOME, {"priority": "4", "status": "assigned"})

    agreed = agree(task, link, target, digest="m", source_print="p")

    assert agreed == replace(
        link,
        finished=True,
        source_print="p",
        mapping="m",
        kore_base=Base(
            fields={"priority": "4", FINISHED: "false"},
            absent=frozenset({"~assignee"}),
        ),
        casemgr_base=Base(fields={"priority": "4", "status": "assigned"}),
    )


def test_what_was_sent_moves_its_base_to_what_was_read_back() -> None:
    """A target that trims or reformats does not look edited in the next run."""
    link, target = carried(a_task(1, a_field("subject", "old")))
    assert target is not None
    new = a_task(1, a_field("subject", "new  "))
    trimmed = edited(target, subject="new")

    agreed = agree(
        new,
        link,
        trimmed,
        digest=DIGEST,
        source_print="p",
        sent=frozenset({"subject"}),
    )

    assert agreed.casemgr_base.get("subject") == "new"
    assert fates(merge(new, agreed, trimmed, digest=DIGEST, can_edit=True)) == {}


def test_an_absent_field_is_agreed_to_be_absent() -> None:
    """To have agreed on nothing is not to have never agreed."""
    made = base([("a", "1"), ("b", None)])

    assert (made.has("a"), made.has("b"), made.has("c")) == (True, True, False)
    assert (made.get("a"), made.get("b"), made.get("c")) == ("1", None, None)
    assert values(made) == {"a": "1", "b": None}


# laws -------------------------------------------------------------------------------

NAMES = ("subject", "priority", "dueDate", "custom.region")
VALUES = st.sampled_from([None, "1", "2", "3"])
POLICIES: st.SearchStrategy[WriteOnce | None] = st.sampled_from(
    [None, None, "note", "report", "conflict"]
)


@st.composite
def situations(draw: st.DrawFn) -> tuple[tuple[MappedField, ...], Link, Record]:
    """Give any source fields, any bases and any target."""
    fields = tuple(
        MappedField(
            kore=name,
            casemgr=name,
            source=draw(VALUES),
            value=draw(VALUES),
            also=draw(st.sampled_from([(), ("2",)])),
            owner=draw(st.sampled_from(OWNERS)),
            write_once=draw(POLICIES),
        )
        for name in draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    )
    link = a_link(
        casemgr=activity_key("2001"),
        finished=draw(st.booleans()),
        mapping=draw(st.sampled_from(["", DIGEST, "other"])),
        kore_base=base(draw(st.dictionaries(st.sampled_from(NAMES), VALUES)).items()),
        casemgr_base=base(
            draw(st.dictionaries(st.sampled_from(NAMES), VALUES)).items()
        ),
    )
    shown = draw(st.dictionaries(st.sampled_from(NAMES), VALUES))
    target = a_target(
        link.casemgr, HOME, {k: v for k, v in shown.items() if v is not None}
    )
    return fields, link, target


@given(situations(), st.booleans())
def test_each_field_has_at_most_one_fate(
    situation: tuple[tuple[MappedField, ...], Link, Record],
    can_edit: bool,  # noqa: FBT001 - drawn
) -> None:
    """Nothing is written, frozen, in conflict or kept at the same time."""
    fields, link, target = situation

    merged = merge(a_task(1, *fields), link, target, digest=DIGEST, can_edit=can_edit)

    names = [c.name for c in (*merged.edits, *merged.conflicts)]
    names += [c.name for _, c in merged.frozen] + [*merged.kept]
    assert len(names) == len(set(names))
    assert can_edit or not (merged.edits or merged.conflicts)


@given(situations())
def test_an_edit_never_overwrites_what_the_target_changed(
    situation: tuple[tuple[MappedField, ...], Link, Record],
) -> None:
    """Where the target has moved off its base, no edit is made."""
    fields, link, target = situation

    merged = merge(a_task(1, *fields), link, target, digest=DIGEST, can_edit=True)

    for change in merged.edits:
        current = target.fields.get(change.name)
        assert change.before == current
        assert change.after is not None
        known = link.casemgr_base
        assert not known.has(change.name) or known.get(change.name) == current


@given(situations())
def test_what_was_carried_out_and_agreed_on_needs_no_edit(
    situation: tuple[tuple[MappedField, ...], Link, Record],
) -> None:
    """After the edits, merge is at rest; a conflict stays one and is never written."""
    fields, link, target = situation
    task = a_task(1, *fields)
    first = merge(task, link, target, digest=DIGEST, can_edit=True)
    written = {c.name: c.after for c in first.edits if c.after is not None}
    after = replace(target, fields={**target.fields, **written})

    agreed = agree(
        task, link, after, digest=DIGEST, source_print="p", sent=frozenset(written)
    )
    second = merge(task, agreed, after, digest=DIGEST, can_edit=True)

    assert second.edits == ()
    assert set(second.conflicts) <= set(first.conflicts)
    asked = {field for field, _ in first.frozen if field.write_once == "conflict"}
    assert {field for field, _ in second.frozen} <= asked


@given(situations())
def test_agreeing_twice_is_agreeing_once(
    situation: tuple[tuple[MappedField, ...], Link, Record],
) -> None:
    """A run that finds nothing new moves no base."""
    fields, link, target = situation
    task = a_task(1, *fields)

    once = agree(task, link, target, digest=DIGEST, source_print="p")

    assert agree(task, once, target, digest=DIGEST, source_print="p") == once


def test_what_was_told_of_a_new_row_never_flows_back() -> None:
    """The other direction would take it for an edit of the target."""
    link, _ = carried(a_task(1, a_field("priority")))
    target = a_target(link.casemgr, HOME, {"subject": "Old", "status": "assigned"})
    task = a_task(1, a_field("subject", "New", write_once="report"))

    agreed = agree(task, link, target, digest=DIGEST, source_print="p", way=Way.LEADS)

    assert agreed.kore_base.get("subject") == "New"
    assert agreed.casemgr_base.get("subject") == "Old"
