"""Migrations into a tenant where only an assignee edits and completes."""

import pytest

from caseferry.errors import AuthFailed, CaseSystemError
from support.scene import Scene

RULE: dict[str, str | float] = {"casemgr.actor_rule": "assignee"}


def as_assignee(scene: Scene) -> Scene:
    scene.rig.casemgr_options["edit_as"] = "assignee"
    return scene


def test_a_whole_migration_in_the_name_of_the_assignees() -> None:
    """Everything is carried, edited and completed as under any other tenant."""
    scene = as_assignee(Scene(cases=20, readings=RULE))
    case = scene.case()
    task = scene.task(case)
    scene.task(case, "Ask the depot")
    scene.run()
    assert scene.complaints() == []

    scene.edit(task, priority="Low")
    scene.again()
    assert scene.of(task).priority == "6"
    scene.edit(task, status="Resolved")
    scene.again()

    assert scene.of(task).status == "completed"
    assert scene.of(task).modified_by == scene.of(task).assignee
    assert scene.complaints() == []
    assert scene.rests()


def test_completions_of_several_assignees_go_apart() -> None:
    """One request completes the activities of one assignee, however many there are."""
    scene = as_assignee(Scene(readings=RULE))
    billing = [
        scene.task(scene.case(f"Bill {n}", template="Billing"), status="Resolved")
        for n in range(6)
    ]
    service = [scene.task(scene.case(f"Line {n}"), status="Resolved") for n in range(6)]

    scene.run()

    done = [c for c in scene.box.log if c.operation == "complete_activities"]
    assert all(call.committed for call in done)
    assert len(done) < len(billing) + len(service)
    people = {task: scene.of(task).assignee for task in billing + service}
    assert set(people.values()) == {"1001", "1002"}
    assert all(scene.of(t).modified_by == who for t, who in people.items())
    tokens = [call for call in scene.box.log if call.operation == "token"]
    assert len(tokens) == 1 + len(set(people.values()))
    assert scene.complaints() == []


def test_the_client_application_stops_at_the_first_group() -> None:
    """Left to itself the client is refused once, and the stop names the setting."""
    scene = Scene(readings=RULE)
    for number in range(10):
        scene.task(scene.case(f"Case {number}"), status="Resolved")

    with pytest.raises(CaseSystemError, match=r'edit_as = "assignee"') as caught:
        scene.run()

    assert caught.value.code.startswith("forbidden")
    assert len(scene.box.casemgr.cases) == 1
    for key in scene.holds:  # as `retry` does
        scene.rig.store.delete_hold(key)
    as_assignee(scene).again()
    assert scene.complaints() == []


def test_a_refused_flow_stops_at_the_first_group() -> None:
    """Where nobody may be acted for, the stop says what to ask the administrator."""
    readings = RULE | {"casemgr.on_behalf_of": "refused"}
    scene = as_assignee(Scene(readings=readings))
    for number in range(10):
        scene.task(scene.case(f"Case {number}"), status="Resolved")

    with pytest.raises(AuthFailed, match="ask the casemgr administrator"):
        scene.run()

    assert len(scene.box.casemgr.cases) == 1
    scene.box.set_readings({"casemgr.on_behalf_of": "supported"})
    scene.again()
    assert scene.complaints() == []
