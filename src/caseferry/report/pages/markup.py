"""Pieces of a page; whatever comes from outside passes through `text`."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import NewType

from caseferry.report.text import visible

Markup = NewType("Markup", str)
"""Text that is safe inside a page: made here, or escaped here."""


def text(value: str) -> Markup:
    """Give a text as text: escaped, and with no character that acts on its reader."""
    return Markup(escape(visible(value)))


def words_of(name: str) -> str:
    """Give a name of the JSON output as words."""
    return name.replace("_", " ")


def join(parts: Iterable[Markup], between: str = "") -> Markup:
    """Join pieces."""
    return Markup(between.join(parts))


def tag(
    name: str, content: Markup, attributes: Mapping[str, str] | None = None
) -> Markup:
    """Give an element; attribute values are escaped here, contents were before."""
    given = "".join(
        f' {key}="{escape(visible(value))}"'
        for key, value in (attributes or {}).items()
    )
    return Markup(f"<{name}{given}>{content}</{name}>")


def section(name: str, title: str, *content: Markup) -> Markup:
    """Give a section with its heading; `name` is its anchor."""
    heading = tag("h2", text(title), {"id": f"{name}-title"})
    body = join((heading, *content), "\n")
    return tag("section", body, {"id": name, "aria-labelledby": f"{name}-title"})


def table(
    caption: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Markup]],
    *,
    numbers: frozenset[int] = frozenset(),
) -> Markup:
    """Give a table that scrolls by itself where the window is narrow.

    Args:
        caption: for those who do not see what stands around the table.
        header: one word per column.
        rows: cells; the first one names its row.
        numbers: columns that are aligned to the right.
    """
    columns = join(_head(name, at in numbers) for at, name in enumerate(header))
    lines = join((_line(row, numbers) for row in rows), "\n")
    inner = join(
        (
            tag("caption", text(caption), {"class": "aside"}),
            tag("thead", tag("tr", columns)),
            tag("tbody", lines),
        )
    )
    frame = {"class": "wide", "tabindex": "0", "role": "group", "aria-label": caption}
    return tag("div", tag("table", inner), frame)


def _head(name: str, is_number: bool) -> Markup:  # noqa: FBT001 - a switch
    if not name:
        return tag("td", Markup(""))
    attributes = {"scope": "col"} | ({"class": "n"} if is_number else {})
    return tag("th", text(name), attributes)


def _line(row: Sequence[Markup], numbers: frozenset[int]) -> Markup:
    cells = [tag("th", row[0], {"scope": "row"})]
    for at, cell in enumerate(row[1:], 1):
        cells.append(tag("td", cell, {"class": "n"} if at in numbers else {}))
    return tag("tr", join(cells))


def facts(pairs: Iterable[tuple[str, Markup]]) -> Markup:
    """Give names with their values."""
    rows = (tag("div", join((tag("dt", text(n)), tag("dd", v)))) for n, v in pairs)
    return tag("dl", join(rows, "\n"), {"class": "facts"})


def tiles(figures: Iterable[tuple[str, str, str]]) -> Markup:
    """Give figures that are seen first: the figure, its words, and a word below."""
    rows = (
        tag(
            "div",
            join(
                (
                    tag("dt", text(words)),
                    tag("dd", tag("b", text(figure))),
                    tag("dd", text(below), {"class": "below"}),
                )
            ),
        )
        for figure, words, below in figures
    )
    return tag("dl", join(rows, "\n"), {"class": "tiles"})


def narrowing(words: str, **wanted: str) -> Markup:
    """Give a link that narrows the records to those a figure counts.

    Values stay as they are: the script compares them with what stands in the records.
    """
    given = "".join(
        f' data-{name}="{escape(value.encode(errors="replace").decode())}"'
        for name, value in wanted.items()
    )
    return Markup(f'<a href="#records" class="narrow"{given}>{text(words)}</a>')


def bar(parts: Iterable[tuple[str, float]], mark: float | None = None) -> Markup:
    """Give a bar of 100 units; a picture of figures that stand beside it in words.

    Args:
        parts: style class and length of each.
        mark: where a limit stands.
    """
    at, shapes = 0.0, []
    for name, length in parts:
        if length > 0:
            width = max(length, 0.6)
            shapes.append(
                f'<rect class="{name}" x="{at:.2f}" width="{width:.2f}" height="10"/>'
            )
            at += width
    if mark is not None:
        shapes.append(f'<rect class="limit" x="{mark:.2f}" width="0.6" height="10"/>')
    return Markup(
        '<svg class="bar" viewBox="0 0 101 10" preserveAspectRatio="none" '
        f'aria-hidden="true">{"".join(shapes)}</svg>'
    )
