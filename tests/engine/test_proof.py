"""Verification as a proof: nothing is called right that nobody looked at."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from caseferry.engine.to_kore.verify import verify_to_kore
from caseferry.engine.verdicts import Verified
from caseferry.engine.verify import verify
from caseferry.model.record import Key, case_key, kore_key
from support.back import Back
from support.both import Both
from support.scene import Scene

LONG = "An over-long name " * 20
CALLS = ("get_cases", "get_tasks")


def proof(scene: Scene | Back, **chosen: Any) -> Verified:
    context = scene.rig.context()
    context.run = scene.rig.store.begin_run("verify", "t", {})
    is_back = isinstance(scene, Back)
    return (verify_to_kore if is_back else verify)(context, **chosen)


def accepting(limit: str) -> Callable[[str], str]:
    return lambda text: text.replace('subject-cut = "any"', f"subject-cut = {limit}")


def rows(found: Verified) -> list[tuple[str, str, str]]:
    return [(each.key, each.field, each.verdict) for each in found.differences]


def sent(
    scene: Scene | Back, call: Callable[[], Verified]
) -> tuple[Verified, Counter[str]]:
    """Verify, and count what was asked of either system for it."""
    before = len(scene.box.log)
    found = call()
    calls = scene.box.log[before:]
    return found, Counter(f"{each.system} {each.operation}" for each in calls)


@pytest.mark.parametrize(
    ("limit", "beyond"), [('"any"', 0), ("2", 0), ("1", 2), ("0", 2)]
)
def test_a_loss_beyond_what_was_accepted_is_told_apart(limit: str, beyond: int) -> None:
    """Of a rule with more losses than were accepted none is: nobody said which."""
    scene = Scene(mapping=accepting(limit))
    case = scene.case()
    tasks = [scene.task(case, f"{LONG}{n}") for n in range(2)]
    scene.run()

    found = proof(scene)

    assert found.losses == {"subject-cut": 2}
    assert found.losses_beyond == ({"subject-cut": 2} if beyond else {})
    assert found.counts["task", "different"] == beyond
    assert found.counts["task", "accepted_loss"] == 2 - beyond
    assert found.exit_code == (3 if beyond else 0)
    assert found.balances
    assert {row[0] for row in rows(found)} == {kore_key(t) for t in tasks[:beyond]}
    assert all("2 found" in each.reason for each in found.differences)


def test_a_due_date_that_has_passed_since_is_no_loss() -> None:
    """What was carried while it could be is there; what could not be is a loss."""
    scene = Scene()
    case = scene.case()
    scene.task(case, "In time", due=scene.due(1))
    scene.task(case, "Too late", due=scene.due(-1))
    scene.run()
    scene.clock.sleep(2 * 86_400)

    found = proof(scene)

    assert found.losses == {"due-date-past": 1}
    assert found.counts["task", "accepted_loss"] == 1
    assert found.counts["task", "equal"] == 1


def test_whatever_is_not_explained_is_named() -> None:
    """Missing, twice and set aside each have a row with the record and the reason."""
    old, new = 'no_contact = "placeholder"', 'no_contact = "quarantine"'
    scene = Scene(mapping=lambda text: text.replace(old, new))
    case = scene.case()
    doubled = scene.task(case, "Doubled")
    held = scene.case("Held", user={"name": "Walk-in"})
    scene.run()
    twin = scene.of(doubled)
    again = scene.box.human.create(
        "casemgr",
        "activity",
        case_id=twin.case_id,
        subject="x",
        kind="task",
        subtype="general",
        assignee="1004",
    )
    scene.edit(f"activity:{again}", custom=dict(twin.custom))
    missing = scene.task(case, "Missing")

    found = proof(scene)

    assert found.exit_code == 3
    assert found.balances
    assert found.counts["task", "missing"] == found.counts["task", "twice"] == 1
    assert found.counts["case", "set_aside"] == 1
    assert (kore_key(missing), "*", "missing") in rows(found)
    assert (kore_key(doubled), "*", "twice") in rows(found)
    (aside,) = (each for each in found.differences if each.verdict == "set_aside")
    assert aside.key == kore_key(held)
    assert aside.reason.startswith("no-contact: ")


def test_what_the_source_does_not_have_any_more_is_a_difference() -> None:
    """Removed in Kore, or added in casemgr: not equal, since both once agreed."""
    scene = Scene()
    case, other = scene.case(desc="Some words"), scene.case("Silent")
    scene.task(case)
    scene.task(other, "Listen")
    scene.run()
    assert proof(scene).exit_code == 0
    home = scene.rig.store.link(kore_key(other)).casemgr
    scene.edit(case, desc="")
    scene.edit(home.removeprefix("casemgr:"), description="Spoken")

    found = proof(scene)

    assert {(each.key, each.field) for each in found.differences} == {
        (kore_key(key), "description") for key in (case, other)
    }
    assert found.counts["case", "different"] == 2


def test_a_value_that_no_row_names_is_not_called_equal() -> None:
    """A pair that was carried, and then got a priority that the mapping has not."""
    scene = Scene(mapping=lambda text: text.replace("Emergency = { write", "#"))
    case = scene.case()
    task = scene.task(case)
    scene.run()
    scene.edit(task, priority="Emergency")

    found = proof(scene)

    assert found.counts["task", "different"] == 1
    assert {each.key for each in found.differences} == {kore_key(task)}
    assert any("cannot be compared whole" in each.reason for each in found.differences)


def test_what_a_system_sets_by_itself_is_no_difference() -> None:
    """A seeded tenant, carried to its end, is equal in every field."""
    scene = Scene(cases=25)
    scene.run()

    found = proof(scene)

    assert found.counts["case", "different"] == found.counts["task", "different"] == 0


def test_pairs_rest_on_keys_or_on_links() -> None:
    """A counterpart whose key somebody removed is found by its link, and counted so."""
    scene = Scene()
    case = scene.case()
    first = scene.task(case)
    scene.task(case, "Second")
    scene.run()
    scene.edit(f"activity:{scene.of(first).id}", custom={})

    found = proof(scene)

    assert found.by_link == {"case": 0, "task": 1}
    assert (found.data["pairs_by_key"], found.data["pairs_by_link"]) == (2, 1)


def test_what_stays_behind_is_counted_by_record() -> None:
    """Things by name, and the records that hold some: three in two records."""
    scene = Scene()
    case = scene.case()
    task = scene.task(case)
    scene.task(case, "Bare")
    scene.run()
    bare = proof(scene)
    scene.edit(case, extra={"attachments": ["a", "b"]})
    scene.edit(task, extra={"commentIds": ["c"]})

    found = proof(scene)

    more = Counter(found.stays_behind) - Counter(bare.stays_behind)
    assert more == {"kore.attachments": 2, "kore.commentIds": 1}
    assert found.holders["case"] == 1
    assert found.holders["task"] - bare.holders["task"] in (0, 1)
    assert found.data["stays_behind"] == dict(sorted(found.stays_behind.items()))


def test_a_counterpart_without_a_source_is_reported() -> None:
    """Kore does not show it any more: told by name, counted in nobody's verdict."""
    scene = Scene()
    case = scene.case()
    task = scene.task(case)
    scene.task(case, "Stays")
    scene.run()
    scene.edit(task, is_active=False)

    found = proof(scene)

    assert found.reported == {"source-not-seen": 1}
    assert rows(found) == [(kore_key(task), "*", "reported")]
    assert (found.exit_code, found.counts["task", "source"]) == (0, 1)


