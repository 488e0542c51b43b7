"""Guards: which figures refuse a run, and what lets it pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseferry.reconcile.guard import Figures, Limits, judge, stops_of

OFF = Limits(
    max_creates=None,
    max_changes=None,
    max_closed=None,
    max_reopened=None,
    max_reprioritised=None,
    max_not_seen=None,
)
COUNTED = ("creates", "changes", "closed", "reopened", "reprioritised", "not_seen")
NOBODY: frozenset[str] = frozenset()


def refusing(
    figures: Figures, limits: Limits, allowed: frozenset[str] = NOBODY
) -> list[str]:
    """Give the names of the guards that refuse."""
    return [stop.guard for stop in stops_of(judge(figures, limits, allowed))]


def limits_of(name: str, limit: float | None) -> Limits:
    """Give limits of which only one is on."""
    every = dict.fromkeys((f"max_{n}" for n in COUNTED), None)
    return Limits(**{**every, f"max_{name}": limit})


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize(
    ("limit", "linked", "count", "refuses"),
    [
        (5, 0, 5, False),
        (5, 0, 6, True),
        (0, 100, 0, False),
        (0, 100, 1, True),
        (1, 100, 1, False),
        (1, 100, 2, True),
        (0.2, 100, 20, False),
        (0.2, 100, 21, True),
        (0.2, 0, 1000, False),
        (None, 10, 1000, False),
    ],
)
def test_a_limit_is_a_number_or_a_share(
    name: str, limit: float | None, linked: int, count: int, *, refuses: bool
) -> None:
    """A number counts; a share is of linked records; None is off; equal passes."""
    figures = Figures(linked=linked, counts={name: count})
    guard = f"max-{name.replace('_', '-')}"

    assert refusing(figures, limits_of(name, limit)) == [guard] * refuses


@pytest.mark.parametrize("name", COUNTED)
def test_a_guard_passes_only_where_it_is_named(name: str) -> None:
    """Naming one guard lets that one pass and no other."""
    figures = Figures(linked=10, counts=dict.fromkeys(COUNTED, 9))
    limits = Limits(
        max_creates=1,
        max_changes=1,
        max_closed=1,
        max_reopened=1,
        max_reprioritised=1,
        max_not_seen=1,
    )
    every = [f"max-{n.replace('_', '-')}" for n in COUNTED]
    guard = f"max-{name.replace('_', '-')}"

    assert refusing(figures, limits) == every
    others = [g for g in every if g != guard]
    assert refusing(figures, limits, frozenset({guard})) == others
    assert refusing(figures, limits, frozenset({"everything", ""})) == every


def test_every_guard_shows_its_figure_and_its_limit() -> None:
    """Off is said, a share is a share, and what was passed by name is known."""
    figures = Figures(
        linked=100, counts={"creates": 7, "changes": 21}, losses=("x", "y")
    )
    allowed = frozenset({"max-changes"})
    found = {each.name: each for each in judge(figures, Limits(), allowed)}
    shown = {n: (g.figure, g.limit, g.exceeds, g.refuses) for n, g in found.items()}

    assert shown == {
        "max-creates": (7, None, False, False),
        "max-changes": (21, "20%", True, False),
        "max-closed": (0, None, False, False),
        "max-reopened": (0, "20", False, False),
        "max-reprioritised": (0, "20%", False, False),
        "max-not-seen": (0, "10%", False, False),
        "losses": (2, "0", True, True),
        "mapping-changed": (0, "0", False, False),
    }


def test_losses_beyond_the_accepted_refuse() -> None:
    """What is lost is said in words, and passes only by name."""
    figures = Figures(linked=0, counts={}, losses=("losses.subject-cut: 3 found",))

    (stop,) = stops_of(judge(figures, OFF, NOBODY))

    assert (stop.guard, "subject-cut" in stop.message) == ("losses", True)
    assert "--allow losses" in stop.hint
    assert refusing(figures, OFF, frozenset({"losses"})) == []


def test_a_mapping_that_nobody_acknowledged_refuses() -> None:
    """Linked records carried under another mapping stop the run until it is named."""
    figures = Figures(linked=1, counts={}, mapping_changed=True)

    (stop,) = stops_of(judge(figures, OFF, NOBODY))

    assert stop.guard == "mapping-changed"
    assert "--allow mapping-changed" in stop.hint
    assert refusing(figures, OFF, frozenset({"mapping-changed"})) == []


def test_the_defaults_let_a_first_migration_pass_and_stop_a_mass_change() -> None:
    """Nothing linked means no share; a third of the linked records is too many."""
    first = Figures(linked=0, counts={"creates": 30_000})
    mass = Figures(linked=300, counts={"changes": 100, "reopened": 21})

    assert refusing(first, Limits()) == []
    assert refusing(mass, Limits()) == ["max-changes", "max-reopened"]


@given(
    count=st.integers(0, 1000),
    limit=st.one_of(st.integers(0, 1000), st.floats(0.01, 0.99)),
    linked=st.integers(0, 1000),
)
def test_a_smaller_count_never_stops_where_a_larger_one_passes(
    count: int, limit: float, linked: int
) -> None:
    """Guards are monotone: doing less is never refused for it."""
    limits = limits_of("changes", limit)
    larger = refusing(Figures(linked=linked, counts={"changes": count + 1}), limits)
    smaller = refusing(Figures(linked=linked, counts={"changes": count}), limits)

    assert len(smaller) <= len(larger)
