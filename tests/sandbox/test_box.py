"""The sandbox as a tool: readings, log, people behind the API's back."""

import pytest

from caseferry.sandbox import READINGS, Sandbox
from sandbox.driver import World, contact, custom, phone, world


@pytest.mark.parametrize(
    ("readings", "message"),
    [
        ({"kore.page_parms": "x"}, "nearest valid: 'kore.page_params'"),
        ({"kore.page_params": "skip_limits"}, "nearest valid: 'skip_limit'"),
        ({"kore.max_limit": "many"}, "number >= 1 or 'none'"),
        ({"kore.search_lag_s": -1}, "number >= 0"),
    ],
)
def test_wrong_readings_name_the_nearest_valid(
    readings: dict[str, str | float], message: str
) -> None:
    """Unknown names and values raise ValueError and say what is meant."""
    with pytest.raises(ValueError, match=r"reading|expected|value") as caught:
        Sandbox(readings=readings)

    assert message in str(caught.value)


def test_wrong_readings_change_nothing() -> None:
    """Of several readings none is taken when one is wrong."""
    box = Sandbox()
    wrong = {"kore.jti": "enforced", "kore.nonsense": "x"}
    with pytest.raises(ValueError, match="nonsense"):
        box.set_readings(wrong)

    assert box.readings.text("kore.jti") == "optional"


def test_readings_may_change_while_running() -> None:
    """A new reading is in force at once, kept JSON included."""
    w = world()
    w.kore.case()
    assert "Region" not in w.kore.listed()[0]
    w.box.set_readings({"kore.custom_field_keys": "all_reads"})

    assert "Region" in w.kore.listed()[0]


def test_every_reading_says_what_it_settles() -> None:
    """Each reading has a default and a sentence."""
    assert all(switch.about for switch in READINGS.values())
    assert set(Sandbox().readings.all()) == set(READINGS)


def test_the_log_tells_what_was_committed() -> None:
    """Reads are not committed; writes carry the record's id and the time."""
    w = world()
    case = w.kore.case()
    w.kore.listed()
    write, read = w.box.log[-2:]

    assert (write.operation, write.committed, write.record_id, write.at) == (
        "create_case",
        True,
        case["_id"],
        w.clock(),
    )
    assert (read.operation, read.committed, read.status) == ("get_cases", False, 200)


@pytest.fixture
def w() -> World:
    """Return a world with one case and task on both sides."""
    made = world()
    made.kore.task(made.kore.case())
    made.casemgr.task()
    made.clock.forward(60)
    return made


def test_people_edit_and_the_stamp_moves(w: World) -> None:
    """An agent's edit shows in listings and moves the stamp."""
    case = next(iter(w.box.kore.cases.values()))
    before = case.updated
    w.box.human.edit("kore", "case", case.id, name="Renamed", status="On Hold")

    row = w.kore.listed()[0]
    assert (row["name"], row["status"]["name"]) == ("Renamed", "On Hold")
    assert case.updated > before


def test_people_make_records_on_both_sides(w: World) -> None:
    """Cases, tasks, activities and customers can be made without the API."""
    human = w.box.human
    case_id = human.create(
        "kore", "case", name="By phone", tags=["t"], template="Sales"
    )
    human.create("kore", "task", case_id=case_id, name="Call", status="Resolved")
    person = contact("z@example.com", phone=phone("1"))["contacts"]["contact"][0]
    customer = human.create("casemgr", "customer", contact=person)
    case = human.create("casemgr", "case", subject="By mail", customer_id=customer)
    made = human.create("casemgr", "activity", case_id=case, custom={"ext_key": "k"})

    assert w.box.kore.cases[case_id].tags == ("t",)
    assert w.casemgr.activity(made)["customAttributes"] == custom(ext_key="k")
    assert w.casemgr.case(case)["customer"]["customerName"] == "Ada"


def test_people_close_complete_reopen_and_delete(w: World) -> None:
    """Human transitions cascade like the system's own."""
    human = w.box.human
    human.complete("1000")
    assert w.box.casemgr.cases["1000"].status == "closed"
    human.create("casemgr", "activity", case_id="1000")
    assert w.box.casemgr.cases["1000"].status == "open"
    human.close("casemgr", "1000")
    assert not w.box.casemgr.activities["1001"].is_open
    command = {"action": "reopen", "system": "casemgr", "entity": "case", "id": "1000"}
    human.act(command)
    assert w.box.casemgr.cases["1000"].status == "open"

    case_id = next(iter(w.box.kore.cases))
    human.close("kore", case_id)
    assert w.box.kore.cases[case_id].status == "Closed"
    reopen = {"action": "reopen", "system": "kore", "entity": "case", "id": case_id}
    human.act(reopen)
    assert w.box.kore.cases[case_id].status == "Open"
    human.act(reopen | {"action": "delete"})
    assert w.kore.listed() == []
    human.act({"action": "delete", "system": "casemgr", "entity": "activity",
               "id": "1001"})  # fmt: skip
    assert w.casemgr.ask("GET", "/activity/1001").status == 404


@pytest.mark.parametrize(
    "changes", [{"mood": "x"}, {"status": "Nonsense"}, {"priority": "Nonsense"}]
)
def test_people_cannot_write_nonsense(w: World, changes: dict[str, str]) -> None:
    """Unknown attributes, statuses and priorities are refused."""
    case_id = next(iter(w.box.kore.cases))
    with pytest.raises(ValueError, match=r"unknown|no attribute"):
        w.box.human.edit("kore", "case", case_id, **changes)


def test_assignments_in_tests_are_seen_everywhere(w: World) -> None:
    """Assigning an attribute updates indexes, listings and kept JSON."""
    activity = w.box.casemgr.activities["1000"]
    params = {"department": "Service", "custom.ext_key": "late"}
    assert w.casemgr.ask("GET", "/activity", **params).status == 204
    activity.custom = {"ext_key": ("late",)}
    assert w.casemgr.ask("GET", "/activity", **params).status == 200
    activity.modified += 3_600_000

    window = {"department": "Service",
              "lastModifiedDate": "[2026-01-15T12:30:00.000Z,]"}  # fmt: skip
    assert w.casemgr.ask("GET", "/activity", **window).status == 200
