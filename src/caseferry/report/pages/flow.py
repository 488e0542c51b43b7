"""Where the names of one side go on the other, as a picture and as a table."""

from caseferry.report.pages.flow_counts import OTHERS, Flow
from caseferry.report.pages.markup import Markup, join, narrowing, table, tag, text
from caseferry.report.pages.ribbons import ribbons
from caseferry.report.text import number, shorten

_LABEL = 30


def flow_figure(flow: Flow, sides: tuple[str, str]) -> Markup:
    """Give a picture of a flow, and the same as a table whose figures can be chosen."""
    title = f"{flow.name} of {'cases' if flow.role == 'case' else f'{flow.role}s'}"
    heading = tag("h3", text(title.capitalize()))
    header = (f"{sides[0]} → {sides[1]}", *flow.right, "all")
    rows = [_row(flow, value) for value in flow.left]
    rows.append(_totals(flow))
    numbers = frozenset(range(1, len(header)))
    grid = table(title.capitalize(), header, rows, numbers=numbers)
    picture = tag("div", ribbons(flow), {"class": "picture"})
    return tag("div", join((heading, picture, grid), "\n"), {"class": "flow"})


def _row(flow: Flow, before: str) -> list[Markup]:
    cells = [text(shorten(before or "(none)", _LABEL))]
    for after in flow.right:
        count = flow.counts.get((before, after), 0)
        wanted = {"flow": f"{flow.role} {flow.name}", "from": before, "to": after}
        cells.append(_cell(count, wanted))
    return [*cells, text(number(flow.total(before, side=0)))]


def _cell(count: int, wanted: dict[str, str]) -> Markup:
    if not count or OTHERS in wanted.values():
        return text(number(count) if count else "·")
    return narrowing(number(count), **wanted)


def _totals(flow: Flow) -> list[Markup]:
    sums = [flow.total(after, side=1) for after in flow.right]
    return [text("all"), *(text(number(n)) for n in (*sums, sum(sums)))]
