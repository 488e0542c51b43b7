"""Counting what verification found, so that it balances and can be signed off."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from caseferry.engine.compared import Compared, Difference
from caseferry.mapping.compile import Mapper
from caseferry.model.correlation import Role
from caseferry.model.mapped import KoreGroup, MappedGroup
from caseferry.model.record import Key

SHOWN = 1000
"""How many differences the JSON output holds; the CSV holds all."""

NOT_SEEN = "source-not-seen"
_ENTITIES = ("case", "task")
_VERDICTS = (
    "equal",
    "accepted_loss",
    "different",
    "missing",
    "twice",
    "uncertain",
    "set_aside",
    "out_of_scope",
)
_UNEXPLAINED = ("different", "missing", "twice", "uncertain", "set_aside")
Accepted = Mapping[str, int | Literal["any"]]


@dataclass(slots=True, kw_only=True)
class Verified:
    """What verification found.

    Attributes:
        accepted: by rule, how many losses the mapping accepts; not named is none.
        counts: by (case | task, verdict); `source` and `pairs` count those too.
        differences: all of them, in the order of the source; at the end the losses
            that nobody accepted, and what was not seen.
        reported: what agents may have moved, by name; among the differences, but no
            reason to call a pair different.
        stays_behind: what is not carried, by name; holders counts the records that
            hold something of it.
        by_link: pairs that rest on a link alone, not on a correlation key.
        read: how many source records were read.
        complete: the listings were read to their ends and did not move.
    """

    accepted: Accepted = field(default_factory=dict)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    losses: Counter[str] = field(default_factory=Counter)
    reported: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    stays_behind: Counter[str] = field(default_factory=Counter)
    holders: Counter[str] = field(default_factory=Counter)
    by_link: Counter[str] = field(default_factory=Counter)
    read: dict[str, int] = field(default_factory=dict)
    whole: bool = True
    complete: bool = True
    _limited: list[Compared] = field(default_factory=list)

    def add(self, result: Compared) -> None:
        """Count one source record."""
        name = _name(result.role)
        self.counts[name, "source"] += 1
        self.counts[name, result.verdict] += 1
        if result.is_pair:
            self.counts[name, "pairs"] += 1
            self.by_link[name] += not result.by_key
        self.losses.update(loss.rule for loss in result.losses)
        self.reported.update(result.reported)
        self.differences.extend(result.differences)
        if any(self.accepted.get(loss.rule, 0) != "any" for loss in result.losses):
            self._limited.append(result)

    def add_left(self, group: MappedGroup | KoreGroup, mapper: Mapper) -> None:
        """Count what of a group stays behind, and the records that hold some of it."""
        self.stays_behind.update(group.stays_behind)
        self.holders["case"] += mapper.leaves_behind(group.case.record)
        tasks = (mapper.leaves_behind(mapped.record) for mapped in group.tasks)
        self.holders["task"] += sum(tasks)

    def add_unseen(self, pairs: Iterable[tuple[Key, Key | None]]) -> None:
        """Report records, with their counterparts, that the source does not show."""
        for key, counterpart in pairs:
            self.reported[NOT_SEEN] += 1
            self.differences.append(
                Difference(
                    key=key,
                    counterpart=counterpart,
                    field="*",
                    kore=None,
                    casemgr=None,
                    reason=f"{NOT_SEEN}: not counted as different",
                    verdict="reported",
                )
            )

    def judge_losses(self) -> None:
        """Tell accepted losses from those beyond; once, after the last record.

        Of a rule with more losses than the mapping accepts none is accepted: nobody
        said which ones.
        """
        beyond = self.losses_beyond
        for result in self._limited:
            over = [loss for loss in result.losses if loss.rule in beyond]
            if over and result.verdict == "accepted_loss":
                name = _name(result.role)
                self.counts[name, "accepted_loss"] -= 1
                self.counts[name, "different"] += 1
            self.differences += [
                Difference(
                    key=result.key,
                    counterpart=result.counterpart,
                    field=loss.field,
                    kore=None,
                    casemgr=None,
                    reason=f"{loss.rule}: {self.losses[loss.rule]} found, "
                    f"{self.accepted.get(loss.rule, 0)} accepted",
                )
                for loss in over
            ]
        self._limited.clear()

    @property
    def losses_beyond(self) -> dict[str, int]:
        """Give the rules of which more was found than the mapping accepts, counted."""
        limits = {rule: self.accepted.get(rule, 0) for rule in self.losses}
        return {
            rule: count
            for rule, count in sorted(self.losses.items())
            if (limit := limits[rule]) != "any" and count > limit
        }

    @property
    def balances(self) -> bool:
        """Tell whether each source record has exactly one verdict."""
        sums = {
            name: sum(self.counts[name, verdict] for verdict in _VERDICTS)
            for name in _ENTITIES
        }
        if any(total != self.counts[name, "source"] for name, total in sums.items()):
            return False
        return not self.whole or sums == self.read

    @property
    def explained(self) -> bool:
        """Tell whether every record that was read is accounted for and as mapped."""
        bad = any(
            self.counts[name, verdict] for name in _ENTITIES for verdict in _UNEXPLAINED
        )
        gone = not self.whole and self.reported[NOT_SEEN]  # asked for, and not there
        return self.balances and not (bad or gone or self.losses_beyond)

    @property
    def exit_code(self) -> int:
        """0 when everything is explained, else 3."""
        return 0 if self.explained else 3

    @property
    def data(self) -> dict[str, Any]:
        """The JSON output."""
        names = ("source", "pairs", *_VERDICTS)
        by_link = sum(self.by_link.values())
        pairs = sum(self.counts[name, "pairs"] for name in _ENTITIES)
        return {
            name: {verdict: self.counts[name, verdict] for verdict in names}
            for name in _ENTITIES
        } | {
            "balances": self.balances,
            "explained": self.explained,
            "complete": self.complete,
            "pairs_by_key": pairs - by_link,
            "pairs_by_link": by_link,
            "losses": dict(sorted(self.losses.items())),
            "accepted": {r: self.accepted.get(r, 0) for r in sorted(self.losses)},
            "losses_beyond": self.losses_beyond,
            "stays_behind": dict(sorted(self.stays_behind.items())),
            "stays_behind_records": {n: self.holders[n] for n in _ENTITIES},
            "reported": dict(sorted(self.reported.items())),
            "differences": [_shown(d) for d in self.differences[:SHOWN]],
            "differences_total": len(self.differences),
        }


def _name(role: Role) -> str:
    return "case" if role is Role.CASE else "task"


def _shown(difference: Difference) -> dict[str, Any]:
    return {
        "key": difference.key,
        "counterpart": difference.counterpart,
        "field": difference.field,
        "kore": difference.kore,
        "casemgr": difference.casemgr,
        "reason": difference.reason,
        "verdict": difference.verdict,
    }
