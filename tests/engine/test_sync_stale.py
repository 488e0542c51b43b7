"""A listing that still shows a record as it was before our own write."""

import json
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

import httpx
import pytest

from caseferry.engine.changes import ReadPlan
from caseferry.model.record import System, kore_key
from support.acts import ACTIVITY, CASE, KORE_CASE, KORE_TASK
from support.both import Both
from support.duplex import Duplex

LISTS = {"getCases": "results", "getTasks": "results", "activity": "activity"}
LAG_S = 20.0
Rows = dict[str, Any]


class Listings(httpx.BaseTransport):
    """Looks at the rows of each listing, or shows others in their place."""

    def __init__(self, inner: httpx.BaseTransport, show: Callable[[Any], Any]) -> None:
        self.inner, self.show = inner, show

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        name = LISTS.get(request.url.path.rpartition("/")[2])
        if name is None or response.status_code != 200:
            return response
        data = json.loads(response.read())
        data[name] = [self.show(row) for row in data[name]]
        date = {"Date": response.headers["date"]}
        return httpx.Response(200, headers=date, json=data)


class Lagging(Both):
    """Listings come from a copy that follows late; a reply to a write does not."""

    def __init__(self) -> None:
        super().__init__()
        self.kore_case = self.case("Router down", priority="Medium")
        due = self.due(20)
        self.kore_task = self.task(
            self.kore_case, "Call back", priority="Medium", due=due
        )
        self.run()
        self.later()
        self.reading = ReadPlan(full=frozenset(System))
        self.shown: Rows = {}
        self.late = ""
        self.rig.wrap = lambda inner: Listings(inner, self._show)
        self.later(60)

    def _show(self, row: Any) -> Any:
        name = str(row.get("_id") or row.get("id"))
        if name == self.late:
            return self.shown[name]
        self.shown[name] = row
        return row

    def sync_behind(self, seconds: float, name: str) -> int:
        """Sync while a record is listed as it was; gives how much was written."""
        self.late, before = name, self.writes()
        self.later(seconds)
        self.late = ""
        return self.writes() - before

    def sync_unseen(self) -> None:
        """Sync; what is listed meanwhile is not what is listed late."""
        shown = dict(self.shown)
        self.later(60)
        self.shown = shown


def test_an_old_copy_in_kore_does_not_take_an_agents_edit_back() -> None:
    both = Lagging()
    both.edit(f"activity:{both.of(both.kore_task).id}", priority="1")
    both.sync_unseen()

    assert both.sync_behind(5, both.kore_task) == 0
    assert both.of(both.kore_task).priority == "1"
    assert both.kore(both.kore_task).priority == "Critical"
    assert both.at_rest()


def test_an_old_copy_in_casemgr_does_not_take_an_edit_in_kore_back() -> None:
    both = Lagging()
    both.edit(both.kore_task, priority="Critical")
    both.sync_unseen()

    assert both.sync_behind(5, both.of(both.kore_task).id) == 0
    assert both.of(both.kore_task).priority == "1"
    assert both.kore(both.kore_task).priority == "Critical"
    assert both.at_rest()


@pytest.mark.parametrize(("seconds", "is_old"), [(5, False), (3600, True)])
def test_what_stays_old_is_believed_in_the_end(seconds: float, *, is_old: bool) -> None:
    """A tenant may have been put back: what it shows after the lag is what it holds."""
    both = Lagging()
    both.edit(both.kore_task, name="Call back on Monday")
    both.sync_unseen()

    both.sync_behind(seconds, both.kore_task)

    known = both.rig.store.record(kore_key(both.kore_task))
    assert known is not None
    assert (known.text("name") == "Call back") is is_old


def late(play: Duplex) -> None:
    """Let every listing show for a while what a record was before its last change."""
    shown: Rows = {}

    def show(row: Any) -> Any:
        name = str(row.get("_id") or row.get("id"))
        stamp = datetime.fromisoformat(row.get("updatedAt") or row["lastModified"])
        if (play.both.clock.now() - stamp).total_seconds() >= LAG_S:
            shown[name] = row
        return shown.setdefault(name, row)

    inner = play.both.rig.wrap
    play.both.rig.wrap = lambda transport: Listings(inner(transport), show)


@pytest.mark.parametrize("seed", range(24))
def test_no_history_loses_an_edit_to_a_listing_that_follows_late(seed: int) -> None:
    """People edit both sides between runs a few seconds apart; the oracle judges."""
    chance = Random(seed)  # noqa: S311 - a history, not a secret
    play = Duplex()
    late(play)
    play.kore_case(2)
    play.agent_case(1)
    play.sync()
    edits = (
        (play.edit_kore_task, list(KORE_TASK)),
        (play.edit_kore_case, list(KORE_CASE)),
        (play.edit_activity, list(ACTIVITY)),
        (play.edit_case, list(CASE)),
    )

    for _ in range(8):
        edit, changes = chance.choice(edits)
        edit(chance.randrange(4), chance.choice(changes))
        play.sync(wait_s=chance.choice([5.0, 15.0, 60.0]))
        play.sync(wait_s=5.0)

    assert play.oracle.judge() == []
    assert play.end() + play.oracle.judge() == []
