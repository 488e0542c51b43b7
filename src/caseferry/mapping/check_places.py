"""The sense of customers, routes and openers: where records land, and whose."""

from collections.abc import Iterator

from phonenumbers import SUPPORTED_REGIONS

from caseferry.errors import Problem
from caseferry.mapping.customer import is_email
from caseferry.mapping.names import (
    CUSTOM,
    FIELD,
    KORE_BOTH,
    LOOKUPS,
    ROUTE_KEYS,
    dotted,
    nearest,
)
from caseferry.mapping.opener import parse_template
from caseferry.mapping.shape import Customer, MappingSpec, Route

_NOT_IN_DEPARTMENTS = frozenset("~`!#$%^*()=[],;'\"<>/?+{}|")
_LONGEST_DEPARTMENT = 64


def check_places(spec: MappingSpec) -> Iterator[Problem]:
    """Give what is wrong with [customer], [[route]], [assignees] and [opener]."""
    yield from _lookups(spec.customer)
    yield from _customer(spec.customer)
    for number, route in enumerate(spec.route):
        yield from _route(number, route)
    yield from _reach(spec.route)
    for agent, login in spec.assignees.items():
        if not login.strip():
            text = "expected a casemgr login"
            yield Problem(path=dotted("assignees", agent), message=text)
    yield from _opener(spec)


def _lookups(customer: Customer) -> Iterator[Problem]:
    if not customer.lookup:
        text = "missing: expected at least one way to find a customer"
        yield Problem(path="customer.lookup", message=text)
    for number, lookup in enumerate(customer.lookup):
        path = dotted("customer", "lookup", number)
        if lookup.kore not in KORE_BOTH and not lookup.kore.startswith(FIELD):
            yield Problem(
                path=f"{path}.kore",
                message="unknown Kore field",
                nearest=nearest(lookup.kore, KORE_BOTH),
            )
        custom = lookup.casemgr.startswith(CUSTOM) and len(lookup.casemgr) > len(CUSTOM)
        if lookup.casemgr not in LOOKUPS and not custom:
            yield Problem(
                path=f"{path}.casemgr",
                message="casemgr cannot find customers by this attribute",
                nearest=nearest(lookup.casemgr, LOOKUPS),
            )


def _customer(customer: Customer) -> Iterator[Problem]:
    region = customer.phone_region
    phones = any(lookup.casemgr.endswith(".phone") for lookup in customer.lookup)
    if region and region not in SUPPORTED_REGIONS:
        yield Problem(
            path="customer.phone_region",
            message="expected two letters of a country, such as DE",
            nearest=nearest(region, SUPPORTED_REGIONS),
        )
    if phones and not region:
        text = "missing: expected the country that numbers without one belong to"
        yield Problem(path="customer.phone_region", message=text)
    wanted = "placeholder" in (customer.none_found, customer.no_contact)
    if (wanted or customer.placeholder) and not is_email(customer.placeholder):
        text = "expected the e-mail address of the stand-in customer"
        yield Problem(path="customer.placeholder", message=text)


def _route(number: int, route: Route) -> Iterator[Problem]:
    path = dotted("route", number)
    for name, values in route.when.items():
        here = f"{path}.when.{dotted(name)}"
        if name not in ROUTE_KEYS and not name.startswith(FIELD):
            close = nearest(name, ROUTE_KEYS)
            yield Problem(path=here, message="unknown condition", nearest=close)
        if not values or not all(values):
            yield Problem(path=here, message="expected a value, or a list of them")
    for key in ("department", "subtype", "assignee"):
        if not getattr(route, key).strip():
            yield Problem(path=f"{path}.{key}", message="missing: expected a name")
    too_long = len(route.department) > _LONGEST_DEPARTMENT
    if too_long or _NOT_IN_DEPARTMENTS & set(route.department):
        text = "casemgr allows no such department name"
        yield Problem(path=f"{path}.department", message=text)


def _reach(routes: tuple[Route, ...]) -> Iterator[Problem]:
    catch_all = ""
    whole: set[str] = set()  # departments that take everything, though not at first
    seen: dict[tuple[tuple[str, frozenset[str]], ...], str] = {}
    for number, route in enumerate(routes):
        path = dotted("route", number)
        when = tuple((k, frozenset(v)) for k, v in sorted(route.when.items()))
        # one more of another department takes what is new in a case that lies there
        is_first = not when and route.department not in whole
        if catch_all and not is_first:
            text = f"never reached: {catch_all} takes everything"
            yield Problem(path=path, message=text)
        elif when and when in seen:
            text = f"never reached: {seen[when]} has the same conditions"
            yield Problem(path=path, message=text)
        seen.setdefault(when, path)
        catch_all = catch_all or ("" if when else path)
        whole |= set() if when else {route.department}
    if not catch_all:
        text = "missing: the last route needs no `when`, so that every record lands"
        yield Problem(path="route", message=text)


def _opener(spec: MappingSpec) -> Iterator[Problem]:
    opener = spec.opener
    if not opener.subtype.strip():
        text = "missing: expected a task subtype"
        yield Problem(path="opener.subtype", message=text)
    if not opener.subject.strip():
        text = "missing: expected a text such as {refId} {name}"
        yield Problem(path="opener.subject", message=text)
    known = (*KORE_BOTH, "statusCategory")
    for kind, part in parse_template(opener.subject):
        if kind == "broken":
            text = "expected braces in pairs around a Kore field"
            yield Problem(path="opener.subject", message=text)
        elif kind == "field" and part not in known and not part.startswith(FIELD):
            text = f"unknown Kore field {part!r}"
            close = nearest(part, known)
            yield Problem(path="opener.subject", message=text, nearest=close)
    if spec.status.policy.reopened == "opener" and "reopened" not in opener.when:
        text = 'status.policy.reopened is "opener", so "reopened" has to stand here'
        yield Problem(path="opener.when", message=text)
