"""Laws of the nouns: canonical form, fingerprints, keys and correlation keys."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import assume, given
from hypothesis import strategies as st

from caseferry.model.correlation import (
    Correlation,
    Role,
    TenantPair,
    parse_correlation,
)
from caseferry.model.record import (
    Entity,
    Record,
    System,
    activity_key,
    canonical,
    case_key,
    fingerprint,
    kore_key,
    local_id,
    record_fingerprint,
    system_of,
)
from caseferry.model.times import canonical_time, earlier, parse_time

TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
RAW = st.one_of(st.none(), TEXTS, st.lists(TEXTS, max_size=4), st.tuples(TEXTS, TEXTS))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)
    ),
    max_leaves=8,
)
PAIRS = st.from_regex(r"[0-9a-f]{8}", fullmatch=True)
SHORT_IDS = st.from_regex(r"[A-Za-z0-9_:-]{1,39}", fullmatch=True)
MOMENTS = st.timedeltas(timedelta(), timedelta(days=2_500_000)).map(
    lambda since: datetime(1971, 1, 1, tzinfo=UTC) + since
)


@given(RAW)
def test_canonical_form_is_its_own_canonical_form(
    raw: str | tuple[str, ...] | list[str] | None,
) -> None:
    """Bringing a value into canonical form twice changes nothing more."""
    once = canonical(raw)

    assert canonical(once) == once


@given(RAW)
def test_canonical_form_holds_nothing_empty(
    raw: str | tuple[str, ...] | list[str] | None,
) -> None:
    """Empty is absent, one of several is itself, and line ends are line feeds."""
    value = canonical(raw)

    parts = (value,) if isinstance(value, str) else value or ()
    assert all(parts)
    assert isinstance(value, str) or value is None or len(value) > 1
    assert "\r" not in "".join(parts)


@given(st.dictionaries(TEXTS, JSON, max_size=5), st.randoms(use_true_random=False))
def test_a_fingerprint_knows_no_order_of_keys(
    content: dict[str, object], shuffler: object
) -> None:
    """The same content gives the same print, however its mappings are ordered."""
    items = list(content.items())
    shuffler.shuffle(items)  # type: ignore[attr-defined]

    assert fingerprint(dict(items)) == fingerprint(content)
    assert re.fullmatch(r"[0-9a-f]{32}", fingerprint(content))


@given(JSON, JSON)
def test_another_content_has_another_fingerprint(one: object, other: object) -> None:
    """Prints differ where contents do; lists and tuples are the same."""
    assume(repr(one) != repr(other) and one != other)

    assert fingerprint(one) != fingerprint(other)
    assert fingerprint([1, [2]]) == fingerprint((1, (2,)))


@given(TEXTS, TEXTS)
def test_a_stamp_is_not_a_change(one: str, other: str) -> None:
    """A record's print is of its fields and its parent, never of its version."""
    record = Record(
        key=kore_key("ti-1"),
        entity=Entity.TASK,
        parent=kore_key("ci-1"),
        version=one,
        fields={"name": "Call"},
    )

    same = record_fingerprint(replace(record, version=other))
    moved = record_fingerprint(replace(record, parent=kore_key("ci-2")))
    assert same == record_fingerprint(record) != moved


@given(PAIRS, st.sampled_from(Role), SHORT_IDS, st.integers(0, 999_999_999))
def test_a_correlation_key_is_read_back_as_it_was_written(
    pair: str, role: Role, source: str, generation: int
) -> None:
    """Pair, role, source id and generation survive the way through casemgr."""
    key = Correlation(pair=pair, role=role, source=source, generation=generation)

    assert parse_correlation(str(key)) == key


@given(PAIRS, st.sampled_from(Role), TEXTS, st.integers(0, 999_999_999))
def test_every_correlation_key_fits_its_attribute(
    pair: str, role: Role, source: str, generation: int
) -> None:
    """At most 64 characters of its alphabet, whatever the source's id looks like."""
    key = Correlation(pair=pair, role=role, source=source, generation=generation)

    assert re.fullmatch(r"[A-Za-z0-9._:-]{1,64}", str(key))
    parsed = parse_correlation(str(key))
    assert parsed is not None
    assert (parsed.pair, parsed.role, parsed.generation) == (pair, role, generation)
    assert str(parsed) == str(key)


@given(TEXTS, TEXTS)
def test_two_sources_never_share_a_correlation_key(one: str, other: str) -> None:
    """A source id that has to be hashed stays apart from all others."""
    assume(one != other)
    keys = {
        str(Correlation(pair="0" * 8, role=Role.TASK, source=source))
        for source in (one, other)
    }

    assert len(keys) == 2


@given(TEXTS)
def test_a_text_that_is_no_correlation_key_is_none(text: str) -> None:
    """What people type into the attribute is never taken for a key of ours."""
    parsed = parse_correlation(text)

    assert parsed is None or str(parsed) == text


@given(TEXTS, TEXTS, TEXTS)
def test_a_tenant_pairs_mark_tells_pairs_apart(one: str, two: str, three: str) -> None:
    """The mark depends on all three names and on nothing else."""
    pair = TenantPair(kore_account=one, kore_stream=two, casemgr_tenant=three)

    assert re.fullmatch(r"[0-9a-f]{8}", pair.mark)
    assert pair.mark == replace(pair).mark
    assert replace(pair, casemgr_tenant=f"{three}x").mark != pair.mark
    assert two in str(pair)


@given(SHORT_IDS)
def test_a_key_names_its_system_and_gives_its_id_back(source: str) -> None:
    """Keys are told apart by system, and their ids are those of the systems."""
    assume(":" not in source)

    assert local_id(kore_key(source)) == source
    assert local_id(case_key(source)) == local_id(activity_key(source)) == source
    assert system_of(kore_key(source)) is System.KORE
    assert system_of(case_key(source)) is System.CASEMGR
    assert len({kore_key(source), case_key(source), activity_key(source)}) == 3


@given(MOMENTS, MOMENTS, st.integers(-14, 14))
def test_canonical_times_order_like_instants(
    one: datetime, other: datetime, zone: int
) -> None:
    """Spelled in UTC milliseconds, texts compare as the instants do, in any zone."""
    a, b = canonical_time(one), canonical_time(other)
    there = one.astimezone(timezone(timedelta(hours=zone)))

    assert canonical_time(there) == a
    assert canonical_time(parse_time(a)) == a
    assert (a < b) == (parse_time(a) < parse_time(b))
    assert earlier(a, 0.5) < a
