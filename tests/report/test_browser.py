"""Pages in a real Chromium: they open, narrow, compare, print, and run nothing else."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from caseferry.model.action import ActionKind
from caseferry.planfile.shape import ActionLine, Change
from caseferry.report.pages.plan_page import plan_page
from report.builders import HOSTILE, Drawn, action, drawn, header_of, hidden
from report.test_pages import page_pieces
from report.window import Window, chromium, opened

pytestmark = pytest.mark.browser
DRAWN = 280
DARK = {"color_scheme": "dark"}
WIDE = {"viewport": {"width": 1280, "height": 900}}
NARROW = {"viewport": {"width": 360, "height": 740}}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def plan() -> Drawn:
    seed = random.randrange(10**6)  # noqa: S311
    print(f"seed {seed}")
    return drawn(DRAWN, seed, size=600)


@pytest.fixture(scope="module")
def window(
    browser: Browser, plan: Drawn, tmp_path_factory: pytest.TempPathFactory
) -> Window:
    """The page of a plan, hostile records included; tests only choose in it."""
    pieces = plan_page(plan.header, plan.lines, file_name="p.jsonl")
    return opened(browser, tmp_path_factory.mktemp("plan"), pieces)


@pytest.fixture(autouse=True)
def _afresh(request: pytest.FixtureRequest) -> None:
    if "window" in request.fixturenames:
        request.getfixturevalue("window").show_all()


def small(browser: Browser, folder: Path, *lines: ActionLine, **more: Any) -> Window:
    pieces = plan_page(header_of(lines), lines, file_name="p.jsonl")
    return opened(browser, folder, pieces, **more)


def test_it_opens_from_disk_and_asks_nobody(window: Window) -> None:
    """Every record is there; the file itself is the only thing that was loaded."""
    assert window.count == f"{DRAWN} actions"
    assert len(window.shown) == 50
    assert [url.rpartition("/")[2] for url in window.asked] == ["page.html"]
    assert window.said == []


def test_hostile_records_are_text(window: Window) -> None:
    """No script ran, no element came of them, and what acts unseen is spelled out."""
    text = window.page.inner_text("#list")
    inside = window.run(
        "[...new Set([...document.querySelectorAll('#list *')].map(e => e.localName))]"
    )
    links = window.run("[...document.querySelectorAll('a')].map(a => a.protocol)")

    assert window.run("window.hacked") is None
    assert not {"script", "img", "iframe", "a", "form", "style", "meta"} & set(inside)
    assert set(links) == {"file:"}
    for hostile in HOSTILE:
        if hostile.isascii() and hostile.isprintable():
            assert hostile in text
    for spelled in (r"\x1b[31m", r"nul\x00byte", r"abc\u202egpj", r"\u2028", r"\ufeff"):
        assert spelled in text
    assert not {"\x1b", "\x00", "\u202e", "\u2066", "\u2028"} & set(text)


Wanted = Callable[[ActionLine], bool]
CHOICES: dict[str, tuple[str, Wanted]] = {
    "kind": ("update", lambda line: line.kind is ActionKind.UPDATE),
    "role": ("case", lambda line: line.role == "case"),
    "field": ("priority", lambda line: "priority" in {c.name for c in line.changes}),
    "loss": (
        "subject-cut",
        lambda line: "subject-cut" in {loss.rule for loss in line.losses},
    ),
    "cause": ("both-changed", lambda line: line.code == "both-changed"),
}


@pytest.mark.parametrize("facet", CHOICES)
def test_each_filter_shows_what_it_names(
    window: Window, plan: Drawn, facet: str
) -> None:
    """The number is the one that counting the plan gives; two filters narrow both."""
    value, wanted = CHOICES[facet]
    own = [line for line in plan.lines if wanted(line)]
    window.choose(facet, value)

    assert window.count == f"{len(own)} of {DRAWN} actions"
    assert len(window.shown) == min(50, len(own))

    other = "role" if facet != "role" else "kind"
    value, narrower = CHOICES[other]
    window.choose(other, value)

    assert window.count == f"{len(list(filter(narrower, own)))} of {DRAWN} actions"


def test_a_search_looks_into_every_text(window: Window, plan: Drawn) -> None:
    """Old and new values, names and reasons; what was found is marked."""
    line = next(line for line in plan.lines if len(line.changes) == 2)
    word = max(str(line.changes[0].after).split(), key=len)
    texts = [repr(line) for line in plan.lines]
    window.search(word.upper())

    assert window.count == f"{sum(word in t for t in texts)} of {DRAWN} actions"

    window.search("have this e-mail")

    assert "customer-ambiguous" in window.page.inner_text("#list")
    assert window.run("CSS.highlights.get('found').size") > 0

    window.search("nothing is like this")

    assert window.count == f"0 of {DRAWN} actions"
    assert "No actions are like that." in window.page.inner_text("#list")


def test_a_figure_leads_to_its_records(window: Window, plan: Drawn) -> None:
    """From the matrix of priorities, and from the counts by kind."""
    wanted = Change(name="priority", before="4", after="2", source="High")
    own = [
        line
        for line in plan.lines
        if line.role == "task"
        for change in line.changes
        if (change.name, change.after, change.source) == ("priority", "2", "High")
    ]
    link = f'[data-flow="task {wanted.name}"][data-from="High"][data-to="2"]'
    window.page.click(link)
    window.settle()

    assert window.count == f"{len(own)} of {DRAWN} actions"

    window.page.click("#chips button")
    window.settle()

    assert window.count == f"{DRAWN} actions"

    window.page.click('[data-kind="note"][data-role="task"]')
    window.settle()

    assert {heading.split()[0] for heading in window.shown} == {"note"}


def test_pages_are_turned_and_told(window: Window) -> None:
    """50 at a time; the focus goes to what came."""
    first = window.shown
    window.page.click("#next")
    window.settle()

    assert window.page.inner_text("#where") == f"51 to 100 of {DRAWN}"
    assert not set(first) & set(window.shown)
    assert window.run("document.activeElement.id") == "list"

    window.page.click("#last")
    window.settle()

    assert window.page.is_disabled("#next")


def test_the_keyboard_is_enough(browser: Browser, tmp_path: Path) -> None:
    """Skip, search, choose and unfold without a mouse."""
    before, after = "word " * 300, "word " * 150 + "other " + "word " * 150
    change = Change(name="content.text", before=before, after=after)
    lines = [action(1, changes=(change,)), action(2, ActionKind.CREATE)]
    window = small(browser, tmp_path, *lines)
    keys = window.page.keyboard

    keys.press("Tab")
    assert window.run("document.activeElement.textContent").startswith("Skip")

    window.page.focus("#words")
    keys.type("content")
    keys.press("Enter")
    window.settle()
    assert window.count == "1 of 2 actions"

    for _ in range(12):
        keys.press("Tab")
        if window.run("document.activeElement.matches('article button.small')"):
            break
    keys.press("Enter")

    focused = "document.activeElement"
    assert window.run(f"{focused}.getAttribute('aria-expanded')") == "true"
    assert window.run(f"getComputedStyle({focused}).outlineStyle") == "solid"
    assert "characters alike" not in window.page.inner_text("article")


def test_words_that_differ_are_marked(browser: Browser, tmp_path: Path) -> None:
    """Old beside new, what is alike folded, hidden values as what they are."""
    long = "alike " * 200
    change = Change(
        name="desc", before=f"{long}red lamp", after=f"{long}blue lamp", source="x"
    )
    tags = Change(name="tags", before=("vip", "old"), after=("vip", "new"))
    secret = hidden(action(2, changes=(Change(name="subject", after="secret"),)))
    window = small(browser, tmp_path, action(1, changes=(change, tags)), secret)
    text = window.page.inner_text("#list")

    assert window.page.locator("del").all_inner_texts() == ["red", "old"]
    assert window.page.locator("ins").all_inner_texts() == ["blue", "new"]
    assert "characters alike" in window.page.inner_text(".old .gap")
    assert text.count("hidden (") == 2
    assert "hidden (fed321abc098…)" in text


def test_what_is_alike_and_what_is_not_make_up_both_texts(window: Window) -> None:
    """Of any two texts; and what is alike is not less than a half where it could be."""
    seed = random.randrange(10**6)  # noqa: S311
    print(f"seed {seed}")
    lot = random.Random(seed)  # noqa: S311
    alphabet = ["a", "b", "cc", " ", "  ", "\n", "é", "日本", "👩‍👧", ".", "\ud83d"]
    pairs = [
        ["".join(lot.choices(alphabet, k=lot.randint(0, 40))) for _ in range(2)]
        for _ in range(300)
    ]
    ends = [["same " * 900, "other " * 900], ["", "x"], ["a b", "a b"]]
    found = window.run(
        """pairs => pairs.map(([a, b]) => {
            const parts = compareTexts(a, b);
            const side = (kind) => parts.filter((p) => p[0] !== kind).map((p) => p[1]);
            return side(CAME).join("") === a && side(GONE).join("") === b;
        })""",
        pairs + ends,
    )

    assert all(found)
    assert window.run("compareTexts('one two three', 'one 2 three')") == [
        [0, "one "],
        [1, "two"],
        [2, "2"],
        [0, " three"],
    ]


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("plan", {}),
        ("plan", DARK),
        ("plan", NARROW),
        ("verify", DARK),
        ("verify", NARROW),
        ("run", {}),
        ("tables", DARK),
    ],
)
def test_axe_finds_nothing(
    browser: Browser, tmp_path: Path, name: str, more: dict[str, Any]
) -> None:
    """Contrast, names, roles, headings and landmarks, in each guise of each page."""
    window = opened(browser, tmp_path, page_pieces(name, HOSTILE[:6]), **more)

    assert window.violations() == []
    assert window.said == []
    assert window.run("window.hacked") is None
    assert window.run("document.documentElement.scrollWidth <= window.innerWidth"), (
        "wider than the window"
    )
    window.page.close()


def test_axe_finds_nothing_in_what_was_found(window: Window) -> None:
    """Diffs, folds and marks included."""
    window.choose("field", "content.text")
    window.search("kore:ti-00010")
    window.page.locator("article button.small").first.click()

    assert 0 < len(window.shown) < 20
    assert window.violations() == []


def test_it_prints_the_summary_and_what_is_chosen(window: Window) -> None:
    """At most 200 records, and a line that says so; the window is as before after."""
    window.run("window.dispatchEvent(new Event('beforeprint'))")
    many = window.page.locator("article").count()
    said = window.page.text_content(".printed") or ""
    window.run("window.dispatchEvent(new Event('afterprint'))")
    window.settle()

    assert many == 200
    assert said.startswith(f"Printed are the first 200 of {DRAWN} actions.")
    assert len(window.shown) == 50

    window.choose("cause", "both-changed")
    file = window.page.pdf(format="A4")

    assert file.startswith(b"%PDF")
    assert file.count(b"/Type /Page\n") + file.count(b"/Type /Page ") != 0


def test_nothing_is_cut_off_on_paper(
    browser: Browser, plan: Drawn, tmp_path: Path
) -> None:
    """Tables that scroll in a window fit the width of an A4 page."""
    pieces = plan_page(plan.header, plan.lines, file_name="p.jsonl")
    window = opened(browser, tmp_path, pieces, viewport={"width": 680, "height": 900})
    window.page.emulate_media(media="print")
    wide = window.run(
        """() => [...document.querySelectorAll(".wide")]
            .filter((one) => one.scrollWidth > one.clientWidth + 1)
            .map((one) => one.getAttribute("aria-label"))"""
    )

    assert wide == []


def test_without_scripts_the_summary_reads(browser: Browser, tmp_path: Path) -> None:
    """The answer, the figures and the pictures; and where the records are."""
    window = small(browser, tmp_path, action(1), java_script_enabled=False)

    assert window.page.is_visible("#verdict")
    assert window.page.is_visible("#actions table")
    assert "also a line of p.jsonl" in window.page.inner_text("noscript")
    assert not window.page.is_visible("#choose")


def test_a_differing_pair_is_found_by_field(browser: Browser, tmp_path: Path) -> None:
    """The page of a verification uses the same filters, Kore beside casemgr."""
    window = opened(browser, tmp_path, page_pieces("verify", ["subject", "priority"]))
    window.choose("field", "priority")

    assert window.count == "1 of 2 pairs"
    heads = window.page.locator("article th[role=columnheader]").all_inner_texts()
    assert heads == ["field", "Kore", "casemgr"]


def test_it_is_looked_at(browser: Browser, plan: Drawn, tmp_path: Path) -> None:
    """Leaves pictures in the directory that CASEFERRY_PICTURES names, for people."""
    folder = Path(os.environ.get("CASEFERRY_PICTURES", tmp_path))
    guises: dict[str, dict[str, Any]] = {
        "light": WIDE,
        "dark": WIDE | DARK,
        "narrow": NARROW,
    }
    papers = {}
    for name, more in guises.items():
        pieces = plan_page(plan.header, plan.lines, file_name="p.jsonl")
        window = opened(browser, tmp_path, pieces, **more)
        window.page.screenshot(path=folder / f"{name}-summary.png")
        window.choose("field", "content.text")
        window.choose("kind", "update")
        window.run("document.getElementById('records').scrollIntoView()")
        window.page.screenshot(path=folder / f"{name}-diff.png")
        papers[name] = window.run("getComputedStyle(document.body).backgroundColor")
        if name == "dark":
            window.page.pdf(path=folder / "printed.pdf", format="A4")
        window.page.close()

    assert papers["light"] == papers["narrow"] != papers["dark"]
    assert len(list(folder.glob("*-[sd]*.png"))) == 2 * len(guises)
