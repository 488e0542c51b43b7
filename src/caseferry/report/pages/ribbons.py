"""A flow as ribbons between two columns; the figures stand beside it in a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from caseferry.report.pages.flow_counts import Flow
from caseferry.report.pages.markup import Markup, text
from caseferry.report.text import number, shorten

_WIDTH: Final = 560
_MARGIN: Final = 4
_HEIGHT: Final = 230.0
"""Of the ribbons, beside the room that each value has for its label."""
_ROOM: Final = 19.0
_NODE: Final = 10.0
_AT: Final = (170.0, 410.0)
"""Where the two columns stand."""
_LABEL: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    top: float
    size: float


_Column = Mapping[str, _Place]


def ribbons(flow: Flow) -> Markup:
    """Draw each way as wide as its count."""
    height = _HEIGHT + _ROOM * max(len(flow.left), len(flow.right))
    unit = _HEIGHT / sum(flow.counts.values())
    columns = tuple(_column(flow, side, unit, height) for side in (0, 1))
    shapes = [*_all_ribbons(flow, columns[0], columns[1], unit)]
    for side, column in enumerate(columns):
        shapes += [_node(flow, value, side, column[value]) for value in column]
    box = f"0 0 {_WIDTH} {height + 2 * _MARGIN:.0f}"
    return Markup(
        f'<svg viewBox="{box}" aria-hidden="true" focusable="false">'
        f'<g transform="translate(0 {_MARGIN})">{"".join(shapes)}</g></svg>'
    )


def _column(flow: Flow, side: int, unit: float, height: float) -> _Column:
    """Place the values of one side; what is left of the height goes between them."""
    values = flow.right if side else flow.left
    room = (height - _HEIGHT) / len(values)
    top, places = 0.0, {}
    for value in values:
        size = flow.total(value, side=side) * unit
        places[value] = _Place(top=top + room / 2, size=size)
        top += size + room
    return places


def _all_ribbons(flow: Flow, left: _Column, right: _Column, unit: float) -> list[str]:
    starts = {value: place.top for value, place in left.items()}
    ends = {value: place.top for value, place in right.items()}
    shapes = []
    for before in flow.left:
        for at, after in enumerate(flow.right):
            size = flow.counts.get((before, after), 0) * unit
            if size:
                shapes.append(_ribbon(starts[before], ends[after], size, at % 7 + 1))
                starts[before] += size
                ends[after] += size
    return shapes


def _ribbon(start: float, end: float, size: float, shade: int) -> str:
    """Draw one; `shade` is the style of where it goes."""
    a, b = _AT[0] + _NODE, _AT[1]
    mid = (a + b) / 2
    return (
        f'<path class="ribbon s{shade}" d="M{a:.1f} {start:.1f}'
        f"C{mid:.1f} {start:.1f} {mid:.1f} {end:.1f} {b:.1f} {end:.1f}"
        f"V{end + size:.1f}"
        f"C{mid:.1f} {end + size:.1f} {mid:.1f} {start + size:.1f} "
        f'{a:.1f} {start + size:.1f}Z"/>'
    )


def _node(flow: Flow, value: str, side: int, place: _Place) -> str:
    count = flow.total(value, side=side)
    x = _AT[side]
    words = text(shorten(value or "(none)", _LABEL))
    at, anchor = (x + _NODE + 8, "start") if side else (x - 8, "end")
    style = "node" if count else "node empty"
    return (
        f'<rect class="{style}" x="{x}" y="{place.top:.1f}" width="{_NODE}" '
        f'height="{max(place.size, 1):.1f}"/>'
        f'<text x="{at}" y="{place.top + place.size / 2:.1f}" text-anchor="{anchor}" '
        f'dominant-baseline="middle" class="{style}">'
        f'<tspan class="value">{words}</tspan>'
        f'<tspan dx="7">{number(count)}</tspan></text>'
    )
