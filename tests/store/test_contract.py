"""What the port promises, of every store."""

from dataclasses import replace

import pytest

from caseferry.adapters.memory_store import MemoryStore
from caseferry.adapters.sqlite import SqliteStore
from caseferry.errors import InvariantBroken, StateError
from caseferry.model.action import FieldChange
from caseferry.model.correlation import Role
from caseferry.model.link import Base, IntentState, Retired, WriteKind
from caseferry.model.record import Entity, Key, System, activity_key, kore_key
from caseferry.ports import CustomerFound
from store.builders import (
    AT,
    PAIR,
    a_case,
    a_hold,
    a_link,
    a_task,
    an_activity,
    an_intent,
)

AnyStore = MemoryStore | SqliteStore


def keys_of(store: AnyStore, run: int = 1) -> list[str]:
    return [key.removeprefix("kore:") for key in store.case_keys(run)]


class Crash(BaseException):
    """The process dies here."""


# transactions -----------------------------------------------------------------
def test_a_transaction_is_one_commit(store: AnyStore) -> None:
    """Writes grouped by `transaction`, nested ones too, count as one commit."""
    before = store.commits

    with store.transaction():
        store.set_fact("a", "1")
        with store.transaction():
            store.set_fact("b", "2")

    assert store.commits == before + 1
    assert store.facts("") == {"a": "1", "b": "2"}


def test_an_exception_undoes_the_whole_transaction(store: AnyStore) -> None:
    """Nothing of a transaction that was left by an exception is kept."""
    store.set_fact("a", "old")
    store.save_link(a_link(), a_case().key)

    def write_and_die() -> None:
        with store.transaction():
            store.set_fact("a", "new")
            store.delete_link(a_link().casemgr)
            store.save_records(1, System.KORE, [a_case()])
            store.save_intents(1, [an_intent()])
            raise Crash

    with pytest.raises(Crash):
        write_and_die()

    assert store.facts("") == {"a": "old"}
    assert list(store.links()) == [a_link()]
    assert store.record(a_case().key) is None
    assert store.open_intents() == []


def test_an_inner_transaction_fails_alone(store: AnyStore) -> None:
    """An inner transaction that fails is undone; what the outer one wrote stays."""

    def write_and_fail() -> None:
        with store.transaction():
            store.set_fact("inner", "1")
            store.settle_intent(99, IntentState.DONE)

    with store.transaction():
        store.set_fact("outer", "1")
        with pytest.raises(InvariantBroken):
            write_and_fail()

    assert store.facts("") == {"outer": "1"}


@pytest.mark.parametrize(("moment", "kept"), [("before", {}), ("after", {"a": "1"})])
def test_a_crash_around_a_commit_is_before_or_after_it(
    state: object, moment: str, kept: dict[str, str]
) -> None:
    """What the hook raises before a commit prevents it, and after it does not."""
    moments: list[str] = []

    def hook(now: str) -> None:
        moments.append(now)
        if now == moment:
            raise Crash

    for made in (MemoryStore(hook), SqliteStore.open(str(state), on_commit=hook)):
        moments.clear()
        with pytest.raises(Crash):
            made.set_fact("a", "1")

        assert made.facts("") == kept
        assert moments == ["before", "after"][: 1 + len(kept)]
        assert made.commits == len(kept)
        if isinstance(made, SqliteStore):
            made.close()


# identity and runs ------------------------------------------------------------
def test_a_state_belongs_to_one_pair(store: AnyStore) -> None:
    """The same pair may bind again; any other is refused and nothing changes."""
    store.bind(PAIR)
    store.bind(PAIR)

    with pytest.raises(StateError) as caught:
        store.bind(replace(PAIR, kore_stream="st-2"))

    assert caught.value.code == "state-other-pair"
    store.bind(PAIR)


def test_runs_are_numbered(store: AnyStore) -> None:
    """Runs count from 1; only a run that began can end."""
    number = store.begin_run("sync", AT, {"mapping": "m"})
    store.end_run(number, AT, exit_code=0, summary={"read": {"kore": 1}})

    assert number == 2
    with pytest.raises(InvariantBroken):
        store.end_run(3, AT, exit_code=0, summary={})


