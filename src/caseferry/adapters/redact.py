"""A server's own words made fit for a message: short, printable, without our values."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

from caseferry.adapters.exchange import Call, Unusable
from caseferry.adapters.json_text import read_json

LONGEST = 200
_SHORTEST = 3  # shorter values occur in any sentence
# Values that come from the mapping or from a server, not from a person: they make a
# refusal understandable.
_PUBLIC = frozenset(
    {
        "_id",
        "activityContact",
        "attribName",
        "caseId",
        "caseRefId",
        "caseTmp",
        "department",
        "dueDate",
        "id",
        "lastModified",
        "loginId",
        "priority",
        "searchContactOnAttribute",
        "severity",
        "source",
        "status",
        "taskTmp",
        "type",
    }
)


def shorten(text: str) -> str:
    """Bring a text to one printable line of at most 200 characters."""
    if "<" in text and ">" in text:
        text = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>|<[^<>]*>", " ", text[:20_000])
    # Also drops bidirectional marks and the like: a message must read as it is.
    text = "".join(char if char.isprintable() else " " for char in text[:2_000])
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def without_values(text: str, call: Call) -> str:
    """Take out of a server's message what it repeats from our request."""
    for value in sorted(set(_values(call)), key=len, reverse=True):
        text = text.replace(value, "…")
    return text


def _values(call: Call) -> Iterator[str]:
    _, _, query = call.target.partition("?")
    for name, value in parse_qsl(query):
        if not name.startswith("$") and name not in _PUBLIC:
            yield from _leaves(value)
    if call.content:
        try:
            yield from _leaves(read_json(call.content))
        except Unusable:
            return


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from (text for text in (value, value.strip()) if len(text) >= _SHORTEST)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from () if name in _PUBLIC else _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
