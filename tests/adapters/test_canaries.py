"""The canaries: their answers are the sandbox's switches, and they leave no trace."""

import pytest

from adapters.rig import Bench, bench
from caseferry.adapters.asking import Answers
from caseferry.adapters.casemgr.canary import CasemgrCanary, CasemgrGround
from caseferry.adapters.kore.canary import KoreCanary, KoreGround
from caseferry.model.canary import Canary, canary_at
from caseferry.model.capability import Answer
from caseferry.model.record import Entity, System
from caseferry.model.times import canonical_time
from caseferry.sandbox import READINGS, TENANT

KORE_TOLD = (
    "create_status",
    "desc_on_create",
    "desc_in_create_response",
    "due_date_in_create_response",
    "array_update",
)
CASEMGR_TOLD = (
    "create_reply",
    "attribute_drop",
    "implicit_case_subject",
    "implicit_case_severity",
    "implicit_case_owner",
    "edit_case_due_date",
    "edit_activity_due_date",
    "activity_bumps_case",
    "actor_rule",
    "complete_stale",
    "force_categorization",
    "content_shape",
    "id_type",
    "link_shape",
)


def switches(system: str, names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name in names
        for value in getattr(READINGS[f"{system}.{name}"], "values", ())
    ]


class Nest:
    """One canary of one system, from its create to its end."""

    def __init__(self, it: Bench, system: System) -> None:
        self.it = it
        self.kept: list[Canary] = []
        self.answers = Answers(system, canonical_time(it.clock.now()))
        self.bird = self._kore() if system is System.KORE else self._casemgr()

    def fly(self) -> dict[str, Answer]:
        made = self.bird.write(canary_at(self.it.clock.now()))
        self.bird.ask(made)
        self.bird.close(made)
        return {answer.name: answer for answer in self.answers.found}

    def _kore(self) -> KoreCanary:
        ground = KoreGround(
            template=TENANT.CASE_TEMPLATES[0].id,
            source="rtm",
            contact="no-contact@care.example",
            closed="Closed",
            sort=None,
            visibility_lag_s=60,
        )
        return KoreCanary(
            self.it.kore,
            ground,
            answers=self.answers,
            clock=self.it.clock,
            keep=self.kept.append,
        )

    def _casemgr(self) -> CasemgrCanary:
        ground = CasemgrGround(
            department="Service",
            subtype="general",
            assignee="svc_care",
            contact="no-contact@care.example",
            visibility_lag_s=60,
        )
        return CasemgrCanary(
            self.it.casemgr,
            ground,
            answers=self.answers,
            clock=self.it.clock,
            keep=self.kept.append,
        )


def kore_nest(readings: dict[str, str | float] | None = None) -> Nest:
    ids = {"status": {each.name: each.id for each in TENANT.STATUSES}}
    return Nest(bench(readings or {}, kore={"ids": ids}), System.KORE)


def casemgr_nest(readings: dict[str, str | float] | None = None) -> Nest:
    return Nest(bench(readings or {}), System.CASEMGR)


@pytest.mark.parametrize(("name", "value"), switches("kore", KORE_TOLD))
def test_what_a_kore_canary_tells_is_the_switch(name: str, value: str) -> None:
    """Each answer is what the tenant does, and the case is closed whatever it does."""
    nest = kore_nest({f"kore.{name}": value})

    found = nest.fly()

    assert str(found[name].value) == value
    assert [case.status for case in nest.it.box.kore.cases.values()] == ["Closed"]


@pytest.mark.parametrize(("name", "value"), switches("casemgr", CASEMGR_TOLD))
def test_what_a_casemgr_canary_tells_is_the_switch(name: str, value: str) -> None:
    """Each answer is what the tenant does; activity and case end whatever it does."""
    nest = casemgr_nest({f"casemgr.{name}": value})

    found = nest.fly()

    assert str(found[name].value) == value
    box = nest.it.box.casemgr
    assert [activity.status for activity in box.activities.values()] == ["completed"]
    assert [case.status for case in box.cases.values()] == ["closed"]


@pytest.mark.parametrize("system", [System.KORE, System.CASEMGR])
@pytest.mark.parametrize("lag_s", [0, 20])
def test_the_lag_until_a_search_shows_it_is_measured(
    system: System, lag_s: float
) -> None:
    """In seconds, no shorter than it is, and less than twice as long."""
    nest = (kore_nest if system is System.KORE else casemgr_nest)(
        {f"{system}.search_lag_s": lag_s}
    )

    value = nest.fly()["search_lag_s"].value

    assert isinstance(value, float)
    assert lag_s <= value + 0.1 <= 2 * lag_s + 1


def test_tasks_that_a_template_makes_are_counted() -> None:
    """They are in its `taskIds` at the end."""
    nest = kore_nest({"kore.template_spawns_tasks": 2, "kore.search_lag_s": 10})
    assert nest.fly()["template_spawns_tasks"].value == 2


def test_a_lost_reply_is_no_second_canary() -> None:
    """It is looked for by its name, or its key; nothing is sent twice."""
    for nest, operation in (
        (kore_nest(), "create_case"),
        (casemgr_nest(), "create_task"),
    ):
        nest.it.break_down("lost_reply", operation)
        nest.fly()
        sent = [call for call in nest.it.box.log if call.operation == operation]
        assert len(sent) == 1
        assert nest.kept[-1].state == "closed"


def test_a_case_that_holds_somebodys_activity_is_not_closed() -> None:
    """What an agent puts into it meanwhile is not completed with it."""
    nest = casemgr_nest()
    made = nest.bird.write(canary_at(nest.it.clock.now()))
    case = next(iter(nest.it.box.casemgr.cases))
    mail = nest.it.box.human.create(
        "casemgr", "activity", case_id=case, kind="email", subject="Hello"
    )

    with pytest.raises(Exception, match="somebody else"):
        nest.bird.close(made)

    assert nest.it.box.casemgr.activities[mail].status != "completed"
    assert nest.it.box.casemgr.cases[case].status == "open"


def test_where_stands_is_kept_before_and_after_each_write() -> None:
    """A check that is killed leaves word of what it wrote."""
    nest = kore_nest()
    nest.fly()
    assert [canary.state for canary in nest.kept] == ["sent", "made", "closed"]
    assert len({canary.name for canary in nest.kept}) == 1


@pytest.mark.parametrize("subject", ["activity", "blank"])
def test_no_listing_gives_a_canary(subject: str) -> None:
    """Nothing that is read for a run holds it, so no run ever carries it."""
    nest = casemgr_nest({"casemgr.implicit_case_subject": subject})
    nest.fly()
    casemgr = nest.it.casemgr
    assert [page.records for page in casemgr.activities("Service")] == [()]
    assert [page.records for page in casemgr.cases("Service")] == [()]

    window = casemgr.activities_changed("Service", "1970-01-01T00:00:00.000Z")
    assert [page.records for page in window or ()] == [()]

    other = kore_nest({"kore.sort_updated_at": "supported"})
    other.fly()
    kore = other.it.kore
    assert [page.records for page in kore.pages(Entity.CASE)] == [()]
    kore.changed_sorts[Entity.CASE] = {"updatedAt": "desc"}
    recent = kore.changed(Entity.CASE, "1970-01-01T00:00:00.000Z")
    assert [page.records for page in recent or ()] == [()]
