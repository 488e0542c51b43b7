"""Records on their way into a page: compressed JSON, within a budget of bytes."""

import base64
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from caseferry.report.pages.markup import Markup, text
from caseferry.report.pages.values import WHOLE, Cutter

BUDGET: Final = 17_000_000
"""Bytes that all records may take; the whole page then stays below 20 MB."""
_LENGTHS: Final = (WHOLE, 1_200, 600, 300, 120, 60)
"""Characters that stay of a long value; the next shorter as bytes run out."""
_CHUNK_CHARACTERS: Final = 400_000
_ROOMY: Final = 0.8


class Chunks:
    """Collects records and gives them out as elements that the page's script unpacks.

    Attributes:
        rows: how many were added.
        cut: how many hold a value that was cut.
    """

    def __init__(self, expected: int, budget: int = BUDGET) -> None:
        """Take how many records will come, at most, and the bytes they may take."""
        self._expected = max(expected, 1)
        self._budget = budget
        self._level = 0
        self._spent = 0
        self._waiting: list[str] = []
        self._size = 0
        self.rows = 0
        self.cut = 0

    def cutter(self) -> Cutter:
        """Give how values are cut at this moment."""
        return Cutter(_LENGTHS[self._level])

    def add(self, row: Mapping[str, Any], *, is_cut: bool = False) -> Iterator[str]:
        """Add one record; gives an element as soon as one is full."""
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
        self._waiting.append(line)
        self._size += len(line)
        self.rows += 1
        self.cut += is_cut
        if self._size >= _CHUNK_CHARACTERS:
            yield self._take()

    def rest(self) -> Iterator[str]:
        """Give what is left."""
        if self._waiting:
            yield self._take()

    def _take(self) -> str:
        data = f"[{','.join(self._waiting)}]".encode("utf-8", "surrogatepass")
        # The same records give the same page: no time in the header.
        packed = base64.b64encode(gzip.compress(data, 6, mtime=0)).decode()
        self._waiting, self._size = [], 0
        self._spent += len(packed)
        self._choose_length()
        return f'<script type="text/plain" class="chunk">{packed}</script>\n'

    def _choose_length(self) -> None:
        share = min(self.rows / self._expected, 1)
        allowed = self._budget * share
        if self._spent > allowed:
            self._level = min(self._level + 1, len(_LENGTHS) - 1)
        elif self._spent < allowed * _ROOMY:
            self._level = max(self._level - 1, 0)


def settings(values: Mapping[str, Any]) -> Markup:
    """Give what the script has to know, as data that cannot end its element."""
    data = json.dumps(values, separators=(",", ":")).replace("<", "\\u003c")
    return Markup(f'<script type="application/json" id="settings">{data}</script>\n')


def viewer(noun: str, hint: str, facets: Sequence[tuple[str, str]]) -> Markup:
    """Give the place where the script shows records, and words for who has none.

    Args:
        noun: what the records are, in the plural.
        hint: where all of this stands that can be read without a script.
        facets: name and label of what can be chosen from.
    """
    choices = "".join(
        f'<label>{text(label)} <select data-facet="{text(name)}">'
        '<option value="">any</option></select></label>'
        for name, label in facets
    )
    return Markup(
        f"<noscript><p class='said'>{text(hint)}</p></noscript>\n"
        f'<form id="choose" role="search" aria-label="Search {text(noun)}" hidden>\n'
        '<label class="long">Text <input type="search" id="words" '
        'autocomplete="off" spellcheck="false"></label>\n'
        f"{choices}\n"
        '<button type="reset">Show all</button>\n'
        "</form>\n"
        '<p id="chips" class="chips"></p>\n'
        '<p id="count" role="status"></p>\n'
        '<progress id="loading" aria-label="Unpacking" value="0" hidden></progress>\n'
        '<div class="listing">\n'
        '<div id="list" role="group" aria-labelledby="count"></div>\n'
        '<nav id="pages" aria-label="Pages of records" hidden>\n'
        '<button type="button" id="first">First</button>\n'
        '<button type="button" id="previous">Previous</button>\n'
        '<span id="where"></span>\n'
        '<button type="button" id="next">Next</button>\n'
        '<button type="button" id="last">Last</button>\n'
        "</nav>\n</div>\n"
    )
