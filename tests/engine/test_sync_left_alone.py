"""What changed in a record while it was left alone is carried when that has an end."""

import pytest

from caseferry.engine.relink import retry, unlink
from caseferry.model.record import kore_key
from support.both import Both
from support.rig import default_mapper


def changed_while_left_alone(way: str) -> tuple[Both, str]:
    """Rename a task and change the mapping while its pair, or its case's, is parted."""
    both = Both()
    case, other = both.case("Router down"), both.case("Another one")
    task = both.task(case, "Call back", priority="Medium", due=both.due(20))
    for home in (case, other):
        both.task(home, "Keeps it open", due=both.due(20))
    both.run()
    both.later()
    store, twin = both.rig.store, f"activity:{both.of(task).id}"
    if way == "parted":
        unlink(store, kore_key(case))
    else:
        both.edit(twin, case_id=both.of(other).id)
    both.edit(task, name="Call back on Monday")
    both.rig.allowed = frozenset(["mapping-changed"])
    both.rig.mapper = default_mapper(
        lambda text: text.replace('["4", "5"]', '["5"]').replace('"3"]', '"3", "4"]')
    )
    both.later()
    both.later()
    assert not both.of(task).notes

    if way == "parted":
        run = store.begin_run("retry", "t", {})
        retry(store, run, [], [kore_key(case)])
    else:
        both.edit(twin, case_id=both.of(case).id)
    return both, task


@pytest.mark.parametrize("way", ["parted", "moved"])
def test_what_changed_while_a_record_was_left_alone_is_carried_later(way: str) -> None:
    """A rename that only a note can carry, and a number that means another name."""
    both, task = changed_while_left_alone(way)

    both.later()

    (note,) = both.of(task).notes
    assert note.content.endswith("subject: Call back on Monday")
    assert both.of(task).priority == "5"
    assert both.at_rest()


def test_what_goes_one_way_is_listed_where_it_comes_too_late() -> None:
    """Tags that only casemgr is given are nobody's copy: their loss is said."""
    both = Both()
    row = 'tags = { casemgr = "custom.kore_tags", owner = "kore"'
    both.rig.mapper = default_mapper(
        lambda text: text.replace(row, row + ', direction = "to-casemgr"')
    )
    case = both.case("Router down")
    task, last = both.task(case, "Call back"), both.task(case, "Write to her")
    both.later()
    both.box.human.complete(both.of(task).id)
    both.box.human.complete(both.of(last).id)
    both.later()

    for record in (case, task):
        both.edit(record, tags=("vip",))
    both.later()

    assert both.holds[kore_key(task)].code == "frozen-field"
    assert both.holds[kore_key(case)].code == "case-closed"


def test_what_was_given_to_somebody_else_is_counted_once() -> None:
    """No call carries an assignment, nor for whom a case is; the report says so."""
    both = Both()
    case = both.case("Router down")
    task = both.task(case, "Call back")
    both.later()
    both.later()
    store = both.box.kore.store
    other = store.user({"name": "Ida", "emailId": "ida@example.com"})

    both.edit(
        task, assignee_type="agent", agent_id="a-0000001-0000-4000-8000-000000000001"
    )
    both.edit(case, user=other)
    both.edit(f"activity:{both.of(task).id}", assignee="1005")
    told = both.later().stays_behind

    assert told == {"kore.assignee": 1, "kore.userInfo": 1, "casemgr.assignee": 1}
    assert not both.later().stays_behind