def test_nothing_is_kept_of_a_run_that_never_began(store: AnyStore) -> None:
    """Records, intents and holds of an unknown run are refused."""
    with pytest.raises(InvariantBroken):
        store.save_records(9, System.KORE, [a_case()])
    with pytest.raises(InvariantBroken):
        store.save_intents(9, [an_intent()])
    with pytest.raises(InvariantBroken):
        store.save_hold(9, a_hold(a_case().key))

    assert store.record(a_case().key) is None
    assert store.open_intents() == []
    assert store.holds() == {}


# observations -----------------------------------------------------------------
def test_a_record_comes_back_as_it_was(store: AnyStore) -> None:
    """Every field survives: several values, odd characters, unknown names."""
    case = a_case(
        tags=("a", "b"), name='é "x"\n\u2028\x00\U0001f600', lone="half \ud800"
    )
    whole = replace(case, unknown=("slaPolicy", "zone"))

    store.save_records(1, System.KORE, [whole])

    assert store.record(whole.key) == whole


def test_saving_counts_what_is_new_or_changed(store: AnyStore) -> None:
    """A record seen again is no change, nor is a new stamp; new contents are."""
    first = a_case(1)

    assert store.save_records(1, System.KORE, [first, a_case(2), first]) == 2
    assert store.save_records(1, System.KORE, [first]) == 0
    assert store.save_records(1, System.KORE, [replace(first, version="2")]) == 0
    assert store.record(first.key) == replace(first, version="2")
    assert store.save_records(1, System.KORE, [replace(first, unknown=("x",))]) == 0
    assert store.save_records(1, System.KORE, [a_case(1, name="New")]) == 1


@pytest.mark.parametrize(
    ("settled", "version", "taken"),
    [
        ("", "2026-03-02T09:00:00.000Z", True),
        ("2026-03-02T09:04:00.000Z", "2026-03-02T09:00:00.000Z", False),
        ("2026-03-02T09:05:00.000Z", "2026-03-02T10:00:00+01:00", False),
        ("2026-03-02T09:05:00.001Z", "2026-03-02T09:00:00.000Z", True),
        ("2026-03-02T09:04:00.000Z", "2026-03-02T09:05:00.000Z", True),
        ("2026-03-02T09:04:00.000Z", "2026-03-02T09:06:00.000Z", True),
        ("2026-03-02T09:04:00.000Z", "no time", True),
    ],
)
def test_an_old_copy_of_a_record_is_seen_and_not_taken(
    store: AnyStore, settled: str, version: str, *, taken: bool
) -> None:
    """Where what it became is so young that a listing may not show it yet."""
    new = a_case(1, version="2026-03-02T09:05:00.000Z", name="New")
    store.save_records(1, System.KORE, [new])
    run = store.begin_run("sync", AT, {})
    old = replace(a_case(1, name="Old"), version=version)

    changed = store.save_records(run, System.KORE, [old], settled_before=settled)

    assert changed == taken
    assert store.record(new.key) == (old if taken else new)
    assert keys_of(store, run) == ["ci-0001"]


def test_what_was_seen_since_a_run_is_what_that_run_or_a_later_one_saw(
    store: AnyStore,
) -> None:
    """A run number means itself and all later ones, also where nothing changed."""
    store.save_records(1, System.KORE, [a_case(1), a_case(2), a_task(1)])
    run = store.begin_run("sync", AT, {})
    store.save_records(run, System.KORE, [a_case(1), a_case(3)])

    assert keys_of(store, run) == ["ci-0001", "ci-0003"]
    assert store.count_records(run, System.KORE, Entity.CASE) == 2
    assert keys_of(store, 1) == ["ci-0001", "ci-0002", "ci-0003"]
    assert store.count_records(1, System.KORE, Entity.CASE) == 3
    assert store.count_records(run, System.KORE, Entity.TASK) == 0
    assert store.record(a_case(2).key) == a_case(2)
    both = [a_case(1).key, a_case(2).key]
    assert store.records_of(run, both) == {a_case(1).key: a_case(1)}
    assert store.records_of(1, both) == {a_case(n).key: a_case(n) for n in (1, 2)}
    assert store.groups(1, both) == [(a_case(1), (a_task(1),)), (a_case(2), ())]
    assert store.groups(run, both) == [(a_case(1), ())]


