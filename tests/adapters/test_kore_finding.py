"""Finding few Kore records in few requests, and the ids that records show."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from adapters.rig import (
    KORE,
    Bench,
    a_case_draft,
    a_task_draft,
    bench,
    records_of,
    scripted_kore,
)
from adapters.test_kore_payload import a_case, a_field
from caseferry.adapters.kore import KoreHttp
from caseferry.adapters.kore.catalogue import Catalogue
from caseferry.errors import Refused, Unreachable
from caseferry.model.record import Entity, local_id
from caseferry.sandbox import TENANT, SandboxTransport

DESC = {"createdAt": "desc"}
KEY = a_case_draft().correlation


def key_of(number: int) -> str:
    return f"cf1.0a1b2c3d.c.{number}.0"


def made(b: Bench, count: int) -> None:
    """Make cases whose keys stand in their names."""
    for number in range(count):
        b.kore.create_case(a_case_draft(correlation=key_of(number)))
    b.box.log.clear()


SEARCHES: list[dict[str, str | float]] = [
    {},
    {"kore.page_params": "ignored"},
    {"kore.page_params": "page"},
    {"kore.page_params": "skip_pages"},
    {"kore.unknown_keys": "rejected"},
    {"kore.totals": "absent"},
    {"kore.search_scope": "name_and_ref"},
    {"kore.search_scope": "name_and_desc"},
    {"kore.default_order": "newest_first"},
]


@pytest.mark.parametrize("readings", SEARCHES, ids=str)
def test_search(readings: dict[str, str | float]) -> None:
    """A key in a name is found with one request, however the tenant pages."""
    b = bench(readings, kore={"marker": "name"})
    made(b, 12)

    found = b.kore.search(Entity.CASE, key_of(7))

    assert found is not None
    assert [record.fields["marker"] for record in found] == [key_of(7)]
    assert len(b.box.log) == 1


def test_search_for_tasks() -> None:
    """Tasks are searched as cases are."""
    b = bench(kore={"marker": "name"})
    case = b.kore.create_case(a_case_draft())
    assert case is not None
    task = b.kore.create_task(a_task_draft(case))
    assert task is not None

    found = b.kore.search(Entity.TASK, "cf1.0a1b2c3d.t.1001.0")

    assert [r.key for r in found or ()] == [task.key]
    assert b.kore.search(Entity.TASK, KEY) == ()


def test_search_that_narrows_nothing() -> None:
    """A tenant that ignores the text gives everything: a few are given, many are not.

    The caller compares, so what came is no harm.
    """
    b = bench({"kore.search_scope": "ignored"}, kore={"page_size": 5})
    made(b, 8)
    few = b.kore.search(Entity.CASE, key_of(3))
    made(b, 4)

    assert few is not None
    assert len(few) == 8
    assert b.kore.search(Entity.CASE, key_of(3)) is None
    assert len(b.box.log) == 2


@pytest.mark.parametrize("paging", ["ignored", "page", "skip_pages", "skip_limit"])
def test_search_costs_two_requests_at_most(paging: str) -> None:
    """However the tenant pages, two answers end a search."""
    b = bench({"kore.page_params": paging}, cases=130, kore={"page_size": 20})

    assert b.kore.search(Entity.CASE, "a") is None

    assert len(b.box.log) <= 2


def test_search_refused() -> None:
    """A refusal is given as one, a search that cannot be sent as unreachable."""
    b = bench(kore={"max_attempts": 2})
    b.break_down("connect_refused", "get_cases", times=9)
    with pytest.raises(Unreachable):
        b.kore.search(Entity.CASE, "x")

    def refuse(request: httpx.Request) -> httpx.Response:  # noqa: ARG001
        return httpx.Response(412, json={"errors": [{"msg": "no", "code": 412}]})

    with pytest.raises(Refused):
        scripted_kore(refuse).search(Entity.CASE, "x")


@pytest.mark.parametrize("totals", ["exact", "absent"])
@pytest.mark.parametrize("paging", ["skip_limit", "page", "skip_pages"])
def test_newest(paging: str, totals: str) -> None:
    """The newest come in as few requests as reach back to the time asked for."""
    readings: dict[str, str | float] = {
        "kore.page_params": paging,
        "kore.totals": totals,
        "kore.max_limit": 10,
    }
    b = bench(readings, kore={"sort": DESC})
    made(b, 60)
    since = records_of(list(b.kore.pages(Entity.CASE)))[53].text("createdAt")
    b.box.log.clear()

    found = b.kore.newest(Entity.CASE, since)

    assert found is not None
    stamps = [record.text("createdAt") for record in found]
    assert len(stamps) == 7
    assert stamps == sorted(stamps, reverse=True)
    assert stamps[-1] == since
    assert len(b.box.log) == 1


def test_newest_over_pages() -> None:
    """Several pages are read when the time lies so far back; never more than five."""
    b = bench({"kore.max_limit": 10}, kore={"sort": DESC})
    made(b, 80)
    records = records_of(list(b.kore.pages(Entity.CASE)))
    b.box.log.clear()

    near = b.kore.newest(Entity.CASE, records[55].text("createdAt"))
    assert near is not None
    assert {r.key for r in near} == {r.key for r in records[55:]}
    assert len(b.box.log) == 3

    assert b.kore.newest(Entity.CASE, records[5].text("createdAt")) is None
    assert len(b.box.log) == 3 + 5


UNSORTED: list[tuple[dict[str, str | float], Any]] = [
    ({}, None),
    ({"kore.sort_forms": "ignored"}, DESC),
    ({"kore.sort_forms": "string"}, DESC),
    ({}, "createdAt"),
    ({}, {"name": "desc"}),
]


@pytest.mark.parametrize(("readings", "sort"), UNSORTED, ids=str)
def test_not_sorted(readings: dict[str, str | float], sort: Any) -> None:
    """A server that does not sort as proved is noticed, and nothing follows from it."""
    b = bench({**readings, "kore.max_limit": 5}, cases=40, kore={"sort": sort})
    first = records_of(list(b.kore.pages(Entity.CASE)))[0]

    assert b.kore.newest(Entity.CASE, first.text("createdAt")) is None


def test_not_sorted_but_all_there() -> None:
    """The order does not matter when one page is everything."""
    b = bench({"kore.sort_forms": "ignored"}, cases=9, kore={"sort": DESC})

    assert len(b.kore.newest(Entity.CASE, "2000-01-01T00:00:00.000Z") or ()) == 9
    assert b.kore.newest(Entity.CASE, "2100-01-01T00:00:00.000Z") == ()


def test_newest_of_nothing() -> None:
    """An empty tenant has no newest record."""
    b = bench(kore={"sort": DESC})

    assert b.kore.newest(Entity.TASK, "2000-01-01T00:00:00.000Z") == ()


class Vanishing(httpx.BaseTransport):
    """Passes requests on, and deletes a case after the first reply."""

    def __init__(self, b: Bench, case: str) -> None:
        self._inner = SandboxTransport(b.box, on_wait=b.clock.pass_by)
        self._b = b
        self._case = case

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        if self._case in self._b.box.kore.cases:
            act = {"action": "delete", "system": "kore", "entity": "case"}
            self._b.box.human.act({**act, "id": self._case})
        return response


def test_newest_while_records_vanish() -> None:
    """A listing that shrinks between two pages proves nothing."""
    b = bench({"kore.max_limit": 10})
    made(b, 30)
    records = records_of(list(b.kore.pages(Entity.CASE)))
    settings = replace(KORE, sort=DESC)
    transport = Vanishing(b, local_id(records[-1].key))
    kore = KoreHttp.build(settings, clock=b.clock, transport=transport)

    assert kore.newest(Entity.CASE, records[15].text("createdAt")) is None


def test_knows_what_was_seen() -> None:
    """Ids are harvested from listings and from the replies to writes."""
    b = bench()
    assert not b.kore.knows("status", "Open")
    b.kore.create_case(a_case_draft())

    assert b.kore.knows("status", " open")
    assert b.kore.knows("priority", "Medium")
    assert b.kore.knows("field", TENANT.CUSTOM_FIELDS[0].name)
    assert not b.kore.knows("field", "Title")
    assert not b.kore.knows("status", "Closed")


def test_knows_what_is_configured() -> None:
    """A configured id is known before any record came, and goes before the others."""
    ids = {"status": {"Closed": "sts-9"}, "field": {"Colour": "fd-9"}}
    b = bench(kore={"ids": ids})

    assert b.kore.knows("status", "closed")
    assert b.kore.knows("field", "Colour")
    assert not b.box.log


def learned(*payloads: dict[str, Any], ids: Any = None) -> Catalogue:
    """Build a catalogue that saw these cases."""
    catalogue = Catalogue(ids)
    for payload in payloads:
        catalogue.learn(payload, Entity.CASE)
    return catalogue


def a_status(local_id: str, name: str, **more: Any) -> dict[str, Any]:
    return a_case(status={"_id": local_id, "name": name, **more})


def test_disabled_is_not_used() -> None:
    """A status that is switched off is not written; a short reply tells nothing."""
    seen = a_status("sts-1", "Waiting", isEnabled=True, isActive=False)
    short = a_status("sts-1", "Waiting")

    assert learned(short).find("status", "Waiting") is not None
    assert learned(short, seen, short).find("status", "Waiting") is None


def test_two_of_a_name() -> None:
    """Of two alike the exact spelling is used; of two the same neither is."""
    catalogue = learned(a_status("sts-1", "On Hold"), a_status("sts-2", "on hold"))
    exact = catalogue.find("status", "on hold")

    assert exact is not None
    assert exact.id == "sts-2"
    assert catalogue.find("status", "ON HOLD") is None
    again = learned(a_status("sts-1", "On Hold"), a_status("sts-2", "On Hold"))
    assert again.find("status", "On Hold") is None


def test_configured_goes_first() -> None:
    """A configured id settles what records leave open."""
    ids = {"status": {"On Hold": "sts-2"}}
    both = (a_status("sts-1", "On Hold"), a_status("sts-2", "On Hold"))
    found = learned(*both, ids=ids).find("status", "on hold")

    assert found is not None
    assert found.id == "sts-2"


def test_fields_of_a_template() -> None:
    """Every field that a template's records show is known, whichever record it was."""
    one = a_case(fields=[a_field("Region", _id="fd-1", selectedValue="EMEA")])
    other = a_case(fields=[a_field("Colour", _id="fd-2")])
    elsewhere = a_case(caseTmp="Sales", fields=[a_field("Size", _id="fd-3")])
    catalogue = learned(one, other, elsewhere)

    labels = [e.label for e in catalogue.elements(Entity.CASE, "Billing")]

    assert labels == ["Region", "Colour"]
    assert catalogue.elements(Entity.TASK, "Billing") == ()
    assert all(
        "selectedValue" not in e.plain
        for e in catalogue.elements(Entity.CASE, "Billing")
    )
    assert catalogue.names("status") == ("In-Progress",)


@pytest.mark.parametrize("payload", [None, 7, [], {}, {"status": "Open", "fields": 3}])
def test_strange_payloads(payload: object) -> None:
    """What is no record tells nothing and does no harm."""
    catalogue = Catalogue()

    catalogue.learn(payload, Entity.CASE)

    assert catalogue.names("status") == ()


def test_strange_ids() -> None:
    """An id of another type is its text; it breaks nothing."""
    strange = a_case(fields=[a_field("Region", _id=["fd-1"])])
    strange["status"] = {"_id": {"a": 1}, "name": ["Open"]}
    catalogue = learned(a_case(fields=[a_field("Colour")]), strange)

    assert catalogue.knows("field", "Region")
    assert catalogue.knows("field", "Colour")
