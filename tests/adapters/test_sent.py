"""What was sent counts for whoever sends next: another run, another process."""

import stat
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.rig import FakeClock, scripted_casemgr, scripted_kore
from caseferry.adapters.limiter import Limiter
from caseferry.adapters.sent import Sent
from caseferry.model.record import Entity


class Tenant:
    """A clock and a file that outlive the limiters."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.path = folder / "caseferry.db.kore-sent"
        self.left: list[float] = []

    def limiter(self, per_minute: int | None, per_hour: int | None = None) -> Limiter:
        """Build the limiter of one more run."""
        made = Limiter("k", clock=self.clock, per_minute=per_minute, per_hour=per_hour)
        made.keep_in(Sent(self.path, now=self.clock.now))
        return made

    def send(self, limiter: Limiter, count: int = 1) -> None:
        for _ in range(count):
            limiter.acquire()
            self.left.append(self.clock.elapsed)


@pytest.fixture
def tenant(tmp_path: Path) -> Tenant:
    return Tenant(tmp_path)


@given(
    per_minute=st.integers(1, 9),
    per_hour=st.integers(1, 30),
    runs=st.lists(
        st.tuples(st.floats(0, 90), st.integers(0, 12)), min_size=1, max_size=20
    ),
)
def test_no_window_holds_more_than_it_may_over_all_runs(
    tmp_path_factory: pytest.TempPathFactory,
    per_minute: int,
    per_hour: int,
    runs: list[tuple[float, int]],
) -> None:
    """However requests are parted into runs, minute and hour hold."""
    tenant = Tenant(tmp_path_factory.mktemp("state"))
    for gap, count in runs:
        tenant.clock.pass_by(gap)
        tenant.send(tenant.limiter(per_minute, per_hour), count)

    for span, limit in ((60, per_minute), (3600, per_hour)):
        for first, beyond in zip(tenant.left, tenant.left[limit:], strict=False):
            assert beyond - first >= span - 0.01


def test_a_hold_outlives_the_run_that_was_told(tenant: Tenant) -> None:
    """Where a server said 429, the next run keeps away as well, also without limits."""
    tenant.limiter(None).hold(300)
    tenant.clock.pass_by(100)

    tenant.send(tenant.limiter(None), 2)

    assert tenant.left == pytest.approx([300, 300], abs=0.01)


def test_without_limits_nothing_is_kept(tenant: Tenant) -> None:
    """What no window will ask for is not written down."""
    tenant.send(tenant.limiter(None), 5)

    assert not tenant.path.exists()


def test_reading_the_file_makes_none(tenant: Tenant) -> None:
    """A command that only builds the systems leaves the folder as it is."""
    tenant.limiter(5)

    assert not tenant.path.exists()


def test_the_file_is_private_and_does_not_grow_for_ever(tenant: Tenant) -> None:
    """After thousands of requests it holds the latest; the limit goes on."""
    for _ in range(30):
        tenant.send(tenant.limiter(100), 101)

    assert len(tenant.path.read_text().splitlines()) <= 1201
    assert stat.S_IMODE(tenant.path.stat().st_mode) == 0o600
    for first, beyond in zip(tenant.left, tenant.left[100:], strict=False):
        assert beyond - first >= 60 - 0.01


def test_a_damaged_line_is_passed_over(tenant: Tenant) -> None:
    """What a full disk cut off costs one request at most."""
    tenant.send(tenant.limiter(2), 2)
    with tenant.path.open("a") as file:
        file.write("sen")

    tenant.send(tenant.limiter(2))

    assert tenant.left == pytest.approx([0, 0, 60], abs=0.01)


def test_a_clock_that_was_put_back_holds_nothing_up_for_long(tenant: Tenant) -> None:
    """What would have left days from now says nothing."""
    tenant.clock.pass_by(86400)
    tenant.send(tenant.limiter(2), 2)
    tenant.limiter(2).hold(60)
    tenant.clock.elapsed = 0.0

    tenant.send(tenant.limiter(2))

    assert tenant.left[-1] == 0.0


def test_a_file_that_cannot_be_written_is_told_once(
    tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    """Requests leave all the same, and the run's own limit holds."""
    tenant.path.mkdir()

    tenant.send(tenant.limiter(1), 3)

    assert [each.message for each in caplog.records] == ["file.unwritable"]
    assert tenant.left == pytest.approx([0, 60, 120])


def test_both_systems_go_on_from_what_earlier_ones_sent(tmp_path: Path) -> None:
    """Built anew for each run, as `sync --every` does, they stay within the minute."""
    clock, at = FakeClock(), list[float]()

    def answer(_request: httpx.Request) -> httpx.Response:
        at.append(clock.elapsed)
        return httpx.Response(200, json={"results": [], "activity": []})

    for _ in range(3):
        kore = scripted_kore(
            answer, clock, requests_per_minute=2, sent_file=str(tmp_path / "k")
        )
        list(kore.pages(Entity.CASE))
    assert at == pytest.approx([0, 0, 60], abs=0.01)

    at.clear()
    for _ in range(3):
        casemgr = scripted_casemgr(
            answer, clock, requests_per_minute=2, sent_file=str(tmp_path / "c")
        )
        casemgr.get_activities(["casemgr:activity:1"])  # type: ignore[list-item]
    assert at == pytest.approx([60, 60, 120], abs=0.01)
