"""A saved plan is carried out, and nothing else; what moved since is set aside."""

import random
from contextlib import suppress
from typing import Any

import pytest

from caseferry.engine.facts import Judged
from caseferry.engine.gate import Gate
from caseferry.engine.migrate import Migration, Options
from caseferry.model.action import GroupPlan
from caseferry.model.correlation import Role
from caseferry.model.record import Key, kore_key
from caseferry.planfile.signed import Stray
from support.back import WRITES as KORE_WRITES
from support.back import Back
from support.crash import Crash, CrashingTransport
from support.plans import Plans, lines
from support.scene import Scene

SEED = random.SystemRandom().randrange(10**6)
WRITES = {"create", "update", "complete", "close", "reopen", "note"}


def aside(plans: Plans) -> dict[str, str]:
    """Give what is set aside, by key, with the code."""
    return {
        key: hold.code
        for key, hold in plans.rig.store.holds().items()
        if hold.kind == "set_aside"
    }


@pytest.mark.parametrize("redacted", [False, True])
def test_a_plan_of_creates_is_carried_out_whole(redacted: bool) -> None:  # noqa: FBT001
    """Nothing moved: the systems end as a migration would leave them."""
    scene = Scene(cases=12)
    plans = Plans(scene.rig, redacted=redacted)
    file = plans.make()

    assert not scene.box.casemgr.activities
    scene.clock.sleep(3600.0)
    plans.apply(file)

    assert scene.complaints() == []
    assert aside(plans) == {}
    assert scene.rests()


def test_the_way_to_kore_is_carried_out_whole() -> None:
    """The same towards Kore."""
    back = Back(cases=8)
    plans = Plans(back.rig, to_kore=True)
    file = plans.make()

    back.clock.sleep(3600.0)
    plans.apply(file)

    assert back.complaints() == []
    assert {code for code in aside(plans).values() if code != "twice"} == set()
    assert back.rests()


def two_cases() -> tuple[Scene, list[tuple[str, str]]]:
    """Carry three cases with a task each, and change all tasks and cases in Kore."""
    scene = Scene()
    pairs = []
    for number in range(3):
        case = scene.case(f"Router {number} down", priority="Medium")
        pairs.append((case, scene.task(case, f"Call {number}", priority="Medium")))
    scene.run()
    scene.clock.sleep(3600.0)
    for case, task in pairs:
        scene.edit(case, priority="Low")
        scene.edit(task, priority="Low")
    return scene, pairs


def test_what_moved_on_either_side_is_set_aside_and_all_else_done() -> None:
    """One task edited in Kore and one activity by an agent: just these two wait."""
    scene, pairs = two_cases()
    plans = Plans(scene.rig)
    file = plans.make()
    scene.clock.sleep(3600.0)
    scene.edit(pairs[0][1], priority="High")
    other = scene.of(pairs[1][1])
    scene.edit(f"activity:{other.id}", priority="1")

    plans.apply(file)

    assert aside(plans) == {
        kore_key(pairs[0][1]): "moved-since",
        kore_key(pairs[1][1]): "moved-since",
    }
    shown = [scene.of(task).priority for _, task in pairs]
    assert shown == ["4", "1", "6"]
    assert [scene.of(case).severity for case, _ in pairs] == ["low"] * 3


def test_a_case_that_moved_holds_only_itself() -> None:
    """A linked case whose fields moved lets its tasks go on."""
    scene, pairs = two_cases()
    plans = Plans(scene.rig)
    file = plans.make()
    scene.edit(pairs[0][0], priority="High")

    plans.apply(file)

    assert aside(plans) == {kore_key(pairs[0][0]): "moved-since"}
    assert [scene.of(task).priority for _, task in pairs] == ["6"] * 3
    assert [scene.of(case).severity for case, _ in pairs] == ["medium", "low", "low"]


def test_what_is_set_aside_is_carried_by_the_next_migration() -> None:
    """Setting aside agrees on nothing: the change is still due."""
    scene, pairs = two_cases()
    plans = Plans(scene.rig)
    file = plans.make()
    scene.edit(pairs[0][0], priority="High", name="Router 0 is down again")
    scene.edit(pairs[0][1], priority="High", name="Call Liz and not 0")

    plans.apply(file)
    scene.again()

    notes = [note.content for note in scene.of(pairs[0][1]).notes]
    assert any("Call Liz and not 0" in text for text in notes)
    assert scene.of(pairs[0][0]).severity == "high"
    assert scene.of(pairs[0][1]).priority == "2"
    assert aside(plans) == {}


def test_what_is_new_since_is_not_in_the_plan() -> None:
    """A case and a task that came since are not made."""
    scene, pairs = two_cases()
    plans = Plans(scene.rig)
    file = plans.make()
    case = scene.case("Came later")
    task = scene.task(pairs[0][0], "Came later too")

    plans.apply(file)

    assert scene.all_of(case) == []
    assert scene.all_of(task) == []
    assert aside(plans) == {
        kore_key(case): "not-in-plan",
        kore_key(task): "not-in-plan",
    }


@pytest.mark.parametrize("at", range(1, 46))
def test_a_plan_goes_on_after_it_was_cut_off(at: int) -> None:
    """Killed after the n-th request, and called again: done once, and whole."""
    scene = Scene(cases=3)
    plans = Plans(scene.rig)
    file = plans.make()
    scene.rig.wrap = lambda inner: CrashingTransport(inner, at, "after")
    with suppress(Crash):
        plans.apply(file)
    scene.rig.wrap = lambda inner: inner
    scene.clock.sleep(3600.0)
    plans.apply(file)
    before = scene.asked
    plans.apply(file)

    assert scene.asked == before
    assert scene.complaints() == []
    assert aside(plans) == {}


