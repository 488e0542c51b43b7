"""Figures that several pages show: actions, requests, losses, each with its bar."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from caseferry.model.action import WRITES, ActionKind
from caseferry.model.direction import NAMES
from caseferry.report.pages.markup import (
    Markup,
    bar,
    join,
    narrowing,
    table,
    tag,
    text,
    words_of,
)
from caseferry.report.text import number

ROLES: Final = ("case", "task", "opener")
HELD: Final = frozenset(
    {
        ActionKind.CONFLICT,
        ActionKind.WAITING,
        ActionKind.SET_ASIDE,
        ActionKind.QUARANTINE,
        ActionKind.UNCERTAIN,
    }
)
SYSTEMS: Final[Mapping[str, str]] = {str(s): name for s, name in NAMES.items()}
Counts = Mapping[str, Mapping[str, int]]
"""By entity or system, then by what is counted."""
_MEANINGS: Final = {
    ActionKind.CREATE: "made on the other side",
    ActionKind.UPDATE: "fields changed",
    ActionKind.COMPLETE: "finished",
    ActionKind.CLOSE: "closed",
    ActionKind.REOPEN: "opened again",
    ActionKind.NOTE: "told by a note",
    ActionKind.CONFLICT: "changed on both sides; somebody has to decide",
    ActionKind.WAITING: "not writable at present; tried again by itself",
    ActionKind.SET_ASIDE: "moved since it was planned",
    ActionKind.QUARANTINE: "cannot be carried as it is; listed with its cause",
    ActionKind.UNCERTAIN: "a write of which nobody knows whether it had an effect",
    ActionKind.UNCHANGED: "as it should be",
    ActionKind.OUT_OF_SCOPE: "does not take part",
}


def count_of(
    actions: Counts, kinds: frozenset[ActionKind], roles: Sequence[str] = ROLES
) -> int:
    """Give how many actions are of some kinds."""
    return sum(actions.get(role, {}).get(kind, 0) for role in roles for kind in kinds)


def verdict(state: str, word: str, sentence: str) -> Markup:
    """Give the answer in a sentence.

    Args:
        state: `good`, `held` or `stop`.
        word: what is seen first.
        sentence: the rest.
    """
    inner = join((tag("strong", text(word)), text(sentence)), " ")
    return tag("p", inner, {"class": f"verdict {state}", "id": "verdict"})


def chip(word: str, style: str) -> Markup:
    """Give a word with a mark of its own form and colour."""
    return tag("span", text(word), {"class": f"kind {style}"})


def action_figures(actions: Counts, written: str, *, linked: bool) -> Iterator[Markup]:
    """Give what happens, by kind and record.

    Args:
        actions: by role, then by kind.
        written: words for what is written: `would be written`.
        linked: figures lead to the records of the page.
    """
    most = max((count_of(actions, frozenset({kind})) for kind in ActionKind), default=0)
    rows = []
    for kind in ActionKind:
        counts = [actions.get(role, {}).get(kind, 0) for role in ROLES]
        if any(counts):
            rows.append(_action_row(kind, counts, most, linked=linked))
    if rows:
        yield _legend(written)
        header = ("kind", *(f"{role}s" for role in ROLES), "", "meaning")
        numbers = frozenset({1, 2, 3})
        yield table("Actions by kind and record", header, rows, numbers=numbers)
    else:
        yield tag("p", text("No record takes part."))
    customers = {k: n for k, n in actions.get("customer", {}).items() if n}
    if customers:
        said = ", ".join(f"{number(n)} {name}" for name, n in customers.items())
        yield tag("p", text(f"Customers: {said}."))


def _action_row(
    kind: ActionKind, counts: Sequence[int], most: int, *, linked: bool
) -> list[Markup]:
    style = _style(kind)
    shades, cells = [], []
    for role, count in zip(ROLES, counts, strict=True):
        shades.append((f"{style} {role}", count * 100 / most))
        words = number(count) if count else "·"
        is_link = linked and count > 0
        cells.append(narrowing(words, kind=kind, role=role) if is_link else text(words))
    name = chip(words_of(kind), style)
    return [name, *cells, bar(shades), text(_MEANINGS[kind])]


def _style(kind: ActionKind) -> str:
    if kind in WRITES:
        return "write"
    return "hold" if kind in HELD else "rest"


def _legend(written: str) -> Markup:
    names = (("write", written), ("hold", "held back"), ("rest", "left as is"))
    keys = (chip(words, f"{style} key-of") for style, words in names)
    shades = text("Darker is cases, lighter tasks, lightest openers.")
    return tag("p", join((*keys, shades), " "), {"class": "legend"})


def request_figures(
    requests: Counts, kinds: Sequence[str], drawn: Sequence[str]
) -> Markup:
    """Give requests by system.

    Args:
        requests: by system, then by kind.
        kinds: in the order of the columns.
        drawn: the kinds that make up the bar.
    """
    rows = []
    sums = [sum(asked.get(kind, 0) for kind in drawn) for asked in requests.values()]
    most = max(sums, default=0) or 1
    styles = ("rest case", "write case")[-len(drawn) :]
    for name, asked in requests.items():
        lengths = [asked.get(kind, 0) * 100 / most for kind in drawn]
        shades = zip(styles, lengths, strict=False)
        figures = [text(number(asked.get(kind, 0))) for kind in kinds]
        rows.append([text(SYSTEMS.get(name, name)), *figures, bar(shades)])
    numbers = frozenset(range(1, len(kinds) + 1))
    header = ("system", *kinds, "")
    return table("Requests by system", header, rows, numbers=numbers)


def loss_figures(
    losses: Mapping[str, int],
    accepted: Mapping[str, int | str] | None,
    *,
    linked: bool,
) -> Markup:
    """Give losses by rule against what the mapping accepts; None is not known."""
    if not losses:
        return tag("p", text("Nothing is lost."))
    limits = [n for n in (accepted or {}).values() if isinstance(n, int)]
    most = max(*losses.values(), *limits, 1)
    rows = [
        _loss_row(rule, count, accepted, most, linked=linked)
        for rule, count in sorted(losses.items())
    ]
    header: tuple[str, ...] = ("rule", "records", "accepted", "", "answer")
    if accepted is None:
        header, rows = header[:2] + header[3:4], [r[:2] + r[3:4] for r in rows]
    numbers = frozenset({1} if accepted is None else {1, 2})
    return table("Losses by rule", header, rows, numbers=numbers)


def _loss_row(
    rule: str,
    count: int,
    accepted: Mapping[str, int | str] | None,
    most: int,
    *,
    linked: bool,
) -> list[Markup]:
    limit = "any" if accepted is None else accepted.get(rule, 0)
    over = max(0, count - limit) if isinstance(limit, int) else 0
    mark = limit * 100 / most if isinstance(limit, int) else None
    shades = [("write case", (count - over) * 100 / most), ("stop", over * 100 / most)]
    word = f"{number(over)} more than accepted" if over else "accepted"
    return [
        narrowing(rule, loss=rule) if linked else text(rule),
        text(number(count)),
        text(number(limit) if isinstance(limit, int) else limit),
        bar(shades, mark),
        chip(word, "stop" if over else "good"),
    ]


def count_figures(title: str, counts: Mapping[str, int], what: str) -> Markup:
    """Give names with their counts."""
    rows = [[text(name), text(number(n))] for name, n in sorted(counts.items())]
    return table(title, (what, "records"), rows, numbers=frozenset({1}))


def blanks(*words: str) -> list[tuple[str, Markup]]:
    """Give lines to be filled in by hand."""
    line = tag("span", Markup("&#160;"), {"class": "blank"})
    return [(word, line) for word in words]
