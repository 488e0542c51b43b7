"""The text of an HTML content: tags taken out, lines kept where a reader sees them.

The parser of the standard library takes minutes for some hundred kilobytes of `<a <a`
in Python releases still in use, and anybody can send an e-mail. This one looks at each
character a bounded number of times.
"""

import re
from html import unescape
from typing import Final

# fmt: off
_LINES: Final = frozenset({
    "address", "article", "aside", "blockquote", "br", "caption", "dd", "div", "dl",
    "dt", "fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tr",
    "ul",
})
# fmt: on
_HIDDEN: Final = {
    name: re.compile(rf"</{name}\b[^>]*>?", re.IGNORECASE)
    for name in ("script", "style", "title")
}
_CELLS: Final = frozenset({"td", "th"})
_TAG: Final = re.compile(
    r"<(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*+)"
    r"""(?P<rest>(?:[^>"']++|"[^"]*+"|'[^']*+')*+)>"""
)
_PLAIN_TAG: Final = re.compile(
    r"<(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*+)(?P<rest>[^>]*+)>"
)
_LONGEST: Final = 4096
"""A longer tag ends at its first `>`, be it in quotes: else `<a "` costs the square."""

_BLANKS: Final = re.compile(r"[ \t\r\n\f]+")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")


def html_text(html: str) -> str:
    """Give what a person reads; "" when that is nothing.

    Total: of broken markup what is no tag is text; what follows a comment or a script
    that never ends is hidden, as browsers do.
    """
    reader = _Reader(html)
    at = 0
    while at < len(html):
        at = reader.step(at)
    lines = (line.rstrip(" ") for line in "".join(reader.parts).split("\n"))
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


class _Reader:
    __slots__ = ("_html", "_kept", "_last", "parts")

    def __init__(self, html: str) -> None:
        self.parts: list[str] = []
        self._html = html
        self._kept = 0
        self._last = html.rfind(">")

    def step(self, at: int) -> int:
        """Read one piece of text and what follows it; give where to go on."""
        html = self._html
        start = html.find("<", at)
        if start < 0 or start > self._last:  # nothing here can be a tag
            self._text(html[at:])
            return len(html)
        self._text(html[at:start])
        if html.startswith("<!--", start):
            return _after(html, "-->", start + 2)
        if html.startswith(("<!", "<?"), start):
            return _after(html, ">", start)
        limit = start + _LONGEST
        match = _TAG.match(html, start, limit) or _PLAIN_TAG.match(html, start)
        if match is None:
            self._text("<")
            return start + 1
        name = match["name"].lower()
        if name in _HIDDEN and not match["end"] and not match["rest"].endswith("/"):
            end = _HIDDEN[name].search(html, match.end())
            return end.end() if end else len(html)
        self._tag(name, ends=bool(match["end"]))
        return match.end()

    def _tag(self, name: str, *, ends: bool) -> None:
        if name in _LINES:
            self.parts.append("\n")
        elif name in _CELLS and not ends:
            self._add(" ")
        if name == "pre":
            self._kept = max(0, self._kept + (-1 if ends else 1))

    def _text(self, raw: str) -> None:
        text = unescape(raw)
        self._add(text if self._kept else _BLANKS.sub(" ", text))

    def _add(self, text: str) -> None:
        begins = not self.parts or self.parts[-1].endswith("\n")
        if shown := text.lstrip(" ") if begins and not self._kept else text:
            self.parts.append(shown)


def _after(html: str, word: str, at: int) -> int:
    """Give the place behind the next such word; the end where there is none."""
    found = html.find(word, at)
    return found + len(word) if found >= 0 else len(html)
