"""What monitors read: exact texts, and files that are never half there."""

import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from caseferry.adapters.whole_file import write_whole
from caseferry.report.health import health_text
from caseferry.report.metrics import metrics_text
from caseferry.report.run_facts import RunFacts, SystemFacts

FACTS = RunFacts(
    at="2026-03-02T09:05:00.000Z",
    command="sync",
    status="partial",
    exit_code=4,
    run=12,
    started="2026-03-02T09:04:50.000Z",
    ended="2026-03-02T09:04:58.250Z",
    duration_s=8.25,
    last_success="2026-03-02T09:04:58.250Z",
    next_run="2026-03-02T09:10:00.000Z",
    in_doubt=1,
    uncertain=2,
    quarantined=3,
    conflicts=4,
    systems={
        "kore": SystemFacts(
            requests={"unreachable": 2, "ok": 1700},
            limit_wait_s=61.5,
            watermark_age_s=130.0,
        ),
        "casemgr": SystemFacts(requests={"ok": 3, 'odd"\\\n': 1}),
    },
)
GOLDEN = r"""
# HELP caseferry_last_success_timestamp_seconds When the last run ended that went through (exit code 0, 3 or 4); 0 is never.
# TYPE caseferry_last_success_timestamp_seconds gauge
caseferry_last_success_timestamp_seconds 1772442298.25
# HELP caseferry_run_duration_seconds How long the last run took.
# TYPE caseferry_run_duration_seconds gauge
caseferry_run_duration_seconds 8.25
# HELP caseferry_requests_total Requests by what became of them: ok, or the code of an error.
# TYPE caseferry_requests_total counter
caseferry_requests_total{system="casemgr",outcome="odd\"\\\n"} 1
caseferry_requests_total{system="casemgr",outcome="ok"} 3
caseferry_requests_total{system="kore",outcome="ok"} 1700
caseferry_requests_total{system="kore",outcome="unreachable"} 2
# HELP caseferry_rate_limit_wait_seconds_total Time spent waiting for a limit, summed over workers.
# TYPE caseferry_rate_limit_wait_seconds_total counter
caseferry_rate_limit_wait_seconds_total{system="casemgr"} 0
caseferry_rate_limit_wait_seconds_total{system="kore"} 61.5
# HELP caseferry_in_doubt Writes whose outcome is not known yet.
# TYPE caseferry_in_doubt gauge
caseferry_in_doubt 1
# HELP caseferry_uncertain Writes that a person has to settle.
# TYPE caseferry_uncertain gauge
caseferry_uncertain 2
# HELP caseferry_quarantined Records that are held back.
# TYPE caseferry_quarantined gauge
caseferry_quarantined 3
# HELP caseferry_conflicts Conflicts that wait for a decision.
# TYPE caseferry_conflicts gauge
caseferry_conflicts 4
# HELP caseferry_watermark_age_seconds Age of the oldest watermark; it grows while nobody changes anything.
# TYPE caseferry_watermark_age_seconds gauge
caseferry_watermark_age_seconds{system="kore"} 130
"""  # noqa: E501 - as it stands in the file


def test_the_metrics_are_these() -> None:
    """Every name of the interface, escaped, sorted, whole numbers whole."""
    assert metrics_text(FACTS) == GOLDEN.removeprefix("\n")


def test_before_the_first_success_the_alarm_can_ring() -> None:
    """Without a success its time is 0; systems that are not known yet are left out."""
    text = metrics_text(replace(FACTS, last_success=None, systems={}))

    assert "caseferry_last_success_timestamp_seconds 0\n" in text
    assert "requests_total" not in text


def test_the_health_file_is_one_document() -> None:
    """One line of JSON: the last run, the last success, what waits for a person."""
    text = health_text(FACTS)

    assert text.count("\n") == 1
    assert text.endswith("}\n")
    assert json.loads(text) == {
        "schema": "caseferry/1",
        "at": "2026-03-02T09:05:00.000Z",
        "command": "sync",
        "status": "partial",
        "exit_code": 4,
        "run": 12,
        "error": None,
        "started": "2026-03-02T09:04:50.000Z",
        "ended": "2026-03-02T09:04:58.250Z",
        "duration_s": 8.25,
        "last_success": "2026-03-02T09:04:58.250Z",
        "failures": 0,
        "next_run": "2026-03-02T09:10:00.000Z",
        "stretched_s": None,
        "in_doubt": 1,
        "uncertain": 2,
        "quarantined": 3,
        "conflicts": 4,
        "watermark_age_s": {"kore": 130.0, "casemgr": None},
    }


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    """Whoever reads while it is replaced gets one of the texts, whole."""
    path = tmp_path / "caseferry.prom"
    texts = {letter * 50_000 for letter in "ab"}
    write_whole(path, "a" * 50_000)
    is_over = threading.Event()

    def write() -> None:
        for _ in range(20):
            for text in texts:
                write_whole(path, text)
        is_over.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    while not is_over.is_set():
        seen.append(path.read_text("utf-8"))
    writer.join()

    assert set(seen) <= texts
    assert len(seen) > 20
    assert [each.name for each in tmp_path.iterdir()] == ["caseferry.prom"]


def test_any_user_may_read_it(tmp_path: Path) -> None:
    """The mode is the same under any umask: it holds counts, and others collect it."""
    before = os.umask(0o077)
    try:
        write_whole(tmp_path / "health.json", "{}")
    finally:
        os.umask(before)

    assert oct((tmp_path / "health.json").stat().st_mode & 0o777) == "0o644"


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk costs the new text, not the old one, and leaves nothing behind."""

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "health.json"
    write_whole(path, "old")
    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new")

    assert path.read_text("utf-8") == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_device_or_pipe_is_never_replaced(tmp_path: Path) -> None:
    """Run by root with `/dev/null`, the machine would lose it."""
    path = tmp_path / "pipe"
    os.mkfifo(path)

    with pytest.raises(OSError, match="not a regular file"):
        write_whole(path, "new")

    assert path.is_fifo()
    assert list(tmp_path.iterdir()) == [path]
