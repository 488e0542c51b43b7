from collections import Counter
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from caseferry.model.record import Value
from mapping.builders import (
    FUTURE,
    NOW,
    PAST,
    a_case,
    a_task,
    field,
    mapped,
    mapper,
    rules,
    value,
)

LONG = "Sehr lange Geschichte. " * 90
OPENER_DESC = 'owner = "kore", too_long = "opener"'


# texts ------------------------------------------------------------------------


@pytest.mark.parametrize(("length", "lost"), [(255, []), (256, ["subject-cut"])])
def test_an_activity_subject_holds_255_characters(length: int, lost: list[str]) -> None:
    """A longer name is cut, and counted."""
    (task,) = mapped(a_case(), a_task(name="x" * length)).tasks

    assert value(task, "subject") == "x" * 255
    assert rules(task) == lost


@pytest.mark.parametrize(("length", "lost"), [(1024, []), (1025, ["subject-cut"])])
def test_a_case_subject_holds_1024_characters(length: int, lost: list[str]) -> None:
    """A case's subject is longer than an activity's."""
    case = mapped(a_case(name="x" * length)).case

    assert value(case, "subject") == "x" * 1024
    assert rules(case) == lost


@pytest.mark.parametrize("name", [None, " ", "\t\n", "\x00", " [#123]"])
def test_a_nameless_case_is_called_by_its_number(name: str | None) -> None:
    """A subject is demanded, and the number is what people know."""
    case = mapped(a_case(name=name)).case

    assert value(case, "subject") == "CS000100"
    assert rules(case) == ["subject-made"]
    assert value(mapped(a_case(name=name, refId=None)).case, "subject") == "ci-1"


def test_a_case_subject_never_ends_with_a_number_in_brackets() -> None:
    """Also not after it was cut right behind one."""
    cut_there = "x" * 1017 + " [#123]" + "more"

    assert value(mapped(a_case(name=cut_there)).case, "subject") == "x" * 1017
    (task,) = mapped(a_case(), a_task(name="Again [#123]")).tasks
    assert value(task, "subject") == "Again [#123]"


def test_unreadable_characters_are_taken_out_and_counted() -> None:
    """What is left of a text keeps its lines; a subject is one line."""
    task = a_task(name="Call\x07 Ada\nnow", desc="one\x00\n\ttwo")

    (result,) = mapped(a_case(), task).tasks

    assert value(result, "subject") == "Call Ada now"
    assert value(result, "content.text") == "one\n\ttwo"
    assert rules(result) == ["text-cleaned", "text-cleaned"]
    assert field(result, "content.text").source == "one\x00\n\ttwo"


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "שלום עולם", "👩‍👩‍👧‍👦 🇩🇪", "=1+1", "a" * 5000],
)
def test_contents_go_as_they_are(text: str) -> None:
    """HTML, right-to-left text, emoji, formulas and long texts are plain text."""
    (task,) = mapped(a_case(), a_task(desc=text)).tasks

    assert value(task, "content.text") == text
    assert rules(task) == []


def test_blank_contents_are_no_contents() -> None:
    """A description of blanks is nothing that could be written."""
    assert value(mapped(a_case(desc=" \n")).case, "description") is None


# long descriptions --------------------------------------------------------------


def test_an_opener_carries_what_a_case_cannot_hold() -> None:
    """Without tasks there is an opener, so nothing is lost."""
    group = mapped(a_case(desc=LONG))

    assert len(str(value(group.case, "description"))) <= 1024
    assert value(group.opener, "content.text") == LONG
    assert rules(group.case) == []


@pytest.mark.parametrize(
    ("category", "lost"),
    [("open", ["description-cut"]), ("resolved", [])],
)
def test_without_an_opener_the_rest_is_lost(category: str, lost: list[str]) -> None:
    """An open task carries the case itself; finished ones leave room for an opener."""
    task = a_task(statusCategory=category)

    assert rules(mapped(a_case(desc=LONG), task).case) == lost


