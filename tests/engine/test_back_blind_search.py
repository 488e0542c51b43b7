"""A search by name that found one name need not find the next."""

import json
from typing import Any

import httpx
import pytest

from support.back import Back
from support.scene import Tap

ODD = "Refund (2 of 3)?"
LATE_S = 50  # later than the visibility lag, earlier than the bound


def blind(request: httpx.Request) -> httpx.Response | None:
    """Let the server find nothing that has a bracket in it."""
    if b"searchText" not in request.content:
        return None
    if "(" not in json.loads(request.content)["searchText"]:
        return None
    nothing: dict[str, Any] = {"results": [], "hasMore": False, "totalResults": 0}
    return httpx.Response(200, json=nothing)


@pytest.mark.parametrize("sort", [None, {"createdAt": "desc"}])
def test_what_the_search_is_blind_for_is_not_made_twice(sort: Any) -> None:
    """Before a create is repeated a listing has to say that it is not there."""
    back = Back(cases=0)
    back.case("Router one")
    back.run()
    assert set(back.rig.store.facts("proof.find").values()) == {"search-name"}
    back.rig.kore_options["sort"] = sort
    back.rig.wrap = lambda inner: Tap(inner, blind)
    case = back.case(ODD)
    back.fault("late_effect", "create_case", delay_s=LATE_S)

    back.again()

    assert back.of("c", case).name == ODD
    assert back.complaints() == []


def test_what_is_not_there_is_still_made() -> None:
    """The listing that makes sure is one, and what it does not show is absent."""
    back = Back(cases=0)
    back.case("Router one")
    back.run()
    back.rig.wrap = lambda inner: Tap(inner, blind)
    cases = [back.case(f"{ODD} {number}") for number in range(3)]
    back.fault("reset_before", "create_case", times=3)

    back.again()

    assert [back.of("c", case).name for case in cases]
    assert back.complaints() == []
