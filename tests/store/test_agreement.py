"""Both stores give the same answers to the same operations, in any order."""

import shutil
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from caseferry.adapters.memory_store import MemoryStore
from caseferry.adapters.sqlite import SqliteStore
from caseferry.errors import CaseferryError
from caseferry.model.correlation import Role
from caseferry.model.link import Base, IntentState, Link, Retired
from caseferry.model.record import (
    Entity,
    Key,
    Record,
    System,
    activity_key,
    kore_key,
)
from caseferry.ports import CustomerFound
from store.builders import AT, a_hold, a_link, an_intent

AnyStore = MemoryStore | SqliteStore
Operation = Callable[[AnyStore], object]

numbers = st.integers(1, 3)
texts = st.text(max_size=3) | st.sampled_from(["a", "b", "open", "closed", "\ud800"])
names = st.sampled_from(["a", "b", "statusCategory", "createdAt", "status", "refId"])
fields = st.dictionaries(
    names, texts.filter(bool) | st.tuples(texts, texts), max_size=3
)
CASES = [kore_key(f"ci-000{n}") for n in (1, 2, 3)]
SIDES = [activity_key(f"{n}t") for n in (1, 2, 3)]
PAIRS = [(name, value) for name in "ab" for value in "ab"]


@st.composite
def records(draw: st.DrawFn) -> tuple[System, Record]:
    entity = draw(st.sampled_from(Entity))
    system = draw(st.sampled_from(System))
    prefix = f"{system}:{'ci' if entity is Entity.CASE else 'ti'}-000"
    parent = draw(st.none() | st.sampled_from(CASES))
    return system, Record(
        key=Key(f"{prefix}{draw(numbers)}"),
        entity=entity,
        parent=None if entity is Entity.CASE else parent,
        version=draw(st.sampled_from("12")),
        fields=draw(fields),
        unknown=draw(st.sampled_from([(), ("x",), ("x", "y")])),
    )


@st.composite
def links(draw: st.DrawFn) -> Link:
    return a_link(
        draw(numbers),
        draw(st.sampled_from([Role.CASE, Role.TASK, Role.OPENER])),
        casemgr=draw(st.sampled_from(SIDES)),
        generation=draw(st.integers(0, 1)),
        finished=draw(st.booleans()),
        tombstone=draw(st.booleans()),
        kore_base=Base(fields=draw(fields)),
    )


def save(run: int, seen: list[tuple[System, Record]]) -> Operation:
    def operation(store: AnyStore) -> object:
        return [store.save_records(run, system, [each]) for system, each in seen]

    return operation


def batch(run: int, seen: list[tuple[System, Record]]) -> Operation:
    mine = [each for system, each in seen if system is System.KORE]
    return lambda store: store.save_records(run, System.KORE, mine)


states = st.sampled_from(IntentState)
single: st.SearchStrategy[Operation] = st.one_of(
    st.just(lambda s: s.begin_run("sync", AT, {})),
    st.builds(save, numbers, st.lists(records(), max_size=4)),
    st.builds(batch, numbers, st.lists(records(), max_size=8)),
    st.builds(
        lambda link, case: lambda s: s.save_link(link, case),
        links(),
        st.sampled_from(CASES),
    ),
    st.builds(lambda key: lambda s: s.delete_link(key), st.sampled_from(SIDES)),
    st.builds(
        lambda target, source, n: (
            lambda s: s.save_retired(
                Retired(target=target, source=source, role=Role.TASK, generation=n)
            )
        ),
        st.sampled_from(SIDES),
        st.sampled_from(CASES),
        numbers,
    ),
    st.builds(lambda key: lambda s: s.delete_retired(key), st.sampled_from(SIDES)),
    st.builds(
        lambda run, n: lambda s: s.save_intents(run, [an_intent(n), an_intent(1)]),
        numbers,
        numbers,
    ),
    st.builds(
        lambda n, state, key, text: (
            lambda s: s.settle_intent(n, state, casemgr=key, detail=text)
        ),
        numbers,
        states,
        st.none() | st.sampled_from(SIDES),
        st.sampled_from(["", "x"]),
    ),
    st.builds(
        lambda run, key, text: lambda s: s.save_hold(run, a_hold(key, reason=text)),
        numbers,
        st.sampled_from(CASES),
        st.sampled_from("xy"),
    ),
    st.builds(lambda key: lambda s: s.delete_hold(key), st.sampled_from(CASES)),
    st.builds(
        lambda name, text: lambda s: s.set_fact(name, text),
        st.sampled_from(["p", "p.a", "P.b", "p%"]),
        st.sampled_from("xy"),
    ),
    st.builds(
        lambda pair, ids: (
            lambda s: s.save_customers(
                [CustomerFound(attribute=pair[0], value=pair[1], customers=tuple(ids))]
            )
        ),
        st.sampled_from(PAIRS),
        st.lists(st.sampled_from("12"), max_size=2),
    ),
)


