"""An oracle apart from the engine: is what two-way sync did to the records allowed?

It replays what people did and what requests did, field by field (`chronicle`), and
knows the default mapping and its policies as an administrator would write them down on
paper. It shares no code with planner, merge or mapping.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from support.chronicle import LATE, PERSON, Change, Chronicle, Moment
from support.pairs import Pairs
from support.twins import (
    ENDED,
    PRIORITIES,
    Table,
    Twin,
    other_name,
    own_name,
    twins_of,
)

SOON_MS: Final = 600_000
"""A due date nearer than this cannot be written to casemgr."""

UNSEEN: Final = 4
"""So many moments lie between a look and the write that follows it."""
EMPTY: Final[tuple[Any, ...]] = (None, (), "")


@dataclass(slots=True)
class Oracle:
    """Judges what happened so far, and what is there in the end.

    Attributes:
        owner: of every field, where the mapping names one for all.
        wrong: everything that must not have happened.
        blind: edits of a Kore field that were overwritten unseen: nothing had shown
            them between our last look and our write.
        again: edits back to what the state thought was agreed, under a state that had
            been restored, or a run that had died: nobody can see them.
        half_made: edits of a casemgr case before its creation was finished.
        tables: of priorities that were in force, the last one now.
        is_lenient: any of them will do.
        remapped: moments when the mapping changed.
        runs, ends: moments when a run began, and when one ended well.
        broken: moments after which the state did not know all that had been done.
        told: when a record was last listed with what nobody has to decide.
        decided: when a person last decided a conflict of a record.
        lost: of these, when the state itself was lost, or an older one restored.
    """

    tale: Chronicle
    owner: str = ""
    tables: list[Table] = field(default_factory=lambda: [PRIORITIES])
    is_lenient: bool = True
    wrong: list[str] = field(default_factory=list)
    blind: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    half_made: list[str] = field(default_factory=list)
    remapped: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)
    decided: dict[str, int] = field(default_factory=dict)
    runs: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    _judged: int = 0
    _pairs: Pairs = field(init=False)

    def __post_init__(self) -> None:
        self._pairs = Pairs(self.tale)

    @property
    def _tables(self) -> Sequence[Table]:
        return self.tables if self.is_lenient else self.tables[-1:]

    # what happened ------------------------------------------------------------------

    def judge(self) -> list[str]:
        """Judge what happened since the last time; give all that is wrong."""
        for words in self._pairs.look(lost=bool(self.lost), broken=self.broken):
            self._say(words)
        for change in self.tale.changes[self._judged :]:
            if change.who != PERSON:
                self._judge(change)
        self._judged = len(self.tale.changes)
        return self.wrong

    def _judge(self, change: Change) -> None:
        if change.field in ("active", "gone", "case") and not self._is_first(change):
            self._say(f"{_told(change)}: that is nobody's to change")
        twin = self._twin(change)
        if twin is None or self._is_first(change):
            return
        if change.old not in EMPTY and change.new in EMPTY:
            self._emptied(change)
            return
        other = self._pairs.of(change.key)
        if other is None:
            self._alone(change)
        else:
            self._paired(change, twin, other)

    def _is_first(self, change: Change) -> bool:
        """Tell whether this is how a record was made."""
        if change.field == "gone":
            return False
        return self.tale.history[change.key, change.field][0].n == change.n

    def _twin(self, change: Change) -> Twin | None:
        is_kore = change.key.startswith("kore:")
        for twin in twins_of(change.key):
            if change.field == (twin.kore if is_kore else twin.casemgr):
                return twin
        return None

    def _emptied(self, change: Change) -> None:
        last = self._before(change)
        if last is not None and change.seen < last.n:
            self.blind.append(_told(change))
            return
        now = self.tale.box.now_ms("casemgr")
        if change.field == "due" and change.old < now + SOON_MS:
            return  # overdue: it cannot be sent again
        self._say(f"{_told(change)}: emptied")

    def _alone(self, change: Change) -> None:
        """Judge a write to a record that has no counterpart: an opener, a mail."""
        fields = self.tale.now(change.key)
        if any(name.startswith("o.") for name in fields["keys"]):
            return
        if change.field == "ended" and change.new:
            if change.key.startswith("casemgr:case:"):
                return  # its key is missing yet
            if self.tale.history[change.key, ""][0].n > change.seen:
                self.blind.append(_told(change))
                return
        self._say(f"{_told(change)}: it is nobody's counterpart")

    def _paired(self, change: Change, twin: Twin, other: str) -> None:
        if twin is ENDED and not change.new:
            self._reopened(change, other)
            return
        last = self._before(change)
        if last is not None and last.who == PERSON and change.seen < last.n:
            self.blind.append(_told(change))
            return
        if self._is_emptied_unseen(change):
            self.blind.append(_told(change))
            return
        may_end = self._may_end(change, other) or self._ended_before(change)
        if not self._says(change, twin, other) and not may_end:
            self._say(f"{_told(change)}: {other} never said so")
        self._overwritten(change, twin, other)

    def _is_emptied_unseen(self, change: Change) -> bool:
        """Tell whether a person completed the activity that was to keep a case open.

        Between our look at it and the completion of our opener.
        """
        if change.field != "ended" or not change.key.startswith("casemgr:case:"):
            return False
        return any(
            c.who == PERSON
            and c.field == "ended"
            and c.new
            and self.tale.now(c.key).get("case") == change.key
            for c in self.tale.changes
            if change.n - UNSEEN < c.n < change.n
        )

    def _ended_before(self, change: Change) -> bool:
        """Tell whether a case ends again that a person had ended, and we opened."""
        moments = self.tale.history[change.key, change.field]
        before = [m for m in moments if m.n < change.n][-2:]
        is_ours = len(before) == 2 and before[1].who != PERSON
        return change.field == "ended" and is_ours and bool(before[0].value)

    def _may_end(self, change: Change, other: str) -> bool:
        """A task of a closed case is completed, for good."""
        if change.field != "ended" or not other.startswith("kore:ti-"):
            return False
        home = self.tale.now(other)["case"]
        return self._ever(home, "ended", change.n, value=True)

    def _ever(self, key: str, name: str, n: int, *, value: Any) -> bool:
        moments = self.tale.history.get((key, name), ())
        return any(m.value == value for m in moments if m.n <= n)

    def _says(self, change: Change, twin: Twin, other: str) -> bool:
        """Tell whether the other side means the new value, or did lately."""
        run = min([r for r in self.runs if r < change.n][-2:], default=0)
        since = 0
        for moment in self.tale.history[change.key, change.field]:
            if moment.n < change.n and self._meant(change.key, twin, other, moment.n):
                since = moment.n
        values = [
            m.value
            for m in self.tale.since(
                other, other_name(change.key, twin), min(since, run)
            )
            if m.n <= change.n
        ]
        return any(self._same(change.key, twin, change.new, v) for v in values)

    def _meant(self, key: str, twin: Twin, other: str, n: int) -> bool:
        mine = self.tale.at(key, own_name(key, twin), n)
        theirs = self.tale.at(other, other_name(key, twin), n)
        return self._same(key, twin, mine, theirs)

    def _same(self, key: str, twin: Twin, mine: Any, theirs: Any) -> bool:
        if key.startswith("kore:"):
            return twin.same(mine, theirs, self._tables)
        return twin.same(theirs, mine, self._tables)

    def _overwritten(self, change: Change, twin: Twin, other: str) -> None:
        """Complain where a person's value is gone before anybody else saw it."""
        last = self._before(change)
        if last is None or last.who != PERSON:
            return
        name = other_name(change.key, twin)
        moments = [m for m in self.tale.since(other, name, last.n) if m.n < change.n]
        carried = next(
            (m for m in moments if self._same(change.key, twin, last.value, m.value)),
            None,
        )
        agreed = carried.n if carried else self._last_agreed(change, twin, other)
        theirs = [
            m
            for m in self.tale.history.get((other, name), ())
            if m.who == PERSON and agreed < m.n < change.n
        ]
        theirs = theirs or self._lately(change, other, name)
        driven = bool(theirs) or any(agreed < n < change.n for n in self.remapped)
        owner = self.owner or twin.owner
        writer = "casemgr" if change.key.startswith("kore:") else "kore"
        if driven and (carried is not None or owner == writer):
            return
        if driven and self._is_unchanged(change, twin, other, last.value):
            return
        if twin is ENDED and self._may_end(change, other):
            return
        if self._was_said(change.key, other) >= last.n:
            return
        if twin is ENDED or owner == writer:
            agreed_at = partial(self._meant, change.key, twin, other)
            if self._is_broken(last.n, change.n, agreed_at):
                self.again.append(_told(change))
                return
        self._excuse(change, last.n, last.value)

    def _was_said(self, *keys: str) -> int:
        """Give when records were last listed as not to be carried, or decided on."""
        return max(said.get(k, 0) for said in (self.told, self.decided) for k in keys)

    def _lately(self, change: Change, other: str, name: str) -> list[Moment]:
        """Give what people set since the last run ended, whatever it means."""
        end = max((end for end in self.ends if end < change.n), default=0)
        end = max((run for run in self.runs if run < end), default=0)
        moments = self.tale.history.get((other, name), ())
        return [m for m in moments if m.who == PERSON and end < m.n < change.n]

    def _is_unchanged(self, change: Change, twin: Twin, other: str, value: Any) -> bool:
        """Tell whether a value is what both agreed on when the last run ended."""
        n = max((end for end in self.ends if end < change.n), default=0)
        agreed = self._meant(change.key, twin, other, n)
        return agreed and self.tale.at(change.key, change.field, n) == value

    def _is_broken(self, n: int, until: int, agreed: Callable[[int], bool]) -> bool:
        """Tell whether the state did not know what was there at a moment.

        What it did not know it learns at the end of a run in which both sides agree.
        """
        ends = [end for end in self.ends if end < until and agreed(end)]
        end = max(ends, default=0)
        return any(min(n, end) <= lost < until for lost in self.lost)

    def _was_broken(self, n: int) -> bool:
        """Tell whether what came at a moment may have been taken for agreed."""
        end = max((end for end in self.ends if end < n), default=0)
        return any(end <= lost for lost in self.lost)

    def _before(self, change: Change) -> Any:
        moments = self.tale.history[change.key, change.field]
        return next((m for m in reversed(moments) if m.n < change.n), None)

    def _last_agreed(self, change: Change, twin: Twin, other: str) -> int:
        name = other_name(change.key, twin)
        moments = [
            *self.tale.history[change.key, change.field],
            *self.tale.history.get((other, name), ()),
        ]
        found = 0
        for n in sorted(m.n for m in moments if m.n < change.n):
            if self._meant(change.key, twin, other, n):
                found = n
        return found

    def _excuse(self, change: Change, n: int, value: Any) -> None:
        words = f"{_told(change)}: a person's value"
        earlier = [
            m.value for m in self.tale.history[change.key, change.field] if m.n < n
        ]
        if change.who == LATE or change.seen < n:
            self.blind.append(words)
        elif value in earlier and any(b < change.n for b in self.broken):
            self.again.append(words)
        elif not self._is_finished(change, n):
            self.half_made.append(words)
        else:
            self._say(words)

    def _is_finished(self, change: Change, n: int) -> bool:
        """Tell whether the creation of a record of ours was finished by then."""
        key = change.key
        if key.startswith("casemgr:case:"):
            return bool(self.tale.at(key, "keys", n))
        return True

    def _reopened(self, change: Change, other: str) -> None:
        """Judge an end that was taken back."""
        if change.key.startswith("casemgr:activity:"):
            self._say(f"{_told(change)}: no call does that")
        elif change.key.startswith("casemgr:"):
            ends = self.tale.at(other, "ended", change.n)
            is_new = self._has_new_task(change)
            moments = self.tale.history[other, "ended"]
            ended_at = max((m.n for m in moments if m.n < change.n), default=0)
            run = max((run for run in self.runs if run < change.n), default=0)
            if ends and ended_at > run:
                self.blind.append(_told(change))
            elif ends and not self._was_open(change, other) and not is_new:
                self._say(f"{_told(change)}: {other} is closed")
        elif change.key.startswith("kore:ti-") and not self._was_open(change, other):
            self._say(f"{_told(change)}: {other} never was open again")

    def _has_new_task(self, change: Change) -> bool:
        """Tell whether the case was opened by the create of a task's activity."""
        return any(
            c.field == ""
            and c.new.get("case") == change.key
            and any(name.startswith("t.") for name in c.new["keys"])
            for c in self.tale.changes
            if abs(c.n - change.n) < 40
        )

    def _was_open(self, change: Change, other: str) -> bool:
        last = self._before(change)
        since = last.n if last is not None else 0
        moments = self.tale.since(other, "ended", since)
        return any(not m.value for m in moments if m.n <= change.n)

    # what is there ------------------------------------------------------------------

    def differences(self, listed: Mapping[str, str]) -> list[str]:
        """Give what is missing or different in the end, and nobody listed.

        Args:
            listed: what is held back or in conflict, by key.
        """
        self.judge()
        found: list[str] = []
        for key in self.tale.all_keys():
            if self._is_excused(key, listed):
                continue
            other = self._pairs.of(key)
            if other is None:
                if self._is_to_be_carried(key):
                    found.append(f"{key} has no counterpart")
            elif self.lost and not self.tale.now(key).get("active", True):
                continue  # hidden: a new state cannot know that it differs
            elif key.startswith("kore:") and not self._is_excused(other, listed):
                found += self._compare(key, other)
        return found

    def _compare(self, key: str, other: str) -> Iterator[str]:
        try:
            kore, casemgr = self.tale.now(key), self.tale.now(other)
        except KeyError:
            yield f"the counterpart of {key} is gone"
            return
        self.is_lenient = casemgr["ended"]  # it cannot follow a changed mapping
        for twin in twins_of(key):
            mine, theirs = kore[twin.kore], casemgr[twin.casemgr]
            if twin.same(mine, theirs, self._tables) or self._is_overdue(twin, mine):
                continue
            if twin is ENDED and self._is_in_ended_case(kore):
                continue
            if self._is_told(key, twin.kore, other, twin.casemgr):
                continue
            yield f"{key} {twin.kore}={mine!r}, {other} {twin.casemgr}={theirs!r}"
        name = kore["name"]
        named = self.tale.history[key, "name"][-1]
        if key.startswith("kore:ti-") and name != casemgr["subject"]:
            is_told = name in casemgr["notes"] or self._was_broken(named.n)
            if not is_told:
                yield f"{key} is called {name!r}, and {other} does not say so"

    def _is_told(self, key: str, name: str, other: str, theirs: str) -> bool:
        moments = (*self.tale.history[key, name], *self.tale.history[other, theirs])
        last = max((m.n for m in moments if m.who == PERSON), default=0)
        return max(self.told.get(key, 0), self.told.get(other, 0)) >= last > 0

    def _is_in_ended_case(self, task: Mapping[str, Any]) -> bool:
        home = task["case"]
        return bool(home and self.tale.now(home)["ended"])

    def _is_overdue(self, twin: Twin, due: int | None) -> bool:
        now = self.tale.box.now_ms("casemgr")
        return twin.kore == "due" and due is not None and due < now + SOON_MS

    def _is_excused(self, key: str, listed: Mapping[str, str]) -> bool:
        """Tell whether a record, its case or a counterpart of theirs is listed."""
        keys = {key, self._pairs.of(key) or ""}
        for each in tuple(keys):
            if each in self.tale._known:
                keys.add(self.tale.now(each).get("case", ""))
        keys |= {self._pairs.of(each) or "" for each in keys}
        return not keys.isdisjoint(listed)

    def _is_to_be_carried(self, key: str) -> bool:
        fields = self.tale.now(key)
        if key.startswith("kore:"):
            home = fields["case"]
            return bool(
                fields["active"] and (not home or self.tale.now(home)["active"])
            )
        if fields.get("kind", "task") != "task":
            return False
        return not any(name.startswith("o.") for name in fields["keys"])

    def _say(self, words: str) -> None:
        if words not in self.wrong:
            self.wrong.append(words)


def _told(change: Change) -> str:
    who = "a late request" if change.who == LATE else change.who
    words = f"{change.n}: {who} set {change.field} of {change.key}"
    return f"{words} from {change.old!r} to {change.new!r}"
