"""Passes over both systems: what changed, in few requests, and nothing missed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest

from caseferry.engine.changes import Changes
from caseferry.engine.pass_cost import pass_requests, pass_seconds
from caseferry.errors import Interrupted
from caseferry.model.record import Entity, System, kore_key
from caseferry.sandbox import Fault
from support.reading import DEPARTMENTS, LAG_S, Sight, a_sight

CALM: Mapping[str, tuple[str, int]] = {
    "kore.case": ("newest", 1),
    "kore.task": ("newest", 1),
    "casemgr.case@Billing": ("window", 1),
    "casemgr.task@Billing": ("window", 1),
    "casemgr.case@Service": ("window", 1),
    "casemgr.task@Service": ("window", 1),
}
HOUR_MS = 3_600_000


def how(changes: Changes) -> dict[str, tuple[str, int]]:
    """Give mode and requests of each listing."""
    return {x.resource.name: (x.mode, x.requests) for x in changes.read}


def modes(changes: Changes, system: str = "kore") -> list[str]:
    return [x.mode for x in changes.read if x.resource.system == system]


def records(sight: Sight, system: str, entity: str) -> list[str]:
    """Give the ids of all records of a kind."""
    shelf = getattr(sight.box, system)
    kind = {"case": "cases", "task": "tasks", "activity": "activities"}[entity]
    return list(getattr(shelf, kind))


def spread(sight: Sight) -> None:
    """Let the last change of each record be an hour from that of the next."""
    kore, casemgr = sight.box.kore, sight.box.casemgr
    shelves = (kore.cases, kore.tasks, casemgr.cases, casemgr.activities)
    for shelf in shelves:
        for number, record in enumerate(shelf.values(), 1):
            name = "modified" if hasattr(record, "modified") else "updated"
            now = sight.box.now_ms("kore" if name == "updated" else "casemgr")
            setattr(record, name, now - number * HOUR_MS)


def at_request(number: int, do: Callable[[], object]) -> Callable[[Any], None]:
    """Do something just before the request of this number is answered."""
    count = 0

    def see(_: httpx.Request) -> None:
        nonlocal count
        count += 1
        if count == number:
            do()

    return see


# in calm weather ----------------------------------------------------------------
def test_a_first_pass_reads_everything_and_the_next_almost_nothing() -> None:
    """Two requests to Kore, and one to casemgr per listing and department."""
    sight = a_sight(cases=400)
    spread(sight)

    first = sight.read()
    assert set(modes(first) + modes(first, "casemgr")) == {"complete"}
    assert first.is_whole(System.KORE)
    assert first.kore_complete
    assert first.casemgr_complete
    assert sight.is_right()

    sight.wait(300)
    again = sight.read()
    assert how(again) == CALM
    assert sum(each.changed for each in again.read) == 0
    assert again.since == {System.KORE: 1, System.CASEMGR: 1}
    assert again.kore_complete
    assert not again.is_whole(System.KORE)
    assert sight.is_right()


def test_what_people_did_between_two_passes_is_seen() -> None:
    """Edits, new records and finished ones, on both sides, in as few requests."""
    sight = a_sight(cases=150)
    spread(sight)
    sight.read()
    sight.wait(300)
    kore_case, kore_task = records(sight, "kore", "case")[3], "Order a part"
    sight.edit("kore", "case", kore_case, name="Renamed")
    sight.box.human.create("kore", "task", case_id=kore_case, name=kore_task)
    sight.box.human.close("kore", records(sight, "kore", "case")[70])
    for activity in records(sight, "casemgr", "activity")[:5]:
        sight.edit("casemgr", "activity", activity, priority="1")
    new = sight.box.human.create("casemgr", "case", subject="New", customer_id="1000")
    sight.box.human.create("casemgr", "activity", case_id=new, kind="task")

    changes = sight.read()

    assert how(changes) == CALM
    assert sight.is_right()
    changed = sum(x.changed for x in changes.read if x.resource.system == "kore")
    assert changed == 3
    moved = sight.rig.store.changed_cases(System.KORE, 2)
    assert kore_key(kore_case) in list(moved)


def test_a_state_of_thousands_of_changes_is_caught_up_with() -> None:
    """A window of many pages is read to its end, and the watermark follows."""
    sight = a_sight(cases=260, page_size=20)
    spread(sight)
    sight.read()
    sight.wait(300)
    for record in records(sight, "kore", "case")[:90]:
        sight.edit("kore", "case", record, priority="Low")
    for record in records(sight, "casemgr", "activity")[:200]:
        sight.edit("casemgr", "activity", record, priority="7")

    changes = sight.read()

    assert how(changes)["kore.case"] == ("newest", 5)
    assert changes.kore_complete
    assert changes.casemgr_complete
    assert sight.is_right()


# what is not calm -----------------------------------------------------------------
@pytest.mark.parametrize("number", range(1, 14))
@pytest.mark.parametrize("first", [True, False])
def test_an_edit_during_a_pass_is_seen_by_the_next(number: int, *, first: bool) -> None:
    """Whichever page was being read, of a first pass or of a later one.

    Minutes pass between two requests, as they do where a limit is waited for.
    """
    sight = a_sight(cases=60, page_size=10, seed=number)
    if not first:
        sight.read()
        sight.wait(300)
        for record in records(sight, "kore", "case")[:25]:
            sight.edit("kore", "case", record, name="Soon")
    cases, tasks = records(sight, "kore", "case"), records(sight, "kore", "task")
    activities = records(sight, "casemgr", "activity")

    def edit() -> None:
        for record in (cases[0], cases[7], cases[-1]):
            sight.edit("kore", "case", record, name="Meanwhile")
            sight.wait(2 * LAG_S)
        sight.edit("kore", "task", tasks[0], name="Meanwhile")
        sight.edit("casemgr", "activity", activities[0], subject="Meanwhile")
        sight.box.human.create("kore", "case", name="New meanwhile")

    sight.seen = at_request(number, edit)
    sight.read()
    sight.seen = None
    sight.wait(10)
    sight.read()

    assert sight.is_right(), sight.missed()


def test_a_record_edited_behind_the_reading_is_not_overtaken() -> None:
    """Later edits further on, which the same reading shows, do not hide it."""
    sight = a_sight(cases=40, page_size=5)
    spread(sight)
    cases = records(sight, "kore", "case")

    def edit() -> None:
        sight.edit("kore", "case", cases[0], name="Behind")
        sight.wait(1)
        for record in cases[-8:]:
            sight.edit("kore", "case", record, name="Before")
        sight.wait(2 * LAG_S)
        sight.edit("kore", "case", cases[-9], name="Before")
        sight.wait(2)

    sight.seen = at_request(3, edit)
    sight.read()
    sight.seen = None
    assert not sight.is_right()

    sight.read()

    assert sight.is_right(), sight.missed()


@pytest.mark.parametrize("lag_s", [5, 20, LAG_S - 1])
def test_what_becomes_visible_late_is_seen_later(lag_s: float) -> None:
    """A stamp older than the watermark's newest, shown only after the pass."""
    readings = {"kore.search_lag_s": lag_s, "casemgr.search_lag_s": lag_s}
    sight = a_sight(readings, page_size=5)
    spread(sight)
    sight.read()
    sight.wait(300)
    sight.box.human.create("kore", "case", name="Late")
    sight.box.human.create("casemgr", "case", subject="Late", customer_id="1000")
    sight.wait(1)
    for record in records(sight, "kore", "case")[:8]:
        sight.edit("kore", "case", record, name="At once")
    sight.wait(2)
    sight.read()
    assert not sight.is_right()

    sight.wait(lag_s)
    sight.read()

    assert sight.is_right(), sight.missed()