def test_cases_that_changed_are_found_by_the_run_of_their_last_change(
    store: AnyStore,
) -> None:
    """A new version is no change; a new record, new contents and a moved task are."""
    cases = [a_case(n, created=f"2026-01-0{n}", done=n == 4) for n in range(1, 6)]
    store.save_records(1, System.KORE, [*cases, a_task(1, 1), a_task(2, 2)])
    store.save_records(1, System.CASEMGR, [an_activity()])
    second = store.begin_run("sync", AT, {})
    seen_again = [replace(a_task(1, 1), version="9"), *cases]
    store.save_records(second, System.KORE, seen_again)
    assert list(store.changed_cases(System.KORE, second)) == []

    third = store.begin_run("sync", AT, {})
    moved = a_task(2, 5)
    edited = a_case(4, created="2026-01-04", done=True, name="New")
    store.save_records(third, System.KORE, [moved, edited, a_task(3, 9)])
    fourth = store.begin_run("sync", AT, {})
    late = a_case(6, created="2026-01-06")
    store.save_records(fourth, System.KORE, [late, moved, edited])

    assert list(store.changed_cases(System.KORE, fourth)) == [a_case(6).key]
    expected = [a_case(n).key for n in (6, 5, 4)]
    assert list(store.changed_cases(System.KORE, third)) == expected
    everyone = [a_case(n).key for n in (6, 5, 3, 2, 1, 4)]
    assert list(store.changed_cases(System.KORE, 1)) == everyone
    assert list(store.changed_cases(System.CASEMGR, 1)) == []  # its case is unknown


def test_a_change_that_is_taken_back_in_one_batch_is_a_change(store: AnyStore) -> None:
    """Contents that came, went and came again within one listing did change."""
    store.save_records(1, System.KORE, [a_case(1)])
    run = store.begin_run("sync", AT, {})

    store.save_records(run, System.KORE, [a_case(1, name="New"), a_case(1)])

    assert list(store.changed_cases(System.KORE, run)) == [a_case(1).key]


def test_stale_records_are_those_not_seen_since(store: AnyStore) -> None:
    """What a later run saw is not stale, nor is another system's or entity's."""
    store.save_records(1, System.KORE, [a_case(n) for n in (3, 1, 2)] + [a_task(1)])
    store.save_records(1, System.CASEMGR, [an_activity()])
    run = store.begin_run("sync", AT, {})
    store.save_records(run, System.KORE, [a_case(2)])

    stale = list(store.stale(System.KORE, Entity.CASE, run))
    assert stale == [a_case(1).key, a_case(3).key]
    assert list(store.stale(System.KORE, Entity.CASE, 1)) == []
    assert list(store.stale(System.KORE, Entity.TASK, run)) == [a_task(1).key]
    assert list(store.stale(System.CASEMGR, Entity.CASE, run)) == []


def test_case_keys_come_in_the_order_of_work(store: AnyStore) -> None:
    """Open cases come first, then closed ones, newest first, ties by key."""
    store.save_records(
        1,
        System.KORE,
        [
            a_case(1, done=True, created="2026-01-09"),
            a_case(5, created="2026-01-01"),
            a_case(3, created="2026-01-02"),
            a_case(2, created="2026-01-02"),
            a_case(4, done=True, created="2026-02-09"),
            a_task(1),
        ],
    )

    assert keys_of(store) == ["ci-0002", "ci-0003", "ci-0005", "ci-0004", "ci-0001"]
    only = [a_case(4).key, a_case(3).key, a_task(1).key]
    assert list(store.case_keys(1, only=only)) == [a_case(3).key, a_case(4).key]


def test_a_case_comes_once_whatever_happens_meanwhile(store: AnyStore) -> None:
    """Cases that close, reopen or appear during the walk neither repeat nor vanish."""
    store.save_records(1, System.KORE, [a_case(n, done=n > 600) for n in range(1200)])
    seen = []

    for number, key in enumerate(store.case_keys(1)):
        seen.append(key)
        if number in (5, 700):
            store.save_records(1, System.KORE, [a_case(n) for n in range(600, 1200)])
            store.save_records(
                1, System.KORE, [a_case(n, done=True) for n in range(600)]
            )

    assert sorted(seen) == sorted(a_case(n).key for n in range(1200))
    assert len(seen) == len(set(seen))


def test_groups_hold_a_case_with_its_tasks(store: AnyStore) -> None:
    """Groups come in the order asked for, tasks by creation; unseen ones are out."""
    early, late = a_task(1, 1, created="2026-01-02"), a_task(2, 1, created="2026-01-01")
    store.save_records(1, System.KORE, [a_case(1), a_case(2), early, late, a_task(3)])
    store.save_records(1, System.CASEMGR, [an_activity()])
    run = store.begin_run("sync", AT, {})
    store.save_records(run, System.KORE, [a_case(1), a_case(2), early, late])

    asked = [a_case(2).key, a_case(9).key, a_case(1).key]
    assert store.groups(run, asked) == [(a_case(2), ()), (a_case(1), (late, early))]


