"""How runs end early: refusals, stops, limits and hostile replies."""

from collections.abc import Callable
from contextlib import suppress

import httpx
import pytest

from caseferry.engine.migrate import Options
from caseferry.errors import (
    AuthFailed,
    CaseferryError,
    Interrupted,
    Refused,
    SafetyStop,
    Scope,
)
from caseferry.model.record import kore_key
from support.judge import complaints
from support.scene import Scene

WRONG: list[Callable[[str], str]] = [
    lambda text: text.replace('subtype = "general"', 'subtype = "errand"'),
    lambda text: text.replace('department = "Service"', 'department = "Sales"'),
    lambda text: text.replace('assignee = "svc_care"', 'assignee = "nobody"'),
]
TASKS_ONLY = ("custom.kore_priority", "custom.prio")


@pytest.mark.parametrize("change", WRONG)
def test_a_wrong_mapping_stops_at_the_first_group(
    change: Callable[[str], str],
) -> None:
    """A name that the tenant does not know is learnt on one group; none is written."""
    scene = Scene(mapping=change)
    for number in range(8):
        scene.task(scene.case(f"Case {number}"))

    with pytest.raises(CaseferryError) as caught:
        scene.run()

    assert not isinstance(caught.value, SafetyStop)
    assert scene.written == 0
    assert scene.asked <= 4


def test_tasks_that_are_all_refused_stop_at_the_first_group() -> None:
    """Openers that are accepted do not prove that tasks are: nothing is mass-made."""
    scene = Scene(mapping=lambda text: text.replace(*TASKS_ONLY))
    for number in range(20):
        case = scene.case(f"Case {number}", user={"emailId": f"p{number}@example.com"})
        scene.task(case)

    with pytest.raises(CaseferryError):
        scene.run()

    assert len(scene.box.casemgr.cases) <= 1


@pytest.mark.parametrize("same_customer", [False, True])
def test_a_refused_record_is_quarantined_and_the_rest_goes_on(
    *, same_customer: bool
) -> None:
    """One bad record is asked for once, and costs nobody else anything."""
    scene = Scene()
    users = [{"emailId": f"p{n * (not same_customer)}@example.com"} for n in range(6)]
    tasks = [
        scene.task(scene.case(f"Case {n}", user=user), f"Task {n}")
        for n, user in enumerate(users)
    ]
    refused = 0

    def see(request: httpx.Request) -> httpx.Response | None:
        nonlocal refused
        if request.url.path.endswith("/activity/task") and b"Task 3" in request.content:
            refused += 1
            error = {"code": "400-152", "developerMessage": "subject is invalid"}
            return httpx.Response(400, json=error)
        return None

    scene.tap(see)
    scene.run()

    assert refused <= 2, scene.holds
    assert scene.tally.ends["task", "quarantine"] == 1, scene.tally.ends
    assert [len(scene.all_of(t)) for t in tasks] == [1, 1, 1, 0, 1, 1]
    assert scene.complaints(whole=False) == []
    assert scene.rests()
    scene.rig.wrap = lambda inner: inner
    scene.edit(tasks[3], tags=("again",))
    scene.again()
    assert scene.complaints() == []
    assert scene.rests()


def test_one_forbidden_record_stops_nobody_else() -> None:
    """Who may not edit one activity goes on with the others."""
    scene = Scene()
    tasks = [scene.task(scene.case(f"Case {n}"), f"Task {n}") for n in range(4)]
    scene.run()
    for task in tasks:
        scene.edit(task, priority="Low")
    taken = f'"id":"{scene.of(tasks[1]).id}"'.encode()

    def see(request: httpx.Request) -> httpx.Response | None:
        if request.method == "PUT" and taken in request.content:
            error = {"code": "403-105", "developerMessage": "not assigned to you"}
            return httpx.Response(403, json=error)
        return None

    scene.tap(see)
    scene.again()

    assert [scene.of(t).priority for t in tasks] == ["6", "4", "6", "6"]