def test_a_late_stamp_below_the_overlap_is_what_a_complete_listing_finds() -> None:
    """Later than the overlap allows: increments miss it, and the daily reading not."""
    sight = a_sight({"kore.search_lag_s": 600}, cases=60, page_size=10)
    spread(sight)
    sight.read()
    sight.wait(300)
    sight.box.human.create("kore", "case", name="Very late")
    sight.wait(1)
    for record in records(sight, "kore", "case")[:15]:
        sight.edit("kore", "case", record, name="At once")
    sight.wait(60)
    sight.edit("kore", "case", records(sight, "kore", "case")[0], name="At once")
    sight.wait(5)
    sight.read()
    sight.wait(600)
    sight.read()
    assert not sight.is_right()

    sight.wait(86_400)
    changes = sight.read()

    assert changes.is_whole(System.KORE)
    assert sight.is_right()


def test_many_records_of_one_instant_are_all_read() -> None:
    """A bulk change gives hundreds of records one stamp; pages end among them."""
    sight = a_sight(cases=150, page_size=20)
    sight.read()
    sight.wait(300)
    now = sight.box.now_ms("kore")
    for case in sight.box.kore.cases.values():
        case.name, case.updated = "Bulk", now
    for activity in sight.box.casemgr.activities.values():
        activity.subject, activity.modified = "Bulk", now

    changes = sight.read()

    assert changes.kore_complete
    assert sight.is_right()


