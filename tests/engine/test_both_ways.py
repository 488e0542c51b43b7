"""One state that is used in both directions, kept and lost."""

from typing import Any

import pytest

from support.back import IDS, Back
from support.scene import Scene

WRITES = ("create_case", "create_task", "update_case", "update_task")


def way_back(scene: Scene) -> Back:
    """Give the other direction of a scene, on the same systems and the same state."""
    back = Back.__new__(Back)
    back.clock, back.box, back.rig = scene.clock, scene.box, scene.rig
    back.rig.kore_options["ids"] = IDS
    return back


def way_there(back: Back) -> Scene:
    """Give the other direction of a way back."""
    scene = Scene.__new__(Scene)
    scene.clock, scene.box, scene.rig = back.clock, back.box, back.rig
    return scene


@pytest.mark.parametrize("seed", [1, 4])
def test_a_lost_state_leaves_what_kore_had_first_alone(seed: int) -> None:
    """What Kore made itself is agreed as it is: no tag, no value, no end is written.

    A case that Kore closed holds open tasks there, and completed ones in casemgr: that
    was decided once, and is no news.
    """
    scene = Scene(cases=25, seed=seed)
    scene.run()
    scene.lose_state()
    back = way_back(scene)

    back.again()

    assert back.calls(*WRITES) == 0
    assert dict(scene.holds) == {}
    assert scene.complaints() == []
    assert scene.rests()


def test_an_edit_in_casemgr_is_still_carried_after_that() -> None:
    """What changes after the state was found again goes the way it is asked to go."""
    scene = Scene()
    case = scene.case()
    scene.task(case)
    scene.run()
    scene.lose_state()
    back = way_back(scene)
    back.again()
    scene.edit(f"case:{scene.of(case).id}", severity="urgent")

    back.again()

    assert scene.box.kore.cases[case].priority == "Critical"
    assert back.rests()


@pytest.mark.parametrize("legacy", [("legacy-9",), ("a", "b")])
def test_somebody_elses_text_in_the_keys_place_stays(legacy: Any) -> None:
    """A case of casemgr's own may hold something there; our key does not replace it."""
    back = Back(cases=0)
    case = back.case("Old case")
    back.task(case, "Old task")
    back.box.casemgr.cases[case].custom["ext_key"] = legacy
    back.run()

    scene = way_there(back)
    scene.again()

    assert back.box.casemgr.cases[case].custom["ext_key"] == legacy
    assert scene.rests()


def test_what_differs_when_a_state_is_found_again_is_listed() -> None:
    """Nobody knows who changed it: it is not carried, not overwritten, not silent."""
    scene = Scene()
    edited, kept = scene.case("Edited in Kore"), scene.case("Edited in casemgr")
    task = scene.task(edited)
    scene.run()
    scene.edit(edited, priority="Critical")
    scene.edit(task, priority="Critical")
    scene.edit(f"case:{scene.of(kept).id}", severity="urgent")
    before = scene.of(edited).severity, scene.of(task).priority
    scene.lose_state()

    tally = scene.again()

    assert (scene.of(edited).severity, scene.of(task).priority) == before
    assert scene.of(kept).severity == "urgent"
    assert tally.actions["case", "conflict"] == 2
    assert tally.actions["task", "conflict"] == 1
    assert {hold.code for hold in scene.holds.values()} == {"not-agreed"}
    assert scene.again().actions["case", "conflict"] == 2  # still listed
    scene.edit(edited, name="Edited once more", priority="Medium")
    scene.again()
    assert len(scene.holds) == 2  # what is equal again is no conflict any more
    assert scene.of(edited).subject == "Edited once more"


def test_what_differs_is_listed_on_the_way_back_too() -> None:
    """The same with Kore as the target."""
    back = Back(cases=0)
    case = back.case("Printer down")
    task = back.task(case, "Order ink")
    back.run()
    back.box.human.edit("casemgr", "activity", task, priority="1")
    before = back.of("t", task).priority
    way_there(back).lose_state()

    tally = back.again()

    assert back.of("t", task).priority == before
    assert tally.actions["task", "conflict"] == 1
    assert back.rests()


def test_a_pair_that_both_sides_name_is_one_pair() -> None:
    """Kore's marker and casemgr's key say the same: nothing is there twice."""
    back = Back(cases=0)
    case = back.case("Printer down")
    back.task(case, "Order ink")
    back.run()
    scene = way_there(back)
    scene.again()  # now casemgr's case carries a key too
    scene.lose_state()

    back.again()

    assert dict(scene.holds) == {}
    assert len(list(back.rig.store.links())) == 2
    assert back.rests()


def test_a_reopening_in_kore_outlives_a_lost_state() -> None:
    """Whether an agent reopened it or its end is due is a question for a person."""
    back = Back(cases=0)
    case = back.case("Printer down", status="closed")
    back.run()
    twin = back.of("c", case)
    assert twin.status == "Closed"
    back.box.human.edit("kore", "case", twin.id, status="On Hold")
    way_there(back).lose_state()

    tally = back.again()

    assert back.of("c", case).status == "On Hold"
    assert tally.actions["case", "conflict"] == 1
    assert back.rests()


def test_a_value_that_was_taken_away_in_kore_is_not_put_back() -> None:
    """An empty field is an edit too, as long as nobody knows who emptied it."""
    scene = Scene()
    case = scene.case(tags=("vip",))
    scene.run()
    scene.edit(case, tags=())
    scene.lose_state()
    back = way_back(scene)

    back.again()

    assert scene.box.kore.cases[case].tags == ()


def test_a_create_in_doubt_in_kore_is_not_looked_for_in_casemgr() -> None:
    """A run the other way leaves it to the runs that can tell what became of it."""
    scene = Scene()
    scene.task(scene.case("Router down"))
    scene.run()
    back = way_back(scene)
    back.case("Printer down")
    back.fault("reset_before", "create_case")
    back.again()
    left = back.rig.store.open_intents()
    assert len(left) == 1

    scene.again()
    scene.again()

    assert back.rig.store.open_intents() == left


def test_what_was_uncertain_is_taken_up_once_a_way_of_looking_is_proved_in_kore() -> (
    None
):
    """The first create of all was lost; the next one teaches how to look for it."""
    back = Back(cases=0)
    first = back.case("Printer down")
    back.fault("reset_before", "create_case")
    assert back.run().actions["case", "uncertain"] == 1
    second = back.case("Router down")

    back.again()
    back.again()

    assert back.of("c", first).name == "Printer down"
    assert back.of("c", second).name == "Router down"
    assert dict(back.rig.store.holds()) == {}
    assert back.rests()


def test_what_was_uncertain_is_taken_up_once_the_look_up_is_proved() -> None:
    """The same towards casemgr."""
    scene = Scene()
    first = scene.task(scene.case("Printer down"))
    scene.fault("reset_before", "create_task")
    assert scene.run().actions["task", "uncertain"] == 1
    second = scene.task(scene.case("Router down"))

    scene.again()
    scene.again()

    assert scene.of(first).id != scene.of(second).id
    assert dict(scene.holds) == {}
    assert scene.complaints() == []
    assert scene.rests()
