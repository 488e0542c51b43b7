"""The proof compares where a counterpart lies and whom it is for, too."""

from caseferry.engine.verdicts import Verified
from caseferry.engine.verify import verify
from support.back import Back
from support.scene import Scene


def carried() -> tuple[Scene, str]:
    scene = Scene()
    task = scene.task(scene.case())
    scene.run()
    return scene, task


def proof(scene: Scene) -> Verified:
    context = scene.rig.context()
    context.run = scene.rig.store.begin_run("verify", "t", {})
    return verify(context)


def test_what_lies_where_it_was_carried_is_not_reported() -> None:
    """As it was created: no difference, and nothing to report."""
    scene, _ = carried()

    found = proof(scene)

    assert found.exit_code == 0
    assert found.differences == []
    assert not found.reported


def test_another_subtype_is_a_difference() -> None:
    """Nobody can change it after creation, so something went wrong."""
    scene, task = carried()
    scene.of(task).subtype = "dispute"

    found = proof(scene)

    assert found.counts["task", "different"] == 1
    (difference,) = found.differences
    assert (difference.field, difference.kore) == ("subtype", "general")


def test_a_transfer_to_another_department_is_reported_by_name() -> None:
    """Agents transfer every day: it is told, and the pair is equal still."""
    scene, task = carried()
    scene.edit(f"activity:{scene.of(task).id}", department="Billing")

    found = proof(scene)

    assert found.exit_code == 0
    assert found.counts["task", "equal"] == 1
    assert found.reported == {"moved-department": 1}
    (difference,) = found.differences
    assert (difference.field, difference.casemgr) == ("department", "Billing")


def test_an_activity_for_somebody_else_is_reported_by_name() -> None:
    """The contact that casemgr shows is none that Kore names."""
    scene, task = carried()
    scene.task(scene.case(user={"name": "Bo Oak", "emailId": "bo@example.com"}), "Bo")
    scene.run()
    other = next(
        customer.id
        for customer in scene.box.casemgr.customers.values()
        if any(a == "bo@example.com" for c in customer.contacts for _, a in c.emails)
    )
    assert scene.of(task).customer_id != other
    scene.of(task).customer_id = other

    found = proof(scene)

    assert found.exit_code == 0
    assert found.reported == {"other-customer": 1}
    (difference,) = found.differences
    assert difference.casemgr == "bo@example.com"


def test_a_kore_case_for_somebody_else_is_reported_by_name() -> None:
    """The way back: the contact that Kore shows is none of casemgr's customer."""
    back = Back(cases=0)
    back.task(back.case("Router"), "Call back")
    back.run()
    (case,) = back.box.kore.cases.values()
    assert back.verify().reported == {}
    somebody = {"name": "Bo Oak", "emailId": "bo@example.com"}
    back.box.human.edit("kore", "case", case.id, user=somebody)

    found = back.verify()

    assert found.exit_code == 0
    assert found.reported == {"other-customer": 1}
    (difference,) = found.differences
    assert (difference.kore, difference.casemgr) == (
        "bo@example.com",
        "10.liz@example.com",
    )
