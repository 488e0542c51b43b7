"""Agents move, merge and transfer; Kore hides: nothing is closed that nobody meant."""

import httpx
import pytest

from caseferry.engine.migrate import Options
from caseferry.engine.verdicts import Verified
from caseferry.engine.verify import verify
from caseferry.model.record import kore_key
from support.scene import Scene


def an_agents_case(scene: Scene, like: str) -> str:
    customer = scene.of(like).customer_id
    return scene.box.human.create(
        "casemgr", "case", subject="An agent's own", customer_id=customer
    )


def move(scene: Scene, task: str, case: str) -> None:
    scene.edit(f"activity:{scene.of(task).id}", case_id=case)


def codes(scene: Scene) -> set[str]:
    return {hold.code for hold in scene.holds.values()}


def proof(scene: Scene) -> Verified:
    context = scene.rig.context()
    context.run = scene.rig.store.begin_run("verify", "t", {})
    return verify(context)


@pytest.mark.parametrize("hidden", [False, True])
def test_a_moved_activity_carries_its_old_case_no_more(*, hidden: bool) -> None:
    """Its sibling's completion does not close the case: an opener carries it.

    Also where Kore hides the moved one's task.
    """
    scene = Scene()
    case = scene.case()
    first, second = scene.task(case, "First"), scene.task(case, "Second")
    scene.run()
    home = scene.of(first).case_id
    move(scene, second, an_agents_case(scene, first))
    if hidden:
        scene.edit(second, is_active=False)

    scene.edit(first, status="Resolved")
    scene.again()

    assert scene.of(first).status == "completed"
    assert scene.box.casemgr.cases[home].status == "open"
    assert ("moved" in codes(scene)) is not hidden


def test_an_agents_case_is_not_closed_by_an_activity_moved_into_it() -> None:
    """A task that lies in somebody else's case is left alone and reported."""
    scene = Scene()
    case = scene.case()
    task = scene.task(case)
    scene.task(case, "Other")
    scene.run()
    other = an_agents_case(scene, task)
    move(scene, task, other)

    scene.edit(task, status="Resolved")
    scene.again()

    assert scene.box.casemgr.cases[other].status == "open"
    assert codes(scene) == {"moved"}


def test_a_merged_activity_never_takes_another_records_case() -> None:
    """After a merge and a lost state, no case gets another's contents."""
    scene = Scene()
    one, two = scene.case("One", priority="Low"), scene.case("Two", priority="Critical")
    first, second = scene.task(one, "First"), scene.task(two, "Second")
    scene.run()
    home = scene.of(first).case_id
    move(scene, second, home)

    scene.lose_state()
    scene.again()
    scene.run(Options(only=(kore_key(two),)))

    target = scene.box.casemgr.cases[home]
    assert (target.subject, target.severity) == ("One", "low")
    assert len(scene.all_of(second)) == 1


def test_an_email_in_another_department_keeps_its_case_open() -> None:
    """A case is closed only when no open activity of anybody is left in it."""
    scene = Scene()
    case = scene.case()
    scene.run()
    home = scene.openers(case)[0].case_id
    email = scene.box.human.create("casemgr", "activity", case_id=home)
    scene.edit(f"activity:{email}", department="Billing")
    scene.box.human.complete(scene.openers(case)[0].id)

    scene.edit(case, status="Closed")
    scene.again()

    assert scene.box.casemgr.cases[home].status == "open"
    assert scene.box.casemgr.activities[email].status == "assigned"
    assert "foreign-open" in codes(scene)


def test_a_case_that_shows_nothing_open_is_closed_at_the_second_look() -> None:
    """Its only activity was moved away; a mail could hide in it for as long as lag."""
    scene = Scene()
    one, two = scene.case("One"), scene.case("Two")
    first = scene.task(one, "First")
    scene.task(two, "Second")
    scene.run()
    home = scene.of(one)
    move(scene, first, scene.of(two).id)
    scene.edit(one, status="Closed")

    scene.run()
    scene.again(wait=10)
    assert home.status == "open"
    assert "stays-open" in codes(scene)

    scene.again(wait=30)
    assert home.status == "closed"
    assert scene.of(first).status == "assigned"
    assert scene.rests()


