"""A page in a real browser, and what it did there."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from support.chromium import find_chromium

READY_MS = 10_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a browser that shows no window."""
    path = find_chromium()
    assert path is not None
    # Neither a sandbox nor shared memory is to be had for root in a container.
    arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A page that is open.

    Attributes:
        said: console messages, errors and dialogs; a sound page says nothing.
        asked: every address that was asked for, its own included.
    """

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def count(self) -> str:
        """What the page says about how many records it shows."""
        return self.page.inner_text("#count")

    @property
    def shown(self) -> list[str]:
        """The headings of the records that are shown."""
        return self.page.locator("article h3").all_inner_texts()

    def choose(self, facet: str, value: str) -> None:
        """Choose from a list, and wait until the records follow."""
        self.page.select_option(f"[data-facet={facet}]", value)
        self.settle()

    def search(self, text: str) -> None:
        """Search as a person does."""
        self.page.fill("#words", text)
        self.page.press("#words", "Enter")
        self.settle()

    def show_all(self) -> None:
        """Take every filter back."""
        self.page.click("text=Show all")
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is on its way to the page."""
        self.page.wait_for_selector("html[data-busy=no]", timeout=READY_MS)

    def run(self, script: str, *given: Any) -> Any:
        """Give what a script of the test's own comes to."""
        return self.page.evaluate(script, *given)

    def violations(self) -> list[str]:
        """Give what axe-core finds."""
        found = Axe().run(self.page).response["violations"]
        return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


def opened(
    browser: Browser, folder: Path, pieces: Iterable[str], **more: Any
) -> Window:
    """Open a page from disk and wait until it can be used.

    Args:
        browser: of this machine.
        folder: where the file is put.
        pieces: of the page.
        more: of the browser's context: `color_scheme`, `viewport` …
    """
    path = folder / "page.html"
    path.write_text("".join(pieces), "utf-8", errors="replace")
    page = browser.new_page(reduced_motion="reduce", **more)
    page.set_default_timeout(READY_MS)
    window = Window(page=page)
    page.on("console", lambda message: window.said.append(message.text))
    page.on("pageerror", lambda error: window.said.append(str(error)))
    page.on("dialog", lambda dialog: window.said.append(dialog.message))
    page.on("request", lambda request: window.asked.append(request.url))
    page.goto(path.as_uri())
    if more.get("java_script_enabled", True) and page.locator("#records").count():
        page.wait_for_selector("html[data-ready]", timeout=READY_MS)
    return window
