import pytest

from caseferry.errors import MappingError
from caseferry.mapping.compile import compile_mapping
from caseferry.mapping.shape import MappingSpec
from caseferry.mapping.spec import parse_mapping
from mapping.builders import DEFAULT, mapper, mapping_text, problems_of

CATCH_ALL = "[[route]]                  # everything else\n"
LAST = 'department = "Service"\nsubtype = "general"\nassignee = "svc_care"\n'

TEN = (
    ('owner = "ask"', 'owner = "asc"'),
    (
        '"subject", owner = "kore", too_long = "cut" }                 # 1024',
        '"subjct" } #',
    ),
    (
        'direction = "to-casemgr" }                # the number',
        'direction = "both" } #',
    ),
    ('"EMEA" = "emea"', '"EMEA" = "na"'),
    ('"task.desc" = "report"', '"task.description" = "report"'),
    ('High = ["2", "3"]', 'High = ["3"]'),
    ('Medium = ["medium"]', 'Medium = ["meduim"]'),
    ('cascade_close = "report"', "cascade = true"),
    ('casemgr = "mobile.phone"', 'casemgr = "mobil.phone"'),
    ("subject-cut =", "subject-cuts ="),
    ('phone_region = "DE"', 'phone_region = "Germany"'),
)


def test_a_mapping_with_many_mistakes_lists_them_all() -> None:
    """Every mistake has its path and the nearest valid name, in one go."""
    found = problems_of(mapping_text(*TEN))

    nearest = {path: problem.nearest for path, problem in found.items()}
    assert nearest == {
        "defaults.owner": "ask",
        "case.fields.name.casemgr": "subject",
        "case.fields.refId.direction": "to-casemgr",
        'case.fields."field.Region".values."N. America"': None,
        'write_once."task.description"': "task.desc",
        'write_once."task.desc"': None,
        "priority.names": None,
        "severity.names.Medium": "medium",
        "severity.names": None,
        "status.policy.cascade": "cascade_close",
        "customer.lookup.2.casemgr": "mobile.phone",
        "customer.phone_region": None,
        "losses.subject-cuts": "subject-cut",
    }


KEPT = """\
name_kept_in = { case = "custom.kore_status", task = "custom.kore_status" }"""

ROUTES = "[kore_ids.status]"
KORE_ROUTE = "[[to_kore.route]]\n"
KORE_WHEN = "to_kore.route.1.when."

