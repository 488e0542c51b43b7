"""Random histories of the way back: people, runs, faults and lost states in any order.

A failure prints its seed and what happened; the same seed tells the same story.
"""

import os
import random
from typing import Any

import pytest

from caseferry.adapters.memory_store import MemoryStore
from caseferry.errors import CaseSystemError
from caseferry.sandbox.faults import KINDS
from support.back import Back
from support.weather import runs_to_the_end

COUNT = int(os.environ.get("CASEFERRY_BACK_HISTORIES", "60"))
STATUSES = ("Open", "In Progress", "Resolved", "Closed")
PRIORITIES = ("Low", "Medium", "High", "Critical")
CALLS = ("create_case", "create_task", "update_case", "update_task", "get_tasks")
LATER_S = 3600.0


class Story:
    """One history: what people did in both systems, and the runs between."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - a story, no secret
        self.scene = Back(
            cases=self.rng.choice([0, 3]), seed=seed, readings=self._readings()
        )
        if self.rng.random() < 0.3:
            self.scene.use_marker("name")
        self.cases: list[str] = []
        self.tasks: list[str] = []
        self.snapshots: list[Any] = []
        self.told: list[str] = []

    def _readings(self) -> dict[str, str | float]:
        rng, found = self.rng, dict[str, str | float]()
        if rng.random() < 0.3:
            found["kore.search_lag_s"] = rng.choice([3, 20])
        if rng.random() < 0.2:
            found["kore.search_scope"] = "ignored"
        if rng.random() < 0.15:
            found["kore.desc_on_create"] = "dropped"
        if rng.random() < 0.15:
            found["kore.array_update"] = "append"
        return found

    def happen(self) -> None:
        """Let one more thing happen."""
        steps = (
            self.run,
            self.run,
            self.new_case,
            self.new_task,
            self.edit_in_casemgr,
            self.end_in_casemgr,
            self.edit_in_kore,
            self.end_in_kore,
            self.fault,
            self.lose,
            self.keep,
            self.restore,
        )
        step = self.rng.choice(steps)
        self.told.append(step.__name__)
        try:
            step()
        except CaseSystemError as error:
            self.told.append(type(error).__name__)

    def run(self) -> None:
        self.scene.clock.sleep(self.rng.choice([0.0, 1.0, 40.0, LATER_S]))
        self.scene.run()

    def new_case(self) -> None:
        self.cases.append(self.scene.case(f"Case {len(self.cases)}"))

    def new_task(self) -> None:
        if self.cases:
            name = f"Task {len(self.tasks)}"
            self.tasks.append(self.scene.task(self.rng.choice(self.cases), name))

    def edit_in_casemgr(self) -> None:
        human = self.scene.box.human
        if self.cases:
            word = self.rng.choice(["low", "high", "urgent"])
            human.edit("casemgr", "case", self.rng.choice(self.cases), severity=word)
        if self.tasks:
            number = self.rng.choice("1267")
            task = self.rng.choice(self.tasks)
            human.edit("casemgr", "activity", task, priority=number)

    def end_in_casemgr(self) -> None:
        if self.cases:
            self.scene.box.human.close("casemgr", self.rng.choice(self.cases))

    def edit_in_kore(self) -> None:
        if found := sorted(self.scene.box.kore.cases):
            word = self.rng.choice(PRIORITIES)
            self.scene.box.human.edit(
                "kore", "case", self.rng.choice(found), priority=word
            )

    def end_in_kore(self) -> None:
        box, word = self.scene.box, self.rng.choice(STATUSES)
        if found := sorted(box.kore.cases):
            box.human.edit("kore", "case", self.rng.choice(found), status=word)
        if found := sorted(box.kore.tasks):
            box.human.edit("kore", "task", self.rng.choice(found), status=word)

    def fault(self) -> None:
        kind, call = self.rng.choice(sorted(KINDS)), self.rng.choice(CALLS)
        self.told.append(f"{kind} of {call}")
        self.scene.fault(kind, call, after=self.rng.randint(0, 2))

    def lose(self) -> None:
        self.scene.clock.sleep(LATER_S)
        self.scene.rig.store = MemoryStore()

    def keep(self) -> None:
        self.snapshots.append(self.scene.rig.store.snapshot())

    def restore(self) -> None:
        if self.snapshots:
            self.scene.clock.sleep(LATER_S)
            self.scene.rig.store.restore(self.rng.choice(self.snapshots))


@pytest.mark.parametrize("seed", range(COUNT))
def test_any_history_ends_with_each_record_once_and_at_rest(seed: int) -> None:
    """Whatever happened before, a few quiet runs bring it to rest."""
    story = Story(seed)
    for _ in range(story.rng.randint(4, 14)):
        story.happen()
    scene = story.scene
    scene.box.faults.clear()

    assert runs_to_the_end(scene) or scene.rests(), (seed, story.told)

    doubled = {k: len(v) for k, v in scene.counterparts().items() if len(v) > 1}
    assert not doubled, (seed, story.told)
    assert len(scene.box.kore.cases) <= len(scene.box.casemgr.cases), (seed, story.told)
    missing = [text for text in scene.complaints() if "missing" in text]
    assert not missing, (seed, story.told)
    assert scene.rests(), (seed, story.told)