def test_a_mapping_without_openers_loses_the_rest() -> None:
    """The opener is only counted on where the mapping allows one."""
    own = mapper(
        (
            'when = ["no-tasks", "all-tasks-completed", "reopened"]',
            'when = ["reopened"]',
        )
    )

    assert rules(mapped(a_case(desc=LONG), by=own).case) == ["description-cut"]


def test_a_long_text_can_be_kept_in_an_attribute() -> None:
    """The attribute takes what it can, in its own alphabet."""
    own = mapper(
        (OPENER_DESC, 'owner = "kore", too_long = "keep:custom.kore_description"')
    )

    case = mapped(a_case(desc="Größe, " * 200), by=own).case

    assert str(value(case, "custom.kore_description")).startswith("Größe Größe")
    assert rules(case) == ["description-cut", "attribute-cut"]
    assert "kore_description" in own.custom_attributes["case"]


def test_a_long_text_can_be_quarantined() -> None:
    """Nothing is cut where the mapping says so; the record waits for a person."""
    own = mapper((OPENER_DESC, 'owner = "kore", too_long = "quarantine"'))

    case = mapped(a_case(desc=LONG), by=own).case

    assert [p.path for p in case.problems] == ["case.fields.desc.too_long"]
    assert value(case, "description") is None


# due dates ----------------------------------------------------------------------


def test_a_future_due_date_keeps_its_milliseconds() -> None:
    """What lies ahead is carried to the millisecond."""
    case = mapped(a_case(dueDate=FUTURE)).case

    assert value(case, "dueDate") == FUTURE
    assert rules(case) == []


def test_a_past_due_date_is_kept_beside() -> None:
    """It is refused, so an attribute holds it, and the loss is counted."""
    group = mapped(a_case(dueDate=PAST), a_task(dueDate=PAST))

    for record in (group.case, *group.tasks):
        assert value(record, "dueDate") is None
        assert field(record, "dueDate").source == PAST
        assert value(record, "custom.orig_due") == PAST
        assert rules(record) == ["due-date-past"]


@pytest.mark.parametrize(("minutes", "kept"), [(4, False), (5, False), (6, True)])
def test_the_next_minutes_count_as_past(minutes: int, *, kept: bool) -> None:
    """A write needs time, so a due date has to lie beyond a margin."""
    due = (NOW + timedelta(minutes=minutes)).isoformat(timespec="milliseconds")
    due = due.replace("+00:00", "Z")
    zone = timezone(timedelta(hours=9))

    case = mapped(a_case(dueDate=due), now=NOW.astimezone(zone)).case

    assert (value(case, "dueDate") is not None) == kept


def test_time_alone_changes_no_attribute() -> None:
    """The kept due date is the same before and after it has passed."""
    before = mapped(a_case(dueDate=FUTURE)).case
    after = mapped(a_case(dueDate=FUTURE), now=NOW + timedelta(days=99)).case

    assert field(before, "custom.orig_due") == field(after, "custom.orig_due")


def test_a_past_due_date_can_be_dropped_or_quarantined() -> None:
    """Without a word it is dropped and counted."""
    past = ', past = "keep:custom.orig_due"'
    dropped = mapped(a_case(dueDate=PAST), by=mapper((past, ""))).case
    held = mapped(a_case(dueDate=PAST), by=mapper((past, ', past = "quarantine"'))).case

    assert rules(dropped) == ["due-date-past"]
    assert "custom.orig_due" not in [f.casemgr for f in dropped.fields]
    assert [p.path for p in held.problems] == ["case.fields.dueDate.past"]


@pytest.mark.parametrize("due", ["tomorrow", "2026-06-01", ("a", "b")])
def test_what_is_no_time_is_no_due_date(due: Value) -> None:
    """A due date that cannot be read is never guessed."""
    assert mapped(a_case(dueDate=due)).case.problems


