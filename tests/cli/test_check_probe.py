"""`check` and what it finds out: three tenants, the same words as their switches."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from caseferry.cli.sandbox_config import write_sandbox_config
from caseferry.sandbox import READINGS, Sandbox, running
from cli.driver import Home

Tenant = tuple[Sandbox, Home, dict[str, str | float]]

SETS: list[dict[str, str | float]] = [
    {},
    {
        "kore.page_params": "page",
        "kore.default_limit": 10,
        "kore.date_filter_field": "updatedAt",
        "kore.filter_case": "sensitive",
        "casemgr.date_filter_names": "plain",
        "casemgr.id_type": "number",
    },
    {
        "kore.sort_forms": "string",
        "kore.search_scope": "name_prefix",
        "kore.totals": "absent",
        "casemgr.activity_custom_filter": "ignored",
        "casemgr.page_beyond_end": "400",
        "casemgr.unknown_ids": "404",
    },
]
TOLD = (
    "kore.page_params",
    "kore.default_limit",
    "kore.date_filter_field",
    "kore.filter_case",
    "kore.sort_forms",
    "kore.search_scope",
    "kore.totals",
    "casemgr.date_filter_names",
    "casemgr.activity_custom_filter",
    "casemgr.id_type",
    "casemgr.page_beyond_end",
    "casemgr.unknown_ids",
)


@pytest.fixture(params=range(len(SETS)))
def tenant(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tenant]:
    readings = SETS[request.param]
    box = Sandbox(seed=3, readings=readings)
    box.fill("both", cases=150)
    with running(box) as url:
        write_sandbox_config(tmp_path, url, {})
        yield box, Home(folder=tmp_path, variables={}), readings


def test_the_answers_are_the_switches(tenant: Tenant) -> None:
    """Whatever set of readings a tenant has, `check --json` names it."""
    box, home, readings = tenant

    done = home.run("check", "--json")

    found = done.data["capabilities"]
    for name in TOLD:
        system, _, question = name.partition(".")
        wanted = readings.get(name, READINGS[name].default)
        answer = found[system][question]
        assert answer["state"] == "settled", (name, answer["evidence"])
        assert str(answer["value"]) == str(wanted), name
        assert answer["at"].endswith("Z")
    assert done.code == 0
    assert not any(c.committed for c in box.log if c.operation != "token")


def test_it_costs_sixty_requests_at_most_and_twenty_when_quick(tenant: Tenant) -> None:
    """Tokens included, however large the tenants are."""
    box, home, _ = tenant
    home.run("check")
    whole = len(box.log)
    home.run("check", "--quick")

    assert whole <= 60
    assert len(box.log) - whole <= 20


def test_answers_are_kept_and_shown_again(tenant: Tenant) -> None:
    """A quick check shows what an earlier one found; the state keeps it."""
    _, home, _ = tenant
    before = home.run("check", "--json").data["capabilities"]["kore"]["sort_forms"]

    again = home.run("check", "--quick", "--json").data["capabilities"]["kore"]

    assert again["sort_forms"] == before
    assert again["array_update"]["state"] == "open"
