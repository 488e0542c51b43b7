"""No record twice: lost and old states, second machines, parted and joined records."""

import shutil
from pathlib import Path

import httpx
import pytest

from caseferry.adapters.memory_store import MemoryStore, Snapshot
from caseferry.adapters.sqlite.store import SqliteStore
from caseferry.engine.migrate import Options
from caseferry.engine.relink import link_twins, rebuild, retry, unlink
from caseferry.model.link import HoldKind
from caseferry.model.record import activity_key, case_key, kore_key
from support.scene import Scene


def test_a_lost_state_creates_nothing() -> None:
    """Without its state a run finds its own records by their keys."""
    scene = Scene(cases=12)
    scene.run()

    scene.lose_state()
    before = scene.asked
    scene.again()

    assert scene.asked == before
    assert scene.complaints() == []
    assert scene.rests()


def test_a_lost_state_is_rebuilt_from_the_keys() -> None:
    """`links rebuild` restores as many links as there were; then nothing is to do."""
    scene = Scene(cases=12)
    scene.run()
    known = {(link.kore, link.casemgr) for link in scene.rig.store.links()}

    scene.lose_state()
    context = scene.rig.context()
    context.run = scene.rig.store.begin_run("links rebuild", "t", {})
    adopted = rebuild(context)

    assert adopted.twice == adopted.strangers == 0
    assert {(x.kore, x.casemgr) for x in scene.rig.store.links()} == known
    assert scene.rests()


@pytest.mark.parametrize("lag", [5, 20])
def test_a_state_that_is_lost_a_moment_after_a_run_creates_nothing(lag: int) -> None:
    """What was created just now may not be listed yet; nothing is created again."""
    scene = Scene(cases=6, readings={"casemgr.search_lag_s": lag})
    scene.run()

    scene.lose_state()
    scene.run()

    assert scene.complaints() == []


def test_an_older_copy_of_the_state_creates_nothing_twice(tmp_path: Path) -> None:
    """A state restored from before the last runs adopts what it does not know."""
    scene = Scene(cases=6)
    path, old = tmp_path / "s.db", tmp_path / "old.db"
    with SqliteStore.open(path) as scene.rig.store:
        scene.run()
    shutil.copy(path, old)
    late = scene.case("Later")
    scene.task(late)
    with SqliteStore.open(path) as scene.rig.store:
        scene.again()
    written = scene.written

    path.unlink()
    shutil.copy(old, path)
    with SqliteStore.open(path) as scene.rig.store:
        scene.again()
        assert scene.rests()

    assert scene.written == written
    assert scene.complaints() == []


def test_a_copy_from_before_the_end_of_a_run_creates_nothing_twice() -> None:
    """Whatever moment of a run a copy is from, going on with it does nothing twice."""
    for at in range(5, 120, 9):
        scene = Scene(cases=5)
        store = MemoryStore()
        scene.rig.store = store
        copies: list[Snapshot] = []

        def keep(
            moment: str, store: MemoryStore = store, copies: list[Snapshot] = copies
        ) -> None:
            if moment == "after":
                copies.append(store.snapshot())

        store.on_commit = keep
        scene.run()
        if at >= len(copies):
            break

        store.on_commit = None
        store.restore(copies[at])
        scene.again()

        assert scene.complaints() == [], at
        assert scene.rests()


def test_two_machines_take_turns() -> None:
    """Each machine adopts what the other one created, and overwrites nothing."""
    scene = Scene(cases=6)
    one, two = MemoryStore(), MemoryStore()
    for number in range(6):
        case = scene.case(f"Case {number}")
        scene.task(case)
        scene.rig.store = (one, two)[number % 2]
        scene.again()
        assert scene.complaints() == []

    assert scene.rests()
    scene.rig.store = one
    assert scene.rests()


def test_twins_made_by_hand_are_joined_and_not_created() -> None:
    """After `link` a case and a task made by hand are the counterparts."""
    scene = Scene()
    case = scene.case()
    task = scene.task(case)
    other = scene.case("Something else")
    scene.task(other)
    scene.run(Options(only=(kore_key(other),)))
    customer = scene.box.human.create(
        "casemgr",
        "customer",
        contact={"firstName": "Liz", "email": [{"emailAddress": "liz2@example.com"}]},
    )
    home = scene.box.human.create(
        "casemgr", "case", subject="By hand", customer_id=customer
    )
    made = scene.box.human.create(
        "casemgr", "activity", case_id=home, kind="task", subject="By hand"
    )

    context = scene.rig.context()
    context.run = 1
    link_twins(context, kore_key(case), case_key(home))
    link_twins(context, kore_key(task), activity_key(made))
    scene.again()

    assert scene.all_of(task) == []
    assert scene.all_of(case) in ([], [scene.box.casemgr.cases[home]])
    assert scene.box.casemgr.cases[home].subject == "By hand"
    assert len(scene.box.casemgr.cases) == 2
    assert scene.rests()


