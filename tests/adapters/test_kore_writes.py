"""Writing Kore under every open reading, judged by what the sandbox holds."""

from dataclasses import replace
from typing import Any

import pytest

from adapters.rig import (
    FUTURE,
    Bench,
    a_case_draft,
    a_task_draft,
    bench,
    records_of,
)
from caseferry.errors import InDoubt, InvariantBroken, NotFound, Refused
from caseferry.model.kore_draft import Contact
from caseferry.model.record import Entity, Record, Value, kore_key, local_id
from caseferry.sandbox import TENANT

CASE_KEY = a_case_draft().correlation
TASK_KEY = "cf1.0a1b2c3d.t.1001.0"
OTHER_PAIR = "cf1.ffffffff.c.77.0"
MEDIUM, HIGH = TENANT.PRIORITIES[1].name, TENANT.PRIORITIES[2].name
REGION, REFUND = (field.name for field in TENANT.CUSTOM_FIELDS)
IDS = {
    "status": {status.name: status.id for status in TENANT.STATUSES},
    "priority": {priority.name: priority.id for priority in TENANT.PRIORITIES},
}
MILLIS = 1924992000000  # FUTURE


def listed(b: Bench, entity: Entity = Entity.CASE) -> Record:
    """Read the one record there is."""
    (record,) = records_of(list(b.kore.pages(entity)))
    return record


def a_case(b: Bench, **changes: Any) -> Record:
    """Make a case in Kore and read it back."""
    b.kore.create_case(a_case_draft(**changes))
    return listed(b)


def held(b: Bench, record: Record) -> Any:
    """Give what the sandbox holds of a record."""
    records = b.box.kore.tasks if record.entity is Entity.TASK else b.box.kore.cases
    return records[local_id(record.key)]


CREATES: list[dict[str, str | float]] = [
    {},
    {"kore.create_case_contact": "top_level"},
    {"kore.create_case_contact": "nested"},
    {"kore.desc_in_create_response": "present"},
    {"kore.due_date_in_create_response": "present"},
    {"kore.create_status": "201"},
    {"kore.unknown_keys": "rejected"},
    {"kore.enforce_user_contact": "on"},
    {"kore.enforce_desc_task": "on"},
    {"kore.enforce_desc_case": "off"},
    {"kore.enforce_due_date": "off"},
    {"kore.task_contact": "shown"},
    {"kore.case_ref_mismatch": "ignored"},
    {"kore.jti": "ignored"},
]


@pytest.mark.parametrize("marker", ["desc", "name"])
@pytest.mark.parametrize("desc", ["Please", ""])
@pytest.mark.parametrize("readings", CREATES, ids=str)
def test_creates(readings: dict[str, str | float], marker: str, desc: str) -> None:
    """A case and its task carry all that the drafts say, under every reading."""
    b = bench(readings, kore={"marker": marker})

    made = b.kore.create_case(a_case_draft(desc=desc))
    assert made is not None
    case = listed(b)
    task = b.kore.create_task(a_task_draft(case, desc=desc))

    assert task is not None
    assert made.key == case.key
    assert task.parent == case.key
    assert held(b, case).user["emailId"] == "ada@example.com"
    assert held(b, case).due == MILLIS
    assert held(b, case).template == TENANT.CASE_TEMPLATES[1].name
    assert (case.fields["name"], case.text("desc")) == ("Call back", desc)
    assert case.fields["marker"] == CASE_KEY
    assert case.fields["marker.due"] == FUTURE
    assert "dueDate" not in case.fields
    task = listed(b, Entity.TASK)
    assert (task.fields["name"], task.text("desc")) == ("Order a part", desc)
    assert task.fields["marker"] == TASK_KEY


