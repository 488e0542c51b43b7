"""Saved plans of two-way syncs: made in a scene, and carried out in it later."""

import io

from caseferry.engine.facts import lines_of
from caseferry.engine.gate import SavedGate
from caseferry.engine.sync.run import Sync, SyncOptions
from caseferry.engine.tally import Tally
from caseferry.engine.to_kore.work import KoreWork
from caseferry.engine.work import Work
from caseferry.planfile.write import PlanWriter
from support.both import OPEN_LIMITS, Both
from support.plans import HEADER, MADE, REDACTOR, opened


def two_way_plan(scene: Both, *, redacted: bool = False) -> bytes:
    """Plan, and give the file."""
    writer = PlanWriter(io.BytesIO(), REDACTOR if redacted else None)

    def show(work: Work | KoreWork) -> None:
        for line in lines_of(work, work.plan, order=writer.lines) if work.plan else ():
            writer.add(line)

    planned = scene.begin().plan(show)
    assert not planned.stops, planned.stops
    return b"".join(writer.text(writer.header(HEADER, MADE)))


def carry_out(scene: Both, file: bytes, *, redacted: bool = False) -> Tally:
    """Carry a plan out, guards left out."""
    context = scene.context()
    context.gate = SavedGate(opened(file), REDACTOR if redacted else None)
    options = SyncOptions(limits=OPEN_LIMITS, reading=scene.reading)
    sync = Sync(context, options)
    sync.read()
    sync.plan()
    return sync.carry_out()


def busy(cases: int = 2) -> Both:
    """Carry cases, then let people work on both sides: new, changed and finished."""
    scene = Both(cases=cases)
    scene.run()
    scene.later()
    for number in range(2):
        case = scene.case(f"New {number}", priority="High")
        scene.task(case, f"Do {number}", priority="Low")
        other = scene.agent_case(f"Agent {number}")
        scene.agent_task(other, f"Agent task {number}", priority="2")
    for case in list(scene.box.kore.cases)[:2]:
        scene.edit(case, priority="Low")
    for activity in list(scene.box.casemgr.activities.values()):
        if activity.status == "assigned" and activity.kind == "task":
            scene.edit(f"activity:{activity.id}", priority="1")
    for task in list(scene.box.kore.tasks)[:2]:
        scene.edit(task, status="Resolved")
    rest(scene)
    return scene


def rest(scene: Both) -> None:
    """Let an hour pass, so that nothing is in the air any more."""
    scene.clock.sleep(3600.0)
    scene.box.settle()
