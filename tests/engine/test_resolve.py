"""A person decides a conflict: the next sync carries it, and everything else flows.

Judged by what both systems hold.
"""

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from caseferry.engine.conflicts import Desk, Disputed, resolve
from caseferry.engine.relink import retry
from caseferry.model.direction import Direction
from caseferry.model.link import Hold, HoldKind
from caseferry.model.record import System, kore_key
from caseferry.reconcile.conflicts import hindrance
from support.both import Both
from support.rig import default_mapper


def desk(both: Both, direction: Direction = Direction.TWO_WAY) -> Desk:
    return Desk(both.rig.store, both.rig.mapper, direction, both.clock.now())


def waiting(both: Both) -> dict[str, list[tuple[str, str]]]:
    """Give the open conflicts: by Kore's local id, the field and its code."""
    return {
        pair.link.kore.removeprefix("kore:"): [
            (c.kore_field, c.code) for c in pair.conflicts
        ]
        for pair in desk(both).open()
    }


def decide(both: Both, take: str, field: str = "") -> None:
    """Take one side of every open conflict, or of those on one field."""
    run = both.rig.store.begin_run("resolve", "t", {})
    for pair in list(desk(both).open()):
        chosen = [c for c in pair.conflicts if not field or c.answers_to(field)]
        resolve(both.rig.store, pair, chosen, take=System(take), run=run)


def disputed(**options: Callable[[str], str]) -> tuple[Both, str, str, str]:
    """Carry a task, and have both sides change its priority; a sync finds it."""
    both = Both()
    if "mapping" in options:
        both.rig.mapper = default_mapper(options["mapping"])
    case = both.case("Router down", priority="Medium")
    task = both.task(case, "Call back", priority="Medium", due=both.due(20))
    both.run()
    both.later()
    twin = f"activity:{both.of(task).id}"
    both.edit(task, priority="Low")
    both.edit(twin, priority="1")
    both.later()
    return both, case, task, twin


@pytest.mark.parametrize(
    ("take", "number", "name"), [("kore", "6", "Low"), ("casemgr", "1", "Critical")]
)
def test_the_side_that_is_taken_comes_to_the_other_one(
    take: str, number: str, name: str
) -> None:
    """Nothing moves before a decision, and after it nothing is left."""
    both, _, task, _ = disputed()
    assert waiting(both) == {task: [("priority", "both-changed")]}
    before = both.writes()
    both.later()
    assert both.writes() == before

    decide(both, take)
    both.later()

    assert (both.of(task).priority, both.kore(task).priority) == (number, name)
    assert waiting(both) == {}
    assert both.at_rest()
    assert both.holds == {}


@pytest.mark.parametrize("take", ["kore", "casemgr"])
def test_a_value_that_changes_after_the_decision_is_a_conflict_again(take: str) -> None:
    """Nobody's later edit is overwritten by an older decision."""
    both, _, task, twin = disputed()
    decide(both, take)
    if take == "kore":
        both.edit(twin, priority="2")
    else:
        both.edit(task, priority="High")

    both.later()

    values = (both.of(task).priority, both.kore(task).priority)
    assert values == (("2", "Low") if take == "kore" else ("1", "High"))
    # High is what "2" means: edited to the same, both would agree
    assert waiting(both) == {task: [("priority", "both-changed")]}


def test_fields_are_decided_one_by_one() -> None:
    """Of two conflicts of one record one is settled; the other one stays listed."""
    both, _, task, twin = disputed(
        mapping=lambda text: text.replace('owner = "casemgr"', 'owner = "ask"')
    )
    kore_due, casemgr_due = both.due(40), both.due(60)
    both.edit(task, due=kore_due)
    both.edit(twin, due=casemgr_due)
    both.later()
    assert {name for name, _ in waiting(both)[task]} == {"priority", "dueDate"}

    decide(both, "casemgr", "priority")
    assert [name for name, _ in waiting(both)[task]] == ["dueDate"]
    both.later()

    assert both.kore(task).priority == "Critical"
    assert (both.kore(task).due, both.of(task).due) == (kore_due, casemgr_due)
    assert [name for name, _ in waiting(both)[task]] == ["dueDate"]
    decide(both, "kore", "DUEDATE")
    both.later()
    assert both.of(task).due == kore_due
    assert both.at_rest()


@pytest.mark.parametrize("take", ["kore", "casemgr"])
def test_what_a_lost_state_cannot_tell_is_decided_likewise(take: str) -> None:
    """Nobody knows which side changed: a person says which one counts."""
    both, _, task, twin = disputed()
    decide(both, "kore")
    both.later()
    both.lose_state()
    both.edit(twin, priority="2")
    both.later()
    assert waiting(both) == {task: [("priority", "not-agreed")]}

    decide(both, take)
    both.later()

    values = (both.of(task).priority, both.kore(task).priority)
    assert values == (("6", "Low") if take == "kore" else ("2", "High"))
    assert both.at_rest()


def asks(text: str) -> str:
    """Let a person decide on cases that Kore has open again."""
    return text.replace('reopened = "opener"  ', 'reopened = "conflict"')


