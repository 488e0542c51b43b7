"""Every reading of the documents that concerns Kore to casemgr: the same right end."""

import pytest

from caseferry.errors import CaseferryError, CaseSystemError, SafetyStop
from conftest import Cell
from support.scene import Scene
from support.weather import EVERY_READING, readings_with

STOPS = {
    ("casemgr.attribute_drop", "on"): "key-dropped",
    ("casemgr.force_categorization", "on"): "first-group-refused",
    ("casemgr.actor_rule", "assignee"): "forbidden",
    ("casemgr.granted", "read"): "forbidden",
    ("casemgr.granted", "case_only"): "forbidden",
}
LOSES_CONTENT = {("casemgr.text_charset", "note_set")}
GOOD = [
    pair for pair in EVERY_READING if pair not in STOPS and pair not in LOSES_CONTENT
]


def a_scene(name: str, value: str | float) -> Scene:
    scene = Scene(cases=5, readings=readings_with(name, value))
    if name == "kore.jti":
        scene.rig.kore_options["jti"] = True
    return scene


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_a_migration_is_right_under_every_reading(
    name: str, value: str | float, cell: Cell
) -> None:
    """Whatever a tenant does where the documents are open, the end is the same.

    An edit of one field changes that field and no other; closing closes; then rest.
    """
    cell(f"{name} = {value}", "kore-to-casemgr")
    scene = a_scene(name, value)
    case = scene.case(due=scene.due(50), tags=("vip",), fields={"Region": "EMEA"})
    task = scene.task(case, "Call back", due=scene.due(20), tags=("a", "b"))
    scene.clock.sleep(60)  # until the source shows it
    scene.run()
    assert scene.complaints() == []
    kept = dict(scene.of(task).custom), scene.of(task).due, dict(scene.of(case).custom)

    scene.edit(task, priority="Low")
    scene.edit(case, priority="Low")
    scene.again()
    now = dict(scene.of(task).custom), scene.of(task).due, dict(scene.of(case).custom)
    scene.edit(case, status="Closed")
    scene.again()

    assert now == (kept[0] | {"kore_priority": ("Low",)}, *kept[1:])
    assert (scene.of(task).priority, scene.of(case).severity) == ("6", "low")
    assert scene.of(case).status == "closed"
    assert scene.complaints() == []
    assert scene.rests()


@pytest.mark.parametrize(("pair", "code"), STOPS.items())
def test_a_tenant_that_cannot_be_migrated_to_stops_the_first_group(
    pair: tuple[str, str], code: str, cell: Cell
) -> None:
    """What the tenant refuses or drops is learnt on one group, not on all."""
    cell(f"{pair[0]} = {pair[1]}", "kore-to-casemgr")
    scene = Scene(cases=12, readings=dict([pair]))

    with pytest.raises((CaseSystemError, SafetyStop)) as caught:
        scene.run()

    assert caught.value.code.startswith(code)
    assert len(scene.box.casemgr.cases) <= 3
    with pytest.raises(CaseferryError):
        scene.again()
    assert len(scene.box.casemgr.cases) <= 4
    assert scene.complaints(whole=False) == []


def test_texts_that_the_tenant_refuses_arrive_in_its_alphabet(cell: Cell) -> None:
    """The text is sanitised, the loss named; everything else is as ever."""
    cell("casemgr.text_charset = note_set", "kore-to-casemgr")
    scene = Scene(readings={"casemgr.text_charset": "note_set"})
    case = scene.case("Router (2nd floor) down")
    task = scene.task(case, "Call back / today", desc="a=b; c+d")
    plain = scene.task(case, "Call back", desc="today")

    scene.run()

    assert scene.of(plain).text == "today"
    assert not set("/()=;+") & set(scene.of(task).subject + scene.of(task).text)
    assert scene.of(task).subject.startswith("Call back")
    assert scene.tally.losses["text-sanitised"] >= 1
    assert scene.rests()
