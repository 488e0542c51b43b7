from datetime import timedelta

import pytest

from caseferry.adapters.casemgr.payload import case_of
from caseferry.model.correlation import Correlation, Role
from caseferry.model.record import Value
from caseferry.model.times import canonical_time
from mapping.builders import FUTURE, NOW, PAST, a_case, a_task, mapped, mapper, rules
from mapping.kore_builders import (
    an_activity,
    casemgr_case,
    kore_field,
    kore_value,
    to_kore,
)

KEY = str(Correlation(pair="0" * 8, role=Role.TASK, source="ti-1"))
OPENER = str(Correlation(pair="0" * 8, role=Role.OPENER, source="ci-1"))


def test_a_case_and_its_task_are_carried() -> None:
    """Every field under Kore's name, with casemgr's name for the bases."""
    case = casemgr_case(custom__kore_tags=("vip", "refund"), custom__region="na")

    group = to_kore(case, an_activity(dueDate=FUTURE))

    carried = {field.kore: (field.casemgr, field.value) for field in group.case.fields}
    assert carried == {
        "name": ("subject", "Charged twice"),
        "desc": ("description", "The card was charged twice."),
        "dueDate": ("dueDate", FUTURE),
        "tags": ("custom.kore_tags", ("vip", "refund")),
        "field.Refund amount": ("custom.refund_amount", None),
        "field.Region": ("custom.region", "N. America"),
        "priority": ("severity", "Medium"),
    }
    task = {field.kore: field.value for field in group.tasks[0].fields}
    assert task == {
        "name": "Call Ada",
        "desc": "Ask for the receipt.",
        "dueDate": FUTURE,
        "tags": None,
        "priority": "Medium",
    }
    assert not any(field.write_once for field in group.tasks[0].fields)
    assert (group.case.finished, group.tasks[0].finished) == (False, False)
    assert group.case.problems == ()
    assert rules(group.case) == rules(group.tasks[0]) == []
    assert group.due == FUTURE
    assert not group.is_due_synthetic
    assert group.channel == "rtm"
    assert group.case_template.startswith("ctm-")
    assert group.task_template.startswith("ttm-")
    assert group.mapping == mapper().digest
    assert group.stays_behind == {}


def test_a_subject_comes_without_the_number_that_casemgr_shows_in_it() -> None:
    """` [#1003]` is not content; the number of another case is."""
    shown = {"id": "1003", "subject": "See this one [#7] [#1003]", "severity": "low"}
    case = case_of({**shown, "status": {"value": "open"}})

    group = to_kore(case)

    assert kore_value(group.case, "name") == "See this one [#7]"
    assert group.case.losses == to_kore(case).case.losses


def test_a_case_without_a_due_date_gets_one_that_is_marked() -> None:
    """The same all through a run; counted; the field itself stays without a value."""
    group = to_kore(casemgr_case(dueDate=None))

    assert group.due == canonical_time(NOW + timedelta(days=30))
    assert group.is_due_synthetic
    assert kore_value(group.case, "dueDate") is None
    assert rules(group.case) == ["due-date-synthetic"]


@pytest.mark.parametrize(
    ("span", "hours"), [("+90s", 0.025), ("+6m", 0.1), ("+2h", 2), ("+1w", 168)]
)
def test_the_span_of_a_synthetic_due_date_has_units(span: str, hours: float) -> None:
    """Seconds, minutes, hours, days or weeks from the creation."""
    own = mapper(('due_date = "+30d"', f'due_date = "{span}"'))

    group = to_kore(casemgr_case(dueDate=None), by=own)

    assert group.due == canonical_time(NOW + timedelta(hours=hours))


def test_a_date_that_casemgr_could_not_take_is_the_due_date() -> None:
    """`keep:` is read back where casemgr has no due date; its own goes first."""
    kept = to_kore(casemgr_case(dueDate=None, custom__orig_due=PAST))
    own = to_kore(casemgr_case(dueDate=FUTURE, custom__orig_due=PAST))

    assert (kept.due, own.due) == (PAST, FUTURE)
    assert not kept.is_due_synthetic
    field = kore_field(kept.case, "dueDate")
    assert (field.casemgr, field.source, field.value) == ("dueDate", PAST, PAST)
    assert rules(kept.case) == []


