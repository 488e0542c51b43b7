"""An oracle apart from the engine: is what two-way sync did to the records allowed?

It replays what people did and what requests did, field by field (`chronicle`), and
knows the default mapping and its policies as an administrator would write them down on
paper. It shares no code with planner, merge or mapping.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from support.chronicle import LATE, MACHINE, PERSON, Change, Chronicle, Moment

PRIORITIES: Final = {
    "Emergency": "1",
    "Critical": "1",
    "High": "23",
    "Medium": "45",
    "Low": "67",
}
SEVERITIES: Final = {
    "Emergency": "urgent",
    "Critical": "urgent",
    "High": "high",
    "Medium": "medium",
    "Low": "low",
}
SOON_MS: Final = 600_000
"""A due date nearer than this cannot be written to casemgr."""

Same = Callable[["Oracle", Any, Any], bool]


@dataclass(frozen=True, slots=True)
class Twin:
    """One field on both sides; same(kore's value, casemgr's value)."""

    kore: str
    casemgr: str
    same: Same
    owner: str = "ask"


def _equal(_: "Oracle", kore: Any, casemgr: Any) -> bool:
    return bool(kore == casemgr)


def _text(_: "Oracle", kore: Any, casemgr: Any) -> bool:
    return bool((kore or "") == (casemgr or ""))


def _number(oracle: "Oracle", kore: Any, casemgr: Any) -> bool:
    tables = oracle.tables if oracle.is_lenient else oracle.tables[-1:]
    return any(casemgr in table.get(kore, "") for table in tables if casemgr)


def _severity(_: "Oracle", kore: Any, casemgr: Any) -> bool:
    return bool(SEVERITIES.get(kore) == casemgr)


ENDED: Final = Twin("ended", "ended", _equal)
CASE: Final = (
    Twin("priority", "severity", _severity),
    Twin("name", "subject", _text, "kore"),
    Twin("due", "due", _equal, "casemgr"),
    Twin("tags", "tags", _equal, "kore"),
    ENDED,
)
TASK: Final = (
    Twin("priority", "priority", _number),
    Twin("due", "due", _equal, "casemgr"),
    Twin("tags", "tags", _equal, "kore"),
    ENDED,
)
NO_RECORD: Final = ("", "gone")


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
        lost: of these, when the state itself was lost, or an older one restored.
    """

    tale: Chronicle
    owner: str = ""
    tables: list[dict[str, str]] = field(default_factory=lambda: [PRIORITIES])
    is_lenient: bool = True
    wrong: list[str] = field(default_factory=list)
    blind: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    half_made: list[str] = field(default_factory=list)
    remapped: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)
    runs: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    _judged: int = 0
    _pairs: dict[str, str] = field(default_factory=dict)
    _made: dict[str, str] = field(default_factory=dict)

    # what happened ------------------------------------------------------------------

    def judge(self) -> list[str]:
        """Judge what happened since the last time; give all that is wrong."""
        self._pair()
        for change in self.tale.changes[self._judged :]:
            if change.who != PERSON:
                self._judge(change)
        self._judged = len(self.tale.changes)
        return self.wrong

    def _pair(self) -> None:
        """Find out which records belong together, and complain of third ones."""
        partners: dict[str, set[str]] = defaultdict(set)
        places: Counter[str] = Counter()
        for one, other, place in self._named():
            places[place] += 1
            partners[one].add(other)
            partners[other].add(one)
        for key, others in partners.items():
            if len(others) > 1 and not self._is_unknowable(others):
                self._say(f"{key} has several counterparts: {sorted(others)}")
            self._pairs[key] = min(others)
        for place, count in places.items():
            if count > 1 and not self._hidden_twice(place):
                self._say(f"{place} is there {count} times")

    def _is_unknowable(self, others: set[str]) -> bool:
        """Tell whether a lost state could not know of the other one.

        Kore hid it, and what it was made of took no key any more: it had ended.
        """
        hidden = [o for o in others if not self.tale.now(o).get("active", True)]
        return bool(self.lost) and len(others) - len(hidden) <= 1

    def _hidden_twice(self, place: str) -> bool:
        name = place.split(maxsplit=1)[0]
        found = {k for k in self.tale.keys() if name in self.tale.now(k)["keys"]}
        return place.endswith("Kore") and self._is_unknowable(found)

    def _named(self) -> Iterator[tuple[str, str, str]]:
        for key in self.tale.keys():  # noqa: SIM118 - it is no mapping
            for name in self.tale.now(key)["keys"]:
                role, source = name.split(".")[:2]
                if role not in ("c", "t"):
                    continue
                if not key.startswith("kore:"):
                    yield key, f"kore:{source}", f"{name} in casemgr"
                    continue
                kind = "case" if role == "c" else "activity"
                if not source.startswith(("ci-", "ti-")):
                    yield key, f"casemgr:{kind}:{source}", f"{name} in Kore"

    def _judge(self, change: Change) -> None:
        key, name = change.key, change.field
        if name in NO_RECORD:
            if name == "gone":
                self._say(f"{key} was removed")
            return
        born = self.tale.history[key, ""][0]
        if born.n + 40 > change.n and change.old is None and born.who == change.who:
            if self._is_first(change):
                return  # how it was made
        if name == "active" or (name == "case" and change.old):
            self._say(f"{_told(change)}: that is nobody's to change")
        twin = self._twin(change)
        if twin is None:
            return
        if change.old not in (None, (), "") and change.new in (None, (), ""):
            self._emptied(change)
            return
        other = self._pairs.get(key)
        if other is None:
            self._alone(change)
        else:
            self._paired(change, twin, other)

    def _is_first(self, change: Change) -> bool:
        return self.tale.history[change.key, change.field][0].n == change.n

    def _twin(self, change: Change) -> Twin | None:
        is_kore = change.key.startswith("kore:")
        for twin in _twins(change.key):
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
        if not self._says(change, twin, other) and not self._may_end(change, other):
            self._say(f"{_told(change)}: {other} never said so")
        self._overwritten(change, twin, other)

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
        run = max((r for r in self.runs if r < change.n), default=0)
        since = 0
        for moment in self.tale.history[change.key, change.field]:
            if moment.n < change.n and self._meant(change.key, twin, other, moment.n):
                since = moment.n
        values = [
            m.value
            for m in self.tale.since(other, _other(change.key, twin), min(since, run))
            if m.n <= change.n
        ]
        return any(self._same(change.key, twin, change.new, v) for v in values)

    def _meant(self, key: str, twin: Twin, other: str, n: int) -> bool:
        mine = self.tale.at(key, _own(key, twin), n)
        theirs = self.tale.at(other, _other(key, twin), n)
        return self._same(key, twin, mine, theirs)

    def _same(self, key: str, twin: Twin, mine: Any, theirs: Any) -> bool:
        if key.startswith("kore:"):
            return twin.same(self, mine, theirs)
        return twin.same(self, theirs, mine)

    def _overwritten(self, change: Change, twin: Twin, other: str) -> None:
        """Complain where a person's value is gone before anybody else saw it."""
        last = self._before(change)
        if last is None or last.who != PERSON:
            return
        name = _other(change.key, twin)
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
        if twin is ENDED or owner == writer:
            agreed_at = partial(self._meant, change.key, twin, other)
            if self._is_broken(last.n, change.n, agreed_at):
                self.again.append(_told(change))
                return
        self._excuse(change, last.n, last.value)

    def _lately(self, change: Change, other: str, name: str) -> list[Moment]:
        """Give what people set since the last run ended, whatever it means."""
        end = max((end for end in self.ends if end < change.n), default=0)
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
        name = _other(change.key, twin)
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
        born = self.tale.history[key, ""][0]
        if not key.startswith("kore:") or born.who == PERSON:
            return True
        return any(born.n < run < n for run in self.runs)

    def _reopened(self, change: Change, other: str) -> None:
        """Judge an end that was taken back."""
        if change.key.startswith("casemgr:activity:"):
            self._say(f"{_told(change)}: no call does that")
        elif change.key.startswith("casemgr:"):
            ends = self.tale.at(other, "ended", change.n)
            is_new = self._has_new_task(change)
            if ends and not self._was_open(change, other) and not is_new:
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
        for key in self.tale.keys():  # noqa: SIM118 - it is no mapping
            if self._is_excused(key, listed):
                continue
            other = self._pairs.get(key)
            if other is None:
                if self._is_to_be_carried(key):
                    found.append(f"{key} has no counterpart")
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
        for twin in _twins(key):
            mine, theirs = kore[twin.kore], casemgr[twin.casemgr]
            if twin.same(self, mine, theirs) or self._is_overdue(twin, mine):
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
        keys = {key, self._pairs.get(key, "")}
        for each in list(keys):
            if each in self.tale._known:
                keys.add(self.tale.now(each).get("case", ""))
        keys |= {self._pairs.get(each, "") for each in keys}
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


def _twins(key: str) -> tuple[Twin, ...]:
    return CASE if "case:" in key or ":ci-" in key else TASK


def _own(key: str, twin: Twin) -> str:
    return twin.kore if key.startswith("kore:") else twin.casemgr


def _other(key: str, twin: Twin) -> str:
    return twin.casemgr if key.startswith("kore:") else twin.kore


def _told(change: Change) -> str:
    who = "a late request" if change.who == LATE else change.who
    words = f"{change.n}: {who} set {change.field} of {change.key}"
    return f"{words} from {change.old!r} to {change.new!r}"


__all__ = ["MACHINE", "Oracle"]
