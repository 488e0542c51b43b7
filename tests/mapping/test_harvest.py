"""Harvesting: everything that occurs is counted, in bounded memory."""

from caseferry.mapping.harvest import LONGEST, MOST_FIELDS, MOST_VALUES, Harvest
from caseferry.model.correlation import Correlation, Role
from caseferry.model.record import Entity, System
from mapping.builders import a_case, a_task
from mapping.kore_builders import an_activity, casemgr_case


def test_values_are_counted_by_system_entity_and_field() -> None:
    """Lists and custom fields with their values, texts and people without."""
    harvest = Harvest()
    harvest.add(a_case(priority="P0", field__Region="EMEA"))
    harvest.add(a_case(priority="High", field__Region=("EMEA", "APAC")))
    harvest.add(a_task(priority="P0"))
    harvest.add(casemgr_case(severity="high", custom__region="emea"))

    cases = harvest.kore(Entity.CASE)
    assert cases.records == 2
    assert cases.counts("priority").values == {"P0": 1, "High": 1}
    assert cases.counts("field.Region").ranked() == [("EMEA", 2), ("APAC", 1)]
    assert cases.counts("name").records == 2
    assert not cases.counts("name").values
    assert not cases.counts("userInfo.emailId").values
    assert harvest.casemgr(Entity.CASE).counts("custom.region").values == {"emea": 1}
    assert harvest.values(System.KORE, "priority").values == {"P0": 2, "High": 1}


def test_statuses_are_counted_with_their_category() -> None:
    """A tenant's own name is only told apart together with what it means."""
    harvest = Harvest()
    harvest.add(a_case(status="Waiting", statusCategory="onhold"))
    harvest.add(a_case(status="Waiting", statusCategory="unknown:parked"))

    assert harvest.kore(Entity.CASE).statuses == {
        ("Waiting", "onhold"): 1,
        ("Waiting", "unknown:parked"): 1,
    }


def test_other_activities_are_counted_by_type_alone() -> None:
    """Only tasks are carried: what an e-mail holds is no business of a mapping."""
    harvest = Harvest()
    harvest.add(an_activity(1))
    harvest.add(an_activity(2, type="email", custom__secret="x"))

    tasks = harvest.casemgr(Entity.TASK)
    assert tasks.records == 1
    assert tasks.types.values == {"task": 1, "email": 1}
    assert not tasks.named("custom.")


def test_our_own_keys_are_nobodys_attribute() -> None:
    """A correlation key names a record; foreign values beside it are counted."""
    key = str(Correlation(pair="0a1b2c3d", role=Role.TASK, source="ti-1"))
    harvest = Harvest()
    harvest.add(an_activity(1, custom__ext_key=key))
    harvest.add(an_activity(2, custom__ext_key="legacy-7"))

    counts = harvest.casemgr(Entity.TASK).counts("custom.ext_key")
    assert counts.values == {"legacy-7": 1}
    assert counts.records == 1


def test_cases_that_nobody_can_be_reached_for_are_counted() -> None:
    """Neither e-mail address nor phone number."""
    harvest = Harvest()
    harvest.add(a_case())
    harvest.add(a_case(userInfo__emailId=None, userInfo__phoneNumber="030 1"))
    harvest.add(a_case(userInfo__emailId=None))

    assert harvest.kore(Entity.CASE).unreached == 1


def test_memory_is_bounded_whatever_a_tenant_holds() -> None:
    """Beyond the bounds values and fields are counted, not kept."""
    harvest = Harvest()
    for number in range(MOST_VALUES + 50):
        harvest.add(a_case(field__Text=f"value {number}"))
    harvest.add(a_case(field__Text="x" * (LONGEST + 1)))
    for number in range(MOST_FIELDS + 50):
        harvest.add(a_case(**{f"field__F{number}": "x"}))

    cases = harvest.kore(Entity.CASE)
    text = cases.counts("field.Text")
    assert len(text.values) == MOST_VALUES
    assert text.others == 51
    assert text.records == MOST_VALUES + 51
    assert len(cases.fields) == MOST_FIELDS
    assert cases.more_fields > 50


def test_half_a_surrogate_pair_is_stood_in_for() -> None:
    """No mapping file can hold one."""
    harvest = Harvest()
    harvest.add(a_case(**{"field__A\ud800": "b\udfff"}))

    counts = harvest.kore(Entity.CASE).counts("field.A\ufffd")
    assert counts.values == {"b\ufffd": 1}