def test_an_unlinked_case_is_left_alone() -> None:
    """A parted case is out of scope: neither changed nor created again."""
    scene = Scene()
    case = scene.case()
    scene.task(case)
    scene.run()

    unlink(scene.rig.store, kore_key(case))
    scene.edit(case, priority="Low", status="Closed")
    before = scene.asked
    scene.again()

    assert scene.asked == before
    assert scene.tally.ends["case", "out_of_scope"] == 1
    assert scene.rests()


@pytest.mark.parametrize("pause", [10.0, 7200.0])
def test_a_parted_record_that_is_taken_up_again_is_there_once(pause: float) -> None:
    """`unlink` and `retry` never make a second record with the same key."""
    scene = Scene()
    case = scene.case()
    task = scene.task(case)
    scene.task(case, "Another")
    scene.run()
    scene.again(wait=pause)

    unlink(scene.rig.store, kore_key(task))
    scene.again(wait=pause)
    retry(scene.rig.store, 1, [], [kore_key(task)])
    scene.again(wait=pause)

    assert len(scene.all_of(task)) == 1
    assert scene.complaints() == []


def test_a_parted_case_that_is_taken_up_again_goes_on() -> None:
    """`unlink` and `retry` of a case find its counterpart again."""
    scene = Scene()
    case = scene.case()
    task = scene.task(case)
    scene.run()

    unlink(scene.rig.store, kore_key(case))
    scene.again()
    retry(scene.rig.store, 1, [], [kore_key(case)])
    scene.edit(task, priority="Low")
    scene.again()

    assert scene.of(task).priority == "6"
    assert scene.complaints() == []
    assert scene.rests()


def test_an_edit_made_while_a_lost_create_is_settled_survives() -> None:
    """An agent may work on a record before its lost reply is settled; that stays."""
    scene = Scene()
    case = scene.case()
    first = scene.task(case, "First")
    scene.run()
    task = scene.task(case, "Second", priority="Medium", due=scene.due(20))

    class Gone(BaseException):
        pass

    def die(_: httpx.Request) -> None:
        if scene.all_of(task):
            raise Gone

    scene.tap(die)
    with pytest.raises(Gone):
        scene.again()
    scene.rig.wrap = lambda inner: inner
    activity = scene.of(task)
    intents = scene.rig.store.open_intents()
    scene.edit(f"activity:{activity.id}", priority="1", due=scene.due(2))
    due = activity.due
    scene.again()

    assert (scene.of(task).priority, scene.of(task).due) == ("1", due), intents
    assert scene.of(first).priority
    assert scene.rests()


def test_a_lost_reply_and_an_edit_by_an_agent() -> None:
    """The create's reply is lost, the run ends at once, an agent edits: that stays."""
    scene = Scene()
    case = scene.case()
    scene.task(case, "First")
    scene.run()
    task = scene.task(case, "Second", priority="Medium")
    store = scene.rig.store

    class Gone(BaseException):
        pass

    def die(moment: str) -> None:
        if moment == "before" and scene.all_of(task):
            raise Gone

    store.on_commit = die
    with pytest.raises(Gone):
        scene.again()
    store.on_commit = None
    scene.edit(f"activity:{scene.of(task).id}", priority="1")
    scene.again()

    assert scene.of(task).priority == "1"
    assert scene.rests()


def test_an_uncertain_record_is_created_by_retry_only() -> None:
    """Where nothing can tell, nothing is guessed; a person's word settles it."""
    scene = Scene(readings={"casemgr.attribute_drop": "on"})
    scene.rig.allowed = frozenset({"key-dropped", "field-dropped", "lookup-unproved"})
    case = scene.case()
    scene.fault("error_before", "create_task")

    scene.run()

    assert [hold.kind for hold in scene.holds.values()] == [HoldKind.UNCERTAIN]
    assert scene.box.casemgr.activities == {}
    assert (
        scene.tally.ends["case", "waiting"] + scene.tally.ends["case", "uncertain"] == 1
    )
    scene.again()
    assert scene.box.casemgr.activities == {}
    retry(scene.rig.store, 1, list(scene.holds.values()))
    scene.again()
    assert len(scene.box.casemgr.activities) == 1
    assert scene.holds == {}
    assert case


@pytest.mark.parametrize("kind", ["lost_reply", "error_after", "late_effect"])
def test_without_keys_a_lost_reply_is_never_repeated(kind: str) -> None:
    """Where attributes are dropped a lost create ends as uncertain, never as two."""
    scene = Scene(readings={"casemgr.attribute_drop": "on"})
    scene.rig.allowed = frozenset({"key-dropped", "field-dropped", "lookup-unproved"})
    for number in range(4):
        scene.task(scene.case(f"Case {number}"), f"Task {number}")
    scene.fault(kind, "create_task", after=2, delay_s=45.0)

    scene.run()
    scene.again()

    names = [a.subject for a in scene.box.casemgr.activities.values()]
    assert sorted(names) == [f"Task {number}" for number in range(4)]
    assert len(scene.box.casemgr.cases) == 4
    assert scene.tally.actions["task", "uncertain"] == 1
