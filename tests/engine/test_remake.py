"""Undo, mend the mapping, retry, migrate: made once more, and never twice."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from caseferry.adapters.memory_store import MemoryStore
from caseferry.engine.migrate import Options
from caseferry.engine.relink import rebuild, retry, undone_keys
from caseferry.engine.to_kore.migrate import MigrationToKore
from caseferry.engine.verify import verify
from caseferry.model.record import kore_key
from support.back import Back
from support.both import Both
from support.scene import Scene
from support.taken_back import ours, undone, writes

LOST = [frozenset(), *(frozenset({step}) for step in range(4)), frozenset(range(4))]


class Died(Exception):
    """Nothing after this is done."""


def take_up(scene: Any) -> None:
    """Say `retry --reason undone`."""
    store = scene.rig.store
    retry(store, store.begin_run("retry", "t", {}), [], undone_keys(store))


def lose(scene: Any) -> None:
    scene.rig.store = MemoryStore()


def live(scene: Scene) -> list[Any]:
    """Give our activities that are not marked as taken back."""
    return [
        activity
        for activity in ours(scene.box)
        if not any("Taken back" in note.content for note in activity.notes)
    ]


def sources(activities: list[Any]) -> list[str]:
    """Name them by role and source, without the generation."""
    return sorted(a.custom["ext_key"][0].rpartition(".")[0] for a in activities)


def made(box: Any) -> int:
    return len(box.casemgr.activities) + len(box.casemgr.cases)


def in_kore(back: Back) -> list[Any]:
    both = (*back.box.kore.cases.values(), *back.box.kore.tasks.values())
    return [record for record in both if record.is_active]


def rebuilt(scene: Any) -> Any:
    context = scene.rig.context()
    context.run = scene.rig.store.begin_run("links", "t", {})
    return rebuild(context)


def proof(scene: Scene) -> Any:
    context = scene.rig.context()
    context.run = scene.rig.store.begin_run("verify", "t", {})
    return verify(context)


def is_note(asked: httpx.Request) -> bool:
    return asked.method == "POST" and asked.url.path.endswith("/note")


# into casemgr -----------------------------------------------------------------
@pytest.mark.parametrize("lost", LOST, ids=lambda lost: f"lost-{sorted(lost)}")
def test_what_was_undone_is_made_once_more_in_casemgr(lost: frozenset[int]) -> None:
    """Nothing before `retry`, one of each after it, wherever the state was lost."""
    scene = Scene(cases=5)
    scene.run()
    first = sources(live(scene))
    undone(scene.rig, 1)
    assert live(scene) == []
    if 0 in lost:
        lose(scene)
    before = made(scene.box), writes(scene.box, "casemgr")
    scene.again()
    assert (made(scene.box), writes(scene.box, "casemgr")) == before
    if 1 in lost:
        lose(scene)
        rebuilt(scene)
    take_up(scene)
    if 2 in lost:  # what a person said is lost with it, and is said again
        lose(scene)
        scene.again()
        take_up(scene)
    scene.again()
    if 3 in lost:
        lose(scene)
    settled = made(scene.box), writes(scene.box, "casemgr")
    scene.again()

    assert (made(scene.box), writes(scene.box, "casemgr")) == settled
    assert sources(live(scene)) == first
    found = proof(scene)
    assert found.counts["case", "twice"] == found.counts["task", "twice"] == 0
    assert found.counts["case", "different"] == found.counts["task", "different"] == 0
    assert found.counts["case", "missing"] == found.counts["task", "missing"] == 0


def test_it_is_undone_and_made_again_and_again() -> None:
    """Each time one generation on; an old run's undo touches nothing new."""
    scene = Scene()
    case = scene.case()
    task = scene.task(case)
    for number in range(3):
        if number:
            take_up(scene)
        scene.again()
        run = making(scene.rig.store)
        alive = live(scene)
        assert generations(alive) == {number}
        homes = [scene.box.casemgr.cases[a.case_id] for a in alive]
        assert generations(homes) == {number}
        undone(scene.rig, 1) if number else None
        assert live(scene) == ([] if run == 1 and number else alive)
        undone(scene.rig, run)
        assert live(scene) == []
    assert len(scene.all_of(task)) == 3


