"""Guards: what refuses a run before its first write."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from caseferry.errors import SafetyStop


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a run may do without being asked again; None is off, said on purpose.

    A limit is a number, or a share of the linked records written as 0 < share < 1.
    """

    max_creates: float | None = None
    max_changes: float | None = 0.2
    max_closed: float | None = None
    max_reopened: float | None = 20
    max_reprioritised: float | None = 0.2
    max_not_seen: float | None = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a plan would do, as far as guards look at it.

    Attributes:
        linked: how many records are linked already; the whole of every share.
        counts: by guard name without `max_`: creates, changes, closed …
        losses: problems of losses beyond what the mapping accepts, in words.
        mapping_changed: linked records were carried under another mapping that nobody
            has acknowledged yet.
    """

    linked: int
    counts: Mapping[str, int]
    losses: tuple[str, ...] = ()
    mapping_changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardFigure:
    """One guard with its figure.

    Attributes:
        name: as `--allow` takes it.
        figure: what the plan holds of it.
        limit: a number, or a share like `20%`; None is off.
        exceeds: the figure is over the limit.
        allowed: the operator passed it by name.
        words, hint: why it refuses and what to do, where it exceeds.
    """

    name: str
    figure: int
    limit: str | None
    exceeds: bool = False
    allowed: bool = False
    words: str = ""
    hint: str | None = None

    @property
    def refuses(self) -> bool:
        """Tell whether nothing may be written."""
        return self.exceeds and not self.allowed

    @property
    def data(self) -> dict[str, Any]:
        """Give it as JSON data."""
        return {
            "name": self.name,
            "figure": self.figure,
            "limit": self.limit,
            "exceeds": self.exceeds,
            "allowed": self.allowed,
        }


_WORDS = {
    "creates": "would create {n} records, more than {limit}",
    "changes": "would change {n} of {linked} linked records, more than {limit}",
    "closed": "would close {n} linked cases, more than {limit}",
    "reopened": "would reopen {n} cases, more than {limit}",
    "reprioritised": "would re-prioritise {n} of {linked} records, more than {limit}",
    "not_seen": "misses {n} of {linked} linked records, more than {limit}",
}
_LOSSES = "losses"
_MAPPING = "mapping-changed"


def judge(
    figures: Figures, limits: Limits, allowed: frozenset[str]
) -> tuple[GuardFigure, ...]:
    """Give every guard with its figure, in a fixed order, those that are off too.

    Names: max-creates, max-changes, max-closed, max-reopened, max-reprioritised,
    max-not-seen, losses, mapping-changed. A share can only be exceeded where something
    is linked.
    """
    given = asdict(limits)
    found = [_limited(name, figures, given[f"max_{name}"]) for name in _WORDS]
    lost = "; ".join(figures.losses)
    found.append(
        GuardFigure(
            name=_LOSSES,
            figure=len(figures.losses),
            limit="0",
            exceeds=bool(figures.losses),
            words=f"more is lost than the mapping accepts: {lost}",
            hint="accept it in [losses] of the mapping, or add --allow losses",
        )
    )
    found.append(
        GuardFigure(
            name=_MAPPING,
            figure=int(figures.mapping_changed),
            limit="0",
            exceeds=figures.mapping_changed,
            words="the mapping is not the one that linked records were carried under",
            hint="look at the same command with --dry-run, then "
            "`caseferry mapping accept --by NAME`, or add --allow mapping-changed",
        )
    )
    return tuple(replace(each, allowed=each.name in allowed) for each in found)


def stops_of(guards: Iterable[GuardFigure]) -> tuple[SafetyStop, ...]:
    """Give those that refuse, as errors; empty when the run may go on."""
    return tuple(
        SafetyStop(each.name, each.words, hint=each.hint)
        for each in guards
        if each.refuses
    )


def _limited(name: str, figures: Figures, limit: float | None) -> GuardFigure:
    count = figures.counts.get(name, 0)
    shown = None
    if limit is not None:
        shown = f"{limit:.0%}" if 0 < limit < 1 else f"{limit:.0f}"
    words = _WORDS[name].format(n=count, linked=figures.linked, limit=shown)
    return GuardFigure(
        name=f"max-{name.replace('_', '-')}",
        figure=count,
        limit=shown,
        exceeds=limit is not None and _exceeds(count, limit, figures.linked),
        words=f"the run {words}",
    )


def _exceeds(count: int, limit: float, linked: int) -> bool:
    if 0 < limit < 1:
        return linked > 0 and count > limit * linked
    return count > limit
