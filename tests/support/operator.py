"""What an operator does between two runs of a history, and in the midst of one."""

from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

from caseferry.engine.conflicts import Desk, Disputed
from caseferry.engine.conflicts import resolve as settle
from caseferry.engine.relink import retry, unlink
from caseferry.engine.sync.policy import Create, TwoWay
from caseferry.model.correlation import Role
from caseferry.model.direction import Direction
from caseferry.model.link import HoldKind
from caseferry.model.record import Key, System
from caseferry.reconcile.conflicts import Conflict, hindrance
from support.chronicle import ENDED
from support.duplex import Duplex

CREATES = ("create_case", "create_task")


QUEUED = {"status": "awaiting_assignment", "assignee": None}
DISAGREED = (
    ({"priority": "Low"}, {"priority": "1"}, {"severity": "urgent"}),
    ({"tags": ("vip",)}, {"tags": ("silver",)}, {"tags": ("silver",)}),
    ({"status": "Resolved"}, QUEUED, {"severity": "low"}),
)
"""What both sides say: Kore, an activity, a case."""


class Operator:
    """Decides, retries, parts and joins, stops runs, and changes the policy."""

    def __init__(self, play: Duplex) -> None:
        self.play = play

    def disagree(self, which: int, what: int) -> None:
        """Let people change the same of a pair on both sides."""
        play = self.play
        store, casemgr = play.both.rig.store, play.box.casemgr
        shelves: dict[str, Any] = {
            "case": casemgr.cases,
            "activity": casemgr.activities,
        }
        for link in islice(cycle(sorted(store.links(), key=str)), which, which + 9):
            entity, _, number = link.casemgr.removeprefix("casemgr:").partition(":")
            twin = shelves[entity].get(number)
            if link.role is Role.OPENER or twin is None or twin.status in ENDED:
                continue
            kore, *theirs = DISAGREED[what]
            play._edit(link.kore.removeprefix("kore:"), kore)
            play._edit(f"{entity}:{number}", theirs[entity == "case"])
            return

    def resolve(self, which: int, take: System) -> None:
        """Take one side of one open conflict, where that side can be taken."""
        found = list(self._open(take))
        if found:
            self._settle(*found[which % len(found)], take)

    def resolve_all(self, take: System) -> None:
        """Take one side of everything that can be decided so."""
        store = self.play.both.rig.store
        for pair, conflict in list(self._open(take)):
            link = store.link(pair.link.kore)  # another decision has moved its bases
            fresh = self._desk().look(link) if link else pair
            if conflict in fresh.conflicts:
                self._settle(fresh, conflict, take)

    def open_conflicts(self) -> list[str]:
        """Give what waits for a decision, in words."""
        return [
            f"{pair.link.kore} {conflict.kore_field}: {conflict.code}"
            for take in System
            for pair, conflict in self._open(take)
        ]

    def _open(self, take: System) -> Iterator[tuple[Disputed, Conflict]]:
        for pair in self._desk().open():
            for conflict in pair.conflicts:
                if pair.twins and not hindrance(pair.twins, conflict, take):
                    yield pair, conflict

    def _desk(self) -> Desk:
        rig = self.play.both.rig
        return Desk(rig.store, rig.mapper, Direction.TWO_WAY, rig.clock.now())

    def _settle(self, pair: Disputed, conflict: Conflict, take: System) -> None:
        run = self._begin("resolve")
        settle(self.play.both.rig.store, pair, [conflict], take=take, run=run)
        self.play.tale.n += 1
        for key in (pair.link.kore, pair.link.casemgr):
            self.play.oracle.decided[str(key)] = self.play.tale.n

    def retry(self, which: int) -> None:
        """Take up again what is held, unless nobody knows what became of it."""
        store = self.play.both.rig.store
        holds = [h for h in store.holds().values() if h.kind != HoldKind.UNCERTAIN]
        if holds:
            retry(store, self._begin("retry"), [holds[which % len(holds)]])

    def part(self, which: int) -> None:
        """Part a pair."""
        store = self.play.both.rig.store
        links = [x for x in store.links() if x.role is not Role.OPENER and x.finished]
        if links:
            kore = links[which % len(links)].kore
            unlink(store, kore)
            self._note(kore, is_parted=True)

    def join(self, which: int) -> None:
        """Join a pair again that was parted."""
        if parted := self._parted():
            self._join([parted[which % len(parted)]])

    def join_all(self) -> None:
        """Join all of them."""
        if parted := self._parted():
            self._join(parted)

    def _parted(self) -> list[Key]:
        return [x.kore for x in self.play.both.rig.store.links() if x.tombstone]

    def _join(self, parted: list[Key]) -> None:
        retry(self.play.both.rig.store, self._begin("retry"), [], parted)
        for kore in parted:
            self._note(kore, is_parted=False)

    def _note(self, kore: Key, *, is_parted: bool) -> None:
        """Write down that a person parted a pair, or joined it."""
        self.play.tale.n += 1
        self.play.oracle.parted.append((str(kore), self.play.tale.n, is_parted))

    def stop(self) -> None:
        """Ask the run that is going on to stop."""
        self.play.is_cut = True
        self.play.last._context.stopping = True

    def hurry(self) -> None:
        """Let the run that is going on have no time left."""
        self.play.is_cut = True
        context = self.play.last._context
        context.deadline = context.clock.monotonic()

    def sync_with(self, create: Create) -> None:
        """Run once with new records allowed on some side only."""
        play = self.play
        play.both.two_way, since = TwoWay(create=create), len(play.box.log)
        play.sync()
        play.both.two_way = TwoWay()
        play.oracle.wrong += [
            f"{call.operation} in {call.system}, and create is {create}"
            for call in play.box.log[since:]
            if call.operation in CREATES and call.system != create
        ]

    def _begin(self, command: str) -> int:
        number: int = self.play.both.rig.store.begin_run(command, "t", {})
        return number