CASES = [
    ("format = 1", "", "format"),
    ("format = 1", "format = 2", "format"),
    ("format = 1", "format = 1\ncolour = 1", "colour"),
    ("format = 1", "format = 1\nroutes = []", "routes"),
    ('title = "', 'title = 5 # "', "title"),
    ('unmapped = "quarantine"', 'unmapped = "keep:orig"', "defaults.unmapped"),
    ('unmapped = "quarantine"', 'unmapped = "keep:custom."', "defaults.unmapped"),
    # rows
    (
        'name = { casemgr = "subject", owner',
        'nmae = { casemgr = "subject", owner',
        "case.fields.nmae",
    ),
    (
        'refId = { casemgr = "custom.kore_ref", direction',
        'refId = { casemgr = "", direction',
        "case.fields.refId.casemgr",
    ),
    ('"custom.kore_tags"', '"custom."', "case.fields.tags.casemgr"),
    ('"custom.kore_tags"', '"severity"', "case.fields.tags.casemgr"),
    ('"custom.kore_tags"', '"created"', "case.fields.tags.casemgr"),
    ('"content.text"', '"content.html"', "task.fields.desc.casemgr"),
    ('"content.text"', '"description"', "task.fields.desc.casemgr"),
    ('"custom.kore_priority"', '"subject"', "task.fields.priority.casemgr"),
    ('"custom.kore_tags"', '"custom.kore_ref"', "case.fields.refId"),
    ('"custom.kore_tags"', '"custom.kore_status"', "status.policy.name_kept_in"),
    ('"custom.kore_tags"', '"custom.orig_due"', "case.fields.tags"),
    ('desc = { casemgr = "description"', 'desc = "description" #', "case.fields.desc"),
    ('too_long = "opener"', 'too_long = "clip"', "case.fields.desc.too_long"),
    (
        '"content.text", owner = "kore"',
        '"content.text", too_long = "cut"',
        "task.fields.desc.too_long",
    ),
    (
        'owner = "kore", too_long = "cut" }                 # 255',
        'too_long = "opener" } #',
        "task.fields.name.too_long",
    ),
    (
        '"custom.refund_amount", owner = "kore"',
        '"custom.refund_amount", too_long = "opener"',
        'case.fields."field.Refund amount".too_long',
    ),
    (
        '"custom.refund_amount", owner = "kore"',
        '"custom.refund_amount", past = "drop"',
        'case.fields."field.Refund amount".past',
    ),
    (
        '"custom.refund_amount", owner = "kore"',
        '"custom.refund_amount", owner = "casemgr", direction = "to-casemgr"',
        'case.fields."field.Refund amount".owner',
    ),
    (
        '"custom.refund_amount", owner = "kore"',
        '"solution", owner = "kore", direction = "to-kore"',
        'case.fields."field.Refund amount".owner',
    ),
    (
        '"custom.refund_amount", owner = "kore"',
        '"severity", direction = "to-kore"',
        'case.fields."field.Refund amount".casemgr',
    ),
    (
        '"custom.refund_amount", owner = "kore"',
        '"status", direction = "to-kore"',
        'case.fields."field.Refund amount".casemgr',
    ),
    (
        '"custom.refund_amount", owner = "kore"',
        '"subject", direction = "to-kore"',
        'case.fields."field.Refund amount".casemgr',
    ),
    (
        '"custom.refund_amount", owner = "kore"',
        '"solution", values = { a = "b" }',
        'case.fields."field.Refund amount".values',
    ),
    ('"APAC" = "apac"', '"APAC" = "a/b"', 'case.fields."field.Region".values.APAC'),
    ('"APAC" = "apac"', '"APAC" = ""', 'case.fields."field.Region".values.APAC'),
    ('"APAC" = "apac"', '"APAC" = 7', 'case.fields."field.Region".values.APAC'),
    ('"task.name" = "note"', '"task.name" = "notes"', 'write_once."task.name"'),
    ('"task.name" = "note"', "", 'write_once."task.name"'),
    (
        '"task.name" = "note"',
        '"task.name" = "note"\n"task.tags" = "note"',
        'write_once."task.tags"',
    ),
    # scales
    ('most_urgent = "1"', "", "priority.most_urgent"),
    ('most_urgent = "1"', 'most_urgent = "4"', "priority.most_urgent"),
    ('most_urgent = "1"', "most_urgent = 1", "priority.most_urgent"),
    ('most_urgent = "1"', 'most_urgent = "7"', "priority.names.High"),
    ('Low = ["6", "7"]', 'Low = ["5", "6", "7"]', "priority.names.Low"),
    ('Low = ["6", "7"]', 'Low = ["6", "8"]', "priority.names.Low"),
    ('Low = ["6", "7"]', 'Low = ["6"]', "priority.names"),
    ('Low = ["6", "7"]', 'Low = ["6", 7]', "priority.names.Low.2"),
    ('Low = ["6", "7"]', 'Low = "6"', "priority.names.Low"),
    ('Low = ["6", "7"]', "Low = []", "priority.names.Low"),
    (
        'Low = ["6", "7"]',
        'Low = ["6", "7"]\nlow = { write = "7" }',
        "priority.names.low",
    ),
    (
        'Low = ["6", "7"]',
        'Low = ["6", "7"]\nIdle = { write = "7" }',
        "severity.names.Idle",
    ),
    (
        'Low = ["6", "7"]',
        'Low = ["6", "7"]\nTop = { write = "1" }',
        "priority.names.Top",
    ),
    ('Low = ["low"]', 'Low = ["low"]\nIdle = { write = "low" }', "priority.names.Idle"),
    ('Low = ["low"]', 'Low = ["minor"]', "severity.names.Low"),
    (
        'Medium = ["medium"]\nLow = ["low"]',
        'Medium = ["low"]\nLow = ["medium"]',
        "severity.names.Low",
    ),
    # status
    ("closed = { categories", "close = { categories", "status.case.close"),
    ("closed = { categories", "close = { categories", "status.case.closed"),
    (
        '["resolved", "closed"], write = "Closed"',
        '["closed"], write = "Closed"',
        "status.case",
    ),
    (
        '["resolved", "closed"], write = "Closed"',
        '["resolved", "closed", "On Hold"], write = "Closed"',
        "status.case.closed.categories",
    ),
    ('write = "Resolved"', 'write = ""', "status.task.completed.write"),
    ('reopened = "opener"', 'reopened = "open"', "status.policy.reopened"),
    (
        'name_kept_in = "custom.kore_status"',
        "name_kept_in = 5",
        "status.policy.name_kept_in",
    ),
    (
        'name_kept_in = "custom.kore_status"',
        'name_kept_in = "kore_status"',
        "status.policy.name_kept_in",
    ),
    # customers
    ('none_found = "create"', 'none_found = "make"', "customer.none_found"),
    ('several = "quarantine"', 'several = "first"', "customer.several"),
    (
        '"userInfo.phoneNumber", casemgr',
        '"userInfo.phone", casemgr',
        "customer.lookup.2.kore",
    ),
    ('phone_region = "DE"', "", "customer.phone_region"),
    ('"no-contact@care.example"', '"nobody"', "customer.placeholder"),
    # routes
    (CATCH_ALL, CATCH_ALL + 'when = { source = "rtm" }\n', "route"),
    (CATCH_ALL, CATCH_ALL + LAST + "[[route]]\n", "route.5"),
    (
        'when = { task_template = "Call back" }',
        'when = { template = ["Billing"] }',
        "route.3",
    ),
    ("when = { task_template", "when = { task_templat", "route.3.when.task_templat"),
    (
        'when = { task_template = "Call back" }',
        "when = { task_template = [] }",
        "route.3.when.task_template",
    ),
    (
        'when = { task_template = "Call back" }',
        'when = { task_template = [""] }',
        "route.3.when.task_template",
    ),
    (
        'when = { task_template = "Call back" }',
        "when = { task_template = 5 }",
        "route.3.when.task_template",
    ),
    ('subtype = "dispute"', 'subtype = ""', "route.2.subtype"),
    ('department = "Service"', 'department = "Service (EMEA)"', "route.3.department"),
    ('department = "Service"', f'department = "{"x" * 65}"', "route.3.department"),
    ('= "jdoe"', '= " "', "assignees.a-0000001-0000-4000-8000-000000000001"),
    # the rest
    ('due_date = "+30d"', 'due_date = "30 days"', "to_kore.due_date"),
    ('due_date = "+30d"', 'due_date = "+0d"', "to_kore.due_date"),
    (
        'spawned_tasks = "report"',
        'spawned_tasks = "reports"',
        "to_kore.spawned_tasks",
    ),
    (ROUTES, KORE_ROUTE + 'when = { queue = "VIP" }\n' + ROUTES, KORE_WHEN + "queue"),
    (
        ROUTES,
        KORE_ROUTE + "when = { department = [] }\n" + ROUTES,
        KORE_WHEN + "department",
    ),
    (ROUTES, KORE_ROUTE * 2 + ROUTES, "to_kore.route.2"),
    ("[kore_ids.priority]", "[kore_ids.prioritys]", "kore_ids.prioritys"),
    ('"{refId} {name}"', '"{refId} {nam}"', "opener.subject"),
    ('"{refId} {name}"', '"{refId {name}"', "opener.subject"),
    ('"{refId} {name}"', '" "', "opener.subject"),
    (
        'when = ["no-tasks", "all-tasks-completed", "reopened"]',
        'when = ["no-tasks"]',
        "opener.when",
    ),
    ('when = ["no-tasks", "all', 'when = ["no-task", "all', "opener.when.1"),
    ('subtype = "general"\nsubject', 'subtype = ""\nsubject', "opener.subtype"),
    ("value-unmapped = 0", "value-unmapped = -1", "losses.value-unmapped"),
    ("value-unmapped = 0", "value-unmapped = true", "losses.value-unmapped"),
    ('"kore.queue" =', '"queue" =', "stays_behind.queue"),
    (
        'kore = { priority = "High"',
        'kore = { prioritee = "High"',
        "example.1.kore.prioritee",
    ),
    (
        'casemgr = { severity = "high"',
        'casemgr = { "case.severitee" = "high"',
        'example.1.casemgr."case.severitee"',
    ),
]


