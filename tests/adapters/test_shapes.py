"""JSON in and out, and the total functions that normalise leaves."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter

from adapters.rig import FakeClock
from caseferry.adapters.clock import SystemClock
from caseferry.adapters.counter import Counter
from caseferry.adapters.exchange import Unusable
from caseferry.adapters.json_text import read_json, read_shape, write_json
from caseferry.adapters.shapes import instant, items, mapping, text
from caseferry.model.times import canonical_time

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None)
@given(JSON)
def test_json_round_trip(value: object) -> None:
    """What is written reads back the same."""
    assert read_json(write_json(value)) == value


@pytest.mark.parametrize("tail", ["\ud83d", "x\ude00y", "a\ud83db"])
def test_half_a_pair_becomes_a_mark(tail: str) -> None:
    """Half an emoji, as JavaScript servers cut it, does not make a page unreadable."""
    body = json.dumps({"name": tail}).encode()

    name = read_json(body)["name"]

    assert name == tail.replace("\ud83d", "\ufffd").replace("\ude00", "\ufffd")
    assert "\ufffd" in read_json(write_json({"name": tail}))["name"]


def test_escapes_that_are_fine_stay() -> None:
    """A whole pair and an escaped backslash are left alone beside a broken half."""
    body = rb'{"a": "\ud83d\ude00 \\ud83d \ud83d"}'

    assert read_json(body)["a"] == "😀 \\ud83d \ufffd"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"a"', b"[" * 100_000, b'{"a":' * 100_000, b"\xff"]
)
def test_what_is_no_json(body: bytes) -> None:
    """Broken, cut off or endlessly nested bodies are unusable, never a crash."""
    with pytest.raises(Unusable):
        read_json(body)


def test_shape_errors_hold_no_values() -> None:
    """What is wrong with a body names the place, not what stands there."""

    class Shape(BaseModel):
        number: int

    with pytest.raises(Unusable) as caught:
        read_shape(TypeAdapter(Shape), b'{"number": "Ada Lovelace"}')

    assert "number" in str(caught.value)
    assert "Ada" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-05-29T04:03:00.000Z", "2025-05-29T04:03:00.000Z"),
        ("2025-05-29T04:03:00Z", "2025-05-29T04:03:00.000Z"),
        ("2025-05-29T06:03:00.5+02:00", "2025-05-29T04:03:00.500Z"),
        ("2025-05-29T04:03:00", "2025-05-29T04:03:00.000Z"),
        ("2025-05-29", "2025-05-29T00:00:00.000Z"),
        (1748491380000, "2025-05-29T04:03:00.000Z"),
        (1748491380000.0, "2025-05-29T04:03:00.000Z"),
        ("1748491380000", "2025-05-29T04:03:00.000Z"),
        ("soon", "soon"),
        ("", ""),
        (None, ""),
        (True, "true"),
        (10**30, str(10**30)),
    ],
)
def test_instants(value: object, expected: str) -> None:
    """Every spelling of a time becomes one; what is no time is kept."""
    assert instant(value) == expected


@settings(max_examples=40, deadline=None)
@given(st.datetimes(datetime(1000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_instants_are_at_rest(moment: datetime) -> None:
    """A canonical time stays itself, and milliseconds give the same one."""
    spelled = canonical_time(moment)
    ms = (datetime.fromisoformat(spelled) - datetime(1970, 1, 1, tzinfo=UTC)) // (
        timedelta(milliseconds=1)
    )

    assert instant(spelled) == spelled
    assert instant(ms) == spelled


@settings(max_examples=40, deadline=None)
@given(JSON)
def test_total(value: object) -> None:
    """Normalising never fails, whatever stands where."""
    assert isinstance(text(value), str)
    assert isinstance(instant(value), str)
    assert isinstance(mapping(value), dict)
    assert all(isinstance(item, dict) for item in items(value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [("x", "x"), (None, ""), (1, "1"), (3.0, "3"), (1.5, "1.5"), (False, "false")],
)
def test_text(value: object, expected: str) -> None:
    """A scalar becomes its JSON spelling, whole floats a whole number."""
    assert text(value) == expected


def test_counter() -> None:
    """Requests are counted by operation, those sent again twice."""
    counter = Counter()
    counter.count_sent("getCases", again=False)
    counter.count_sent("getCases", again=True)
    counter.count_sent("updateCase", again=False)
    counter.count_outcome("ok")
    counter.count_wait(1.5)

    assert (counter.sent, counter.retried, counter.waited_s) == (3, 1, 1.5)
    assert counter.outcomes == {"ok": 1}
    assert counter.by_operation() == {
        "getCases": {"sent": 2, "retried": 1},
        "updateCase": {"sent": 1, "retried": 0},
    }


def test_system_clock_wakes() -> None:
    """A sleep ends at once when the run is asked to stop."""
    clock = SystemClock()
    clock.stop.set()
    before = clock.monotonic()

    clock.sleep(30)
    clock.sleep(-1)

    assert clock.monotonic() - before < 5
    assert clock.now().tzinfo is UTC
    assert FakeClock().now().tzinfo is UTC