def test_an_opener_is_of_the_next_generation_too() -> None:
    """A case without tasks comes back by a new opener, and is proved once."""
    scene = Scene()
    scene.case()
    scene.run()
    undone(scene.rig, 1)
    take_up(scene)
    scene.again()

    assert generations(live(scene)) == {1}
    assert proof(scene).counts["case", "twice"] == 0
    assert scene.rests()


def test_the_proof_tells_what_is_there_from_what_was() -> None:
    """Missing until it is made again; once after it, with a state or without."""
    scene = Scene()
    case = scene.case()
    scene.task(case)
    scene.run()
    undone(scene.rig, 1)
    take_up(scene)
    before = proof(scene)
    scene.again()
    scene.lose_state()
    after = proof(scene)

    assert (before.counts["case", "missing"], before.counts["task", "missing"]) == (
        1,
        1,
    )
    for entity in ("case", "task"):
        there = ("equal", "accepted_loss")
        assert sum(after.counts[entity, verdict] for verdict in there) == 1


def held_open() -> tuple[Scene, str]:
    """A case that was taken back, but for an agent's open mail in it; its id."""
    scene = Scene()
    case = scene.case()
    task = scene.task(case)
    scene.run()
    home = scene.of(task).case_id
    scene.box.human.create(
        "casemgr", "activity", case_id=home, subject="Reply", kind="email"
    )
    undone(scene.rig, 1)
    return scene, home


def test_a_case_that_others_hold_open_is_joined_again() -> None:
    """Its old tasks are made anew in it; no second case comes into being."""
    scene, home = held_open()
    scene.again()
    assert live(scene) == []

    take_up(scene)
    scene.again()

    assert [activity.case_id for activity in live(scene)] == [home]
    assert len(scene.box.casemgr.cases) == 1
    assert scene.rests()


def test_it_is_joined_again_by_a_rebuilt_state_too() -> None:
    """A tombstone is all that a rebuilt state makes of it, until `retry`."""
    scene, home = held_open()
    lose(scene)
    before = writes(scene.box, "casemgr")
    scene.again()
    assert writes(scene.box, "casemgr") == before

    take_up(scene)
    scene.again()

    assert [activity.case_id for activity in live(scene)] == [home]
    assert len(scene.box.casemgr.cases) == 1


def test_a_task_alone_is_made_again_in_its_case() -> None:
    """The case and its older task are none of the undo's."""
    scene = Scene()
    case = scene.case()
    old = scene.task(case)
    scene.run()
    new = scene.task(case, "One more")
    scene.again()
    undone(scene.rig, 2)

    retry(scene.rig.store, 1, [], [kore_key(new)])
    scene.again()

    assert len(scene.all_of(new)) == 2
    (there,) = (a for a in live(scene) if a not in scene.all_of(old))
    assert there.case_id == scene.of(old).case_id
    assert scene.rests()
    lose(scene)
    assert scene.rests()


def test_the_state_knows_what_a_dropped_note_does_not_tell() -> None:
    """Where the mark was refused the state still makes it again, once."""
    scene = Scene()
    case = scene.case()
    scene.task(case)
    scene.run()
    refused = httpx.Response(400, json={"code": "400-152"})
    scene.tap(lambda asked: refused if is_note(asked) else None)
    undone(scene.rig, 1)
    assert len(live(scene)) == 1
    scene.rig.wrap = lambda inner: inner

    take_up(scene)
    scene.again()

    assert len([a for a in ours(scene.box) if a.status == "assigned"]) == 1


def test_an_undo_that_did_not_end_it_makes_no_second_one() -> None:
    """It is in a queue: what is still there is taken up again, not made twice."""
    scene = Scene()
    case = scene.case()
    task = scene.task(case)
    scene.run()
    scene.edit(f"activity:{scene.of(task).id}", status="awaiting_assignment")
    undone(scene.rig, 1)

    take_up(scene)
    scene.again()

    assert len(scene.all_of(task)) == 1


@pytest.mark.parametrize("moment", range(12))
def test_an_undo_that_died_anywhere_leads_to_one(moment: int) -> None:
    """Killed at any commit, gone on with, taken up: one that is live."""
    scene = Scene()
    case = scene.case()
    scene.task(case)
    scene.task(case, "Another")
    scene.run()
    first = sources(live(scene))
    store = scene.rig.store
    died = die_at(store, moment, lambda: undone(scene.rig, 1))

    if died:  # said too early, it never makes a second one
        parted = [x.kore for x in store.links() if x.tombstone]
        retry(store, store.begin_run("retry", "t", {}), [], parted)
        scene.again()
        open_now = [a for a in ours(scene.box) if a.status == "assigned"]
        assert len(sources(open_now)) == len({*sources(open_now)})
    undone(scene.rig, 1)
    take_up(scene)
    scene.again()

    open_now = [a for a in ours(scene.box) if a.status == "assigned"]
    assert sources(open_now) == first
    assert len({a.case_id for a in open_now}) == 1


