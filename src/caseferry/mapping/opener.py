"""The subject template of openers: `{refId} {name}`."""

import re
from collections.abc import Callable, Iterator
from typing import Literal

from caseferry.mapping.texts import one_line
from caseferry.model.record import Record

Part = tuple[Literal["text", "field", "broken"], str]
_PARTS = re.compile(r"\{([^{}]+)\}|([^{}]+)|([{}])")


def parse_template(template: str) -> Iterator[Part]:
    """Split a template into texts and fields; a brace without its pair is broken."""
    for match in _PARTS.finditer(template):
        field, text, brace = match.groups()
        if field is not None:
            yield "field", field.strip()
        elif text is not None:
            yield "text", text
        else:
            yield "broken", brace


def compile_template(template: str) -> Callable[[Record], str]:
    """Make a function that fills the template; absent fields leave nothing behind."""
    parts = tuple(parse_template(template))

    def fill(record: Record) -> str:
        shown = (record.text(part) if kind == "field" else part for kind, part in parts)
        return one_line("".join(shown)).strip()

    return fill
