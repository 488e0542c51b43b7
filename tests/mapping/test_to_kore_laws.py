"""What holds of the way to Kore for every record, and for every pair of values."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseferry.mapping.examples_back import written_group
from caseferry.mapping.names import (
    ACTIVITY_STATUSES,
    CASE_STATUSES,
    LOSSES,
    PRIORITIES,
    SEVERITIES,
)
from caseferry.model.customer import Customer, CustomerContact
from caseferry.model.mapped import MappedRecord
from caseferry.model.record import Value, canonical
from caseferry.sandbox import tenant
from mapping.builders import FUTURE, PAST, a_case, a_task, mapped, mapper, rules
from mapping.kore_builders import (
    an_activity,
    casemgr_case,
    kore_field,
    kore_value,
    to_kore,
)

_TEXTS = {"subject-cut", "description-cut", "subject-made", "text-cleaned"}

texts = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.text(alphabet="א👍🏽é<b>\n\x00 []#1", max_size=40),
    st.integers(200, 1500).map(lambda n: "Überlang 👩‍👩‍👧 " * (n // 12)),
)
values = st.one_of(texts, st.lists(st.text(max_size=8), max_size=3))
due_dates = st.sampled_from([None, PAST, FUTURE])


@settings(max_examples=200, deadline=None)
@given(
    name=texts,
    desc=texts,
    due=due_dates,
    region=st.sampled_from([None, "EMEA", "N. America", "APAC"]),
    status=st.sampled_from(tenant.STATUSES),
    priority=st.sampled_from([p.name for p in tenant.PRIORITIES]),
)
def test_what_was_written_to_casemgr_reads_back(
    *,
    name: str | None,
    desc: str | None,
    due: str | None,
    region: str | None,
    status: tenant.Status,
    priority: str,
) -> None:
    """Name, text, due date, priority, status and values; or a loss says why not."""
    fields: dict[str, Value | None] = {
        "name": canonical(name),
        "desc": canonical(desc),
        "dueDate": due,
        "priority": priority,
        "status": status.name,
        "statusCategory": status.category,
    }
    there = mapped(a_case(**fields, **{"field.Region": region}), a_task(**fields))

    case, tasks = written_group(there)
    back = to_kore(case, *tasks)

    assert kore_value(back.case, "field.Region") == region
    for origin, returned in ((there.case, back.case), (there.tasks[0], back.tasks[0])):
        _assert_same_texts(origin, returned)
        assert kore_field(returned, "priority").is_met_by(priority)
        assert kore_value(returned, "dueDate") == due
        assert returned.finished == origin.finished
        assert status.category in returned.categories


def _assert_same_texts(origin: MappedRecord, returned: MappedRecord) -> None:
    """Compare; blanks at the end are the only thing that no rule speaks of."""
    lost = {*rules(origin), *rules(returned)} & _TEXTS
    for name in ("name", "desc"):
        before = origin.record.text(name).rstrip()
        assert lost or (kore_value(returned, name) or "") == before


@pytest.mark.parametrize("case_status", CASE_STATUSES)
@pytest.mark.parametrize("status", [*ACTIVITY_STATUSES, "?"])
def test_every_state_of_casemgr_becomes_one_of_kore(
    case_status: str, status: str
) -> None:
    """No combination is refused, and each name is one whose id is asked for."""
    names = mapper().kore_names()

    for priority, severity in itertools.product(PRIORITIES, SEVERITIES):
        group = to_kore(
            casemgr_case(status=case_status, severity=severity),
            an_activity(status=status, priority=priority),
        )

        task = group.tasks[0]
        assert group.case.problems == task.problems == ()
        assert group.case.finished == (case_status == "closed")
        assert task.finished == (status == "completed")
        for record in (group.case, task):
            assert record.status in names["status"]
            assert kore_value(record, "priority") in names["priority"]
            assert record.categories


@pytest.mark.parametrize("number", PRIORITIES)
def test_a_priority_comes_back_or_is_counted(number: str) -> None:
    """There and back it is the same number, unless the rule names it."""
    (task,) = to_kore(casemgr_case(), an_activity(priority=number)).tasks
    name = kore_value(task, "priority")

    again = mapped(a_case(), a_task(priority=name)).tasks[0]

    (written,) = [f for f in again.fields if f.casemgr == "priority"]
    assert written.is_met_by(number)
    assert (written.value == number) != ("priority-merged" in rules(task))


@settings(max_examples=200, deadline=None)
@given(
    subject=values,
    content=st.dictionaries(st.sampled_from(["text", "html"]), values),
    tags=values,
    due=st.one_of(due_dates, st.text(max_size=12)),
    kept=st.one_of(due_dates, values),
    contact=st.dictionaries(
        st.sampled_from(["name", "email", "phone"]),
        st.one_of(st.emails(), st.text(max_size=12)),
    ),
    customer=st.one_of(
        st.none(),
        st.builds(
            Customer,
            id=st.just("1"),
            name=st.text(max_size=8),
            contacts=st.lists(
                st.builds(
                    CustomerContact,
                    name=st.text(max_size=8),
                    emails=st.lists(st.emails() | st.text(max_size=5), max_size=2).map(
                        tuple
                    ),
                    phones=st.lists(st.text("+0123 x", max_size=12), max_size=2).map(
                        tuple
                    ),
                ),
                max_size=3,
            ).map(tuple),
        ),
    ),
)
def test_no_record_is_too_odd(
    *,
    subject: str | list[str] | None,
    content: dict[str, str | list[str] | None],
    tags: str | list[str] | None,
    due: str | None,
    kept: str | list[str] | None,
    contact: dict[str, str],
    customer: Customer | None,
) -> None:
    """Whatever casemgr holds is mapped or refused, the same way each time."""
    fields: dict[str, Value | None] = {
        "subject": canonical(subject),
        "custom.kore_tags": canonical(tags),
        "dueDate": canonical(due),
        "custom.orig_due": canonical(kept),
    }
    told = {f"contact.{k}": canonical(v) for k, v in contact.items()}
    texts_of = {f"content.{k}": canonical(v) for k, v in content.items()}
    case = casemgr_case(**fields)
    task = an_activity(1, **{**fields, **told, **texts_of})

    group = to_kore(case, task, customer=customer)

    assert group == to_kore(case, task, customer=customer)
    for record in (group.case, *group.tasks):
        assert set(rules(record)) <= set(LOSSES)
        assert all(p.path.endswith(("dueDate", "past")) for p in record.problems)
        name = kore_value(record, "name")
        assert isinstance(name, str)
        assert name.strip()
        assert "\x00" not in name
    if group.contact is None:
        assert group.code == "contact-ambiguous"
        assert group.reason
    else:
        assert group.contact.name
        assert group.contact.email or group.contact.phone
    assert group.due


def test_every_loss_towards_kore_is_one_that_somebody_accepts() -> None:
    """None of the rules is new to the default mapping's [losses]."""
    found = to_kore(
        casemgr_case(subject=None, dueDate=None),
        an_activity(priority="7", content__text=None, content__html="<p>x</p>"),
        an_activity(2, contact__name="Bob", subject="a\x00"),
    )

    lost = {r for record in (found.case, *found.tasks) for r in rules(record)}

    assert lost == {
        "due-date-synthetic",
        "html-flattened",
        "name-made",
        "priority-merged",
        "task-contact-differs",
        "text-cleaned",
    }
    assert mapper().accepted(dict.fromkeys(lost, 1)) == []