# a part in few requests ---------------------------------------------------------------


def filled(scene: Scene | Back) -> Scene | Back:
    """Fill a tenant with cases that have names of their own, and carry them."""
    for number in range(50):
        case = scene.case(f"Case {number}.")
        scene.task(case, f"First of {number}.")
        scene.task(case, f"Second of {number}.")
    scene.clock.sleep(60)
    scene.run()
    return scene


FOUR_A_PAGE: dict[str, str | float] = {"kore.max_limit": 4}


def to_casemgr(**readings: str | float) -> Scene | Back:
    return filled(Scene(readings=FOUR_A_PAGE | readings))


def to_kore(**readings: str | float) -> Scene | Back:
    return filled(Back(cases=0, readings=FOUR_A_PAGE | readings))


BOTH = {"to casemgr": to_casemgr, "to Kore": to_kore}


def asked_kore(calls: Counter[str]) -> int:
    return calls["kore get_cases"] + calls["kore get_tasks"]


@pytest.mark.parametrize("way", BOTH)
def test_a_part_is_read_in_few_requests(way: str) -> None:
    """One case costs a search for each name, and the same one is chosen each time."""
    scene = BOTH[way]()
    _, all_calls = sent(scene, lambda: proof(scene))
    sample, calls = sent(scene, lambda: proof(scene, sample=1))
    again, _ = sent(scene, lambda: proof(scene, sample=1))

    assert asked_kore(all_calls) > 30
    assert asked_kore(calls) <= 6
    assert sum(calls.values()) <= 16
    assert sample.counts == again.counts
    assert sample.counts["case", "pairs"] == 1
    assert sample.counts["task", "pairs"] == 2
    assert sample.exit_code == 0
    assert sample.balances