def test_a_look_at_a_case_that_changed_since_counts_for_nothing() -> None:
    """It was closed and reopened between two looks: the second one is a first."""
    scene = Scene()
    case = scene.case()
    scene.run()
    home = scene.of(case)
    scene.box.human.close("casemgr", home.id)
    scene.box.readings.set({"casemgr.search_lag_s": 5})
    mail = scene.box.human.create("casemgr", "activity", case_id=home.id)
    scene.edit(case, status="Closed")
    scene.run()

    scene.clock.sleep(3600)
    scene.box.human.complete(mail)
    later = scene.box.human.create("casemgr", "activity", case_id=home.id)
    scene.run()
    assert scene.box.casemgr.activities[later].status == "assigned"

    scene.box.human.complete(later)
    scene.again()
    assert home.status == "closed"


def test_a_task_that_kore_hides_holds_the_closing_and_breaks_nothing() -> None:
    """The others of its case go on; what it left open is nobody's to complete."""
    scene = Scene()
    case = scene.case()
    shown, hidden = scene.task(case, "Shown"), scene.task(case, "Hidden")
    scene.run()
    scene.edit(hidden, is_active=False)
    scene.again()

    scene.edit(shown, status="Resolved")
    scene.edit(case, status="Closed")
    scene.again()

    assert scene.of(shown).status == "completed"
    assert scene.of(hidden).status == "assigned"
    assert scene.of(case).status == "open"
    assert "activity-held" in codes(scene)


def test_a_change_back_is_noted_too() -> None:
    """One, two, three, two: the last note says two again."""
    scene = Scene()
    case = scene.case()
    task = scene.task(case, "One")
    scene.task(case, "Other")
    scene.run()
    for name in ("Two", "Three", "Two"):
        scene.edit(task, name=name)
        scene.again()

    texts = [note.content for note in scene.of(task).notes]

    assert [text.rpartition(" ")[2] for text in texts] == ["Two", "Three", "Two"]


def test_a_due_date_that_passes_during_the_run_costs_only_itself() -> None:
    """What lay ahead when it was planned may be past when it is sent."""
    scene = Scene()
    due = scene.due(20 / 1440)
    case = scene.case(due=due)
    task = scene.task(case, due=due)
    scene.task(case, "Other")

    def slow(request: httpx.Request) -> None:
        if request.method in ("POST", "PUT") and "/core/casemgr" in request.url.path:
            scene.clock.sleep(700)

    scene.tap(slow)
    scene.run()

    assert scene.holds == {}
    assert scene.of(case).custom["ext_key"]
    assert scene.of(task).status == "assigned"


def test_waiting_groups_do_not_starve_a_limited_run() -> None:
    """`--limit` counts groups that have something to send."""
    scene = Scene()
    for number in range(2):
        case = scene.case(f"Newer {number}")
        scene.task(case)
        scene.run()
        home = scene.of(case).id
        scene.box.human.create("casemgr", "activity", case_id=home)
        scene.edit(case, status="Closed")
    scene.again()
    late = scene.task(scene.case("Late", status="Closed", created=1_600_000_000_000))

    for _ in range(2):
        scene.clock.sleep(3600)
        scene.run(Options(limit=2))

    assert len(scene.all_of(late)) == 1


def test_a_closed_case_does_not_flap_while_a_create_is_in_doubt() -> None:
    """Nothing is completed before every create of the group is settled."""
    scene = Scene()
    case = scene.case(status="Closed")
    for number in range(3):
        scene.task(case, f"Task {number}", status="Resolved")
    scene.task(scene.case("Proof"), "Proof")
    scene.fault("late_effect", "create_task", after=3, delay_s=40.0)

    scene.run()

    calls = [call.operation for call in scene.box.log if call.committed]
    last_create = max(i for i, name in enumerate(calls) if name == "create_task")
    done = [i for i, name in enumerate(calls) if name == "complete_activities"]
    assert scene.complaints() == []
    assert done
    assert min(done) > last_create or len(scene.box.casemgr.cases) == 2


def test_verify_sees_a_doubled_opener() -> None:
    """A second activity with an opener's key is no less a double than a task's."""
    scene = Scene()
    case = scene.case()
    scene.run()
    opener = scene.openers(case)[0]
    other = scene.box.human.create(
        "casemgr", "case", subject="Again", customer_id=opener.customer_id
    )
    scene.box.human.create(
        "casemgr", "activity", case_id=other, kind="task", custom=dict(opener.custom)
    )

    found = proof(scene)

    assert found.counts["case", "twice"] == 1
    assert found.exit_code == 3
