"""A sandbox that listens, and directories with a configuration for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from caseferry.cli.sandbox_config import write_sandbox_config
from caseferry.sandbox import Sandbox, running
from cli.driver import Home

QUICK = {"visibility_lag": "0s", "late_effect": "1s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A sandbox and a directory that talks to it."""

    box: Sandbox
    home: Home
    url: str


def people(box: Sandbox) -> None:
    """Three cases of a small shop: one in work, one done, one without a task."""
    jane = {"name": "Jane Roe", "emailId": "jane@shop.example"}
    first = box.human.create(
        "kore", "case", name="Charged twice", template="Billing", user=jane
    )
    box.human.create("kore", "task", case_id=first, name="Check the payment")
    second = box.human.create(
        "kore", "case", name="Broken lamp", template="Service", user=jane
    )
    box.human.create("kore", "task", case_id=second, name="Send a new one")
    box.human.create(
        "kore", "case", name="No reply", template="Sales", user={"name": "Walk-in"}
    )
    box.human.close("kore", second)


@pytest.fixture
def empty(tmp_path: Path) -> Home:
    """A directory without anything."""
    return Home(folder=tmp_path, variables={"TZ": "UTC"})


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Rehearsal]:
    """Three cases in Kore, nothing in casemgr."""
    box = Sandbox(seed=3)
    people(box)
    with running(box) as url:
        write_sandbox_config(tmp_path, url, QUICK)
        yield Rehearsal(box=box, home=Home(folder=tmp_path, variables={}), url=url)


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """The same, carried once; for tests that only read."""
    folder = tmp_path_factory.mktemp("carried")
    box = Sandbox(seed=3)
    people(box)
    with running(box) as url:
        write_sandbox_config(folder, url, QUICK)
        home = Home(folder=folder, variables={})
        assert home.run("migrate", "--from", "kore", "--yes").code == 0
        yield Rehearsal(box=box, home=home, url=url)