@pytest.mark.parametrize(
    "readings",
    [
        {"kore.clock_offset_s": 7200, "casemgr.clock_offset_s": -7200},
        {"kore.clock_offset_s": -7200, "casemgr.clock_offset_s": 7200},
        {"casemgr.last_modified_shape": "nested"},
        {"casemgr.last_modified_shape": "nested_in_lookup"},
        {"casemgr.date_filter_names": "plain"},
        {"kore.page_params": "page"},
        {"kore.default_order": "newest_first"},
        {"kore.totals": "absent"},
    ],
)
def test_increments_do_not_rest_on_one_reading(
    readings: dict[str, str | float],
) -> None:
    """Clocks that are off, other shapes and names: the same few requests."""
    sight = a_sight(readings, cases=40)
    spread(sight)
    sight.read()
    sight.wait(300)
    sight.edit("kore", "task", records(sight, "kore", "task")[0], name="Edited")
    sight.edit(
        "casemgr", "case", records(sight, "casemgr", "case")[0], subject="Edited"
    )

    changes = sight.read()

    assert modes(changes) == ["newest"] * 2
    assert set(modes(changes, "casemgr")) == {"window"}
    assert changes.kore_complete
    assert changes.casemgr_complete
    assert sight.is_right()


def test_records_stamped_by_a_slower_clock_are_not_missed() -> None:
    """The watermark does not follow a `Date` that is an hour ahead of the stamps."""
    sight = a_sight()
    ahead = sight.rig.wrap

    def dated(inner: httpx.BaseTransport) -> httpx.BaseTransport:
        return _Dated(ahead(inner), "Mon, 02 Mar 2026 10:30:00 GMT")

    sight.rig.wrap = dated
    sight.read()
    sight.wait(10)
    sight.edit("kore", "case", records(sight, "kore", "case")[0], name="Behind")
    sight.edit(
        "casemgr", "case", records(sight, "casemgr", "case")[0], subject="Behind"
    )

    sight.read()

    assert sight.is_right()


def test_without_a_date_every_pass_reads_everything() -> None:
    """Nobody knows then when a reading began."""
    sight = a_sight()
    plain = sight.rig.wrap
    sight.rig.wrap = lambda inner: _Dated(plain(inner), None)
    sight.read()
    sight.wait(300)

    changes = sight.read()

    assert set(modes(changes)) == {"complete"}
    assert changes.kore_complete
    assert sight.is_right()