@pytest.mark.parametrize("take", ["kore", "casemgr"])
def test_a_case_that_is_open_again_in_kore_is_decided(take: str) -> None:
    """Kore's opens it again by an opener; casemgr's closes it in Kore."""
    both = Both()
    both.rig.mapper = default_mapper(asks)
    case = both.case("Router down")
    both.task(case, "Call back")
    both.run()
    both.later()
    both.box.human.close("kore", case)
    both.later()
    assert both.of(case).status == "closed"
    both.edit(case, status="Open")
    both.later()
    assert waiting(both) == {case: [("status", "case-reopened")]}

    decide(both, take)
    both.later()

    if take == "kore":
        assert (both.of(case).status, both.kore(case).status) == ("open", "Open")
    else:
        assert (both.of(case).status, both.kore(case).status) == ("closed", "Closed")
    assert waiting(both) == {}
    assert both.at_rest()


def test_a_change_that_casemgr_cannot_take_leaves_only_its_own_side() -> None:
    """A subject is written once: Kore's cannot be taken, casemgr's goes back."""
    both, _, task, _ = disputed(
        mapping=lambda text: text.replace(
            '"task.name" = "note"  ', '"task.name" = "conflict"'
        ).replace('"subject", owner = "kore"', '"subject", owner = "ask"')
    )
    decide(both, "kore")
    both.later()
    both.edit(task, name="Call back soon")
    both.later()
    assert waiting(both) == {task: [("name", "write-once")]}
    (pair,) = desk(both).open()
    assert pair.twins is not None
    assert "cannot take" in hindrance(pair.twins, pair.conflicts[0], System.KORE)
    assert not hindrance(pair.twins, pair.conflicts[0], System.CASEMGR)

    decide(both, "casemgr")
    both.later()

    assert (both.of(task).subject, both.kore(task).name) == ("Call back", "Call back")
    assert both.at_rest()


def test_a_migration_lists_and_settles_its_conflicts_too() -> None:
    """Without two-way sync casemgr's value stays, or gives way to Kore's."""
    both = Both()
    case = both.case("Router down")
    first, second = both.task(case, "Call back"), both.task(case, "Write")
    both.run()
    for task in (first, second):
        both.edit(task, priority="Low")
        both.edit(f"activity:{both.of(task).id}", priority="1")
    both.again()
    assert [pair.conflicts for pair in desk(both).open()] == [(), ()]
    both.begin()  # a two-way plan reads what casemgr holds
    found: dict[str, Disputed] = {
        pair.link.kore: pair for pair in desk(both, Direction.TO_CASEMGR).open()
    }
    assert len(found) == 2

    run = both.rig.store.begin_run("resolve", "t", {})
    for task, take in ((first, System.KORE), (second, System.CASEMGR)):
        pair = found[kore_key(task)]
        resolve(both.rig.store, pair, pair.conflicts, take=take, run=run)
    both.again()

    assert (both.of(first).priority, both.of(second).priority) == ("6", "1")
    assert both.holds == {}
    assert both.rests()


def refuse_second_thing(request: httpx.Request) -> httpx.Response | None:
    """Refuse to make the record, on either side."""
    if request.method == "POST" and b"Second thing" in request.content:
        body = {"code": "400-999", "developerMessage": "No.", "errors": [{"msg": "No"}]}
        return httpx.Response(400, json=body)
    return None


@pytest.mark.parametrize("side", ["kore", "casemgr"])
def test_what_is_taken_up_again_is_looked_at_though_nothing_changed(side: str) -> None:
    """A refused record of either side is sent again after `retry`, and not before."""
    both, case, _, _ = disputed()
    decide(both, "kore")
    both.agent_task(both.of(case).id, "First thing")
    both.later()
    if side == "kore":
        both.task(case, "Second thing")
    else:
        both.agent_task(both.of(case).id, "Second thing")
    both.tap(refuse_second_thing)
    both.later()
    both.tap(lambda _: None)
    held = [h for h in both.holds.values() if h.kind is HoldKind.QUARANTINE]
    assert [hold.key.partition(":")[0] for hold in held] == [side]
    assert both.at_rest()

    retry(both.rig.store, 1, held)
    both.later()

    assert sum(t.name == "Second thing" for t in both.box.kore.tasks.values()) == 1
    twins = [
        a for a in both.box.casemgr.activities.values() if a.subject == "Second thing"
    ]
    assert len(twins) == 1
    assert both.holds == {}
    assert both.at_rest()


def test_a_record_that_was_parted_and_joined_again_is_looked_at() -> None:
    """`retry` of a tombstone carries what was missed meanwhile."""
    both, _, task, _ = disputed()
    decide(both, "kore")
    both.later()
    store = both.rig.store
    key = kore_key(task)
    link = store.link(key)
    assert link is not None
    home = store.record(key)
    assert home is not None
    assert home.parent is not None
    store.save_link(replace(link, tombstone=True), home.parent)
    both.edit(task, priority="High")
    both.later()
    assert both.of(task).priority == "6"

    no_holds: list[Hold] = []
    retry(store, 1, no_holds, [key])
    both.later()

    assert both.of(task).priority == "2"
    assert both.at_rest()
