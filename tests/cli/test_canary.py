"""`check --canary`: asked for, answered, closed, and never carried."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from caseferry.cli.sandbox_config import write_sandbox_config
from caseferry.sandbox import READINGS, Fault, Sandbox, running
from cli.driver import Home

Tenant = tuple[Sandbox, Home, dict[str, str | float]]

SETS: list[dict[str, str | float]] = [
    {},
    {
        "kore.create_status": "201",
        "kore.desc_on_create": "dropped",
        "kore.array_update": "append",
        "kore.sort_forms": "ignored",
        "kore.search_lag_s": 1,
        "casemgr.create_reply": "body",
        "casemgr.attribute_drop": "on",
        "casemgr.implicit_case_subject": "blank",
        "casemgr.edit_case_due_date": "kept",
        "casemgr.complete_stale": "400",
    },
]
TOLD = (
    "kore.create_status",
    "kore.desc_on_create",
    "kore.array_update",
    "casemgr.create_reply",
    "casemgr.attribute_drop",
    "casemgr.implicit_case_subject",
    "casemgr.edit_case_due_date",
    "casemgr.complete_stale",
)


@pytest.fixture(params=range(len(SETS)))
def tenant(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tenant]:
    readings = SETS[request.param]
    box = Sandbox(seed=3, readings=readings)
    box.fill("both", cases=5)
    with running(box) as url:
        write_sandbox_config(tmp_path, url, {})
        yield box, Home(folder=tmp_path, variables={}), readings


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[tuple[Sandbox, Home]]:
    box = Sandbox(seed=3)
    with running(box) as url:
        write_sandbox_config(tmp_path, url, {}, kore_ids=True)
        yield box, Home(folder=tmp_path, variables={})


def writes(box: Sandbox) -> int:
    return sum(call.committed and call.operation != "token" for call in box.log)


def open_canaries(box: Sandbox) -> list[str]:
    cases: tuple[Any, ...] = (*box.kore.cases.values(), *box.casemgr.cases.values())
    names = {case.name for case in box.kore.cases.values()}
    assert any("canary" in name for name in names)
    texts = [f"{getattr(c, 'name', '') or getattr(c, 'subject', '')}" for c in cases]
    return [
        text
        for text, case in zip(texts, cases, strict=True)
        if "canary" in text and case.status not in ("Closed", "closed")
    ]


def test_the_answers_are_the_switches_and_are_kept(tenant: Tenant) -> None:
    """What was open is settled with evidence and date, and shown by later checks."""
    box, home, readings = tenant
    before = home.run("check", "--quick", "--json").data["capabilities"]

    done = home.run("check", "--quick", "--canary", "--yes", "--json")

    found = done.data["capabilities"]
    for name in TOLD:
        system, _, question = name.partition(".")
        wanted = readings.get(name, READINGS[name].default)
        assert before[system][question]["state"] == "open", name
        assert found[system][question]["state"] == "settled", name
        assert str(found[system][question]["value"]) == str(wanted), name
        assert found[system][question]["evidence"]
    told = [c for c in done.data["checks"] if c["name"] == "canary"]
    assert [c["status"] for c in told] == ["pass", "pass"], told
    assert done.code == 0
    assert open_canaries(box) == []
    later = home.run("check", "--quick", "--json").data["capabilities"]
    assert later["kore"]["array_update"] == found["kore"]["array_update"]


def test_it_asks_first(plain: tuple[Sandbox, Home]) -> None:
    """No, no answer, and nobody to be asked are all no: nothing is written."""
    box, home = plain

    declined = home.run("check", "--quick", "--canary", answer="n\n", tty=True)
    nobody = home.run("check", "--canary")
    both = home.run("check", "--quick", "--canary", "--offline", "--yes")

    assert "throw-away record" in declined.err
    assert (declined.code, nobody.code, both.code) == (0, 2, 2)
    assert writes(box) == 0
    agreed = home.run("check", "--quick", "--canary", answer="y\n", tty=True)
    assert agreed.code == 0
    assert "was written and closed" in " ".join(agreed.out.split())
    assert writes(box) > 0


@pytest.mark.parametrize("source", ["kore", "casemgr"])
def test_no_run_carries_a_canary(plain: tuple[Sandbox, Home], source: str) -> None:
    """To every other command there is none."""
    box, home = plain
    home.run("check", "--quick", "--canary", "--yes")
    assert len(box.kore.cases) == len(box.casemgr.cases) == 1

    done = home.run("migrate", "--from", source, "--yes", "--json")

    assert done.code == 0, done.out
    assert done.data["read"][source] == {"case": 0, "task": 0}
    assert done.data["balances"] is True


def test_one_that_was_left_open_is_closed_by_the_next(
    plain: tuple[Sandbox, Home],
) -> None:
    """A check that dies half way leaves word of its canary in the state."""
    box, home = plain
    box.faults.add(
        Fault(system="kore", operation="update_case", kind="error_before", times=99)
    )
    left = home.run("check", "--quick", "--canary", "--yes", "--json")
    told = [c for c in left.data["checks"] if c["name"] == "canary"]
    assert any("by hand" in c["hint"] for c in told if c["system"] == "kore"), told
    assert len(open_canaries(box)) == 1
    box.faults.clear()

    home.run("check", "--quick", "--canary", "--yes")

    assert open_canaries(box) == []
    assert len(box.kore.cases) == 2


def test_a_mapping_without_what_it_needs_is_named(
    plain: tuple[Sandbox, Home],
) -> None:
    """Nothing is written to that side, and the line that is missing is named."""
    box, home = plain
    file = home.folder / "mappings" / "kore-casemgr.toml"
    text = file.read_text("utf-8").replace("case_template = ", "# case_template = ")
    file.write_text(text, "utf-8")

    done = home.run("check", "--quick", "--canary", "--yes", "--json")

    told = [c for c in done.data["checks"] if c["name"] == "canary"]
    assert "to_kore.case_template" in told[0]["message"]
    assert not box.kore.cases
    assert [a.status for a in box.casemgr.activities.values()] == ["completed"]