class _Dated(httpx.BaseTransport):
    """Replaces the `Date` of every reply."""

    def __init__(self, inner: httpx.BaseTransport, date: str | None) -> None:
        self._inner, self._date = inner, date

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        reply = self._inner.handle_request(request)
        if "date" in reply.headers:
            del reply.headers["date"]
        if self._date is not None:
            reply.headers["date"] = self._date
        return reply


# what is not proved ----------------------------------------------------------------
def test_a_listing_that_moves_all_the_time_proves_nothing() -> None:
    """Watermark and last complete listing stay; the records that came are kept."""
    sight = a_sight(cases=60, page_size=10)
    first = sight.read()
    sight.wait(90_000)
    victims = records(sight, "kore", "case")

    def lose_one(request: httpx.Request) -> None:
        if request.url.path.endswith("getCases") and victims:
            sight.box.human.act(
                {"action": "delete", "system": "kore", "entity": "case",
                 "id": victims.pop()}
            )  # fmt: skip

    sight.seen = lose_one
    changes = sight.read()

    case = changes.read[0]
    assert (case.mode, case.proved) == ("complete", False)
    assert (case.since_run, case.watermark) == (1, first.read[0].watermark)
    assert not changes.kore_complete
    assert changes.since[System.KORE] == 1
    sight.seen = None
    last = sight.read()
    assert last.kore_complete
    assert last.since[System.KORE] == 2  # the run in which the tasks were read whole
    stale = set(sight.rig.store.stale(System.KORE, Entity.CASE, 3))
    assert stale & set(sight.there()) == set()
    assert set(sight.held()) - set(sight.there()) <= stale


def test_a_record_that_leaves_between_two_pages_is_noticed() -> None:
    """The others move up, and one slips through: that reading proves nothing."""
    sight = a_sight(cases=60, page_size=10)
    sight.read()
    sight.wait(300)
    cases = records(sight, "kore", "case")
    for record in cases[:25]:
        sight.edit("kore", "case", record, name="Edited")
    sight.seen = at_request(
        2, lambda: sight.edit("kore", "case", cases[24], is_active=False)
    )

    changes = sight.read()

    assert changes.read[0].proved
    assert changes.read[0].requests == 3 + 3  # and once more, from the top
    assert sight.missed() == {}


def test_a_stop_keeps_the_watermark() -> None:
    """What was read is kept; the next pass reads from the same time."""
    sight = a_sight(cases=60, page_size=10)
    first = sight.read()
    sight.wait(300)
    for record in records(sight, "kore", "case")[:25]:
        sight.edit("kore", "case", record, name="Edited")

    def stop() -> None:
        assert sight.context is not None
        sight.context.stopping = True

    sight.seen = at_request(2, stop)
    with pytest.raises(Interrupted):
        sight.read()

    facts = sight.rig.store.facts("watermark.kore.case")
    assert facts == {"watermark.kore.case": first.read[0].watermark}
    sight.seen = None
    sight.read()
    assert sight.is_right()


class Crash(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(1, 9))
def test_a_crash_at_any_commit_misses_nothing(moment: str, number: int) -> None:
    """The watermark moves together with the last page, or not at all."""
    sight = a_sight(cases=30, page_size=10)
    sight.read()
    sight.wait(300)
    for record in records(sight, "kore", "case")[:15]:
        sight.edit("kore", "case", record, name="Edited")
    left = number

    def die(now: str) -> None:
        nonlocal left
        left -= now == moment
        if left == 0:
            sight.rig.store.on_commit = None
            raise Crash

    sight.rig.store.on_commit = die
    with pytest.raises(Crash):
        sight.read()

    sight.edit("kore", "case", records(sight, "kore", "case")[20], name="Edited")
    sight.read()

    assert sight.is_right()


def test_faults_do_not_move_a_watermark_too_far() -> None:
    """A reply that repeats another page, or is cut, leaves nothing out."""
    for kind in ("repeated_page", "truncated", "empty_body", "gateway_html"):
        sight = a_sight(cases=40, page_size=10)
        sight.read()
        sight.wait(300)
        for record in records(sight, "kore", "case")[:25]:
            sight.edit("kore", "case", record, name=kind)
        fault = Fault(kind=kind, system="kore", operation="get_cases", after=1)
        sight.box.faults.add(fault)

        sight.read()
        sight.wait(10)
        sight.read()

        assert sight.is_right(), kind