def stopping_at(scene: Scene, number: int) -> None:
    """Let the operator press Ctrl-C at the n-th request to casemgr."""
    seen = 0

    def see(request: httpx.Request) -> None:
        nonlocal seen
        seen += "/core/" in request.url.path
        if seen == number:
            scene.rig.migration._context.stopping = True

    original = scene.rig.context

    class Holder:
        def __init__(self) -> None:
            self._context = original()

    def context() -> object:
        holder = Holder()
        scene.rig.migration = holder  # type: ignore[assignment]
        return holder._context

    scene.rig.context = context  # type: ignore[method-assign,assignment]
    scene.tap(see)


@pytest.mark.parametrize("lag", [0, 5])
@pytest.mark.parametrize("number", range(3, 60, 4))
def test_ctrl_c_ends_the_run_and_the_next_one_finishes(number: int, lag: int) -> None:
    """Asked to stop, a run finishes what is in flight and says so; then it goes on."""
    scene = Scene(cases=5, readings={"casemgr.search_lag_s": lag})
    plain = scene.rig.context
    stopping_at(scene, number)

    with suppress(Interrupted):
        scene.rig.migrate()
        assert not scene.rig.migration._context.stopping
    assert scene.rig.store.open_intents() == []

    scene.rig.context = plain  # type: ignore[method-assign]
    scene.rig.wrap = lambda inner: inner
    scene.again()
    assert scene.complaints() == []
    assert scene.rests()


def test_a_limit_takes_so_many_groups_and_the_next_run_others() -> None:
    """`--limit` counts groups that are not finished; repeated it reaches all."""
    scene = Scene(cases=8)
    sizes = []
    for _ in range(6):
        before = len(scene.box.casemgr.cases)
        scene.run(Options(limit=2))
        sizes.append(len(scene.box.casemgr.cases) - before)

    assert max(sizes) <= 2
    assert sizes[:3] == [2, 2, 2]
    scene.again()
    assert scene.complaints() == []


def test_only_takes_the_named_cases() -> None:
    """`--only` writes nothing for any other case."""
    scene = Scene(cases=8)
    chosen = next(c.id for c in scene.box.kore.cases.values() if c.is_active)

    scene.run(Options(only=(kore_key(chosen),)))

    assert len(scene.box.casemgr.cases) == 1
    assert len(scene.all_of(chosen)) == 1
    scene.again()
    assert scene.complaints() == []


def test_a_deadline_begins_nothing_new() -> None:
    """Out of time a run ends by itself; the next one goes on."""
    scene = Scene(cases=10)
    scene.rig.settings = type(scene.rig.settings)(
        pair=scene.rig.settings.pair, visibility_lag_s=30, late_effect_s=60, batch=2
    )
    context = scene.rig.context

    def short() -> object:
        made = context()
        made.deadline = made.clock.monotonic() + 30.2  # a new state waits 30 s first
        return made

    scene.rig.context = short  # type: ignore[method-assign,assignment]
    scene.rig.migrate()
    some = len(scene.box.casemgr.cases)
    scene.rig.context = context  # type: ignore[method-assign]
    scene.again()

    assert 0 < some < len(scene.box.casemgr.cases)
    assert scene.complaints() == []


READS = [
    ("kore", "get_cases"),
    ("kore", "get_tasks"),
    ("casemgr", "search_activities"),
    ("casemgr", "get_activities"),
    ("casemgr", "get_cases"),
    ("casemgr", "search_customers"),
    ("casemgr", "token"),
]
HOSTILE = (
    "wrong_types",
    "huge_page",
    "deep_nesting",
    "truncated",
    "gateway_html",
    "gateway_html_after",
    "repeated_page",
    "empty_body",
    "unauthorized",
    "rate_limit_429",
)


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize(("system", "operation"), READS)
def test_a_hostile_reply_never_makes_a_wrong_write(
    system: str, operation: str, kind: str
) -> None:
    """Whatever a read is answered: our errors, no wrong write, and then the end."""
    scene = Scene(cases=4)
    for after in (0,) if kind == "huge_page" else (0, 2):
        scene.fault(
            kind,
            operation,
            system=system,
            after=after,
            times=1 if kind == "huge_page" else 2,
        )
        with suppress(CaseferryError):
            scene.rig.migrate()
        assert scene.complaints(whole=False) == []
    scene.box.faults.clear()

    scene.again()

    assert scene.complaints() == []
    assert scene.rests()


