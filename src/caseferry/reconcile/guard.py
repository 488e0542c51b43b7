"""Guards: what refuses a run before its first write."""

from collections.abc import Mapping
from dataclasses import dataclass

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


_WORDS = {
    "creates": "would create {n} records, more than {limit}",
    "changes": "would change {n} of {linked} linked records, more than {limit}",
    "closed": "would close {n} linked cases, more than {limit}",
    "reopened": "would reopen {n} cases, more than {limit}",
    "reprioritised": "would re-prioritise {n} of {linked} records, more than {limit}",
    "not_seen": "misses {n} of {linked} linked records, more than {limit}",
}


def check_limits(
    figures: Figures, limits: Limits, allowed: frozenset[str]
) -> tuple[SafetyStop, ...]:
    """Give every guard that refuses, by name; empty when the run may go on.

    Names: max-creates, max-changes, max-closed, max-reopened, max-reprioritised,
    max-not-seen, losses, mapping-changed. A share can only be exceeded where something
    is linked.
    """
    stops = []
    for name, words in _WORDS.items():
        limit = getattr(limits, f"max_{name}")
        count = figures.counts.get(name, 0)
        guard = f"max-{name.replace('_', '-')}"
        if (
            limit is None
            or guard in allowed
            or not _exceeds(count, limit, figures.linked)
        ):
            continue
        shown = f"{limit:.0%}" if 0 < limit < 1 else f"{limit:.0f}"
        text = words.format(n=count, linked=figures.linked, limit=shown)
        stops.append(SafetyStop(guard, f"the run {text}"))
    if figures.losses and "losses" not in allowed:
        text = "more is lost than the mapping accepts: " + "; ".join(figures.losses)
        hint = "accept it in [losses] of the mapping, or add --allow losses"
        stops.append(SafetyStop("losses", text, hint=hint))
    if figures.mapping_changed and "mapping-changed" not in allowed:
        text = "the mapping is not the one that linked records were carried under"
        hint = (
            "look at `caseferry migrate --from kore --dry-run`, then add "
            "--allow mapping-changed"
        )
        stops.append(SafetyStop("mapping-changed", text, hint=hint))
    return tuple(stops)


def _exceeds(count: int, limit: float, linked: int) -> bool:
    if 0 < limit < 1:
        return linked > 0 and count > limit * linked
    return count > limit