@pytest.mark.parametrize("shown", ["absent", "present"])
def test_reply_to_create(shown: str) -> None:
    """The reply to a create never shows a due date that only we made up."""
    b = bench({"kore.due_date_in_create_response": shown})

    synthetic = b.kore.create_case(a_case_draft())
    real = b.kore.create_case(
        a_case_draft(is_due_synthetic=False, correlation="cf1.0a1b2c3d.c.2.0")
    )

    assert synthetic is not None
    assert real is not None
    assert synthetic.fields["marker.due"] == FUTURE
    assert "dueDate" not in synthetic.fields
    assert real.fields["dueDate"] == FUTURE
    assert (real.fields["status"], real.fields["priority"]) == ("Open", MEDIUM)


def test_phone_only() -> None:
    """A phone number is enough to say whom a record is for."""
    b = bench({"kore.enforce_user_contact": "on", "kore.task_contact": "shown"})
    contact = Contact(name="Ada", phone="+1 408 234 3456")

    case = a_case(b, contact=contact)
    b.kore.create_task(a_task_draft(case, contact=contact))

    assert held(b, case).user["phoneNumber"] == contact.phone
    assert listed(b, Entity.TASK).fields["userInfo.phoneNumber"] == contact.phone


@pytest.mark.parametrize(
    "changes", [{"name": ""}, {"contact": Contact(name="Nobody")}, {"template": ""}]
)
def test_nothing_impossible_is_sent(changes: dict[str, Any]) -> None:
    """What Kore surely refuses is refused here, without a request and a value."""
    b = bench()

    with pytest.raises(Refused) as caught:
        b.kore.create_case(a_case_draft(**changes))

    assert caught.value.code == "refused-invalid"
    assert "Nobody" not in caught.value.message
    assert not b.box.log


def test_copied_marker() -> None:
    """A marker that somebody copied into a text is not written as a second one."""
    b = bench()

    case = a_case(b, desc=f"See\n[{OTHER_PAIR}]", name=f"Back [{OTHER_PAIR}]")

    assert case.fields["marker"] == CASE_KEY
    assert (case.fields["name"], case.fields["desc"]) == ("Back", "See")


UPDATES: list[dict[str, str | float]] = [
    {},
    {"kore.array_update": "append"},
    {"kore.object_update": "merge"},
    {"kore.due_date_writes": "dueDate"},
    {"kore.due_date_writes": "ETA"},
    {"kore.field_writes": "fields"},
    {"kore.field_writes": "top_level"},
    {"kore.field_writes": "both"},
    {"kore.custom_field_keys": "all_reads"},
    {"kore.custom_field_keys": "never"},
    {"kore.status_write_by": "id"},
    {"kore.unknown_keys": "rejected"},
    {"kore.in_progress_label": "In-Progress"},
    {"kore.category_codes": "spelled"},
    {"kore.readonly_updates": "applied"},
    {"kore.case_updated_by_task": "yes"},
]


@pytest.mark.parametrize("entity", list(Entity))
@pytest.mark.parametrize("readings", UPDATES, ids=str)
def test_updates(readings: dict[str, str | float], entity: Entity) -> None:
    """An update sets what is named and keeps all else, under every reading."""
    b = bench(readings, kore={"ids": IDS})
    record = a_case(b)
    if entity is Entity.TASK:
        b.kore.create_task(a_task_draft(record))
        record = listed(b, entity)
    local = local_id(record.key)
    b.box.human.edit("kore", entity.value, local, tags=["mine"], fields={REFUND: 12.5})
    record = listed(b, entity)
    due = "2027-05-05T10:00:00.000Z"
    wanted: dict[str, Value] = {
        "name": "Called",
        "dueDate": due,
        "status": "On Hold",
        "priority": "critical ",
        "tags": ("mine", "late"),
        f"field.{REGION}": "EMEA",
    }

    echo = b.kore.update(record, wanted, CASE_KEY)

    now, kept = listed(b, entity), held(b, record)
    assert echo.fields["status"] == "On Hold"
    assert (kept.status, kept.priority) == ("On Hold", "Critical")
    assert set(kept.tags) == {"mine", "late", f"ext:{CASE_KEY}"}
    assert kept.fields == {REFUND: 12.5, REGION: "EMEA"}
    assert kept.user == {**kept.user, "name": "Ada Lovelace"}
    for shown in (now, replace(echo, version=now.version)):
        assert shown.fields["name"] == "Called"
        assert shown.fields["desc"] == record.fields["desc"]
        assert shown.fields["dueDate"] == due
        assert shown.fields["tags"] == ("mine", "late")
        assert CASE_KEY in shown.fields["marker"]
        assert shown.fields[f"field.{REGION}"] == "EMEA"
        assert shown.fields[f"field.{REFUND}"] == "12.5"
        assert "marker.due" not in shown.fields