@pytest.mark.parametrize("number", range(8))
def test_random_plans_do_what_they_say_action_for_action(number: int) -> None:
    """Whatever people do in between, each change that `apply` makes is in the plan."""
    seed = SEED + number
    chance = random.Random(seed)  # noqa: S311 - printed when it fails
    scene = Scene(cases=6, seed=seed % 1000)
    if chance.random() < 0.7:
        scene.run()
        meddle(scene, chance)
    plans = Plans(scene.rig, redacted=False)
    file = plans.make()
    meddle(scene, chance)
    before = shown(scene)

    plans.apply(file)

    said = promised(file)
    for key, fields in shown(scene).items():
        for name, value in fields.items():
            if before.get(key, {}).get(name) != value:
                assert (name, value) in said.get(key, set()), (seed, key, name, value)


def shown(scene: Scene) -> dict[str, dict[str, Any]]:
    """Give what casemgr holds of ours, by the source that the correlation key names."""
    found: dict[str, dict[str, Any]] = {}
    casemgr = scene.box.casemgr
    for role, records in (("t", casemgr.activities), ("c", casemgr.cases)):
        for record in records.values():
            (own,) = record.custom.get("ext_key", ("",))
            if f".{role}." not in own:
                continue
            named = {k: v for k, v in record.custom.items() if k != "ext_key"}
            custom = {f"custom.{k}": v for k, v in named.items()}
            level = "priority" if role == "t" else "severity"
            key = kore_key(own.split(f".{role}.")[1].rpartition(".")[0])
            found[key] = {
                "status": record.status,
                level: getattr(record, level),
                "subject": record.subject,
                **custom,
            }
    return found


def promised(file: bytes) -> dict[str, set[tuple[str, Any]]]:
    """Give what a plan says each field will be, in the words of the sandbox."""
    found: dict[str, set[tuple[str, Any]]] = {}
    for line in lines(file):
        if line.kind not in WRITES or line.role == "opener":
            continue
        fields = found.setdefault(line.key, set())
        if line.kind == "create":
            new = "assigned" if line.role == "task" else "open"
            fields.add(("status", new))
        for change in line.changes:
            after = change.after
            if change.name.startswith("custom."):
                after = after if isinstance(after, tuple) else (str(after),)
            fields.add((change.name, after))
    return found


def meddle(scene: Scene, chance: random.Random) -> None:
    """Let people on both sides do this and that."""
    scene.clock.sleep(600.0)
    levels = ["Low", "High", "Critical"]
    for case in list(scene.box.kore.cases):
        if chance.random() < 0.4:
            scene.edit(case, priority=chance.choice(levels))
    for task in list(scene.box.kore.tasks):
        changes: list[dict[str, Any]] = [
            {"name": f"Changed {chance.random():.3f}"},
            {"priority": chance.choice(levels)},
            {"status": "Resolved"},
        ]
        if chance.random() < 0.5:
            scene.edit(task, **chance.choice(changes))
    for activity in list(scene.box.casemgr.activities.values()):
        if chance.random() < 0.2 and activity.status == "assigned":
            scene.edit(f"activity:{activity.id}", priority=chance.choice("1234567"))
    if chance.random() < 0.5:
        scene.task(scene.case("One more"), "And its task")
    scene.clock.sleep(600.0)


@pytest.mark.parametrize("at", range(1, 46, 3))
def test_a_plan_towards_kore_goes_on_after_it_was_cut_off(at: int) -> None:
    """Killed before the n-th request, and called again: done once, and whole."""
    back = Back(cases=4)
    plans = Plans(back.rig, to_kore=True)
    file = plans.make()
    back.rig.wrap = lambda inner: CrashingTransport(inner, at, "before")
    with suppress(Crash):
        plans.apply(file)
    back.rig.wrap = lambda inner: inner
    back.clock.sleep(3600.0)
    plans.apply(file)
    before = back.calls(*KORE_WRITES)
    plans.apply(file)

    assert back.calls(*KORE_WRITES) == before
    assert back.complaints() == []
    assert {code for code in aside(plans).values() if code != "twice"} == set()


class SecondLook(Gate):
    """Holds the fields of every task back, and at a second look the whole task."""

    @property
    def cases(self) -> tuple[Key, ...]:
        return ()

    def names(self, case: Key) -> bool:
        return case in self.cases

    def strays(self, work: Judged, plan: GroupPlan) -> dict[tuple[Role, Key], Stray]:
        first = not work.aside
        stray = Stray(code="moved-since", reason="…", contents_only=first)
        return {(a.role, a.key): stray for a in plan.actions if a.role is Role.TASK}


def test_what_becomes_due_for_a_record_set_aside_is_not_done() -> None:
    """Only its fields were set aside; then it was due to be completed."""
    scene, pairs = two_cases()
    for _, task in pairs:
        scene.edit(task, status="Resolved")
    context = scene.rig.context()
    context.run = scene.rig.store.begin_run("apply", "t", {"from": "kore"})
    context.gate = SecondLook()
    migration = Migration(context, Options())
    migration.read()
    migration.plan()

    migration.carry_out()

    assert {scene.of(task).status for _, task in pairs} == {"assigned"}