def test_tasks_of_one_instant_come_by_key_whichever_system_they_are_of(
    store: AnyStore,
) -> None:
    late = replace(a_task(1), fields={})
    early = replace(late, key=Key("casemgr:ti-0001"))
    store.save_records(1, System.KORE, [a_case(1), late])
    store.save_records(1, System.CASEMGR, [early])

    assert store.groups(1, [a_case(1).key]) == [(a_case(1), (early, late))]


def test_orphans_are_tasks_whose_case_was_not_seen(store: AnyStore) -> None:
    """A task counts as orphan while its case was not seen in the same run."""
    store.save_records(1, System.KORE, [a_case(1)])
    run = store.begin_run("sync", AT, {})
    homeless = replace(a_task(4), parent=None)
    store.save_records(
        run, System.KORE, [a_case(2), a_task(1, 1), a_task(2, 2), homeless]
    )

    assert list(store.orphan_tasks(run)) == [a_task(1, 1), homeless]


def test_records_are_walked_by_key(store: AnyStore) -> None:
    """All records of a system and entity come once, by key, over many pages."""
    store.save_records(1, System.KORE, [a_task(n) for n in range(1300, 0, -1)])
    store.save_records(1, System.CASEMGR, [an_activity(n) for n in (2, 1)])

    tasks = list(store.records(1, System.KORE, Entity.TASK))
    assert tasks == [a_task(n) for n in range(1, 1301)]
    activities = list(store.records(1, System.CASEMGR, Entity.TASK))
    assert activities == [an_activity(1), an_activity(2)]


def test_open_records_are_those_that_are_not_finished(store: AnyStore) -> None:
    """Of each system in its own words, and only those seen since a run."""
    store.save_records(1, System.KORE, [a_case(n, done=n == 2) for n in (3, 1, 2)])
    done = an_activity(1, status="completed")
    store.save_records(1, System.CASEMGR, [done, an_activity(2)])
    run = store.begin_run("sync", AT, {})
    store.save_records(run, System.KORE, [a_case(2, done=True), a_case(3)])

    cases = list(store.open_keys(System.KORE, Entity.CASE, 1))
    assert cases == [a_case(1).key, a_case(3).key]
    assert list(store.open_keys(System.KORE, Entity.CASE, run)) == [a_case(3).key]
    activities = list(store.open_keys(System.CASEMGR, Entity.TASK, 1))
    assert activities == [an_activity(2).key]


# links ------------------------------------------------------------------------
def test_a_link_is_found_by_either_side(store: AnyStore) -> None:
    """Cases and tasks are found by both keys, openers by the casemgr key alone."""
    case, task, opener = (
        a_link(1, role) for role in (Role.CASE, Role.TASK, Role.OPENER)
    )
    for link in (opener, task, case):
        store.save_link(link, a_case(1).key)

    assert store.link(case.kore) == case
    assert store.link(case.casemgr) == case
    assert store.link(task.kore) == task
    assert store.link(opener.casemgr) == opener
    assert store.link(Key("kore:ci-none")) is None
    assert list(store.links()) == [case, opener, task]


def test_a_link_is_replaced_with_everything_it_holds(store: AnyStore) -> None:
    """Saving a link again replaces its bases, prints and flags."""
    store.save_link(a_link(), a_case().key)
    later = a_link(
        finished=True,
        tombstone=True,
        kore_base=Base(fields={}, absent=frozenset({"a", "b"})),
        source_print="0",
        mapping="n",
    )

    store.save_link(later, a_case().key)

    assert list(store.links()) == [later]


def test_a_casemgr_record_has_one_counterpart(store: AnyStore) -> None:
    """Linking a taken casemgr record is refused, and the first link stays."""
    store.save_link(a_link(1), a_case().key)

    with pytest.raises(InvariantBroken):
        store.save_link(a_link(2, casemgr=a_link(1).casemgr), a_case().key)

    assert list(store.links()) == [a_link(1)]


def test_a_kore_record_has_one_counterpart(store: AnyStore) -> None:
    """A second casemgr record for the same role and generation is refused."""
    store.save_link(a_link(1), a_case().key)
    second = a_link(1, casemgr=activity_key("99"))

    with pytest.raises(InvariantBroken):
        store.save_link(second, a_case().key)
    store.save_link(replace(second, generation=1), a_case().key)

    assert list(store.links()) == [a_link(1), replace(second, generation=1)]


