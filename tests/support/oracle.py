"""An oracle apart from the engine: is what two-way sync did to the records allowed?

It replays what people did and what requests did, field by field (`chronicle`), and
knows the default mapping and its policies as an administrator would write them down on
paper. It shares no code with planner, merge or mapping.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from support.agreed import Agreed
from support.chronicle import LATE, PERSON, Change, Chronicle, Moment
from support.pairs import Pairs
from support.remains import EMPTY, SOON_MS, Remains
from support.twins import (
    ENDED,
    PRIORITIES,
    Table,
    Twin,
    other_name,
    own_name,
    twins_of,
)

TOLD_ONCE = ("emptied", "frozen-field", "case-closed")
"""Codes of what is listed once, and not for ever."""


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
        remapped: moments when the mapping changed.
        runs, ends: moments when a run began, and when one ended well and whole.
        broken: moments after which the state did not know all that had been done.
        lost: of these, when the state itself was lost, or an older one restored.
        restored: of these, when an older one was: it takes what was carried since for
            a change, and the owner decides.
        told: by record and code, when it was listed with what nobody has to decide.
        decided: when a person last decided a conflict of a record.
        parted: Kore records with when a person parted them, or joined them again.
        agreed: what runs could know of when both sides of a pair agreed.
    """

    tale: Chronicle
    owner: str = ""
    tables: list[Table] = field(default_factory=lambda: [PRIORITIES])
    wrong: list[str] = field(default_factory=list)
    blind: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    half_made: list[str] = field(default_factory=list)
    remapped: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    restored: list[int] = field(default_factory=list)
    told: dict[tuple[str, str], int] = field(default_factory=dict)
    decided: dict[str, int] = field(default_factory=dict)
    parted: list[tuple[str, int, bool]] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    _judged: int = 0
    agreed: Agreed = field(init=False)
    _pairs: Pairs = field(init=False)

    def __post_init__(self) -> None:
        self._pairs = Pairs(self.tale)
        self.agreed = Agreed(self)

    def counterpart(self, key: str) -> str | None:
        """Give the other record of a pair, as far as was judged."""
        return self._pairs.of(key)

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
        if last is not None and self._is_blind(change, last.n):
            self.blind.append(_told(change))
            return
        is_overdue = change.field == "due" and change.old < change.at_ms + SOON_MS
        if is_overdue and change.key.startswith("casemgr:"):
            return  # it cannot be sent again
        self._say(f"{_told(change)}: emptied")

    def _alone(self, change: Change) -> None:
        """Judge a write to a record that has no counterpart: an opener, a mail."""
        fields = self.tale.now(change.key)
        if any(name.startswith("o.") for name in fields["keys"]):
            return
        if change.field == "ended" and change.new:
            born = self.tale.history[change.key, ""][0]
            if change.key.startswith("casemgr:case:") and born.who != PERSON:
                return  # its key is missing yet
            if self._is_hidden(change, born):
                self.blind.append(_told(change))
                return
        self._say(f"{_told(change)}: it is nobody's counterpart")

    def _paired(self, change: Change, twin: Twin, other: str) -> None:
        if twin is ENDED and not change.new:
            self._reopened(change, twin, other)
            return
        if self._is_emptied_unseen(change) or self._is_put_back(change):
            self.blind.append(_told(change))
            return
        may_end = self._may_end(change, other) or self._ended_before(change)
        if not self._says(change, twin, other) and not may_end:
            self._say(f"{_told(change)}: {other} never said so")
        last = self._before(change)
        if last is None or last.who != PERSON:
            return
        if self._is_blind(change, last.n):
            self.blind.append(_told(change))
        else:
            self._overwritten(change, twin, other, last)

    def _is_blind(self, change: Change, n: int) -> bool:
        """Tell whether a request could not know what came at a moment.

        No reply had shown the record since when it left, and no version protects it:
        Kore has none, and in casemgr an end may follow from that of another record.
        """
        is_free = change.key.startswith("kore:") or change.field == "ended"
        return is_free and change.seen < n

    def _is_hidden(self, change: Change, born: Moment) -> bool:
        """Tell whether a listing did not show yet what ends with its case.

        It came after the run began that closed the case.
        """
        run = max((run for run in self.runs if run < change.n), default=0)
        return born.who == PERSON and change.seen < born.n and born.n > run

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
            and self.tale.at(c.key, "case", c.n) == change.key
            and self.tale.last_shown(c.key, change.n) < c.n
            for c in self.tale.changes
            if c.n < change.n
        )

    def _is_put_back(self, change: Change) -> bool:
        """Tell whether tags came back that somebody had just changed in Kore.

        They are written as a whole, our own among them, and as they were shown last.
        """
        last = self._before(change)
        is_whole = change.key.startswith("kore:") and change.field == "tags"
        if not is_whole or last is None or last.who != PERSON:
            return False
        shown = self.tale.at(change.key, change.field, change.seen)
        return self._is_blind(change, last.n) and bool(shown == change.new)

    def _ended_before(self, change: Change) -> bool:
        """Tell whether a case ends again that a person had ended, and we opened."""
        moments = self.tale.history[change.key, change.field]
        before = [m for m in moments if m.n < change.n][-2:]
        if change.field != "ended" or len(before) < 2:
            return False
        return before[1].who != PERSON and before[0].who == PERSON

    def _may_end(self, change: Change, other: str) -> bool:
        """A task of a closed case is completed for good; not one that an agent made."""
        if change.field != "ended" or not other.startswith("kore:ti-"):
            return False
        if self.tale.history[change.key, ""][0].who == PERSON:
            return False
        home = self.tale.now(other)["case"]
        moments = self.tale.since(home, "ended", self.agreed.run_before(change.n))
        return any(m.value for m in moments if m.n < change.n)

    def _says(self, change: Change, twin: Twin, other: str) -> bool:
        """Tell whether the other side meant the new value since the run began."""
        name, run = other_name(change.key, twin), self.agreed.run_before(change.n)
        values = [m.value for m in self.tale.since(other, name, run) if m.n <= change.n]
        return any(self.agreed.same(change.key, twin, change.new, v) for v in values)

    def _is_past(self, moment: Moment, change: Change) -> bool:
        return bool(moment.value < change.at_ms + SOON_MS)

    def _overwritten(
        self, change: Change, twin: Twin, other: str, last: Moment
    ) -> None:
        """Complain where a person's value is gone before anybody else saw it."""
        name = other_name(change.key, twin)
        moments = [m for m in self.tale.since(other, name, last.n) if m.n < change.n]
        same = partial(self.agreed.same, change.key, twin, last.value)
        carried = next((m for m in moments if same(m.value)), None)
        agreed = carried.n if carried else self.agreed.last(change, twin, other)
        theirs = [
            m
            for m in self.tale.history.get((other, name), ())
            if m.who == PERSON and agreed < m.n < change.n
        ]
        theirs = theirs or self.agreed.lately(change, other, name)
        # a date that has passed is none in casemgr: a changed mapping brings its own
        is_past = twin.kore == "due" and last.value and self._is_past(last, change)
        is_mapped = twin is ENDED or twin.casemgr == "priority" or is_past
        remapped = self.remapped if is_mapped else ()
        driven = bool(theirs) or any(agreed < n < change.n for n in remapped)
        owner = twin.owner if twin is ENDED else self.owner or twin.owner
        writer = "casemgr" if change.key.startswith("kore:") else "kore"
        if driven and (carried is not None or owner == writer or is_past):
            return  # also a date that nobody can carry any more
        if driven and self.agreed.is_unchanged(change, twin, other, last.value):
            return
        if twin is ENDED and self._may_end(change, other):
            return
        if self.is_told(change.key, twin, other, last.n):
            return  # it could not be carried, and that was said
        if self._is_decided(change, last, other):
            return
        words = f"{_told(change)}: a person's value"
        agreed_at = partial(self.agreed.meant, change.key, twin, other)
        is_lost = self.agreed.is_unknown(self.lost, change.n, agreed_at)
        is_older = self.agreed.is_unknown(self.restored, change.n, agreed_at)
        is_free = (twin is ENDED and is_lost) or (owner == writer and is_older)
        if is_free or self._is_again(change, twin, other, last):
            self.again.append(words)
        elif not self._is_finished(change, last.n):
            self.half_made.append(words)
        else:
            self._say(words)

    def _is_decided(self, change: Change, last: Moment, other: str) -> bool:
        """Tell whether a person decided on a pair after something came to be.

        Or decided on the same, as it was shown then: it gives way also when it is set
        again.
        """
        key = change.key
        decided = max(self.decided.get(each, 0) for each in (key, other))
        shown = self.tale.at(key, change.field, self.tale.last_shown(key, decided))
        return decided >= last.n or (decided > 0 and bool(shown == last.value))

    def is_told(self, key: str, twin: Twin, other: str, n: int = 0) -> bool:
        """Tell whether it was listed once that a field could not be carried.

        `n` is when a person set it; without it, whenever a person last did.
        """
        names = (own_name(key, twin), other_name(key, twin))
        if not n:
            moments = [
                m
                for each, name in zip((key, other), names, strict=True)
                for m in self.tale.history[each, name]
            ]
            n = max((m.n for m in moments if m.who == PERSON), default=0)
        casemgr = key if key.startswith("casemgr:") else other
        for code in TOLD_ONCE:
            told = max(self.told.get((each, code), 0) for each in (key, other))
            if not told >= n > 0:
                continue
            if code == "emptied":
                pairs = zip((key, other), names, strict=True)
                if any(self.tale.at(each, name, told) in EMPTY for each, name in pairs):
                    return True
            elif twin is not ENDED and self.tale.at(casemgr, "ended", told):
                return True
        return False

    def is_forgotten(self, key: str, name: str) -> bool:
        """Tell whether the state was lost since the run before a field's last value.

        Nobody knows then whether a note has told it, and none is written twice.
        """
        n = self.tale.history[key, name][-1].n
        end = max((end for end in self.ends if end < n), default=0)
        return any(lost >= end for lost in self.lost)

    def _is_again(self, change: Change, twin: Twin, other: str, last: Moment) -> bool:
        """Tell whether a person went back to what the state took for agreed still."""
        moments = self.tale.history[change.key, change.field]
        is_back = any(m.value == last.value for m in moments if m.n < last.n)
        agreed_at = partial(self.agreed.meant, change.key, twin, other)
        return is_back and self.agreed.is_unknown(self.broken, change.n, agreed_at)

    def _before(self, change: Change) -> Any:
        moments = self.tale.history[change.key, change.field]
        return next((m for m in reversed(moments) if m.n < change.n), None)

    def _is_finished(self, change: Change, n: int) -> bool:
        """Tell whether the creation of a record of ours was finished by then."""
        key = change.key
        if key.startswith("casemgr:case:"):
            return bool(self.tale.at(key, "keys", n))
        return True

    def _reopened(self, change: Change, twin: Twin, other: str) -> None:
        """Judge an end that was taken back."""
        key, last = change.key, self._before(change)
        if key.startswith("casemgr:activity:"):
            self._say(f"{_told(change)}: no call does that")
        elif self._was_reopened(change, other) or self._is_decided(change, last, other):
            return
        elif last.who == PERSON and self.agreed.opened_since(change, twin, other):
            return  # nobody saw that it was opened, and ended again
        elif self._has_new_task(change) or (
            key.startswith("kore:ci-") and self.tale.at(other, "ended", change.n)
        ):
            return  # both are closed: it takes its tasks, and is closed again
        elif self._is_blind(change, last.n) or self._ended_unseen(change, other):
            self.blind.append(_told(change))
        elif last.who == PERSON and self._is_again(change, twin, other, last):
            self.again.append(_told(change))
        elif self._is_made_again(change, twin, other, last):
            self.half_made.append(_told(change))
        else:
            self._say(f"{_told(change)}: {other} was not opened again")

    def _is_made_again(
        self, change: Change, twin: Twin, other: str, last: Moment
    ) -> bool:
        """Tell whether the state was lost while a creation went on that ended here."""
        agreed_at = partial(self.agreed.meant, change.key, twin, other)
        is_lost = self.agreed.is_unknown(self.lost, change.n, agreed_at)
        return is_lost and not self._is_finished(change, last.n)

    def _ended_unseen(self, change: Change, other: str) -> bool:
        """Tell whether the other one had just ended, and no reply had shown it."""
        ended = [m.n for m in self.tale.history[other, "ended"] if m.n < change.n]
        return bool(ended) and ended[-1] > self.tale.last_shown(other, change.n)

    def _has_new_task(self, change: Change) -> bool:
        """Tell whether the case was opened by the create of a task's activity."""
        return any(
            c.field == ""
            and c.new.get("case") == change.key
            and any(name.startswith("t.") for name in c.new["keys"])
            for c in self.tale.changes
            if c.look == change.look
        )

    def _was_reopened(self, change: Change, other: str) -> bool:
        """Tell whether the other one was opened again since this one ended."""
        last = self._before(change)
        if last.who == PERSON:
            moments = [m for m in self.tale.history[other, "ended"] if m.n > last.n]
        else:
            moments = self.tale.since(other, "ended", self.agreed.run_before(last.n))
        return any(not m.value for m in moments if m.n <= change.n)

    # what is there ------------------------------------------------------------------

    def differences(self, listed: Mapping[str, str]) -> list[str]:
        """Give what is missing or different in the end, and nobody listed.

        Args:
            listed: what is held back or in conflict, by key.
        """
        self.judge()
        return Remains(self, self._pairs, listed).differences()

    def _say(self, words: str) -> None:
        if words not in self.wrong:
            self.wrong.append(words)


def _told(change: Change) -> str:
    who = "a late request" if change.who == LATE else change.who
    words = f"{change.n}: {who} set {change.field} of {change.key}"
    return f"{words} from {change.old!r} to {change.new!r}"
