"""Reading Kore listings that promise nothing."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.rig import KORE, Bench, bench, records_of, scripted_kore
from adapters.test_kore_payload import a_case
from caseferry.adapters.kore import KoreHttp
from caseferry.errors import Refused, Unexpected
from caseferry.model.record import Entity
from caseferry.sandbox import SandboxTransport

READINGS = [
    {"kore.page_params": "page"},
    {"kore.page_params": "skip_pages"},
    {"kore.unknown_keys": "rejected"},
    {"kore.totals": "absent"},
    {"kore.totals": "absent", "kore.page_params": "page"},
    {"kore.totals": "absent", "kore.page_params": "skip_pages"},
    {"kore.default_order": "newest_first"},
    {"kore.max_limit": 50},
    {"kore.max_limit": 7},
    {"kore.max_limit": "none"},
    {"kore.inactive_in_list": "shown"},
    {"kore.custom_field_keys": "all_reads"},
    {"kore.category_codes": "spelled"},
    {"kore.jti": "optional"},
]


def shown(b: Bench, entity: Entity) -> set[str]:
    """Give what the sandbox would show, by asking in its default reading."""
    b.box.set_readings(
        {"kore.page_params": "skip_limit", "kore.totals": "exact"}
        | {"kore.unknown_keys": "ignored"}
    )
    plain = KoreHttp.build(KORE, clock=b.clock, transport=SandboxTransport(b.box))
    return {str(r.key) for r in records_of(list(plain.pages(entity)))}


@pytest.mark.parametrize("entity", list(Entity))
@pytest.mark.parametrize("readings", READINGS, ids=str)
def test_every_reading(readings: dict[str, str | float], entity: Entity) -> None:
    """Every record comes exactly once and the listing is complete, however paged."""
    b = bench(readings, cases=45, kore={"page_size": 20})

    pages = list(b.kore.pages(entity))

    keys = [str(r.key) for r in records_of(pages)]
    assert len(keys) == len(set(keys))
    assert set(keys) == shown(b, entity)
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]


def test_params_ignored() -> None:
    """A server that gives its first page for ever is said so, not read for ever."""
    b = bench({"kore.page_params": "ignored"}, cases=130)

    with pytest.raises(Unexpected, match="ignores the paging parameters"):
        list(b.kore.pages(Entity.CASE))
    assert b.kore.counter.sent <= 8


def test_params_ignored_but_all_there() -> None:
    """Ignored parameters do not matter when the first page is everything."""
    b = bench({"kore.page_params": "ignored"}, cases=20)

    pages = list(b.kore.pages(Entity.CASE))

    assert [page.last for page in pages] == [True]


def test_cheapest_way() -> None:
    """As few requests as pages: each costs a share of 50 a minute."""
    b = bench(cases=130)

    list(b.kore.pages(Entity.CASE))

    assert b.kore.counter.sent == 2


def test_the_way_is_remembered() -> None:
    """What a server refuses once is not tried again by the next listing."""
    b = bench({"kore.page_params": "skip_pages"}, cases=130)
    list(b.kore.pages(Entity.CASE))
    first = b.kore.counter.sent

    list(b.kore.pages(Entity.CASE))

    assert b.kore.counter.sent - first == 2


def test_empty() -> None:
    """A listing of nothing is one complete empty page."""
    pages = list(bench().kore.pages(Entity.TASK))

    assert [(page.records, page.last, page.total) for page in pages] == [((), True, 0)]


Rows = list[dict[str, Any]]


def serve(
    rows: Rows,
    *,
    between: Callable[[int], None] = lambda _: None,
    size: int = 10,
    **envelope: Any,
) -> Callable[[httpx.Request], httpx.Response]:
    """Page rows by skip and limit; `between` may change them before each request."""
    asked = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        between(asked)
        body = json.loads(request.content)
        skip = body.get("skip", 0)
        page = rows[skip : skip + size]
        reply = {
            "results": page,
            "page": skip // size + 1,
            "limit": size,
            "hasMore": skip + size < len(rows),
            "totalPages": -(-len(rows) // size),
            "totalResults": len(rows),
        } | envelope
        return httpx.Response(
            200, json={k: v for k, v in reply.items() if v is not None}
        )

    return answer


def rows_of(count: int, start: int = 0) -> Rows:
    return [a_case(_id=f"ci-{n}", updatedAt="v1") for n in range(start, start + count)]


def keys_of(rows: Rows) -> set[str]:
    return {f"kore:{row['_id']}" for row in rows}


def test_new_record_at_the_front() -> None:
    """Records made while reading newest first do not spoil it, nor cost a pass."""
    rows = rows_of(35)

    def between(asked: int) -> None:
        if asked == 2:
            rows.insert(0, a_case(_id="ci-new"))

    kore = scripted_kore(serve(rows, between=between))
    pages = list(kore.pages(Entity.CASE))

    assert {str(r.key) for r in records_of(pages)} == keys_of(rows)
    assert pages[-1].last
    assert kore.counter.sent == 5


def test_record_gone_while_reading() -> None:
    """A record that left pulls one past the reader: the listing is read again."""
    rows = rows_of(35)

    def between(asked: int) -> None:
        if asked == 3:
            del rows[0]

    kore = scripted_kore(serve(rows, between=between))
    pages = list(kore.pages(Entity.CASE))

    assert keys_of(rows) <= {str(r.key) for r in records_of(pages)}
    assert pages[-1].last


def test_never_at_rest() -> None:
    """A listing that shrinks whenever it is read ends as not complete."""
    rows = rows_of(60)

    def between(asked: int) -> None:
        if asked > 1 and rows:
            del rows[0]

    pages = list(scripted_kore(serve(rows, between=between)).pages(Entity.CASE))

    assert not any(page.last for page in pages)


def test_changed_record_comes_again() -> None:
    """A second reading gives a record again only when it changed meanwhile."""
    rows = rows_of(25)

    def between(asked: int) -> None:
        if asked == 3:
            del rows[24]
            rows[0] = a_case(_id="ci-0", updatedAt="v2")

    kore = scripted_kore(serve(rows, between=between))
    keys = [r.key for r in records_of(list(kore.pages(Entity.CASE)))]

    assert [key for key in set(keys) if keys.count(key) > 1] == ["kore:ci-0"]


def test_totals_that_lie() -> None:
    """A total that never fits is disbelieved when two whole readings agree."""
    kore = scripted_kore(serve(rows_of(25), totalResults=99, hasMore=None))
    pages = list(kore.pages(Entity.CASE))

    assert {str(r.key) for r in records_of(pages)} == keys_of(rows_of(25))
    assert pages[-1].last


@pytest.mark.parametrize(
    "envelope",
    [
        {"limit": None, "hasMore": None, "totalResults": None, "page": None},
        {"hasMore": None, "totalResults": None},
        {"totalResults": "25", "hasMore": "true", "limit": "10", "page": "1"},
        {"limit": 50},
        {"page": 1},
    ],
    ids=str,
)
def test_odd_envelopes(envelope: dict[str, Any]) -> None:
    """Whatever the envelope leaves out or misspells, every record is read."""
    rows = rows_of(25)
    kore = scripted_kore(serve(rows, **envelope))

    pages = list(kore.pages(Entity.CASE))

    assert {str(r.key) for r in records_of(pages)} == keys_of(rows)
    assert pages[-1].last


def test_refused_listing() -> None:
    """A listing that is refused in every way of asking says what the server said."""
    error = {"errors": [{"msg": "Invalid StreamId", "code": 400}]}
    kore = scripted_kore(lambda _: httpx.Response(400, json=error))

    for _ in range(2):
        with pytest.raises(Refused, match="Invalid StreamId"):
            list(kore.pages(Entity.CASE))


def test_record_without_id() -> None:
    """A listing that holds something without an id is not half read."""
    kore = scripted_kore(serve([{"name": "x"}]))

    with pytest.raises(Unexpected, match="without _id"):
        list(kore.pages(Entity.CASE))


@settings(max_examples=40, deadline=None)
@given(count=st.integers(0, 70), size=st.integers(1, 30), known=st.booleans())
def test_any_sizes(count: int, size: int, known: bool) -> None:  # noqa: FBT001 - drawn
    """Any number of records in pages of any size is read whole, each once."""
    rows = rows_of(count)
    envelope: dict[str, Any] = {} if known else {"totalResults": None}
    kore = scripted_kore(serve(rows, size=size, **envelope))

    pages = list(kore.pages(Entity.CASE))

    keys = [str(r.key) for r in records_of(pages)]
    assert sorted(keys) == sorted(keys_of(rows))
    assert pages[-1].last


def test_lazy() -> None:
    """No page is asked for before the one in hand is used up."""
    kore = scripted_kore(serve(rows_of(50)))
    pages = kore.pages(Entity.CASE)

    next(pages)

    assert kore.counter.sent <= 2
