"""Tasks that Kore's template makes in a case of ours: no news for casemgr."""

import pytest

from caseferry.engine.verify import verify
from caseferry.sandbox import TENANT
from support.both import Both
from support.both_plans import carry_out, two_way_plan
from support.rig import default_mapper

NAME = f"{TENANT.TASK_TEMPLATES[0].name} (template)"


def carried(policy: str = "report", *, delay_s: float = 2.0) -> tuple[Both, str]:
    """Carry a closed case to a Kore whose template makes two tasks; gives the case."""
    both = Both(
        readings={
            "kore.template_spawns_tasks": 2,
            "kore.template_delay_s": delay_s,
        }
    )
    both.rig.mapper = default_mapper(
        lambda text: text.replace(
            'spawned_tasks = "report"', f'spawned_tasks = "{policy}"'
        )
    )
    both.rig.allowed = frozenset({"unlinked"})
    case = both.agent_case("Old and closed")
    both.agent_task(case, NAME)
    both.box.human.close("casemgr", case)
    both.sync()
    return both, case


@pytest.mark.parametrize("delay_s", [0.0, 2.0, 8.0])
@pytest.mark.parametrize(("policy", "made"), [("report", 3), ("adopt", 2)])
def test_they_reopen_nothing_in_casemgr(policy: str, made: int, delay_s: float) -> None:
    both, case = carried(policy, delay_s=delay_s)
    closed = both.box.casemgr.cases[case].last_closed
    spawned = next(iter(both.box.kore.cases))
    for _ in range(2):
        both.later()
    left = [t for t in both.box.kore.tasks.values() if "cf1." not in (t.desc or "")]

    both.edit(left[-1].id, priority="Low")
    both.edit(spawned, priority="Low")
    both.later()

    assert both.tally.codes["out_of_scope", "spawned"] == made - 1
    assert len(both.box.kore.tasks) == made
    assert [a.subject for a in both.box.casemgr.activities.values()] == [NAME]
    assert both.box.casemgr.cases[case].last_closed == closed
    assert both.at_rest()


def test_a_task_that_a_person_adds_later_is_carried() -> None:
    both = Both(readings={"kore.template_spawns_tasks": 1})
    case = both.agent_case("Printer burns")
    both.agent_task(case, "Call back")
    both.sync()
    both.later()
    (made,) = both.box.kore.cases

    both.task(made, "Order a part")
    both.later()

    subjects = sorted(a.subject for a in both.box.casemgr.activities.values())
    assert subjects == ["Call back", "Order a part"]
    assert both.at_rest()


def test_they_stay_left_alone_after_a_lost_state_and_in_a_migration() -> None:
    both, case = carried()
    both.later()
    both.lose_state()

    both.later()
    both.again()

    activities = both.box.casemgr.activities.values()
    assert [a.subject for a in activities if a.case_id == case] == [NAME]
    assert both.at_rest()


def test_no_saved_plan_carries_them() -> None:
    both, case = carried()
    (made,) = both.box.kore.cases
    both.later()
    both.edit(made, name="Closed long ago")

    carry_out(both, two_way_plan(both))

    activities = both.box.casemgr.activities.values()
    assert [a.subject for a in activities if a.case_id == case] == [NAME]


def test_the_proof_counts_them_as_out_of_scope() -> None:
    both, _ = carried()
    both.later()

    context = both.context()
    context.run = both.rig.store.begin_run("verify", "t", {})
    found = verify(context)

    assert found.counts["task", "out_of_scope"] == 2
    assert found.counts["task", "missing"] == 0
