"""Pages as text: what is in them, what reads without a script, what is cut."""

import random
import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest

from caseferry.model.action import ActionKind
from caseferry.planfile.shape import Change, GuardFigure, Header, Lost, Redacted
from caseferry.report.pages.chunks import Chunks
from caseferry.report.pages.flow_counts import Flows
from caseferry.report.pages.plan_page import MOST, SAMPLE, plan_page
from caseferry.report.pages.run_page import run_page
from caseferry.report.pages.tables_page import tables_page
from caseferry.report.pages.values import Cutter
from caseferry.report.pages.verify_page import verify_page
from caseferry.report.verified import Proof
from report.builders import (
    HOSTILE,
    action,
    chunks_in,
    drawn,
    header_of,
    hidden,
    records_in,
)

GOLDEN = """\
caseferry Plan
Plan: from Kore to casemgr
Would be written:
1 task made, 1 record changed, 1 record finished; 250 requests, about 1 h 7 min with \
the reading; 1 record is held back; everything balances.
Kore
st-1, account a-1
casemgr
care
Digest
4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c
Made
2026-01-02T03:04:05Z by anna, caseferry 0.1.0
records read
67
Kore 60, casemgr 7
writes
3
1 record made
held back
1
with a reason each
as they are
1
need no request
losses
1
by 1 rule
time
1 h 7 min
266 requests
What would happen
"""


