"""Every reading of the documents that concerns casemgr to Kore: the same right end."""

import pytest

from caseferry.errors import CaseSystemError
from conftest import Cell
from support.back import Back
from support.weather import EVERY_READING, readings_with

STOPS = {("casemgr.granted", "case_only"): "forbidden"}
"""Without the right to read customers nobody can be named."""
GOOD = [pair for pair in EVERY_READING if pair not in STOPS]


def a_scene(name: str, value: str | float) -> Back:
    scene = Back(cases=6, readings=readings_with(name, value))
    if name == "kore.jti":
        scene.rig.kore_options["jti"] = True
    return scene


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_the_way_back_is_right_under_every_reading(
    name: str, value: str | float, cell: Cell
) -> None:
    """Whatever a tenant does where the documents are open, the end is the same."""
    cell(f"{name} = {value}", "casemgr-to-kore")
    scene = a_scene(name, value)

    scene.run()

    scene.again()
    assert scene.complaints() == []
    assert scene.rests()
    found = scene.verify().differences
    assert {each.verdict for each in found} <= {"set_aside"}


@pytest.mark.parametrize(("pair", "code"), STOPS.items())
def test_a_tenant_that_cannot_be_read_is_named_and_nothing_is_written(
    pair: tuple[str, str], code: str, cell: Cell
) -> None:
    """What the tenant refuses is learnt before the first write."""
    cell(f"{pair[0]} = {pair[1]}", "casemgr-to-kore")
    scene = Back(cases=6, readings=dict([pair]))

    with pytest.raises(CaseSystemError) as caught:
        scene.run()

    assert caught.value.code.startswith(code)
    assert not scene.box.kore.cases