@pytest.mark.parametrize("kind", ["truncated", "empty_body", "wrong_types", "slow"])
@pytest.mark.parametrize(
    "operation", ["create_task", "edit_case", "complete_activities", "close_case"]
)
def test_a_hostile_reply_to_a_write_is_settled(operation: str, kind: str) -> None:
    """A write whose reply makes no sense takes effect exactly once."""
    scene = Scene(cases=6)
    scene.fault(kind, operation, after=1, times=3, delay_s=45.0)

    scene.run()
    scene.again()

    assert scene.complaints() == []
    assert scene.rests()


@pytest.mark.parametrize(
    "kind", ["rate_limit_429", "rate_limit_400", "unauthorized", "connect_refused"]
)
def test_what_was_not_executed_is_sent_again(kind: str) -> None:
    """Limits, an expired token and refused connections in the middle cost nothing."""
    scene = Scene(cases=6)
    scene.fault(kind, after=25, times=1)
    scene.fault(kind, "create_task", after=2, times=1)

    scene.run()

    assert scene.complaints() == []
    assert scene.rests()


@pytest.mark.parametrize("system", ["kore", "casemgr"])
def test_a_system_that_never_lets_us_in_again_ends_the_run(system: str) -> None:
    """A credential that is withdrawn in the middle ends the run; a new one goes on."""
    scene = Scene(cases=6)
    scene.fault("unauthorized", system=system, after=12 if system == "casemgr" else 1,
                times=500)  # fmt: skip

    with pytest.raises(AuthFailed):
        scene.run()
    scene.box.faults.clear()
    scene.again()

    assert complaints(scene.box) == []


def test_hourly_limits_are_waited_out() -> None:
    """An hourly limit in the middle of a listing is waited for, not failed on."""
    scene = Scene(
        cases=8,
        readings={
            "kore.rate_limit": "hourly",
            "kore.rate_limit_per_hour": 5,
            "kore.default_limit": 3,
            "kore.max_limit": 3,
        },
    )

    scene.run()

    assert scene.complaints() == []


def test_the_first_lost_create_is_settled_by_the_second_group() -> None:
    """A look-up that has found nothing yet proves nothing; then another group does."""
    scene = Scene()
    for number in range(4):
        scene.task(scene.case(f"Case {number}"))
    scene.fault("error_before", "create_task")

    scene.run()

    assert scene.complaints() == []
    assert scene.tally.actions["task", "create"] == 4
    assert scene.tally.actions["case", "create"] == 4


@pytest.mark.parametrize("kind", ["lost_reply", "error_after", "late_effect"])
@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_settled_create_is_counted(kind: str, after: int) -> None:
    """What was created is counted as created, however its reply came."""
    scene = Scene()
    for number in range(4):
        case = scene.case(f"Case {number}")
        scene.task(case)
        scene.task(case)
    scene.fault(kind, "create_task", after=after, delay_s=45.0)

    scene.run()

    assert scene.complaints() == []
    assert scene.tally.actions["case", "create"] == 4
    assert scene.tally.actions["task", "create"] == 8
    assert scene.tally.ends["task", "created"] == 8


def test_refused_is_the_error_of_a_first_group() -> None:
    """The error ends the run, and names the server's reason and what to do."""
    scene = Scene(mapping=WRONG[2])
    scene.case()

    with pytest.raises(Refused) as caught:
        scene.run()

    assert caught.value.code == "first-group-refused"
    assert caught.value.scope is Scope.RUN
    assert "caseferry check" in (caught.value.hint or "")