class Reader(HTMLParser):
    """Collects the elements of a page, and the text outside style and script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.lines: list[str] = []
        self._silent = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._silent = tag in ("style", "script", "title")

    def handle_endtag(self, tag: str) -> None:
        self._silent = self._silent and tag == "span"

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._silent:
            self.lines.append(data.strip())


def page_of(header: Header, lines: Sequence[Any], file_name: str = "p.jsonl") -> str:
    return "".join(plan_page(header, lines, file_name=file_name))


@pytest.fixture(scope="module")
def small() -> str:
    lines = [
        action(1, ActionKind.CREATE, losses=(Lost(rule="subject-cut", field="title"),)),
        action(2),
        action(3, ActionKind.COMPLETE),
        action(4, ActionKind.WAITING),
        action(5, ActionKind.UNCHANGED),
    ]
    return page_of(header_of(lines), lines)


def test_the_summary_reads_without_a_script(small: str) -> None:
    """The answer, then what it comes to; a change of words is looked at."""
    text = "\n".join(Reader(small).lines)

    start = text.index("caseferry")
    assert text[start:].replace("caseferry\nPlan", "caseferry Plan").startswith(GOLDEN)


def test_a_page_names_nothing_outside_itself(small: str) -> None:
    """No element loads anything; the policy allows one style and one script."""
    tags = Reader(small).tags
    policy = next(a["content"] for t, a in tags if t == "meta" and "content" in a)

    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not re.search(r"(https?:)?//", re.sub(r"// .*", "", small))
    for name, attributes in tags:
        assert name not in ("link", "img", "iframe", "object", "base", "form ")
        assert not {"src", "style", "action", "srcset"} & attributes.keys()
        assert not any(key.startswith("on") for key in attributes)
        assert (attributes.get("href") or "#").startswith("#")


@pytest.mark.parametrize("name", ["plan", "verify", "run", "tables"])
def test_hostile_contents_make_no_element(name: str) -> None:
    """With hostile contents a page has the elements that it has with tame ones."""

    def shape(texts: Sequence[str]) -> list[str]:
        page = "".join(page_pieces(name, texts))
        return [tag for tag, _ in Reader(page).tags if tag != "span"]

    tame = [f"tame {at}" for at, _ in enumerate(HOSTILE)]

    assert shape(HOSTILE) == shape(tame)


def page_pieces(name: str, texts: Sequence[str]) -> Iterator[str]:
    if name == "plan":
        lines = [
            action(
                at,
                name=text,
                changes=(Change(name="priority", after="1", source=f"{at}{text}"),),
                losses=(Lost(rule=text, field=text),),
            )
            for at, text in enumerate(texts[:10], 1)
        ]
        guard = GuardFigure(name=texts[0], figure=1, limit=texts[1], refuses=True)
        stays = {f"{at}{text}": 1 for at, text in enumerate(texts)}
        header = header_of(lines, guards=(guard,), stays_behind=stays)
        return plan_page(header, lines, file_name=texts[1])
    if name == "verify":
        return verify_page(_proof(texts))
    if name == "run":
        run = {
            "number": 3,
            "command": texts[0],
            "started": texts[1],
            "ended": None,
            "exit_code": None,
            "inputs": {f"{at}{text}": text for at, text in enumerate(texts)},
            "summary": {},
        }
        return run_page(run, [_entry(text) for text in texts], end=texts[0])
    return tables_page(texts[0], texts[1], [(t, (t, t), [(t, t)]) for t in texts])


def _proof(texts: Sequence[str]) -> Proof:
    counts = dict.fromkeys(
        ("source", "pairs", "equal", "accepted_loss", "different", "missing", "twice"),
        3,
    ) | {"uncertain": 0, "set_aside": 0, "out_of_scope": 0}
    differences = [
        SimpleNamespace(
            key=f"kore:{text}",
            counterpart=text,
            field=text,
            kore=text,
            casemgr=(text, text),
            reason=text,
            verdict="different",
        )
        for text in texts
    ]
    data = {
        "direction": "kore-to-casemgr",
        "case": counts,
        "task": counts,
        "balances": True,
        "explained": False,
        "complete": False,
        "losses": {f"{at}{text}": 1 for at, text in enumerate(texts)},
        "accepted": {f"{at}{text}": 0 for at, text in enumerate(texts)},
        "reported": {texts[0]: 2},
        "stays_behind": {f"{at}{text}": 1 for at, text in enumerate(texts)},
        "stays_behind_records": {"case": 1, "task": 2},
        "pairs_by_key": 4,
        "pairs_by_link": 2,
        "pair": dict.fromkeys(("kore_account", "kore_stream", "casemgr_tenant"), "x"),
        "mapping": {"digest": texts[0], "accepted": None},
        "scope": {"only": list(texts), "sample": None},
        "configuration": "c",
        "requests": {"kore": 3, "casemgr": 4},
        "began": "2026-01-02T03:04:05Z",
        "ended": "2026-01-02T03:04:06Z",
        "duration_s": 1.0,
    } | dict.fromkeys(("version", "user", "host"), texts[0])
    return Proof(data=data, differences=differences, run=7)


def _entry(text: str) -> dict[str, str]:
    named = ("kind", "role", "kore", "casemgr", "correlation", "department", "fields")
    return dict.fromkeys((*named, "state", "detail", "at"), text)


def test_a_page_holds_every_action_whole() -> None:
    """Up to 20,000 actions each is there with all its values, in their order."""
    plan = drawn(400, seed=5)
    rows = records_in(page_of(plan.header, plan.lines))

    assert [row["order"] for row in rows] == [line.order for line in plan.lines]
    for row, line in zip(rows, plan.lines, strict=True):
        assert (row["kind"], row["key"], row["name"]) == (
            line.kind,
            line.key,
            line.name,
        )
        given = [[c.name, c.before, c.after] for c in line.changes]
        assert [
            [name, before, tuple(after) if isinstance(after, list) else after]
            for name, before, after, *_ in row.get("changes", [])
        ] == given


def test_a_large_plan_shows_every_exception_and_a_sample() -> None:
    """Held records and losses are all there, others up to 50 of each; it says where."""
    held = {3, 9_000, 20_500}
    lost = {4, 10_000, 20_501}

    def line(order: int) -> Any:
        kind = ActionKind.QUARANTINE if order in held else ActionKind.UPDATE
        losses = (Lost(rule="subject-cut", field="title"),) if order in lost else ()
        return action(order, kind, losses=losses)

    lines = [line(order) for order in range(1, MOST + 1_001)]
    page = page_of(header_of(lines), lines, "night.jsonl")
    orders = [row["order"] for row in records_in(page)]

    assert held | lost <= set(orders)
    assert SAMPLE <= len(orders) <= SAMPLE + len(held | lost)
    assert max(orders) - min(orders) > MOST * 0.9
    assert f"{len(orders)} of 21,000 actions" in page
    assert "All of them are in night.jsonl" in page


def test_pieces_leave_before_the_last_action_is_read() -> None:
    """Memory stays flat: what is full goes out, and the summary goes first."""
    plan = drawn(900, seed=6)
    taken = 0

    def lines() -> Iterator[Any]:
        nonlocal taken
        for line in plan.lines:
            taken += 1
            yield line

    seen: list[int] = []
    for piece in plan_page(plan.header, lines(), file_name="p.jsonl"):
        seen.append(taken)
        if 'class="chunk"' in piece:
            assert len(piece) < 600_000

    assert seen[:2] == [0, 0]
    assert len([n for n in seen if 0 < n < 900]) >= 2


def test_texts_without_an_end_stay_within_the_budget() -> None:
    """Values become shorter as bytes run out; each says what is left out."""
    seed = random.randrange(10**6)  # noqa: S311
    print(f"seed {seed}")
    lot = random.Random(seed)  # noqa: S311
    chunks = Chunks(3_000, budget=1_000_000)
    pieces: list[str] = []
    for at in range(3_000):
        cutter = chunks.cutter()
        value = cutter.one(lot.randbytes(1_500).hex())
        pieces += chunks.add({"at": at, "value": value}, is_cut=cutter.has_cut)
    pieces += chunks.rest()
    size = sum(map(len, pieces))
    rows = [row for piece in pieces for rows in chunks_in(piece) for row in rows]

    assert len(rows) == 3_000
    assert size < 2_000_000
    assert rows[-1]["value"]["of"] == 3_000
    assert len(rows[-1]["value"]["cut"]) < 3_000
    assert chunks.cut > 1_000


def test_what_is_cut_still_holds_the_first_difference() -> None:
    """Both sides begin shortly before it, and say how far in."""
    before = "x" * 5_000 + "old" + "y" * 5_000
    after = "x" * 5_000 + "new" + "y" * 5_000
    cutter = Cutter(200)
    left, right = cutter.pair(before, after)

    assert ("old" in left["cut"], "new" in right["cut"]) == (True, True)
    assert left["from"] == right["from"] == 4_950
    assert left["of"] == 10_003
    assert cutter.has_cut
    assert Cutter(WIDE).pair("a", "b") == ("a", "b")
    assert Cutter(WIDE).pair(None, ("a", "b")) == (None, ["a", "b"])
    assert Cutter(WIDE).one(Redacted(redacted="ab")) == {"hidden": "ab"}


WIDE = 100


def test_priorities_flow_from_names_to_numbers() -> None:
    """Every number has its place; names stand in the order of where they go."""
    flows = Flows()
    for order, (name, number) in enumerate(
        [("Low", "5"), ("High", "2"), ("Critical", "1"), ("High", "2"), ("High", "3")]
    ):
        change = Change(name="priority", after=number, source=name)
        flows.add(action(order, changes=(change,)))
    flows.add(action(9, changes=(Change(name="severity", after="high", source="Big"),)))
    flows.add(action(9, changes=(Change(name="status", after="open"),)))
    priority, severity = flows.figures()

    assert priority.left == ("Critical", "High", "Low")
    assert priority.right == tuple("1234567")
    assert priority.counts[("High", "2")] == 2
    assert priority.total("High", side=0) == 3
    assert (severity.left, severity.right) == (("Big",), ("high",))


def test_a_guard_that_was_passed_by_name_is_told_to_who_signs() -> None:
    """In the first sentence, in its row, and in the command that carries it out."""
    lines = [action(1)]
    words = "the run would close 41 linked cases, more than 20"
    guard = GuardFigure(
        name="max-closed",
        figure=41,
        limit="20",
        refuses=False,
        allowed=True,
        words=words,
    )

    text = Reader(page_of(header_of(lines, guards=(guard,)), lines)).lines

    assert any("Passed by name: max-closed." in line for line in text)
    assert {"passed by name", words} <= set(text)
    assert any(line.endswith("--allow max-closed") for line in text)


def test_a_guard_that_refuses_is_the_answer() -> None:
    """It comes first, with what passes it."""
    lines = [action(1)]
    guard = GuardFigure(name="max_closed", figure=41, limit="20", refuses=True)
    text = Reader(page_of(header_of(lines, guards=(guard,)), lines)).lines

    assert "Nothing would be written:" in text
    assert any("With --allow max_closed: 1 record changed" in line for line in text)


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"balances": False}, "Do not carry this out."),
        ({"actions": {"case": {"unchanged": 3}}}, "Nothing to write."),
    ],
)
def test_the_answer_follows_from_the_figures(more: dict[str, Any], word: str) -> None:
    """A plan that does not balance is a bug, one without writes is an end."""
    lines = [action(1)]

    assert word in Reader(page_of(header_of(lines, **more), lines)).lines


def test_hidden_values_stay_hidden() -> None:
    """A redacted plan's page holds fingerprints and no value."""
    line = hidden(action(1, changes=(Change(name="priority", after="secret"),)))
    page = page_of(header_of([line], redacted=True), [line])
    (row,) = records_in(page)

    assert row["changes"][0][2] == {"hidden": "fed321abc0987654"}
    assert "values are hidden" in page


def test_the_same_plan_gives_the_same_page() -> None:
    """No time, no order of a set."""
    plan = drawn(60, seed=8)

    assert page_of(plan.header, plan.lines) == page_of(plan.header, plan.lines)


def test_verification_shows_each_pair_once_and_what_it_rests_on() -> None:
    """Differences of one pair stand together."""
    proof = _proof(["a", "b"])
    twice = [*proof.differences[:1], *proof.differences]
    page = "".join(verify_page(Proof(data=proof.data, differences=twice, run=7)))
    rows = records_in(page)

    assert [len(row["changes"]) for row in rows] == [2, 1]
    assert "Not everything is explained." in page
    assert page.count("Not everything is explained.") == 1
    assert "Pairs: 4 by key, 2 by link alone." in page
    assert "A listing moved" in page
