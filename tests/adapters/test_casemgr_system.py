"""casemgr against the sandbox, in every reading of the contract, and scripted."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from adapters.rig import FUTURE, a_draft, bench, records_of, scripted_casemgr
from adapters.test_casemgr_payload import an_activity
from caseferry.errors import (
    Forbidden,
    InvariantBroken,
    NotFound,
    Refused,
    Unexpected,
    VersionMismatch,
)
from caseferry.model.action import CustomerDraft
from caseferry.model.record import Key, activity_key, case_key

READINGS: list[dict[str, str | float]] = [
    {},
    {"casemgr.date_filter_names": "plain"},
    {"casemgr.date_filter_names": "unsupported"},
    {"casemgr.create_reply": "body"},
    {"casemgr.create_reply": "body_list"},
    {"casemgr.create_reply": "empty"},
    {"casemgr.last_modified_shape": "nested"},
    {"casemgr.last_modified_shape": "nested_in_lookup"},
    {"casemgr.content_shape": "contents"},
    {"casemgr.content_shape": "string"},
    {"casemgr.link_shape": "object"},
    {"casemgr.id_type": "number"},
    {"casemgr.page_beyond_end": "empty_list"},
    {"casemgr.page_beyond_end": "400"},
    {"casemgr.unknown_ids": "404"},
    {"casemgr.path_limit": 1500},
    {"casemgr.case_subject": "plain"},
    {"casemgr.departmentalized": "on"},
    {"casemgr.unknown_body": "rejected"},
    {"casemgr.pagination_count": "pages"},
    {"casemgr.close_reply": "200"},
    {"casemgr.email_match": "sensitive"},
    {"casemgr.granted": "manage"},
    {"casemgr.scope_check": "any"},
]


@pytest.mark.parametrize("readings", READINGS, ids=str)
def test_a_life(readings: dict[str, str | float]) -> None:
    """A task is made, found, edited, noted and completed, in every reading."""
    casemgr = bench(readings).casemgr
    draft = a_draft()

    key = casemgr.create_activity(draft)
    (found,) = casemgr.find_activities(draft.correlation, "Service")
    assert key in {None, found.key}
    assert found.fields["subject"] == "Call back"
    assert found.fields["content.text"] == "Please"
    assert found.parent is not None

    casemgr.edit_activity(found.key, found.version, {"priority": "5"})
    edited = casemgr.get_activities([found.key])[found.key]
    assert edited.fields["priority"] == "5"
    assert edited.version != found.version

    case = casemgr.get_cases([found.parent])[found.parent]
    casemgr.edit_case(case.key, case.version, {"subject": "New", "dueDate": FUTURE})
    again = casemgr.get_cases([case.key])[case.key]
    assert (again.fields["subject"], again.fields["dueDate"]) == ("New", FUTURE)

    casemgr.add_note(found.key, "seen by caseferry")
    assert casemgr.notes(found.key) == ("seen by caseferry",)
    assert [r.key for r in casemgr.activities_of(case.key, "Service")] == [found.key]

    newest = casemgr.get_activities([found.key])[found.key]
    casemgr.complete_activities({newest.key: newest.version})
    assert casemgr.get_cases([case.key])[case.key].fields["status"] == "closed"


@pytest.mark.parametrize("readings", READINGS, ids=str)
def test_listings(readings: dict[str, str | float]) -> None:
    """Every activity and case of a department comes once, in every reading."""
    b = bench(readings)
    made = {b.box.human.create("casemgr", "case", subject=f"{n}") for n in range(80)}

    pages = list(b.casemgr.cases("Service"))
    since = list(b.casemgr.activities("Service", "2020-01-01T00:00:00.000Z"))

    keys = [r.key for r in records_of(pages)]
    assert sorted(keys) == sorted(case_key(local_id) for local_id in made)
    assert [page.last for page in pages] == [False, True]
    assert since[-1].last


def test_date_filter_is_learnt_once() -> None:
    """What the tenant calls its date filter is asked once, then known."""
    b = bench({"casemgr.date_filter_names": "plain"})

    for _ in range(3):
        list(b.casemgr.activities("Service", "2020-01-01T00:00:00.000Z"))

    assert b.casemgr.counter.sent == 2 + 3


def test_date_filter_filters() -> None:
    """Only what was created since is read, where the tenant filters."""
    b = bench()
    b.casemgr.create_activity(a_draft())
    b.clock.pass_by(3600)
    since = b.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
    b.casemgr.create_activity(a_draft(correlation="cf1.0a1b2c3d.t.ti-2.0"))

    found = records_of(list(b.casemgr.activities("Service", since)))

    assert [r.text("custom.ext_key") for r in found] == ["cf1.0a1b2c3d.t.ti-2.0"]


@pytest.mark.parametrize("reading", ["custom", "unsupported", "ignored"])
def test_look_up_unsupported(reading: str) -> None:
    """A tenant that cannot search by our key says so: "not found" would be a lie."""
    casemgr = bench({"casemgr.activity_custom_filter": reading}).casemgr
    casemgr.create_activity(a_draft())

    with pytest.raises(Refused) as caught:
        casemgr.find_activities("cf1.0a1b2c3d.t.ti-9.0", "Service")

    assert caught.value.code == "lookup-unsupported"


def test_look_up_of_dropped_attributes() -> None:
    """Where the tenant drops our attribute nothing is found, and nothing raised."""
    casemgr = bench({"casemgr.attribute_drop": "on"}).casemgr
    casemgr.create_activity(a_draft())

    assert casemgr.find_activities(a_draft().correlation, "Service") == ()


def test_by_ids() -> None:
    """Ids that are not visible are left out, however the tenant says so."""
    for reading in ("subset", "404"):
        b = bench({"casemgr.unknown_ids": reading})
        keys = [b.casemgr.create_activity(a_draft()) for _ in range(3)]
        known = {key for key in keys if key}
        asked = [*known, activity_key("999999"), *known]

        assert b.casemgr.get_activities(asked).keys() == known


def test_many_ids() -> None:
    """Any number of ids is read, 75 a request."""
    b = bench()
    made = [b.box.human.create("casemgr", "case", subject=f"{n}") for n in range(160)]

    found = b.casemgr.get_cases([case_key(local_id) for local_id in made])

    assert len(found) == 160
    assert b.casemgr.counter.sent == 3


def test_nothing_asked() -> None:
    """No ids, no request."""
    b = bench()

    assert b.casemgr.get_cases([]) == {}
    assert b.casemgr.counter.sent == 0


def test_missing_scope_is_not_bisected() -> None:
    """A missing scope stops a batch at once instead of being looked for in halves."""
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(
            403, json={"code": "403-197", "developerMessage": "Scope is missing"}
        )

    casemgr = scripted_casemgr(answer)
    with pytest.raises(Forbidden):
        casemgr.get_activities([activity_key(str(n)) for n in range(50)])
    assert len(sent) == 1


def test_customers() -> None:
    """A customer is found by what it carries, never by likeness."""
    b = bench()
    b.casemgr.create_activity(a_draft())
    draft = CustomerDraft(
        attribute="mobile.phone", value="+49 30 99", create=True, first_name="Bo"
    )
    b.casemgr.create_activity(a_draft(customer=draft))

    find = b.casemgr.find_customers
    by_email = find("email.emailAddress", "ADA@example.com", "Service")
    by_phone = find("mobile.phone", "+49 30 99", "Service")

    assert len(by_email) == len(by_phone) == 1
    assert by_email != by_phone
    for attribute, value in (
        ("email.emailAddress", "ad@example.com"),
        ("home.phone", "+49 30 99"),
        ("custom.crm_id", "C-1"),
    ):
        assert find(attribute, value, "Service") == ()


def test_stale_version() -> None:
    """A write on a version that is no longer there is refused as that."""
    casemgr = bench().casemgr
    casemgr.create_activity(a_draft())
    (found,) = casemgr.find_activities(a_draft().correlation, "Service")
    casemgr.edit_activity(found.key, found.version, {"priority": "5"})

    with pytest.raises(VersionMismatch):
        casemgr.edit_activity(found.key, found.version, {"priority": "6"})


def test_case_notes_and_close() -> None:
    """A case takes notes and is closed with what is open in it."""
    casemgr = bench().casemgr
    casemgr.create_activity(a_draft())
    (found,) = casemgr.find_activities(a_draft().correlation, "Service")
    assert found.parent

    casemgr.add_note(found.parent, "about the case")
    casemgr.close_case(found.parent)

    assert casemgr.notes(found.parent) == ("about the case",)
    after = casemgr.get_activities([found.key])[found.key]
    assert after.fields["status"] == "completed"


def test_completion_is_bounded() -> None:
    """More than 75 completions in one request, or none, is a bug."""
    casemgr = bench().casemgr
    many: dict[Key, str] = {activity_key(str(n)): "v" for n in range(76)}

    for versions in ({}, many):
        with pytest.raises(InvariantBroken):
            casemgr.complete_activities(versions)
    assert casemgr.counter.sent == 0


def test_unknown_case_is_not_found() -> None:
    """Closing what does not exist is `NotFound` or refused, never in doubt."""
    casemgr = bench().casemgr

    with pytest.raises((NotFound, Refused)):
        casemgr.close_case(case_key("999999"))


def test_probes() -> None:
    """`check` learns of tokens, departments and attributes without writing."""
    b = bench()

    b.casemgr.probe_token()
    b.casemgr.probe_department("Service")
    activity, case = b.casemgr.activity_attributes(), b.casemgr.case_attributes()

    assert activity
    assert case
    assert "ext_key" in activity
    assert "ext_key" in case
    assert not any(call.committed for call in b.box.log)
    with pytest.raises((Refused, NotFound, Forbidden)):
        b.casemgr.probe_department("Nowhere")


def test_attributes_unsupported() -> None:
    """Where the tenant does not list attributes nobody pretends there are none."""
    none = scripted_casemgr(lambda _: httpx.Response(404))
    odd = scripted_casemgr(
        lambda _: httpx.Response(200, json={"attribute": [{"x": 1}]})
    )
    empty = scripted_casemgr(lambda _: httpx.Response(204))

    assert none.case_attributes() is None
    assert odd.activity_attributes() is None
    assert empty.case_attributes() == ()


# paging --------------------------------------------------------------------------
Change = Callable[[int], None]


class Shelf:
    """Activities in id order, by range or by page; may change between requests."""

    def __init__(self, count: int, *, ranges: str = "yes", beyond: int = 204) -> None:
        self.rows = [an_activity(id=n, lastModified="v") for n in range(1, count + 1)]
        self.ranges = ranges
        self.beyond = beyond
        self.asked = 0
        self.before: list[Change] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        for change in self.before:
            change(self.asked)
        asked = {k: v[0] for k, v in parse_qs(request.url.query.decode()).items()}
        start, size = 0, int(asked.get("$pagesize", "75"))
        if "$rangestart" in asked and self.ranges == "refused":
            text = "Unsupported query parameter(s) supplied: '$rangestart'."
            return httpx.Response(
                400, json={"code": "400-101", "developerMessage": text}
            )
        if "$rangestart" in asked and self.ranges == "yes":
            start, size = int(asked["$rangestart"]) - 1, int(asked["$rangesize"])
        if "$pagenum" in asked:
            start = (int(asked["$pagenum"]) - 1) * size
        rows = self.rows[start : start + size]
        if not rows:
            return httpx.Response(self.beyond)
        return httpx.Response(200, json={"activity": rows})

    def keys(self) -> list[str]:
        return [f"casemgr:activity:{row['id']}" for row in self.rows]


@pytest.mark.parametrize("count", [0, 1, 74, 75, 76, 149, 150, 151, 300])
@pytest.mark.parametrize("ranges", ["yes", "refused", "ignored"])
def test_every_count(count: int, ranges: str) -> None:
    """Every activity comes once, by ranges or pages, whatever lies beyond the end."""
    shelf = Shelf(count, ranges=ranges, beyond=400 if count > 74 else 204)

    pages = list(scripted_casemgr(shelf).activities("Service"))

    assert [str(r.key) for r in records_of(pages)] == shelf.keys()
    assert [page.last for page in pages][-1]


def test_row_that_leaves_is_noticed() -> None:
    """A row that leaves while reading pulls none past the reader unnoticed."""
    for ranges in ("yes", "refused"):
        shelf = Shelf(200, ranges=ranges)
        at = 2 if ranges == "yes" else 3

        def before(asked: int, shelf: Shelf = shelf, at: int = at) -> None:
            if asked == at:
                del shelf.rows[0]

        shelf.before.append(before)
        pages = list(scripted_casemgr(shelf).activities("Service"))

        assert set(shelf.keys()) <= {str(r.key) for r in records_of(pages)}
        assert pages[-1].last


def test_never_at_rest() -> None:
    """A listing that loses a row with every request ends as not complete."""
    shelf = Shelf(400)

    def before(asked: int) -> None:
        if asked > 1:
            del shelf.rows[0]

    shelf.before.append(before)
    pages = list(scripted_casemgr(shelf).activities("Service"))

    assert not pages[-1].last


def test_new_rows_are_taken_along() -> None:
    """A row made while reading comes at the end and spoils nothing."""
    shelf = Shelf(150)

    def before(asked: int) -> None:
        if asked == 2:
            shelf.rows.append(an_activity(id=999))

    shelf.before.append(before)
    pages = list(scripted_casemgr(shelf).activities("Service"))

    assert [str(r.key) for r in records_of(pages)] == shelf.keys()
    assert pages[-1].last


def test_pages_that_repeat() -> None:
    """A server that pages not at all is said so, not read for ever."""
    full = {"activity": [an_activity(id=n) for n in range(75)]}
    casemgr = scripted_casemgr(lambda _: httpx.Response(200, json=full))

    with pytest.raises(Unexpected, match="does not page"):
        list(casemgr.activities("Service"))


def test_smaller_pages() -> None:
    """A server that gives smaller pages, and says so, is read to its end."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = {k: v[0] for k, v in parse_qs(request.url.query.decode()).items()}
        start = int(asked.get("$rangestart", "1"))
        rows = [an_activity(id=n) for n in range(start, min(start + 25, 61))]
        info: dict[str, Any] = {"count": 3, "pagesize": 25}
        return httpx.Response(200, json={"activity": rows, "paginationInfo": info})

    pages = list(scripted_casemgr(answer).activities("Service"))

    assert len(records_of(pages)) == 60


def test_activities_without_case() -> None:
    """What a search by case gave belongs to the case, also when it does not say so."""
    rows = [an_activity(case=None), an_activity(id="1001", case={"id": "5"})]
    casemgr = scripted_casemgr(lambda _: httpx.Response(200, json={"activity": rows}))

    found = casemgr.activities_of(case_key("7"), "Service")

    assert [(r.key, r.parent) for r in found] == [
        ("casemgr:activity:1000", "casemgr:case:7")
    ]


def test_notes_without_paging() -> None:
    """Where notes are not paged they are read as they come."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.query:
            return httpx.Response(400, json={"code": "400-101"})
        return httpx.Response(200, json={"note": {"content": "a", "id": 1}})

    casemgr = scripted_casemgr(answer)

    assert casemgr.notes(activity_key("1")) == ("a",)
    assert casemgr.notes(activity_key("2")) == ("a",)
    assert casemgr.counter.sent == 3
