"""What is made in a casemgr case that is there lies in that case's department."""

from dataclasses import replace

import pytest

from caseferry.engine.verdicts import Verified
from caseferry.engine.verify import verify
from caseferry.model.link import WriteKind
from caseferry.model.record import kore_key
from support.both import Both
from support.both_plans import carry_out, rest, two_way_plan
from support.known_case import (
    BILLING,
    SERVICE,
    carried,
    codes,
    inside,
    routed,
    take_up,
    transfer,
)
from support.plans import lines
from support.rig import default_mapper
from support.taken_back import undone

Where = tuple[str, str, str]


def where(scene: Both, source: str) -> Where:
    activity = scene.of(source)
    return activity.department, activity.subtype, activity.assignee


def in_billing(scene: Both) -> tuple[str, str]:
    """Carry a case from Kore, and let an agent transfer it; gives both ids."""
    kore = scene.case("Router")
    scene.task(kore, "First")
    scene.later()
    case = scene.of(kore).id
    transfer(scene, case, "Billing")
    scene.later()
    return case, kore


def added_in_billing() -> tuple[Both, str, str, str]:
    """Let a task follow that case; gives scene, both cases and the task."""
    scene = Both()
    routed(scene)
    case, kore = in_billing(scene)
    task = scene.task(kore, "Added in Kore")
    scene.later()
    return scene, case, kore, task


def proof(scene: Both, *only: str) -> Verified:
    context = scene.rig.context()
    context.run = scene.rig.store.begin_run("verify", "t", {})
    return verify(context, only=[kore_key(each) for each in only])


def test_what_is_new_in_a_transferred_case_lands_where_the_case_lies() -> None:
    """Task and opener: the route of that department says who gets them."""
    scene, case, kore, task = added_in_billing()

    assert scene.of(task).case_id == case
    assert where(scene, task) == ("Billing", "dispute", BILLING)
    for each in [t.id for t in scene.box.kore.tasks.values()]:
        scene.edit(each, status="Resolved")
    scene.later()
    (opener,) = scene.openers(kore)
    assert (opener.department, opener.subtype) == ("Billing", "general")
    assert opener.assignee == BILLING
    assert scene.box.casemgr.cases[case].status == "open"
    assert scene.at_rest()


def test_what_is_new_in_a_case_that_was_born_elsewhere_lands_there() -> None:
    """The Kore case takes no route to Billing, and its twin lies there all along."""
    scene = Both()
    routed(scene)
    _, kore = carried(scene, "Invoice wrong", department="Billing")

    task = scene.task(kore, "Added in Kore")
    scene.later()

    assert where(scene, task) == ("Billing", "dispute", BILLING)
    assert scene.at_rest()


def test_the_first_route_there_that_fits_the_task_comes_first() -> None:
    """As within the department that the case's own route leads to."""
    scene = Both()
    last = "[[route]]                  # everything else"
    refunds = """[[route]]
when = { task_template = "Refund" }
department = "Billing"
subtype = "callback"
assignee = "svc_billing"
"""
    scene.rig.mapper = default_mapper(lambda text: text.replace(last, refunds + last))
    _, kore = in_billing(scene)

    task = scene.task(kore, "Added in Kore", template="Refund")
    other = scene.task(kore, "Another")
    scene.later()

    assert where(scene, task) == ("Billing", "callback", BILLING)
    assert codes(scene) == {other: ("quarantine", "no-route")}


def test_a_migration_follows_a_transfer_too() -> None:
    """The case is read anew before anything is made in it."""
    scene = Both()
    routed(scene)
    kore = scene.case("Router")
    scene.task(kore, "First")
    scene.run()
    transfer(scene, scene.of(kore).id, "Billing")

    task = scene.task(kore, "Added in Kore")
    scene.again()

    assert where(scene, task) == ("Billing", "dispute", BILLING)
    assert scene.rests()


def test_what_moves_on_in_its_own_department_stays_as_it_was() -> None:
    """A case that nobody transferred: the route of its own department."""
    scene = Both()
    routed(scene)
    kore = scene.case("Router")
    scene.task(kore, "First")
    scene.later()

    task = scene.task(kore, "Second")
    scene.later()

    assert where(scene, task) == ("Service", "general", SERVICE)