# when everything is read -------------------------------------------------------------
def test_everything_is_read_once_a_day() -> None:
    """Only then is a record that is not shown any more known to be gone."""
    sight = a_sight()
    sight.read()
    gone, silent = records(sight, "kore", "case")[:2]
    sight.wait(300)
    sight.edit("kore", "case", gone, is_active=False)
    sight.box.kore.cases[silent].name = "Changed without a stamp"
    assert modes(sight.read()) == ["newest"] * 2
    assert kore_key(gone) in sight.held()

    sight.wait(86_400)
    changes = sight.read()

    assert changes.is_whole(System.KORE)
    assert changes.since == {System.KORE: 3, System.CASEMGR: 3}
    stale = list(sight.rig.store.stale(System.KORE, Entity.CASE, 3))
    assert stale == [kore_key(gone)]
    assert sight.is_right()
    sight.wait(300)
    assert modes(sight.read()) == ["newest"] * 2


def test_everything_is_read_when_asked_for_or_when_the_clock_went_back() -> None:
    """A clock that went back cannot tell how long ago the last time was."""
    sight = a_sight()
    sight.read()
    assert modes(sight.read(full=True)) == ["complete"] * 2
    sight.clock.elapsed -= 3600

    assert modes(sight.read()) == ["complete"] * 2


def test_a_new_department_is_read_whole() -> None:
    """The others go on from their watermarks."""
    sight = a_sight()
    sight.read()
    sight.wait(300)
    wider = (*DEPARTMENTS, "Archive")
    sight.rig.settings = replace(sight.rig.settings, departments=wider)

    changes = sight.read()

    whole = {x.resource.department for x in changes.read if x.mode == "complete"}
    assert whole == {"Archive"}
    assert changes.since[System.CASEMGR] == 1


# where Kore does not sort by change ---------------------------------------------------
def test_without_any_proof_kore_is_read_whole_each_time_and_it_is_said() -> None:
    """The honest worst case."""
    sight = a_sight(changed=False)
    sight.read()
    sight.wait(300)
    sight.edit("kore", "case", records(sight, "kore", "case")[0], name="Edited")

    changes = sight.read()

    assert modes(changes) == ["complete"] * 2
    assert changes.is_whole(System.KORE)
    assert sight.is_right()


def test_a_proof_that_does_not_hold_any_more_is_noticed() -> None:
    """`check` saw it sort; it does not now: everything is read."""
    sight = a_sight({"kore.sort_updated_at": "unsupported"}, cases=40, page_size=10)
    sight.read()
    sight.wait(300)
    sight.edit("kore", "case", records(sight, "kore", "case")[20], name="Edited")

    changes = sight.read()

    assert changes.read[0].mode == "complete"
    assert sight.missed() == {}


def a_half_sighted(cases: int = 300) -> Sight:
    """Kore shows what is unresolved, and cannot tell what changed."""
    sight = a_sight(cases=cases, changed=False, unresolved=True, page_size=100)
    sight.read()
    sight.wait(300)
    return sight


def some_open(sight: Sight, count: int) -> list[str]:
    cases = sight.box.kore.cases.values()
    return [x.id for x in cases if x.status == "Open" and x.is_active][:count]


def test_unresolved_records_are_read_and_one_that_left_is_looked_at() -> None:
    """Edited, new and closed records are seen; the closed one for a request."""
    sight = a_half_sighted()
    edited, closed = some_open(sight, 2)
    sight.edit("kore", "case", edited, name="Edited")
    sight.edit("kore", "case", closed, name="Quite another name")
    sight.read()
    before = sight.read().read[0].requests
    sight.box.human.close("kore", closed)
    sight.box.human.create("kore", "case", name="New")

    changes = sight.read()

    assert modes(changes) == ["unresolved"] * 2
    assert changes.read[0].requests == before + 1
    assert changes.kore_complete
    assert sight.is_right()


