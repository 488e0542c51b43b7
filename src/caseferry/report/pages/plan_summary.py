"""The part of a plan's page that is read first; it needs no script."""

from collections.abc import Iterator
from shlex import quote
from typing import Final

from caseferry.model.action import WRITES, ActionKind
from caseferry.planfile.shape import GuardFigure, Header
from caseferry.report.pages.figures import (
    HELD,
    SYSTEMS,
    action_figures,
    blanks,
    chip,
    count_figures,
    count_of,
    loss_figures,
    request_figures,
    verdict,
)
from caseferry.report.pages.markup import (
    Markup,
    facts,
    join,
    section,
    table,
    tag,
    text,
    tiles,
)
from caseferry.report.text import duration, number, plural

_CARRIED: Final = ("case", "task")
_DONE: Final = {
    "changed": frozenset({ActionKind.UPDATE}),
    "told by a note": frozenset({ActionKind.NOTE}),
    "finished": frozenset({ActionKind.COMPLETE, ActionKind.CLOSE}),
    "reopened": frozenset({ActionKind.REOPEN}),
}
_GUARDED: Final = {
    "max-creates": "records made",
    "max-changes": "linked records that change",
    "max-closed": "linked cases closed",
    "max-reopened": "cases opened again",
    "max-reprioritised": "linked records with another priority",
    "max-not-seen": "linked records that are not shown any more",
    "losses": "rules that lose more than the mapping accepts",
    "mapping-changed": "linked under a mapping that was changed since",
    "ids-unknown": "names whose id in Kore is not known",
    "unlinked": "records on both sides, and no link between them",
}
"""What each guard counts."""
_ASKED: Final = ("reading", "writing")
_ROUTES: Final = {
    "kore-to-casemgr": ("Kore", "casemgr"),
    "casemgr-to-kore": ("casemgr", "Kore"),
    "two-way": ("one side", "the other"),
}


def plan_title(header: Header) -> str:
    """Give the page's title."""
    if header.direction == "two-way":
        return "Plan: Kore and casemgr, both ways"
    source, target = _ROUTES[header.direction]
    return f"Plan: from {source} to {target}"


def sides(header: Header) -> tuple[str, str]:
    """Name where values come from and where they go."""
    return _ROUTES[header.direction]


def plan_summary(header: Header) -> Markup:
    """Give the verdict, the figures, what would happen, cost, guards and losses."""
    happens = action_figures(header.actions, "would be written", linked=True)
    losses = loss_figures(header.losses, header.accepted, linked=True)
    parts = [
        verdict(*_answer(header)),
        _about(header),
        _tiles(header),
        section("actions", "What would happen", *happens),
        section("cost", "Requests and time", *_cost(header)),
        section("guards", "Guards", *_guards(header)),
        section("losses", "Losses", losses),
    ]
    if header.stays_behind:
        title = "Not carried, and still where it was"
        behind = count_figures(title, header.stays_behind, "what")
        parts.append(section("behind", "What stays behind", behind))
    return join([*parts, Markup("")], "\n")


def _answer(header: Header) -> tuple[str, str, str]:
    writes, held = count_of(header.actions, WRITES), count_of(header.actions, HELD)
    if not header.balances:
        said = "Not every record that was read has an action. This is a bug: report it."
        return "stop", "Do not carry this out.", said
    refusing = [guard for guard in header.guards if guard.refuses]
    if refusing:
        names = " and ".join(guard.name for guard in refusing)
        allow = " ".join(f"--allow {guard.name}" for guard in refusing)
        verb = "refuses" if len(refusing) == 1 else "refuse"
        said = f"{names} {verb}. With {allow}: {_effort(header)}."
        return "stop", "Nothing would be written:", said
    if not writes:
        said = f"Everything is as it should be; {_held_words(held)}."
        return "held" if held else "good", "Nothing to write.", said
    said = f"{_effort(header)}; {_held_words(held)}."
    passed = [guard.name for guard in header.guards if guard.allowed]
    if passed:
        said += f" Passed by name: {' and '.join(passed)}."
    return "held" if held or passed else "good", "Would be written:", said


def _effort(header: Header) -> str:
    """Say what is written, by how many requests, and how long that takes."""
    made = [
        plural(header.actions.get(role, {}).get(ActionKind.CREATE, 0), role)
        for role in _CARRIED
        if header.actions.get(role, {}).get(ActionKind.CREATE)
    ]
    parts = [f"{' and '.join(made)} made"] if made else []
    for words, kinds in _DONE.items():
        count = count_of(header.actions, kinds, _CARRIED)
        if count:
            parts.append(f"{plural(count, 'record')} {words}")
    sent = sum(asked.get("writing", 0) for asked in header.requests.values())
    return (
        f"{', '.join(parts) or 'openers only'}; {plural(sent, 'request')}"
        f"{_time(header, ', about {} with the reading', '')}"
    )


