"""A due date that Kore demanded: it is nobody's, whatever becomes of its mark."""

from collections.abc import Callable
from pathlib import Path

import pytest

from caseferry.adapters.sqlite import SqliteStore
from caseferry.engine.changes import ReadPlan
from caseferry.engine.context import Context
from caseferry.engine.to_kore.verify import verify_to_kore
from caseferry.engine.verdicts import Verified
from caseferry.engine.verify import verify
from caseferry.model.record import System, kore_key
from support.both import Both
from support.both_plans import carry_out, two_way_plan


def undated(both: Both) -> tuple[str, str]:
    """Let an agent open a case without due date; gives it, and Kore's after a run."""
    theirs = both.agent_case("Printer burns", description="badly")
    both.agent_task(theirs, "Call back")
    both.sync()
    ((case, made),) = both.box.kore.cases.items()
    assert made.due is not None
    return theirs, case


@pytest.mark.parametrize("runs", [0, 2])
def test_a_rewritten_text_makes_it_no_date_of_a_person(runs: int) -> None:
    both = Both()
    theirs, case = undated(both)
    for _ in range(runs):
        both.later()

    both.edit(case, desc="It is out", tags=("mine",))
    both.later()
    both.edit(f"case:{theirs}", severity="high")  # the reply shows it once more
    both.later()
    both.edit(case, name="Printer burnt")
    both.later()

    assert both.box.casemgr.cases[theirs].due is None
    assert both.box.casemgr.cases[theirs].subject == "Printer burnt"
    assert both.at_rest()
    assert both.holds == {}


@pytest.mark.parametrize("by", ["person", "agent"])
def test_a_date_that_somebody_sets_is_carried(by: str) -> None:
    both = Both()
    theirs, case = undated(both)
    both.edit(case, desc="It is out")
    both.later()

    due = both.due(5)
    both.edit(case if by == "person" else f"case:{theirs}", due=due)
    both.later()

    assert both.box.casemgr.cases[theirs].due == both.kore(case).due == due
    assert both.at_rest()


@pytest.mark.parametrize("kind", ["lost_reply", "error_after"])
def test_it_is_remembered_after_a_lost_reply(kind: str) -> None:
    both = Both()
    both.fault(kind, "create_case", system="kore")
    theirs, case = undated(both)
    both.later()

    both.edit(case, desc="It is out", tags=())
    both.later()

    assert both.box.casemgr.cases[theirs].due is None
    assert both.at_rest()


def test_a_new_state_remembers_it_while_its_mark_is_there() -> None:
    both = Both()
    both.rig.allowed = frozenset({"unlinked"})
    theirs, case = undated(both)
    both.later()
    both.lose_state()
    both.later()

    both.edit(case, desc="It is out", tags=())
    both.later()

    assert both.box.casemgr.cases[theirs].due is None
    assert both.at_rest()


def test_it_is_remembered_where_the_contents_are_forgotten(tmp_path: Path) -> None:
    both = Both()
    with SqliteStore.open(tmp_path / "state.db") as store:
        both.rig.store = store
        theirs, case = undated(both)
        both.later()

        store.forget(kore_key(case))
        both.edit(case, desc="It is out", tags=())
        both.reading = ReadPlan(full=frozenset(System))
        both.later()

        assert both.box.casemgr.cases[theirs].due is None
        assert both.at_rest()


@pytest.mark.parametrize("proof", [verify, verify_to_kore])
@pytest.mark.parametrize("tags", [None, ("mine",)])
def test_no_proof_reports_it(
    proof: Callable[[Context], Verified], tags: tuple[str, ...] | None
) -> None:
    both = Both()
    theirs, case = undated(both)
    both.edit(f"case:{theirs}", severity="high")  # our tag comes with the update
    both.later()
    both.edit(case, desc="It is out", **({"tags": tags} if tags else {}))
    both.later()

    context = both.context()
    context.run = both.rig.store.begin_run("verify", "t", {})
    found = proof(context)

    assert [each.field for each in found.differences if each.field != "*"] == []
    assert found.explained


def test_no_saved_plan_carries_it() -> None:
    both = Both()
    theirs, case = undated(both)
    both.later()
    both.edit(case, desc="It is out", tags=())
    file = two_way_plan(both)

    carry_out(both, file)

    assert both.box.casemgr.cases[theirs].description == "It is out"
    assert both.box.casemgr.cases[theirs].due is None
    assert both.at_rest()


def test_a_migration_carries_it_neither() -> None:
    """Not one from Kore, after casemgr's cases were carried there."""
    both = Both()
    theirs, case = undated(both)
    both.later()
    both.edit(case, desc="It is out", tags=("mine",))

    both.again()

    assert both.box.casemgr.cases[theirs].description == "It is out"
    assert both.box.casemgr.cases[theirs].due is None
