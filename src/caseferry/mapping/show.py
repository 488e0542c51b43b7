"""A mapping as tables for a person: everything that the digest stands for."""

from collections.abc import Iterator, Mapping

from caseferry.mapping.compile import Mapper
from caseferry.mapping.names import CUSTOM, LOSSES, TEXT_LIMITS
from caseferry.mapping.shape import MappingSpec, Route, Row, StatusRow, Step
from caseferry.mapping.show_kore import Table, towards_kore
from caseferry.model.mapped import WRITE_ONCE

_ARROWS = {"both": "<->", "to-casemgr": "->", "to-kore": "<-"}


def mapping_tables(mapper: Mapper) -> list[Table]:
    """Give a mapping as tables, the digest in the first; empty tables are left out.

    The words are those of the file, with everything inherited filled in.
    """
    spec = mapper.spec
    pairs = ("what", "value")
    tables: list[Table] = [
        ("Mapping", pairs, [("title", spec.title), ("digest", mapper.digest)]),
        *_fields(spec),
        *_states(spec),
        ("Customer", pairs, _customer(spec)),
        (
            "Routes",
            ("number", "when", "department", "subtype", "assignee"),
            [_route(i, route) for i, route in enumerate(spec.route, 1)],
        ),
        ("Assignees", ("Kore agent", "casemgr login"), _pairs(spec.assignees)),
        ("Opener", pairs, _opener(spec)),
        ("Towards Kore", pairs, _pairs(spec.to_kore.model_dump(exclude={"route"}))),
        *towards_kore(mapper),
        ("Kore ids", ("kind", "name", "id"), _ids(spec)),
        ("Accepted losses", ("rule", "accepted", "meaning"), _losses(spec)),
        ("Stays behind", ("what", "why"), _pairs(spec.stays_behind)),
        ("casemgr attributes", ("on", "names"), _attributes(mapper)),
    ]
    return [table for table in tables if table[2]]


def _fields(spec: MappingSpec) -> Iterator[Table]:
    header = ("Kore", "", "casemgr", "owner", "what does not fit")
    rows = spec.rows("case")
    shown = [_row("case", name, row) for name, row in rows.items()]
    yield "Case fields", header, shown
    tasks = spec.rows("task")
    shown = [
        (*_row("task", name, row), _later(spec, name, row))
        for name, row in tasks.items()
    ]
    yield "Task fields", (*header, "a later change"), shown
    for entity, named in (("case", rows), ("task", tasks)):
        for name, row in named.items():
            title = f"Values of {name} ({entity})"
            yield title, ("Kore", "casemgr"), _pairs(row.values)


def _row(entity: str, name: str, row: Row) -> tuple[str, ...]:
    unfit: list[str] = []
    limit = TEXT_LIMITS[entity].get(row.casemgr)
    if limit:
        unfit.append(f"over {limit}: {row.too_long or 'quarantine'}")
    elif row.casemgr.startswith(CUSTOM) and row.too_long:
        unfit.append(f"other characters: {row.too_long}")
    if row.casemgr == "dueDate":
        unfit.append(f"past: {row.past or 'drop'}")
    if row.values:
        unfit.append(f"unmapped: {row.unmapped}")
    arrow = _ARROWS[row.direction or "both"]
    return (name, arrow, row.casemgr, row.owner or "", ", ".join(unfit))


def _later(spec: MappingSpec, name: str, row: Row) -> str:
    bound = row.casemgr in WRITE_ONCE
    return str(spec.write_once.get(f"task.{name}", "report")) if bound else "edited"


def _states(spec: MappingSpec) -> Iterator[Table]:
    header = ("Kore", "writes", "is read from")
    end = f'most urgent is "{spec.priority.most_urgent}"'
    unmapped = spec.unmapped(spec.priority.unmapped)
    title = f"Priority ({end}, unmapped: {unmapped})"
    yield title, header, _scale(spec.priority.names)
    unmapped = spec.unmapped(spec.severity.unmapped)
    yield f"Severity (unmapped: {unmapped})", header, _scale(spec.severity.names)
    header = ("casemgr", "Kore categories", "writes")
    yield "Case status", header, _status(spec.status.case)
    yield "Task status", header, _status(spec.status.task)
    policy = spec.status.policy
    rows = [
        ("case status name kept in", policy.name_kept_in.case or "nowhere"),
        ("task status name kept in", policy.name_kept_in.task or "nowhere"),
        ("closed on casemgr, open again in Kore", str(policy.reopened)),
        ("closed on casemgr with its last activity", str(policy.cascade_close)),
        ("priority, severity: who wins", str(spec.defaults.owner)),
    ]
    yield "Status policy", ("what", "value"), [*rows]


def _scale(steps: Mapping[str, Step]) -> list[tuple[str, ...]]:
    return [
        (name, step.written, ", ".join(step.reads) or "nothing")
        for name, step in steps.items()
    ]


def _status(rows: Mapping[str, StatusRow]) -> list[tuple[str, ...]]:
    return [(name, ", ".join(r.categories), r.write) for name, r in rows.items()]


def _customer(spec: MappingSpec) -> list[tuple[str, ...]]:
    customer = spec.customer
    return [
        *(
            (f"look-up {number}", f"{lookup.kore} = {lookup.casemgr}")
            for number, lookup in enumerate(customer.lookup, 1)
        ),
        ("phone region", customer.phone_region),
        ("none found", str(customer.none_found)),
        ("several found", str(customer.several)),
        ("no contact", str(customer.no_contact)),
        ("placeholder", customer.placeholder),
    ]


def _route(number: int, route: Route) -> tuple[str, ...]:
    when = " and ".join(f"{k} = {' or '.join(v)}" for k, v in route.when.items())
    shown = when or "everything else"
    return (str(number), shown, route.department, route.subtype, route.assignee)


def _opener(spec: MappingSpec) -> list[tuple[str, ...]]:
    opener = spec.opener
    when = ", ".join(opener.when) or "never"
    return [("when", when), ("subtype", opener.subtype), ("subject", opener.subject)]


def _ids(spec: MappingSpec) -> list[tuple[str, ...]]:
    kinds: dict[str, dict[str, str]] = spec.kore_ids.model_dump()
    return [(kind, *pair) for kind, named in kinds.items() for pair in named.items()]


def _losses(spec: MappingSpec) -> list[tuple[str, ...]]:
    return [
        (rule, str(spec.losses.get(rule, 0)), meaning)
        for rule, meaning in LOSSES.items()
    ]


def _attributes(mapper: Mapper) -> list[tuple[str, ...]]:
    named = mapper.custom_attributes.items()
    return [(on, ", ".join(names)) for on, names in named if names]


def _pairs(named: Mapping[str, str]) -> list[tuple[str, ...]]:
    return [*named.items()]
