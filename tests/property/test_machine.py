"""Any history of people, agents, faults, crashes and lost states: each record once.

`CASEFERRY_HISTORIES=2000 pytest tests/property/test_machine.py` runs long; a failing
history is printed as a program and, with print_blob, as a seed.
"""

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from support.history import (
    AGENT_CHANGES,
    CASE_CHANGES,
    FAULTS,
    OPERATIONS,
    TASK_CHANGES,
    History,
)

HISTORIES = int(os.environ.get("CASEFERRY_HISTORIES", "0"))
"""0 is the small, repeatable profile; otherwise so many random histories."""
PROFILE = settings(
    max_examples=HISTORIES or 100,
    stateful_step_count=25 if HISTORIES else 15,
    derandomize=not HISTORIES,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
)
WHICH = st.integers(0, 7)
"""Picks one of the records there are, the newest first."""


class Machine(RuleBasedStateMachine):
    """What may happen between two runs, and runs that end well or badly."""

    def __init__(self) -> None:
        super().__init__()
        self.history = History()
        self.has_failed = False

    @initialize(tasks=st.integers(0, 2), others=st.integers(0, 1))
    def carry_some(self, tasks: int, others: int) -> None:
        self.history.open_case(tasks, 0)
        for _ in range(others):
            self.history.open_case(1, 1)
        self.history.migrate()

    # people in Kore, and maybe a run after it -----------------------------------------
    @rule(tasks=st.integers(0, 2), person=st.integers(0, 2))
    def open_case(self, tasks: int, person: int) -> None:
        self.history.open_case(tasks, person)

    @rule(which=WHICH, run=st.booleans(), finished=st.booleans())
    def add_task(self, which: int, *, finished: bool, run: bool) -> None:
        self.history.add_task(which, finished=finished)
        self._run(run=run)

    @rule(which=WHICH, run=st.booleans(), change=st.sampled_from(sorted(TASK_CHANGES)))
    def edit_task(self, which: int, change: str, *, run: bool) -> None:
        self.history.edit_task(which, change)
        self._run(run=run)

    @rule(which=WHICH, run=st.booleans(), change=st.sampled_from(sorted(CASE_CHANGES)))
    def edit_case(self, which: int, change: str, *, run: bool) -> None:
        self.history.edit_case(which, change)
        self._run(run=run)

    # agents in casemgr ----------------------------------------------------------------
    @rule(which=WHICH, run=st.booleans(), change=st.sampled_from(sorted(AGENT_CHANGES)))
    def agent_edits(self, which: int, change: str, *, run: bool) -> None:
        self.history.agent_edits(which, change)
        self._run(run=run)

    @rule(which=WHICH, run=st.booleans())
    def agent_completes(self, which: int, *, run: bool) -> None:
        self.history.agent_completes(which)
        self._run(run=run)

    @rule(which=WHICH, run=st.booleans())
    def agent_closes(self, which: int, *, run: bool) -> None:
        self.history.agent_closes(which)
        self._run(run=run)

    @rule(which=WHICH)
    def mail_arrives(self, which: int) -> None:
        self.history.mail_arrives(which)

    @rule(which=WHICH)
    def mail_is_answered(self, which: int) -> None:
        self.history.mail_is_answered(which)

    @rule(which=WHICH)
    def activity_is_queued(self, which: int) -> None:
        self.history.move(which, "awaiting_assignment", None)

    @rule(which=WHICH)
    def activity_is_assigned(self, which: int) -> None:
        self.history.move(which, "assigned", "1001")

    def _run(self, *, run: bool) -> None:
        if run:
            self.history.migrate()

    # runs -----------------------------------------------------------------------------
    @rule()
    def migrate(self) -> None:
        self.history.migrate()

    @rule(at=st.integers(1, 60), when=st.sampled_from(["before", "after"]))
    def die_at_a_request(self, at: int, when: str) -> None:
        self.history.die_at_a_request(at, when)

    @rule(at=st.integers(1, 40), when=st.sampled_from(["before", "after"]))
    def die_at_a_commit(self, at: int, when: str) -> None:
        self.history.die_at_a_commit(at, when)

    @rule(
        kind=st.sampled_from(FAULTS),
        operation=st.sampled_from(OPERATIONS),
        after=st.integers(0, 6),
        times=st.integers(1, 3),
    )
    def migrate_with_a_fault(
        self, kind: str, operation: str, after: int, times: int
    ) -> None:
        self.history.migrate_with_a_fault(kind, operation, after=after, times=times)

    @rule(lag=st.sampled_from([0, 5, 20]))
    def the_search_lags(self, lag: int) -> None:
        self.history.lag(lag)

    @rule(seconds=st.sampled_from([30, 200, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.history.wait(seconds)

    # the state ------------------------------------------------------------------------
    @precondition(lambda self: self.history.copies)
    @rule(which=WHICH)
    def restore_an_older_state(self, which: int) -> None:
        self.history.restore(which)

    @rule()
    def lose_the_state(self) -> None:
        self.history.lose_state()

    @rule(which=WHICH)
    def part_a_record(self, which: int) -> None:
        self.history.part(which)

    @rule()
    def take_everything_up_again(self) -> None:
        self.history.retry_all()

    # what always holds ----------------------------------------------------------------
    @invariant()
    def each_record_is_there_once(self) -> None:
        self._expect_none(self.history.doubles())

    @invariant()
    def nobodys_edit_is_overwritten(self) -> None:
        self._expect_none(self.history.overwritten())

    @invariant()
    def only_people_answer_mails_and_close_open_cases(self) -> None:
        self._expect_none(self.history.closed_by_us())

    def _expect_none(self, wrong: list[str]) -> None:
        self.has_failed = self.has_failed or bool(wrong)
        assert wrong == []

    def teardown(self) -> None:
        if self.has_failed:
            return  # the step's own failure says more
        self.history.end()
        assert self.history.doubles() == []
        assert self.history.overwritten() == []
        assert self.history.closed_by_us() == []
        assert self.history.wrong() == []


def test_any_history_ends_with_each_record_once() -> None:
    """Whatever happened: nothing twice, nothing overwritten, and then all at rest."""
    run_state_machine_as_test(Machine, settings=PROFILE)