def first_pair(scene: Scene | Back) -> tuple[Key, str]:
    """Give the source key of one case, and the id of its first Kore task."""
    kore = min(scene.box.kore.cases)
    task = min(t.id for t in scene.box.kore.tasks.values() if t.case_id == kore)
    if isinstance(scene, Scene):
        return kore_key(kore), task
    return scene.rig.store.link(kore_key(kore)).casemgr, task


@pytest.mark.parametrize("way", BOTH)
def test_one_case_is_compared_field_by_field(way: str) -> None:
    """A part of the whole misses nothing of it."""
    scene = BOTH[way]()
    key, task = first_pair(scene)
    scene.box.human.edit("kore", "task", task, tags=("vip",))

    found, calls = sent(scene, lambda: proof(scene, only=(key,)))

    assert asked_kore(calls) <= 6
    assert found.counts["task", "different"] == 1
    assert (found.counts["case", "source"], found.counts["task", "source"]) == (1, 2)
    assert found.exit_code == 3


@pytest.mark.parametrize("way", BOTH)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kore.search_scope", "ignored"),
        ("kore.search_scope", "name_prefix"),
        ("kore.search_scope", "name_and_desc"),
        ("kore.search_lag_s", 25),
        ("kore.totals", "absent"),
    ],
)
def test_a_part_is_right_whatever_a_search_means(
    way: str, name: str, value: str | float
) -> None:
    """Where it finds too much, too little or too late, everything is read."""
    scene = BOTH[way](**{name: value})
    key, _ = first_pair(scene)

    found = proof(scene, only=(key,))

    assert found.counts["case", "equal"] + found.counts["case", "accepted_loss"] == 1
    assert found.counts["task", "pairs"] == 2
    assert found.exit_code == 0
    assert found.differences == []


@pytest.mark.parametrize("way", BOTH)
def test_where_a_name_does_not_find_it_everything_is_read(way: str) -> None:
    """A record that was renamed in Kore is found all the same, and compared."""
    scene = BOTH[way]()
    key, task = first_pair(scene)
    scene.box.human.edit("kore", "task", task, name="Something else")

    found, calls = sent(scene, lambda: proof(scene, only=(key,)))

    assert asked_kore(calls) > 30
    assert found.counts["task", "pairs"] == 2
    assert found.counts["task", "different"] == 1


def test_a_task_that_nobody_knows_yet_is_missed_in_a_part_too() -> None:
    """The case says how many tasks it has; one more than is known is looked for."""
    scene = BOTH["to casemgr"]()
    key, _ = first_pair(scene)
    assert isinstance(scene, Scene)
    scene.task(key.removeprefix("kore:"), "Brand new")

    found = proof(scene, only=(key,))

    assert found.counts["task", "missing"] == 1
    assert found.exit_code == 3


@pytest.mark.parametrize("way", BOTH)
def test_a_case_that_is_asked_for_and_not_there_is_named(way: str) -> None:
    """Nothing is compared, and nothing is passed over in silence."""
    scene = BOTH[way]()
    gone = kore_key("ci-gone") if way == "to casemgr" else case_key("999999")

    found = proof(scene, only=(gone,))

    assert found.reported == {"source-not-seen": 1}
    assert rows(found) == [(gone, "*", "reported")]
    assert found.counts["case", "source"] == 0
    assert found.exit_code == 3


@pytest.mark.parametrize(("by_agent", "differ"), [(True, 0), (False, 1)])
def test_a_subtype_is_judged_where_the_mapping_chose_it(
    *, by_agent: bool, differ: int
) -> None:
    """What an agent made has the one that the agent gave it."""
    both = Both()
    if by_agent:
        both.agent_task(both.agent_case("Router down"), "Call", subtype="callback")
        both.sync()
        both.later()
    else:
        task = both.task(both.case("Router down"))
        both.sync()
        both.of(task).subtype = "callback"
    context = both.context()
    context.run = both.rig.store.begin_run("verify", "t", {})

    found = [each for each in verify(context).differences if each.field == "subtype"]

    assert len(found) == differ
