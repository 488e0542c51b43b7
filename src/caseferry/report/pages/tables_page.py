"""Tables as a page: everything escaped, no script."""

from collections.abc import Iterator, Sequence

from caseferry.report.pages.markup import section, table, text
from caseferry.report.pages.skeleton import closing, opening

Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]
"""Title, header, rows."""


def tables_page(kind: str, title: str, tables: Sequence[Table]) -> Iterator[str]:
    """Give the page in pieces; contents are text, never markup."""
    yield opening(kind, title)
    for at, (name, header, rows) in enumerate(tables, 1):
        cells = ([text(cell) for cell in row] for row in rows)
        yield section(f"table-{at}", name, table(name, header, cells))
    yield closing(has_records=False)
