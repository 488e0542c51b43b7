"""Any history of two-way sync: no edit is lost, nothing is there twice, all rests.

`CASEFERRY_HISTORIES=2000 pytest tests/property/test_sync_machine.py` runs long; a
failing history is printed as a program and, with print_blob, as a seed.
"""

import os
from collections.abc import Callable

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

from caseferry.engine.sync.policy import Create
from caseferry.model.record import System
from caseferry.reconcile.guard import Limits
from support.acts import ACTIVITY, CASE, FAULTS, KORE_CASE, KORE_TASK, OPERATIONS
from support.duplex import Duplex
from support.operator import Operator

HISTORIES = int(os.environ.get("CASEFERRY_HISTORIES", "0"))
"""0 is the small, repeatable profile; otherwise so many random histories."""
PROFILE = settings(
    max_examples=HISTORIES or 40,
    stateful_step_count=25 if HISTORIES else 15,
    derandomize=not HISTORIES,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
)
WHICH = st.integers(0, 7)
"""Picks one of the records there are, the newest first."""
AT = st.sampled_from([0, 0, 0, 2, 4, 6, 8, 9, 10, 12, 15, 20, 30])
"""When people act: at once, or before the request of this number in the next run."""


class Machine(RuleBasedStateMachine):
    """What may happen between two runs, in their midst, and how they end."""

    def __init__(self) -> None:
        super().__init__()
        self.play = Duplex()
        self.operator = Operator(self.play)
        self.has_failed = False

    @initialize(
        tasks=st.integers(0, 2),
        own=st.integers(0, 2),
        owner=st.sampled_from(["", "", "kore", "casemgr"]),
        newest_first=st.booleans(),
    )
    def carry_some(
        self, tasks: int, own: int, owner: str, *, newest_first: bool
    ) -> None:
        self.play = Duplex(owner=owner, newest_first=newest_first)
        self.operator = Operator(self.play)
        self.play.kore_case(tasks)
        self.play.agent_case(own)
        self.play.sync()

    # people in Kore -----------------------------------------------------------------
    @rule(tasks=st.integers(0, 2), at=AT)
    def kore_case(self, tasks: int, at: int) -> None:
        self._at(at, lambda: self.play.kore_case(tasks))

    @rule(which=WHICH, at=AT)
    def kore_task(self, which: int, at: int) -> None:
        self._at(at, lambda: self.play.kore_task(which))

    @rule(which=WHICH, at=AT, change=st.sampled_from(sorted(KORE_TASK)))
    def edit_kore_task(self, which: int, change: str, at: int) -> None:
        self._at(at, lambda: self.play.edit_kore_task(which, change))

    @rule(which=WHICH, at=AT, change=st.sampled_from(sorted(KORE_CASE)))
    def edit_kore_case(self, which: int, change: str, at: int) -> None:
        self._at(at, lambda: self.play.edit_kore_case(which, change))

    # agents in casemgr --------------------------------------------------------------
    @rule(tasks=st.integers(0, 2), at=AT)
    def agent_case(self, tasks: int, at: int) -> None:
        self._at(at, lambda: self.play.agent_case(tasks))

    @rule(which=WHICH, at=AT)
    def agent_task(self, which: int, at: int) -> None:
        self._at(at, lambda: self.play.agent_task(which))

    @rule(which=WHICH, at=AT, change=st.sampled_from(sorted(ACTIVITY)))
    def edit_activity(self, which: int, change: str, at: int) -> None:
        self._at(at, lambda: self.play.edit_activity(which, change))

    @rule(which=WHICH, at=AT, change=st.sampled_from(sorted(CASE)))
    def edit_case(self, which: int, change: str, at: int) -> None:
        self._at(at, lambda: self.play.edit_case(which, change))

    @rule(which=WHICH, at=AT)
    def complete(self, which: int, at: int) -> None:
        self._at(at, lambda: self.play.complete(which))

    @rule(which=WHICH, at=AT)
    def close(self, which: int, at: int) -> None:
        self._at(at, lambda: self.play.close(which))

    @rule(which=WHICH, at=AT)
    def mail(self, which: int, at: int) -> None:
        self._at(at, lambda: self.play.mail(which))

    @rule(which=WHICH, where=WHICH, at=AT)
    def move(self, which: int, where: int, at: int) -> None:
        self._at(at, lambda: self.play.move(which, where))

    @rule(which=WHICH, at=AT, back=st.booleans())
    def queue(self, which: int, at: int, *, back: bool) -> None:
        act = self.play.assign if back else self.play.queue
        self._at(at, lambda: act(which))

    # both, or several at once -------------------------------------------------------
    @rule(
        which=WHICH,
        at=AT,
        mine=st.sampled_from(sorted(KORE_TASK)),
        theirs=st.sampled_from(sorted(ACTIVITY)),
    )
    def clash(self, which: int, mine: str, theirs: str, at: int) -> None:
        self._at(at, lambda: self.play.clash(which, mine, theirs))

    @rule(
        which=WHICH,
        at=AT,
        mine=st.sampled_from(sorted(KORE_CASE)),
        theirs=st.sampled_from(sorted(CASE)),
    )
    def clash_on_case(self, which: int, mine: str, theirs: str, at: int) -> None:
        self._at(at, lambda: self.play.clash_on_case(which, mine, theirs))

    @rule(which=WHICH, at=AT, close=st.booleans())
    def resolve_all(self, which: int, at: int, *, close: bool) -> None:
        self._at(at, lambda: self.play.resolve_all(which, close=close))

    @rule(which=WHICH, at=AT)
    def complete_all(self, which: int, at: int) -> None:
        self._at(at, lambda: self.play.complete_all(which))

    def _at(self, at: int, act: Callable[[], object]) -> None:
        if at:
            self.play.during.setdefault(at, []).append(act)
        else:
            act()

    # runs ---------------------------------------------------------------------------
    @rule()
    def sync(self) -> None:
        self.play.sync()

    @rule()
    def sync_once_more(self) -> None:
        self.play.sync()

    @rule(limit=st.sampled_from([1, 2, 0.3]))
    def sync_with_limits(self, limit: float) -> None:
        self.play.sync(
            Limits(max_changes=limit, max_creates=2, max_closed=1, max_reopened=0)
        )

    @rule(at=st.integers(1, 60), when=st.sampled_from(["before", "after"]))
    def die_at_a_request(self, at: int, when: str) -> None:
        self.play.die_at_a_request(at, when)

    @rule(at=st.integers(1, 60), when=st.sampled_from(["before", "after"]))
    def die_at_a_commit(self, at: int, when: str) -> None:
        self.play.die_at_a_commit(at, when)

    @rule(
        kind=st.sampled_from(FAULTS),
        operation=st.sampled_from(OPERATIONS),
        after=st.integers(0, 8),
        times=st.integers(1, 3),
    )
    def sync_with_a_fault(
        self, kind: str, operation: str, after: int, times: int
    ) -> None:
        self.play.faulty(kind, operation, after=after, times=times)

    @rule()
    def read_whole(self) -> None:
        self.play.read_whole()

    @rule(lag=st.sampled_from([0, 5, 20]))
    def the_search_lags(self, lag: int) -> None:
        self.play.lag(lag)

    @rule(seconds=st.sampled_from([30, 1000, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.play.wait(seconds)

    # the operator -------------------------------------------------------------------
    @rule(which=WHICH, what=st.integers(0, 2), at=AT)
    def disagree(self, which: int, what: int, at: int) -> None:
        self._at(at, lambda: self.operator.disagree(which, what))

    @rule(which=WHICH, take=st.sampled_from(System))
    def resolve(self, which: int, take: System) -> None:
        self.operator.resolve(which, take)

    @rule(which=WHICH, what=st.integers(0, 2), take=st.sampled_from(System))
    def decide_a_dispute(self, which: int, what: int, take: System) -> None:
        self.operator.disagree(which, what)
        self.play.sync()
        self.operator.resolve(which, take)

    @rule(which=WHICH, what=st.sampled_from(["retry", "part", "join"]))
    def take_up_or_part(self, which: int, what: str) -> None:
        getattr(self.operator, what)(which)

    @rule(at=st.integers(1, 60), out_of_time=st.booleans())
    def stop_a_run(self, at: int, *, out_of_time: bool) -> None:
        act = self.operator.hurry if out_of_time else self.operator.stop
        self.play.during.setdefault(at, []).append(act)
        self.play.sync()

    @rule(create=st.sampled_from(["none", "kore", "casemgr"]))
    def sync_without_creates(self, create: Create) -> None:
        self.operator.sync_with(create)

    # the state and the mapping ------------------------------------------------------
    @precondition(lambda self: self.play.copies)
    @rule(which=WHICH)
    def restore_an_older_state(self, which: int) -> None:
        self.play.restore(which)

    @rule()
    def lose_the_state(self) -> None:
        self.play.lose()

    @rule()
    def change_the_mapping(self) -> None:
        self.play.remap()

    # what always holds --------------------------------------------------------------
    @invariant()
    def nothing_happened_that_must_not(self) -> None:
        wrong = self.play.oracle.judge()
        self.has_failed = self.has_failed or bool(wrong)
        assert wrong == []

    def teardown(self) -> None:
        if self.has_failed:
            return  # the step's own failure says more
        self.play.flush()
        self.operator.join_all()
        assert self.play.end() == []
        assert self.play.oracle.judge() == []
        assert self.play.unbound == []
        self._all_is_decided()

    def _all_is_decided(self) -> None:
        """Let a person decide all that is open: that is carried, and nothing else."""
        for take in sorted(System, reverse=self.play.count % 2 == 0):
            self.operator.resolve_all(take)
        assert self.play.end() == []
        assert self.operator.open_conflicts() == []
        assert self.play.oracle.judge() == []


def test_any_history_of_both_sides_comes_to_rest() -> None:
    """Whatever happened: nothing twice, no edit lost unsaid, and then all at rest."""
    run_state_machine_as_test(Machine, settings=PROFILE)