# attributes -----------------------------------------------------------------------


def test_tags_are_several_values() -> None:
    """Each tag is spelled by itself; equal spellings are one; ours are nobody's."""
    tags = ("vip", "a/b", "a-b", "???", "cf1.0a1b2c3d.c.ci-1.0")

    case = mapped(a_case(tags=tags)).case

    assert value(case, "custom.kore_tags") == ("vip", "a-b")
    assert field(case, "custom.kore_tags").source == tags
    assert rules(case) == ["attribute-cut"]


def test_our_own_tags_are_no_loss() -> None:
    """A record with no tag but a correlation key has no tags."""
    case = mapped(a_case(tags="cf1.0a1b2c3d.c.ci-1.0")).case

    assert value(case, "custom.kore_tags") is None
    assert rules(case) == []


def test_an_attribute_can_insist_on_every_character() -> None:
    """With quarantine, a text that an attribute cannot hold is not changed."""
    own = mapper(
        (
            '"custom.refund_amount", owner = "kore"',
            '"custom.refund_amount", too_long = "quarantine"',
        )
    )

    case = mapped(a_case(**{"field.Refund amount": "12,50"}), by=own).case

    assert [p.path for p in case.problems] == [
        'case.fields."field.Refund amount".too_long'
    ]


@pytest.mark.parametrize(
    ("region", "expected"),
    [("EMEA", "emea"), (("APAC", "EMEA"), ("apac", "emea")), (None, None)],
)
def test_value_tables_translate(region: Value | None, expected: Value | None) -> None:
    """Each of several values is translated by itself."""
    case = mapped(a_case(field__Region=region)).case

    assert value(case, "custom.region") == expected
    assert case.problems == ()


REGION = 'casemgr = "custom.region"\n'


def test_a_value_that_no_row_names_follows_the_policy() -> None:
    """It is quarantined, dropped, or kept as it was, and never guessed."""
    case = a_case(field__Region=("EMEA", "Moon"))
    drop = mapper((REGION, REGION + 'unmapped = "drop"\n'))
    keep = mapper((REGION, REGION + 'unmapped = "keep:custom.kore_region"\n'))

    held, dropped, kept = (mapped(case, by=by).case for by in (mapper(), drop, keep))

    assert [p.path for p in held.problems] == ['case.fields."field.Region".values.Moon']
    assert (value(dropped, "custom.region"), rules(dropped)) == (
        "emea",
        ["value-unmapped"],
    )
    assert value(kept, "custom.kore_region") == "Moon"
    assert rules(kept) == ["value-unmapped"]


# priority and severity ------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "number", "also", "severity"),
    [
        ("Emergency", "1", (), "urgent"),
        ("Critical", "1", (), "urgent"),
        ("High", "2", ("3",), "high"),
        ("Medium", "4", ("5",), "medium"),
        ("Low", "6", ("7",), "low"),
    ],
)
def test_priorities_are_numbers_and_severities_words(
    name: str, number: str, also: tuple[str, ...], severity: str
) -> None:
    """The first number is written, and the others of its list are left alone."""
    group = mapped(a_case(priority=name), a_task(priority=name))

    for record in (*group.tasks, group.opener):
        assert value(record, "priority") == number
        assert field(record, "priority").also == also
    assert value(group.case, "severity") == severity
    assert value(group.tasks[0], "custom.kore_priority") == name


def test_an_unknown_priority_follows_the_policy() -> None:
    """It is quarantined, dropped or kept, for cases and tasks alike."""
    case, task = a_case(priority="Panic"), a_task(priority="Panic")
    start = 'most_urgent = "1"'
    drop = mapper((start, f'unmapped = "drop"\n{start}'))
    keep = mapper((start, f'unmapped = "keep:custom.odd"\n{start}'))

    held = mapped(case, task)
    dropped = mapped(case, task, by=drop).tasks[0]
    kept = mapped(case, task, by=keep).tasks[0]

    assert [p.path for p in held.case.problems] == ["severity.names.Panic"]
    assert [p.path for p in held.tasks[0].problems] == ["priority.names.Panic"]
    assert (value(dropped, "priority"), rules(dropped)) == (
        None,
        ["priority-unmapped"],
    )
    assert value(kept, "custom.odd") == "Panic"


