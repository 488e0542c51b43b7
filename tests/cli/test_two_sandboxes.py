"""One Kore between two casemgr tenants: carried out of the first, into the second."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from caseferry.cli.sandbox_config import write_sandbox_config
from caseferry.mapping.spec import parse_mapping
from caseferry.sandbox import TENANT, Sandbox, running
from cli.conftest import QUICK
from cli.driver import Home
from support.judge_kore import complaints_kore, kore_counterparts, photograph


@dataclass(frozen=True, slots=True)
class Two:
    """Two sandboxes: the first has all records, and the only Kore that is used."""

    first: Sandbox
    second: Sandbox
    out: Home
    back: Home


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    first, second = Sandbox(seed=4), Sandbox(seed=5)
    first.fill("casemgr", cases=16)
    out, back = tmp_path / "out", tmp_path / "back"
    with running(first) as one, running(second) as other:
        write_sandbox_config(out, one, QUICK, kore_ids=True)
        write_sandbox_config(back, other, QUICK | {"tenant": "second"})
        config = back / "caseferry.toml"
        kore, mark, rest = config.read_text("utf-8").partition("[casemgr]")
        config.write_text(kore.replace(other, one) + mark + rest, "utf-8")
        homes = (Home(folder=folder, variables={}) for folder in (out, back))
        yield Two(first, second, *homes)


def test_there_and_on(two: Two) -> None:
    """Whatever came to Kore goes on into the second tenant, once."""
    before = photograph(two.first)
    there = two.out.run("migrate", "--from", "casemgr", "--yes")
    assert there.code in (0, 3), there.err
    assert complaints_kore(two.first, before=before) == []
    carried = kore_counterparts(two.first)

    on = two.back.run("migrate", "--from", "kore", "--yes")

    assert on.code == 0, on.err
    records: list[Any] = [*two.second.casemgr.cases.values()]
    records += two.second.casemgr.activities.values()
    keys = [
        text.split(".")[3]
        for record in records
        for text in record.custom["ext_key"]
        if text.split(".")[2] != "o"
    ]
    assert sorted(keys) == sorted(r.id for (r,) in carried.values())
    assert not two.second.kore.cases
    assert (
        photograph(two.first).records["casemgr case"] == before.records["casemgr case"]
    )
    again = two.back.run("migrate", "--from", "kore", "--yes")
    assert again.code == 0
    assert len(two.second.casemgr.cases) == len(two.first.kore.cases)


def test_ids_of_an_empty_kore(tmp_path: Path) -> None:
    """The mapping names every id that no record of an empty Kore shows."""
    write_sandbox_config(tmp_path / "with", "http://127.0.0.1:1", kore_ids=True)
    write_sandbox_config(tmp_path / "without", "http://127.0.0.1:1")
    read = [
        parse_mapping((tmp_path / name / "mappings/kore-casemgr.toml").read_text())
        for name in ("with", "without")
    ]

    assert read[0].kore_ids.model_dump() == {
        "status": {each.name: each.id for each in TENANT.STATUSES},
        "priority": {each.name: each.id for each in TENANT.PRIORITIES},
        "field": {each.name: each.id for each in TENANT.CUSTOM_FIELDS},
    }
    assert not any(read[1].kore_ids.model_dump().values())
    assert read[0].model_copy(update={"kore_ids": read[1].kore_ids}) == read[1]