def die_at(store: Any, moment: int, act: Callable[[], Any]) -> bool:
    """Do something that ends at the n-th commit; tells whether it did."""
    left = [moment]

    def dies(when: str) -> None:
        if when == "after":
            left[0] -= 1
            if left[0] < 0:
                raise Died

    store.on_commit = dies
    try:
        act()
    except Died:
        return True
    finally:
        store.on_commit = None
    return False


# into Kore --------------------------------------------------------------------
@pytest.mark.parametrize("lost", LOST, ids=lambda lost: f"lost-{sorted(lost)}")
def test_what_was_undone_is_made_once_more_in_kore(lost: frozenset[int]) -> None:
    """As towards casemgr, where Kore lists what is inactive."""
    back = Back(cases=5, readings={"kore.inactive_in_list": "shown"})
    back.run()
    first = names(in_kore(back))
    undone(back.rig, 1)
    assert in_kore(back) == []
    if 0 in lost:
        lose(back)
    before = records_in_kore(back), writes(back.box, "kore")
    back.again()
    assert (records_in_kore(back), writes(back.box, "kore")) == before
    if 1 in lost:
        lose(back)
        rebuilt(back)
    take_up(back)
    if 2 in lost:
        lose(back)
        back.again()
        take_up(back)
    back.again()
    if 3 in lost:
        lose(back)
    settled = records_in_kore(back), writes(back.box, "kore")
    back.again()

    assert (records_in_kore(back), writes(back.box, "kore")) == settled
    assert names(in_kore(back)) == first
    found = back.verify()
    for verdict in ("twice", "different", "missing"):
        assert found.counts["case", verdict] == found.counts["task", verdict] == 0


@pytest.mark.parametrize("shown", ["hidden", "shown"])
def test_it_is_undone_and_made_in_kore_again_and_again(shown: str) -> None:
    """Each time one generation on; an old run's undo touches nothing new."""
    back = Back(cases=0, readings={"kore.inactive_in_list": shown})
    case = back.case("Lamp")
    back.task(case, "Call")
    for number in range(3):
        if number:
            take_up(back)
        back.again()
        alive = in_kore(back)
        assert len(alive) == 2
        key = re.compile(rf"cf1\.\w+\.\w\.\d+\.{number}[ \]]")
        assert all(key.search(record.desc or "") for record in alive)
        if number:
            undone(back.rig, 1)
            assert in_kore(back) == alive
        assert back.rests()
        found = back.verify()
        assert found.counts["case", "twice"] == found.counts["task", "twice"] == 0
        assert found.counts["case", "equal"] + found.counts["case", "accepted_loss"]
        undone(back.rig, making(back.rig.store))
        assert in_kore(back) == []


def test_a_kore_case_with_others_tasks_is_joined_again() -> None:
    """It stayed active: its tasks are made anew in it."""
    back = Back(cases=0, readings={"kore.inactive_in_list": "shown"})
    case = back.case("Lamp")
    back.task(case, "Call")
    back.run()
    (home,) = back.box.kore.cases
    back.box.human.create("kore", "task", case_id=home, name="Theirs")
    undone(back.rig, 1)

    take_up(back)
    back.again()

    assert [c.id for c in back.box.kore.cases.values()] == [home]
    assert len([r for r in in_kore(back) if r.name == "Call"]) == 1
    assert back.rests()


def test_a_kore_record_that_somebody_reactivates_is_no_counterpart() -> None:
    """It is nobody's twin, and no new record for casemgr either."""
    back = Back(cases=0, readings={"kore.inactive_in_list": "shown"})
    case = back.case("Lamp")
    back.task(case, "Call")
    back.run()
    undone(back.rig, 1)
    take_up(back)
    back.again()
    old = next(c for c in back.box.kore.cases.values() if not c.is_active)
    back.box.human.edit("kore", "case", old.id, is_active=True)
    before = made(back.box)

    assert back.rests()
    back.rig.migrate()

    assert made(back.box) == before
    found = back.verify()
    assert found.counts["case", "twice"] == 0