def test_no_priority_is_no_loss() -> None:
    """A record without a priority leaves the target's alone."""
    group = mapped(a_case(priority=None), a_task(priority=None))

    assert value(group.tasks[0], "priority") is None
    assert group.case.problems == group.tasks[0].problems == ()


def test_a_mapping_may_leave_severities_alone() -> None:
    """Without [severity.names] no severity is written."""
    text = 'Emergency = { write = "urgent" }\nCritical = ["urgent"]\nHigh = ["high"]\n'
    text += 'Medium = ["medium"]\nLow = ["low"]\n'
    own = mapper((text, ""), ('severity = "high", ', ""), ('severity = "urgent", ', ""))

    assert "severity" not in [f.casemgr for f in mapped(a_case(), by=own).case.fields]


# status ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "finished"),
    [
        ("open", False),
        ("inprogress", False),
        ("In-Progress", False),
        ("onhold", False),
        ("resolved", True),
        ("closed", True),
    ],
)
def test_the_category_decides_whether_a_record_is_finished(
    category: str, *, finished: bool
) -> None:
    """Status names are a tenant's own; categories are spelled in several ways."""
    group = mapped(a_case(), a_task(statusCategory=category, status="Whatever"))

    assert group.tasks[0].finished == finished
    assert mapped(a_case(statusCategory=category)).case.finished == finished


@pytest.mark.parametrize("category", ["archived", None])
def test_an_unknown_category_is_never_guessed(category: str | None) -> None:
    """Nobody can tell whether it is finished, so the record waits."""
    case = mapped(a_case(statusCategory=category)).case

    assert case.finished is None
    assert [p.path for p in case.problems] == [
        "status.case" + (f".{category}" if category else "")
    ]


@pytest.mark.parametrize(
    ("name", "category"),
    [("Waiting for parts", "onhold"), ("Escalated", "inprogress"), ("Open", "open")],
)
def test_a_status_name_is_kept(name: str, category: str) -> None:
    """On casemgr it is open or closed; the name stands in an attribute."""
    group = mapped(
        a_case(status=name, statusCategory=category),
        a_task(status=name, statusCategory=category),
    )

    assert value(group.case, "custom.kore_status") == name
    assert value(group.tasks[0], "custom.kore_status") == name
    assert rules(group.case) == []


def test_a_status_name_that_nothing_keeps_is_lost() -> None:
    """Only a name that the way back would not give is a loss."""
    kept = 'name_kept_in = "custom.kore_status"'
    own = mapper((kept, 'name_kept_in = { task = "custom.kore_status" }'))

    waiting = a_case(status="Waiting", statusCategory="onhold")
    assert rules(mapped(waiting, by=own).case) == ["status-name"]
    assert rules(mapped(a_case(), by=own).case) == []
    assert value(mapped(waiting, a_task(), by=own).tasks[0], "custom.kore_status")


def test_open_tasks_end_with_their_closed_case() -> None:
    """They are completed with the case, so the plan says it first."""
    tasks = [a_task(), a_task(statusCategory="resolved"), a_task(statusCategory="x")]

    group = mapped(a_case(statusCategory="closed"), *tasks)

    assert [task.finished for task in group.tasks] == [True, True, None]
    assert [rules(task) for task in group.tasks] == [
        ["task-open-in-closed-case"],
        [],
        [],
    ]


# the group --------------------------------------------------------------------------


