"""Tables as one static page: everything escaped, no script, nothing fetched."""

from collections.abc import Sequence
from html import escape
from typing import Final

from caseferry.report.text import visible

Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]
"""Title, header, rows."""

_HEAD: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem }}
table {{ border-collapse: collapse; margin-bottom: 2rem }}
th, td {{ border: 1px solid #bbb; padding: .25rem .6rem; text-align: left;
 vertical-align: top; overflow-wrap: anywhere }}
th {{ background: #f2f2f2 }}
</style>
</head>
<body>
<h1>{title}</h1>
"""


def page(title: str, tables: Sequence[Table]) -> str:
    """Give a page; contents of records are text, never markup."""
    parts = [_HEAD.format(title=_text(title))]
    for name, header, rows in tables:
        parts.append(f"<h2>{_text(name)}</h2>\n<table>\n")
        if header:
            parts.append(_row("th", header))
        parts += [_row("td", row) for row in rows]
        parts.append("</table>\n")
    return "".join([*parts, "</body>\n</html>\n"])


def _row(cell: str, values: Sequence[str]) -> str:
    cells = "".join(f"<{cell}>{_text(value)}</{cell}>" for value in values)
    return f"<tr>{cells}</tr>\n"


def _text(value: str) -> str:
    return escape(visible(value))