def _time(header: Header, words: str, otherwise: str) -> str:
    """Put the time into words; nobody limits the rate where it is 0."""
    if not header.duration_s:
        return otherwise
    return words.format(duration(header.duration_s))


def _held_words(held: int) -> str:
    if not held:
        return "nothing is held back, and everything balances"
    return f"{plural(held, 'record is', 'records are')} held back; everything balances"


def _about(header: Header) -> Markup:
    pair = header.pair
    rows = [
        ("Kore", text(f"{pair.kore_stream}, account {pair.kore_account}")),
        ("casemgr", text(pair.casemgr_tenant)),
        ("Digest", tag("code", text(header.digest))),
    ]
    made = header.made
    if made is not None:
        who = f" by {made.user}" if made.user else ""
        host = f" on {made.host}" if made.host else ""
        said = f"{made.created}{who}{host}, caseferry {made.version}"
        rows.append(("Made", text(said)))
    scope = [*header.scope.only]
    if header.scope.limit is not None:
        scope.append(f"at most {plural(header.scope.limit, 'case')}")
    if scope:
        rows.append(("Only", text(", ".join(scope))))
    if header.redacted:
        said = "values are hidden; equal fingerprints stand for equal values"
        rows.append(("Redacted", text(said)))
    return facts(rows)


def _tiles(header: Header) -> Markup:
    asked = header.requests
    sent = sum(n for kinds in asked.values() for n in kinds.values())
    read = sum(n for kinds in header.read.values() for n in kinds.values())
    as_is = count_of(header.actions, frozenset({ActionKind.UNCHANGED}))
    lost = sum(header.losses.values())
    writes, held = count_of(header.actions, WRITES), count_of(header.actions, HELD)
    return tiles(
        [
            (number(read), "records read", _list_of(header.read)),
            (number(writes), "writes", _made(header)),
            (number(held), "held back", "with a reason each"),
            (number(as_is), "as they are", "need no request"),
            (number(lost), "losses", f"by {plural(len(header.losses), 'rule')}"),
            (_time(header, "{}", "–"), "time", f"{number(sent)} requests"),
        ]
    )


def _list_of(read: dict[str, dict[str, int]]) -> str:
    parts = [
        f"{SYSTEMS.get(name, name)} {number(sum(kinds.values()))}"
        for name, kinds in read.items()
        if sum(kinds.values())
    ]
    return ", ".join(parts)


def _made(header: Header) -> str:
    create = count_of(header.actions, frozenset({ActionKind.CREATE}))
    return f"{plural(create, 'record')} made"


def _cost(header: Header) -> Iterator[Markup]:
    yield request_figures(header.requests, _ASKED, _ASKED)
    words = "About {} at the configured rates, reading again included."
    otherwise = "No rate is configured, so no time is foretold."
    yield tag("p", text(_time(header, words, otherwise)))


def _guards(header: Header) -> Iterator[Markup]:
    if not header.guards:
        yield tag("p", text("No guard is configured."))
        return
    rows = []
    for guard in header.guards:
        word, style = _guard_word(guard)
        rows.append(
            [
                tag("code", text(guard.name)),
                text(number(guard.figure)),
                text("off" if guard.limit is None else guard.limit),
                chip(word, style),
                text(_guard_meaning(guard)),
            ]
        )
    yield table(
        "Guards with their figures",
        ("guard", "this plan", "limit", "answer", "meaning"),
        rows,
        numbers=frozenset({1, 2}),
    )


def _guard_meaning(guard: GuardFigure) -> str:
    if guard.refuses or guard.allowed:
        return guard.words
    return _GUARDED.get(guard.name, "")


def _guard_word(guard: GuardFigure) -> tuple[str, str]:
    if guard.refuses:
        return "refuses", "stop"
    if guard.allowed:
        return "passed by name", "hold"
    return ("off", "rest") if guard.limit is None else ("lets pass", "good")


def sign_off(header: Header, file_name: str) -> Markup:
    """Give what somebody signs, and the command that carries out what was signed."""
    name = quote(file_name or "FILE")
    over = [f" --allow {g.name}" for g in header.guards if g.refuses or g.allowed]
    command = f"caseferry apply {name} --digest {header.digest}{''.join(over)}"
    lines = facts(blanks("Name", "Date", "Signature"))
    said = tag("p", text("This carries out exactly this plan, and refuses any other:"))
    digests = facts(
        [
            ("Mapping", tag("code", text(header.mapping))),
            ("Guards and scope", tag("code", text(header.policy))),
            ("Configuration", tag("code", text(header.configuration))),
        ]
    )
    code = tag("pre", tag("code", text(command)), {"tabindex": "0"})
    return section("sign", "Sign-off", said, code, digests, lines)