@pytest.mark.parametrize(("old", "new", "path"), CASES)
def test_every_mistake_is_found_at_its_place(old: str, new: str, path: str) -> None:
    """One mistake, and the path where a person has to look."""
    assert path in problems_of(mapping_text((old, new)))


def test_an_unknown_key_is_named_with_its_nearest() -> None:
    """A slip of the pen is told at any depth, in tables and in lists of tables."""
    found = problems_of(
        mapping_text(
            ('"custom.refund_amount", owner', '"custom.refund_amount", ownr'),
            ('subtype = "dispute"\n', 'subtype = "dispute"\ndepartement = "x"\n'),
        )
    )

    assert {path: problem.nearest for path, problem in found.items()} == {
        'case.fields."field.Refund amount".ownr': "owner",
        "route.2.departement": "department",
    }


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ("[priority.names]", "priority.names"),
        ("[customer]", "customer.lookup"),
        ("[task.fields]", "task.fields"),
    ],
)
def test_an_empty_mapping_says_what_is_missing(section: str, path: str) -> None:
    """What a mapping cannot do without is asked for by name."""
    assert path in problems_of("format = 1"), section


def test_a_part_that_cannot_be_read_hides_only_what_follows_from_it() -> None:
    """One wrong list is one problem, not also numbers that stand nowhere."""
    found = problems_of(mapping_text(('High = ["2", "3"]', "High = 23")))

    assert list(found) == ["priority.names.High"]


