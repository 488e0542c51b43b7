from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from caseferry.mapping.names import CATEGORIES, PRIORITIES, SEVERITIES
from caseferry.mapping.shape import Step
from caseferry.mapping.tables import compile_scale, compile_values
from caseferry.model.record import Entity
from mapping.builders import mapper

DEFAULT = mapper()


@st.composite
def scales(draw: st.DrawFn) -> dict[str, Step]:
    """Every lawful priority table: the numbers in runs, and names that only write."""
    cuts = draw(st.sets(st.sampled_from(PRIORITIES[1:])))
    bounds = [0, *sorted(PRIORITIES.index(cut) for cut in cuts), len(PRIORITIES)]
    steps: dict[str, Step] = {}
    for first, last in pairwise(bounds):
        reads = draw(st.permutations(PRIORITIES[first:last]))
        steps[f"name {first}"] = Step(reads=tuple(reads))
        if draw(st.booleans()):
            steps[f"also {first}"] = Step(write=PRIORITIES[first])
    return steps


@settings(deadline=None)
@given(scales())
def test_reading_what_was_just_written_gives_it_back(steps: dict[str, Step]) -> None:
    """Kore's name survives the way to casemgr and back, also one that only writes."""
    scale = compile_scale(steps)

    for name in steps:
        assert scale.name(scale.written[name], current=name) == name


@settings(deadline=None)
@given(scales())
def test_writing_back_what_was_just_read_changes_nothing(
    steps: dict[str, Step],
) -> None:
    """Every number reads as a name whose row already means that number."""
    scale = compile_scale(steps)

    for number in PRIORITIES:
        name = scale.name(number)
        assert name is not None
        assert scale.means(number, name)


@settings(deadline=None)
@given(scales())
def test_only_a_number_that_means_something_else_moves_a_name(
    steps: dict[str, Step],
) -> None:
    """A current name stays exactly as long as the number means it."""
    scale = compile_scale(steps)

    for name in steps:
        for number in PRIORITIES:
            stays = scale.name(number, current=name) == name
            assert stays == scale.means(number, name)


def test_the_default_scales_are_total() -> None:
    """Each of the seven numbers and four words reads as a name, all others as none."""
    assert [DEFAULT.priority_name(number) for number in PRIORITIES] == [
        "Critical",
        "High",
        "High",
        "Medium",
        "Medium",
        "Low",
        "Low",
    ]
    assert [DEFAULT.severity_name(word) for word in SEVERITIES] == [
        "Critical",
        "High",
        "Medium",
        "Low",
    ]
    assert DEFAULT.priority_name("8") is None
    assert DEFAULT.severity_name("grave") is None
    assert DEFAULT.priority_name("1", "Emergency") == "Emergency"
    assert DEFAULT.severity_name("urgent", "Emergency") == "Emergency"
    assert DEFAULT.priority_name("2", "Emergency") == "High"


def test_every_status_is_at_rest() -> None:
    """A Kore status that means what casemgr says stays, whatever its name."""
    for entity, finished in ((Entity.CASE, "closed"), (Entity.TASK, "completed")):
        begun = {"closed": "open", "completed": "assigned"}[finished]
        for category in CATEGORIES:
            done = category in ("resolved", "closed")
            status, other = (finished, begun) if done else (begun, finished)
            own = ("A name of ours", category)
            assert DEFAULT.status_name(entity, status, own) == own[0]
            assert DEFAULT.status_name(entity, other, own) != own[0]


def test_a_status_that_no_row_names_is_left_alone() -> None:
    """Unknown states of casemgr are preserved, not guessed."""
    assert DEFAULT.status_name(Entity.TASK, "in_workflow") is None
    assert DEFAULT.status_name(Entity.CASE, "open") == "Open"


@settings(deadline=None)
@given(
    st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=8).filter(
        lambda values: len(set(values.values())) == len(values)
    )
)
def test_value_tables_with_one_name_each_go_there_and_back(
    values: dict[str, str],
) -> None:
    """A two-way value table is its own way back, in both directions."""
    table = compile_values(values)

    assert all(table.sources[table.targets[name]] == name for name in values)
    assert all(table.targets[table.sources[to]] == to for to in values.values())
