"""Search, read and create customers (C 6)."""

from dataclasses import dataclass
from typing import Any, Final

from caseferry.sandbox.casemgr.body import dig, parse_body
from caseferry.sandbox.casemgr.custom_filter import custom_pairs
from caseferry.sandbox.casemgr.desk import (
    CUSTOMER_SORTS,
    DEPARTMENT_NAMES,
    Ask,
    Desk,
    check_department,
    in_order,
)
from caseferry.sandbox.casemgr.errors import invalid, not_listed, refused
from caseferry.sandbox.casemgr.finder import Finder, in_scope
from caseferry.sandbox.casemgr.people import contact_in, read_contact
from caseferry.sandbox.casemgr.query import (
    GET_PARAMS,
    LIST_PARAMS,
    check_attributes,
    check_filters,
    in_range,
    make_query,
    parse_query,
    parse_range,
    split_ids,
)
from caseferry.sandbox.casemgr.records import Customer
from caseferry.sandbox.casemgr.render import CUSTOMER_EXTRAS
from caseferry.sandbox.tenant import CONTACT_ATTRIBUTES
from caseferry.sandbox.wire import Reply

_SOCIAL: Final = (
    "facebookId",
    "twitterId",
    "instagramId",
    "appleOpaqueId",
    "youTubeId",
)
_FILTERS: Final = frozenset(
    ("phone", "email", "custom", "activity", "created", "type", "customerName",
     *_SOCIAL)
)  # fmt: skip


@dataclass(slots=True)
class Customers:
    """The customer operations that exist."""

    desk: Desk
    finder: Finder

    def search(self, ask: Ask) -> Reply:
        """GET /customer."""
        allowed = LIST_PARAMS | _FILTERS
        if ask.actor.kind == "client":
            allowed |= {"department"}
        params = parse_query(ask.query, allowed, dotted=True)
        query = make_query(params, CUSTOMER_SORTS)
        check_attributes(query.attributes, CUSTOMER_EXTRAS)
        department = params.get("department")
        scope = self.finder.scope(department)
        on = self.desk.readings.is_set("casemgr.departmentalized", "on")
        if on and ask.actor.kind == "client" and department is None:
            raise refused("400-112", "department is required.")
        check_department(department)
        check_filters(params, frozenset(), self.desk.readings)
        rows = in_scope(self._rows(params), scope)
        rows = [row for row in rows if row.visible_at <= ask.now]
        rows.sort(key=lambda row: row.number)
        return self.desk.page("customer", rows, query)

    def get(self, ask: Ask) -> Reply:
        """GET /customer/{ids}."""
        query = make_query(parse_query(ask.query, GET_PARAMS), CUSTOMER_SORTS)
        check_attributes(query.attributes, CUSTOMER_EXTRAS)
        ids = split_ids(ask.ids, self.desk.readings.number("casemgr.path_limit"))
        rows = in_order(self.desk.found("customer", ids), query)
        return self.desk.listed("customer", rows, query.attributes)

    def create(self, ask: Ask) -> Reply:
        """POST /customer: an individual with one contact."""
        parse_query(ask.query, frozenset())
        body = parse_body(ask.body)
        if dig(body, "type.value") != "individual":
            raise not_listed("type.value", dig(body, "type.value"))
        department = dig(body, "department.name")
        on = self.desk.readings.is_set("casemgr.departmentalized", "on")
        if on and department not in DEPARTMENT_NAMES:
            raise invalid("department.name")
        sent = contact_in(body)
        if not sent.get("firstName"):
            raise invalid("firstName")
        contact = read_contact(sent, self.desk.store, single=False)
        scope = self.finder.scope(department)
        customer = self.finder.add(contact, department=scope, now=ask.now)
        where = f"/core/customermgr/v3/customer/{customer.id}"
        return self.desk.written(201, customer.id, where=where)

    def _rows(self, params: dict[str, str]) -> list[Customer]:
        sets: list[list[Customer]] = []
        by = self.desk.store.customers_by
        if "email" in params:
            sets.append(self.finder.by_email(params["email"]))
        if "phone" in params:
            sets.append(self.finder.by_phone(params["phone"]))
        sets.extend(by.get(("social", params[n])) for n in _SOCIAL if n in params)
        pairs = custom_pairs(params, CONTACT_ATTRIBUTES)
        sets.extend(by.get(("custom", pair)) for pair in pairs)
        rows = sets[0] if sets else list(self.desk.store.customer_shelf)
        for other in sets[1:]:
            ids = {row.id for row in other}
            rows = [row for row in rows if row.id in ids]
        return [row for row in rows if _matches(row, params)]


def _matches(row: Customer, params: dict[str, Any]) -> bool:
    name = params.get("customerName", "")
    created = params.get("created")
    return (
        params.get("type", row.kind) == row.kind
        and name.lower() in row.name.lower()
        and (created is None or in_range(row.created, parse_range(created, "created")))
    )
