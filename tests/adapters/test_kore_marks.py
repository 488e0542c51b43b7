"""Our marks in Kore records: taken out on every read, never content."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.test_kore_payload import a_case
from caseferry.adapters.kore.payload import record_of
from caseferry.model.marker import Marker, with_marker, without_marker, without_markers
from caseferry.model.record import Entity, record_fingerprint

KEY = "cf1.0a1b2c3d.c.1001.0"
OTHER = "cf1.ffffffff.t.77.3"
DUE = "2031-01-01T00:00:00.000Z"
TEXTS = st.text(
    st.one_of(st.sampled_from(" \n[]cf1.0"), st.characters(exclude_characters="\r"))
)


def fields(**changes: Any) -> dict[str, Any]:
    return dict(record_of(a_case(**changes), Entity.CASE).fields)


@given(text=TEXTS, due=st.sampled_from(["", DUE]), line=st.booleans())
def test_round_trip(text: str, due: str, line: bool) -> None:  # noqa: FBT001
    """A text comes back exactly as it was, whatever blanks it ends with."""
    marker = Marker(correlation=KEY, due=due)

    assert without_marker(with_marker(text, marker, line=line)) == (text, marker)


@given(TEXTS)
def test_what_is_no_marker_stays(text: str) -> None:
    """A text that we did not mark is not touched."""
    assert without_marker(text) == (text, None)


def test_several_markers() -> None:
    """Markers of every pair go, wherever an agent moved them; other brackets stay."""
    text = f"One [{OTHER}] two [cf1.draft] [{KEY} due={DUE}]\nthree"

    clean, found = without_markers(text)

    assert clean == "One two [cf1.draft]\nthree"
    assert [m.correlation for m in found] == [OTHER, KEY]


@pytest.mark.parametrize("place", ["name", "desc"])
def test_marker_in_a_text(place: str) -> None:
    """A marker shows as one, and where it stands."""
    found = fields(**{place: f"Text\n[{KEY}]"})

    assert found[place] == "Text"
    assert found["marker"] == KEY
    assert found[f"marker.{place}"] == f"[{KEY}]"


def test_marker_alone() -> None:
    """A text that is only a marker is no text."""
    assert "desc" not in fields(desc=f"[{KEY}]")


def test_marker_in_tags() -> None:
    """Our tags are no tags; others that begin alike are, and none comes twice."""
    found = fields(tags=["a", f"ext:{KEY}", "ext:cf1.no", "ext:sap-4", "a", "b"])

    assert found["tags"] == ("a", "ext:cf1.no", "ext:sap-4", "b")
    assert found["marker"] == found["marker.tags"] == KEY


def test_only_our_tag() -> None:
    """A record with nothing but our tag has no tags."""
    assert "tags" not in fields(tags=[f"ext:{KEY}"])


def test_the_same_key_twice() -> None:
    """One key in two places is one; two keys are two values."""
    both = fields(desc=f"Text\n[{KEY}]", tags=[f"ext:{KEY}"])
    several = fields(desc=f"Text\n[{KEY}]", tags=[f"ext:{OTHER}"])

    assert both["marker"] == KEY
    assert several["marker"] == (KEY, OTHER)


@pytest.mark.parametrize(
    ("eta", "expected"),
    [
        (DUE, (None, DUE)),
        ("2031-01-01T00:00:00Z", (None, DUE)),
        ("2030-06-01T00:00:00.000Z", ("2030-06-01T00:00:00.000Z", None)),
        ("", ("2025-05-29T04:03:00.000Z", None)),
    ],
)
def test_made_up_due_date(eta: str, expected: tuple[str | None, str | None]) -> None:
    """A due date is hidden as long as it is the one that only we made up."""
    found = fields(ETA=eta, desc=f"Text\n[{KEY} due={DUE}]")

    assert (found.get("dueDate"), found.get("marker.due")) == expected


def test_fingerprints_stay() -> None:
    """A record without a mark has the fingerprint that the first release gave it."""
    found = record_fingerprint(record_of(a_case(), Entity.CASE))

    assert found == "a2651727ba292c68e8c4fba376eb91e6"