def test_what_is_no_toml_says_where() -> None:
    """The parser's own words carry the line."""
    with pytest.raises(MappingError) as caught:
        parse_mapping("a = 1\na = 2\n", name="care.toml")

    (problem,) = caught.value.problems
    assert problem.path == "care.toml"
    assert "line 2" in problem.message


def test_one_problem_is_called_one() -> None:
    """The error names the file and counts."""
    with pytest.raises(MappingError, match=r"^care.toml: 1 problem$"):
        parse_mapping(mapping_text(("format = 1", "")), name="care.toml")


def test_a_spec_made_by_hand_is_checked_too() -> None:
    """Nothing is compiled that was not checked."""
    with pytest.raises(MappingError):
        compile_mapping(MappingSpec())


def test_the_least_urgent_first_is_a_mapping_too() -> None:
    """With most_urgent = "7" the same names stand in the same order."""
    turned = mapping_text(
        ('most_urgent = "1"', 'most_urgent = "7"'),
        ('Emergency = { write = "1" }', 'Emergency = { write = "7" }'),
        ('Critical = ["1"]', 'Critical = ["7"]'),
        ('High = ["2", "3"]', 'High = ["5", "6"]'),
        ('Medium = ["4", "5"]', 'Medium = ["3", "4"]'),
        ('Low = ["6", "7"]', 'Low = ["1", "2"]'),
    )

    assert problems_of(turned) == {}


def test_a_category_of_a_tenants_own_is_allowed() -> None:
    """The codes of categories are not all known, so a mapping may name others."""
    text = mapping_text(
        (
            '["resolved", "closed"], write = "Cl',
            '["resolved", "closed", "done"], write = "Cl',
        )
    )

    assert problems_of(text) == {}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# --- Fields", "# --- Rows\n\n#"),
        ('title = "Kore', 'title = "Our Kore'),
        (
            'casemgr = "custom.kore_tags", owner = "kore"',
            'owner = "kore",casemgr="custom.kore_tags",direction="both"',
        ),
        ('["open", "inprogress", "onhold"]', '["onhold", "open", "inprogress"]'),
        ('when = { template = "Billing" }', 'when = { template = ["Billing"] }'),
        (
            'name_kept_in = "custom.kore_status"',
            KEPT,
        ),
        ('Critical = ["1"]', 'Critical = { write = "1", reads = ["1"] }'),
        ('kore = { priority = "High"', 'kore = { name = "x", priority = "High"'),
        ('spawned_tasks = "report"', ""),
    ],
)
def test_what_means_the_same_has_the_same_digest(old: str, new: str) -> None:
    """Comments, spelling, order of sets, title and examples are not signed."""
    assert mapper((old, new)).digest == mapper().digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('High = ["2", "3"]', 'High = ["3", "2"]'),
        ('owner = "ask"', 'owner = "kore"'),
        ('subject-cut = "any"', "subject-cut = 5"),
        ('"jdoe"', '"frank"'),
        ('phone_region = "DE"', 'phone_region = "FR"'),
        ('"EMEA" = "emea"', '"EMEA" = "europe"'),
        ('"task.name" = "note"', '"task.name" = "report"'),
        ('subject = "{refId} {name}"', 'subject = "{name}"'),
        ('write = "Closed"', 'write = "Resolved"'),
        ('"the API gives no download"', '"we do not need them"'),
        ('spawned_tasks = "report"', 'spawned_tasks = "adopt"'),
        ('due_date = "+30d"', 'due_date = "+4w"'),
        (ROUTES, f'{KORE_ROUTE}source = "mail"\n{ROUTES}'),
    ],
)
def test_what_means_something_else_has_another_digest(old: str, new: str) -> None:
    """Whoever signs a digest signs every decision."""
    assert mapper((old, new)).digest != mapper().digest


def test_the_digest_is_stable() -> None:
    """The same text gives the same digest, whoever reads it."""
    assert compile_mapping(parse_mapping(DEFAULT)).digest == mapper().digest