@pytest.mark.parametrize(
    ("spelled", "meant"),
    [
        ("2026-04-30T11:30:00+02:00", "2026-04-30T09:30:00.000Z"),
        ("2026-04-30", None),
        ("yesterday", None),
        (("2026-04-30T09:30:00Z", "2026-04-30T09:30:00Z"), None),
    ],
)
def test_only_a_time_with_its_zone_is_a_time(spelled: Value, meant: str | None) -> None:
    """What an agent wrote into the attribute is read if it is one, else refused."""
    group = to_kore(casemgr_case(dueDate=None, custom__orig_due=spelled))

    assert kore_value(group.case, "dueDate") == meant
    problems = [problem.path for problem in group.case.problems]
    assert problems == ([] if meant else ["case.fields.dueDate.past"])


def test_a_record_without_a_subject_is_called_by_its_id() -> None:
    """Kore demands a name; that it was made is counted."""
    group = to_kore(casemgr_case(subject=None), an_activity(subject=" \t"))

    assert kore_value(group.case, "name") == "1003"
    assert kore_value(group.tasks[0], "name") == "2001"
    assert rules(group.case) == rules(group.tasks[0]) == ["name-made"]


def test_of_an_html_content_the_text_is_carried() -> None:
    """Only where there is no plain text; counted either way."""
    html = "<p>Dear <b>Ada</b>,</p><p>thanks &amp; bye</p>"

    flat = to_kore(casemgr_case(), an_activity(content__text=None, content__html=html))
    both = to_kore(casemgr_case(), an_activity(content__html=html))

    field = kore_field(flat.tasks[0], "desc")
    assert field.value == field.source == "Dear Ada,\n\nthanks & bye"
    assert field.casemgr == "content.text"
    assert rules(flat.tasks[0]) == ["html-flattened"]
    assert flat.stays_behind == {}
    assert kore_value(both.tasks[0], "desc") == "Ask for the receipt."
    assert both.stays_behind == {"casemgr.content.html": 1}


def test_texts_keep_every_script_and_lose_what_nobody_should_see() -> None:
    """Every script goes through; control characters, end blanks and markers do not."""
    text = "שלום 👩‍👩‍👧\nZoë"
    group = to_kore(
        casemgr_case(subject="a\x00\tb", description=text),
        an_activity(content__text=f"old\n[{KEY} due={FUTURE}]", subject="end  "),
    )

    assert kore_value(group.case, "name") == "a b"
    assert kore_value(group.case, "desc") == text
    assert kore_value(group.tasks[0], "desc") == "old"
    assert kore_value(group.tasks[0], "name") == "end"
    assert rules(group.case) == ["text-cleaned"]
    assert rules(group.tasks[0]) == ["text-cleaned", "text-cleaned"]


def test_our_keys_are_nobodys_tags() -> None:
    """Neither a bare key nor the tag that carries one is written again."""
    tags = (KEY, f"ext:{KEY}", "vip")

    group = to_kore(casemgr_case(custom__kore_tags=tags))

    assert kore_value(group.case, "tags") == "vip"
    assert rules(group.case) == []


def test_activities_that_are_no_tasks_are_counted_by_type() -> None:
    """E-mails, chats and what has no type stay behind; our openers are neither."""
    group = to_kore(
        casemgr_case(),
        an_activity(1),
        an_activity(2, type="email"),
        an_activity(3, type="email"),
        an_activity(4, type="chat"),
        an_activity(5, type=None),
        an_activity(6, custom__ext_key=OPENER),
        an_activity(7, custom__ext_key=("legacy-7", KEY)),
    )

    assert [task.record.key for task in group.tasks] == [
        "casemgr:activity:2001",
        "casemgr:activity:2007",
    ]
    assert group.stays_behind == {
        "casemgr.activity.chat": 1,
        "casemgr.activity.email": 2,
        "casemgr.activity.unknown": 1,
        "casemgr.custom.ext_key": 1,
    }


def test_what_no_row_reads_is_counted() -> None:
    """Fields a person would miss; what Kore said already and our keys are not."""
    case = casemgr_case(
        solution="Refunded",
        owner="jdoe",
        created=PAST,
        custom__crm="1",
        custom__kore_status="On Hold",
        custom__orig_created=PAST,
        custom__ext_key=KEY,
    )

    assert to_kore(case).stays_behind == {
        "casemgr.created": 1,
        "casemgr.custom.crm": 1,
        "casemgr.owner": 1,
        "casemgr.solution": 1,
    }


