"""A migration run, or a plan of one, as one screen of text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from caseferry.model.direction import NAMES, Direction
from caseferry.report.text import (
    duration,
    local_time,
    number,
    plural,
    table,
    visible,
    wrapped,
)

_ROWS: Final = (
    ("create", "created", "would be created"),
    ("update", "updated", "would be updated"),
    ("note", "told by a note", "would be told by a note"),
    ("finish", "finished", "would be finished"),
    ("reopen", "reopened", "would be reopened"),
    ("unchanged", "as is", "as is"),
    ("conflict", "in conflict", "in conflict"),
    ("waiting", "waiting", "waiting"),
    ("set_aside", "set aside", "set aside"),
    ("quarantine", "in quarantine", "would go to quarantine"),
    ("uncertain", "uncertain", "uncertain"),
    ("out_of_scope", "out of scope", "out of scope"),
)
_ALWAYS: Final = ("create", "update", "finish", "unchanged")
_HELD: Final = frozenset(
    {
        "conflict",
        "waiting",
        "set_aside",
        "quarantine",
        "uncertain",
        "out_of_scope",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What a system is asked for at most; None is no limit."""

    per_minute: int | None = None
    per_hour: int | None = None

    def seconds(self, requests: int) -> float | None:
        """Give how long so many requests take at least; None when nobody limits."""
        paces = [
            window / limit
            for window, limit in ((60, self.per_minute), (3600, self.per_hour))
            if limit is not None
        ]
        return max(paces) * requests if paces else None

    def __str__(self) -> str:
        """Spell the limit for a person."""
        parts = [
            f"{limit:,} {name}"
            for name, limit in (
                ("a minute", self.per_minute),
                ("an hour", self.per_hour),
            )
            if limit is not None
        ]
        return f"at {' and '.join(parts)}" if parts else "no limit configured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a summary is made of, beside the JSON data.

    Attributes:
        run: its number in the state.
        dry: nothing was written.
        accepted: by rule, how many losses the mapping accepts: a number or `any`; None
            where that is not known any more.
        rates: by system.
        causes: by (what was done, code), how many records.
        next_steps: commands to type next, with why.
    """

    data: Mapping[str, Any]
    run: int
    dry: bool = False
    accepted: Mapping[str, int | str] | None = None
    rates: Mapping[str, Rate] = field(default_factory=dict)
    causes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    next_steps: Sequence[str] = ()


def summary_lines(told: Told) -> list[str]:
    """Give the summary of a run or of its plan: one screen."""
    data = told.data
    what = "Plan" if told.dry else "Run"
    took = duration(data["duration_s"])
    way = Direction(data["direction"])
    lines = [f"{what} {told.run}: {way.words}, {took}", ""]
    lines += _counts(told)
    lines += [""]
    lines += _balance(data)
    lines += _customers(data["actions"], dry=told.dry)
    lines += _losses(told)
    lines += _stays_behind(data["stays_behind"])
    lines += _causes(told.causes)
    lines += _guards(data.get("guards", ()), dry=told.dry)
    lines += _mapping(data.get("mapping"))
    lines += _requests(told)
    if told.next_steps:
        lines += ["", *_next(told.next_steps)]
    return lines


def _counts(told: Told) -> list[str]:
    actions = told.data["actions"]
    way = Direction(told.data["direction"])
    verb = "looked at in" if way is Direction.TWO_WAY else "read from"
    rows = []
    for source in way.sources:
        read = told.data["read"][source]
        words = f"{verb} {NAMES[source]}"
        rows.append((words, number(read["case"]), number(read["task"])))
    for kind, done, planned in _ROWS:
        case, task = _of(actions["case"], kind), _of(actions["task"], kind)
        if case or task or kind in _ALWAYS:
            words = planned if told.dry else done
            rows.append((words, number(case), number(task)))
    left = told.data["left"]
    if left["case"] or left["task"]:
        rows.append(("left for later", number(left["case"]), number(left["task"])))
    return table(rows, ("", "cases", "tasks"), right=frozenset({1, 2}))


def _of(counts: Mapping[str, int], kind: str) -> int:
    if kind == "finish":
        return counts.get("close", 0) + counts.get("complete", 0)
    return counts.get(kind, 0)


def _balance(data: Mapping[str, Any]) -> list[str]:
    if data["balances"] is None:
        return ["  It ended early, so it is not balanced."]
    if data["balances"]:
        return ["  It balances: every record that was read is accounted for, once."]
    return wrapped(
        "It does not balance: not every record that was read is accounted for. This is "
        "a fault of caseferry; please report it with the output of "
        "`caseferry status --json`.",
        "  ",
    )


def _customers(actions: Mapping[str, Any], *, dry: bool) -> Iterator[str]:
    shown = {name: count for name, count in actions["customer"].items() if count}
    if shown:
        parts = ", ".join(f"{number(count)} {name}" for name, count in shown.items())
        yield from wrapped(f"customers: {parts}", "  ", "    ")
    opener = actions["opener"]
    if opener["create"] or opener["complete"]:
        verb = "to be made" if dry else "made"
        ended = "to be completed" if dry else "completed"
        yield (
            f"  openers: {number(opener['create'])} {verb}, "
            f"{number(opener['complete'])} {ended}"
        )


def _losses(told: Told) -> Iterator[str]:
    losses = told.data["losses"]
    if not losses:
        return
    yield "  not carried whole, by rule:"
    accepted = told.accepted
    rows = [
        (
            rule,
            number(count),
            "" if accepted is None else accepted_words(count, accepted.get(rule, 0)),
        )
        for rule, count in sorted(losses.items())
    ]
    yield from table(rows, right=frozenset({1}), indent="    ")


def accepted_words(count: int, limit: int | str) -> str:
    """Say how many losses of a rule were accepted, and whether these are too many."""
    beyond = limit != "any" and count > int(limit)
    return f"{limit} accepted{': too many' if beyond else ''}"


def _stays_behind(counts: Mapping[str, int]) -> Iterator[str]:
    if counts:
        parts = ", ".join(f"{name} {number(n)}" for name, n in sorted(counts.items()))
        yield from wrapped(f"stays behind: {parts}", "  ", "    ")


def _causes(causes: Mapping[tuple[str, str], int]) -> Iterator[str]:
    held = {key: count for key, count in causes.items() if key[0] in _HELD}
    if not held:
        return
    yield "  left alone, by cause:"
    ordered = sorted(held.items(), key=lambda item: (-item[1], item[0]))
    rows = [
        (kind.replace("_", " "), number(count), visible(code))
        for (kind, code), count in ordered
    ]
    yield from table(rows, right=frozenset({1}), indent="    ")


def _guards(guards: Sequence[Mapping[str, Any]], *, dry: bool) -> Iterator[str]:
    """Give each guard of a plan with its figure; of a run those that were passed."""
    shown = [g for g in guards if dry or (g["exceeds"] and g["allowed"])]
    if shown:
        yield "  guards:"
        rows = [(g["name"], number(g["figure"]), _limit(g)) for g in shown]
        yield from table(rows, right=frozenset({1}), indent="    ")


def _limit(guard: Mapping[str, Any]) -> str:
    if guard["limit"] is None:
        return "off"
    linked = " of what is linked" if guard["limit"].endswith("%") else ""
    words = f"at most {guard['limit']}{linked}"
    if not guard["exceeds"]:
        return words
    return f"{words}: passed by name" if guard["allowed"] else f"{words}: refuses"


def _mapping(mapping: Mapping[str, Any] | None) -> Iterator[str]:
    if mapping is None:
        return
    accepted = mapping["accepted"]
    text = f"mapping {mapping['digest']}, "
    if accepted is None:
        text += "accepted by nobody (`caseferry mapping accept --by NAME`)"
    else:
        text += f"accepted by {accepted['by']} on {local_time(accepted['at'])}"
    yield from wrapped(text, "  ", "    ")


def _requests(told: Told) -> Iterator[str]:
    for system, name in NAMES.items():
        counts = told.data["requests"][system]
        rate = told.rates.get(system, Rate())
        sent = plural(counts["sent"], "request")
        again = (
            f", {number(counts['retried'])} of them again" if counts["retried"] else ""
        )
        if not told.dry or not counts["planned"]:
            yield f"  {name}: {sent} sent{again}"
            continue
        takes = rate.seconds(counts["planned"])
        planned = plural(counts["planned"], "request")
        yield f"  {name}: {sent} sent{again} to read; to write about"
        cost = str(rate) if takes is None else f"{rate}: {duration(takes)}"
        yield f"    {planned}, {cost}"


def _next(steps: Sequence[str]) -> Iterator[str]:
    yield "Next:"
    for step in steps:
        yield from wrapped(step, "  ", "    ")
