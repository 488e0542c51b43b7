"""A day of `sync --every 5m` under faults: no edit lost, nothing grows, all at rest."""

import gc
import tracemalloc
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from random import Random

import pytest

from caseferry.adapters.sqlite import SqliteStore
from support.acts import ACTIVITY, CASE, FAULTS, KORE_CASE, KORE_TASK, OPERATIONS
from support.duplex import Duplex

EVERY_S = 300.0
DAY_RUNS = 288
SEED = 20_260_302
MOST_TASKS = 30
TOKEN_BYTES = 1_000
"""A run's tokens, which the sandbox keeps; its own objects are a hundred times that."""
CURSORS = 201
"""`sqlite3` lets go of what is left of old cursors with every 200th new one."""
ONCE_BYTES = 4_000
"""Caches of names and of log labels that some later run fills first."""


class Day:
    """People and runs of one day, over a state in a file."""

    def __init__(self, path: Path) -> None:
        self.random = Random(SEED)  # noqa: S311 - a schedule, no secret
        print(f"seed {SEED}")
        self.play = Duplex()
        self.path = path
        self.store = SqliteStore.open(path)
        self.play.both.rig.store = self.store

    def people(self) -> None:
        """Let somebody do something, now or in the midst of the next run."""
        act = self.act()
        at = self.random.choice([0, 0, 5, 9, 12])
        if at:
            self.play.during.setdefault(at, []).append(act)
        else:
            act()

    def act(self) -> Callable[[], None]:
        """Choose what somebody does, and to which record."""
        play, which = self.play, self.random.randrange(8)
        edits: list[tuple[Callable[[int, str], None], Mapping[str, object]]] = [
            (play.edit_kore_task, KORE_TASK),
            (play.edit_kore_case, KORE_CASE),
            (play.edit_activity, ACTIVITY),
            (play.edit_case, CASE),
        ]
        others = [play.complete]
        if len(play.box.kore.tasks) < MOST_TASKS:
            others += [play.kore_task, play.agent_task]
        number = self.random.randrange(len(edits) + len(others))
        if number >= len(edits):
            return partial(others[number - len(edits)], which)
        edit, changes = edits[number]
        return partial(edit, which, self.random.choice(sorted(changes)))

    def run(self, *, calm: bool = False) -> None:
        """Sync once, as the schedule does; a fault strikes every fourth run."""
        play, chance = self.play, self.random.random()
        if not calm and chance < 0.25:
            play.faulty(
                self.random.choice(FAULTS),
                self.random.choice(OPERATIONS),
                after=self.random.randrange(8),
                times=self.random.randint(1, 3),
            )
        elif not calm and chance < 0.3:
            play.die_at_a_request(self.random.randint(5, 30), "after")
        else:
            play.sync(wait_s=EVERY_S)
        self.store.prune()

    def work(self, runs: int) -> None:
        """Let people work, and sync in between."""
        for _ in range(runs):
            if self.random.random() < 0.5:
                self.people()
            self.run()
            assert self.play.oracle.judge() == []

    def retained(self) -> int:
        """Give the bytes that the engine holds between two runs."""
        self.play.tale.forget_log()  # it holds texts that the engine made
        for _ in range(CURSORS):
            self.store._conn.cursor()
        gc.collect()
        ours = tracemalloc.Filter(inclusive=True, filename_pattern="*/caseferry/*")
        not_it = tracemalloc.Filter(inclusive=False, filename_pattern="*/sandbox/*")
        taken = tracemalloc.take_snapshot().filter_traces([ours, not_it])
        return sum(stat.size for stat in taken.statistics("filename"))

    def pages(self) -> int:
        """Give the size of the state, in pages."""
        ((count,),) = self.store._all("PRAGMA page_count")
        return int(count)


@pytest.mark.parametrize("runs", [40, pytest.param(DAY_RUNS, marks=pytest.mark.slow)])
def test_a_day_under_faults_loses_nothing_and_does_not_grow(
    tmp_path: Path, runs: int
) -> None:
    """Two thirds of it people work and faults strike; the rest of it is calm."""
    day = Day(tmp_path / "caseferry.db")
    day.play.kore_case(2)
    day.play.agent_case(2)
    day.play.kore_case(1)

    day.work(runs * 2 // 3)
    assert day.play.end() == []
    day.run(calm=True)
    tracemalloc.start()
    sizes = []
    for _ in range(4):
        for _ in range(runs // 12):
            day.run(calm=True)
        sizes.append((day.retained(), day.pages()))
    tracemalloc.stop()

    memory, pages = zip(*sizes, strict=True)
    print(f"retained {memory}, pages {pages}, blind {len(day.play.oracle.blind)}")
    assert memory[3] - memory[1] < ONCE_BYTES + TOKEN_BYTES * (runs // 12) * 2
    assert pages[3] == pages[1]
    day.store.close()