@pytest.mark.parametrize(
    ("department", "read"),
    [("Billing", ()), ("Archive", ("Archive",)), ("Archive", ())],
)
def test_where_no_route_leads_there_the_task_is_held(
    department: str, read: tuple[str, ...]
) -> None:
    """Never with another department's assignee; a route that is added lifts it."""
    scene = Both()
    scene.rig.settings = replace(scene.rig.settings, departments=read)
    case, kore = in_billing(scene)
    transfer(scene, case, department)
    scene.later()

    task = scene.task(kore, "Added in Kore")
    scene.later()

    assert codes(scene) == {task: ("quarantine", "no-route")}
    assert scene.all_of(task) == []
    assert scene.at_rest()
    if department == "Billing":
        routed(scene)
    else:
        transfer(scene, case, "Service")
        take_up(scene)
    scene.later()
    scene.later()
    assert scene.of(task).department in ("Billing", "Service")
    assert scene.of(task).department == scene.box.casemgr.cases[case].department


def test_an_opener_that_no_route_leads_to_keeps_the_case_open() -> None:
    """The last task is not completed: the case would close, and Kore has it open."""
    scene = Both()
    case, kore = in_billing(scene)
    (task,) = list(scene.box.kore.tasks)
    scene.edit(task, status="Resolved")
    scene.later()

    assert codes(scene) == {
        kore: ("waiting", "no-route"),
        task: ("waiting", "would-close-case"),
    }
    assert scene.box.casemgr.cases[case].status == "open"
    assert scene.at_rest()
    transfer(scene, case, "Service")
    scene.later()
    assert [opener.department for opener in scene.openers(kore)] == ["Service"]
    assert scene.holds == {}


@pytest.mark.parametrize("kind", ["lost_reply", "error_after", "late_effect"])
def test_a_lost_reply_is_settled_where_the_create_landed(kind: str) -> None:
    """The journal knows the department; nothing is made twice."""
    scene = Both()
    routed(scene)
    case, kore = in_billing(scene)
    scene.fault(kind, "create_task", delay_s=45.0)

    task = scene.task(kore, "Added in Kore")
    scene.later()
    scene.later()

    assert scene.of(task).case_id == case
    assert where(scene, task) == ("Billing", "dispute", BILLING)
    runs = range(1, scene.last._context.run + 1)
    intents = [e.intent for run in runs for e in scene.rig.store.entries(run)]
    made = [i for i in intents if i.kind is WriteKind.CREATE and task in i.kore]
    assert {intent.department for intent in made} == {"Billing"}
    assert scene.holds == {}
    assert scene.at_rest()


def test_a_lost_state_finds_what_lies_elsewhere_again() -> None:
    """Every department of a route is read."""
    scene, case, _, _ = added_in_billing()
    before = len(inside(scene, case))

    rest(scene)
    scene.lose_state()
    scene.later()

    assert len(inside(scene, case)) == before == 2


def test_a_saved_plan_says_where_it_lands_and_is_held_to_it() -> None:
    """What the plan says is what is written; a transfer since then sets it aside."""
    scene = Both()
    routed(scene)
    case, kore = in_billing(scene)
    task = scene.task(kore, "Added in Kore")
    rest(scene)
    file = two_way_plan(scene)
    (line,) = [x for x in lines(file) if x.key == kore_key(task)]
    assert line.department == "Billing"
    assert line.lands["department"] == "Billing"
    assert line.lands["subtype"] == "dispute"
    transfer(scene, case, "Service")
    rest(scene)
    carry_out(scene, file)

    assert codes(scene) == {task: ("set_aside", "plan-differs")}
    transfer(scene, case, "Billing")
    rest(scene)
    carry_out(scene, file)
    assert where(scene, task) == ("Billing", "dispute", BILLING)


def test_an_undo_takes_back_what_lies_elsewhere() -> None:
    """The activity is completed where it is; the case's older work stays open."""
    scene, _, _, task = added_in_billing()

    undone(scene.rig, scene.last._context.run)

    (left,) = scene.all_of(task)
    assert (left.department, left.status) == ("Billing", "completed")


@pytest.mark.parametrize("is_whole", [True, False])
def test_the_proof_knows_where_a_case_s_department_put_a_task(
    is_whole: bool,  # noqa: FBT001
) -> None:
    """Neither its department nor its subtype is a difference, before or after."""
    scene, _, kore, _ = added_in_billing()
    rest(scene)

    found = proof(scene) if is_whole else proof(scene, kore)

    assert found.exit_code == 0
    assert found.differences == []
    assert not found.reported
    assert found.counts["task", "equal"] + found.counts["task", "accepted_loss"] == 2