def test_the_opener_speaks_for_its_case() -> None:
    """It has the case's number, name, priority and place, and a subtype of its own."""
    group = mapped(a_case(template="Billing", priority="High"), a_task())

    opener = group.opener
    assert value(opener, "subject") == "CS000100 Charged twice"
    assert field(opener, "subject").write_once == "report"
    assert value(opener, "priority") == "2"
    assert (opener.department, opener.subtype) == ("Billing", "general")
    assert opener.record is group.case.record
    assert group.opener_when == {"no-tasks", "all-tasks-completed", "reopened"}
    assert group.reopened == "opener"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": None}, "CS000100"),
        ({"name": None, "refId": None}, "ci-1"),
        ({"name": "a\nb"}, "CS000100 a b"),
        ({"name": "x" * 300}, "CS000100 " + "x" * 246),
    ],
)
def test_an_opener_always_has_a_subject(
    fields: dict[str, str | None], expected: str
) -> None:
    """A missing field leaves nothing behind, and a long one is cut."""
    assert value(mapped(a_case(**fields)).opener, "subject") == expected


def test_what_cannot_be_edited_says_what_happens_then() -> None:
    """Subject and content of an activity are written once; a case's can be edited."""
    group = mapped(a_case(), a_task(desc="x"))

    (task,) = group.tasks
    assert field(task, "subject").write_once == "note"
    assert field(task, "content.text").write_once == "report"
    assert field(task, "priority").write_once is None
    assert field(group.case, "subject").write_once is None
    assert field(group.case, "dueDate").owner == "casemgr"
    assert field(group.case, "custom.kore_ref").owner == "kore"


def test_each_target_field_is_there_once() -> None:
    """Also where the source has nothing, so that an emptied field is noticed."""
    group = mapped(a_case(), a_task())

    for record in (group.case, *group.tasks, group.opener):
        names = [f.casemgr for f in record.fields]
        assert len(names) == len(set(names))
    assert field(group.case, "custom.kore_tags").source is None


def test_what_stays_behind_is_counted_over_the_group() -> None:
    """Lists by their length, fields and unknown names by how often they occur."""
    case = a_case(count__attachments="2", count__feedback="0", field__Mood="sour")
    case = replace(case, unknown=("slaTimer",))
    task = a_task(count__attachments="1", queue="Service queue", field__Mood="sweet")

    behind = mapped(case, task).stays_behind

    assert behind == {
        "kore.attachments": 3,
        "kore.field.Mood": 2,
        "kore.queue": 1,
        "kore.slaTimer": 1,
    }
    assert mapped(a_case(), a_task(caseRefId="CS000100")).stays_behind == {}


def test_a_row_towards_kore_is_not_carried_the_other_way() -> None:
    """A field that only flows back is neither written nor missed."""
    own = mapper(
        (
            '"custom.refund_amount", owner = "kore"',
            '"solution", direction = "to-kore"',
        )
    )

    group = mapped(a_case(**{"field.Refund amount": "5"}), by=own)

    assert "solution" not in [f.casemgr for f in group.case.fields]
    assert group.stays_behind == {}


def test_the_same_inputs_give_the_same_group() -> None:
    """Mapping is pure: nothing but its inputs counts."""
    group = (a_case(dueDate=FUTURE), a_task(desc="x"))

    assert mapped(*group) == mapped(*group)
    assert mapped(*group).mapping == mapper().digest


def test_losses_beyond_what_was_accepted_are_named() -> None:
    """A number is a limit, "any" is none, and a rule not listed is accepted 0 times."""
    own = mapper(
        ('subject-cut = "any"', "subject-cut = 2"),
        ('text-cleaned = "any" ', "# "),
    )
    losses = Counter({"subject-cut": 3, "due-date-past": 99, "text-cleaned": 1})

    assert [str(problem) for problem in own.accepted(losses)] == [
        "losses.subject-cut: 3 found, 2 accepted",
        "losses.text-cleaned: 1 found, 0 accepted",
    ]
    assert own.accepted(Counter({"subject-cut": 2})) == []
