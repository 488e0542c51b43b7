"""Laws that every plan of a case group keeps, whatever its history."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from caseferry.model.action import Action, ActionKind, GroupPlan, Stage
from caseferry.model.correlation import Role
from caseferry.model.link import HoldKind
from caseferry.model.mapped import MappedRecord, WriteOnce
from caseferry.model.record import Key, Record
from caseferry.reconcile.planner import plan_group
from caseferry.reconcile.view import GroupView
from reconcile.builders import (
    CASE,
    EVERY_OPENER,
    LIZ,
    NOBODY,
    Pair,
    a_case,
    a_field,
    a_hold,
    a_link,
    a_mail,
    a_task,
    a_view,
    an_opener_pair,
    carried,
    home,
    task_key,
)

PRIORITY = st.sampled_from(["1", "4", "6"])
ACTIVITY = st.sampled_from(["assigned", "assigned", "awaiting_assignment", "completed"])
ONCE: st.SearchStrategy[WriteOnce | None] = st.sampled_from(
    [None, None, "note", "report", "conflict"]
)
HELD = (*HoldKind, *HoldKind, None, None, None, None, None, None)


@st.composite
def tasks_of(draw: st.DrawFn, number: int, *, ended: bool) -> MappedRecord:
    """Give a task; in a closed case the mapping ends every task."""
    finished = draw(st.sampled_from([True, True, None] if ended else [False, True]))
    priority = draw(PRIORITY)
    once = draw(ONCE)
    return a_task(
        number,
        a_field("priority", priority, write_once=once),
        finished=finished,
        active=draw(st.sampled_from([True, True, True, False])),
    )


@st.composite
def pairs_of(draw: st.DrawFn, mapped: MappedRecord) -> Pair:
    """Give a link of a task as it may stand, with what casemgr shows of it."""
    agreed = replace(
        mapped,
        fields=(replace(mapped.fields[0], source="4", value="4"),),
        finished=draw(st.booleans()),
    )
    pair = carried(
        agreed, status=draw(ACTIVITY), now=draw(ACTIVITY), priority=draw(PRIORITY)
    )
    return _worn(draw, pair)


def _worn(draw: st.DrawFn, pair: Pair) -> Pair:
    link, target = pair
    if draw(st.sampled_from([False] * 9 + [True])):
        link = replace(link, tombstone=True)
    if draw(st.sampled_from([False] * 9 + [True])):
        link = a_link(link.role, link.kore, link.casemgr, generation=link.generation)
    return link, draw(st.sampled_from([target, target, target, target, None]))


@st.composite
def views(draw: st.DrawFn) -> GroupView:
    """Give any view of a case group."""
    ended = draw(st.booleans())
    finished = draw(st.sampled_from([ended] * 9 + [None]))
    case = a_case(
        a_field("severity", draw(st.sampled_from(["high", "low"]))),
        finished=finished,
        active=draw(st.sampled_from([True] * 9 + [False])),
    )
    tasks = [draw(tasks_of(n + 1, ended=ended)) for n in range(draw(st.integers(0, 3)))]
    pairs: list[Pair] = []
    if draw(st.booleans()):
        status = st.sampled_from(["open", "closed"])
        agreed = a_case(finished=draw(st.booleans()))
        pairs.append(_worn(draw, home(agreed, status=draw(status), now=draw(status))))
        pairs += [
            an_opener_pair(status=draw(ACTIVITY), generation=n)
            for n in range(draw(st.integers(0, 2)))
        ]
    pairs += [draw(pairs_of(task)) for task in tasks if draw(st.booleans())]
    keys = [CASE, *(task_key(n + 1) for n in range(len(tasks)))]
    holds = [(key, draw(st.sampled_from(HELD))) for key in keys]
    doubts = [(Role.OPENER if key == CASE else Role.TASK, key) for key in keys]
    return a_view(
        case,
        *tasks,
        pairs=pairs,
        strangers=draw(st.sampled_from([(), (), (a_mail(),)])),
        customer=draw(st.sampled_from([LIZ, LIZ, LIZ, NOBODY])),
        holds=[a_hold(key, kind) for key, kind in holds if kind is not None],
        in_doubt=[d for d in doubts if draw(st.sampled_from([False] * 7 + [True]))],
        listed=draw(st.booleans()),
        proved_empty=draw(st.booleans()),
        opener_when=draw(st.sampled_from([EVERY_OPENER, EVERY_OPENER, frozenset()])),
        reopened=draw(st.sampled_from(["opener", "report", "conflict"])),
    )


def records(view: GroupView) -> list[tuple[Role, Key]]:
    """Give every source record of a group."""
    tasks = [(Role.TASK, task.record.key) for task in view.group.tasks]
    return [(Role.CASE, CASE), *tasks]


def of(plan: GroupPlan, role: Role, key: Key) -> list[Action]:
    """Give what a plan says about one record."""
    return [a for a in plan.actions if (a.role, a.key) == (role, key)]


def open_activities(view: GroupView) -> dict[Key, Record]:
    """Give the activities in the case that are open and shown."""
    return {
        key: target
        for key, target in view.targets.items()
        if target.parent is not None and target.text("status") != "completed"
    }


@given(views())
def test_the_same_view_gives_the_same_plan(view: GroupView) -> None:
    """A plan is a function of its view, and the order of links means nothing."""
    turned = replace(view, links=tuple(reversed(view.links)))

    assert plan_group(view) == plan_group(view)
    assert set(map(str, plan_group(turned).actions)) == set(
        map(str, plan_group(view).actions)
    )


@given(views())
def test_every_record_has_a_fate_and_unchanged_stands_alone(view: GroupView) -> None:
    """Each case and task has an action; one that is unchanged has no other."""
    plan = plan_group(view)

    for role, key in records(view):
        kinds = [action.kind for action in of(plan, role, key)]
        assert kinds, (role, key, plan)
        assert ActionKind.UNCHANGED not in kinds or len(kinds) == 1, plan


@given(views())
def test_requests_stand_in_the_order_of_their_stages(view: GroupView) -> None:
    """Opening first, contents next, closing last."""
    plan = plan_group(view)

    stages = [action.stage or 0 for action in plan.requests]
    assert stages == sorted(stages)
    assert all(action.stage == stages[0] for action in plan.next_stage)


@given(views())
def test_what_is_held_is_not_touched(view: GroupView) -> None:
    """Held, in doubt, parted or hidden: no request, and a reason."""
    plan = plan_group(view)

    for role, key in records(view):
        hold, link = view.holds.get(key), view.link(role, key)
        held = hold is not None and hold.kind is not HoldKind.CONFLICT
        held = held or (role, key) in view.in_doubt
        held = held or (link is not None and link.tombstone)
        if not held:
            continue
        (action,) = of(plan, role, key)
        assert not action.is_request
        assert action.code
        assert action.reason


@given(views())
def test_nothing_is_created_that_has_a_counterpart(view: GroupView) -> None:
    """A linked task is never created, and no key is written twice."""
    plan = plan_group(view)

    creates = [action for action in plan.actions if action.draft is not None]
    for action in creates:
        if action.role is Role.TASK:
            assert view.link(Role.TASK, action.key) is None
        else:
            assert action.generation not in {x.generation for x in view.openers}
    keys = [action.correlation for action in creates]
    assert len(keys) == len(set(keys))


@given(views())
def test_one_create_at_most_brings_a_case_into_being(view: GroupView) -> None:
    """While the case is not known, one request leaves alone, and none in doubt."""
    plan = plan_group(view)
    if view.case_link is not None:
        return

    assert len(plan.next_stage) <= 1
    if plan.next_stage:
        assert plan.next_stage[0].stage is Stage.OPEN
        assert not view.in_doubt
        assert HoldKind.UNCERTAIN not in {h.kind for h in view.holds.values()}
        assert all(link.tombstone for link in view.links)


@given(views())
def test_only_what_can_be_written_is_written(view: GroupView) -> None:
    """Edits and completions go to assigned activities, notes to any that is shown."""
    plan = plan_group(view)

    for action in plan.requests:
        if action.role is Role.CASE or action.draft is not None:
            continue
        if action.counterpart is None:
            continue  # the completion of what this plan creates
        target = view.targets[action.counterpart]
        allowed = action.kind is ActionKind.NOTE or target.text("status") == "assigned"
        assert allowed, plan


@given(views())
def test_a_case_that_kore_has_open_is_never_closed(view: GroupView) -> None:
    """Where completions leave nothing open, a create keeps the case open."""
    plan = plan_group(view)
    home_now = view.target_case
    if view.group.case.finished or home_now is None:
        return

    assert ActionKind.CLOSE not in {a.kind for a in plan.actions}
    ending = [a for a in plan.requests if a.kind is ActionKind.COMPLETE]
    if not ending or home_now.text("status") == "closed":
        return
    ended = {a.counterpart for a in ending}
    staying = set(open_activities(view)) - ended
    made = {(a.role, a.key) for a in plan.requests if a.draft is not None}
    made -= {(a.role, a.key) for a in ending}
    assert staying or made, plan


@given(views())
def test_no_call_closes_a_case_with_somebodys_open_activity(view: GroupView) -> None:
    """An unanswered mail would be completed for good, so the closing waits."""
    plan = plan_group(view)

    calls = [a for a in plan.requests if a.kind is ActionKind.CLOSE]
    if calls and view.listed:
        ended = {a.counterpart for a in plan.requests if a.kind is ActionKind.COMPLETE}
        assert set(open_activities(view)) <= ended, plan
        assert view.proved_empty, plan


@given(views())
def test_nothing_is_created_for_nobody(view: GroupView) -> None:
    """Without a customer no create is planned."""
    plan = plan_group(view)

    if view.customer.draft is None:
        assert all(action.draft is None for action in plan.actions)