@pytest.mark.parametrize("marker", ["desc", "name"])
@pytest.mark.parametrize("written", ["desc", "name"])
def test_marker_is_kept(marker: str, written: str) -> None:
    """Whatever text is rewritten, the marker and what it says stay."""
    b = bench(kore={"marker": marker})
    case = a_case(b)

    b.kore.update(case, {written: "Said otherwise"}, CASE_KEY)

    now = listed(b)
    assert now.fields[written] == "Said otherwise"
    assert now.fields["marker"] == CASE_KEY
    assert now.fields["marker.due"] == FUTURE
    assert now.fields[f"marker.{marker}"] == f"[{CASE_KEY} due={FUTURE}]"


def test_foreign_marks_are_kept() -> None:
    """Marks of another pair, in a text or a tag, survive our update of both."""
    b = bench()
    case = a_case(b)
    whole = f"{held(b, case).desc}\n[{OTHER_PAIR}]"
    tags = ["ext:other-system", f"ext:{OTHER_PAIR}"]
    b.box.human.edit("kore", "case", local_id(case.key), desc=whole, tags=tags)
    case = listed(b)
    assert case.fields["marker"] == (CASE_KEY, OTHER_PAIR)
    assert case.fields["tags"] == "ext:other-system"

    b.kore.update(case, {"desc": "New", "tags": ("a", "b")}, CASE_KEY)

    kept = held(b, case)
    assert kept.desc == f"New\n[{CASE_KEY} due={FUTURE}]\n[{OTHER_PAIR}]"
    assert kept.tags == ("a", "b", f"ext:{OTHER_PAIR}", f"ext:{CASE_KEY}")


def test_tags_are_left_alone() -> None:
    """Once the key is among the tags, an update of something else sends no tags."""
    b = bench({"kore.array_update": "append"})
    case = a_case(b)
    b.kore.update(case, {"name": "One"}, CASE_KEY)
    case = listed(b)
    b.box.human.edit(
        "kore", "case", local_id(case.key), tags=[*held(b, case).tags, "meanwhile"]
    )

    b.kore.update(case, {"name": "Two"}, CASE_KEY)

    assert held(b, case).tags == (f"ext:{CASE_KEY}", "meanwhile")


def test_appended_tags_are_learned() -> None:
    """A tenant that appends is noticed: after that no tag is sent twice."""
    b = bench({"kore.array_update": "append"})
    case = a_case(b)
    b.kore.update(case, {"tags": "a"}, CASE_KEY)
    b.kore.update(listed(b), {"tags": ("a", "b")}, CASE_KEY)
    noticed = list(held(b, case).tags)

    b.kore.update(listed(b), {"tags": ("a", "b", "c")}, CASE_KEY)

    assert list(held(b, case).tags) == [*noticed, "c"]
    assert listed(b).fields["tags"] == ("a", "b", "c")


def test_due_date_becomes_real() -> None:
    """The made-up due date becoming the real one shows as a due date from then on."""
    b = bench()
    case = a_case(b)

    b.kore.update(case, {"dueDate": FUTURE}, CASE_KEY)

    now = listed(b)
    assert now.fields["dueDate"] == FUTURE
    assert "marker.due" not in now.fields
    assert now.fields["marker"] == CASE_KEY
    assert now.fields["desc"] == "Please"


