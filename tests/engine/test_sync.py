"""Two-way sync: what people change on either side comes to the other, and rests."""

import pytest

from caseferry.engine.relink import unlink
from caseferry.model.record import kore_key
from support.both import Both


def carried(**options: str) -> tuple[Both, str, str]:
    """Carry one case with one task to casemgr, and sync once."""
    both = Both(**options)  # type: ignore[arg-type]
    case = both.case("Router down", priority="Medium")
    task = both.task(case, "Call back", priority="Medium", due=both.due(20))
    both.run()
    both.later()
    return both, case, task


def test_a_first_sync_after_a_migration_writes_nothing() -> None:
    """What a migration carried is in step."""
    both = Both(cases=12)
    both.run()

    assert both.at_rest()
    assert both.complaints() == []


def test_a_change_in_kore_comes_to_casemgr() -> None:
    both, case, task = carried()
    both.edit(task, priority="Low")
    both.edit(case, priority="High")

    both.later()

    assert both.of(task).priority == "6"
    assert both.of(case).severity == "high"
    assert both.at_rest()


def test_a_change_in_casemgr_comes_to_kore() -> None:
    both, case, task = carried()
    both.edit(f"activity:{both.of(task).id}", priority="1")
    both.edit(f"case:{both.of(case).id}", severity="high")

    both.later()

    assert both.kore(task).priority == "Critical"
    assert both.kore(case).priority == "High"
    assert both.of(task).priority == "1"
    assert both.at_rest()


def test_different_fields_of_one_record_change_on_both_sides() -> None:
    both, _, task = carried()
    due = both.due(40)
    both.edit(task, priority="Low")
    both.edit(f"activity:{both.of(task).id}", due=due)

    both.later()

    assert (both.of(task).priority, both.of(task).due) == ("6", due)
    assert (both.kore(task).priority, both.kore(task).due) == ("Low", due)
    assert both.at_rest()


def test_the_same_field_on_both_sides_is_a_conflict_and_all_else_flows() -> None:
    both, case, task = carried()
    both.edit(task, priority="Low")
    both.edit(f"activity:{both.of(task).id}", priority="1")
    both.edit(case, priority="High")

    tally = both.later()

    assert tally.actions["task", "conflict"] == 1
    assert (both.of(task).priority, both.kore(task).priority) == ("1", "Low")
    assert both.of(case).severity == "high"
    assert both.at_rest()


def test_both_sides_changed_to_the_same_is_agreement() -> None:
    both, _, task = carried()
    both.edit(task, priority="Low")
    both.edit(f"activity:{both.of(task).id}", priority="7")

    tally = both.later()

    assert tally.actions["task", "conflict"] == 0
    assert (both.of(task).priority, both.kore(task).priority) == ("7", "Low")
    assert both.at_rest()


@pytest.mark.parametrize(
    ("owner", "number", "name"),
    [("kore", "6", "Low"), ("casemgr", "1", "Critical")],
)
def test_an_owner_decides_a_conflict(owner: str, number: str, name: str) -> None:
    both, _, task = carried(owner=owner)
    both.edit(task, priority="Low")
    both.edit(f"activity:{both.of(task).id}", priority="1")

    both.later()

    assert (both.of(task).priority, both.kore(task).priority) == (number, name)
    assert both.at_rest()


def test_new_records_on_either_side_come_to_the_other_once() -> None:
    both, case, _ = carried()
    added = both.task(case, "Second thing")
    agents = both.agent_task(both.of(case).id, "Third thing")
    own = both.agent_case("Printer on fire", severity="high")
    inside = both.agent_task(own, "Fetch water", priority="2")
    fresh = both.case("Screen black")

    both.later()

    assert both.of(added).subject == "Second thing"
    named = {t.name: t for t in both.box.kore.tasks.values()}
    assert named["Third thing"].case_id == case
    cases = {c.name: c for c in both.box.kore.cases.values()}
    assert named["Fetch water"].case_id == cases["Printer on fire"].id
    assert cases["Printer on fire"].priority == "High"
    assert both.of(fresh) is not None
    assert len(both.box.kore.cases) == 3
    assert len(both.box.kore.tasks) == 4
    assert len(both.box.casemgr.cases) == 3
    assert both.at_rest()
    assert (agents, inside) != ("", "")


def test_finishing_flows_both_ways() -> None:
    both, case, task = carried()
    other = both.task(case, "Second thing")
    both.later()
    both.edit(f"activity:{both.of(task).id}", priority="2")
    both.box.human.complete(both.of(task).id)

    both.later()

    assert both.kore(task).status in ("Resolved", "Closed")
    assert both.kore(case).status == "Open"
    both.edit(other, status="Resolved")
    both.box.human.close("kore", case)
    both.later()
    assert both.of(other).status == "completed"
    assert both.of(case).status == "closed"
    assert both.at_rest()


def test_a_pair_that_was_parted_is_out_of_scope_on_both_sides() -> None:
    """Nothing goes either way, and the books balance."""
    both, case, task = carried()
    for each in (case, task):
        unlink(both.rig.store, kore_key(each))
    both.edit(task, priority="Low")
    both.edit(f"case:{both.of(case).id}", severity="high")
    before = both.writes()

    both.later()

    assert both.writes() == before
    assert both.tally.ends["case", "out_of_scope"] == 2


def test_a_case_closed_by_an_agent_is_closed_in_kore_and_rests() -> None:
    """The copies of Kore's words in it can't follow any more: that is no event."""
    both, case, task = carried()
    other = both.task(case, "Second thing")
    both.later()
    both.box.human.close("casemgr", both.of(case).id)

    tally = both.later()

    assert both.kore(case).status == "Closed"
    assert both.kore(task).status in ("Resolved", "Closed")
    assert both.kore(other).status in ("Resolved", "Closed")
    assert tally.total("set_aside", "waiting", "conflict") == 0
    assert both.at_rest()
    assert both.tally.total("set_aside", "waiting", "conflict") == 0
    assert both.holds == {}