def test_a_tombstone_makes_room(store: AnyStore) -> None:
    """After an undo the same Kore record may be linked to a new counterpart."""
    store.save_link(a_link(1, tombstone=True), a_case().key)
    second = a_link(1, casemgr=activity_key("99"))

    store.save_link(second, a_case().key)

    assert list(store.links()) == [second]


def test_links_belong_to_cases(store: AnyStore) -> None:
    """A case has its own link, its openers, and those of its tasks as last seen."""
    case, opener = a_link(1, Role.CASE), a_link(1, Role.OPENER)
    task, moved, unseen = a_link(1), a_link(2), a_link(3)
    for link in (case, opener, task, moved, unseen):
        store.save_link(link, a_case(1).key)
    store.save_records(1, System.KORE, [a_task(1, 1), a_task(2, 2)])

    asked = [a_case(n).key for n in (1, 2, 3)]
    assert store.links_of(asked) == {
        a_case(1).key: [case, opener, task, unseen],
        a_case(2).key: [moved],
    }
    assert store.links_of(asked[1:]) == {a_case(2).key: [moved]}


def test_a_deleted_link_is_forgotten(store: AnyStore) -> None:
    """A link can be deleted, twice too, and its records linked anew."""
    store.save_link(a_link(1), a_case().key)

    store.delete_link(a_link(1).casemgr)
    store.delete_link(a_link(1).casemgr)
    store.save_link(a_link(2, casemgr=a_link(1).casemgr), a_case().key)

    assert store.link(a_link(1).kore) is None


def test_what_was_taken_back_is_remembered_once(store: AnyStore) -> None:
    """A second time keeps the first row, is a commit all the same, and one lifts it."""
    first = Retired(
        target=activity_key("1t"),
        source=kore_key("ci-0001"),
        role=Role.CASE,
        generation=1,
    )
    before = store.commits

    store.save_retired(first)
    store.save_retired(replace(first, generation=2))

    assert store.commits == before + 2
    assert store.retired([first.target]) == [first]
    assert store.retired([first.source]) == [first]

    store.delete_retired(first.target)
    store.delete_retired(first.target)

    assert store.retired([first.target, first.source]) == []


# the journal ------------------------------------------------------------------
def test_intents_are_numbered_and_stay_open_until_settled(store: AnyStore) -> None:
    """Open and in-doubt intents are listed, oldest first; settled ones are not."""
    one, two = store.save_intents(1, [an_intent(1), an_intent(2)])
    (three,) = store.save_intents(1, [an_intent(3)])
    assert [each.number for each in (one, two, three)] == [1, 2, 3]
    assert replace(two, number=0) == an_intent(2)

    store.settle_intent(1, IntentState.DONE, casemgr=activity_key("7"))
    store.settle_intent(2, IntentState.IN_DOUBT, detail="time-out")

    assert store.open_intents() == [two, three]


def test_what_we_completed_is_known(store: AnyStore) -> None:
    """Also where the reply was lost; not where nothing was executed, or of others."""
    one, two, three, edited, strange = (activity_key(str(n)) for n in range(1, 6))
    ends = {"kind": WriteKind.COMPLETE}
    store.save_intents(
        1,
        [
            an_intent(1, casemgr=one, **ends),
            an_intent(2, casemgr=two, **ends),
            an_intent(3, casemgr=three, **ends),
            an_intent(4, casemgr=edited, kind=WriteKind.EDIT_TASK),
        ],
    )
    store.settle_intent(1, IntentState.DONE)
    store.settle_intent(2, IntentState.IN_DOUBT)
    store.settle_intent(3, IntentState.REFUSED)

    assert store.completed([one, two, three, edited, strange]) == {one, two}
    assert store.completed([]) == set()