@pytest.mark.parametrize("moment", range(12))
def test_an_undo_in_kore_that_died_anywhere_leads_to_one(moment: int) -> None:
    """Killed at any commit, gone on with, taken up: one that is live."""
    back = Back(cases=0, readings={"kore.inactive_in_list": "shown"})
    case = back.case("Lamp")
    back.task(case, "Call")
    back.task(case, "Send")
    back.run()
    first = names(in_kore(back))
    store = back.rig.store
    died = die_at(store, moment, lambda: undone(back.rig, 1))

    if died:
        parted = [x.kore for x in store.links() if x.tombstone]
        retry(store, store.begin_run("retry", "t", {}), [], parted)
        back.again()
        assert len(names(in_kore(back))) == len({*names(in_kore(back))})
    undone(back.rig, 1)
    take_up(back)
    back.again()

    assert names(in_kore(back)) == first


# both ways --------------------------------------------------------------------
@pytest.mark.parametrize("is_lost", [False, True])
def test_a_two_way_run_makes_it_once_more(is_lost: bool) -> None:  # noqa: FBT001
    """Both systems' new records are taken back, and made again by a sync."""
    both = Both(readings={"kore.inactive_in_list": "shown"})
    fresh = both.case("Lamp")
    both.task(fresh, "Send")
    agents = both.agent_case("Mail")
    both.agent_task(agents, "Answer")
    both.run()
    both.later()
    undone(both.rig, 1)
    undone(both.rig, both.last._context.run)
    if is_lost:
        both.lose_state()
    counts = everything_made(both)
    both.later()
    both.later()
    assert everything_made(both) == counts

    take_up(both)
    both.later()

    assert everything_made(both) == counts + 4
    open_now = [a for a in ours(both.box) if a.status == "assigned"]
    assert sorted(a.subject for a in open_now) == ["Answer", "Send"]
    theirs = [r for r in both.box.kore.cases.values() if r.name == "Mail"]
    assert [r.is_active for r in theirs] == [False, True]
    assert both.at_rest()
    assert everything_made(both) == counts + 4
    if is_lost:
        both.lose_state()
        both.later()
        assert both.at_rest()
        assert everything_made(both) == counts + 4


def test_what_its_own_source_names_is_not_joined_by_a_lost_state() -> None:
    """An edit from casemgr named the activity in Kore before it was taken back."""
    both = Both()
    fresh = both.case("Lamp")
    task = both.task(fresh, "Send")
    both.run()
    both.later()
    both.edit(f"activity:{both.of(task).id}", priority="1")
    both.later()
    assert any("ext:cf1." in tag for tag in both.kore(task).tags)
    undone(both.rig, 1)
    both.lose_state()

    context = both.rig.context()
    context.run = both.rig.store.begin_run("migrate", "t", {})
    migration = MigrationToKore(context, Options())
    migration.read()

    links = [x for x in both.rig.store.links() if x.kore == kore_key(task)]
    assert [link.tombstone for link in links] == [True]


def test_what_was_taken_back_in_casemgr_is_not_carried_to_kore() -> None:
    """Its link is gone: it is no agent's record all the same."""
    both = Both()
    fresh = both.case("Lamp")
    both.task(fresh, "Send")
    both.run()
    undone(both.rig, 1)
    take_up(both)
    both.later()
    counts = everything_made(both)
    (old,) = (a for a in ours(both.box) if a not in live(both))
    both.edit(f"activity:{old.id}", priority="1")
    both.edit(f"case:{old.case_id}", severity="high")

    both.later()

    assert everything_made(both) == counts


def names(records: list[Any]) -> list[str]:
    return sorted(record.name for record in records)


def records_in_kore(back: Any) -> int:
    return len(back.box.kore.cases) + len(back.box.kore.tasks)


def everything_made(both: Any) -> int:
    return made(both.box) + records_in_kore(both)


def generations(records: list[Any]) -> set[int]:
    return {int(r.custom["ext_key"][0].rpartition(".")[2]) for r in records}


def making(store: MemoryStore) -> int:
    """Give the last run that made anything."""
    runs = range(1, store.begin_run("look", "t", {}))
    return max(
        run
        for run in runs
        if any(e.intent.kind == "create" for e in store.entries(run))
    )
