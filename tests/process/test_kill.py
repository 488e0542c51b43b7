"""A real process, really killed: `kill -9` at random moments, and then once more."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from caseferry.cli.sandbox_config import write_sandbox_config
from caseferry.sandbox import Sandbox, running
from support.judge import complaints

SEEDS = (1, 2, 3)


def caseferry(folder: Path, *words: str) -> list[str]:
    config = str(folder / "caseferry.toml")
    return [sys.executable, "-m", "caseferry", *words, "--json", "--config", config]


def finished(folder: Path, *words: str) -> dict[str, Any]:
    done = subprocess.run(
        caseferry(folder, *words), capture_output=True, timeout=120, check=False
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def killed(folder: Path, after_s: float) -> bool:
    """Start a migration and kill it; tell whether it was still running."""
    process = subprocess.Popen(
        caseferry(folder, "migrate", "--from", "kore", "--yes"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(after_s)
    alive = process.poll() is None
    process.kill()  # nothing when it has ended
    process.wait()
    return alive


@pytest.mark.parametrize("seed", SEEDS)
def test_a_killed_migration_ends_with_each_record_once(
    seed: int, tmp_path: Path
) -> None:
    """Killed three times at random moments, the fourth run finishes, nothing twice."""
    chance = random.Random(seed)  # noqa: S311 - the seed is the test's own name
    box = Sandbox(seed=seed)
    box.fill("kore", cases=60)
    folder = tmp_path / "work"
    with running(box, latency_s=0.012) as url:
        lags = {"visibility_lag": "1s", "late_effect": "1s"}
        write_sandbox_config(folder, url, lags)

        kills = [killed(folder, chance.uniform(0.4, 1.4)) for _ in range(3)]
        last = finished(folder, "migrate", "--from", "kore", "--yes")
        again = finished(folder, "migrate", "--from", "kore", "--yes")
        proof = finished(folder, "verify")

    assert any(kills)
    assert complaints(box) == []
    assert last["data"]["balances"]
    assert again["data"]["requests"]["casemgr"]["sent"] < 12
    for entity in ("case", "task"):
        assert again["data"]["actions"][entity]["create"] == 0
        counts = proof["data"][entity]
        bad = {kind: counts[kind] for kind in ("different", "missing", "twice")}
        assert set(bad.values()) == {0}