class GiveUpError(CaseferryError):
    """A transaction is left on purpose."""


def group(operations: list[Operation], fails: bool) -> Operation:  # noqa: FBT001
    def operation(store: AnyStore) -> object:
        with store.transaction():
            found = [answer(store, each) for each in operations]
            if fails:
                raise GiveUpError("on purpose")
            return found

    return operation


operations = st.recursive(
    single,
    lambda inner: st.builds(group, st.lists(inner, max_size=4), st.booleans()),
    max_leaves=8,
)


def answer(store: AnyStore, operation: Operation) -> object:
    try:
        return operation(store)
    except CaseferryError as error:
        return type(error)


def view(store: AnyStore) -> dict[str, object]:
    """Everything that the port can tell."""
    every = [*CASES, *(kore_key(f"ti-000{n}") for n in (1, 2, 3)), *SIDES]
    runs = (1, 2, 3)
    both = [(system, entity) for system in System for entity in Entity]
    return {
        "keys": [list(store.case_keys(run)) for run in runs],
        "groups": [store.groups(run, CASES) for run in runs],
        "orphans": [list(store.orphan_tasks(run)) for run in runs],
        "records": [list(store.records(run, *each)) for run in runs for each in both],
        "counts": [store.count_records(run, *each) for run in runs for each in both],
        "changed": [
            list(store.changed_cases(system, run)) for run in runs for system in System
        ],
        "open": [list(store.open_keys(*each, run)) for run in runs for each in both],
        "stale": [list(store.stale(*each, run)) for run in runs for each in both],
        "record": [store.record(key) for key in every],
        "links": list(store.links()),
        "links_of": store.links_of(CASES),
        "link": [store.link(key) for key in every],
        "retired": [store.retired([key]) for key in every] + [store.retired(every)],
        "intents": store.open_intents(),
        "entries": [store.entries(run) for run in runs],
        "journal": [list(store.journal(key, None)) for key in (None, *every)],
        "journal_run": [list(store.journal(None, run)) for run in runs],
        "holds": [store.holds(), store.holds(CASES[:1])],
        "facts": [store.facts(""), store.facts("p."), store.get_fact("p")],
        "customers": store.customers(PAIRS),
        "commits": store.commits,
    }


@settings(max_examples=60, deadline=None, print_blob=True)
@given(history=st.lists(operations, max_size=12))
def test_both_stores_agree(template: Path, history: list[Operation]) -> None:
    """After any history, failures and undone groups included, all answers are equal."""
    memory = MemoryStore()
    memory.begin_run("migrate", AT, {})
    memory.commits = 0
    path = template.with_name("agreement.db")
    shutil.copyfile(template, path)
    with SqliteStore.open(path) as sqlite:
        sqlite._conn.execute("PRAGMA synchronous = OFF")

        for operation in history:
            assert answer(memory, operation) == answer(sqlite, operation)

        assert view(memory) == view(sqlite)
