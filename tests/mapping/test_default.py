import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseferry.mapping.examples_back import read_back_problems
from caseferry.mapping.names import LOSSES
from caseferry.mapping.texts import length
from caseferry.model.record import Value, canonical
from caseferry.sandbox import tenant
from mapping.builders import (
    DEFAULT,
    FUTURE,
    PAST,
    a_case,
    a_task,
    field,
    mapped,
    mapper,
)

OPEN = 'open = { categories = ["open", "inprogress", "resolved"]'
FULL: dict[str, Value] = {
    "name": "Charged twice",
    "desc": "The card was charged twice.",
    "dueDate": FUTURE,
    "tags": ("vip", "refund"),
    "refId": "CS000100",
    "createdAt": "2026-04-01T08:00:00.001Z",
    "priority": "High",
    "field.Refund amount": "120.5",
    "field.Region": "N. America",
}


def _rows() -> list[tuple[str, str, str]]:
    data = tomllib.loads(DEFAULT)
    return [
        (entity, name, row["casemgr"])
        for entity in ("case", "task")
        for name, row in data[entity]["fields"].items()
    ]


@pytest.mark.parametrize(("entity", "name", "target"), _rows())
def test_every_row_carries_its_field(entity: str, name: str, target: str) -> None:
    """No row of the default mapping is dead: each brings a value over."""
    group = mapped(a_case(**FULL), a_task(**FULL))

    record = group.case if entity == "case" else group.tasks[0]
    carried = field(record, target)
    assert carried.kore == name
    assert carried.source == FULL[name]
    assert carried.value == ("na" if name == "field.Region" else FULL[name])


def test_its_examples_hold() -> None:
    """What the file says at its end is what it does."""
    assert mapper().check_examples() == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'severity = "high"',
            'severity = "low"',
            "expected 'low', the mapping gives 'high'",
        ),
        (
            '"case.status" = "open"',
            '"case.status" = "closed"',
            "expected 'closed', the mapping gives 'open'",
        ),
        (
            '"custom.region" = "na"',
            '"custom.kore_description" = "na"',
            "expected 'na', the mapping gives nothing",
        ),
        (
            'status = "Resolved"',
            'status = "Done"',
            "expected 'closed', the mapping gives nothing",
        ),
    ],
)
def test_an_example_that_does_not_hold_says_why(
    old: str, new: str, message: str
) -> None:
    """The problem shows both values."""
    problems = mapper((old, new)).check_examples()

    assert message in [problem.message for problem in problems]
    assert all(problem.path.startswith("example.") for problem in problems)


def test_an_example_that_does_not_come_back_says_why() -> None:
    """Read towards Kore by another mapping, priority, value and status differ."""
    other = mapper(
        (
            'Critical = ["urgent"]\nHigh = ["high"]',
            'High = ["urgent"]\nCritical = ["high"]',
        ),
        (
            '"EMEA" = "emea", "N. America" = "na"',
            '"EMEA" = "na", "N. America" = "emea"',
        ),
        ('closed = { categories = ["resolved",', 'closed = { categories = ["onhold",'),
        ('open = { categories = ["open", "inprogress", "onhold"]', OPEN),
    )

    problems = read_back_problems(mapper().spec, mapper().map_group, other.map_to_kore)

    assert {(problem.path, problem.message) for problem in problems} == {
        ("example.1.kore.priority", "'High' comes back as 'Critical'"),
        ('example.4.kore."field.Region"', "'N. America' comes back as 'EMEA'"),
        ("example.1.kore.status", "'onhold' comes back as 'Open'"),
        ("example.2.kore.status", "'onhold' comes back as 'Open'"),
        ("example.3.kore.status", "'resolved' comes back as 'Closed'"),
    }


def test_every_loss_rule_is_listed() -> None:
    """An administrator reads each rule in the file, and decides."""
    assert sorted(mapper().spec.losses) == sorted(LOSSES)


def test_it_fits_the_sandbox() -> None:
    """Attributes, values, places, agents and ids are those of the sandbox tenant."""
    default = mapper()
    attributes = default.custom_attributes
    spec = default.spec

    assert set(attributes["case"]) < set(tenant.CASE_ATTRIBUTES)
    assert set(attributes["activity"]) < set(tenant.ACTIVITY_ATTRIBUTES)
    assert "ext_key" not in {*attributes["case"], *attributes["activity"]}
    regions = spec.case.fields["field.Region"].values.values()
    assert set(regions) == set(tenant.CASE_ATTRIBUTES["region"])
    assert set(default.departments) < {d.name for d in tenant.DEPARTMENTS}
    assert {r.subtype for r in spec.route} == set(tenant.TASK_SUBTYPES)
    logins = {user.name for user in tenant.USERS}
    assert {*spec.assignees.values(), *(r.assignee for r in spec.route)} < logins
    assert set(spec.assignees) < {agent.id for agent in tenant.AGENTS}
    assert set(spec.priority.names) == {p.name for p in tenant.PRIORITIES}
    assert spec.to_kore.case_template in {t.id for t in tenant.CASE_TEMPLATES}
    assert spec.to_kore.task_template in {t.id for t in tenant.TASK_TEMPLATES}


@pytest.mark.parametrize("status", tenant.STATUSES, ids=lambda status: status.name)
def test_every_status_of_the_sandbox_is_mapped(status: tenant.Status) -> None:
    """System and custom statuses alike have a category that a row names."""
    fields = {"status": status.name, "statusCategory": status.category}

    group = mapped(a_case(**fields), a_task(**fields))

    done = status.category in ("resolved", "closed")
    assert group.case.finished == group.tasks[0].finished == done


texts = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.text(alphabet="א👍🏽é<b>\n\x00 ", max_size=40),
    st.integers(200, 1500).map(lambda n: "Überlang 👩‍👩‍👧 " * (n // 12)),
)


@settings(max_examples=150, deadline=None)
@given(
    name=texts,
    desc=texts,
    tags=st.lists(st.text(max_size=10), max_size=3),
    due=st.sampled_from([None, PAST, FUTURE]),
    region=st.sampled_from(
        [None, *(o for f in tenant.CUSTOM_FIELDS for o in f.options)]
    ),
    priority=st.sampled_from([p.name for p in tenant.PRIORITIES]),
    email=st.one_of(st.none(), st.emails(), st.text(max_size=8)),
    phone=st.one_of(st.none(), st.text(max_size=12)),
    tasks=st.integers(0, 2),
)
def test_nothing_of_the_sandbox_is_too_odd(
    name: str | None,
    desc: str | None,
    tags: list[str],
    due: str | None,
    region: str | None,
    priority: str,
    email: str | None,
    phone: str | None,
    tasks: int,
) -> None:
    """Whatever its records hold is mapped, within the limits, all losses named."""
    fields: dict[str, Value | None] = {
        "name": canonical(name),
        "desc": canonical(desc),
        "tags": canonical(tags),
        "dueDate": due,
        "priority": priority,
        "userInfo.emailId": canonical(email),
        "userInfo.phoneNumber": canonical(phone),
    }
    case = a_case(**fields, **{"field.Region": region})

    group = mapped(case, *[a_task(**fields)] * tasks)

    for record in (group.case, *group.tasks, group.opener):
        assert record.problems == ()
        assert {loss.rule for loss in record.losses} <= set(LOSSES)
        limit = 1024 if record is group.case else 255
        subject = field(record, "subject").value
        assert isinstance(subject, str)
        assert 0 < length(subject) <= limit
        assert "\x00" not in subject
    assert group.customer.first_name