def test_the_journal_tells_a_records_story(store: AnyStore) -> None:
    """Entries are found by either key and by run, and keep what was once known."""
    store.save_intents(1, [an_intent(1), an_intent(2)])
    run = store.begin_run("sync", AT, {})
    store.save_intents(run, [an_intent(1, casemgr=activity_key("7"))])
    store.settle_intent(1, IntentState.IN_DOUBT, detail="time-out")
    store.settle_intent(1, IntentState.DONE, casemgr=activity_key("7"))

    (first, again) = store.journal(an_intent(1).kore, None)
    assert first == {
        "number": "1",
        "run": "1",
        "at": AT,
        "kind": "create",
        "role": "task",
        "kore": "kore:ti-0001",
        "casemgr": "casemgr:activity:7",
        "correlation": an_intent(1).correlation,
        "department": "Service",
        "fields": "subject priority",
        "state": "done",
        "detail": "time-out",
    }
    assert list(store.journal(activity_key("7"), None)) == [first, again]
    assert list(store.journal(activity_key("7"), run)) == [again]
    assert [entry["number"] for entry in store.journal(None, None)] == ["1", "2", "3"]


def test_a_run_gives_back_what_it_overwrote(store: AnyStore) -> None:
    """Entries of one run, in order, with each field before and after."""
    images = (
        FieldChange(name="dueDate", before=None, after="2026-05-01T00:00:00.000Z"),
        FieldChange(name="tags", before=("a", "b"), after='c "d" é'),
    )
    made = an_intent(2, opens=False)
    store.save_intents(1, [an_intent(1, images=images), made])
    run = store.begin_run("undo", AT, {})
    store.save_intents(run, [an_intent(3)])
    store.settle_intent(2, IntentState.DONE, casemgr=activity_key("7"))

    first, second = store.entries(1)

    assert first.intent == replace(an_intent(1, images=images), number=1)
    assert first.state is IntentState.OPEN
    assert second.intent == replace(made, number=2, casemgr=activity_key("7"))
    assert second.state is IntentState.DONE
    assert [each.intent.number for each in store.entries(run)] == [3]
    assert store.entries(99) == []
    assert store.open_intents()[0].images == ()


def test_an_unknown_intent_cannot_be_settled(store: AnyStore) -> None:
    """Settling what was never saved is a broken promise, and commits nothing."""
    before = store.commits

    with pytest.raises(InvariantBroken):
        store.settle_intent(1, IntentState.DONE)

    assert store.commits == before


# holds, facts, customers ------------------------------------------------------
def test_holds_are_kept_until_lifted(store: AnyStore) -> None:
    """One hold per record: replaced, listed for some or all records, lifted."""
    one, two = a_hold(a_case(1).key), a_hold(a_case(2).key)
    later = replace(one, reason="later", correlation="c")
    for hold in (two, one, later):
        store.save_hold(1, hold)

    assert list(store.holds().items()) == [(one.key, later), (two.key, two)]
    assert store.holds([two.key, a_case(3).key]) == {two.key: two}
    assert store.holds([]) == {}
    store.delete_hold(one.key)
    store.delete_hold(one.key)
    assert store.holds() == {two.key: two}


def test_facts_are_found_by_prefix(store: AnyStore) -> None:
    """A prefix is taken literally and with regard to case."""
    for name in ("proof.a", "proof_b", "Proof.c", "proof.%"):
        store.set_fact(name, name)
    store.set_fact("proof.a", "new")

    assert store.get_fact("proof.a") == "new"
    assert store.get_fact("proof.") is None
    assert store.facts("proof.") == {"proof.%": "proof.%", "proof.a": "new"}
    assert list(store.facts("")) == ["Proof.c", "proof.%", "proof.a", "proof_b"]


def test_customers_are_remembered_when_found(store: AnyStore) -> None:
    """Answers come in the order asked for, each once; empty ones are not kept."""
    found = [
        CustomerFound(attribute="email", value=f"u{n}@x", customers=(str(n),))
        for n in range(2000)
    ]
    store.save_customers(found)
    store.save_customers([replace(found[1], customers=("9", "8"))])
    store.save_customers([replace(found[2], customers=())])
    pairs = [("email", f"u{n}@x") for n in (2, 1, 2)] + [("phone", "u1@x")]

    assert store.customers(pairs) == [found[2], replace(found[1], customers=("9", "8"))]
    assert (
        len(store.customers([(each.attribute, each.value) for each in found])) == 2000
    )
    assert store.customers([]) == []


def test_each_system_says_in_its_own_field_when_a_record_was_made(
    store: AnyStore,
) -> None:
    """A field of the other system's name is any field; the order is by key then."""
    cases = [
        replace(a_case(n), key=Key(f"casemgr:case:{n}"), fields=fields)
        for n, fields in ((1, {}), (2, {"createdAt": "2026-01-01"}))
    ]
    store.save_records(1, System.CASEMGR, cases)

    assert list(store.case_keys(1, system=System.CASEMGR)) == [c.key for c in cases]
