"""What a code means, for `help errors`: all of them as tables, or one."""

from typing import Any

from caseferry.codes import CODES, TITLES, Code, code_named, names_like
from caseferry.errors import UserError
from caseferry.report.text import table, wrapped

_INTRO = (
    "What stands as a code in `quarantine`, `conflicts`, `explain`, `history`, plans, "
    "reports and logs. `caseferry help errors CODE` says what to do about one."
)


def find_code(text: str) -> Code:
    """Give the code that a person read somewhere.

    Raises:
        UserError: there is none of that name; the nearest are named.
    """
    found = code_named(text)
    if found is not None:
        return found
    close = names_like(text)
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    raise UserError(
        f"there is no code {text!r}",
        code="code-unknown",
        hint=f"{hint}`caseferry help errors` lists them",
    )


def list_lines() -> list[str]:
    """Give all codes for a person, by kind."""
    lines = wrapped(_INTRO)
    for kind, title in TITLES.items():
        rows = [
            (code.name, code.meaning)
            for code in sorted(CODES, key=lambda code: code.name)
            if code.kinds[0] is kind
        ]
        lines += ["", title, *table(rows)]
    return lines


def code_lines(code: Code) -> list[str]:
    """Give one code for a person."""
    rows = [
        ("kind", ", ".join(code.kinds)),
        ("means", code.meaning),
        ("next", code.next),
    ]
    if code.exit_code is not None:
        rows.append(("exit code", str(code.exit_code)))
    return [code.name, *table(rows)]


def code_data(code: Code) -> dict[str, Any]:
    """Give one code as JSON data."""
    return {
        "code": code.name,
        "kinds": [str(kind) for kind in code.kinds],
        "meaning": code.meaning,
        "next": code.next,
        "exit_code": code.exit_code,
    }