def test_numbers_that_share_a_name_are_counted() -> None:
    """A "3" reads as High, which would write "2": the way back is explained."""
    group = to_kore(casemgr_case(), an_activity(priority="3"))

    assert kore_value(group.tasks[0], "priority") == "High"
    assert rules(group.tasks[0]) == ["priority-merged"]


def test_a_name_that_only_writes_means_the_number_too() -> None:
    """Emergency writes "1", so a Kore task that is one stays one."""
    group = to_kore(casemgr_case(severity="urgent"), an_activity(priority="1"))

    for field in (
        kore_field(group.case, "priority"),
        kore_field(group.tasks[0], "priority"),
    ):
        assert field.value == "Critical"
        assert field.also == ("Emergency",)
        assert field.is_met_by("Emergency")
        assert not field.is_met_by("High")
    assert rules(group.case) == rules(group.tasks[0]) == []


def test_severities_that_share_a_name_are_counted() -> None:
    """As with priorities: a word that its name would not write again."""
    own = mapper(
        ('High = ["high"]\nMedium = ["medium"]', 'High = ["high", "medium"]'),
        ('Medium = ["4", "5"]\n', ""),
        ('High = ["2", "3"]', 'High = ["2", "3", "4", "5"]'),
    )

    group = to_kore(casemgr_case(severity="medium"), by=own)

    assert kore_value(group.case, "priority") == "High"
    assert rules(group.case) == ["severity-merged"]


@pytest.mark.parametrize("policy", ["quarantine", "drop"])
def test_a_number_that_no_row_names_follows_the_mapping(policy: str) -> None:
    """Quarantined, or counted; nothing is guessed."""
    own = mapper(('unmapped = "quarantine"', f'unmapped = "{policy}"'))

    group = to_kore(
        casemgr_case(severity="grave", custom__region="mars"),
        an_activity(priority="8"),
        by=own,
    )

    case, (task,) = group.case, group.tasks
    assert kore_value(case, "priority") is kore_value(task, "priority") is None
    assert kore_value(case, "field.Region") is None
    paths = [problem.path for problem in (*case.problems, *task.problems)]
    if policy == "quarantine":
        region = 'case.fields."field.Region".values.mars'
        assert paths == [region, "severity.names.grave", "priority.names.8"]
    else:
        assert paths == []
        assert rules(case) == ["value-unmapped", "priority-unmapped"]
        assert rules(task) == ["priority-unmapped"]


@pytest.mark.parametrize(
    ("status", "finished", "name"),
    [
        ("assigned", False, "Open"),
        ("awaiting_assignment", False, "Open"),
        ("in_workflow", False, "Open"),
        ("never heard of", False, "Open"),
        (None, False, "Open"),
        ("completed", True, "Resolved"),
    ],
)
def test_an_activity_is_open_until_it_is_completed(
    status: str | None,
    finished: bool,  # noqa: FBT001 - a parameter of the table
    name: str,
) -> None:
    """Whatever state it is in; every open category of Kore says so already."""
    (task,) = to_kore(casemgr_case(), an_activity(status=status)).tasks

    assert (task.finished, task.status) == (finished, name)
    done = {"resolved", "closed"}
    assert task.categories == (done if finished else {"open", "inprogress", "onhold"})


def test_a_state_with_a_row_of_its_own_says_what_it_asks_of_kore() -> None:
    """The state that our creates lead to is met by every open category all the same."""
    rows = (
        'awaiting_assignment = { categories = ["onhold"], write = "On Hold" }\n'
        'assigned = { categories = ["open", "inprogress"],'
    )
    own = mapper(('assigned = { categories = ["open", "inprogress", "onhold"],', rows))
    tasks = [an_activity(1, status="awaiting_assignment"), an_activity(2)]

    waiting, assigned = to_kore(casemgr_case(), *tasks, by=own).tasks

    assert waiting.status == "On Hold"
    assert waiting.categories == {"onhold"}
    assert assigned.status == "Open"
    assert assigned.categories == {"open", "inprogress", "onhold"}


@pytest.mark.parametrize("status", ["merged", None])
def test_a_case_status_that_no_row_names_is_refused(status: str | None) -> None:
    """A case is open or closed; of anything else nobody can tell."""
    case = to_kore(casemgr_case(status=status)).case

    assert case.finished is None
    assert [problem.path for problem in case.problems] == [
        "status.case.merged" if status else "status.case"
    ]


