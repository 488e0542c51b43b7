import pytest

from caseferry.errors import MappingError
from caseferry.mapping.spec import parse_mapping
from caseferry.model.record import Value
from mapping.builders import a_case, a_task, mapped, mapper, mapping_text, rules

AGENT = "a-0000001-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("template", "task_template", "case_lands", "task_lands"),
    [
        ("Billing", "Refund", ("Billing", "dispute"), ("Billing", "dispute")),
        ("Billing", "Call back", ("Billing", "dispute"), ("Billing", "callback")),
        ("Sales", "Call back", ("Service", "general"), ("Service", "callback")),
        ("Sales", "Refund", ("Service", "general"), ("Service", "general")),
        (None, None, ("Service", "general"), ("Service", "general")),
    ],
)
def test_the_first_route_that_fits_decides(
    template: str | None,
    task_template: str | None,
    case_lands: tuple[str, str],
    task_lands: tuple[str, str],
) -> None:
    """Department and subtype come from the first route whose conditions all hold."""
    group = mapped(a_case(template=template), a_task(template=task_template))

    assert (group.case.department, group.case.subtype) == case_lands
    assert (group.tasks[0].department, group.tasks[0].subtype) == task_lands


FIRST = '[[route]]\nwhen = { template = "Billing", task_template'


@pytest.mark.parametrize(
    ("when", "fields", "fits"),
    [
        ('priority = ["High", "Critical"]', {"priority": "High"}, True),
        ('priority = ["High", "Critical"]', {"priority": "high"}, False),
        ('status = "Escalated"', {"status": "Escalated"}, True),
        ('source = "rtm"', {}, False),
        ('"field.Region" = "APAC"', {"field.Region": ("EMEA", "APAC")}, True),
        ('"field.Region" = "APAC", priority = "Low"', {"field.Region": "APAC"}, False),
    ],
)
def test_conditions_compare_exactly(
    when: str, fields: dict[str, Value], *, fits: bool
) -> None:
    """All conditions have to hold, each with one of its values, letter by letter."""
    route = f'[[route]]\nwhen = {{ {when} }}\ndepartment = "VIP"\n'
    route += 'subtype = "vip"\nassignee = "vip"\n'
    own = mapper((FIRST, route + FIRST))

    assert (mapped(a_case(**fields), by=own).case.department == "VIP") == fits


def test_no_task_leaves_the_department_of_its_case() -> None:
    """A task that a route of another department fits stays with its case."""
    third = 'when = { task_template = "Call back" }'
    own = mapper(
        (third, 'when = { task_template = "Call back", source = "rtm" }'),
        (FIRST, FIRST.replace('template = "Billing", ', "")),
    )
    task = a_task(template="Call back", source="rtm")

    group = mapped(a_case(), task, by=own)

    assert group.case.department == "Service"
    assert (group.tasks[0].department, group.tasks[0].subtype) == (
        "Service",
        "callback",
    )


def test_a_task_without_a_route_in_the_department_takes_its_cases() -> None:
    """When no route of the department fits a task, its case's route does."""
    text = (
        'when = { template = "Billing" }',
        'when = { template = "Billing", status = "Escalated" }',
    )

    group = mapped(
        a_case(template="Billing", status="Escalated"), a_task(), by=mapper(text)
    )

    assert group.tasks[0].department == "Billing"
    assert group.tasks[0].subtype == "dispute"


def test_a_condition_on_a_custom_field_asks_the_case_too() -> None:
    """A task has no Region of its own, so its case's counts."""
    route = '[[route]]\nwhen = { "field.Region" = "APAC", task_template = "Refund" }\n'
    route += 'department = "Service"\nsubtype = "apac"\nassignee = "svc_care"\n'
    own = mapper((FIRST, route + FIRST))

    group = mapped(a_case(field__Region="APAC"), a_task(template="Refund"), by=own)

    assert group.tasks[0].subtype == "apac"


def test_an_agent_with_a_login_goes_before_the_route() -> None:
    """Each record goes to its own agent, if that agent is known."""
    group = mapped(a_case(), a_task(assignee=AGENT))

    assert group.case.assignee == "svc_care"
    assert group.tasks[0].assignee == "jdoe"
    assert rules(group.tasks[0]) == []


def test_an_agent_without_a_login_is_a_loss() -> None:
    """The route's assignee gets the record, and the report says so."""
    group = mapped(a_case(assignee="a-unknown"))

    assert group.case.assignee == group.opener.assignee == "svc_care"
    assert rules(group.case) == ["assignee-unmapped"]


def test_all_departments_are_known_beforehand() -> None:
    """A run can check every department before it writes anything."""
    assert mapper().departments == ("Billing", "Service")


LAST = """[[route]]                  # everything else
department = "Service"
subtype = "general"
assignee = "svc_care"
"""
MORE = """[[route]]
department = "Billing"
subtype = "callback"
assignee = "svc_billing"
"""


def test_each_record_knows_where_it_lands_in_a_case_that_lies_elsewhere() -> None:
    """By the first route of that department that fits it, else its case's."""
    refund = MORE.replace("]]", ']]\nwhen = { task_template = "Refund" }')
    own = mapper((LAST, refund.replace("callback", "refund") + LAST + MORE))

    group = mapped(a_case(), a_task(template="Refund"), a_task(template="x"), by=own)

    assert group.case.department == "Service"
    for record, subtype in (
        (group.case, "callback"),
        (group.tasks[0], "refund"),
        (group.tasks[1], "callback"),
        (group.opener, "general"),
    ):
        (landing,) = record.elsewhere
        assert landing.department == "Billing"
        assert (landing.subtype, landing.assignee) == (subtype, "svc_billing")


def test_a_record_that_no_other_route_fits_lands_nowhere_else() -> None:
    """A route whose conditions do not hold is none of it."""
    group = mapped(a_case(), a_task())

    assert [r.elsewhere for r in (group.case, *group.tasks, group.opener)] == [()] * 3


@pytest.mark.parametrize(
    ("routes", "path"),
    [
        (MORE, ""),
        (MORE + MORE, "route.6"),
        (LAST, "route.5"),
        (MORE.replace("]]", ']]\nwhen = { source = "rtm" }'), "route.5"),
    ],
)
def test_after_the_last_route_come_those_of_cases_that_lie_elsewhere(
    routes: str, path: str
) -> None:
    """One for each other department, without conditions; any other is never reached."""
    text = mapping_text((LAST, LAST + routes))

    if not path:
        parse_mapping(text)
        return
    with pytest.raises(MappingError) as caught:
        parse_mapping(text)
    assert [problem.path for problem in caught.value.problems] == [path]