def test_clearing() -> None:
    """An empty value takes a due date, a text, tags and a custom field away."""
    b = bench()
    case = a_case(b, is_due_synthetic=False)
    b.box.human.edit(
        "kore", "case", local_id(case.key), tags=["a"], fields={REGION: "EMEA"}
    )
    wanted = {"dueDate": "", "desc": "", "tags": "", f"field.{REGION}": ""}

    b.kore.update(listed(b), wanted, CASE_KEY)

    assert not {"dueDate", "desc", "tags", f"field.{REGION}"} & listed(b).fields.keys()
    assert held(b, case).fields == {}
    assert held(b, case).due is None


def test_nothing_to_send() -> None:
    """An update that changes nothing sends nothing."""
    b = bench()
    b.kore.update(a_case(b), {"name": "New"}, CASE_KEY)
    case = listed(b)
    b.box.log.clear()

    assert b.kore.update(case, {}, CASE_KEY) == case
    assert not b.box.log


def test_number_in_a_number_field() -> None:
    """A number goes out as one: as a text the tenant would refuse it."""
    b = bench()
    case = a_case(b)

    b.kore.update(case, {f"field.{REFUND}": "100"}, CASE_KEY)

    assert held(b, case).fields == {REFUND: 100}


def test_way_of_custom_fields_is_learned() -> None:
    """A tenant that wants fields as keys of their own is asked twice only once."""
    b = bench({"kore.field_writes": "top_level"})
    case = a_case(b)
    b.kore.update(case, {f"field.{REGION}": "EMEA"}, CASE_KEY)
    b.box.log.clear()

    b.kore.update(listed(b), {f"field.{REGION}": "APAC"}, CASE_KEY)

    assert held(b, case).fields == {REGION: "APAC"}
    assert [c.operation for c in b.box.log] == ["get_cases", "update_case"]


UNKNOWN = [
    {"status": "Nowhere"},
    {"priority": "Highest of all"},
    {"field.Colour": "red"},
    {"status": "Closed"},  # configured nowhere, and no record shows it
]


@pytest.mark.parametrize("wanted", UNKNOWN, ids=str)
def test_unknown_names(wanted: dict[str, str]) -> None:
    """A name whose id nobody knows is refused unsent, and says where to put the id."""
    b = bench()
    case = a_case(b)
    b.box.log.clear()
    (name,) = wanted
    kind = name.partition(".")[0]

    with pytest.raises(Refused) as caught:
        b.kore.update(case, wanted, CASE_KEY)

    assert caught.value.code == "unknown-id"
    assert caught.value.key == case.key
    assert f"[kore_ids.{kind}]" in caught.value.hint
    assert not b.box.log


def test_a_field_that_would_be_lost() -> None:
    """Custom fields are not written when the array would lose one we cannot name."""
    b = bench()
    case = a_case(b)
    strange = replace(case, fields={**case.fields, "field.Gone": "kept"})

    with pytest.raises(Refused) as caught:
        b.kore.update(strange, {f"field.{REGION}": "EMEA"}, CASE_KEY)

    assert caught.value.code == "unknown-id"


def test_no_other_field_is_written() -> None:
    """A field that is not ours to write is our own mistake."""
    b = bench()

    with pytest.raises(InvariantBroken):
        b.kore.update(a_case(b), {"refId": "CS1"}, CASE_KEY)


@pytest.mark.parametrize(
    ("reading", "error"), [("404", NotFound), ("400", Refused), ("200_null", InDoubt)]
)
def test_missing_record(reading: str, error: type[Exception]) -> None:
    """An update of a record that is gone is an error, however the tenant says it."""
    b = bench({"kore.missing_id_on_update": reading})
    case = replace(a_case(b), key=kore_key("ci-0000000-0000-4000-8000-000000000000"))

    with pytest.raises(error):
        b.kore.update(case, {"name": "New"}, CASE_KEY)


def test_closed_case_blocks_tasks() -> None:
    """A task for a closed case is refused; nothing was executed."""
    b = bench(kore={"ids": IDS})
    case = a_case(b)
    b.kore.update(case, {"status": "Closed"}, CASE_KEY)

    with pytest.raises(Refused):
        b.kore.create_task(a_task_draft(case))

    assert not b.box.kore.tasks
