"""What both systems can tell of changes, and when they cannot."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from adapters.rig import (
    CASEMGR,
    KORE,
    Bench,
    bench,
    records_of,
    scripted_casemgr,
    scripted_kore,
)
from caseferry.adapters.casemgr.probe import probe_casemgr
from caseferry.adapters.kore.probe import probe_kore
from caseferry.bootstrap import _known_of_casemgr, _proved_in_kore
from caseferry.model.capability import answers_in
from caseferry.model.record import Entity, local_id
from caseferry.model.times import parse_time
from caseferry.ports import Page

SORTS = {entity: {"updatedAt": "desc"} for entity in Entity}
Row = dict[str, Any]
if TYPE_CHECKING:
    from collections.abc import Callable


def stamp(second: int) -> str:
    return f"2026-03-02T08:{second // 60:02d}:{second % 60:02d}.000Z"


def rows_of(count: int) -> list[Row]:
    """Give cases, the last changed first, one a second."""
    return [
        {"_id": f"ci-{n}", "name": f"Case {n}", "updatedAt": stamp(count - n)}
        for n in range(count)
    ]


class Server:
    """A Kore that gives ten rows a page of a list that a test changes meanwhile."""

    def __init__(self, rows: list[Row], *, totals: bool = True) -> None:
        self.rows = rows
        self.asked: list[Row] = []
        self.between: Callable[[int], None] = lambda _: None
        self._totals = totals

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.between(len(self.asked))
        self.asked.append(body)
        start = body["skip"]
        page: Row = {
            "results": self.rows[start : start + 10],
            "limit": 10,
            "hasMore": start + 10 < len(self.rows),
        }
        if self._totals:
            page["totalResults"] = len(self.rows)
        return httpx.Response(200, json=page)

    def changed(self, since: int) -> list[Page]:
        kore = scripted_kore(self, changed_sorts=SORTS, page_size=10)
        pages = kore.changed(Entity.CASE, stamp(since))
        assert pages is not None
        return list(pages)


def names(pages: list[Page]) -> set[str]:
    return {local_id(record.key) for record in records_of(pages)}


def test_reading_stops_at_the_first_older_record() -> None:
    """Only the pages that hold changes are asked for, with the proved spelling."""
    server = Server(rows_of(100))

    pages = server.changed(since=76)

    assert len(server.asked) == 3
    assert server.asked[0]["sortBy"] == {"updatedAt": "desc"}
    assert pages[-1].last
    assert not any(page.last for page in pages[:-1])
    assert {f"ci-{n}" for n in range(25)} <= names(pages)


def test_a_record_of_the_very_instant_belongs_to_it() -> None:
    """Of one instant, some may be below and some above the end of a page."""
    rows = rows_of(40)
    for row in rows[5:25]:
        row["updatedAt"] = stamp(20)
    server = Server(rows)

    pages = server.changed(since=20)

    assert pages[-1].last
    assert {f"ci-{n}" for n in range(25)} <= names(pages)


def test_a_record_changed_meanwhile_pushes_others_down_and_nothing_is_lost() -> None:
    """What was the end of one page is the beginning of the next."""
    server = Server(rows_of(40))

    def edit(number: int) -> None:
        row = server.rows.pop(30)
        server.rows.insert(0, row | {"updatedAt": stamp(100 + number)})

    server.between = edit
    pages = server.changed(since=15)

    assert pages[-1].last
    assert len(server.asked) == 3
    assert {f"ci-{n}" for n in range(26)} <= names(pages)


def test_a_record_that_leaves_pulls_others_up_and_it_is_read_again() -> None:
    """The total falls, and one may have slipped through."""
    server = Server(rows_of(40))

    def leave(number: int) -> None:
        if number == 1:
            server.rows.pop(3)

    server.between = leave

    pages = server.changed(since=22)

    assert pages[-1].last
    assert len(server.asked) == 4
    assert {row["_id"] for row in server.rows[:18]} <= names(pages)


def test_an_order_that_is_not_firm_within_an_instant_proves_nothing() -> None:
    """A record comes twice, so another of its instant may not have come at all."""
    rows = rows_of(40)
    for row in rows[5:25]:
        row["updatedAt"] = stamp(20)
    server = Server(rows)

    def shuffle(number: int) -> None:
        if number % 2:
            server.rows[5:25] = server.rows[5:25][::-1]

    server.between = shuffle
    pages = server.changed(since=20)

    assert not any(page.last for page in pages)


def test_without_a_total_only_one_page_is_proof() -> None:
    """Nobody could tell that a record left between two pages."""
    assert Server(rows_of(40), totals=False).changed(since=35)[-1].last
    assert not Server(rows_of(40), totals=False).changed(since=25)[-1].last


def test_an_order_that_is_wrong_ends_it_for_good() -> None:
    """The next question is answered with None: this tenant does not sort so."""
    rows = rows_of(30)
    rows[12]["updatedAt"] = stamp(59)
    server = Server(rows)
    kore = scripted_kore(server, changed_sorts=SORTS, page_size=10)

    pages = list(kore.changed(Entity.CASE, stamp(5)) or ())

    assert not any(page.last for page in pages)
    assert kore.changed(Entity.CASE, stamp(5)) is None
    assert kore.changed(Entity.TASK, stamp(5)) is not None


def test_a_refused_order_ends_it_too() -> None:
    """Nothing came, and nothing is asked a second time."""
    kore = scripted_kore(
        lambda _: httpx.Response(
            400, json={"errors": [{"msg": "sortBy", "code": 400}]}
        ),
        changed_sorts=SORTS,
    )
    assert list(kore.changed(Entity.CASE, stamp(5)) or ()) == []
    assert kore.changed(Entity.CASE, stamp(5)) is None


def test_everything_may_have_changed() -> None:
    """The listing ends before an older record comes."""
    pages = Server(rows_of(25)).changed(since=0)
    assert pages[-1].last
    assert len(names(pages)) == 25
    assert Server([]).changed(since=0)[-1].last


def test_nothing_is_offered_that_is_not_proved() -> None:
    b = bench()
    assert b.kore.changed(Entity.CASE, stamp(0)) is None
    assert b.kore.unresolved(Entity.CASE) is None
    assert b.kore.requests() == 0


def test_unresolved_records_are_read_to_the_end() -> None:
    """As a listing of everything, with the filter on every page."""
    b = bench(kore={"unresolved": frozenset(Entity), "page_size": 10})
    b.box.fill("kore", cases=60)
    done = ("Resolved", "Closed")
    cases = b.box.kore.cases.values()
    wanted = {x.id for x in cases if x.is_active and x.status not in done}

    pages = list(b.kore.unresolved(Entity.CASE) or ())

    assert pages[-1].last
    assert names(pages) == wanted
    assert pages[0].at is not None
    assert b.kore.requests() == -(-len(wanted) // 10)


# casemgr ----------------------------------------------------------------------------
def a_filled(readings: dict[str, str | float] | None = None, **casemgr: Any) -> Bench:
    b = bench(readings, casemgr=casemgr)
    b.box.fill("casemgr", cases=150)
    return b


def changed_after(b: Bench, kind: str, since: str) -> set[str]:
    shelf = getattr(b.box.casemgr, kind).values()
    moment = parse_time(since).timestamp() * 1000
    return {x.id for x in shelf if x.department == "Service" and x.modified >= moment}


SINCE = "2026-01-20T00:00:00.000Z"


@pytest.mark.parametrize(
    ("readings", "asked"),
    [({}, 0), ({"casemgr.date_filter_names": "plain"}, 1)],
)
def test_activities_of_a_window_are_read(
    readings: dict[str, str | float], asked: int
) -> None:
    """Under either name of the filter; a refused one is asked for once."""
    b = a_filled(readings)
    wanted = changed_after(b, "activities", SINCE)
    pages = list(b.casemgr.activities_changed("Service", SINCE) or ())
    first = b.casemgr.requests()

    assert pages[-1].last
    assert names(pages) == wanted
    assert len(wanted) > 75
    list(b.casemgr.activities_changed("Service", SINCE) or ())
    assert first - (b.casemgr.requests() - first) == asked


def test_what_check_saw_saves_the_wrong_name() -> None:
    """The name that works is asked for at once, and a filter that does not, never."""
    plain = a_filled({"casemgr.date_filter_names": "plain"}, date_names="plain")
    assert plain.casemgr.activities_changed("Service", "2030-01-01T00:00:00.000Z")
    assert plain.casemgr.requests() == 1
    never = a_filled(date_names="unsupported", case_lookup=False)
    assert never.casemgr.activities_changed("Service", SINCE) is None
    assert never.casemgr.cases_changed("Service", SINCE) is None
    assert a_filled(modified_filter=False).casemgr.activities_changed(
        "Service", SINCE
    ) is None  # fmt: skip
    assert never.casemgr.requests() == 0


def test_a_filter_that_is_refused_is_not_offered() -> None:
    """None, and the next time without asking."""
    b = a_filled(
        {"casemgr.date_filter_names": "unsupported", "casemgr.lookup_dates": "refused"}
    )
    for _ in "12":
        assert b.casemgr.activities_changed("Service", SINCE) is None
        assert b.casemgr.cases_changed("Service", SINCE) is None
    assert b.casemgr.requests() == 3


@pytest.mark.parametrize("shape", ["flat", "nested", "nested_in_lookup"])
def test_cases_are_looked_up_by_the_time_of_their_change(shape: str) -> None:
    """Over several pages, with all their attributes."""
    b = a_filled({"casemgr.last_modified_shape": shape})
    b.box.fill("casemgr", cases=150)
    wanted = changed_after(b, "cases", SINCE)

    pages = list(b.casemgr.cases_changed("Service", SINCE) or ())

    assert pages[-1].last
    assert names(pages) == wanted
    assert len(wanted) > 75
    whole = {r.key: r for r in records_of(list(b.casemgr.cases("Service")))}
    assert all(whole[r.key].fields == r.fields for r in records_of(pages))


def test_a_window_that_moves_all_the_time_is_not_proved() -> None:
    """Ranges never begin where the one before ended."""
    turn = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal turn
        turn += 1
        rows = [{"id": str(1000 + turn * 75 + n)} for n in range(75 if turn % 2 else 9)]
        return httpx.Response(200, json={"activity": rows})

    pages = scripted_casemgr(answer).activities_changed("Service", SINCE)

    assert pages is not None
    assert not any(page.last for page in pages)


def test_open_and_closed_cases_are_complete_only_together() -> None:
    """Where they have to be asked for apart, the first listing may have moved too."""
    turn = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal turn
        status = request.url.params.get("status")
        if status is None:
            body = {"code": "400-112", "developerMessage": "a filter is required"}
            return httpx.Response(400, json=body)
        turn += 1
        many = 75 if status == "open" and turn % 2 else 9
        rows = [{"id": str(1000 + turn * 75 + n)} for n in range(many)]
        return httpx.Response(200, json={"case": rows})

    pages = list(scripted_casemgr(answer).cases("Service"))

    assert pages
    assert not any(page.last for page in pages)


# what check saw ----------------------------------------------------------------------
def test_what_check_proved_is_handed_over() -> None:
    """Answers of the probe, kept and read again, become what the readers use."""
    b = bench({"kore.sort_updated_at": "supported", "casemgr.lookup_dates": "nothing"})
    b.box.fill("both", cases=200)
    found = probe_kore(b.kore, quick=False, now=stamp(0))
    found += probe_casemgr(b.casemgr, ("Service",), quick=False, now=stamp(0))
    facts = {answer.fact: answer.text() for answer in found}
    answers = answers_in(lambda _: facts)

    kore, casemgr = _proved_in_kore(answers), _known_of_casemgr(answers)

    assert kore["changed_sorts"] == SORTS
    assert kore["unresolved"] == frozenset(Entity)
    assert casemgr == {
        "date_names": "date",
        "modified_filter": True,
        "case_lookup": False,
    }
    assert replace(KORE, **kore).changed_sorts == SORTS


def test_without_check_nothing_is_proved_of_kore_and_casemgr_is_tried() -> None:
    """What casemgr does not take it refuses; what Kore does not take it ignores."""
    kore = _proved_in_kore({})
    assert (kore["changed_sorts"], kore["unresolved"]) == ({}, frozenset())
    assert replace(CASEMGR, **_known_of_casemgr({})) == CASEMGR