def test_many_that_left_are_found_by_reading_everything() -> None:
    """More searches than pages would be dearer."""
    sight = a_half_sighted()
    for case in some_open(sight, 12):
        sight.box.human.close("kore", case)

    changes = sight.read()

    assert changes.read[0].mode == "complete"
    assert sight.is_right()


def test_one_that_left_and_is_not_found_makes_everything_be_read_once() -> None:
    """It is hidden: after the complete listing it is not seen, and not asked for."""
    sight = a_half_sighted()
    (hidden,) = some_open(sight, 1)
    sight.edit("kore", "case", hidden, is_active=False)

    assert sight.read().read[0].mode == "complete"
    assert kore_key(hidden) in sight.rig.store.stale(System.KORE, Entity.CASE, 2)
    assert sight.read().read[0].mode == "unresolved"


# where casemgr cannot tell ------------------------------------------------------------
@pytest.mark.parametrize(
    ("reading", "value", "cases", "activities"),
    [
        ("casemgr.date_filter_names", "unsupported", "window", "complete"),
        ("casemgr.lookup_dates", "refused", "complete", "window"),
        ("casemgr.modified_filter", "ignored", "window", "window"),
        ("casemgr.lookup_dates", "ignored", "window", "window"),
    ],
)
def test_what_casemgr_refuses_is_read_whole(
    reading: str, value: str, cases: str, activities: str
) -> None:
    """A filter without effect gives everything, which is right as well."""
    sight = a_sight({reading: value})
    sight.read()
    sight.wait(300)
    for entity in ("case", "activity"):
        record = records(sight, "casemgr", entity)[0]
        sight.edit("casemgr", entity, record, subject="Edited")

    changes = sight.read()

    assert modes(changes, "casemgr") == [cases, activities] * 2
    assert changes.casemgr_complete
    assert sight.is_right()


def test_an_activity_that_moved_to_another_department_is_seen_there() -> None:
    """The window of its new department shows it, with its new case."""
    sight = a_sight()
    sight.read()
    sight.wait(300)
    moved = next(
        x for x in sight.box.casemgr.activities.values() if x.department == "Service"
    )
    sight.edit("casemgr", "activity", moved.id, department="Billing", subject="Moved")

    sight.read()

    assert sight.is_right()


# what a pass costs ------------------------------------------------------------------
def test_the_cost_of_a_pass_is_told_before_and_after_the_first() -> None:
    """By what is proved and how many records there are; then by what it took."""
    sight = a_sight(cases=250, changed=False)
    context = sight.rig.context()
    store = sight.rig.store

    def told(rows: int = 100) -> dict[System, int]:
        return pass_requests(store, context.kore, DEPARTMENTS, kore_rows=rows)

    assert told() == {System.KORE: 2, System.CASEMGR: 4}
    sight.read()
    pages = -(-len(sight.box.kore.cases) // 100) + -(-len(sight.box.kore.tasks) // 100)
    assert abs(told()[System.KORE] - pages) <= 1
    assert told(rows=10)[System.KORE] > 5 * pages
    sight.wait(300)
    took = sight.read()
    assert sum(told().values()) == took.requests
    sorting = a_sight().rig.context().kore
    assert pass_requests(type(store)(), sorting, ("Service",)) == {
        System.KORE: 2,
        System.CASEMGR: 2,
    }


def test_a_pass_lasts_as_long_as_the_scarcer_limit_makes_it() -> None:
    """Pass after pass, the hourly limit counts as well as the one of a minute."""
    assert pass_seconds(100) == 0.0
    assert pass_seconds(100, per_minute=50) == 120.0
    assert pass_seconds(17, per_minute=50, per_hour=1700) == 36.0