def test_a_closed_case_is_closed_last_and_keeps_its_tasks() -> None:
    """Finished, with the name that says so and the categories that do."""
    group = to_kore(casemgr_case(status="closed"), an_activity(status="completed"))

    assert (group.case.finished, group.case.status) == (True, "Closed")
    assert group.case.categories == {"resolved", "closed"}
    assert group.tasks[0].finished


def test_a_route_towards_kore_names_what_it_says() -> None:
    """The first that fits the case; what it leaves out is the table's own."""
    routes = (
        '[[to_kore.route]]\nwhen = { department = ["Billing", "VIP"], '
        'severity = "urgent" }\ncase_template = "ctm-b"\nsource = "mail"\n'
        '[[to_kore.route]]\nwhen = { "custom.region" = "na" }\n'
        'task_template = "ttm-na"\n[kore_ids.status]'
    )
    own = mapper(("[kore_ids.status]", routes))
    usual = to_kore(casemgr_case(department="Billing"), by=own)

    billing = to_kore(casemgr_case(department="Billing", severity="urgent"), by=own)
    north = to_kore(casemgr_case(custom__region=("na", "emea")), by=own)

    assert (billing.case_template, billing.channel) == ("ctm-b", "mail")
    assert billing.task_template == usual.task_template
    assert north.task_template == "ttm-na"
    assert usual.channel == north.channel == "rtm"


def test_spawned_tasks_follow_the_mapping() -> None:
    """Reported unless the mapping says that matching ones are adopted."""
    own = mapper(('spawned_tasks = "report"', 'spawned_tasks = "adopt"'))

    assert to_kore(casemgr_case()).spawned == "report"
    assert to_kore(casemgr_case(), by=own).spawned == "adopt"


def test_what_creates_in_kore_need_is_only_missed_by_them() -> None:
    """A mapping that never goes there may leave it out."""
    names = ("case_template", "task_template", "source", "due_date")
    table = dict(mapper().spec.to_kore)
    empty = mapper(*((f'{name} = "{table[name]}"', "") for name in names))

    assert mapper().problems_to_kore() == ()
    problems = {problem.path for problem in empty.problems_to_kore()}
    assert problems == {f"to_kore.{name}" for name in names}
    assert to_kore(casemgr_case(dueDate=None), by=empty).due == ""


def test_all_names_that_could_be_written_are_known_beforehand() -> None:
    """Their ids can be asked for before anything is written; no others are needed."""
    assert mapper().kore_names() == {
        "status": {"Open", "Closed", "Resolved"},
        "priority": {"Critical", "High", "Medium", "Low"},
        "field": {"Region", "Refund amount"},
    }


def test_a_row_towards_kore_only_is_read() -> None:
    """It reads any field that casemgr shows, and spells it as Kore takes it."""
    own = mapper(
        (
            '"custom.refund_amount", owner = "kore"',
            '"solution", direction = "to-kore"',
        )
    )

    group = to_kore(casemgr_case(solution="Paid\x00 back"), by=own)

    assert kore_value(group.case, "field.Refund amount") == "Paid back"
    assert rules(group.case) == ["text-cleaned"]
    assert group.stays_behind == {}


def test_of_values_that_mean_the_same_the_others_are_left_alone() -> None:
    """A one-way table may have several Kore values for one of casemgr's."""
    one_way = (
        'casemgr = "custom.region"\ndirection = "to-kore"\n'
        'values = { "EMEA" = "emea", "Europe" = "emea",'
    )
    own = mapper(('casemgr = "custom.region"\nvalues = { "EMEA" = "emea",', one_way))

    group = to_kore(casemgr_case(custom__region="emea"), by=own)
    several = to_kore(casemgr_case(custom__region=("na", "emea")), by=own)

    field = kore_field(group.case, "field.Region")
    assert (field.value, field.also) == ("EMEA", ("Europe",))
    assert kore_value(several.case, "field.Region") == ("N. America", "EMEA")


def test_the_marker_of_a_kore_record_is_not_left_behind() -> None:
    """Read from Kore it is ours, and nobody misses it in casemgr."""
    group = mapped(a_case(marker=KEY, marker__due=FUTURE), a_task(marker=KEY))

    assert group.stays_behind == {}


def test_the_same_inputs_give_the_same_group() -> None:
    """Mapping is pure: nothing but its inputs counts."""
    case, task = casemgr_case(dueDate=None), an_activity(priority="3")

    assert to_kore(case, task) == to_kore(case, task)
