"""After any history of edits and passes, one more pass and the state is right."""

from collections.abc import Callable
from typing import Any

import httpx
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from caseferry.errors import CaseSystemError
from caseferry.model.record import Key, kore_key
from caseferry.sandbox import Fault
from support.reading import LAG_S, Sight, a_sight

Step = Callable[[Sight], None]

READINGS: list[dict[str, str | float]] = [
    {},
    {"kore.clock_offset_s": 5400, "casemgr.clock_offset_s": -5400},
    {"kore.search_lag_s": 20, "casemgr.search_lag_s": 20},
    {"casemgr.date_filter_names": "plain", "casemgr.lookup_dates": "refused"},
    {"casemgr.date_filter_names": "unsupported", "kore.totals": "absent"},
    {"casemgr.last_modified_shape": "nested_in_lookup", "kore.page_params": "page"},
    {"kore.default_order": "newest_first", "kore.page_params": "skip_pages"},
    {"casemgr.activity_bumps_case": "yes", "kore.case_updated_by_task": "yes"},
]
WAYS: list[dict[str, bool]] = [
    {"changed": True},
    {"changed": False, "unresolved": True},
    {"changed": False},
]
FAULTS = ["truncated", "gateway_html", "empty_body", "error_before", "lost_reply"]
KINDS = [
    ("kore", "case", "cases", "name"),
    ("kore", "task", "tasks", "name"),
    ("casemgr", "case", "cases", "subject"),
    ("casemgr", "activity", "activities", "subject"),
]
numbers = st.integers(0, 30)
kinds = st.sampled_from(KINDS)


def some(sight: Sight, kind: tuple[str, str, str, str], number: int) -> Any:
    shelf = list(getattr(getattr(sight.box, kind[0]), kind[2]).values())
    return shelf[number % len(shelf)]


def rename(kind: tuple[str, str, str, str], number: int, count: int) -> Step:
    def step(sight: Sight) -> None:
        for more in range(count):
            record = some(sight, kind, number + more)
            sight.edit(kind[0], kind[1], record.id, **{kind[3]: f"Name {number}"})

    return step


def at_one_instant(kind: tuple[str, str, str, str], number: int, count: int) -> Step:
    def step(sight: Sight) -> None:
        now = sight.box.now_ms(kind[0])
        for more in range(count):
            record = some(sight, kind, number + more)
            setattr(record, kind[3], f"Bulk {number}")
            setattr(record, "updated" if kind[0] == "kore" else "modified", now)

    return step


def finish(kind: tuple[str, str, str, str], number: int, *, again: bool) -> Step:
    def step(sight: Sight) -> None:
        record = some(sight, kind, number)
        if kind[1] == "activity":
            sight.box.human.complete(record.id)
            return
        sight.box.human.act(
            {
                "action": "reopen" if again else "close",
                "system": kind[0],
                "entity": kind[1],
                "id": record.id,
            }
        )

    return step


def make(kind: tuple[str, str, str, str], number: int) -> Step:
    def step(sight: Sight) -> None:
        values: dict[str, Any] = {kind[3]: f"New {number}"}
        if kind[1] in ("task", "activity"):
            values["case_id"] = some(sight, (kind[0], "case", "cases", ""), number).id
        sight.box.human.create(kind[0], kind[1], **values)

    return step


def hide(number: int, *, shown: bool) -> Step:
    def step(sight: Sight) -> None:
        record = some(sight, KINDS[number % 2], number)
        sight.edit("kore", KINDS[number % 2][1], record.id, is_active=shown)

    return step


def wait(seconds: float) -> Step:
    return lambda sight: sight.wait(seconds)


def read(*, full: bool, fault: str | None, after: int) -> Step:
    def step(sight: Sight) -> None:
        if fault is not None:
            sight.box.faults.add(Fault(kind=fault, after=after, times=8))
        try:
            sight.read(full=full)
        except CaseSystemError:
            event("a pass failed")
        sight.box.faults.clear()

    return step


def read_meanwhile(edit: Step, number: int, pause_s: float) -> Step:
    def step(sight: Sight) -> None:
        count = 0

        def see(_: httpx.Request) -> None:
            nonlocal count
            count += 1
            sight.wait(pause_s)
            if count >= number:
                edit(sight)
                sight.wait(pause_s)

        sight.seen = see
        sight.read()
        sight.seen = None

    return step


edits: st.SearchStrategy[Step] = st.one_of(
    st.builds(rename, kinds, numbers, st.integers(1, 14)),
    st.builds(at_one_instant, kinds, numbers, st.integers(1, 14)),
    st.builds(finish, kinds, numbers, again=st.booleans()),
    st.builds(make, kinds, numbers),
    st.builds(hide, numbers, shown=st.booleans()),
)
steps: st.SearchStrategy[Step] = st.one_of(
    edits,
    edits,
    st.builds(wait, st.sampled_from([1, 10, 60, 600, 90_000])),
    st.builds(
        read,
        full=st.booleans(),
        fault=st.none() | st.sampled_from(FAULTS),
        after=st.integers(0, 10),
    ),
    st.builds(
        read_meanwhile, edits, st.integers(1, 12), st.sampled_from([0, LAG_S, 100])
    ),
)


def finished(sight: Sight) -> set[Key]:
    """Give the Kore records that are resolved or closed: nobody lists their edits."""
    both = (*sight.box.kore.cases.values(), *sight.box.kore.tasks.values())
    done = ("Resolved", "Closed")
    return {kore_key(record.id) for record in both if record.status in done}


@settings(
    max_examples=60,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    history=st.lists(steps, max_size=10),
    readings=st.sampled_from(READINGS),
    way=st.sampled_from(WAYS),
)
def test_one_more_pass_makes_the_state_right(
    history: list[Step], readings: dict[str, str | float], way: dict[str, bool]
) -> None:
    """Whatever people did meanwhile, and however often a pass failed or was too late.

    What no increment shows, a record that is not listed any more, is still held; a
    complete listing then shows that too.
    """
    sight = a_sight(readings, cases=14, page_size=5, **way)
    sight.read()
    for step in history:
        step(sight)

    sight.wait(LAG_S + 1)
    sight.read()
    missed = set(sight.missed())
    if way.get("unresolved"):
        missed -= finished(sight)
    assert missed == set()

    sight.read(full=True)
    assert sight.is_right(), sight.missed()
